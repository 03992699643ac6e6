"""A snapshot holds the general operations too: made again they answer the same, and nobody hears of it twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from mailbox_server import Mailbox

from recoup.sandbox.serving import Sandbox, running

KIND = "EXTERNAL_FULFILLMENT_SHIPMENT_STATUS_CHANGE"
ARN = "arn:aws:sqs:us-east-1:123456789012:orders"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


class Client:
    def __init__(self, sandbox: Sandbox, client: httpx2.Client) -> None:
        self.sandbox = sandbox
        self.client = client
        self.seller = self.token(grant_type="refresh_token", refresh_token=sandbox.refresh_token)
        self.grantless = self.token(grant_type="client_credentials", scope="sellingpartnerapi::notifications")

    def token(self, **fields: str) -> str:
        form = {"client_id": self.sandbox.client_id, "client_secret": self.sandbox.client_secret, **fields}
        return str(self.client.post(self.sandbox.token_url, data=form).json()["access_token"])

    def call(self, method: str, path: str, *, token: str = "", **more: Any) -> httpx2.Response:
        headers = {"x-amz-access-token": token or self.seller}
        return self.client.request(method, self.sandbox.endpoint + path, headers=headers, **more)


def test_a_snapshot_brings_everything_back_and_sends_nothing_again(mailbox: Mailbox) -> None:
    with running(seed=3, clock="frozen", epoch=1_800_000_000.0) as s, httpx2.Client() as http:
        client, us = Client(s, http), s.marketplace_id
        listing = f"/listings/2021-08-01/items/{s.merchant_id}/NEW%2F1?marketplaceIds={us}"
        s.stage.connect_queue(ARN, mailbox.url)

        def destination(name: str, resource: dict[str, Any]) -> httpx2.Response:
            body = {"name": name, "resourceSpecification": resource}
            return client.call("POST", "/notifications/v1/destinations", token=client.grantless, json=body)

        bus = {"eventBridge": {"region": "us-east-1", "accountId": "123456789012"}}
        assert destination("a", bus).status_code == 200
        assert destination("a", bus).status_code == 409  # refused calls leave no trace
        wanted = destination("b", {"sqs": {"arn": ARN}}).json()["payload"]["destinationId"]
        subscription = {"payloadVersion": "1.0", "destinationId": wanted}
        for expected in (200, 409):
            made = client.call("POST", f"/notifications/v1/subscriptions/{KIND}", json=subscription)
            assert made.status_code == expected
        whole = {"productType": "LUGGAGE", "attributes": {"item_name": [{"value": 1}]}}
        assert client.call("PUT", listing, json={"productType": "LUGGAGE"}).status_code == 400
        assert client.call("PUT", listing, json=whole).status_code == 200
        report = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [us]}
        number = client.call("POST", "/reports/2021-06-30/reports", json=report).json()["reportId"]
        s.stage.add_order()
        s.stage.add_shipment(location_id=s.location_ids["MFN"])
        s.clock.advance(400)

        def seen() -> list[bytes]:
            paths = (
                listing,
                f"/reports/2021-06-30/reports/{number}",
                "/orders/2026-01-01/orders?createdAfter=2020-01-01",
                f"/notifications/v1/subscriptions/{KIND}",
            )
            return [client.call("GET", path).content for path in paths]

        before = seen()
        kept = s.snapshot()
        assert s.wait_for_deliveries(10)
        heard = len(mailbox.messages)
        assert heard == 1
        client.call("DELETE", listing)
        s.stage.add_order()
        s.clock.advance(400)
        assert seen() != before
        s.restore(kept)
        assert seen() == before
        assert s.wait_for_deliveries(10)
        assert len(mailbox.messages) == heard
        s.stage.add_shipment(location_id=s.location_ids["MFN"])
        assert s.wait_for_deliveries(10)
        assert len(mailbox.messages) == heard + 1
