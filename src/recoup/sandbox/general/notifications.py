"""Notifications v1: destinations of an application, subscriptions of its selling partners, and what is sent to them.

A merchant has one subscription to External Fulfillment's status notification, whichever application made it; a second
one is SC_40000. Proposed: a second subscription of one application to another type is answered in the same way.
"""

from __future__ import annotations

import re
from typing import Any

from recoup.sandbox.general.checks import body, child, found_nothing, iso, malformed, text
from recoup.sandbox.general.delivery import Courier, endpoint_of, local_endpoint
from recoup.sandbox.general.state import Destination, General, Subscription
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = [
    "ACCOUNT_STATUS",
    "NEW_SECRET",
    "NOTIFICATIONS",
    "STATUS_CHANGE",
    "send_new_secret",
    "send_standing",
    "send_status",
]

STATUS_CHANGE = "EXTERNAL_FULFILLMENT_SHIPMENT_STATUS_CHANGE"
ACCOUNT_STATUS = "ACCOUNT_STATUS_CHANGED"
NEW_SECRET = "APPLICATION_OAUTH_CLIENT_NEW_SECRET"
_KIND = re.compile(r"[A-Z][A-Z0-9_]{2,99}", re.ASCII)
_ARN = re.compile(r"arn:aws:sqs:\S+:\S+:\S+", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2}-[a-z]+-\d", re.ASCII)
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NOT_ANNOUNCED = frozenset({"CREATED"})  # the notification begins with ACCEPTED


def create_destination(state: General, call: OperationCall) -> Outcome:
    """Name a queue or an event bus to which notifications are sent."""
    data = body(call)
    name = text(data, "name")
    if any(item.name == name and item.application_id == call.application_id for item in state.destinations.values()):
        raise Refusal("other-conflict", because=f"the application has a destination called {name!r}")
    wanted = child(data, "resourceSpecification", "CreateDestinationRequest")
    resource: dict[str, Any]
    if isinstance(wanted.get("sqs"), dict):
        arn = text(wanted["sqs"], "arn")
        if _ARN.fullmatch(arn) is None or len(arn) > 1000:
            malformed("ARN", arn, "not the ARN of a queue")
        address = endpoint_of(arn)
        if address is not None:
            try:
                local_endpoint(address)
            except ValueError as error:
                malformed("ARN", arn, str(error))
        resource = {"sqs": {"arn": arn}}
    elif isinstance(wanted.get("eventBridge"), dict):
        resource = {"eventBridge": _event_bus(state, wanted["eventBridge"])}
    else:
        because = "resourceSpecification names neither a queue nor an event bus"
        raise Refusal(
            "400-missing-child-object", because=because, element="resourceSpecification", expected="sqs, eventBridge"
        )
    made = Destination(id=state.guid(), application_id=call.application_id, name=name, resource=resource)
    state.destinations[made.id] = made
    return Outcome(body={"payload": _destination(made)})


def _event_bus(state: General, wanted: dict[str, Any]) -> dict[str, str]:
    region, account = text(wanted, "region"), text(wanted, "accountId")
    if _REGION.fullmatch(region) is None:
        malformed("Region", region, "not the name of an AWS region")
    if _ACCOUNT.fullmatch(account) is None:
        malformed("Account", account, "an AWS account has twelve digits")
    return {"name": f"aws.partner/sellingpartnerapi.amazon.com/{account}/{state.guid()}",
            "region": region, "accountId": account}  # fmt: skip


def get_destinations(state: General, call: OperationCall) -> Outcome:
    """The application's destinations."""
    own = [item for item in state.destinations.values() if item.application_id == call.application_id]
    return Outcome(body={"payload": [_destination(item) for item in own]})


def get_destination(state: General, call: OperationCall) -> Outcome:
    """One destination."""
    return Outcome(body={"payload": _destination(_own_destination(state, call, call.path["destinationId"]))})


def delete_destination(state: General, call: OperationCall) -> Outcome:
    """Take a destination away. Its subscriptions stay, and send nothing any more."""
    del state.destinations[_own_destination(state, call, call.path["destinationId"]).id]
    return Outcome(body={})


def create_subscription(state: General, call: OperationCall) -> Outcome:
    """Subscribe the token's selling partner to one type of notification."""
    kind = _kind(call)
    data = body(call)
    version, wanted = text(data, "payloadVersion"), text(data, "destinationId")
    destination = _own_destination(state, call, wanted)
    for other in state.subscriptions.values():
        same = other.merchant_id == call.merchant_id and other.kind == kind
        if same and (kind == STATUS_CHANGE or other.application_id == call.application_id):
            because = f"the selling partner has the subscription {other.id} to {kind}"
            raise Refusal("sc-40000-subscription-exists", because=because)
    made = Subscription(
        id=state.guid(),
        application_id=call.application_id,
        merchant_id=call.merchant_id,
        kind=kind,
        destination_id=destination.id,
        payload_version=version,
    )
    state.subscriptions[made.id] = made
    return Outcome(body={"payload": _subscription(made)})


def get_subscription(state: General, call: OperationCall) -> Outcome:
    """The subscription of the token's selling partner to one type."""
    kind = _kind(call)
    for item in state.subscriptions.values():
        if (item.merchant_id, item.application_id, item.kind) == (call.merchant_id, call.application_id, kind):
            return Outcome(body={"payload": _subscription(item)})
    raise Refusal("404-unavailable-id", because=f"the selling partner has no subscription to {kind}")


def get_subscription_by_id(state: General, call: OperationCall) -> Outcome:
    """One subscription of the application."""
    return Outcome(body={"payload": _subscription(_own_subscription(state, call))})


def delete_subscription_by_id(state: General, call: OperationCall) -> Outcome:
    """End a subscription."""
    del state.subscriptions[_own_subscription(state, call).id]
    return Outcome(body={})


def send_status(
    state: General, courier: Courier, *, merchant_id: str, payload: dict[str, str], shipment_status: str, now: float
) -> None:
    """Tell the merchant's subscriber that a shipment changed its status. `payload` is all but the status."""
    if shipment_status in _NOT_ANNOUNCED:
        return
    for item in list(state.subscriptions.values()):
        if item.merchant_id == merchant_id and item.kind == STATUS_CHANGE:
            notice = {**payload, "shipmentStatus": shipment_status}
            content = {"externalFulfillmentShipmentNotification": notice}
            _send(state, courier, item, "1.0", content, now)


def send_standing(state: General, courier: Courier, merchant_id: str, before: str, after: str, now: float) -> None:
    """Tell the subscribers that a selling account has another status: NORMAL, AT_RISK or DEACTIVATED."""
    for item in list(state.subscriptions.values()):
        if item.merchant_id == merchant_id and item.kind == ACCOUNT_STATUS:
            notice = {"previousAccountStatus": before, "currentAccountStatus": after}
            _send(state, courier, item, "2021-01-01", {"accountStatusChangeNotification": notice}, now)


def send_new_secret(state: General, courier: Courier, application_id: str, content: dict[str, Any], now: float) -> None:
    """Send an application its new client secret, to the queue that it registered for that."""
    url = _url(state, state.rotation_queue[application_id])
    notification = _envelope(state, NEW_SECRET, "2023-11-30", content, application_id, None, now)
    if url is not None:
        courier.send(url, notification["notificationMetadata"]["notificationId"], notification)


def _send(
    state: General, courier: Courier, item: Subscription, version: str, content: dict[str, Any], now: float
) -> None:
    destination = state.destinations.get(item.destination_id)
    queue = destination.resource.get("sqs") if destination is not None else None
    url = _url(state, queue["arn"]) if queue is not None else None
    if url is not None:
        notification = _envelope(state, item.kind, version, content, item.application_id, item.id, now)
        courier.send(url, notification["notificationMetadata"]["notificationId"], notification)


def _envelope(
    state: General,
    kind: str,
    payload_version: str,
    content: dict[str, Any],
    application_id: str,
    subscription_id: str | None,
    now: float,
) -> dict[str, Any]:
    metadata = {"applicationId": application_id, "publishTime": iso(now), "notificationId": state.guid()}
    if subscription_id is not None:
        metadata["subscriptionId"] = subscription_id
    return {
        "notificationVersion": "1.0",
        "notificationType": kind,
        "payloadVersion": payload_version,
        "eventTime": iso(now),
        "payload": content,
        "notificationMetadata": metadata,
    }


def _url(state: General, arn: str) -> str | None:
    return state.queues.get(arn) or (endpoint_of(arn) if state.arns_name_endpoints else None)


def _kind(call: OperationCall) -> str:
    kind = call.path["notificationType"]
    if _KIND.fullmatch(kind) is None:
        malformed("Notification Type", kind, "a notification type is a word in capitals")
    return kind


def _own_destination(state: General, call: OperationCall, wanted: str) -> Destination:
    if _GUID.fullmatch(wanted) is None:
        malformed("Destination", wanted, "not of the form that destination ids have")
    found = state.destinations.get(wanted)
    if found is None or found.application_id != call.application_id:
        found_nothing("the application has no destination of that id")
    return found


def _own_subscription(state: General, call: OperationCall) -> Subscription:
    kind, wanted = _kind(call), call.path["subscriptionId"]
    if _GUID.fullmatch(wanted) is None:
        malformed("Subscription", wanted, "not of the form that subscription ids have")
    found = state.subscriptions.get(wanted)
    if found is None or found.application_id != call.application_id or found.kind != kind:
        found_nothing("the application has no subscription of that id and type")
    return found


def _destination(item: Destination) -> dict[str, Any]:
    return {"destinationId": item.id, "name": item.name, "resource": item.resource}


def _subscription(item: Subscription) -> dict[str, Any]:
    return {
        "subscriptionId": item.id,
        "payloadVersion": item.payload_version,
        "destinationId": item.destination_id,
    }


NOTIFICATIONS = {
    "createDestination": create_destination,
    "getDestinations": get_destinations,
    "getDestination": get_destination,
    "deleteDestination": delete_destination,
    "createSubscription": create_subscription,
    "getSubscription": get_subscription,
    "getSubscriptionById": get_subscription_by_id,
    "deleteSubscriptionById": delete_subscription_by_id,
}
