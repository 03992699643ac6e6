"""What recoup costs under a client when nothing goes wrong: CPU seconds of a successful call, bare and with recoup.

Every call takes its place in a usage plan, which is so large that none has to wait for it.

For each client that recoup works under. Both run in turns against one server in a process of its own, so that only the
client's CPU time is counted and a slow spell of the machine hits both. Calls are paced, by a plan that is never in the
way. Prints the median of the ratios; aim: at most 1.15.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import subprocess
import sys
import time
from typing import Any, Protocol

import aiohttp
import httpx
import httpx2
import requests
import urllib3

import recoup

PATH = "/externalFulfillment/2024-09-11/shipments/1234567890"
SERVER = """
import asyncio, sys
body = b'{"id":"1234567890","padding":"' + b"x" * (int(sys.argv[1]) - 33) + b'"}'
answer = (b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nx-amzn-RequestId: 1\\r\\n"
          b"x-amzn-RateLimit-Limit: 100000.0\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)) + body
async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            writer.write(answer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
HEADERS = {"x-amz-access-token": "Atza|of-the-benchmark", "user-agent": "benchmark/1.0 (Language=Python)"}
HOSTS = ["127.0.0.1"]


def paced() -> dict[str, Any]:
    """What recoup is given: a plan that is never in the way, and has to be kept all the same."""
    return {"hosts": HOSTS, "governor": recoup.Governor(plans={"getShipment": (1_000_000.0, 1_000_000)})}


class Client(Protocol):
    """A client; `run` gives the CPU seconds of one of so many calls."""

    def __init__(self, *, recoup_under: bool) -> None: ...

    def run(self, url: str, calls: int) -> float: ...

    def close(self) -> None: ...


class Httpx2:
    """httpx2, synchronous."""

    name = "httpx2"
    library: Any = httpx2

    def __init__(self, *, recoup_under: bool) -> None:
        transport: Any = recoup.Transport(**paced()) if recoup_under else self.library.HTTPTransport()
        self._client = self.library.Client(transport=transport)

    def run(self, url: str, calls: int) -> float:
        began = time.process_time()
        for _ in range(calls):
            assert self._client.get(url, headers=HEADERS).content
        return (time.process_time() - began) / calls

    def close(self) -> None:
        self._client.close()


class Httpx2Async:
    """httpx2, asynchronous."""

    name = "httpx2 async"
    library: Any = httpx2

    def __init__(self, *, recoup_under: bool) -> None:
        transport: Any = recoup.AsyncTransport(**paced()) if recoup_under else self.library.AsyncHTTPTransport()
        self._client = self.library.AsyncClient(transport=transport)
        self._loop = asyncio.Runner()

    def run(self, url: str, calls: int) -> float:
        return self._loop.run(self._run(url, calls))

    async def _run(self, url: str, calls: int) -> float:
        began = time.process_time()
        for _ in range(calls):
            assert (await self._client.get(url, headers=HEADERS)).content
        return (time.process_time() - began) / calls

    def close(self) -> None:
        self._loop.run(self._client.aclose())
        self._loop.close()


class Httpx(Httpx2):
    """httpx, synchronous."""

    name, library = "httpx", httpx


class HttpxAsync(Httpx2Async):
    """httpx, asynchronous."""

    name, library = "httpx async", httpx


class Requests:
    """requests."""

    name = "requests"

    def __init__(self, *, recoup_under: bool) -> None:
        self._session = requests.Session()
        if recoup_under:
            self._session.mount("http://", recoup.RequestsAdapter(**paced()))

    def run(self, url: str, calls: int) -> float:
        began = time.process_time()
        for _ in range(calls):
            assert self._session.get(url, headers=HEADERS).content
        return (time.process_time() - began) / calls

    def close(self) -> None:
        self._session.close()


class Urllib3:
    """urllib3."""

    name = "urllib3"

    def __init__(self, *, recoup_under: bool) -> None:
        self._pool = recoup.PoolManager(**paced()) if recoup_under else urllib3.PoolManager()

    def run(self, url: str, calls: int) -> float:
        began = time.process_time()
        for _ in range(calls):
            assert self._pool.request("GET", url, headers=HEADERS).data
        return (time.process_time() - began) / calls

    def close(self) -> None:
        self._pool.clear()


class Aiohttp:
    """aiohttp."""

    name = "aiohttp"

    def __init__(self, *, recoup_under: bool) -> None:
        self._loop = asyncio.Runner()
        self._loop.run(self._open([recoup.aiohttp_middleware(**paced())] if recoup_under else []))

    async def _open(self, middlewares: list[Any]) -> None:
        self._session = aiohttp.ClientSession(middlewares=middlewares)

    def run(self, url: str, calls: int) -> float:
        return self._loop.run(self._run(url, calls))

    async def _run(self, url: str, calls: int) -> float:
        began = time.process_time()
        for _ in range(calls):
            async with self._session.get(url, headers=HEADERS) as response:
                assert await response.read()
        return (time.process_time() - began) / calls

    def close(self) -> None:
        self._loop.run(self._session.close())
        self._loop.close()


KINDS: dict[str, type[Client]] = {
    kind.name: kind for kind in (Httpx2, Httpx2Async, Httpx, HttpxAsync, Requests, Urllib3, Aiohttp)
}


def compare(kind: type[Client], url: str, rounds: int, calls: int) -> tuple[float, float, float]:
    """CPU seconds of a call, bare and with recoup (medians), and the median of their ratios, taken pair by pair."""
    bare, under = kind(recoup_under=False), kind(recoup_under=True)
    try:
        bare.run(url, calls), under.run(url, calls)  # imports, connections, caches
        pairs = []
        gc.collect()
        for turn in range(rounds):
            if turn % 2:  # whoever goes second finds warmer caches
                pairs.append((bare.run(url, calls), under.run(url, calls)))
            else:
                second, first = under.run(url, calls), bare.run(url, calls)
                pairs.append((first, second))
    finally:
        bare.close()
        under.close()
    medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
    return medians[0], medians[1], statistics.median(second / first for first, second in pairs)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--only", choices=list(KINDS), nargs="*", default=list(KINDS))
    asked = parser.parse_args()
    for size in (2_000, 22_000):
        with subprocess.Popen([sys.executable, "-c", SERVER, str(size)], stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                url = f"http://127.0.0.1:{server.stdout.readline().strip()}{PATH}"
                for name in asked.only:
                    bare, under, ratio = compare(KINDS[name], url, asked.rounds, asked.calls)
                    print(
                        f"{name}, {size // 1000} KB of JSON: bare {bare * 1e6:.0f} µs, "
                        f"with recoup {under * 1e6:.0f} µs, ratio {ratio:.3f} (aim: 1.15)",
                        flush=True,
                    )
            finally:
                server.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
