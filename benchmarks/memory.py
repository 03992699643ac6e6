"""Whether memory stays flat over a hundred thousand calls through one transport.

    python benchmarks/memory.py [--quick] [--failing 25000]

With everything on that could remember something: a login, the governor with plans and holds (in virtual time, so that
nobody waits for a pace), a listener, the log's events, a shipment of its own for every call. Three runs, each in a
process of its own, all at the same time, since nothing here is about time:

    clean      100,000 calls that succeed, with an inner transport that answers at once
    failing    25,000 calls of which every one fails: refused values, unknown shipments, throttling that passes, lost
               answers to writes, expired tokens, lock-outs that are remembered for an hour
    socket     10,000 calls that succeed, over a real socket
    bare       100,000 calls that succeed, without recoup

Compared are the process after a warm-up (a fifth of the calls, half of the failing ones) and at the end: what the
kernel says that it holds (RSS), and, over a few thousand calls more, what Python has allocated (tracemalloc; caches
that are emptied when they are full make it go up and down). Promised: flat, that is within 2 MiB and 1 MiB, however
many calls. The bare client is measured beside it.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

import recoup

CALLS = {"clean": 100_000, "failing": 25_000, "socket": 10_000, "bare": 100_000}
ALLOCATED, RSS = 1.0, 2.0  # MiB
HOST = "https://sellingpartnerapi-na.amazon.com"
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments/"
LABELS = "/shipLabels?operation=GENERATE&shippingOptionId=o"
JSON = {"content-type": "application/json", "x-amzn-requestid": "1", "x-amzn-ratelimit-limit": "5.0"}
TOKEN = b'{"access_token":"Atza|one","token_type":"bearer","expires_in":3600}'


Answers = list[tuple[int, bytes] | None]


def errors(status: int, code: str, message: str, details: str = "") -> tuple[int, bytes]:
    body = {"errors": [{"code": code, "message": message, "details": details}]}
    return status, json.dumps(body).encode()


def success(number: int) -> Answers:
    return [(200, b'{"id":"S%d","status":"ACCEPTED"}' % number)]


def failure(number: int) -> Answers:
    """The answers to one call, attempt by attempt; None is none. Hardly two are alike."""
    name = f"S{number}"
    missing = errors(404, "NotFound", f"Requested Entity with 'shipmentId' '{name}' is not found", "SC_00003")
    denied = "Access to requested resource is denied."
    tries = f"Maximum number of retry reached for order '{name}' or on a operation of order, "
    match number % 7:
        case 0:
            return [errors(400, "InvalidInput", f"Invalid input '{name}' for parameter 'status'", "SC_00002")]
        case 1:
            return [missing]
        case 2:
            return [errors(429, "QuotaExceeded", "You exceeded your quota for the requested resource."), missing]
        case 3:
            return [None]
        case 4:
            expired = errors(403, "Unauthorized", denied, "The access token you provided has expired.")
            return [expired, expired]
        case 5:
            return [errors(400, "InvalidInput", tries + "Please try after '3600' seconds.", "SC_00005")]
        case _:
            return [errors(500, f"Odd{name}", f"what nobody has seen before, number {number}")]


class Fake(httpx2.BaseTransport):
    """Answers at once. `script` gives the answers to a call, by the number of its shipment."""

    def __init__(self, script: Callable[[int], Answers]) -> None:
        self._script = script
        self._call, self._left = -1, iter(())  # type: tuple[int, Iterator[tuple[int, bytes] | None]]

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path == "/auth/o2/token":
            return httpx2.Response(200, headers=JSON, content=TOKEN)
        call = int(path.removeprefix(SHIPMENTS).partition("/")[0][1:])
        if call != self._call:
            self._call, self._left = call, iter(self._script(call))
        answer = next(self._left)
        if answer is None:
            raise httpx2.ReadError("reset", request=request)
        return httpx2.Response(answer[0], headers=JSON, content=answer[1])


class Clock:
    """Virtual time: to sleep is to let it pass, and so is every call, so that what lasts an hour ends."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def read(self) -> float:
        self.now += 0.05
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Heard:
    """A listener that remembers one event."""

    def __init__(self) -> None:
        self.latest: object = None

    def __call__(self, event: object) -> None:
        self.latest = event


def transport(inner: Any) -> Any:
    """recoup with everything on."""
    clock = Clock()
    return recoup.Transport(
        inner,
        login=recoup.Login(client_id="amzn1.application-oa2-client.1", client_secret="s", refresh_token="Atzr|r"),
        governor=recoup.Governor(),
        timing=recoup.testing.Timing(now=clock.read, sleep=clock.sleep),
        listeners=[Heard(), recoup.telemetry.log_events()],
        hosts=["127.0.0.1"],
    )


def make(run: str, port: int) -> Callable[[int], None]:
    """What makes the call of a number in this run."""
    inner = httpx2.HTTPTransport() if run == "socket" else Fake(failure if run == "failing" else success)
    client = httpx2.Client(transport=inner if run == "bare" else transport(inner))
    fields = {"x-amz-access-token": "Atza|of-the-benchmark"} if run == "socket" else {}
    base = (f"http://127.0.0.1:{port}" if run == "socket" else HOST) + SHIPMENTS

    def read(number: int) -> None:
        assert client.get(f"{base}S{number}", headers=fields).status_code == 200

    def fail(number: int) -> None:
        try:
            response = client.put(f"{base}S{number}{LABELS}", content=b'{"packageIds":["P1"]}', headers=JSON)
        except httpx2.ReadError as error:
            made = recoup.outcome(error)
        except recoup.TryLater:  # held back
            return
        else:
            made = recoup.outcome(response)
            with suppress(recoup.FaultError):
                recoup.raise_for_fault(response)
        if made is None or isinstance(made.decision, recoup.Done):
            raise SystemExit(f"call {number} should have failed")

    return fail if run == "failing" else read


def one(run: str, calls: int, warm: int, port: int) -> None:
    """In a process of its own: make the calls, and print what stayed."""
    call = make(run, port)
    spread(call, 0, warm)
    before = resident()
    spread(call, warm, calls)
    after = resident()
    more = calls // 10
    tracemalloc.start()
    spread(call, calls, calls + more)
    traced = tracemalloc.get_traced_memory()[0]
    spread(call, calls + more, calls + 2 * more)
    allocated = tracemalloc.get_traced_memory()[0] - traced
    print(json.dumps({"rss": [before, after], "allocated": allocated / 2**20, "more": more}))


def spread(call: Callable[[int], None], first: int, last: int) -> None:
    for number in range(first, last):
        call(number)
    gc.collect()


def resident() -> float:
    """Resident memory of this process in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the kernel does not tell the memory of a process")


@contextmanager
def server() -> Iterator[int]:
    """A server in a process of its own; its port."""
    from transports import SERVER

    with subprocess.Popen([sys.executable, "-c", SERVER, "2000"], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield int(running.stdout.readline())
        finally:
            running.terminate()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the calls that succeed")
    parser.add_argument("--failing", type=int, default=CALLS["failing"], help="how many calls fail")
    parser.add_argument("--one", choices=CALLS, help=argparse.SUPPRESS)
    parser.add_argument("--calls", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--warm", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        one(given.one, given.calls, given.warm, given.port)
        return 0
    held = []
    with server() as port:
        children = {}
        for run, calls in CALLS.items():
            if run == "failing":
                calls = given.failing
            elif given.quick:
                calls //= 5
            sizes = ["--calls", str(calls), "--warm", str(calls // 2 if run == "failing" else calls // 5)]
            command = [sys.executable, __file__, "--one", run, *sizes, "--port", str(port)]
            children[run] = calls, subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for run, (calls, child) in children.items():
            told, _ = child.communicate()
            if child.returncode:
                return child.returncode
            held.append(say(run, calls, **json.loads(told)))
    return 0 if all(held) else 1


def say(run: str, calls: int, rss: list[float], allocated: float, more: int) -> bool:
    """Print what one run came to; whether the promise holds."""
    before, after = rss
    holds = allocated < ALLOCATED and after - before < RSS
    promise = "" if run == "bare" else f": {'holds' if holds else 'DOES NOT HOLD'}"
    print(
        f"{run:8} {calls:7,} calls: RSS {before:.1f} MiB after the warm-up, {after:.1f} at the end; "
        f"{allocated * 1024:+.0f} KiB allocated by {more:,} more, {allocated * 2**20 / more:+.1f} bytes a call{promise}"
    )
    return holds or run == "bare"


if __name__ == "__main__":
    sys.exit(main())
