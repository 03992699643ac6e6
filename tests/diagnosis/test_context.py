"""What the other calls of a trace say: one failure, in the middle of different traces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from recoup.catalogue.loader import catalogue
from recoup.diagnosis import context as bounds
from recoup.diagnosis.context import Context, fingerprint
from recoup.diagnosis.engine import Engine
from recoup.exchange import Exchange, Headers, Request, Response

ENGINE = Engine(catalogue().values())
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AT = NOON.timestamp()
ORDERS, FINANCES = "orders/v0/getOrders", "finances/v0/listFinancialEvents"
DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
LOST = b'{"errors":[{"code":"NotFound","message":"Not found","details":""}]}'
HOST = "https://sellingpartnerapi-na.amazon.com"


def _denied(token: str = "") -> Exchange:
    headers = Headers([("x-amz-access-token", token)] if token else [])
    request = Request(method="GET", url=f"{HOST}/finances/v0/financialEvents", headers=headers)
    return Exchange(request=request, response=Response(status=403, body=DENIED), at=NOON)


def _lost(path: str) -> Exchange:
    return Exchange(request=Request(method="GET", url=HOST + path), response=Response(status=404, body=LOST), at=NOON)


def _others_work(context: Context) -> None:
    for _ in range(3):
        context.add("A", ORDERS, 200, at=AT - 30)
    context.add("A", FINANCES, 403, at=AT)


def _one_seller_fails(context: Context) -> None:
    for operation in (ORDERS, FINANCES, "sellers/v1/getAccount"):
        context.add("A", operation, 403, at=AT)
        context.add("B", operation, 200, at=AT)


def _everybody_fails(context: Context) -> None:
    for seller in "ABCD":
        context.add(seller, FINANCES, 200, at=AT - 120)
        context.add(seller, FINANCES, 403, at=AT)


def _the_operation_worked(context: Context) -> None:
    context.add("A", FINANCES, 200, at=AT - 4000)
    context.add("A", FINANCES, 403, at=AT)


@pytest.mark.parametrize(
    ("fill", "first", "not_tied"),
    [
        (_others_work, "403-missing-role", "403-region-mismatch"),
        (_others_work, "403-missing-role", "403-account-suspended"),
        (_everybody_fails, "other-amazon-side-outage", "403-missing-role"),
        (_the_operation_worked, "403-expired-token", "403-wrong-path-or-version"),
        (_one_seller_fails, None, "403-wrong-path-or-version"),
    ],
)
def test_what_a_trace_says_of_a_denial(fill: Callable[[Context], None], first: str | None, not_tied: str) -> None:
    context = Context()
    fill(context)
    diagnosis = ENGINE.diagnose(_denied(), context, "A")
    if first is not None:
        assert diagnosis.id == first
    else:
        assert diagnosis.id in {"403-account-suspended", "403-region-mismatch", "403-expired-token"}
    assert not_tied not in diagnosis.tied
    assert "in the same trace" in str(diagnosis.as_dict()) or first == "other-amazon-side-outage"


def test_a_token_that_is_older_than_its_life() -> None:
    context = Context()
    context.add("A", ORDERS, 200, at=AT - 3700, token="Atza|one")
    context.add("A", FINANCES, 403, at=AT, token="Atza|one")
    assert ENGINE.diagnose(_denied("Atza|one"), context, "A").id == "403-expired-token"
    assert ENGINE.diagnose(_denied("Atza|two"), context, "A").id != "403-expired-token"
    assert b"Atza" not in fingerprint("Atza|one")
    assert "Atza|one" not in repr(context.tokens)


@pytest.mark.parametrize(
    ("calls", "first"),
    [
        ([("GET", 30.0, "/reports/2021-06-30/reports/1")], "404-premature-poll"),  # found later
        ([("POST", -5.0, "/reports/2021-06-30/reports")], "404-premature-poll"),  # made a moment before
        ([("POST", -5000.0, "/reports/2021-06-30/reports")], "404-unavailable-id"),  # made long before
        ([("GET", -50.0, "/reports/2021-06-30/reports/1")], "404-unavailable-id"),  # found before
        ([("GET", 30.0, "/reports/2021-06-30/reports/2")], "404-unavailable-id"),  # another one
        ([], "404-unavailable-id"),
    ],
)
def test_what_was_not_found(calls: list[tuple[str, float, str]], first: str) -> None:
    context = Context()
    for method, after, path in calls:
        context.add("A", None, 200, at=AT + after, method=method, path=path)
    assert ENGINE.diagnose(_lost("/reports/2021-06-30/reports/1"), context, "A").id == first


def test_merging_is_counting_together() -> None:
    whole, left, right = Context(), Context(), Context()
    for number in range(40):
        part = left if number % 2 else right
        for each in (whole, part):
            each.add(
                f"S{number % 5}",
                ORDERS,
                200 if number % 3 else 403,
                at=AT + 20 * number,
                method="GET",
                path=f"/orders/{number}",
                token=f"T{number % 4}",
            )
    left.merge(right)
    for name in ("pairs", "sellers", "operations", "minutes", "found", "made", "tokens", "dropped"):
        assert getattr(left, name) == getattr(whole, name), name


def test_its_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_SELLERS", "MAX_PAIRS", "MAX_MINUTES", "MAX_PATHS", "MAX_TOKENS"):
        monkeypatch.setattr(bounds, name, 10)
    context = Context()
    for number in range(100):
        context.add(
            f"S{number}", f"o{number}", 200, at=AT + 60 * number, method="GET", path=f"/p{number}", token=f"t{number}"
        )
    tables = (context.pairs, context.sellers, context.operations, context.minutes, context.found, context.tokens)
    assert all(len(table) == 10 for table in tables)
    assert context.dropped == 90 * len(tables)


def test_without_a_context_nothing_changes() -> None:
    assert ENGINE.diagnose(_denied(), Context(), "A").as_dict() == ENGINE.diagnose(_denied()).as_dict()
