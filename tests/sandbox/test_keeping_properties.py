"""Whatever happens to a world: one that is made from what was written down of it is the same, and goes on alike.

Calls that are taken and refused, actions, moves of the clock and operations in flight, in any order; without sockets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from properties import examples
from recoup.exchange import Headers, Request, Response
from recoup.sandbox.actions import Actions
from recoup.sandbox.clock import VirtualClock
from recoup.sandbox.keeping import Keeping, begin_or_resume
from recoup.sandbox.opening import open_world
from recoup.sandbox.state_file import StateFile

EPOCH = 1_800_000_000.0
BASE = "http://127.0.0.1:8080"
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
MEASURE = {"value": "10.0", "dimensionUnit": "CM"}
PACKAGE = {
    "id": "p1",
    "dimensions": {"length": MEASURE, "width": MEASURE, "height": MEASURE},
    "weight": {"value": "200.0", "weightUnit": "G"},
    "hazmatLabels": [],
    "packageLineItems": [{"packageLineItemId": "1", "quantity": 1, "serialNumbers": []}],
}


class House:
    """A world without sockets, what is written down of it, and a client of it."""

    def __init__(self, *, frozen: bool = True, file: Path | None = None, resume: bool = False) -> None:
        self.file = StateFile(file) if file is not None else None
        seed, epoch = (None, None) if resume else (5, EPOCH)
        beginning, past = begin_or_resume(self.file, seed=seed, epoch=epoch, frozen=frozen, settings=None)
        self.clock = VirtualClock(beginning.epoch, frozen=beginning.frozen)
        self.opened = open_world(seed=beginning.seed, clock=self.clock, base_url=BASE)
        self.world = self.opened.world
        self.stage = Actions(self.world.lock, lambda: self.opened.stages, self.clock.now, self.world.perform)
        self.keeping = Keeping(self.opened, self.stage, BASE, beginning, self.file)
        self.keeping.start(past)
        self.shipments: list[str] = []
        self.token = "Atza|none"

    def send(self, method: str, target: str, body: object = None, kind: str = "application/json") -> Response | None:
        content = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        fields = {"x-amz-access-token": self.token, "content-type": kind}
        if not content:
            del fields["content-type"]
        answer = self.world.handle(Request(method=method, url=target, headers=Headers(fields), body=content), "NA")
        return answer if isinstance(answer, Response) else None

    def login(self) -> None:
        principal = self.opened.principal
        form = {
            "grant_type": "refresh_token",
            "refresh_token": principal.authorization.refresh_token,
            "client_id": principal.application.client_id,
            "client_secret": principal.application.secrets[0].value,
        }
        answer = self.send("POST", "/auth/o2/token", urlencode(form).encode(), "application/x-www-form-urlencoded")
        assert answer is not None
        if answer.status == 200:
            self.token = str(msgspec.json.decode(answer.body)["access_token"])

    def do(self, step: tuple[str, int]) -> None:
        """One step; `step` says what, and to which of the shipments."""
        what, which = step
        if what == "order" or not self.shipments:
            location = self.opened.location_ids["FBA" if which % 5 == 0 else "MFN"]
            self.shipments.append(self.stage.add_shipment(location_id=location, units=[1 + which % 3]))
            return
        shipment = self.shipments[which % len(self.shipments)]
        path = f"{SHIPMENTS}/{shipment}"
        match what:
            case "login":
                self.login()
            case "read":
                self.send("GET", path)
            case "list":
                self.send("GET", f"{SHIPMENTS}?status=ACCEPTED")
            case "confirm":
                self.send("POST", f"{path}?operation=CONFIRM")
            case "reject":
                self.send("POST", f"{path}?operation=REJECT")
            case "pack":
                self.send("POST", f"{path}/packages", {"packages": [PACKAGE]})
            case "pack wrongly":
                self.send("POST", f"{path}/packages", {"packages": [{**PACKAGE, "weight": None}]})
            case "options":
                self.send("GET", f"{path}/shippingOptions?packageId=p1")
            case "invoice":
                self.send("POST", f"{path}/invoice")
            case "label":
                self.send("PUT", f"{path}/shipLabels?operation=GENERATE")
            case "stock":
                item = {
                    "method": "POST",
                    "uri": "/inventory/update",
                    "body": {"quantity": which, "clientSequenceNumber": which},
                }
                self.send("POST", "/externalFulfillment/inventory/2024-09-11/inventories", {"requests": [item]})
            case "slow":
                self.stage.take_time("processShipment", float(which % 4))
            case "advance":
                self.clock.advance(which / 7)
            case "hours":
                self.clock.advance(which * 60.0)
            case "revoke":
                self.stage.revoke_access_tokens()
            case "rotate":
                self.stage.rotate_secret()
            case "suspend":
                self.stage.deactivate_account()
            case "activate":
                self.stage.activate_account()
            case "outage":
                self.stage.front_door_outage(which / 3, after=1.0)
            case _:
                raise AssertionError(what)

    def shown(self) -> dict[str, Any]:
        """All that lasts, as plain values. What reads used up of a quota does not last."""
        state, accounts = self.opened._fulfillment.state, self.world.accounts
        return {
            "shipments": [repr(shipment) for shipment in state.shipments.values()],
            "items": {str(key): repr(item) for key, item in state.items.items()},
            "failures": {str(key): list(at) for key, at in state.failures.items() if key[1] not in ("getShipment",)},
            "durations": dict(state.durations),
            "chance": state.random.getstate(),
            "tokens": {
                value: (token.expires_at, token.revoked, repr(token.authorization))
                for value, token in accounts.tokens.items()
            },
            "secrets": [
                [(secret.value, secret.overdue_at, secret.dead_at) for secret in application.secrets]
                for application in accounts.applications.values()
            ],
            "partners": [repr(partner) for partner in accounts.partners.values()],
            "door": (self.world.door.down_from, self.world.door.down_until, self.world.door.down_with),
            "now": self.clock.now(),
        }


def plain(house: House) -> dict[str, Any]:
    """A snapshot, as it comes out of a file."""
    snapshot: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(house.keeping.snapshot()))
    return snapshot


WORDS = (
    "order login read list confirm reject pack options invoice label stock slow advance hours revoke rotate suspend "
    "activate outage"
).split()
STEPS = st.lists(st.tuples(st.sampled_from([*WORDS, "pack wrongly", "login"]), st.integers(0, 60)), max_size=40)


def test_the_steps_come_far_enough() -> None:
    """Otherwise the properties below would say little."""
    house = House()
    for step in (("order", 1), ("login", 0), ("confirm", 0), ("pack", 0), ("options", 0)):
        house.do(step)
    assert "PICKUP_SLOT_RETRIEVED" in house.shown()["shipments"][0]


@settings(max_examples=examples(40))
@given(before=STEPS, after=STEPS)
def test_a_world_that_is_put_back_is_the_same_and_goes_on_alike(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    house = House()
    house.login()
    for step in before:
        house.do(step)
    known, token, shipments = house.shown(), house.token, list(house.shipments)
    snapshot = plain(house)
    house.clock.advance(500.0)
    house.do(("order", 0))
    house.keeping.restore(snapshot)
    assert house.shown() == known
    assert plain(house)["entries"] == snapshot["entries"]
    first: list[dict[str, Any]] = []
    for _ in range(2):
        house.token, house.shipments = token, list(shipments)
        for step in after:
            house.do(step)
        first.append(house.shown())
        house.keeping.restore(snapshot)
    assert first[0] == first[1]


@settings(max_examples=examples(40))
@given(steps=STEPS, cut=st.integers(0, 40), frozen=st.booleans())
def test_a_world_that_goes_on_from_its_file_is_the_same(
    tmp_path_factory: Any, steps: list[tuple[str, int]], cut: int, frozen: bool
) -> None:
    """The process may end after any step: nothing is told to the file at the end."""
    path = tmp_path_factory.mktemp("state") / "file"
    house = House(frozen=frozen, file=path)
    house.login()
    for step in steps[:cut]:
        house.do(step)
    house.clock.freeze()
    known = house.shown()
    assert house.file is not None
    house.file.close()
    other = House(file=path, resume=True)
    try:
        assert other.shown() == known
    finally:
        assert other.file is not None
        other.file.close()
