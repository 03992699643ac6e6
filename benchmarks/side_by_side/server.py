"""External Fulfillment as far as the fault benchmark needs it: fails as planned, does what it is asked, and counts.

    python -m side_by_side.server      prints its port, and serves until it is ended

A write is carried out each time it is accepted: what Amazon would refuse as a duplicate today (a second confirmation)
and what it would do again (a label) are counted alike. Only an inventory item is protected, by its sequence number, as
at Amazon: the second time it is answered with DuplicateRequest. A call's requests are recognised by its marker.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
from contextlib import suppress
from typing import Any

from side_by_side.plan import INVENTORY, LOCATION, SHIPMENTS, Fault, Planned, plan, skus

__all__ = ["BOOKS", "PLAN", "TOKENS"]

TOKENS = "/auth/o2/token"
PLAN = "/plan"
BOOKS = "/books"
SILENCE = 20.0  # seconds; every client's time-out is far below
_MARKER = re.compile(rb"S\d{4}X")
_AMOUNT = {"value": "338.50", "currencyCode": "USD"}
_CHARGE = {"baseAmount": _AMOUNT, "discountAmount": _AMOUNT, "netAmount": _AMOUNT}
_TAX = {"type": "TOTAL", "rate": "0.18", "charge": _CHARGE}
_SHIPMENT: dict[str, Any] = {
    "locationId": LOCATION,
    "marketplaceAttributes": {"marketplaceId": "ATVPDKIKX0DER", "channelName": "MFN"},
    "shipmentInfo": {
        "shipmentType": "NEW",
        "numberOfUnits": 1,
        "priority": "LOW",
        "buyerOrderId": "372-3837993-9917908",
    },
    "shipmentRequirements": {
        "pSlip": {"requirement": "NOT_REQUIRED", "status": "NOT_GENERATED"},
        "invoice": {"requirement": "REQUIRED", "status": "NOT_AVAILABLE"},
    },
    "charges": [{"chargeType": "TOTAL", "baseCharge": _CHARGE, "totalCharge": _CHARGE, "totalTax": _TAX}],
    "lineItems": [
        {
            "shipmentLineItemId": "1",
            "merchantSku": "SKU-1",
            "numberOfUnits": 1,
            "charges": [{"chargeType": "PRODUCT", "baseCharge": _CHARGE, "totalCharge": _CHARGE, "totalTax": _TAX}],
            "complianceAttributes": {
                "serialNumberRequirement": "DISALLOWED",
                "hazmatLabelsRequirement": "DISALLOWED",
                "countryOfOriginRequirement": "DISALLOWED",
                "itemValueRequirement": "DISALLOWED",
            },
            "giftAttributes": {"giftWrapRequirement": "DISALLOWED", "giftMessagePresence": "ABSENT"},
            "pieceType": "SINGLE",
        }
    ],
    "shippingInfo": {
        "recommendedShipMethod": "ATS_STANDARD",
        "expectedShippingDateTimeInUTC": "2026-11-24T15:17:11Z",
        "shipToAddress": {"postalCode": "991188"},
        "shippingType": "SELF",
    },
    "creationDateTime": "2026-11-23T15:17:11Z",
    "lastUpdatedDateTime": "2026-11-23T15:17:11Z",
}
_INVOICE = {"document": {"format": "PDF", "content": "JVBERi0="}}
_REASONS = {200: "OK", 204: "No Content", 207: "Multi-Status"}


class World:
    """The calls of one contestant: what was planned, and what came."""

    def __init__(self, seed: int, calls: int) -> None:
        self.planned = {each.marker: each for each in plan(seed, calls)}
        self.sent: dict[str, int] = dict.fromkeys(self.planned, 0)  # attempts at the call itself
        self.effects: dict[str, int] = dict.fromkeys(self.planned, 0)
        self.read_back: dict[str, int] = dict.fromkeys(self.planned, 0)
        self.refused: dict[str, str] = {}  # by marker: the token that counts as expired
        self.tokens = 0

    def books(self) -> dict[str, Any]:
        """What is counted, by marker; and how many tokens were asked for."""
        return {"sent": self.sent, "effects": self.effects, "read_back": self.read_back, "tokens": self.tokens}

    def failing(self, call: Planned, token: str) -> Fault | None:
        """The fault of this attempt, which has been counted, or None where it is answered as it should be."""
        fault = call.fault
        if fault is None or not fault.passes:
            return fault
        if fault.name == "403 expired token":
            return fault if self.refused.setdefault(call.marker, token) == token else None
        return fault if self.sent[call.marker] <= call.lasts else None

    def carry_out(self, call: Planned) -> tuple[int, dict[str, Any] | None]:
        """Do what the call asks; the answer that says so."""
        marker, operation = call.marker, call.operation
        before = self.effects[marker]
        if operation.writes and not (operation.name == "stock" and before):
            self.effects[marker] += 1
        if operation.name == "read":
            return 200, self.shipment(marker)
        if operation.name == "invoice":
            return 200, _INVOICE
        if operation.name == "labels":
            return 200, {"packageShipLabelList": [_label("SUCCESS")]}
        if operation.name == "stock":
            return 207, {"responses": [_item(sku, 409 if before else 200) for sku in skus(marker)]}
        return 204, None

    def shipment(self, marker: str) -> dict[str, Any]:
        """The shipment as it stands."""
        done = self.planned[marker].operation.done if self.effects[marker] else ""
        return {"id": marker, "status": done or "ACCEPTED", **_SHIPMENT}

    def stock(self, marker: str) -> dict[str, Any]:
        """The SKUs as they stand."""
        return {"responses": [_item(sku, 200, sequence=7 if self.effects[marker] else 6) for sku in skus(marker)]}


def _label(status: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"packageId": "P1", "status": status}
    if status == "FAILURE":
        entry["errorDetails"] = {"code": "SC_30003", "message": "Package dimensions or weight is incorrect"}
    else:
        entry["fileData"] = {"format": "PDF", "url": "https://example.invalid/label"}
    return entry


def _item(sku: str, status: int, sequence: int = 7) -> dict[str, Any]:
    body: dict[str, Any] = {"skuId": sku, "locationId": LOCATION, "actionableErrors": []}
    if status == 200:
        body |= {"sellableQuantity": 5, "reservedQuantity": 0, "clientSequenceNumber": sequence}
    elif status == 409:
        said = f"Duplicate clientToken exists for 'clientSequenceNumber' '{sequence}'"
        body["actionableErrors"] = [{"errorType": "DuplicateRequest", "errorSubType": said}]
    else:
        body["actionableErrors"] = [
            {
                "errorType": "INVALID_SKU",
                "errorSubType": "The requested Sku does not exist for the seller in requested marketplace.",
            }
        ]
    return {
        "status": {
            "statusCode": status,
            "reasonPhrase": {200: "Success", 409: "DuplicateRequest"}.get(status, "Invalid Input"),
        },
        "body": body,
    }


def _answer(status: int, body: dict[str, Any] | bytes | None, kind: str = "application/json") -> bytes:
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}\r\nx-amzn-RequestId: 11111111-2222-3333-4444\r\n"
    if status != 204:
        head += f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
    return head.encode() + b"\r\n" + data


class Connection:
    """Answers the requests of one connection."""

    def __init__(self, worlds: list[World], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._worlds, self._reader, self._writer = worlds, reader, writer

    async def serve(self) -> None:
        """Until the client leaves, or a fault ends the connection."""
        try:
            while await self._exchange():
                await self._writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _exchange(self) -> bool:
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await self._reader.readexactly(int(fields.get("content-length", "0")))
        method, target, _ = first.split(" ", 2)
        world = self._worlds[-1]
        if target.startswith((PLAN, BOOKS)):
            if target.startswith(PLAN):
                seed, calls = json.loads(body)
                self._worlds[:] = [World(seed, calls)]
            self._writer.write(_answer(200, world.books()))
            return True
        if target == TOKENS:
            world.tokens += 1
            token = {"access_token": f"Atza|{world.tokens}", "token_type": "bearer", "expires_in": 3600}
            self._writer.write(_answer(200, token))
            return True
        return await self._call(world, method, target, body, fields.get("x-amz-access-token", ""))

    async def _call(self, world: World, method: str, target: str, body: bytes, token: str) -> bool:
        found = _MARKER.search(target.encode() + body)
        call = world.planned.get(found[0].decode()) if found else None
        if call is None:
            self._writer.write(_answer(404, b"no such call", "text/plain"))
            return True
        marker, operation = call.marker, call.operation
        path = target.partition("?")[0]
        if operation.writes and (method, path) == ("GET", f"{SHIPMENTS}/{marker}"):
            world.read_back[marker] += 1
            self._writer.write(_answer(200, world.shipment(marker)))
            return True
        if (method, path) == ("GET", f"{SHIPMENTS}/{marker}/invoice"):
            world.read_back[marker] += 1
            there = world.effects[marker] > 0
            error = {
                "code": "NotFound",
                "message": "Requested artifact of type 'INVOICE' not found",
                "details": "SC_00003",
            }
            self._writer.write(_answer(200, _INVOICE) if there else _answer(404, {"errors": [error]}))
            return True
        if path == INVENTORY and b"/inventory/fetch" in body:
            world.read_back[marker] += 1
            self._writer.write(_answer(207, world.stock(marker)))
            return True
        world.sent[marker] += 1
        fault = world.failing(call, token)
        if fault is None:
            self._writer.write(_answer(*world.carry_out(call)))
            return True
        return await self._fail(world, call, fault)

    async def _fail(self, world: World, call: Planned, fault: Fault) -> bool:
        if fault.name == "207 in part":
            world.effects[call.marker] += 1
            good, bad = skus(call.marker)
            self._writer.write(_answer(207, {"responses": [_item(good, 200), _item(bad, 400)]}))
            return True
        if fault.name == "label failed":
            self._writer.write(_answer(200, {"packageShipLabelList": [_label("FAILURE")]}))
            return True
        answer = b""
        if fault.effect or fault.name.startswith("cut"):
            answer = _answer(*world.carry_out(call))
        if fault.status is not None:
            self._writer.write(_answer(fault.status, fault.body, "application/json" if fault.said else "text/html"))
            return True
        if fault.name.startswith("silence"):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._reader.read(1), SILENCE)
        elif fault.name.startswith("cut"):
            self._writer.write(answer[:-5])
            await self._writer.drain()
        else:
            peer = self._writer.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        return False


async def main() -> None:
    """Serve until ended."""
    worlds = [World(0, 10)]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(worlds, reader, writer).serve()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
