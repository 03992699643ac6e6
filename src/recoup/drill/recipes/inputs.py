"""Values that External Fulfillment does not accept, and things that it does not find."""

from __future__ import annotations

from recoup.drill.order import SELF_SHIP, SHIPMENTS, Order
from recoup.drill.recipe import Act, GivesUp, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_FIX_VALUE = GivesUp(fix="fix-value", who="developer")
_UNKNOWN = "00000000-0000-4000-8000-000000000000"


@recipe("sc-00002-invalid-value", expects=_FIX_VALUE)
def an_unknown_status(stage: Stage) -> Act:
    return Act(
        cause="The status asked for is none of the ten that a shipment can have.",
        send=lambda caller: caller.call("GET", SHIPMENTS, query={"status": "PACKED"}),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", SHIPMENTS, query={"status": "ACCEPTED"}),
        proper=200,
        parameters={"value": "PACKED", "parameter": "status"},
    )


@recipe("sc-00002-range", expects=_FIX_VALUE)
def a_range_that_ends_before_it_begins(stage: Stage) -> Act:
    early, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"

    def listing(after: str, before: str, caller: Caller) -> Reply:
        query = {"status": "ACCEPTED", "lastUpdatedAfter": after, "lastUpdatedBefore": before}
        return caller.call("GET", SHIPMENTS, query=query)

    return Act(
        cause="lastUpdatedAfter is later than lastUpdatedBefore.",
        send=lambda caller: listing(late, early, caller),
        mend=lambda: None,
        again=lambda caller: listing(early, late, caller),
        proper=200,
        parameters={"parameter": "lastUpdatedAfter", "value": late, "limit": early},
    )


@recipe("sc-00002-mandatory-field", expects=_FIX_VALUE)
def a_body_without_a_field(stage: Stage) -> Act:
    order = Order(stage).to_slot()
    order.label(stage.hand)
    path = f"{order.path}/packages/p1"
    return Act(
        cause="The body of updatePackageStatus is {}, where every field is optional and one is needed.",
        send=lambda caller: caller.call("PATCH", path, body={}),
        mend=lambda: None,
        again=lambda caller: caller.call("PATCH", path, body={"status": "SHIPPED"}),
        proper=204,
    )


@recipe("sc-00003-entity-not-found", expects=_FIX_VALUE)
def a_shipment_that_does_not_exist(stage: Stage) -> Act:
    order = Order(stage)
    return Act(
        cause="No shipment of this merchant has the id.",
        send=lambda caller: caller.call("GET", f"{SHIPMENTS}/{_UNKNOWN}"),
        mend=lambda: None,
        again=order.read,
        proper=200,
        parameters={"entity": "shipmentId", "id": _UNKNOWN},
    )


@recipe("sc-00003-artifact-not-found", expects=GivesUp(fix="fix-state", who="developer"))
def an_invoice_that_was_not_generated(stage: Stage) -> Act:
    order = Order(stage, SELF_SHIP).to_slot()
    return Act(
        cause="The invoice is asked for before it was generated.",
        send=order.fetch_invoice,
        mend=lambda: order.invoice(stage.hand),
        proper=200,
        parameters={"artifact": "INVOICE"},
    )


@recipe("sc-00005-forbidden", expects=GivesUp(fix="request-role", who="operator"))
def a_merchant_who_is_not_on_the_list(stage: Stage) -> Act:
    order = Order(stage)
    merchant = stage.sandbox.merchant_id
    stage.sandbox.stage.allow_list(merchant, False)
    return Act(
        cause="Amazon has not put the merchant on its list for External Fulfillment.",
        send=order.read,
        mend=lambda: stage.sandbox.stage.allow_list(merchant, True),
        proper=200,
    )


@recipe("sc-20000-quantity-exceeds-inventory", expects=_FIX_VALUE)
def more_units_than_the_line_has(stage: Stage) -> Act:
    order = Order(stage).to_confirmed()
    return Act(
        cause="A package holds five units of a line that has one.",
        send=lambda caller: order.pack(caller, quantity=5),
        mend=lambda: None,
        again=order.pack,
        proper=204,
        parameters={"requested": "5", "existing": "1"},
    )


@recipe("sc-30003-incorrect-package-dimensions", expects=GivesUp(fix="fix-value", who="seller"))
def a_package_that_nobody_takes(stage: Stage) -> Act:
    order = Order(stage).to_confirmed()
    return Act(
        cause="The package is lighter than the five grams that a package has at least.",
        send=lambda caller: order.pack(caller, weight="1.0"),
        mend=lambda: None,
        again=order.pack,
        proper=204,
    )
