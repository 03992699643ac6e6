"""What reading and diagnosing a trace costs, beside what the same machine needs merely to decode it, in the same run.

    python benchmarks/traces.py [exchanges]

Ratios travel between machines, exchanges a second do not. The log has 5 % failures, among them answers that several
causes share. Exit status 1 where a promise is broken: 3.5 x for JSON lines, 3 x and 100 MB for HAR.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from recoup.traces.bulk import examine

RUNS = 5
TIMES = 8  # so often the log is read to see what a second process gives when its start no longer counts
HOST = "https://sellingpartnerapi-eu.amazon.com"
PATHS = (
    "/orders/v0/orders",
    "/orders/v0/orders/{}/orderItems",
    "/fba/inventory/v1/summaries",
    "/catalog/2022-04-01/items/{}",
    "/products/pricing/v0/items/{}/offers",
    "/reports/2021-06-30/reports/{}",
)


def errors(code: str, message: str, details: str = "") -> str:
    return json.dumps({"errors": [{"code": code, "message": message, "details": details}]})


FAILURES = (
    (60, 429, errors("QuotaExceeded", "You exceeded your quota for the requested resource.")),
    (10, 403, errors("Unauthorized", "Access to requested resource is denied.")),
    (10, 403, errors("Unauthorized", "Access to requested resource is denied.", "The access token has expired.")),
    (10, 400, errors("InvalidInput", "Invalid marketplaceIds")),
    (5, 404, errors("NotFound", "The requested resource was not found.")),
    (5, 500, errors("InternalFailure", "We encountered an internal error. Please try again.")),
)


def records(count: int, failing: float = 0.05) -> Iterator[dict[str, Any]]:
    """Lines as structlog writes them: 20 sellers, some 40 calls a second."""
    chance = random.Random(1)
    at = 1_790_000_000.0
    for _ in range(count):
        at += chance.random() * 0.05
        order = f"{chance.randrange(1000):03}-{chance.randrange(10**7):07}-{chance.randrange(10**7):07}"
        request_id = f"{chance.getrandbits(128):032x}"
        record = {
            "timestamp": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": "info",
            "logger": "client",
            "event": "response",
            "method": "GET",
            "url": f"{HOST}{chance.choice(PATHS).format(order)}?marketplaceIds=A1PA6795UKMFR9",
            "status": 200,
            "duration_ms": round(chance.random() * 400, 1),
            "seller": f"A{chance.randrange(20):013}",
            "request_id": request_id,
            "attempt": 1,
        }
        if chance.random() < failing:
            _, status, body = chance.choices(FAILURES, [each[0] for each in FAILURES])[0]
            record |= {"status": status, "level": "error", "response_body": body}
            record["response_headers"] = {"x-amzn-RequestId": request_id, "Content-Type": "application/json"}
        yield record


def entry(record: dict[str, Any]) -> dict[str, Any]:
    """The same exchange as a browser would save it, a successful body of 2 KB in it."""
    body = record.get("response_body", json.dumps({"payload": {"filler": "x" * 2000}}))
    fields = [{"name": f"x-field-{number}", "value": "v" * 20} for number in range(12)]
    return {
        "startedDateTime": record["timestamp"],
        "time": record["duration_ms"],
        "request": {"method": "GET", "url": record["url"], "httpVersion": "HTTP/1.1", "headers": fields, "cookies": []},
        "response": {
            "status": record["status"],
            "statusText": "",
            "headers": fields,
            "content": {"size": len(body), "mimeType": "application/json", "text": body},
        },
        "timings": {"send": 0, "wait": 1, "receive": 0},
    }


def decode_lines(path: Path) -> None:
    """Merely decoding: what the log's lines cost without us."""
    decode = msgspec.json.Decoder().decode
    with path.open("rb") as file:
        for line in file:
            decode(line)


def decode_entries(path: Path) -> None:
    """A bare streamed parse: one entry after the other over a window, and nothing done with them."""
    decode = json.JSONDecoder().raw_decode
    with path.open(encoding="utf-8") as file:
        text = file.read(1 << 20)
        at = text.index("[") + 1
        while True:
            try:
                _, at = decode(text, at)
                while text[at] in ",\n ":
                    at += 1
                if text[at] == "]":
                    return
            except (ValueError, IndexError):
                more = file.read(1 << 20)
                if not more:
                    return
                text, at = text[at:].lstrip(",\n ") + more, 0


def seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def compare(name: str, path: Path, count: int, bare: Callable[[Path], None], most: float | None) -> bool:
    """Measure both in turns, so that a busy machine slows both. `most` is what was promised, None where nothing was."""
    pairs = [(seconds(lambda: bare(path)), seconds(lambda: examine([path]))) for _ in range(RUNS)]
    decoding, ours = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    ratio = ours / decoding
    size = path.stat().st_size / 1e6
    print(
        f"{name:26} {count:7} exchanges, {size:4.0f} MB: {ours:6.2f} s CPU, bare {decoding:5.2f} s, ratio {ratio:5.2f} "
        f"({'no promise' if most is None else f'at most {most}'}), {count / ours:9.0f} exchanges/s a core"
        f"{'' if most is None or ratio <= most else '   TOO SLOW'}"
    )
    return most is None or ratio <= most


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        log, har = Path(folder, "log.jsonl"), Path(folder, "calls.har")
        with log.open("wb") as file:
            file.writelines(msgspec.json.encode(record) + b"\n" for record in records(count))
        with har.open("wb") as file:
            file.write(b'{"log":{"version":"1.2","entries":[')
            for number, record in enumerate(records(count // 5)):
                file.write((b",\n" if number else b"") + msgspec.json.encode(entry(record)))
            file.write(b"]}}")
        fine = compare("HAR", har, count // 5, decode_entries, 3.0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{'memory, HAR':24} {peak:.0f} MB at most (promised: 100){'' if peak <= 100 else '   TOO MUCH'}")
        fine = compare("JSON lines, 5 % failures", log, count, decode_lines, 3.5) and fine
        with (half := Path(folder, "failing.jsonl")).open("wb") as file:
            file.writelines(msgspec.json.encode(record) + b"\n" for record in records(count // 2, 0.2))
        compare("JSON lines, 20 % failures", half, count // 2, decode_lines, None)
        for times in (1, TIMES):
            begun = time.perf_counter()
            examine([log] * times)
            alone = time.perf_counter() - begun
            begun = time.perf_counter()
            examine([log] * times, jobs=2)
            several = time.perf_counter() - begun
            print(
                f"{'two processes':26} {count * times:7} exchanges, {log.stat().st_size * times / 1e6:4.0f} MB: "
                f"{several:6.2f} s, one {alone:5.2f} s (both by the wall), {alone / several:.2f} x as fast as one, "
                "their start included"
            )
    return 0 if fine and peak <= 100 else 1


if __name__ == "__main__":
    raise SystemExit(main())
