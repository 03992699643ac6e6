"""Whatever is called of the general operations, taken or refused: made again, the world is the same."""

from __future__ import annotations

from typing import Any

import msgspec
from general_world import EPOCH, US, House, decoded
from hypothesis import given, settings
from hypothesis import strategies as st

from properties import examples
from recoup.sandbox.actions import Actions
from recoup.sandbox.keeping import Keeping, begin_or_resume

BASE = "http://127.0.0.1:8080"
ARN = "arn:aws:sqs:us-east-1:123456789012:orders"
KIND = "EXTERNAL_FULFILLMENT_SHIPMENT_STATUS_CHANGE"


class Kept(House):
    """A house of which everything is written down."""

    def __init__(self) -> None:
        super().__init__(seed=5, epoch=EPOCH)
        beginning, past = begin_or_resume(None, seed=5, epoch=EPOCH, frozen=True, settings=None)
        self.stage = Actions(self.world.lock, lambda: self.opened.stages, self.clock.now, self.world.perform)
        self.keeping = Keeping(self.opened, self.stage, BASE, beginning, None)
        self.keeping.start(past)
        self.reports: list[str] = []
        self.destinations = ["00000000-0000-0000-0000-000000000000"]

    def do(self, step: tuple[str, int]) -> None:
        what, which = step
        sku = f"SKU-{which % 3}" if which % 2 else "SANDBOX%252FSKU%25203"
        listing = f"/listings/2021-08-01/items/{self.merchant}/{sku}?marketplaceIds={US}"
        match what:
            case "put":
                body: Any = {"productType": "P"} | (
                    {} if which % 5 == 0 else {"attributes": {"item_name": [{"value": which}]}}
                )
                self.send("PUT", listing, body=body)
            case "delete":
                self.send("DELETE", listing)
            case "read":
                self.send("GET", listing)
            case "report":
                kind = "GET_X" if which % 3 else "get x"
                report = {"reportType": kind, "marketplaceIds": [US]}
                answer = self.send("POST", "/reports/2021-06-30/reports", body=report)
                if answer.status == 202:
                    self.reports.append(decoded(answer)["reportId"])
            case "cancel":
                self.send("DELETE", f"/reports/2021-06-30/reports/{self.reports[-1] if self.reports else '12345'}")
            case "destination":
                bus = {"eventBridge": {"region": "us-east-1", "accountId": "123456789012"}}
                resource: Any = [{"sqs": {"arn": ARN}}, bus, {}][which % 3]
                wanted = {"name": f"n{which % 4}", "resourceSpecification": resource}
                made = self.send("POST", "/notifications/v1/destinations", body=wanted, token=self.grantless())
                if made.status == 200:
                    self.destinations.append(decoded(made)["payload"]["destinationId"])
            case "subscribe":
                subscription = {"payloadVersion": "1.0", "destinationId": self.destinations[-1]}
                self.send("POST", f"/notifications/v1/subscriptions/{KIND}", body=subscription)
            case "restricted":
                resource = {
                    "method": "GET",
                    "path": "/orders/v0/orders",
                    "dataElements": ["buyerInfo", "x"][which % 2 :],
                }
                self.send("POST", "/tokens/2021-03-01/restrictedDataToken", body={"restrictedResources": [resource]})
            case "rotate":
                token = self.grantless("sellingpartnerapi::client_credential:rotation")
                self.send("POST", "/applications/2023-11-30/clientSecret", token=token)
            case "enroll":
                self.stage.enroll_for_rotation(ARN)
            case "order":
                self.stage.add_order()
            case "shipment":
                self.stage.add_shipment(location_id=self.opened.location_ids["MFN"])
            case "advance":
                self.clock.advance(which)
            case _:
                raise AssertionError(what)

    def shown(self) -> dict[str, Any]:
        state = self.opened._general.state
        return {
            "chance": state.random.getstate(),
            "records": [
                msgspec.to_builtins(list(records.values()))
                for records in (state.orders, state.listings, state.reports, state.destinations, state.subscriptions)
            ],
            "queues": (dict(state.queues), dict(state.rotation_queue)),
            "tokens": {
                value: (token.expires_at, token.resources) for value, token in self.world.accounts.tokens.items()
            },
            "now": self.clock.now(),
        }


WORDS = (
    "put delete read report cancel destination subscribe restricted rotate enroll order shipment advance advance"
).split()
STEPS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 200)), max_size=20)


@settings(max_examples=examples(40))
@given(before=STEPS, after=STEPS)
def test_a_world_that_is_put_back_is_the_same_and_goes_on_alike(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    house = Kept()
    for step in before:
        house.do(step)
    known, reports, destinations = house.shown(), list(house.reports), list(house.destinations)
    snapshot: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(house.keeping.snapshot()))
    seen: list[dict[str, Any]] = []
    for _ in range(2):
        for step in after:
            house.do(step)
        seen.append(house.shown())
        house.keeping.restore(snapshot)
        assert house.shown() == known
        house.reports, house.destinations = list(reports), list(destinations)
    assert seen[0] == seen[1]
