"""processShipment: the seller confirms a shipment, or rejects it as a whole."""

from __future__ import annotations

from typing import Any

from recoup.sandbox.fulfillment import stock
from recoup.sandbox.fulfillment.checks import move
from recoup.sandbox.fulfillment.matrix import Action, State
from recoup.sandbox.fulfillment.steps import NO_CONTENT, Asked, Effect, Step
from recoup.sandbox.fulfillment.store import Fulfillment, Line, Shipment
from recoup.sandbox.fulfillment.validation import array, body_object, integer, invalid, one_of, struct, text
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["PROCESS_SHIPMENT", "cancel"]

_REASONS = ("OUT_OF_STOCK", "CUSTOMER_REQUESTED")


def _read(state: Fulfillment, call: OperationCall) -> Asked:
    action = Action(one_of(call.query, "operation", (Action.CONFIRM, Action.REJECT)))
    body = body_object(call)
    reference = text(body, "referenceId", required=False)
    lines: list[tuple[str, int | None, str]] = []
    if body:
        for index, entry in enumerate(array(body, "lineItems", least=0)):
            lines.append(_line(entry, f"lineItems[{index}]."))
    return Asked(action, (reference, lines))


def _line(entry: Any, path: str) -> tuple[str, int | None, str]:
    if not isinstance(entry, dict):
        invalid(entry, path.rstrip("."), "a line is an object")
    item = struct(entry, "lineItem", path)
    return (
        text(item, "id", path + "lineItem."),
        integer(item, "quantity", path + "lineItem.", required=False, least=0),
        one_of(entry, "reason", _REASONS, path, required=False),
    )


def _plan(state: Fulfillment, shipment: Shipment, asked: Asked, now: float) -> Effect:
    reference, lines = asked.data
    action = Action(asked.action)
    if action is Action.REJECT and reference and reference in shipment.references:
        raise Refusal(
            "sc-00004-duplicate-client-token",
            because="the reference of this rejection was used already",
            entity="referenceId",
            id=reference,
        )
    cell = move(shipment, action)
    for position, (line_id, quantity, _) in enumerate(lines):
        _check_line(shipment, f"lineItems[{position}].lineItem.", line_id, quantity, action)
    reason = next((given for _, _, given in lines if given), "")

    def effect() -> Outcome:
        if action is Action.REJECT:
            if reference:
                shipment.references.add(reference)
            cancel(state, shipment, now, "SELLER_REJECTED", reason)
        else:
            state.touch(shipment, now, cell.next)
        return NO_CONTENT

    return effect


def _check_line(shipment: Shipment, path: str, line_id: str, quantity: int | None, action: Action) -> None:
    line: Line | None = next((line for line in shipment.lines if line.id == line_id), None)
    if line is None:
        invalid(line_id, path + "id", "the shipment has no such line")
    if quantity is not None and quantity > line.open_units:
        raise Refusal(
            "sc-20000-quantity-exceeds-inventory",
            because=f"line {line.id} has {line.open_units} units",
            requested=quantity,
            existing=line.open_units,
        )
    # A shipment is confirmed or rejected as a whole. In Amazon's samples a rejected line has the quantity 0, which
    # reads as "confirmed: none"; the line's full quantity is taken too, anything between would be a partial
    # cancellation.
    allowed = (0, line.open_units) if action is Action.REJECT else (line.open_units,)
    if quantity is not None and quantity not in allowed:
        invalid(quantity, path + "quantity", "a shipment is confirmed or rejected as a whole")


def cancel(state: Fulfillment, shipment: Shipment, now: float, by: str, reason: str = "") -> None:
    """Cancel a shipment and give its stock back. `by` is SELLER_REJECTED, MARKETPLACE_CANCELLED or SYSTEM_CANCELLED."""
    for line in shipment.lines:
        line.cancelled, line.cancelled_at = line.units, now
        line.cancelled_by, line.cancel_reason = by, reason
    for package in shipment.packages.values():
        package.state = State.CANCELLED
    state.touch(shipment, now, State.CANCELLED)
    stock.release(state, shipment, now)


PROCESS_SHIPMENT = Step(_read, _plan)
