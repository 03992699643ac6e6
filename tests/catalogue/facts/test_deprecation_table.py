"""Deprecated still works, removed does not; the caller says which day it is."""

from datetime import date

import pytest

from recoup.catalogue.facts import deprecations as table
from recoup.catalogue.facts.deprecations import Status
from recoup.catalogue.facts.operations import Operation, operations


def reached(method: str, path: str) -> Operation:
    found = operations().find(method, path)
    assert found is not None
    return found


# (method, path, deprecated from, removed on)
DATES = [
    ("GET", "/orders/v0/orders", "2026-01-28", "2027-03-27"),
    ("GET", "/orders/v0/orders/1/orderItems", "2026-01-28", "2027-03-27"),
    ("GET", "/authorization/v1/authorizationCode", "2023-09-20", "2024-03-27"),
    ("GET", "/catalog/v0/items", "2022-09-30", "2025-04-24"),
    ("GET", "/catalog/v0/categories", "2025-05-21", "2026-08-26"),
    ("POST", "/fba/inbound/v0/plans", "2024-03-27", "2025-01-21"),
    ("POST", "/feeds/2020-09-04/feeds", "2021-07-21", "2024-06-27"),
    ("GET", "/finances/v0/financialEvents", "2025-07-21", "2027-08-27"),
]


@pytest.mark.parametrize(("method", "path", "deprecated", "removed"), DATES)
def test_an_operation_is_active_then_deprecated_then_removed(
    method: str, path: str, deprecated: str, removed: str
) -> None:
    operation, first, last = reached(method, path), date.fromisoformat(deprecated), date.fromisoformat(removed)
    assert table.removed_on(operation) == last
    before = date.fromordinal(first.toordinal() - 1)
    assert table.status(operation, before) is Status.ACTIVE
    assert table.status(operation, first) is Status.DEPRECATED
    assert table.status(operation, date.fromordinal(last.toordinal() - 1)) is Status.DEPRECATED
    assert table.status(operation, last) is Status.REMOVED


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/externalFulfillment/2024-09-11/shipments"),
        ("GET", "/orders/2026-01-01/orders"),
        ("POST", "/orders/v0/orders/1/shipmentConfirmation"),  # v0, and not among those that go
        ("GET", "/fba/inbound/v0/prepInstructions"),
        ("GET", "/finances/v0/financialEventGroups"),
        ("POST", "/mfn/v0/eligibleShippingServices"),  # the operation that replaced the Old one
    ],
)
def test_what_was_not_announced_stays_active(method: str, path: str) -> None:
    operation = reached(method, path)
    assert table.removed_on(operation) is None
    assert table.status(operation, date(2030, 1, 1)) is Status.ACTIVE


def test_without_a_date_of_deprecation_the_removal_date_alone_counts() -> None:
    operation = reached("POST", "/mfn/v0/eligibleServices")
    assert table.status(operation, date(2024, 3, 26)) is Status.DEPRECATED
    assert table.status(operation, date(2024, 3, 27)) is Status.REMOVED


def test_of_two_announcements_the_later_one_counts() -> None:
    # Small and Light ended in Japan half a year after the other regions; the operation does not say where it is called.
    assert table.removed_on(reached("POST", "/fba/smallAndLight/v1/feePreviews")) == date(2024, 3, 27)


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("/reports/2020-09-04/reports/1", "Reports v2020-09-04"),
        ("/feeds/2020-09-04", "Feeds v2020-09-04"),
        ("/feeds/2020-09-04/noSuchThing", "Feeds v2020-09-04"),
    ],
)
def test_a_version_that_is_gone_is_told_from_its_path(path: str, item: str) -> None:
    found = table.of_path(path)
    assert found is not None
    assert found.item == item


@pytest.mark.parametrize(
    "path", ["", "/", "/feeds", "/feeds/2020-09-041/feeds", "/orders/v0/orders", "feeds/2020-09-04"]
)
def test_a_path_of_which_nothing_is_known(path: str) -> None:
    assert table.of_path(path) is None


def test_every_named_operation_is_one_that_the_table_knows() -> None:
    for item in table.deprecations():
        below = [operation for operation in operations().items if operation.path.startswith(item.prefix)]
        assert below, item.item
        assert set(item.operations) <= {operation.id for operation in below}, item.item
        assert (
            item.instead is None
            or not item.instead.startswith("/")
            or any(operation.path.startswith(item.instead) for operation in operations().items)
        ), item.item


def test_dates_that_slipped_are_kept_and_come_before_the_one_that_counts() -> None:
    for item in (*table.deprecations(), *table.other_deprecations()):
        assert item.removed is not None, item.item
        assert list(item.earlier) == sorted(item.earlier), item.item
        assert all(day < item.removed for day in item.earlier), item.item
        assert item.deprecated is None or item.deprecated <= item.removed, item.item


def test_the_marks_of_the_models_have_dates() -> None:
    for operation in operations().items:
        if operation.deprecated:
            assert table.of(operation) is not None, operation.path
