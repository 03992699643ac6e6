"""Notifications: destinations, subscriptions, SC_40000, and what arrives at a real local endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from general_world import NOTIFICATIONS, US, House, decoded
from mailbox_server import Mailbox

from recoup.exchange import Response
from recoup.sandbox import running
from recoup.sandbox.general.delivery import Courier, endpoint_of, local_endpoint
from recoup.sandbox.general.settings import GeneralSettings

KIND = "EXTERNAL_FULFILLMENT_SHIPMENT_STATUS_CHANGE"
DESTINATIONS, SUBSCRIPTIONS = "/notifications/v1/destinations", "/notifications/v1/subscriptions"
ARN = "arn:aws:sqs:us-east-1:123456789012:orders"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


def destination(house: House, arn: str = ARN, name: str = "orders") -> str:
    body = {"name": name, "resourceSpecification": {"sqs": {"arn": arn}}}
    answer = house.send("POST", DESTINATIONS, body=body, token=house.grantless())
    assert answer.status == 200, answer.body
    return str(decoded(answer)["payload"]["destinationId"])


def subscribe(house: House, wanted: str, kind: str = KIND, token: str | None = None) -> Response:
    body = {"payloadVersion": "1.0", "destinationId": wanted}
    return house.send("POST", f"{SUBSCRIPTIONS}/{kind}", body=body, token=token)


def arrived(house: House, box: Mailbox) -> list[str]:
    assert house.opened.courier.wait(10)
    content = [message["payload"]["externalFulfillmentShipmentNotification"] for message in box.messages]
    return [str(notice["shipmentStatus"]) for notice in content]


def shipment(house: House) -> str:
    location = house.stage.add_location(merchant_ids=[house.merchant], marketplace_id=US, channel="MFN", name="test")
    return str(house.stage.add_shipment(location_id=location))


def test_every_status_of_a_shipment_arrives_in_its_order(mailbox: Mailbox) -> None:
    house = House()
    subscribe(house, destination(house, f"arn:aws:sqs:us-east-1:000000000000:{mailbox.url}"))
    made = shipment(house)
    path = f"/externalFulfillment/2024-09-11/shipments/{made}"
    house.send("POST", f"{path}?operation=CONFIRM")
    house.stage.cancel_by_marketplace(made)
    assert arrived(house, mailbox) == ["ACCEPTED", "CONFIRMED", "CANCELLED"]
    envelope = mailbox.messages[0]
    assert (envelope["notificationType"], envelope["notificationVersion"], envelope["payloadVersion"]) == (
        KIND,
        "1.0",
        "1.0",
    )
    notice = envelope["payload"]["externalFulfillmentShipmentNotification"]
    assert (notice["merchantId"], notice["shipmentId"], notice["channelName"]) == (house.merchant, made, "MFN")
    assert set(envelope["notificationMetadata"]) == {
        "applicationId",
        "subscriptionId",
        "publishTime",
        "notificationId",
    }
    assert [delivery["status"] for delivery in house.stage.deliveries()] == [200, 200, 200]


def test_a_queue_that_a_local_endpoint_stands_for(mailbox: Mailbox) -> None:
    house = House()
    house.stage.connect_queue(ARN, mailbox.url)
    subscribe(house, destination(house))
    shipment(house)
    assert arrived(house, mailbox) == ["ACCEPTED"]


def test_nothing_is_sent_without_a_subscription_or_after_its_end(mailbox: Mailbox) -> None:
    house = House()
    house.stage.connect_queue(ARN, mailbox.url)
    wanted = destination(house)
    shipment(house)
    made = decoded(subscribe(house, wanted))["payload"]["subscriptionId"]
    ended = house.send("DELETE", f"{SUBSCRIPTIONS}/{KIND}/{made}", token=house.grantless())
    assert ended.status == 200
    shipment(house)
    assert arrived(house, mailbox) == []


def test_another_sellers_shipments_are_not_told(mailbox: Mailbox) -> None:
    house = House()
    house.stage.connect_queue(ARN, mailbox.url)
    other = house.stage.add_partner(marketplaces=(US,))
    subscribe(house, destination(house), token=house.token(other["refresh_token"]))
    shipment(house)
    assert arrived(house, mailbox) == []


def test_duplicates_have_the_same_id_and_late_ones_come_behind_the_next(mailbox: Mailbox) -> None:
    house = House(general=GeneralSettings(duplicates=1.0))
    house.stage.connect_queue(ARN, mailbox.url)
    subscribe(house, destination(house))
    made = shipment(house)
    assert arrived(house, mailbox) == ["ACCEPTED", "ACCEPTED"]
    assert len({message["notificationMetadata"]["notificationId"] for message in mailbox.messages}) == 1
    house.stage.set_delivery(0.0, 1.0)
    house.send("POST", f"/externalFulfillment/2024-09-11/shipments/{made}?operation=CONFIRM")
    house.stage.set_delivery(0.0, 0.0)
    house.stage.cancel_by_marketplace(made)
    assert arrived(house, mailbox)[2:] == ["CANCELLED", "CONFIRMED"]


def test_the_same_seed_brings_the_same_ones_twice(mailbox: Mailbox) -> None:
    seen = []
    for _ in range(2):
        mailbox.messages.clear()
        courier = Courier(7, duplicates=0.5, reordering=0.3, timeout=5.0)
        for number in range(20):
            courier.send(mailbox.url, str(number), {"n": number})
        courier.flush()
        assert courier.wait(10)
        seen.append([message["n"] for message in mailbox.messages])
    assert seen[0] == seen[1]
    assert set(seen[0]) == set(range(20))
    assert seen[0] != sorted(seen[0])
    assert len(seen[0]) > 20


def test_an_endpoint_that_is_not_there_or_refuses_is_noted_and_harms_nobody(mailbox: Mailbox) -> None:
    courier = Courier(1, duplicates=0.0, reordering=0.0, timeout=2.0)
    mailbox.status = 500
    courier.send("http://127.0.0.1:1/nobody", "a", {})
    courier.send(mailbox.url, "b", {})
    assert courier.wait(10)
    assert [delivery.status for delivery in courier.log] == [0, 500]
    assert courier.log[0].reason


def test_a_muted_courier_sends_nothing_and_draws_the_same(mailbox: Mailbox) -> None:
    quiet = [True]
    courier = Courier(1, duplicates=0.0, reordering=0.0, timeout=2.0, muted=lambda: quiet[0])
    courier.send(mailbox.url, "a", {})
    quiet[0] = False
    courier.send(mailbox.url, "b", {})
    assert courier.wait(10)
    assert [delivery.notification_id for delivery in courier.log] == ["b"]


def test_a_subscriber_hears_that_an_account_was_deactivated_and_is_back(mailbox: Mailbox) -> None:
    house = House()
    house.stage.connect_queue(ARN, mailbox.url)
    subscribe(house, destination(house), kind="ACCOUNT_STATUS_CHANGED")
    for change in ("deactivate_account", "deactivate_account", "activate_account", "inactivate_account"):
        getattr(house.stage, change)()
    assert house.opened.courier.wait(10)
    assert [message["payload"]["accountStatusChangeNotification"] for message in mailbox.messages] == [
        {"previousAccountStatus": "NORMAL", "currentAccountStatus": "DEACTIVATED"},
        {"previousAccountStatus": "DEACTIVATED", "currentAccountStatus": "NORMAL"},
    ]
    assert {message["payloadVersion"] for message in mailbox.messages} == {"2021-01-01"}


ADDRESSES = [
    ("http://127.0.0.1:80/q", True),
    ("http://localhost:8080", True),
    ("http://[::1]:8080/", True),
    ("http://10.0.0.1/", False),
    ("http://example.com/", False),
    ("https://127.0.0.1/", False),
    ("http://127.0.0.1.example.com/", False),
    ("http://127.0.0.1@example.com/", False),
    ("http://127.0.0.1:0/", False),
    ("http://127.0.0.1:99999/", False),
    ("ftp://127.0.0.1/", False),
    ("", False),
]


@pytest.mark.parametrize(("url", "taken"), ADDRESSES)
def test_only_addresses_of_this_machine_are_taken(url: str, taken: bool) -> None:
    house = House()
    if taken:
        assert local_endpoint(url) == url
        house.stage.connect_queue(ARN, url)
        return
    with pytest.raises(ValueError, match="not an address of this machine"):
        local_endpoint(url)
    with pytest.raises(ValueError, match="not an address of this machine"):
        house.stage.connect_queue(ARN, url)
    if url.startswith("http://"):
        body = {"name": "x", "resourceSpecification": {"sqs": {"arn": f"arn:aws:sqs:us-east-1:000000000000:{url}"}}}
        refused = house.send("POST", DESTINATIONS, body=body, token=house.grantless())
        assert house.why(refused) == "400-wrong-identifier"


def test_where_an_arn_points_to() -> None:
    assert endpoint_of("arn:aws:sqs:us-east-1:000000000000:http://127.0.0.1:8080/q?a=b:c") == (
        "http://127.0.0.1:8080/q?a=b:c"
    )
    assert endpoint_of(ARN) is None


def test_a_caller_on_another_machine_cannot_have_an_address_of_this_one_called(mailbox: Mailbox) -> None:
    house = House(exposed=True)
    named = f"arn:aws:sqs:us-east-1:000000000000:{mailbox.url}"
    assert subscribe(house, destination(house, named)).status == 200
    shipment(house)
    assert arrived(house, mailbox) == []
    house.stage.connect_queue(named, mailbox.url)
    shipment(house)
    assert arrived(house, mailbox) == ["ACCEPTED"]


@pytest.mark.parametrize(("host", "named"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_whether_other_machines_reach_a_sandbox_follows_from_its_host(host: str, named: bool) -> None:
    with running(seed=1, host=host, control_key="key") as sandbox:
        assert sandbox._opened._general.state.arns_name_endpoints is named


def test_a_second_subscription_of_the_merchant_is_refused_until_the_first_is_gone() -> None:
    house = House()
    wanted = destination(house)
    first = decoded(subscribe(house, wanted))["payload"]
    again = subscribe(house, wanted)
    assert (again.status, house.why(again)) == (409, "sc-40000-subscription-exists")
    assert again.body == (
        b'{"errors":[{"code":"DuplicateRequest","message":"An event subscription already exists for the merchant",'
        b'"details":"SC_40000"}]}'
    )
    assert decoded(house.get(f"{SUBSCRIPTIONS}/{KIND}"))["payload"] == first
    one = house.get(f"{SUBSCRIPTIONS}/{KIND}/{first['subscriptionId']}", token=house.grantless())
    assert decoded(one)["payload"] == first
    house.send("DELETE", f"{SUBSCRIPTIONS}/{KIND}/{first['subscriptionId']}", token=house.grantless())
    assert house.why(house.get(f"{SUBSCRIPTIONS}/{KIND}")) == "404-unavailable-id"
    assert subscribe(house, wanted).status == 200


def test_another_seller_and_another_type_have_subscriptions_of_their_own() -> None:
    house = House()
    wanted = destination(house)
    other = house.stage.add_partner(marketplaces=(US,))
    assert subscribe(house, wanted).status == 200
    assert subscribe(house, wanted, token=house.token(other["refresh_token"])).status == 200
    assert subscribe(house, wanted, kind="ACCOUNT_STATUS_CHANGED").status == 200


DESTINATION_BODIES: list[tuple[Any, str]] = [
    ({"name": "a", "resourceSpecification": {"sqs": {"arn": ARN}}}, "none"),
    ({"name": "a", "resourceSpecification": {"eventBridge": {"region": "us-east-1", "accountId": "1" * 12}}}, "none"),
    ({"resourceSpecification": {"sqs": {"arn": ARN}}}, "400-missing-required-field"),
    ({"name": "a"}, "400-missing-child-object"),
    ({"name": "a", "resourceSpecification": {}}, "400-missing-child-object"),
    ({"name": "a", "resourceSpecification": {"queue": {"arn": ARN}}}, "400-missing-child-object"),
    ({"name": "a", "resourceSpecification": {"sqs": ARN}}, "400-missing-child-object"),
    ({"name": "a", "resourceSpecification": {"sqs": {}}}, "400-missing-required-field"),
    ({"name": "a", "resourceSpecification": {"sqs": {"arn": "arn:aws:sns:x:y:z"}}}, "400-wrong-identifier"),
    ({"name": "a", "resourceSpecification": {"eventBridge": {"region": "us-east-1"}}}, "400-missing-required-field"),
    (
        {"name": "a", "resourceSpecification": {"eventBridge": {"region": "us-east-1", "accountId": "1"}}},
        "400-wrong-identifier",
    ),
]


@pytest.mark.parametrize(("body", "fault"), DESTINATION_BODIES, ids=str)
def test_bodies_of_a_destination(body: Any, fault: str) -> None:
    house = House()
    answer = house.send("POST", DESTINATIONS, body=body, token=house.grantless())
    assert house.why(answer) == fault
    listed = decoded(house.get(DESTINATIONS, token=house.grantless()))["payload"]
    assert len(listed) == (1 if fault == "none" else 0)


def test_destinations_are_grantless_and_subscriptions_are_a_sellers() -> None:
    house = House()
    assert house.why(house.get(DESTINATIONS)) == "other-grantless-required"
    refused = subscribe(house, destination(house), token=house.grantless(NOTIFICATIONS))
    assert house.why(refused) == "other-grantless-required"


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [("00000000-0000-0000-0000-000000000000", "404-unavailable-id"), ("mine", "400-wrong-identifier")],
)
def test_a_destination_that_is_not_there(wanted: str, fault: str) -> None:
    house = House()
    assert house.why(subscribe(house, wanted)) == fault
    assert house.why(house.get(f"{DESTINATIONS}/{wanted}", token=house.grantless())) == fault
    assert house.why(house.send("DELETE", f"{DESTINATIONS}/{wanted}", token=house.grantless())) == fault
