"""Failures of External Fulfillment itself: a record that breaks it, an outage, its own limit."""

from __future__ import annotations

from recoup.drill.order import Order
from recoup.drill.recipe import Act, GivesUp, Retried, recipe
from recoup.drill.stage import Stage

__all__: list[str] = []


@recipe("sc-00000-internal-failure", expects=GivesUp(fix="contact-amazon", who="amazon"))
def a_record_that_cannot_be_processed(stage: Stage) -> Act:
    order = Order(stage)
    stage.sandbox.stage.poison(order.id)
    return Act(
        cause="The stored record of the shipment does not add up, so the service cannot process it.",
        send=order.read,
        mend=lambda: stage.sandbox.stage.repair(order.id),
        proper=200,
    )


@recipe("sc-00001-service-unavailable", expects=Retried(sends=2))
def a_dependency_is_down(stage: Stage) -> Act:
    order = Order(stage)
    stage.sandbox.stage.outage(stage.now + 0.4)
    return Act(
        cause="A dependency of the service is down for a moment; it comes back by itself.",
        send=order.confirm,
        mend=lambda: stage.sandbox.clock.advance(1.0),
        proper=204,
    )


@recipe("sc-00007-rate-limited", expects=Retried(sends=2))
def another_application_uses_up_the_limit(stage: Stage) -> Act:
    order = Order(stage)
    stage.sandbox.stage.set_service_limit("getShipment", 5.0, 1.0)
    order.read(stage.hand)
    return Act(
        cause="The service's own limit for this merchant, counted over all applications, is used up.",
        send=order.read,
        mend=lambda: stage.sandbox.clock.advance(1.0),
        proper=200,
    )
