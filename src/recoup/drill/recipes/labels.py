"""Ship labels: capacities and pickup slots."""

from __future__ import annotations

from recoup.drill.order import Order
from recoup.drill.recipe import Act, Decided, recipe
from recoup.drill.stage import Stage

__all__: list[str] = []


@recipe("sc-30001-shiplabel-generation-failure", expects=Decided("wait", {"subject": "order-operation"}))
def a_carrier_without_capacity(stage: Stage) -> Act:
    order = Order(stage).to_slot()
    for carrier in ("ATS", "BLUEDART"):
        stage.sandbox.stage.set_carrier_capacity(carrier, 0)

    def mend() -> None:
        for carrier in ("ATS", "BLUEDART"):
            stage.sandbox.stage.set_carrier_capacity(carrier, None)

    return Act(
        cause="The carrier of the chosen option takes no more parcels.",
        send=order.label,
        mend=mend,
        proper=200,
    )


@recipe("sc-30002-capacity-breached", expects=Decided("wait", {"subject": "order-operation"}))
def a_site_without_capacity(stage: Stage) -> Act:
    order = Order(stage).to_slot()
    stage.sandbox.stage.set_site_capacity(order.location, 0)
    return Act(
        cause="The transport quota of the location is used up for the day.",
        send=order.label,
        mend=lambda: stage.sandbox.stage.set_site_capacity(order.location, None),
        proper=200,
    )


@recipe("sc-30004-pickup-slot-expired", expects=Decided("resync", {"target": "shipping-options"}))
def a_slot_that_ran_out(stage: Stage) -> Act:
    order = Order(stage).to_slot()
    stage.sandbox.clock.advance(901.0)
    return Act(
        cause="The shipping option was offered more than fifteen minutes ago and is not held any longer.",
        send=order.label,
        mend=order.choose,
        proper=200,
    )
