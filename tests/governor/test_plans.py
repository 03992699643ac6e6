"""Which plan counts: the user's, the sandboxes', the fact table's, and what is assumed where figures are missing."""

from __future__ import annotations

import pytest

from recoup.catalogue.facts.operations import Operation, operations
from recoup.errors import SettingsError
from recoup.governor.plan import Plan
from recoup.governor.plans import Plans, burst_for


def operation(name: str) -> Operation:
    api, version, identifier = name.split("/")
    found = operations().get(identifier, api, version)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("orders/v0/getOrders", Plan(0.0167, 20)),
        ("external-fulfillment/2024-09-11/batchInventory", Plan(50.0, 100)),
        ("external-fulfillment/2024-09-11/getShipment", Plan(5.0, 10)),  # the burst is assumed
        ("external-fulfillment/2024-09-11/generateShipLabels", Plan(1.0, 5)),  # as above
        ("reports/2020-09-04/getReports", None),  # no plan was found anywhere
    ],
)
def test_the_fact_table(name: str, plan: Plan | None) -> None:
    assert Plans().find(operation(name)) == plan


def test_every_plan_can_be_paced_by() -> None:
    for item in operations().items:
        plan = Plans().find(item)
        assert plan is None or (plan.rate > 0 and plan.burst >= 1), item.key


@pytest.mark.parametrize(("rate", "burst"), [(0.0167, 5), (1.0, 5), (1.1, 10), (50.0, 10)])
def test_a_burst_that_is_not_known(rate: float, burst: int) -> None:
    assert burst_for(rate) == burst


def test_amazons_sandboxes_have_one_plan_for_everything() -> None:
    for name in ("orders/v0/getOrders", "reports/2020-09-04/getReports"):
        assert Plans().find(operation(name), "sandbox-eu") == Plan(5.0, 15)


def test_the_user_knows_better() -> None:
    plans = Plans({"orders/v0/getOrders": (0.5, 3), "getItemOffers": Plan(2.0, 4), "getReport": None})
    assert plans.find(operation("orders/v0/getOrders")) == Plan(0.5, 3)
    assert plans.find(operation("product-pricing/v0/getItemOffers"), "na") == Plan(2.0, 4)
    assert plans.find(operation("reports/2021-06-30/getReport")) is None
    assert plans.find(operation("orders/v0/getOrder")) == Plan(0.5, 30)
    assert plans.own(operation("orders/v0/getOrders"))
    assert not plans.own(operation("orders/v0/getOrder"))


def test_the_longer_name_wins() -> None:
    plans = Plans({"getOrder": (9.0, 9), "orders/v0/getOrder": (0.5, 3)})
    assert plans.find(operation("orders/v0/getOrder")) == Plan(0.5, 3)
    assert plans.find(operation("orders/2026-01-01/getOrder")) == Plan(9.0, 9)


@pytest.mark.parametrize(
    ("name", "plan", "says"),
    [
        ("getOrdes", (1.0, 1), "did you mean .*/getOrders?"),
        ("orders/v7/getOrders", (1.0, 1), "did you mean .*/getOrders?"),
        ("", (1.0, 1), "is no operation"),
        ("getOrders", (0.0, 1), "getOrders.*is no plan; give .requests a second"),
        ("getOrders", (-1.0, 1), "is no plan"),
        ("getOrders", (float("nan"), 1), "is no plan"),
        ("getOrders", (float("inf"), 1), "is no plan"),
        ("getOrders", (1.0, 0), "is no plan"),
        ("getOrders", (1.0, 1.5), "is no plan"),
        ("getOrders", 5.0, "is no plan"),
        ("getOrders", ("5", "10"), "is no plan"),
    ],
)
def test_what_is_no_plan_is_said(name: str, plan: tuple[float, int], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Plans({name: plan})
