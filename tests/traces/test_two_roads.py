"""What is counted at a glance is what reading every line with care counts: over logs of all kinds, also such as change.

The quick road is that of `shape` and `sieve`; without shapes every line takes the careful one.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from recoup.diagnosis.context import Context
from recoup.traces import files, jsonl, parts
from recoup.traces.bulk import examine
from recoup.traces.fields import PARTS
from recoup.traces.files import parts_of
from recoup.traces.parts import read_part
from recoup.traces.shape import Shape

HOST = "https://sellingpartnerapi-eu.amazon.com"
PATHS = (
    ("GET", "/orders/v0/orders"),
    ("GET", "/orders/v0/orders/{}/orderItems"),
    ("GET", "/orders/v0/orders/{}"),
    ("get", "/reports/2021-06-30/reports/{}"),
    ("POST", "/reports/2021-06-30/reports"),
    ("PUT", "/listings/2021-08-01/items/S1/{}"),
    ("GET", "/nowhere/{}"),
    ("GET", "/catalog/2022-04-01/items/{}"),
    ("GET", "/orders/v0/orders%2F{}"),
    ("GET", "orders/v0/orders"),
)
KNOWN = json.dumps({"payload": {"Orders": [{"OrderStatus": "Shipped"}], "OrderStatus": "Unshipped"}})
NEWER = KNOWN.replace("Shipped", "Beamed").replace("Unshipped", "Beamed")
PAGE = "<html>no</html>"
GOOD = ("", None, "", KNOWN, json.loads(KNOWN), NEWER, json.loads(NEWER), KNOWN[:40], PAGE, " \n<p>", "x", 3)
ODD: tuple[tuple[str, Any], ...] = (
    ("retry", 1),
    ("message", '{"status": 500}'),
    ("message", "fine"),
    ("event", "waited"),
    ("event", {"a": 1}),
    ("at", 1e9),
    ("status_code", 500),
    ("seller_id", "S9"),
    ("seller", None),
    ("errors", []),
    ("error", "boom"),
    ("log", {"level": "info"}),
    ("path", "/x"),
    ("fault", "429-rate-limit"),
)


def errors(code: str, message: str, details: str = "") -> str:
    return json.dumps({"errors": [{"code": code, "message": message, "details": details}]})


BAD = (
    (429, errors("QuotaExceeded", "You exceeded your quota for the requested resource.")),
    (403, errors("Unauthorized", "Access to requested resource is denied.")),
    (403, errors("Unauthorized", "Access to requested resource is denied.", "The access token has expired.")),
    (400, errors("InvalidInput", "Invalid marketplaceIds")),
    (404, errors("NotFound", "The requested resource was not found.")),
    (500, errors("InternalFailure", "We encountered an internal error. Please try again.")),
    (503, "<html>busy</html>"),
    (403, ""),
    (0, ""),
)


class Writer:
    """Writes calls as one program logs them; which names and forms it has is drawn by lot."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.form = chance.choice(("flat", "nested", "ecs", "own", "wrapped", "words"))
        self.time = chance.choice(("iso", "offset", "ms", "seconds", "naive", "ticks", None))
        self.whole = chance.random() < 0.7  # addresses with their host
        self.sellers = chance.choice((0, 1, 4, 30))
        self.headers = chance.random() < 0.3
        self.rare = chance.random() < 0.5
        self.bodies = chance.random() < 0.6

    def line(self, at: float) -> bytes:
        chance = self.chance
        method, path = chance.choice(PATHS)
        path = path.format(chance.choice(("902-1", "B0ABCDEF12", "x y", "a")) + str(chance.randrange(3)))
        if chance.random() < 0.4:
            path += chance.choice(("?marketplaceIds=A1", "?CreatedAfter=2026-11-23T00:00:00Z", "?a=/b", "?"))
        url = HOST + path if self.whole and path[0] == "/" else path
        status: int
        body: Any
        if chance.random() < 0.2:
            status, body = chance.choice(BAD)
        else:
            status = chance.choice((200, 200, 200, 200, 201, 204, 207, 302))
            body = chance.choice(GOOD) if self.bodies else ""
        call: dict[str, Any] = {"method": method, "url": url, "status": status, "body": body}
        call["seller"] = f"S{chance.randrange(self.sellers)}" if self.sellers else None
        call["time"] = self.instant(at)
        call["id"] = f"r{chance.getrandbits(32):x}"
        record = self.record(call)
        if self.rare and chance.random() < 0.05:
            name, value = chance.choice(ODD)
            record[name] = value
        if self.rare and chance.random() < 0.03:
            del record[chance.choice(list(record))]
        text = json.dumps(record)
        if self.form == "wrapped":
            text = json.dumps({"log": text + "\n", "stream": "stdout"})
        return (text if chance.random() > 0.01 else text[: chance.randrange(len(text))]).encode()

    def instant(self, at: float) -> Any:
        from datetime import UTC, datetime, timedelta, timezone

        moment = datetime.fromtimestamp(at, UTC)
        return {
            "iso": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "offset": moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(),
            "ms": int(at * 1000),
            "seconds": at,
            "naive": moment.strftime("%Y-%m-%d %H:%M:%S,%f")[:-3],
            "ticks": moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "7Z",
            None: None,
        }[self.time]

    def record(self, call: dict[str, Any]) -> dict[str, Any]:
        failed = call["status"] >= 400
        fields = {"x-amzn-RequestId": call["id"], "Content-Type": "application/json"}
        if self.form == "nested":
            found: dict[str, Any] = {
                "time": call["time"],
                "req": {"method": call["method"], "url": call["url"]},
                "res": {"statusCode": call["status"]},
                "msg": "request completed" if not failed else "request errored",
                "context": {"seller_id": call["seller"]},
            }
            if call["body"] != "":
                found["res"]["body"] = call["body"]
            if self.headers or failed:
                found["res"]["headers"] = fields
            return found
        if self.form == "ecs":
            return {
                "@timestamp": call["time"],
                "url.full": call["url"],
                "http": {
                    "request": {"method": call["method"]},
                    "response": {"status_code": call["status"], "body": {"content": call["body"]}},
                },
                "labels": {"seller": call["seller"]},
                "event": {"duration": 3},
            }
        if self.form == "own":
            return {
                "at": 1e9 if self.time is None else call["time"],
                "event": self.chance.choice(("attempt_ended", "attempt_ended", "call_started", "call_ended")),
                "operation": self.chance.choice(("orders/v0/getOrders", "getOrders", "getFeed", "unheard")),
                "seller": call["seller"],
                "status": call["status"],
                "fault": "429-rate-limit" if failed or self.chance.random() < 0.1 else None,
            }
        found = {"timestamp": call["time"], "level": "info", "status": call["status"], "method": call["method"]}
        found |= {"url": call["url"], "seller": call["seller"], "duration_ms": self.chance.random()}
        if self.form == "words":
            found["event"] = f"{call['method']} took {self.chance.randrange(10**6)}"
        if call["body"] is not None and (call["body"] != "" or self.headers):
            found["response_body"] = call["body"]
        if failed:
            found["response_headers"] = fields
            if self.headers:
                found["request_headers"] = {"x-amz-access-token": "Atza|" + "x" * 20}
        if self.time is None:
            del found["timestamp"]
        return found


def log(seed: int) -> bytes:
    """Lines of one program after the other, or of two at once."""
    chance = random.Random(seed)
    at = 1_795_425_247.25
    lines: list[bytes] = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        writers = [Writer(chance) for _ in range(chance.choice((1, 1, 2)))]
        for _ in range(chance.choice((30, 250, 500))):
            at += chance.choice((0.0, 0.01, 0.5, 3.0, 30.0, -20.0))
            lines.append(chance.choice(writers).line(at))
    return b"\n".join(lines) + b"\n" * chance.randrange(2)


def counted(path: Path) -> tuple[dict[str, Any], list[Any], int]:
    parts._judge.cache_clear()  # what it remembers is of the other road
    summary = examine([path], form="jsonl")
    context = Context()
    for part in parts_of([path], "jsonl"):
        for found in read_part(part, PARTS):
            context.merge(found.context)
    tables = (context.pairs, context.sellers, context.operations, context.minutes, context.found, context.made)
    seen = [
        {str(key): msgspec.to_builtins(value, order="deterministic") for key, value in each.items()} for each in tables
    ]
    return summary.as_dict(), [*seen, sorted(context.tokens)], summary.exchanges


@pytest.mark.parametrize("seed", range(60))
def test_both_roads_count_the_same(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART", 40_000)
    monkeypatch.setattr(jsonl, "_known", {})
    monkeypatch.setattr(parts, "WAITING", 50)
    path = tmp_path / "calls.jsonl"
    path.write_bytes(log(seed))
    quick = counted(path)
    with monkeypatch.context() as without:
        without.setattr(Shape, "learned", lambda *_, **__: None)
        without.setattr(jsonl, "_known", {})
        careful = counted(path)
    assert careful[2] > 0
    assert quick == careful


def test_a_log_that_changes_is_read_quickly_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of lines that all have one shape, whichever and whenever, few are read with care."""
    monkeypatch.setattr(jsonl, "_known", {})
    careful: list[bytes] = []
    read = jsonl._line

    def seen(data: bytes, *rest: Any) -> Any:
        careful.append(data)
        return read(data, *rest)

    monkeypatch.setattr(jsonl, "_line", seen)
    one = [{"time": 1.8e9 + n, "status": 200, "method": "GET", "url": f"/orders/v0/orders/{n}"} for n in range(2000)]
    two = [{"ts": each["time"], "req": {"url": each["url"], "method": "GET"}, "res": {"status": 200}} for each in one]
    mixed = [each for pair in zip(one, two, strict=True) for each in pair]
    rare = [{**each, "retry": 1} if number % 7 == 0 else each for number, each in enumerate(one)]
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"\n".join(json.dumps(each).encode() for each in one + two + mixed + rare))
    assert examine([path]).exchanges == 10_000
    assert len(careful) < 700
