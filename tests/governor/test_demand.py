"""More asked than a plan can ever give: noticed while it happens, and foreseen."""

from __future__ import annotations

import pytest

from recoup.catalogue.facts.operations import Operation, operations
from recoup.errors import SettingsError
from recoup.governor.demand import Exceeded
from recoup.governor.plan import BucketKey
from recoup.storage.governor import Governor

NOW = 1_795_000_000.0


def operation(name: str) -> Operation:
    found = operations().by_id(name)
    assert found
    return found[0]


def asked(governed: Governor, item: Operation, instants: list[float]) -> list[Exceeded]:
    """What is said while an operation is asked for at these instants (seconds)."""
    bucket = BucketKey("application", "seller", "na", "/".join(item.key))
    said: list[Exceeded] = []
    for instant in instants:
        governed.reserve(bucket, item, now=NOW + instant)
        found = governed.exceeded(bucket, item, now=NOW + instant)
        if found is not None:
            said.append(found)
    return said


def test_forty_a_minute_of_a_plan_of_one_a_minute() -> None:
    governed = Governor(plans={"getItemOffers": (1 / 60, 1)})
    (said,) = asked(governed, operation("getItemOffers"), [number * 1.5 for number in range(40)])
    assert said.asked == 3.0  # the third is one more than a minute and a full bucket give
    assert said.allowed == pytest.approx(1.0)
    assert "getItemOffersBatch takes 20 in one request" in said.advice
    assert "one call every 60 s" in said.advice


def test_it_is_said_once_an_hour() -> None:
    governed = Governor(plans={"getItemOffers": (1 / 60, 1)})
    instants = [number * 10.0 for number in range(720)]  # two hours
    assert len(asked(governed, operation("getItemOffers"), instants)) == 2


@pytest.mark.parametrize(
    "instants",
    [
        [0.0] * 40,  # 30 a minute and a burst of 10
        [number * 2.0 for number in range(300)],
        [*[0.0] * 40, *[200.0] * 40, *[400.0] * 40],
        [max(0.0, (number - 13) * 2.0) for number in range(100)],  # three threads that the plan slows down
    ],
)
def test_what_the_plan_can_give_is_no_matter(instants: list[float]) -> None:
    governed = Governor(plans={"getItemOffers": (0.5, 10)})
    assert asked(governed, operation("getItemOffers"), instants) == []


def test_a_bucket_without_a_plan_can_not_be_exceeded() -> None:
    governed = Governor(plans={"getItemOffers": None})
    assert asked(governed, operation("getItemOffers"), [0.0] * 100) == []


@pytest.mark.parametrize(
    ("name", "calls", "seconds", "says"),
    [
        ("getItemOffers", 40, 78.0, "getItemOffersBatch takes 20 in one request (in requests), which is 2 requests a"),
        ("orders/v0/getOrder", 400, 740.0, "getOrders takes 50 in one request (in AmazonOrderIds), so that 50.1 a"),
        ("getPricing", 100, 198.0, "getPricing itself takes 20 in one request (in Asins), which is 5 requests a"),
        ("getMyFeesEstimateForSKU", 100, 98.0, "getMyFeesEstimates takes many in one request"),
        ("getReport", 1000, 492.5, "(getReport): one call every 0.5 s meets the plan"),
    ],
)
def test_what_would_meet_it(name: str, calls: int, seconds: float, says: str) -> None:
    found = Governor().forecast(name, calls=calls, within=60.0)
    assert found is not None
    assert not found.fits
    assert found.seconds == pytest.approx(seconds)
    assert found.advice.startswith(f"{calls} a minute asked of a plan of ")
    assert says in found.advice


def test_what_fits_needs_no_advice() -> None:
    found = Governor().forecast("getItemOffers", calls=31, within=60.0)
    assert found is not None
    assert (found.fits, found.advice) == (True, "")
    assert found.seconds == pytest.approx(60.0)


def test_a_forecast_knows_the_users_plan_and_the_sandboxes() -> None:
    own = Governor(plans={"getItemOffers": (10.0, 10)}).forecast("getItemOffers", calls=40, within=60.0)
    sandbox = Governor().forecast("getItemOffers", calls=40, within=60.0, region="sandbox-na")
    assert own is not None
    assert sandbox is not None
    assert (own.seconds, sandbox.seconds) == (3.0, 5.0)


def test_what_has_no_plan_has_no_forecast() -> None:
    assert Governor().forecast("reports/2020-09-04/getReports", calls=1, within=1.0) is None
    with pytest.raises(SettingsError, match=r"did you mean .*getItemOffers"):
        Governor().forecast("getItemOfers", calls=1, within=1.0)


def test_no_time_at_all() -> None:
    found = Governor().forecast("getItemOffers", calls=40, within=0.0)
    assert found is not None
    assert not found.fits
