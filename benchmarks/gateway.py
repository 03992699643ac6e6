"""What `recoup gateway` costs a program in any language, beside a bare reverse proxy and beside none.

    python benchmarks/gateway.py [--quick]

The same calls go over the same sockets straight to a server, through a pass-through of the same kind as the gateway
(uvicorn and httpx2's own transport, and not a line more than it takes to pass a request and its answer on), and through
the command as it is started in earnest: it brings tokens, takes a place in a usage plan that is never in the way, looks
at each answer, counts, and writes a line of log for each call. Each is a process of its own; the load is a bare socket
in this one, so that a program's own HTTP client, which costs the same in all three, does not hide what is in between.

    calls       a shipment of 2 kB, another one each time; over 1 connection and over 16
    document    100 MB that are streamed
    memory      20,000 calls

Rates and times are the machine's, ratios travel. The median of the rounds' ratios is promised: a call through the
gateway takes at most 2 times the CPU time of the bare pass-through, a document at most 1.5 times; and memory stays
within 4 MiB, over the calls and while a document passes. Exit status 1 where one of these does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import uvicorn

from sandbox import COMMAND, Call, Rate, cpu, drive, memory

CALL, DOCUMENT, MEMORY = 2.0, 1.5, 4.0  # what is promised: ratios of CPU time, and MiB
PATH = "/externalFulfillment/2024-09-11/shipments/"
SIZE, LONG = 2_000, 100_000_000  # bytes of a shipment and of a document
CREDENTIALS = {
    "RECOUP_CLIENT_ID": "amzn1.application-oa2-client.1",
    "RECOUP_CLIENT_SECRET": "amzn1.oa2-cs.v1.of-the-benchmark",
    "RECOUP_REFRESH_TOKEN": "Atzr|of-the-benchmark",
}
_HOP_BY_HOP = (b"connection", b"keep-alive", b"transfer-encoding", b"host")


# --- who is asked, each in a process of its own


class Server(asyncio.Protocol):
    """Answers reads with a shipment, `/document` with a document, and whoever asks for a token with one."""

    shipment = b'{"id":"1234567890","padding":"' + b"x" * (SIZE - 33) + b'"}'
    token = b'{"access_token":"Atza|of-the-benchmark","token_type":"bearer","expires_in":3600}'
    part = b"x" * 65_536

    def __init__(self) -> None:
        self.read = b""
        self.left = 0
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.read += data
        head, end, body = self.read.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
        if not end or (length and len(body) < int(length[1])):
            return
        self.read = b""
        if head.startswith(b"GET /document"):
            self.answer(LONG, b"", kind=b"text/csv")
            self.left = LONG
            self.resume_writing()
        else:
            body = self.token if head.startswith(b"POST /auth/") else self.shipment
            self.answer(len(body), body)

    def answer(self, length: int, body: bytes, kind: bytes = b"application/json") -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nx-amzn-RequestId: 1-2-3\r\n"
            b"x-amzn-RateLimit-Limit: 100000.0\r\nContent-Length: %d\r\n\r\n%b" % (kind, length, body)
        )

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        while self.left and not self.paused:
            part = self.part[: self.left]
            self.left -= len(part)
            self.transport.write(part)


async def serve() -> None:
    """The server; prints its port."""
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def pass_through(upstream: str) -> None:
    """The least that a reverse proxy over uvicorn and httpx2 can be; prints its port."""
    transport = httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=100))
    base = httpx2.URL(upstream)
    host = (b"host", upstream.partition("//")[2].encode())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (part := await receive())["more_body"]:
            body += part["body"]
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        fields = [host, *(item for item in scope["headers"] if item[0] not in _HOP_BY_HOP)]
        request = httpx2.Request(
            scope["method"],
            base.copy_with(raw_path=target),
            headers=fields,
            stream=httpx2.ByteStream(body + part["body"]),
        )
        response = await transport.handle_async_request(request)
        kept = [item for item in response.headers.raw if item[0].lower() not in _HOP_BY_HOP]
        await send({"type": "http.response.start", "status": response.status_code, "headers": kept})
        stream: Any = response.stream
        async for chunk in stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await stream.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    # With the protocol named asyncio sees TCP in what is accepted, and switches Nagle's algorithm off.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(1024)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        app, http="httptools", lifespan="off", log_config=None, access_log=False, server_header=False, date_header=False
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


class Asked(NamedTuple):
    """Who is asked: a process and its port."""

    pid: int
    port: int


@contextmanager
def running(port_of: Callable[[str], int], *command: str) -> Iterator[Asked]:
    """This command, as long as the block lasts; `port_of` finds its port in the first line that it prints."""
    with subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **CREDENTIALS},
    ) as child:
        assert child.stdout is not None
        try:
            yield Asked(child.pid, port_of(child.stdout.readline()))
        finally:
            child.terminate()


def call_of(asked: Asked) -> Call:
    """To read a shipment, another one each time."""
    fields = "User-Agent: benchmark/1.0\r\nAccept: application/json"
    numbers = itertools.count(1_000_000_000)

    def following() -> bytes:
        return f"GET {PATH}{next(numbers)} HTTP/1.1\r\nHost: 127.0.0.1:{asked.port}\r\n{fields}\r\n\r\n".encode()

    return Call(asked.pid, ("127.0.0.1", asked.port), following, b"200")


# --- what is measured


def calls(ways: dict[str, Asked], rounds: int) -> float:
    """Print rates and times of calls; gives the ratio of the CPU times, the larger one."""
    largest = 0.0
    for connections in (1, 16):
        found: dict[str, list[Rate]] = {name: [] for name in ways}
        for turn in range(rounds + 1):
            for name, asked in ways.items():
                rate = drive(call_of(asked), 1.0 if turn else 0.3, connections)
                if turn:
                    found[name].append(rate)
        print(f"{connections} connection{'s' if connections > 1 else ''}")
        for name, rates in found.items():
            rate, p50, p99, work, load = (statistics.median(column) for column in zip(*rates, strict=True))
            print(
                f"  {name:14}{rate:6.0f} calls a second, p50 {p50:5.2f} ms, p99 {p99:5.2f} ms, {work:4.0f} µs of CPU "
                f"a call (the load: {load:.0%} of a core)"
            )
        bare, gateway = found["pass-through"], found["gateway"]
        ratio = statistics.median(ours.cpu / theirs.cpu for ours, theirs in zip(gateway, bare, strict=True))
        print(f"  the gateway's CPU time is {ratio:.2f} times the pass-through's (promised {CALL:g})")
        largest = max(largest, ratio)
    return largest


def documents(ways: dict[str, Asked], rounds: int) -> tuple[float, float]:
    """Print how fast a document is; gives the ratio of the CPU times, and how much memory the gateway took for it."""
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    grown = 0.0
    for turn in range(rounds + 1):
        for name, asked in ways.items():
            before, began, used = memory(asked.pid), time.perf_counter(), cpu(asked.pid)
            most = read_document(asked)
            if turn:
                rates[name].append((LONG / (time.perf_counter() - began) / 1e6, cpu(asked.pid) - used))
                if name == "gateway":
                    grown = max(grown, most - before)
    for name, found in rates.items():
        rate, work = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"  {name:14}{rate:6.0f} MB a second, {work * 1000:4.0f} ms of CPU time")
    pairs = zip(rates["gateway"], rates["pass-through"], strict=True)
    ratio = statistics.median(ours[1] / theirs[1] for ours, theirs in pairs)
    print(f"  the gateway's CPU time is {ratio:.2f} times the pass-through's (promised {DOCUMENT:g})")
    print(f"  its memory while a document passes: {grown:+.1f} MiB (promised {MEMORY:g})")
    return ratio, grown


def read_document(asked: Asked) -> float:
    """Read a document to its end; gives the most memory that the process had meanwhile, in MiB."""
    most, room = 0.0, bytearray(1 << 20)
    with socket.create_connection(("127.0.0.1", asked.port)) as connection:
        connection.sendall(f"GET /document HTTP/1.1\r\nHost: 127.0.0.1:{asked.port}\r\n\r\n".encode())
        head, end = b"", -1
        while end < 0:
            head += connection.recv(4096)
            end = head.find(b"\r\n\r\n")
        left, looks = LONG - (len(head) - end - 4), 0
        while left:
            read = connection.recv_into(room)
            if not read:
                raise SystemExit(f"the document broke off, {left} bytes before its end")
            left -= read
            if left < LONG * (9 - looks) / 10:
                looks += 1
                most = max(most, memory(asked.pid))
    return most


def lasting(gateway: Asked, number: int) -> float:
    """How much memory the gateway has grown by after so many calls, a fifth of them before it is looked at first."""
    ask, left = call_of(gateway), number // 5
    before = 0.0

    def following() -> bytes | None:
        nonlocal left
        left -= 1
        return ask.next() if left >= 0 else None

    for many in (number // 5, number - number // 5):
        left = many
        drive(ask._replace(next=following), 1e9)
        before = before or memory(gateway.pid)
    grown = memory(gateway.pid) - before
    print(
        f"memory over {number:,} calls: {before:.1f} MiB after a fifth, {grown:+.1f} at the end (promised {MEMORY:g})"
    )
    return grown


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="3 rounds instead of 9, a quarter of the 20,000")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--pass-through", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve())
    if given.pass_through:
        pass_through(given.pass_through)
        return 0
    rounds = 3 if given.quick else 9
    here = str(Path(__file__))
    with ExitStack() as stack:
        straight = stack.enter_context(running(int, here, "--serve"))
        upstream = f"http://127.0.0.1:{straight.port}"
        ways = {
            "straight": straight,
            "pass-through": stack.enter_context(running(int, here, "--pass-through", upstream)),
            "gateway": stack.enter_context(
                running(
                    lambda line: int(json.loads(line)["port"]),
                    "-c",
                    COMMAND,
                    "gateway",
                    "--upstream",
                    upstream,
                    "--json",
                )
            ),
        }
        call = calls(ways, rounds)
        print("a document of 100 MB")
        document, passing = documents(ways, max(3, rounds // 2))
        grown = lasting(ways["gateway"], 5_000 if given.quick else 20_000)
    return 0 if call <= CALL and document <= DOCUMENT and max(passing, grown) <= MEMORY else 1


if __name__ == "__main__":
    sys.exit(main())
