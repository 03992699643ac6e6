"""The golden corpus: bytes written by hand from the documents, and what a diagnosis must make of them.

Nothing in tests/golden was rendered by this package: neither the catalogue nor the sandbox can leak its answers into
it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from golden_corpus import (
    GOLDEN,
    NEGATIVE,
    PASTED,
    Case,
    cases,
    complaints,
    exchange_of,
    given,
    no_response,
    read_request,
    rows,
)
from recoup.diagnosis.engine import diagnose
from recoup.exchange import Exchange

CASES = cases()
NEGATIVES = rows(NEGATIVE / "negatives.toml", "row")
TEXTS = rows(PASTED / "expected.toml", "text")


def _label(case: Case) -> str:
    return case.label


def _file(row: dict[str, object]) -> str:
    return str(row["file"])


# ---------------------------------------------------------------- the corpus is whole; each fault: test_whole_faults.py


@pytest.mark.parametrize(("folder", "table"), [(NEGATIVE, "row"), (PASTED, "text")])
def test_every_negative_and_every_text_is_named_once(folder: Path, table: str) -> None:
    toml = next(folder.glob("*.toml"))
    named = [block[key] for block in rows(toml, table) for key in ("file", "request") if key in block]
    assert sorted(named) == sorted(path.name for path in folder.iterdir() if path.suffix != ".toml")


# ---------------------------------------------------------------- what each shows


@pytest.mark.parametrize("case", CASES, ids=_label)
def test_response(case: Case) -> None:
    diagnosis = diagnose(given(case))
    assert diagnosis.failed
    assert not complaints(diagnosis, case.expected, case.fault)


@pytest.mark.parametrize("case", [case for case in CASES if no_response(case) is not None], ids=_label)
def test_a_missing_answer_is_the_same_to_a_transport_as_in_its_words(case: Case) -> None:
    seen = diagnose(Exchange(request=None, no_response=no_response(case)))
    read = diagnose(given(case))
    assert not complaints(seen, case.expected, case.fault)
    assert seen.no_response is not None
    assert read.no_response is not None
    assert (read.no_response.kind, read.no_response.sent) == (seen.no_response.kind, seen.no_response.sent)


@pytest.mark.parametrize("case", [case for case in CASES if case.path.suffix == ".http"], ids=_label)
def test_the_request_id_is_found_and_everything_is_plain_data(case: Case) -> None:
    exchange = exchange_of(case.path, case.block.get("request"))
    diagnosis = diagnose(exchange)
    assert exchange.response is not None
    sent = exchange.response.headers.get("x-amzn-requestid")
    if sent is not None:
        assert diagnosis.request_id == sent
    text = json.dumps(diagnosis.as_dict())
    assert "GoldenExampleTokenOnly" not in text
    assert "GoldenRefreshOnly" not in text
    assert "oa2-cs.v1.golden0000" not in text


@pytest.mark.parametrize("case", [case for case in CASES if case.path.suffix == ".html"], ids=_label)
def test_a_saved_page_is_read_like_a_page_that_was_answered(case: Case) -> None:
    assert not complaints(diagnose(case.path.read_bytes()), {"id": case.fault})


@pytest.mark.parametrize("row", NEGATIVES, ids=_file)
def test_negative(row: dict[str, object]) -> None:
    request = row.get("request")
    diagnosis = diagnose(exchange_of(NEGATIVE / str(row["file"]), str(request) if request is not None else None))
    best = diagnosis.best.fault.id if diagnosis.best is not None else None
    verdict = "ok" if diagnosis.ok else (best or "unknown")
    alternatives = row.get("or", [])
    never = row.get("never", [])
    assert isinstance(alternatives, list)
    assert isinstance(never, list)
    assert verdict in [row["expect"], *alternatives], row["why"]
    assert not {best, *diagnosis.tied} & set(never), row["why"]


WRONG = [
    ("sc-30004-pickup-slot-expired/400.http", {"id": "sc-30003-incorrect-package-dimensions"}),
    ("sc-30004-pickup-slot-expired/400.http", {"any": ["ef-InvalidInput"]}),
    ("sc-30004-pickup-slot-expired/400.http", {"tied": ["sc-30004-pickup-slot-expired", "ef-InvalidInput"]}),
    ("sc-30004-pickup-slot-expired/400.http", {"listed": "sc-30005-dispatch-after-date"}),
    ("sc-30004-pickup-slot-expired/400.http", {"nothing": True}),
    ("sc-30004-pickup-slot-expired/400.http", {"status": 409}),
    ("sc-30004-pickup-slot-expired/400.http", {"sc_code": "SC_30003"}),
    ("sc-30004-pickup-slot-expired/400.http", {"parameters": {"slot": "1"}}),
    ("403-expired-token/403.http", {"variant": "client-secret-expired"}),
    ("403-missing-role/403.http", {"id": "403-missing-role"}),
    ("sc-20002-sequence-conflict/207-several.http", {"shows": ["sc-30005-dispatch-after-date"]}),
]


@pytest.mark.parametrize(("label", "expected"), WRONG)
def test_a_wrong_expectation_is_complained_of(label: str, expected: dict[str, object]) -> None:
    case = next(case for case in CASES if case.label == label)
    assert complaints(diagnose(exchange_of(case.path)), expected)


@pytest.mark.parametrize("row", TEXTS, ids=_file)
def test_pasted(row: dict[str, object]) -> None:
    expected = row["expected"]
    assert isinstance(expected, dict)
    raw = (PASTED / str(row["file"])).read_bytes()
    assert not complaints(diagnose(raw), expected)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return
    assert not complaints(diagnose(text), expected)


# ---------------------------------------------------------------- the requests that hold the malformed element

CRLF = b"\r\n"
# Condition -> what must be true of the raw bytes, so that the file shows that condition and not another one.
WIRE: dict[str, Callable[[bytes], object]] = {
    "body-in-get-or-head": lambda raw: raw.startswith(b"HEAD ") and b"transfer-encoding:" in raw,
    "content-length-unparseable": lambda raw: not _lengths(raw)[0].isdigit(),
    "multiple-content-length": lambda raw: len(_lengths(raw)) == 2,
    "content-length-and-transfer-encoding": lambda raw: len(_lengths(raw)) == 1 and b"transfer-encoding:" in raw,
    "host-header": lambda raw: b"host: sellingpartnerapi-na.amazon.com, sellingpartnerapi-na.amazon.com\r\n" in raw,
    "empty-header": lambda raw: re.search(rb"\r\nx-amzn-shipping-business-id:[ ]*\r\n", raw) is not None,
    "multiline-header": lambda raw: re.search(rb"\r\n[ \t]", raw) is not None,
    "header-termination": lambda raw: b"\n" in raw.partition(CRLF * 2)[0].replace(CRLF, b""),
    "missing-colon": lambda raw: any(
        b":" not in line for line in raw.partition(CRLF * 2)[0].split(CRLF)[1:] if not line.startswith(b" ")
    ),
    "control-character": lambda raw: b"\x00" in raw.split(CRLF)[0],
    "trailing-empty-line": lambda raw: (
        raw.endswith(CRLF) and len(raw.partition(CRLF * 2)[2]) == int(_lengths(raw)[0]) + 2
    ),
    "no-uri": lambda raw: len(raw.split(CRLF)[0].split(b" ")) == 2,
    "method": lambda raw: re.match(rb"[A-Z]+ ", raw) is None,
}


def _lengths(raw: bytes) -> list[bytes]:
    return re.findall(rb"\r\ncontent-length: ([^\r]*)", raw)


@pytest.mark.parametrize("condition", sorted(WIRE))
def test_the_malformed_request_holds_its_condition_and_no_other(condition: str) -> None:
    raw = (GOLDEN / f"400-malformed-http-{condition}" / "400.request.http").read_bytes()
    assert WIRE[condition](raw)
    others = {name for name, holds in WIRE.items() if name != condition and _safely(holds, raw)}
    assert others == set()


def _safely(holds: Callable[[bytes], object], raw: bytes) -> bool:
    try:
        return bool(holds(raw))
    except (IndexError, ValueError):  # no Content-Length, or one that is no number: that condition does not apply
        return False


# The conditions that a parsed request still shows: there the request decides what the shared answer leaves open.
SHOWN = {
    "400-get-with-body": ("400-get-with-body", "400-malformed-http-body-in-get-or-head"),
    "400-wrong-content-type": ("400-wrong-content-type", "400-malformed-http-host-header"),
    "400-malformed-http-body-in-get-or-head": ("400-get-with-body", "400-malformed-http-body-in-get-or-head"),
    "400-malformed-http-host-header": ("400-wrong-content-type", "400-malformed-http-host-header"),
    "400-malformed-http-content-length-unparseable": ("400-malformed-http-content-length-unparseable",),
    "400-malformed-http-multiple-content-length": ("400-malformed-http-multiple-content-length",),
    "400-malformed-http-content-length-and-transfer-encoding": (
        "400-malformed-http-content-length-and-transfer-encoding",
    ),
    "400-malformed-http-empty-header": ("400-malformed-http-empty-header",),
    "400-malformed-http-control-character": ("400-malformed-http-control-character",),
    "400-malformed-http-method": ("400-malformed-http-method",),
}


@pytest.mark.parametrize("fault", SHOWN)
def test_the_request_decides_what_the_html_page_does_not(fault: str) -> None:
    answered = exchange_of(GOLDEN / fault / "400.http")
    asked = read_request((GOLDEN / fault / "400.request.http").read_bytes())
    diagnosis = diagnose(Exchange(request=asked, response=answered.response, at=answered.at))
    assert diagnosis.best is not None
    assert diagnosis.best.fault.id in SHOWN[fault]
    assert set(diagnosis.tied) <= set(SHOWN[fault])
