"""The sandbox held against the OpenAPI description, which was written from Amazon's documents and not from our code.

Schemathesis makes calls that fit the description and calls that do not. Whatever it sends: no 5xx, no status that the
description does not have, and a body, a content type and header fields as the description has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from properties import examples
from recoup.catalogue.facts.operations import operations
from recoup.sandbox.fulfillment.settings import FulfillmentSettings
from recoup.sandbox.serving import Sandbox, running
from recoup.sandbox.settings import SandboxSettings

DESCRIPTION = Path(__file__).parents[2] / "docs" / "reference" / "external-fulfillment.openapi.yaml"
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
SIDE = {"value": "10", "dimensionUnit": "CM"}
BOX = {
    "id": "p1",
    "dimensions": {"length": SIDE, "width": SIDE, "height": SIDE},
    "weight": {"value": "1", "weightUnit": "KG"},
    "packageLineItems": [{"packageLineItemId": "1", "quantity": 2}],
}
PLENTY = 1e12  # a refused call would end at the front door; that it does is tested elsewhere

DESCRIBED = [
    (operation["operationId"], method.upper(), path)
    for path, item in yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
]
IDS = [name for name, _, _ in DESCRIBED]


@pytest.mark.parametrize(("name", "method", "path"), DESCRIBED, ids=IDS)
def test_the_description_and_the_operation_table_name_the_same_operations(name: str, method: str, path: str) -> None:
    found = operations().find(method, path.replace("{", "").replace("}", ""))
    assert found is not None
    assert (found.id, found.path) == (name, path)


class Shop:
    """A sandbox with shipments on every step of the way, and what of it a call can name."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        form = {"grant_type": "refresh_token", "refresh_token": sandbox.refresh_token}
        form |= {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
        token = httpx.post(sandbox.token_url, data=form).json()["access_token"]
        self.headers = {"x-amz-access-token": token}
        self._client = httpx.Client(base_url=sandbox.endpoint, headers=self.headers)
        shipments = [self._shipment(steps) for steps in range(8) for _ in range(4)]
        known = {
            "shipmentId": shipments,
            "packageId": ["p1"],
            "returnId": [sandbox.stage.add_return(shipments[-1])],
            "locationId": [*sandbox.location_ids.values(), "DEFAULT"],
            "skuId": ["SANDBOX-SKU-1", "SANDBOX/SKU 3"],
        }
        self.known = {name: st.sampled_from(values) for name, values in known.items()}
        stock = "locationId=DEFAULT&skuId=SANDBOX-SKU-1"
        self.bodies: dict[str, Any] = {
            "processShipment": {"lineItems": []},
            "createPackages": {"packages": [BOX]},
            "updatePackage": BOX,
            "updatePackageStatus": {"status": "SHIPPED"},
            "generateShipLabels": {"packageIds": ["p1"]},
            "batchInventory": {"requests": [{"method": "POST", "uri": f"/inventory/fetch?{stock}"}]},
            "createSandboxShipment": {
                "locationId": sandbox.location_ids["MFN"],
                "marketplaceId": sandbox.marketplace_id,
                "marketplaceChannel": "MFN",
            },
            "updateSandboxShipment": {"updateType": "SHIPMENT_STATUS_CHANGE", "updates": {"status": "CANCELLED"}},
            "createSandboxLocation": {
                "merchantIds": [sandbox.merchant_id],
                "marketplaceId": sandbox.marketplace_id,
                "locationName": "another",
            },
        }

    def _shipment(self, steps: int) -> str:
        made: str = self.sandbox.stage.add_shipment(
            location_id=self.sandbox.location_ids["MFN"], shipping_type="SELF", units=[2]
        )
        path, option = f"{SHIPMENTS}/{made}", ""
        for step in range(steps):
            match step:
                case 0:
                    answer = self._client.post(path, params={"operation": "CONFIRM"})
                case 1:
                    answer = self._client.post(f"{path}/packages", json={"packages": [BOX]})
                case 2:
                    answer = self._client.get(f"{path}/shippingOptions", params={"packageId": "p1"})
                    option = answer.json()["shippingOptions"][0]["shippingOptionId"]
                case 3:
                    answer = self._client.post(f"{path}/invoice")
                case 4:
                    query = {"operation": "GENERATE", "shippingOptionId": option}
                    answer = self._client.put(f"{path}/shipLabels", params=query)
                case _:
                    status = {5: "SHIPPED", 6: "DELIVERED"}[step]
                    answer = self._client.patch(f"{path}/packages/p1", json={"status": status})
            answer.raise_for_status()
        return made

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    limits = FulfillmentSettings(service_limit=None, service_limits={}, lockout_failures=10**9)
    door = SandboxSettings(
        unknown_burst=PLENTY, unknown_burst_low=PLENTY, unknown_rate_burst=PLENTY, fulfillment=limits
    )
    with running(seed=11, settings=door) as sandbox:
        made = Shop(sandbox)
        yield made
        made.close()


@pytest.mark.long
@pytest.mark.parametrize("fits", [True, False], ids=["fits", "does not fit"])
@pytest.mark.parametrize("name", IDS)
def test_any_call_is_answered_as_described(shop: Shop, name: str, fits: bool) -> None:
    schemathesis = import_module("schemathesis")  # late: only the longer tier has it
    checks = import_module("schemathesis.specs.openapi.checks")
    wanted = [
        import_module("schemathesis.checks").not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]
    modes = import_module("schemathesis.generation").GenerationMode
    operation = schemathesis.openapi.from_path(DESCRIPTION).find_operation_by_id(name)
    calls = operation.as_strategy(generation_mode=modes.POSITIVE if fits else modes.NEGATIVE)

    @settings(
        max_examples=examples(60), suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
    )
    @given(case=calls, data=st.data())
    def hold(case: Any, data: st.DataObject) -> None:
        for parameter in case.path_parameters or {}:
            if data.draw(st.booleans(), label=f"a {parameter} that exists"):
                case.path_parameters[parameter] = data.draw(shop.known[parameter])
        if "packageId" in (case.query or {}) and data.draw(st.booleans()):
            case.query["packageId"] = "p1"
        if name in shop.bodies and data.draw(st.booleans(), label="a body that can succeed"):
            case.body = shop.bodies[name]
        case.headers = {**(case.headers or {}), **shop.headers}  # a missing token would end at the front door
        case.call_and_validate(base_url=shop.sandbox.endpoint, checks=wanted)

    hold()
