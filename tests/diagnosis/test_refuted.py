"""What the method of a request rules out leaves the tie; nothing else does, and nothing is ever added."""

from __future__ import annotations

import pytest

from recoup.diagnosis.engine import diagnose
from recoup.exchange import Exchange, Headers, Request, Response

PAGE = Response(
    status=400,
    headers=Headers({"Content-Type": "text/html"}),
    body=b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>",
)
BARE = Response(status=400, body=b'{"errors":[{"code":"InvalidInput","message":"Invalid input","details":""}]}')
OF_A_GET = {"400-get-with-body", "400-malformed-http-body-in-get-or-head"}
OF_A_BODY = {"400-missing-child-object"}
URL = "https://sellingpartnerapi-na.amazon.com/feeds/2021-06-30/feeds"


def _tied(response: Response, method: str | None) -> list[str]:
    request = None if method is None else Request(method=method, url=URL)
    tied = diagnose(Exchange(request=request, response=response)).tied
    return [name for name in tied if not name.startswith("ef-")]  # the address says that it was not that API


@pytest.mark.parametrize(
    ("response", "method", "ruled_out"),
    [
        (PAGE, None, set()),
        (PAGE, "GET", set()),
        (PAGE, "HEAD", set()),
        (PAGE, "POST", OF_A_GET),
        (PAGE, "PUT", OF_A_GET),
        (BARE, None, set()),
        (BARE, "POST", set()),
        (BARE, "PUT", set()),
        (BARE, "GET", OF_A_BODY),
    ],
)
def test_a_method_rules_out_what_only_others_can_have(
    response: Response, method: str | None, ruled_out: set[str]
) -> None:
    all_of_them = _tied(response, None)
    assert ruled_out <= set(all_of_them)
    assert _tied(response, method) == [name for name in all_of_them if name not in ruled_out]


def test_what_is_ruled_out_stays_in_sight_and_comes_last() -> None:
    diagnosis = diagnose(Exchange(request=Request(method="POST", url=URL), response=PAGE))
    assert diagnosis.id not in OF_A_GET
    assert {match.id for match in diagnosis.faults[-2:]} == OF_A_GET
