"""createPackages, updatePackage and updatePackageStatus: what is in the boxes, how large they are, where they go."""

from __future__ import annotations

from typing import Any

import msgspec

from recoup.sandbox.fulfillment.checks import dispatch_after, move, not_permitted, package_of
from recoup.sandbox.fulfillment.matrix import Action, State
from recoup.sandbox.fulfillment.package_form import PackageForm, check_contents, check_size, read_package
from recoup.sandbox.fulfillment.steps import NO_CONTENT, Asked, Effect, Step
from recoup.sandbox.fulfillment.store import Fulfillment, Package, Shipment
from recoup.sandbox.fulfillment.validation import array, body_object, invalid, nothing_given, one_of, text, unique
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["CREATE_PACKAGES", "UPDATE_PACKAGE", "UPDATE_PACKAGE_STATUS"]

_STATUSES = ("CREATED", "PICKUP_SLOT_RETRIEVED", "INVOICE_GENERATED", "SHIPLABEL_GENERATED", "SHIPPED", "DELIVERED")
_SUB_STATUSES = ("OUT_FOR_DELIVERY", "DELIVERED", "NOT_DELIVERED", "UNDELIVERABLE")


def _read_create(state: Fulfillment, call: OperationCall) -> Asked:
    body = body_object(call, required="packages")
    entries = array(body, "packages")
    forms = [read_package(entry, f"packages[{index}]") for index, entry in enumerate(entries)]
    unique((form.id for form in forms), "packages.id")
    return Asked(Action.CREATE_PACKAGES, forms)


def _plan_create(state: Fulfillment, shipment: Shipment, asked: Asked, now: float) -> Effect:
    forms: list[PackageForm] = asked.data
    cell = move(shipment, Action.CREATE_PACKAGES)
    if cell.refusal:  # there are packages already: the very same request again is told so, another one is not permitted
        first = {package.id: package.wire for package in shipment.packages.values()}
        if first == {form.id: form.wire for form in forms}:
            raise Refusal(
                "sc-00004-duplicate-client-token",
                because="the same packages were created already",
                entity="shipmentId",
                id=shipment.id,
            )
        raise not_permitted(Action.CREATE_PACKAGES, shipment.state)
    dispatch_after(state, shipment, "createPackages", now)
    check_contents(shipment, forms)
    for form in forms:
        check_size(state, form)

    def effect() -> Outcome:
        shipment.packages = {form.id: _package(form) for form in forms}
        state.settle(shipment, now)
        return NO_CONTENT

    return effect


def _package(form: PackageForm) -> Package:
    return Package(form.id, form.wire, form.sides_cm, form.weight_g, form.lines)


def _read_update(state: Fulfillment, call: OperationCall) -> Asked:
    form = read_package(body_object(call, required="dimensions"), "")
    package_id = call.path["packageId"]
    if form.id != package_id:
        invalid(form.id, "id", "the id in the body is not the id in the path")
    return Asked(Action.UPDATE_PACKAGE, form)


def _plan_update(state: Fulfillment, shipment: Shipment, asked: Asked, now: float) -> Effect:
    form: PackageForm = asked.data
    package = package_of(shipment, form.id)
    move(shipment, Action.UPDATE_PACKAGE, package)
    others = [
        PackageForm(other.id, other.wire, other.sides_cm, other.weight_g, other.lines)
        for other in shipment.packages.values()
        if other.id != form.id
    ]
    check_contents(shipment, [*others, form])
    check_size(state, form)

    def effect() -> Outcome:
        shipment.packages[form.id] = _package(form)  # its chosen slot goes with the old record
        _drop_invoice(shipment)
        state.settle(shipment, now)
        return NO_CONTENT

    return effect


def _drop_invoice(shipment: Shipment) -> None:
    """An invoice is made for what is in the packages: a change makes the seller's own one void."""
    if shipment.invoice is not None and shipment.invoice.by_seller:
        shipment.invoice = None
        shipment.invoice_status = "NOT_AVAILABLE"


class _Delivery(msgspec.Struct, frozen=True):
    package_id: str
    status: str
    sub_status: str
    reason: str


def _read_status(state: Fulfillment, call: OperationCall) -> Asked:
    from_query = one_of(call.query, "status", ("SHIPPED",), required=False)  # deprecated, and still served
    body: dict[str, Any] = body_object(call)
    status = one_of(body, "status", _STATUSES, required=False) or from_query
    sub_status = one_of(body, "subStatus", _SUB_STATUSES, required=False)
    reason = text(body, "reason", required=False, least=0, most=128)
    if not (status or sub_status or reason):
        nothing_given("neither a status, nor a sub-status, nor a reason")
    if not (status or sub_status):
        invalid(None, "status", "a reason belongs to a status or a sub-status")
    if status and status not in ("SHIPPED", "DELIVERED"):
        invalid(status, "status", "this status follows from other operations and is not set")
    shipping = status == "SHIPPED" and not sub_status
    action = Action.SHIP if shipping else Action.DELIVER
    return Asked(action, _Delivery(call.path["packageId"], status, sub_status, reason))


def _plan_status(state: Fulfillment, shipment: Shipment, asked: Asked, now: float) -> Effect:
    delivery: _Delivery = asked.data
    package = package_of(shipment, delivery.package_id)
    cell = move(shipment, Action(asked.action), package)

    def effect() -> Outcome:
        if package is not None:
            delivered = "DELIVERED" in (delivery.status, delivery.sub_status)
            package.state = cell.next or (State.DELIVERED if delivered else package.state)
        shipment.sub_status = delivery.sub_status or ("DELIVERED" if delivery.status == "DELIVERED" else "")
        shipment.reason = delivery.reason
        state.settle(shipment, now)
        return NO_CONTENT

    return effect


CREATE_PACKAGES = Step(_read_create, _plan_create)
UPDATE_PACKAGE = Step(_read_update, _plan_update)
UPDATE_PACKAGE_STATUS = Step(_read_status, _plan_status)
