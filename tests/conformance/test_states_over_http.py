"""Every operation in every state of every program, over HTTP: a legal move or a fault of the catalogue, never a crash.

What the moves are is told by the matrix's own tests. Here the answer is held against the OpenAPI description, with one
thing made stricter: a field that the description does not know would be made up.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema_rs
import pytest
import yaml

from recoup.catalogue.loader import catalogue
from recoup.exchange import Headers, Request, Response
from recoup.sandbox.clock import VirtualClock
from recoup.sandbox.fulfillment.settings import FulfillmentSettings
from recoup.sandbox.fulfillment.stage import Stage
from recoup.sandbox.opening import open_world
from recoup.sandbox.settings import SandboxSettings

FILE = Path(__file__).parents[2] / "docs" / "reference" / "external-fulfillment.openapi.yaml"
DESCRIPTION: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
OPERATIONS = {
    operation["operationId"]: operation
    for item in DESCRIPTION["paths"].values()
    for method, operation in item.items()
    if method != "parameters"
}
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
PLENTY = 1e12
STATES = (
    "CREATED",
    "ACCEPTED",
    "CONFIRMED",
    "PACKAGE_CREATED",
    "PICKUP_SLOT_RETRIEVED",
    "INVOICE_GENERATED",
    "SHIPLABEL_GENERATED",
    "SHIPPED",
    "DELIVERED",
    "CANCELLED",
)
PROGRAMS = {"easy ship": ("MFN", "MARKETPLACE"), "self ship": ("MFN", "SELF"), "seller flex": ("FBA", "MARKETPLACE")}
SIDE = {"value": "10", "dimensionUnit": "CM"}
BOX = {
    "id": "p1",
    "dimensions": {"length": SIDE, "width": SIDE, "height": SIDE},
    "weight": {"value": "1", "weightUnit": "KG"},
    "packageLineItems": [{"packageLineItemId": "1", "quantity": 1}],
}
# operation -> method, what follows the shipment's path, body
CALLS: dict[str, list[tuple[str, str, Any]]] = {
    "getShipment": [("GET", "", None)],
    "processShipment": [("POST", "?operation=CONFIRM", None), ("POST", "?operation=REJECT", {"lineItems": []})],
    "createPackages": [("POST", "/packages", {"packages": [BOX]})],
    "updatePackage": [("PUT", "/packages/p1", BOX)],
    "updatePackageStatus": [
        ("PATCH", "/packages/p1", {"status": "SHIPPED"}),
        ("PATCH", "/packages/p1", {"status": "DELIVERED"}),
        ("PATCH", "/packages/p1", {"status": "SHIPPED", "subStatus": "OUT_FOR_DELIVERY"}),
    ],
    "retrieveShippingOptions": [("GET", "/shippingOptions?packageId=p1", None)],
    "generateInvoice": [("POST", "/invoice", None)],
    "retrieveInvoice": [("GET", "/invoice", None)],
    "generateShipLabels": [
        ("PUT", "/shipLabels?operation=GENERATE{option}", None),
        ("PUT", "/shipLabels?operation=REGENERATE{option}", {"packageIds": ["p1"]}),
    ],
    "updateSandboxShipment": [
        ("PATCH", "", {"updateType": "SHIPMENT_STATUS_CHANGE", "updates": {"status": "SHIPPED"}}),
        ("PATCH", "", {"updateType": "SHIPMENT_STATUS_CHANGE", "updates": {"status": "CANCELLED"}}),
        ("PATCH", "", {"updateType": "INVOICE_AVAILABILITY_CHANGE"}),
    ],
}
CODES = {fault.code for fault in catalogue().values()}


class Shop:
    """A world without sockets, and a seller who brings a fresh shipment into any state."""

    def __init__(self, program: tuple[str, str]) -> None:
        limits = FulfillmentSettings(service_limit=None, service_limits={})
        self._program = program
        self._opened = open_world(
            seed=1,
            clock=VirtualClock(1_800_000_000.0, frozen=True),
            settings=SandboxSettings(
                unknown_burst=PLENTY, unknown_burst_low=PLENTY, unknown_rate_burst=PLENTY, fulfillment=limits
            ),
        )
        self.stage = next(stage for stage in self._opened.stages if isinstance(stage, Stage))
        principal = self._opened.principal
        form = {
            "grant_type": "refresh_token",
            "refresh_token": principal.authorization.refresh_token,
            "client_id": principal.application.client_id,
            "client_secret": principal.application.secrets[0].value,
        }
        token = self.send("POST", "/auth/o2/token", urlencode(form).encode(), "application/x-www-form-urlencoded")
        self._token: str = json.loads(token.body)["access_token"]

    def send(self, method: str, url: str, body: bytes, kind: str, **fields: str) -> Response:
        fields |= {"Content-Type": kind, "Content-Length": str(len(body))} if body else {}
        request = Request(method=method, url=url, headers=Headers(fields), body=body)
        answer = self._opened.world.handle(request, "NA")
        assert isinstance(answer, Response)
        return answer

    def call(self, method: str, path: str, body: Any = None) -> Response:
        sent = b"" if body is None else json.dumps(body).encode()
        return self.send(method, path, sent, "application/json", **{"x-amz-access-token": self._token})

    def shipment(self, state: str) -> tuple[str, str]:
        """The path of a fresh shipment in `state`, and the option it was offered; no path where none gets there."""
        channel, kind = self._program
        skus = ["nowhere-in-stock"] if state == "CREATED" else ["SANDBOX-SKU-1"]
        made = self.stage.add_shipment(
            location_id=self._opened.location_ids[channel], shipping_type=kind, units=[1], skus=skus
        )
        path, option = f"{SHIPMENTS}/{made}", ""
        steps = ["CONFIRM", "createPackages", "options", "generateInvoice", "GENERATE", "SHIPPED", "DELIVERED"]
        for step in steps if state not in ("CREATED", "ACCEPTED", "CANCELLED") else []:
            if self.status(path) == state:
                break
            match step:
                case "CONFIRM":
                    self.call("POST", f"{path}?operation=CONFIRM")
                case "createPackages":
                    self.call("POST", f"{path}/packages", {"packages": [BOX]})
                case "options":
                    found = json.loads(self.call("GET", f"{path}/shippingOptions?packageId=p1").body)
                    if found["shippingOptions"]:
                        chosen = found["shippingOptions"][0]["shippingOptionId"]
                        option = f"&shippingOptionId={quote(chosen, safe='')}"
                case "generateInvoice":
                    self.call("POST", f"{path}/invoice")
                case "GENERATE":
                    self.call("PUT", f"{path}/shipLabels?operation=GENERATE{option}")
                case _:
                    self.stage.scan_by_carrier(made, step)
        if state == "CANCELLED":
            self.stage.cancel_by_marketplace(made)
        return (path if self.status(path) == state else ""), option

    def status(self, path: str) -> str:
        return str(json.loads(self.call("GET", path).body)["status"])


def schema_of(operation: str, status: int) -> dict[str, Any] | None:
    """The schema of this answer, without room for unknown fields; None where there is no body."""
    answer = OPERATIONS[operation]["responses"][str(status)]
    if "$ref" in answer:
        answer = DESCRIPTION["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    if "content" not in answer:
        return None
    closed: dict[str, Any] = json.loads(
        json.dumps(
            {**answer["content"]["application/json"]["schema"], "components": DESCRIPTION["components"]},
        ),
        object_hook=lambda found: {**found, "additionalProperties": False} if "properties" in found else found,
    )
    return closed


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("state", STATES)
def test_any_operation_in_any_state(program: str, state: str) -> None:
    shop = Shop(PROGRAMS[program])
    reached = 0
    for operation, calls in CALLS.items():
        for method, rest, body in calls:
            path, option = shop.shipment(state)
            if not path:
                continue  # the program never comes into this state
            reached += 1
            answer = shop.call(method, path + rest.format(option=option), body)
            told = f"{operation} {rest} in {state}: {answer.status} {answer.body[:300]!r}"
            assert str(answer.status) in OPERATIONS[operation]["responses"], told
            assert answer.status < 500, told
            schema = schema_of(operation, answer.status)
            if schema is None:
                assert answer.body == b"", told
                continue
            errors = [error.message for error in jsonschema_rs.iter_errors(schema, json.loads(answer.body))]
            assert not errors, f"{told}: {errors}"
            if answer.status >= 400:
                assert json.loads(answer.body)["errors"][0]["code"] in CODES, told
    skipped = {("easy ship", "INVOICE_GENERATED"), ("seller flex", "CREATED")}
    assert bool(reached) == ((program, state) not in skipped)
