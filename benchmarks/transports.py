"""What recoup costs under a client when nothing goes wrong: CPU seconds of a successful call, bare and with recoup.

Both run in turns against one server in a process of its own, so that only the client's CPU time is counted and a slow
spell of the machine hits both. Prints the median of the ratios; aim: at most 1.15.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import subprocess
import sys
import time
from typing import Any

import httpx2

import recoup

PATH = "/externalFulfillment/2024-09-11/shipments/1234567890"
SERVER = """
import asyncio, sys
body = b'{"id":"1234567890","padding":"' + b"x" * (int(sys.argv[1]) - 33) + b'"}'
answer = (b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nx-amzn-RequestId: 1\\r\\n"
          b"x-amzn-RateLimit-Limit: 5.0\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)) + body
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


class Sync:
    """A synchronous client; `run` gives the CPU seconds of one of so many calls."""

    def __init__(self, *, recoup_under: bool) -> None:
        transport: Any = recoup.Transport(hosts=["127.0.0.1"]) if recoup_under else httpx2.HTTPTransport()
        self._client = httpx2.Client(transport=transport)

    def run(self, url: str, calls: int) -> float:
        began = time.process_time()
        for _ in range(calls):
            assert self._client.get(url, headers=HEADERS).content
        return (time.process_time() - began) / calls

    def close(self) -> None:
        self._client.close()


class Async:
    """The same with an asynchronous client."""

    def __init__(self, *, recoup_under: bool) -> None:
        transport: Any = recoup.AsyncTransport(hosts=["127.0.0.1"]) if recoup_under else httpx2.AsyncHTTPTransport()
        self._client = httpx2.AsyncClient(transport=transport)
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


def compare(kind: type[Sync] | type[Async], url: str, rounds: int, calls: int) -> tuple[float, float, float]:
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
    asked = parser.parse_args()
    for size in (2_000, 22_000):
        with subprocess.Popen([sys.executable, "-c", SERVER, str(size)], stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                url = f"http://127.0.0.1:{server.stdout.readline().strip()}{PATH}"
                for kind in (Sync, Async):
                    bare, under, ratio = compare(kind, url, asked.rounds, asked.calls)
                    print(
                        f"httpx2 {kind.__name__.lower()}, {size // 1000} KB of JSON: bare {bare * 1e6:.0f} µs, "
                        f"with recoup {under * 1e6:.0f} µs, ratio {ratio:.3f} (aim: 1.15)"
                    )
            finally:
                server.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
