"""generateShipLabels: a label for each package, or why not.

Each package is judged by itself. Where all fail, the whole call is refused for the first one's reason; where some do,
the answer is a 200 whose list says FAILURE for them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from recoup.sandbox.fulfillment import stock
from recoup.sandbox.fulfillment.capacity import Load
from recoup.sandbox.fulfillment.checks import dispatch_after, move
from recoup.sandbox.fulfillment.documents import link, new_key
from recoup.sandbox.fulfillment.matrix import Action, State, rank
from recoup.sandbox.fulfillment.messages import label_error
from recoup.sandbox.fulfillment.options import check_option, option_wire
from recoup.sandbox.fulfillment.package_form import PackageForm, check_size
from recoup.sandbox.fulfillment.programs import Program
from recoup.sandbox.fulfillment.steps import Asked, Effect, Step
from recoup.sandbox.fulfillment.store import Fulfillment, Label, Option, Package, Shipment
from recoup.sandbox.fulfillment.validation import array, body_object, invalid, one_of, struct, text, unique
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["GENERATE_SHIP_LABELS"]

_FLEX_CARRIER = "ATS"  # the fixed option of Seller Flex


class _Courier(msgspec.Struct, frozen=True):
    carrier: str
    tracking_id: str


class _Wanted(msgspec.Struct, frozen=True):
    option_id: str
    package_ids: list[str] | None
    courier: _Courier | None


def _read(state: Fulfillment, call: OperationCall) -> Asked:
    action = Action(one_of(call.query, "operation", (Action.GENERATE_LABELS, Action.REGENERATE_LABELS)))
    option_id = text(call.query, "shippingOptionId", required=False)
    body = body_object(call)
    package_ids: list[str] | None = None
    courier: _Courier | None = None
    if body:
        package_ids = [
            entry if isinstance(entry, str) else invalid(entry, f"packageIds[{index}]", "an id is a string")
            for index, entry in enumerate(array(body, "packageIds", most=50))
        ]
        unique(package_ids, "packageIds")
        if body.get("courierSupportedAttributes") is not None:
            given, path = struct(body, "courierSupportedAttributes"), "courierSupportedAttributes."
            courier = _Courier(text(given, "carrierName", path), text(given, "trackingId", path))
    return Asked(action, _Wanted(option_id, package_ids, courier))


def _plan(state: Fulfillment, shipment: Shipment, asked: Asked, now: float) -> Effect:
    action, wanted = Action(asked.action), asked.data
    if not shipment.packages or shipment.state is State.CANCELLED:
        move(shipment, action)
    packages = _packages(shipment, wanted.package_ids, action)
    for package in packages:
        move(shipment, action, package)
    if action is Action.REGENERATE_LABELS:
        return lambda: _answer(state, [(package, package.label) for package in packages], {}, now)
    dispatch_after(state, shipment, "generateShipLabels", now)
    option = _option(shipment, packages, wanted)
    load = Load(state, shipment, now)
    refusals: dict[str, Refusal] = {}
    for package in packages:
        try:
            _check(state, shipment, package, option, load, now)
        except Refusal as refusal:
            refusals[package.id] = refusal
    if len(refusals) == len(packages):
        raise next(iter(refusals.values()))

    def effect() -> Outcome:
        results: list[tuple[Package, Label | None]] = []
        for package in packages:
            if package.id not in refusals:
                package.label = _label(state, shipment, package, option, wanted.courier, now)
                package.state = State.SHIPLABEL_GENERATED
            results.append((package, None if package.id in refusals else package.label))
        load.book()
        state.settle(shipment, now)
        if shipment.state is State.SHIPLABEL_GENERATED:
            stock.consume(state, shipment)
        return _answer(state, results, refusals, now)

    return effect


def _packages(shipment: Shipment, package_ids: list[str] | None, action: Action) -> list[Package]:
    """The packages that are meant: those named, or else all that can still get a label (or have one, to repeat it)."""
    if package_ids is not None:
        for package_id in package_ids:
            if package_id not in shipment.packages:
                raise Refusal(
                    "sc-00003-entity-not-found",
                    because="no such package of this shipment",
                    entity="packageId",
                    id=package_id,
                )
        return [shipment.packages[package_id] for package_id in package_ids]
    packages = list(shipment.packages.values())
    if action is Action.REGENERATE_LABELS:
        return packages
    return [package for package in packages if rank(package.state) < rank(State.SHIPLABEL_GENERATED)] or packages


def _option(shipment: Shipment, packages: list[Package], wanted: _Wanted) -> Option | None:
    """The chosen option. It must have been offered for every package; Seller Flex has a fixed one and names none."""
    if shipment.program is Program.SELLER_FLEX:
        return None
    if not wanted.option_id:
        if shipment.program is Program.EASY_SHIP:
            invalid(None, "shippingOptionId", "Easy Ship needs a shipping option")
        return None
    options = [package.options.get(wanted.option_id) for package in packages]
    option = options[0]
    if option is None or None in options:
        invalid(wanted.option_id, "shippingOptionId", "this option was not offered for these packages")
    if option.ship_by == "THIRD_PARTY_CARRIER" and wanted.courier is None:
        invalid(None, "courierSupportedAttributes", "a courier of the seller's own choice must be named")
    return option


def _check(
    state: Fulfillment, shipment: Shipment, package: Package, option: Option | None, load: Load, now: float
) -> None:
    check_size(state, PackageForm(package.id, package.wire, package.sides_cm, package.weight_g, package.lines))
    if option is not None:
        check_option(option, now)
    if shipment.program is not Program.SELF_SHIP:  # Amazon's transport carries it, and has an end
        load.take(package, option, option.carrier if option is not None else _FLEX_CARRIER)


def _label(
    state: Fulfillment,
    shipment: Shipment,
    package: Package,
    option: Option | None,
    courier: _Courier | None,
    now: float,
) -> Label:
    if courier is not None and (option is None or option.ship_by == "THIRD_PARTY_CARRIER"):
        carrier, tracking_id = courier.carrier, courier.tracking_id
    else:
        carrier = option.carrier if option is not None and option.carrier else _FLEX_CARRIER
        if shipment.program is Program.SELF_SHIP:
            carrier = "SELF"
        tracking_id = str(state.random.randrange(10**11, 10**12))
    return Label(new_key(state, shipment, package), carrier, tracking_id, option, now)


def _answer(
    state: Fulfillment, results: list[tuple[Package, Label | None]], refusals: dict[str, Refusal], now: float
) -> Outcome:
    entries = []
    for package, label in results:
        entry: dict[str, Any] = {"packageId": package.id}
        if label is None:
            entry["status"] = "FAILURE"
            entry["errorDetails"] = label_error(refusals[package.id])
        else:
            entry["shipLabelMetadata"] = _metadata(label)
            entry["fileData"] = {"url": link(state, label, now)}
            entry["status"] = "SUCCESS"
        entries.append(entry)
    return Outcome(body={"packageShipLabelList": entries}, parts=list(refusals.values()))


def _metadata(label: Label) -> dict[str, Any]:
    wire: dict[str, Any] = {"carrierName": label.carrier, "trackingId": label.tracking_id}
    if label.option is not None:
        option = option_wire(label.option)
        wire["shippingOptionId"] = label.option.id
        wire.update({name: option[name] for name in ("pickupWindow", "timeSlot") if name in option})
    return wire


GENERATE_SHIP_LABELS = Step(_read, _plan)
