"""What neither document names: rules of single APIs, and links to documents that were used too late or otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from recoup.drill.order import Order
from recoup.drill.recipe import Act, Decided, GivesUp, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_REPORTS = "/reports/2021-06-30/reports"
_SECRET = "/applications/2023-11-30/clientSecret"  # noqa: S105  a path
_DESTINATIONS = "/notifications/v1/destinations"
_SETTLEMENT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE"
# The day before that type of report was removed.
_BEFORE_REMOVAL = datetime(2026, 11, 10, 12, tzinfo=UTC).timestamp()


def _grantless(stage: Stage, scope: str) -> str:
    return str(stage.hand.login(grant_type="client_credentials", scope=scope).json()["access_token"])


@recipe("other-conflict", expects=Decided("resync", {"target": "effect"}))
def a_destination_that_is_there_already(stage: Stage) -> Act:
    token = _grantless(stage, "sellingpartnerapi::notifications")
    queue = {"sqs": {"arn": "arn:aws:sqs:us-east-1:000000000000:drill"}}
    body = {"name": "drill", "resourceSpecification": queue}
    made = stage.hand.call("POST", _DESTINATIONS, body=body, token=token).json()["payload"]["destinationId"]
    return Act(
        cause="The application has a destination of that name already.",
        send=lambda caller: caller.call("POST", _DESTINATIONS, body=body, token=token),
        mend=lambda: stage.hand.call("DELETE", f"{_DESTINATIONS}/{made}", token=token),
        proper=200,
    )


@recipe("other-validation-business", expects=Decided("resync", {"target": "state"}))
def a_new_secret_that_nobody_would_get(stage: Stage) -> Act:
    token = _grantless(stage, "sellingpartnerapi::client_credential:rotation")

    def mend() -> None:
        stage.sandbox.stage.enroll_for_rotation("arn:aws:sqs:us-east-1:000000000000:drill")
        stage.sandbox.clock.advance(61.0)  # the operation has one request a minute

    return Act(
        cause="A new client secret is asked for, and no queue is registered that it could be sent to.",
        send=lambda caller: caller.call("POST", _SECRET, token=token),
        mend=mend,
        proper=204,
    )


@recipe("other-feed-type-rejected", expects=GivesUp(fix="migrate", who="developer"), epoch=_BEFORE_REMOVAL)
def a_type_of_report_that_was_removed_overnight(stage: Stage) -> Act:
    def send(caller: Caller, kind: str = _SETTLEMENT) -> Reply:
        body = {"reportType": kind, "marketplaceIds": [stage.sandbox.marketplace_id]}
        return caller.call("POST", _REPORTS, body=body)

    if send(stage.hand).status != 202:
        raise RuntimeError("the scene could not be set: the type of report does not work on the day before its removal")
    stage.sandbox.clock.advance(86_400.0)
    stage.hand.forget_token()
    return Act(
        cause="This type of report was removed today; yesterday it could still be asked for.",
        send=send,
        mend=lambda: None,
        again=lambda caller: send(caller, "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"),
        proper=202,
        parameters={"type": _SETTLEMENT},
    )


@recipe("other-listing-issue", expects=GivesUp(fix="fix-value", who="developer"))
def a_listing_without_a_name(stage: Stage) -> Act:
    path = f"/listings/2021-08-01/items/{stage.sandbox.merchant_id}/DRILL-NEW"
    query = {"marketplaceIds": stage.sandbox.marketplace_id}

    def send(caller: Caller, **attributes: str) -> Reply:
        values: dict[str, Any] = {name: [{"value": value}] for name, value in attributes.items()}
        return caller.call("PUT", path, query=query, body={"productType": "LUGGAGE", "attributes": values})

    def issue(reply: Reply) -> tuple[int, Any]:
        found = reply.json()["issues"][0] if reply.json().get("issues") else {}
        return reply.status, {name: found.get(name) for name in ("code", "message")}

    return Act(
        cause="The listing has no name, which every product type asks for; the call itself is answered with 200.",
        send=lambda caller: send(caller, color="blue"),
        mend=lambda: None,
        again=lambda caller: send(caller, color="blue", item_name="Bag"),
        proper=200,
        parameters={"attribute": "item_name"},
        picks=issue,
    )


# ---------------------------------------------------------------- presigned links


def _link(stage: Stage) -> tuple[Order, str]:
    """A fresh link to a label's file: its path and query."""
    order = Order(stage).to_slot()
    return order, _path_of(order.label(stage.hand))


def _path_of(labelled: Reply) -> str:
    url = str(labelled.json()["packageShipLabelList"][0]["fileData"]["url"])
    return "/" + url.partition("://")[2].partition("/")[2]


@recipe("other-presigned-url-expired", expects=GivesUp(fix="fix-request", who="nobody"))
def a_link_that_was_kept_too_long(stage: Stage) -> Act:
    order, link = _link(stage)
    stage.sandbox.clock.advance(301.0)

    def renewed(caller: Caller) -> Reply:
        asked = stage.hand.call("PUT", f"{order.path}/shipLabels", query={"operation": "REGENERATE"})
        return caller.call("GET", _path_of(asked), token="")

    return Act(
        cause="The link to the label's file was good for five minutes, and those are over.",
        send=lambda caller: caller.call("GET", link, token=""),
        mend=lambda: None,
        again=renewed,
        proper=200,
    )


@recipe("other-presigned-signature", expects=GivesUp(fix="fix-request", who="developer"))
def a_link_that_was_escaped_for_html(stage: Stage) -> Act:
    _, link = _link(stage)
    return Act(
        cause="The link came through a page, which wrote each & in it as &amp;: its parameters have other names now.",
        send=lambda caller: caller.call("GET", link.replace("&", "&amp;"), token=""),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", link, token=""),
        proper=200,
    )
