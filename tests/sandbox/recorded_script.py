"""Two hundred calls over real sockets, and every byte that came back: run twice, they must be the same.

    python tests/sandbox/recorded_script.py SEED

prints the digest of the bytes. The clock is frozen and moved by the script; which call comes next hangs on the seed of
the script and on nothing else. The port is the one thing that two runs cannot share: it is blotted out.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import socket
import sys
from typing import Any
from urllib.parse import quote, urlencode

from recoup.sandbox.serving import Sandbox, running

EPOCH = 1_800_000_000.0
CALLS = 200
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
RETURNS = "/externalFulfillment/2024-09-11/returns"
STOCK = "/externalFulfillment/inventory/2024-09-11/inventories"
SIDE = {"value": "10", "dimensionUnit": "CM"}
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")


class Teller:
    """Makes calls and keeps what came back."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.told: list[bytes] = []
        self.token = ""
        self.chance = random.Random(3)
        self.shipments: list[str] = []
        self.options: dict[str, str] = {}
        self._socket: socket.socket | None = None

    # --- the wire

    def raw(self, request: bytes) -> bytes:
        """Send bytes and read one answer, over the connection that is open or over a new one."""
        if self._socket is None:
            port = int(self.sandbox.endpoint.rpartition(":")[2])
            self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(request)
        data = b""
        while not _whole(data):
            more = self._socket.recv(65_536)
            if not more:
                break
            data += more
        if b"\r\nConnection: close\r\n" in data:
            self.close()
        # With its host: the digits of a port alone may stand in an id by chance.
        self.told.append(data.replace(self.sandbox.endpoint.rpartition("/")[2].encode(), b"127.0.0.1:?????"))
        return data

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def call(self, method: str, target: str, body: Any = None, **fields: str) -> dict[str, Any]:
        """One call with the token; the body of the answer, empty where it has none."""
        head = {"Host": "sandbox", "x-amz-access-token": self.token, "User-Agent": "script/1.0", **fields}
        sent = b"" if body is None else json.dumps(body).encode()
        if sent:
            head |= {"Content-Type": "application/json", "Content-Length": str(len(sent))}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items() if value)]
        data = self.raw("\r\n".join([*lines, "", ""]).encode() + sent)
        answer = data.partition(b"\r\n\r\n")[2]
        found = json.loads(answer) if answer.startswith(b"{") else {}
        assert isinstance(found, dict)
        return found

    # --- the menu

    def log_in(self) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": self.sandbox.refresh_token}
        form |= {"client_id": self.sandbox.client_id, "client_secret": self.sandbox.client_secret}
        body = urlencode(form).encode()
        head = (
            "POST /auth/o2/token HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        data = self.raw(head.encode() + body).partition(b"\r\n\r\n")[2]
        self.token = json.loads(data)["access_token"]

    def order(self) -> None:
        body = {
            "locationId": self.sandbox.location_ids["MFN"],
            "marketplaceId": self.sandbox.marketplace_id,
            "marketplaceChannel": "MFN",
            "shippingType": self.chance.choice(["SELF", "MARKETPLACE"]),
            "orderType": self.chance.sample(["GIFT_WRAP", "GIFT_MESSAGE", "SERIAL"], 1),
        }
        made = self.call("POST", SHIPMENTS, body)
        if "shipmentId" in made:
            self.shipments.append(made["shipmentId"])

    def work(self) -> None:
        """The next step of some shipment, or one that does not fit."""
        name = self.chance.choice(self.shipments)
        path = f"{SHIPMENTS}/{name}"
        serials = [f"serial-{name}"] if self.chance.random() < 0.5 else []
        line = {"packageLineItemId": "1", "quantity": 1, "serialNumbers": serials}
        size = {"length": SIDE, "width": SIDE, "height": SIDE}
        box = {"id": "p1", "dimensions": size, "weight": {"value": "1", "weightUnit": "KG"}, "packageLineItems": [line]}
        option = quote(self.options.get(name, ""), safe="")
        state = self.call("GET", path).get("status")
        match state if self.chance.random() < 0.8 else self.chance.choice(["ACCEPTED", "PACKAGE_CREATED", "SHIPPED"]):
            case "ACCEPTED":
                self.call("POST", f"{path}?operation={self.chance.choice(['CONFIRM', 'CONFIRM', 'REJECT'])}")
            case "CONFIRMED":
                self.call("POST", f"{path}/packages", {"packages": [box]})
            case "PACKAGE_CREATED":
                found = self.call("GET", f"{path}/shippingOptions?packageId=p1")
                if found.get("shippingOptions"):
                    self.options[name] = found["shippingOptions"][0]["shippingOptionId"]
            case "PICKUP_SLOT_RETRIEVED":
                self.call("POST", f"{path}/invoice")
                self.call("PUT", f"{path}/shipLabels?operation=GENERATE&shippingOptionId={option}")
            case "INVOICE_GENERATED":
                self.call("PUT", f"{path}/shipLabels?operation=GENERATE&shippingOptionId={option}")
            case "SHIPLABEL_GENERATED":
                self.call("PATCH", f"{path}/packages/p1", {"status": "SHIPPED"})
            case "SHIPPED":
                self.call("PATCH", f"{path}/packages/p1", {"status": "DELIVERED"})
            case _:
                self.call("GET", f"{path}/invoice")

    def stock(self) -> None:
        place = f"locationId={self.sandbox.location_ids['MFN']}&skuId=SANDBOX-SKU-{self.chance.randrange(1, 4)}"
        body = {"quantity": self.chance.randrange(50), "clientSequenceNumber": self.chance.randrange(9)}
        update = {"method": "POST", "uri": f"/inventory/update?{place}", "body": body}
        self.call("POST", STOCK, {"requests": [update, {"method": "GET", "uri": f"/inventory/fetch?{place}"}]})

    def listing(self) -> None:
        status = self.chance.choice(["ACCEPTED", "CONFIRMED", "CANCELLED", "nonsense"])
        page = self.call("GET", f"{SHIPMENTS}?status={status}&maxResults=2")
        if token := page.get("pagination", {}).get("nextToken"):
            self.call("GET", f"{SHIPMENTS}?status={status}&maxResults=2&paginationToken={quote(token, safe='')}")

    def send_back(self) -> None:
        self.sandbox.stage.add_return(self.chance.choice(self.shipments))
        self.call("GET", f"{RETURNS}?status=CREATED&maxResults=3")

    def another_service(self) -> None:
        marketplace = self.sandbox.marketplace_id
        match self.chance.randrange(4):
            case 0:
                self.call("GET", f"/orders/v0/orders?MarketplaceIds={marketplace}&CreatedAfter=2026-01-01T00:00:00Z")
            case 1:
                listing = f"/listings/2021-08-01/items/{self.sandbox.merchant_id}/sku-1?marketplaceIds={marketplace}"
                body = {"productType": "PRODUCT", "requirements": "LISTING", "attributes": {}}
                self.call("PUT", listing, body)
                self.call("GET", listing)
            case 2:
                body = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [marketplace]}
                made = self.call("POST", "/reports/2021-06-30/reports", body)
                self.call("GET", f"/reports/2021-06-30/reports/{made.get('reportId', 'none')}")
            case _:
                self.call("GET", "/sellers/v1/marketplaceParticipations")

    def mistake(self) -> None:
        match self.chance.randrange(4):
            case 0:
                self.call("GET", "/nowhere")
            case 1:
                self.call("GET", f"{SHIPMENTS}/{self.shipments[0]}", **{"x-amz-access-token": "Atza|made-up"})
            case 2:
                self.raw(b"GET /bad header HTTP/1.1\r\nHost: sandbox\r\n\r\n")
                self.close()
            case _:
                self.call("GET", f"{RETURNS}/unknown")

    def wait(self) -> None:
        self.sandbox.clock.advance(self.chance.choice([0.25, 30.0, 600.0, 7200.0]))
        self.log_in()

    def tell(self) -> bytes:
        """Everything that came back, in its order."""
        self.log_in()
        self.order()
        menu = [self.order, *[self.work] * 6, self.stock, self.listing, self.send_back]
        menu += [self.another_service, self.another_service, self.mistake, self.wait, self.wait]
        while len(self.told) < CALLS:
            self.chance.choice(menu)()
        self.close()
        return b"\n".join(self.told)


def _whole(data: bytes) -> bool:
    head = data.find(b"\r\n\r\n")
    found = _LENGTH.search(data, 0, max(head, 0))
    return head >= 0 and len(data) >= head + 4 + (int(found[1]) if found else 0)


def story(seed: int) -> bytes:
    """The bytes of one run against a fresh sandbox."""
    with running(seed=seed, clock="frozen", epoch=EPOCH) as sandbox:
        return Teller(sandbox).tell()


if __name__ == "__main__":
    sys.stdout.write(hashlib.sha256(story(int(sys.argv[1]))).hexdigest())
