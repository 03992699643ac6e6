"""Parts that failed inside a success, under amzn-selling-partner: the model that it returns says so."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from client_stages import AmznSellingPartner, AsyncAmznSellingPartner

import recoup
from recoup.sandbox.serving import Sandbox, running

pytestmark = pytest.mark.sdk


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=77) as opened:
        yield opened


@pytest.fixture(params=[AmznSellingPartner, AsyncAmznSellingPartner], ids=["sync", "async"])
def stage(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Any]:
    with request.param(sandbox) as opened:
        yield opened


def update(location: str, sku: str) -> dict[str, Any]:
    uri = f"/inventory/update?locationId={location}&skuId={sku}"
    return {"method": "POST", "uri": uri, "body": {"quantity": 5, "clientSequenceNumber": 1}}


def inventory(client: Any) -> Any:
    return client.external_fulfillment_inventory_v2024_09_11.create_inventory


def both(stage: Any, client: Any) -> Any:
    """An update that works, and one that does not."""
    there = stage.sandbox.location_ids["MFN"]
    return stage.done(inventory(client)({"requests": [update(there, "SKU-1"), update("no-such-place", "SKU-2")]}))


@pytest.mark.parametrize("copied", [False, True])
def test_the_outcome_names_what_failed(stage: Any, copied: bool) -> None:
    answer = both(stage, stage.made.with_options(timeout=5.0) if copied else stage.made)
    made = recoup.outcome(answer)
    assert made is not None
    (item,) = made.failed_items
    assert (item.index, item.name, item.fault) == (1, "SKU-2", "sc-00003-entity-not-found")
    with pytest.raises(recoup.FixRequest, match="1 of 2 items failed"):
        recoup.raise_for_fault(answer)


def test_the_clients_model_is_what_it_was(stage: Any) -> None:
    answer = both(stage, stage.made)
    assert "recoup" not in answer.model_dump()
    assert "recoup" not in answer.model_dump_json()
    assert "recoup" not in repr(answer)
    assert answer == type(answer).model_validate(answer.model_dump(by_alias=True))
    assert type(stage.made.http).__name__ in ("HttpClient", "AsyncHttpClient")


def test_an_entire_success_carries_nothing(stage: Any) -> None:
    location = stage.sandbox.location_ids["MFN"]
    shipment = stage.sandbox.stage.add_shipment(location_id=location)
    assert stage.shipment(shipment) == shipment
    answer = stage.done(stage._work.get_shipment(shipment))
    assert recoup.outcome(answer) is None
    assert "recoup" not in vars(answer)


def test_what_is_no_model_is_left_alone(stage: Any) -> None:
    options = import_module("amzn_selling_partner").RequestOptions(raw=True)
    answer = stage.done(
        inventory(stage.made)({"requests": [update("no-such-place", "SKU-1")]}, request_options=options)
    )
    assert isinstance(answer, dict)
    assert set(answer) == {"responses"}
