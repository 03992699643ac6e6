"""What the bytes of a request prove, where the answer is the page that all malformed requests get."""

from __future__ import annotations

import pytest

from recoup.diagnosis.engine import diagnose
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.recovery.advice import diagnose as advised

RAW = "400-malformed-http-"
PAGE = Response(
    status=400,
    headers=Headers([("Content-Type", "text/html"), ("Connection", "close")]),
    body=b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>",
)
JSON = Response(
    status=400,
    headers=Headers([("Content-Type", "application/json")]),
    body=b'{"errors":[{"code":"InvalidInput","message":"Invalid Input","details":""}]}',
)
HOST = b"Host: sellingpartnerapi-na.amazon.com\r\n"
TOKEN = b"x-amz-access-token: Atza|IwEBsecret\r\n"
GET = b"GET /sellers/v1/marketplaceParticipations HTTP/1.1\r\n" + HOST + TOKEN


def exchange(raw: bytes | None, response: Response = PAGE) -> Exchange:
    url = "https://sellingpartnerapi-na.amazon.com/sellers/v1/marketplaceParticipations"
    return Exchange(request=Request(method="GET", url=url, raw=raw), response=response)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (GET + b"Host: proxy\r\n\r\n", "host-header"),
        (GET + b"x-id:\r\n\r\n", "empty-header"),
        (GET + b"a: b\r\n c\r\n\r\n", "multiline-header"),
        (GET + b"a: b\nc: d\r\n\r\n", "header-termination"),
        (GET + b"a\r\n\r\n", "missing-colon"),
        (GET + b"a: b\0\r\n\r\n", "control-character"),
        (GET + b"\r\n\r\n", "trailing-empty-line"),
        (b"GET HTTP/1.1\r\n" + HOST + b"\r\n", "no-uri"),
        (b"G@T / HTTP/1.1\r\n" + HOST + b"\r\n", "method"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n", "content-length-unparseable"),
        (
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
            "multiple-content-length",
        ),
        (
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "content-length-and-transfer-encoding",
        ),
    ],
)
def test_the_bytes_settle_which_condition_it_is(raw: bytes, fault: str) -> None:
    diagnosis = advised(exchange(raw))
    assert diagnosis.best is not None
    assert (diagnosis.id, diagnosis.best.basis, diagnosis.tied) == (RAW + fault, "request", ())
    assert "of the request" in diagnosis.best.evidence[0]
    assert diagnosis.decision is not None
    assert (diagnosis.decision["action"], diagnosis.decision["who"]) == ("give_up", "developer")
    assert "secret" not in str(diagnosis.as_dict())


def test_a_cause_that_the_documents_name_twice_stays_both() -> None:
    diagnosis = diagnose(exchange(GET + b"Content-Length: 0\r\n\r\n"))
    assert set(diagnosis.tied) == {"400-get-with-body", RAW + "body-in-get-or-head"}


def test_what_else_is_wrong_comes_next() -> None:
    diagnosis = diagnose(exchange(GET + b"x-id:\r\na\r\nb: c\n\r\n"))
    first, *others = diagnosis.faults[:3]
    assert first.id == RAW + "header-termination"
    assert {match.id for match in others} == {RAW + "missing-colon", RAW + "empty-header"}
    assert diagnosis.tied == ()


@pytest.mark.parametrize(
    "raw",
    [
        None,  # nobody saw the bytes
        GET + b"\r\n",  # nothing is wrong with them
        GET + b"a : b\r\n\r\n",  # what no document names
    ],
)
def test_without_a_documented_finding_the_tie_stands(raw: bytes | None) -> None:
    diagnosis = diagnose(exchange(raw))
    assert len(diagnosis.tied) == 15


def test_an_answer_of_the_api_itself_is_not_about_the_form_of_the_request() -> None:
    diagnosis = diagnose(exchange(GET + b"x-id:\r\n\r\n", JSON))
    assert not (diagnosis.id or "").startswith(RAW)


def test_the_bytes_of_a_request_are_not_shown() -> None:
    assert "secret" not in repr(exchange(GET + b"\r\n"))
