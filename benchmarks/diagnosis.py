"""What a diagnosis costs, beside a bare msgspec decode of the same body in the same run.

    python benchmarks/diagnosis.py

Ratios travel between machines, microseconds do not. Counted is the time that the processor works for this process, the
least of several rounds, so that what else runs on the machine counts for little.

An answer that was met before is asked for another order each time: what repeats in practice is the answer and the form
of the call, not the call.
"""

from __future__ import annotations

import json
import time
import timeit
from collections.abc import Callable
from itertools import cycle

import msgspec

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.engine import Engine
from recoup.diagnosis.hiding import may_hide_failure
from recoup.exchange import Exchange, Headers, Request, Response

ENGINE = Engine(catalogue().values())
INVENTORY = "/externalFulfillment/inventory/2024-09-11/inventories"
LABELS = "/externalFulfillment/2024-09-11/shipments/S1/shipLabels"


def _item(number: int, status: int = 200) -> dict[str, object]:
    body = {
        "skuId": f"SKU-{number}",
        "locationId": "EXSB",
        "sellableQuantity": 12,
        "reservedQuantity": 3,
        "clientSequenceNumber": 1_700_000_000_000 + number,
        "marketplaceAttributes": {"marketplaceId": "A21TJRUUN4KGV", "channelName": "FBA"},
        "actionableErrors": [],
    }
    return {"status": {"statusCode": status, "reasonPhrase": "Success"}, "body": body}


def _label(number: int) -> dict[str, object]:
    return {
        "packageId": f"P{number}",
        "status": "SUCCESS",
        "shipLabelMetadata": {
            "carrierName": "ATS",
            "trackingId": f"T{number}",
            "pickupWindow": {"startTime": 1_700_000_000, "endTime": 1_700_003_600, "handoverMethod": "PICKUP"},
            "timeSlot": {"startTime": 1_700_000_000, "endTime": 1_700_003_600, "handoverMethod": "DROPOFF"},
            "handoverLocation": {
                "name": "Drop-off point 12",
                "address": {"line1": "1 High Street", "city": "Bengaluru", "postalCode": "560001", "countryCode": "IN"},
                "distance": {"distanceUnit": "KM", "value": "3.2"},
            },
        },
        "fileData": {"url": "https://example.invalid/" + "x" * 300, "format": "PDF"},
    }


BATCH = json.dumps({"responses": [_item(n) for n in range(10)]}, separators=(",", ":")).encode()
FAILED = BATCH.replace(b'"statusCode":200', b'"statusCode":409', 1)
ALL_FAILED = BATCH.replace(b'"statusCode":200', b'"statusCode":409')
LABEL_LIST = json.dumps({"packageShipLabelList": [_label(n) for n in range(4)]}, separators=(",", ":")).encode()
HEADERS = Headers(
    [
        ("Date", "Mon, 23 Nov 2026 09:14:07 GMT"),
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", "bfa6e536-1f11-562c-88bb-2cf6a236ef02"),
        ("x-amz-apigw-id", "OPFe9dd544deaFSnA="),
    ]
)
CALLS = [
    Request(
        method="GET",
        url=f"https://sellingpartnerapi-eu.amazon.com/orders/v0/orders/902-{number}845936-5435065/orderItems",
        headers=Headers(
            [
                ("Host", "sellingpartnerapi-eu.amazon.com"),
                ("User-Agent", "MyApp/2.1 (Language=Python/3.12)"),
                ("x-amz-access-token", f"Atza|{'a' * 340}{number}"),
                ("x-amz-date", "20261123T091407Z"),
                ("Accept", "application/json"),
            ]
        ),
    )
    for number in range(100, 164)
]
ERRORS = {
    "a unique message": (
        400,
        b'{"errors":[{"code":"InvalidInput","message":"The capacity for the site is breached","details":"SC_30002"}]}',
    ),
    "a message with parameters": (
        400,
        b'{"errors":[{"code":"InvalidInput","message":"Invalid input \'X\' for parameter \'status\'","details":""}]}',
    ),
    "a shared message": (
        403,
        b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}',
    ),
    "a bare 400": (400, b'{"errors":[{"code":"InvalidInput","message":"Invalid Input","details":""}]}'),
    "a code only": (409, b'{"errors":[{"code":"ServerBusy","message":"busy"}]}'),
    "an empty body": (503, b""),
}


def micros(call: Callable[[], object]) -> float:
    """The least of several runs, in microseconds a call."""
    timer = timeit.Timer(call, timer=time.process_time)
    number, _ = timer.autorange()
    number = max(number // 5, 1)
    return min(timer.repeat(15, number)) / number * 1e6


def main() -> None:
    """Print one line for each case."""
    decoder = msgspec.json.Decoder()
    print("successes")
    quick = micros(lambda: may_hide_failure(200, "GET", "/orders/v0/orders"))
    print(f"  may a success hide a failure:            {quick:7.2f} µs")
    plain = micros(lambda: ENGINE.diagnose_success(200, "GET", "/orders/v0/orders", b"{}"))
    print(f"  a success in which nothing can hide:     {plain:7.2f} µs")
    for name, status, method, path, body in (
        ("207, ten items, none failed", 207, "POST", INVENTORY, BATCH),
        ("labels, four packages, none failed", 200, "PUT", LABELS, LABEL_LIST),
        ("207, ten items, one failed", 207, "POST", INVENTORY, FAILED),
        ("207, ten items, all failed", 207, "POST", INVENTORY, ALL_FAILED),
    ):
        bare = micros(lambda body=body: decoder.decode(body))  # type: ignore[misc]
        ours = micros(lambda s=status, m=method, p=path, b=body: ENGINE.diagnose_success(s, m, p, b))  # type: ignore[misc]
        print(f"  {name:40} {ours:7.2f} µs, bare decode {bare:7.2f} µs, ratio {ours / bare:5.2f}")
    print("errors, from request, status, header fields and body")
    for name, (status, body) in ERRORS.items():
        ours = micros(_one_of(status, body))
        bare = micros(lambda body=body: decoder.decode(body)) if body else 0.0  # type: ignore[misc]
        ratio = f"ratio {ours / bare:5.1f}" if bare else ""
        print(f"  {name:40} {ours:7.2f} µs, bare decode {bare:7.2f} µs, {ratio}")
    print("the same, as if nothing like it had been met before")
    for name, (status, body) in ERRORS.items():
        print(f"  {name:40} {micros(_one_of(status, body, forgetful=True)):7.2f} µs")


def _one_of(status: int, body: bytes, *, forgetful: bool = False) -> Callable[[], object]:
    """The diagnosis of the next of some exchanges, which differ in their order and their token."""
    response = Response(status=status, headers=HEADERS, body=body)
    exchanges = cycle([Exchange(request=request, response=response) for request in CALLS])

    def call() -> object:
        if forgetful:
            ENGINE.index.rankings.clear()
            ENGINE.index.weighings.clear()
        return ENGINE.diagnose(next(exchanges))

    return call


if __name__ == "__main__":
    main()
