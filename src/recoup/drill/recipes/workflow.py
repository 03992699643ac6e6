"""The order workflow: states, things under way, cancellations, lock-outs, dates."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from recoup.drill.order import BRAZIL, SELF_SHIP, Order
from recoup.drill.recipe import Act, Decided, GivesUp, Retried, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_PATIENCE = 10.0  # seconds of real time


@recipe("sc-00004-in-progress", expects=Decided("wait", {"subject": "entity", "entity": "shipment", "resends": 1}))
def the_same_operation_twice_at_once(stage: Stage) -> Act:
    order = Order(stage).to_slot()
    finish = _under_way(stage, "generateShipLabels", order.label)
    return Act(
        cause="generateShipLabels of this shipment is still being worked on when it is called again.",
        send=order.label,
        mend=finish,
        # The first call did what both wanted; what a caller does next is to read the shipment.
        again=order.read,
        proper=200,
        parameters={"entity": "shipmentId", "id": order.id},
        close=finish,
    )


@recipe("sc-10000-server-busy", expects=Retried(sends=2))
def another_operation_of_the_order_is_under_way(stage: Stage) -> Act:
    order = Order(stage).to_packed()
    finish = _under_way(stage, "updatePackage", order.repack, seconds=0.4)
    return Act(
        cause="updatePackage of the same shipment is still being worked on.",
        send=order.options,
        mend=finish,
        proper=200,
        close=finish,
    )


def _under_way(
    stage: Stage, operation: str, call: Callable[[Caller], Reply], seconds: float = 30.0
) -> Callable[[], None]:
    """Begin a call that takes (virtual) time, on a connection of its own; gives what lets it finish."""
    stage.sandbox.stage.take_time(operation, seconds)
    other = Caller(stage.sandbox, recoup_under=False)
    other.token()
    thread = threading.Thread(target=call, args=(other,), name=f"drill-{operation}")
    thread.start()
    if not stage.sandbox.clock.wait_for_sleepers(1, timeout=_PATIENCE):
        raise RuntimeError(f"{operation} did not begin")

    def finish() -> None:
        if thread.is_alive():
            stage.sandbox.clock.advance(seconds)
            thread.join(_PATIENCE)
        other.close()
        stage.sandbox.stage.take_time(operation, 0.0)

    return finish


@recipe("sc-10001-operation-not-permitted", expects=Decided("resync", {"target": "state"}))
def packing_before_confirming(stage: Stage) -> Act:
    order = Order(stage)
    return Act(
        cause="createPackages is called while the shipment is not confirmed.",
        send=order.pack,
        mend=lambda: order.confirm(stage.hand),
        proper=204,
    )


@recipe("sc-00006-order-cancelled", expects=GivesUp(fix="stop", who="nobody", stop_order=True))
def the_buyer_cancels(stage: Stage) -> Act:
    order, other = Order(stage).to_confirmed(), Order(stage).to_confirmed()
    stage.sandbox.stage.cancel_by_marketplace(order.id, now=stage.now)
    return Act(
        cause="The marketplace cancelled the order between two calls of the client.",
        send=order.pack,
        mend=lambda: None,
        again=other.pack,  # nothing mends a cancelled order; the same call works for one that is not cancelled
        proper=204,
    )


@recipe(
    "sc-00005-max-retries",
    expects=Decided("wait", {"subject": "order-operation", "after": 3600.0}),
)
def too_many_failed_attempts(stage: Stage) -> Act:
    order = Order(stage).to_confirmed()
    for _ in range(5):
        order.pack(stage.hand, quantity=5)
    return Act(
        cause="createPackages of this order failed five times within the hour; now even a proper call is refused.",
        send=order.pack,
        mend=lambda: stage.sandbox.clock.advance(3601.0),
        proper=204,
        parameters={"order": order.id, "seconds": "3600"},
    )


@recipe("sc-30005-dispatch-after-date", expects=Decided("wait", {"subject": "order-operation", "after": 7200.0}))
def packing_too_early(stage: Stage) -> Act:
    order = Order(stage).to_confirmed()
    stage.sandbox.clock.set(float(int(stage.now) + 1))  # a date on the wire has whole seconds
    at = stage.now + 7200.0
    stage.sandbox.stage.set_dispatch_after(order.id, at, now=stage.now)
    return Act(
        cause="The order's dispatch-after date is two hours away.",
        send=order.pack,
        mend=lambda: stage.sandbox.clock.advance(7201.0),
        proper=204,
        parameters={"dispatch_after": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
    )


@recipe("sc-30007-no-invoice", expects=Decided("wait", {"subject": "entity", "entity": "shipment", "resends": 1}))
def an_invoice_that_is_not_there_yet(stage: Stage) -> Act:
    order = Order(stage, SELF_SHIP, marketplace_id=BRAZIL).to_slot()
    return Act(
        cause="In Brazil the marketplace makes the invoice, and it is still pending.",
        send=order.invoice,
        mend=lambda: stage.sandbox.stage.set_invoice_status(order.id, "AVAILABLE", now=stage.now),
        proper=200,
        parameters={"shipment": order.id},
    )


@recipe("sc-00004-duplicate-client-token", expects=Decided("resync", {"target": "effect"}))
def confirming_twice(stage: Stage) -> Act:
    order, other = Order(stage).to_confirmed(), Order(stage)
    return Act(
        cause="The shipment was confirmed by an earlier call; this one asks for the same again.",
        send=order.confirm,
        mend=lambda: None,
        again=other.confirm,  # nothing is to be mended: the effect is there; a fresh order takes the same call
        proper=204,
        parameters={"entity": "shipmentId", "id": order.id},
    )
