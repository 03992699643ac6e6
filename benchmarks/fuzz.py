"""Throws damaged inputs at detection, readers and diagnosis: none may raise, none may take long.

    python benchmarks/fuzz.py [--count N] [--seed N] [--from N]

Each input is a valid one of some form (HTTP, HAR, JSON lines, pasted text) with a few mutations: bytes flipped, cut,
doubled, swapped for signs that matter to a parser, spliced with another form. The same seed gives the same inputs. What
crashes is printed with its number, which `--from` and `--seed` bring back (`--count 1`). Exit status 1 where anything
did.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
import traceback

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.engine import Engine
from recoup.traces.fields import PARTS
from recoup.traces.judging import Judge, is_remembered, is_settled
from recoup.traces.reading import FORMS, items
from recoup.traces.tally import Tally
from recoup.traces.traced import Traced, Unread

SLOW = 5.0  # seconds for one input of a few kilobytes, on a machine that others use too
HOST = "https://sellingpartnerapi-eu.amazon.com"
BODY = '{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
BATCH = '{"responses":[{"status":{"statusCode":409},"body":{"actionableErrors":[{"code":"x","message":"y"}]}}]}'
LINE = {
    "timestamp": "2026-11-23T09:14:07.250Z",
    "level": "error",
    "method": "GET",
    "url": f"{HOST}/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9",
    "status": 403,
    "request_headers": {"x-amz-access-token": "Atza|abc", "host": "h"},
    "response_body": BODY,
    "seller": "S1",
}
NESTED = {
    "time": 1795425247250,
    "req": {"method": "POST", "url": "/listings/2021-08-01/items/S/K", "headers": {"a": ["b"]}},
    "res": {"statusCode": 207, "body": json.loads(BATCH)},
    "err": {"message": "socket hang up", "stack": "Error: x\n at y"},
}
ORDERS = '{"payload":{"Orders":[{"OrderStatus":"Shipped","FulfillmentChannel":"AFN"},{"OrderStatus":"Beamed"}]}}'
SUCCESS = {**LINE, "level": "info", "status": 200, "response_body": ORDERS, "event": "response"}
OWN = {
    "at": 1795425247.5,
    "event": "attempt_ended",
    "operation": "orders/v0/getOrders",
    "status": 200,
    "fault": None,
}
ENTRY = {
    "startedDateTime": "2026-11-23T09:14:07.250Z",
    "time": 3.5,
    "request": {"method": "GET", "url": LINE["url"], "headers": [{"name": "Host", "value": "x"}]},
    "response": {"status": 403, "headers": [], "content": {"text": BODY, "encoding": ""}},
}
GOOD = {**ENTRY, "response": {"status": 200, "headers": [], "content": {"text": ORDERS}}}
MESSAGE = (
    "GET /orders/v0/orders HTTP/1.1\r\nHost: sellingpartnerapi-eu.amazon.com\r\nx-amz-access-token: Atza|x\r\n\r\n"
    f"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}\r\n"
)
CHUNKED = f"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n{len(BODY):x}\r\n{BODY}\r\n0\r\n\r\n"
TEXT = (
    "Traceback (most recent call last):\n  File 'a.py', line 3\nsp_api.base.exceptions.SellingApiForbiddenException: "
    "[{'code': 'Unauthorized', 'message': 'Access to requested resource is denied.', 'details': ''}]\n"
)
CURL = f"curl -X GET '{HOST}/orders/v0/orders' -H 'x-amz-access-token: Atza|x'\n> GET / HTTP/2\n< HTTP/2 403\n< a: b\n"
SEEDS: tuple[bytes, ...] = (
    (json.dumps(LINE) + "\n").encode() * 3,
    (json.dumps(NESTED) + "\n" + json.dumps(LINE) + "\n").encode(),
    json.dumps({"log": json.dumps(LINE), "stream": "stdout"}).encode() + b"\n",
    json.dumps({"log": {"version": "1.2", "entries": [ENTRY, ENTRY]}}).encode(),
    json.dumps([ENTRY], indent=1).encode(),
    json.dumps({"log": {"entries": [GOOD, ENTRY]}}).encode(),
    (json.dumps(SUCCESS) + "\n" + json.dumps(LINE) + "\n").encode() * 2,
    (json.dumps(OWN) + "\n").encode() * 3 + (json.dumps({**OWN, "fault": "429-rate-limit"}) + "\n").encode(),
    MESSAGE.encode() * 2,
    CHUNKED.encode(),
    TEXT.encode(),
    CURL.encode(),
    BODY.encode(),
    b"HTTP/1.1 207 Multi-Status\r\n\r\n" + BATCH.encode(),
    gzip.compress(MESSAGE.encode(), mtime=0),
    (json.dumps(LINE) + "\n").encode("utf-16"),
)
SIGNS = (
    *(bytes([each]) for each in b"{}[]()\"'\\<>:,;=%&?#/\r\n\t\x00\x1f\x7f\x80\xff \xe9"),
    *(b"\\u0000", b"\\ud800", b"1e999", b"-1", b"null", b"HTTP/1.1 ", b"\r\n\r\n", b"%00", b"0" * 5000, b"[" * 600),
    *(b'{"a":' * 300, b"Atza|", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b", b'"status":', b'"entries":[', b"9" * 30),
)


def damaged(chance: random.Random) -> bytes:
    """One of the seeds after a few mutations."""
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0:
                data[at:at] = chance.choice(SIGNS)
            case 1:
                del data[at : at + chance.choice((1, 2, 10, 200))]
            case 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                end = at + chance.randrange(60)
                data[at:at] = data[at:end]
            case 4:
                sign = chance.choice(SIGNS)
                data[at : at + len(sign)] = sign
            case _:
                other = chance.choice(SEEDS)
                cut = chance.randrange(len(other) + 1)
                data[at:] = other[cut:]
    return bytes(data[:60_000])


def tried(data: bytes, judge: Judge, form: str) -> int:
    """Read and diagnose one input as `recoup diagnose` would; how many exchanges were in it."""
    tally = Tally(remembering=True)
    summary = tally.summary
    for item in items(data, form=form, fields=PARTS, tally=tally):
        if isinstance(item, Traced):
            diagnosis = judge(item)
            summary.add(item, diagnosis)
            if tally.met is not None and is_remembered(item):
                tally.learn(diagnosis, settled=is_settled(item, diagnosis))
            diagnosis.as_dict()
        elif isinstance(item, Unread):
            summary.not_read(item)
    summary.as_dict()
    return summary.exchanges


def main() -> int:
    parser = argparse.ArgumentParser(description="Throw damaged inputs at detection, readers and diagnosis.")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="first", help="the number of the first input")
    options = parser.parse_args()
    count, seed, first = options.count, options.seed, options.first
    judge = Judge(Engine(catalogue().values()))
    forms = ["auto"] * 3 + list(FORMS)
    crashes, exchanges, slowest = 0, 0, 0.0
    begun = time.monotonic()
    for number in range(first, first + count):
        chance = random.Random(f"{seed}:{number}")
        data, form = damaged(chance), chance.choice(forms)
        before = time.process_time()
        try:
            exchanges += tried(data, judge, form)
        except Exception:  # noqa: BLE001  a crash is what is looked for
            crashes += 1
            print(f"crash: input {number} of seed {seed}, form {form}: {data[:120]!r}", flush=True)
            traceback.print_exc(limit=-4)
            if crashes >= 10:
                break
        took = time.process_time() - before
        if took > slowest:
            slowest = took
            if took > SLOW:
                crashes += 1
                print(f"slow: input {number} of seed {seed}, form {form}: {took:.1f} s", flush=True)
        done = number + 1 - first
        if done % 20_000 == 0:
            rate = done / (time.monotonic() - begun)
            print(
                f"{done:8} inputs, {exchanges} exchanges in them, {crashes} crashes, {rate:.0f} a second",
                flush=True,
            )
    took = time.monotonic() - begun
    print(
        f"{count} inputs from {first} on, seed {seed}: {crashes} crashes; the slowest took {slowest:.2f} s, "
        f"all of them {took:.0f} s"
    )
    return 1 if crashes else 0


if __name__ == "__main__":
    raise SystemExit(main())
