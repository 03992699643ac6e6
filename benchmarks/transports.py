"""What recoup costs under a client when nothing goes wrong: CPU time of a successful call.

Three clients of each kind take turns, in short rounds, against one server in a process of its own, so that only the
client's CPU time is counted and a slow spell of the machine hits all three:

    bare       the library as it comes
    plug       the same with a transport, adapter, pool or middleware that only passes the call on: what the place
               where recoup is plugged in costs by itself
    recoup     with recoup there, and every call taking its place in a usage plan that is never in the way

Every call reads another order, as callers do, so that nothing gains by having met the same path before. The aim is
judged against `bare`: at most 15 % more, or 40 microseconds. Printed are medians over the rounds, and the median of
what each round's difference was. `least` is the difference between the best rounds: what is left when nothing disturbs.

    python benchmarks/transports.py --tls     over TLS, as every call to the Selling Partner API goes

Without `--tls` the bare client is as cheap as it can be, and recoup's share the greatest.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import gc
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import httpx
import httpx2
import requests
import urllib3
from requests.adapters import HTTPAdapter

import recoup

PATH = "/externalFulfillment/2024-09-11/shipments/"
SERVER = """
import asyncio, ssl, sys
tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if sys.argv[2:] else None
if tls:
    tls.load_cert_chain(sys.argv[2])
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
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
HEADERS = {"x-amz-access-token": "Atza|of-the-benchmark", "user-agent": "benchmark/1.0 (Language=Python)"}
HOSTS = ["127.0.0.1", "localhost"]


def paced() -> dict[str, Any]:
    """What recoup is given: a plan that is never in the way, and has to be kept all the same."""
    return {"hosts": HOSTS, "governor": recoup.Governor(plans={"getShipment": (1_000_000.0, 1_000_000)})}


TRUSTED = "RECOUP_BENCHMARK_CERTIFICATE"
BARE, PLUG, RECOUP = "bare", "plug", "recoup"
_numbers = itertools.count(1_000_000_000)


class Client(Protocol):
    """A client, used in one of the three ways; `run` gives the CPU seconds of one of so many calls."""

    def __init__(self, way: str) -> None: ...

    def run(self, url: str, calls: int) -> float: ...

    def close(self) -> None: ...


class Sync:
    """What the synchronous clients have in common: `one` reads one URL."""

    one: Callable[[str], bytes]

    def run(self, url: str, calls: int) -> float:
        urls = [f"{url}{next(_numbers)}" for _ in range(calls)]
        one = self.one
        began = time.process_time()
        for each in urls:
            assert one(each)
        return (time.process_time() - began) / calls


class Async:
    """The same for the asynchronous ones."""

    one: Callable[[str], Any]
    loop: asyncio.Runner

    def run(self, url: str, calls: int) -> float:
        return self.loop.run(self._run([f"{url}{next(_numbers)}" for _ in range(calls)]))

    async def _run(self, urls: list[str]) -> float:
        one = self.one
        began = time.process_time()
        for each in urls:
            assert await one(each)
        return (time.process_time() - began) / len(urls)


class Httpx2(Sync):
    """httpx2, synchronous."""

    name = "httpx2"
    library: Any = httpx2

    def __init__(self, way: str) -> None:
        library = self.library
        transport: Any = library.HTTPTransport() if way != RECOUP else recoup.Transport(**paced())
        if way == PLUG:
            own = transport

            class Passing(library.BaseTransport):  # type: ignore[misc, name-defined]
                def handle_request(self, request: Any) -> Any:
                    return own.handle_request(request)

                def close(self) -> None:
                    own.close()

            transport = Passing()
        self._client = library.Client(transport=transport)

    def one(self, url: str) -> bytes:
        content: bytes = self._client.get(url, headers=HEADERS).content
        return content

    def close(self) -> None:
        self._client.close()


class Httpx2Async(Async):
    """httpx2, asynchronous."""

    name = "httpx2 async"
    library: Any = httpx2

    def __init__(self, way: str) -> None:
        library = self.library
        transport: Any = library.AsyncHTTPTransport() if way != RECOUP else recoup.AsyncTransport(**paced())
        if way == PLUG:
            own = transport

            class Passing(library.AsyncBaseTransport):  # type: ignore[misc, name-defined]
                async def handle_async_request(self, request: Any) -> Any:
                    return await own.handle_async_request(request)

                async def aclose(self) -> None:
                    await own.aclose()

            transport = Passing()
        self._client = library.AsyncClient(transport=transport)
        self.loop = asyncio.Runner()

    async def one(self, url: str) -> bytes:
        content: bytes = (await self._client.get(url, headers=HEADERS)).content
        return content

    def close(self) -> None:
        self.loop.run(self._client.aclose())
        self.loop.close()


class Httpx(Httpx2):
    """httpx, synchronous."""

    name, library = "httpx", httpx


class HttpxAsync(Httpx2Async):
    """httpx, asynchronous."""

    name, library = "httpx async", httpx


class PassingAdapter(HTTPAdapter):
    """Passes every call on."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().send(request, *args, **kwargs)


class Requests(Sync):
    """requests."""

    name = "requests"

    def __init__(self, way: str) -> None:
        self._session = requests.Session()
        if way != BARE:
            for scheme in ("http://", "https://"):
                self._session.mount(scheme, PassingAdapter() if way == PLUG else recoup.RequestsAdapter(**paced()))

    def one(self, url: str) -> bytes:
        return self._session.get(url, headers=HEADERS).content

    def close(self) -> None:
        self._session.close()


class PassingPool(urllib3.PoolManager):
    """Passes every call on."""

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> Any:  # type: ignore[override]
        return super().urlopen(method, url, redirect=redirect, **kw)


class Urllib3(Sync):
    """urllib3."""

    name = "urllib3"

    def __init__(self, way: str) -> None:
        self._pool: urllib3.PoolManager = urllib3.PoolManager() if way == BARE else PassingPool()
        if way == RECOUP:
            self._pool = recoup.PoolManager(**paced())

    def one(self, url: str) -> bytes:
        return self._pool.request("GET", url, headers=HEADERS).data

    def close(self) -> None:
        self._pool.clear()


async def passing_middleware(request: Any, handler: Any) -> Any:
    """Passes every call on."""
    return await handler(request)


class Aiohttp(Async):
    """aiohttp."""

    name = "aiohttp"

    def __init__(self, way: str) -> None:
        self.loop = asyncio.Runner()
        self.loop.run(self._open(way))

    async def _open(self, way: str) -> None:
        there = {BARE: [], PLUG: [passing_middleware]}
        middlewares: Any = there[way] if way in there else [recoup.aiohttp_middleware(**paced())]
        self._session = aiohttp.ClientSession(middlewares=middlewares)

    async def one(self, url: str) -> bytes:
        async with self._session.get(url, headers=HEADERS) as response:
            return await response.read()

    def close(self) -> None:
        self.loop.run(self._session.close())
        self.loop.close()


KINDS: dict[str, type[Client]] = {
    kind.name: kind for kind in (Httpx2, Httpx2Async, Httpx, HttpxAsync, Requests, Urllib3, Aiohttp)
}


def compare(kind: type[Client], url: str, rounds: int, calls: int) -> list[tuple[float, ...]]:
    """CPU seconds of a call in the three ways, round by round."""
    clients = [kind(way) for way in (BARE, PLUG, RECOUP)]
    try:
        for client in clients:  # imports, connections, caches
            client.run(url, 2 * calls)
        gc.collect()
        found: list[tuple[float, ...]] = []
        for turn in range(rounds):
            order = [(turn + index) % 3 for index in range(3)]  # whoever goes second finds warmer caches
            took = {index: clients[index].run(url, calls) for index in order}
            found.append((took[0], took[1], took[2]))
        return found
    finally:
        for client in clients:
            client.close()


def line(name: str, found: list[tuple[float, ...]]) -> str:
    """One row of figures."""
    bare, plug, under = (statistics.median(column) * 1e6 for column in zip(*found, strict=True))
    own = statistics.median(each[2] - each[0] for each in found) * 1e6
    ratio = statistics.median(each[2] / each[0] for each in found)
    best = [min(column) * 1e6 for column in zip(*found, strict=True)]
    least = f"{best[2] - best[0]:+.0f}"
    met = "met" if ratio <= 1.15 else "met by 40 µs" if own <= 40 else "missed"
    return f"{name:<14}{bare:>7.0f}{plug:>7.0f}{under:>8.0f}{own:>+8.0f}{ratio:>8.3f}{least:>8}   {met}"


def certificate(file: Path) -> None:
    """Write a key and a certificate for localhost, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    written = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(written + signed.public_bytes(serialization.Encoding.PEM))


def over_tls() -> int:
    """The same in a process that trusts a certificate made for it: clients read what they trust when they start."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "localhost.pem")
        certificate(file)
        trusting = {**os.environ, "SSL_CERT_FILE": str(file), "REQUESTS_CA_BUNDLE": str(file), TRUSTED: str(file)}
        return subprocess.call([sys.executable, *sys.argv], env=trusting)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--only", choices=list(KINDS), nargs="*", default=list(KINDS))
    parser.add_argument("--sizes", type=int, nargs="*", default=[2_000, 22_000], help="bytes of JSON in an answer")
    parser.add_argument("--tls", action="store_true", help="over TLS, as every call to the Selling Partner API goes")
    asked = parser.parse_args()
    trusted = os.environ.get(TRUSTED, "")
    if asked.tls and not trusted:
        return over_tls()
    origin = "https://localhost" if asked.tls else "http://127.0.0.1"
    for size in asked.sizes:
        what = f"{size} bytes of JSON{' over TLS' if asked.tls else ''}"
        print(f"{what}; microseconds of CPU a call, and the aim: 1.15 times bare, or 40 µs more")
        print(f"{'':<14}{'bare':>7}{'plug':>7}{'recoup':>8}{'more':>8}{'ratio':>8}{'least':>8}")
        command = [sys.executable, "-c", SERVER, str(size), *([trusted] if asked.tls else [])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                url = f"{origin}:{server.stdout.readline().strip()}{PATH}"
                for name in asked.only:
                    print(line(name, compare(KINDS[name], url, asked.rounds, asked.calls)), flush=True)
            finally:
                server.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
