"""What neither document names and is met all the same: on the way, at the front door, in Amazon's static sandbox."""

from __future__ import annotations

import threading

from recoup.drill.broken_line import BrokenLine
from recoup.drill.order import Order
from recoup.drill.recipe import Act, Decided, GivesUp, Retried, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
_ORDERS_V0 = "/orders/v0/orders"
_CONTENT = "/aplus/2020-11-01/contentDocuments"
_STATIC = {"host": "sandbox.sellingpartnerapi-na.amazon.com"}
_SINCE = "2020-01-01T00:00:00Z"
_TRANSIENT = 0.4  # seconds of virtual time that a disturbance lasts: less than the first backoff
_GATEWAY = 29.0  # seconds that the front door waits for a service
_PATIENCE = 10.0  # seconds of real time


# ---------------------------------------------------------------- the way there


@recipe("other-network-tls", expects=Retried(sends=2), basis="transport")
def a_line_that_drops_every_connection(stage: Stage) -> Act:
    line = BrokenLine(stage.sandbox.endpoint, stage.sandbox.clock.now, until=stage.now + _TRANSIENT)
    return Act(
        cause="The connection is reset on the way, before anything comes back; a moment later the line is whole again.",
        send=lambda caller: caller.call("GET", _PARTICIPATIONS, endpoint=line.url),
        mend=lambda: stage.sandbox.clock.advance(1.0),
        proper=200,
        unanswered=lambda: f"the line reset {line.dropped} connection" if line.dropped else "",
        close=line.close,
    )


@recipe("other-504-timeout", expects=Decided("resync", {"target": "effect"}))
def a_service_that_takes_too_long(stage: Stage) -> Act:
    order, next_order = Order(stage), Order(stage)
    clock, took_time = stage.sandbox.clock, stage.sandbox.stage.take_time
    took_time("processShipment", 2 * _GATEWAY)

    def send(caller: Caller) -> Reply:
        caller.call("GET", _PARTICIPATIONS)  # whatever has to be fetched before is there, and waits for nothing
        waiting = threading.Thread(target=_let_pass, args=(stage,), name="drill-waiting")
        waiting.start()
        try:
            return order.confirm(caller)
        finally:
            waiting.join(_PATIENCE)

    def mend() -> None:
        took_time("processShipment", 0.0)
        clock.advance(2 * _GATEWAY)

    return Act(
        cause="processShipment works for longer than the front door waits for it.",
        send=send,
        mend=mend,
        # The first order was confirmed all the same, as reading it would show; the next one is let through at once.
        again=next_order.confirm,
        proper=204,
    )


def _let_pass(stage: Stage) -> None:
    """Once a call is in flight, let as much time pass as the front door has patience."""
    if stage.sandbox.clock.wait_for_sleepers(1, timeout=_PATIENCE):
        stage.sandbox.clock.advance(_GATEWAY)


@recipe("other-user-agent", expects=GivesUp(fix="fix-request", who="developer"))
def a_user_agent_that_lists_everything(stage: Stage) -> Act:
    def send(caller: Caller, agent: str) -> Reply:
        return caller.call("GET", _PARTICIPATIONS, headers={"user-agent": agent})

    libraries = "; ".join(f"library-{number}/1.0" for number in range(40))
    return Act(
        cause="The User-Agent names every library that the program uses, and has more than 500 characters.",
        send=lambda caller: send(caller, f"drill/1.0 (Language=Python; {libraries})"),
        mend=lambda: None,
        again=lambda caller: send(caller, "drill/1.0 (Language=Python)"),
        proper=200,
        parameters={"limit": "500"},
    )


# ---------------------------------------------------------------- who may


@recipe("other-dev-account-pending", expects=GivesUp(fix="change-application", who="operator"))
def a_developer_who_is_under_review(stage: Stage) -> Act:
    console = stage.sandbox.stage
    console.review_registration(approved=False)

    return Act(
        cause="The developer's registration is under review; tokens can be had already.",
        send=lambda caller: caller.call("GET", _PARTICIPATIONS),
        mend=lambda: console.review_registration(approved=True),
        proper=200,
    )


@recipe("other-pii-restricted", expects=GivesUp(fix="request-role", who="operator"))
def personal_data_behind_a_token_that_was_granted(stage: Stage) -> Act:
    path = f"{_ORDERS_V0}/{_some_order(stage)}/buyerInfo"
    roles = ("direct-to-consumer-shipping", "tax-invoicing", "tax-remittance")
    for role in roles:
        stage.sandbox.stage.drop_role(role)
    resources = [{"method": "GET", "path": path}]
    made = stage.hand.call("POST", "/tokens/2021-03-01/restrictedDataToken", body={"restrictedResources": resources})
    token = str(made.json()["restrictedDataToken"])

    def mend() -> None:
        for role in roles:
            stage.sandbox.stage.add_role(role)

    return Act(
        cause="None of the application's roles opens the buyer's data, which the restricted token was made for.",
        send=lambda caller: caller.call("GET", path, token=token),
        mend=mend,
        proper=200,
    )


def _some_order(stage: Stage) -> str:
    query = {"CreatedAfter": _SINCE, "MarketplaceIds": stage.sandbox.marketplace_id}
    return str(stage.hand.call("GET", _ORDERS_V0, query=query).json()["payload"]["Orders"][0]["AmazonOrderId"])


# ---------------------------------------------------------------- Amazon's static sandbox


@recipe("other-sandbox-unsupported", expects=GivesUp(fix="change-endpoint", who="developer"))
def an_operation_that_the_static_sandbox_has_not(stage: Stage) -> Act:
    query = {"marketplaceId": stage.sandbox.marketplace_id}

    return Act(
        cause="searchContentDocuments is called on a host of Amazon's static sandbox, for which its model has nothing.",
        send=lambda caller: caller.call("GET", _CONTENT, query=query, headers=_STATIC),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", _PARTICIPATIONS, headers=_STATIC),
        proper=200,
    )


@recipe("other-sandbox-no-match", expects=GivesUp(fix="fix-value", who="developer"))
def arguments_of_ones_own_in_the_static_sandbox(stage: Stage) -> Act:
    def send(caller: Caller, since: str) -> Reply:
        query = {"CreatedAfter": since, "MarketplaceIds": stage.sandbox.marketplace_id}
        return caller.call("GET", _ORDERS_V0, query=query, headers=_STATIC)

    return Act(
        cause="getOrders is called in Amazon's static sandbox with a date of one's own, not with that of a sample.",
        send=lambda caller: send(caller, _SINCE),
        mend=lambda: None,
        again=lambda caller: send(caller, "TEST_CASE_200"),
        proper=200,
    )
