"""What every call of the Selling Partner API passes first: token, path, region, role, quota, body."""

from __future__ import annotations

from recoup.drill.order import SHIPMENTS, Order, package
from recoup.drill.recipe import Act, GivesUp, Renewed, Retried, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_ROLE = "direct-to-consumer-shipping"
_TOO_LARGE = (1 << 20) + 1  # bytes


@recipe("403-expired-token", expects=Renewed())
def a_token_that_was_revoked(stage: Stage) -> Act:
    order = Order(stage)
    order.read(stage.caller)  # so that the client holds a token which it takes for good
    stage.sandbox.stage.revoke_access_tokens()
    return Act(
        cause="The access token was revoked while its hour was not over.",
        send=order.read,
        mend=stage.caller.forget_token,
        proper=200,
        variant="token-revoked",
    )


@recipe("403-missing-token", expects=Retried(sends=1))
def a_call_without_a_token(stage: Stage) -> Act:
    order = Order(stage)
    return Act(
        cause="The request has no x-amz-access-token header. With recoup under the client it gets one.",
        send=lambda caller: caller.call("GET", order.path, token="" if not caller.under_recoup else None),
        mend=lambda: None,
        again=order.read,
        proper=200,
    )


@recipe("403-region-mismatch", expects=GivesUp(fix="change-endpoint", who="developer"))
def an_account_of_another_region(stage: Stage) -> Act:
    order = Order(stage)
    return Act(
        cause="A seller of North America is called at the European endpoint.",
        send=lambda caller: caller.call("GET", order.path, region="EU"),
        mend=lambda: None,
        again=order.read,
        proper=200,
    )


@recipe("403-wrong-path-or-version", expects=GivesUp(fix="fix-request", who="developer"), basis="request")
def a_version_that_does_not_exist(stage: Stage) -> Act:
    wrong = SHIPMENTS.replace("2024-09-11", "2023-09-11")

    return Act(
        cause="The version in the path is none that there ever was.",
        send=lambda caller: caller.call("GET", wrong, query={"status": "ACCEPTED"}),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", SHIPMENTS, query={"status": "ACCEPTED"}),
        proper=200,
    )


@recipe("403-missing-role", expects=GivesUp(fix="request-role", who="operator"))
def an_application_without_the_role(stage: Stage) -> Act:
    order = Order(stage)
    stage.sandbox.stage.drop_role(_ROLE)

    return Act(
        cause="The application lacks the Direct-to-Consumer Shipping role.",
        send=order.read,
        mend=lambda: stage.sandbox.stage.add_role(_ROLE),
        proper=200,
    )


@recipe("429-rate-limit", expects=Retried(sends=2))
def a_bucket_that_is_empty(stage: Stage) -> Act:
    order = Order(stage)
    stage.sandbox.stage.use_up_quota("getShipment")
    return Act(
        cause="Other workers of the application used up the operation's quota for this seller.",
        send=order.read,
        mend=lambda: stage.sandbox.clock.advance(1.0),
        proper=200,
    )


@recipe("other-413-too-large", expects=GivesUp(fix="fix-request", who="developer"))
def a_body_that_is_too_large(stage: Stage) -> Act:
    order = Order(stage).to_confirmed()
    return Act(
        cause="The body has more than a mebibyte.",
        send=lambda caller: caller.call(
            "POST", f"{order.path}/packages", content=b" " * _TOO_LARGE, headers={"content-type": "application/json"}
        ),
        mend=lambda: None,
        again=order.pack,
        proper=204,
    )


@recipe("other-415-unsupported-media", expects=GivesUp(fix="fix-request", who="developer"))
def a_body_of_another_type(stage: Stage) -> Act:
    order = Order(stage).to_confirmed()

    def send(caller: Caller) -> Reply:
        path, body = f"{order.path}/packages", {"packages": [package()]}
        return caller.call("POST", path, body=body, headers={"content-type": "text/xml"})

    return Act(
        cause="The body is declared to be XML.",
        send=send,
        mend=lambda: None,
        again=order.pack,
        proper=204,
    )


@recipe("other-500-internal", expects=Retried(sends=2))
def the_front_door_fails(stage: Stage) -> Act:
    order = Order(stage)
    stage.sandbox.stage.front_door_outage(0.4, "internal")
    return Act(
        cause="The front door fails internally for a moment.",
        send=order.read,
        mend=lambda: stage.sandbox.clock.advance(1.0),
        proper=200,
    )


@recipe("other-503-unavailable", expects=Retried(sends=2))
def the_front_door_is_closed(stage: Stage) -> Act:
    order = Order(stage)
    stage.sandbox.stage.front_door_outage(0.4)
    return Act(
        cause="The front door is unavailable for a moment.",
        send=order.read,
        mend=lambda: stage.sandbox.clock.advance(1.0),
        proper=200,
    )
