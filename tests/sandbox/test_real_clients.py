"""No valid request is refused: what the clients of today put on the wire passes the front door byte by byte.

Each makes the same calls: a read with a query, an empty write, JSON with its length, a body in chunks, a HEAD. None of
them may meet the page of malformed HTTP; what the API itself makes of the call is another matter.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import httpx
import httpx2
import pytest

from recoup.sandbox import Sandbox, running

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
QUERY = "?status=ACCEPTED&lastUpdatedAfter=2026-01-01T00%3A00%3A00%2B01%3A00"
BODY = json.dumps({"packages": []})
AGENT = {"User-Agent": "tests/1.0 (Language=Python)"}

# (method, path, body, in chunks)
CALLS = [
    ("GET", SHIPMENTS + QUERY, None, False),
    ("HEAD", SHIPMENTS + QUERY, None, False),
    ("DELETE", "/notifications/v1/destinations/x", None, False),
    ("POST", SHIPMENTS + "/x?operation=CONFIRM", "", False),
    ("POST", SHIPMENTS + "/x/packages", BODY, False),
    ("PUT", SHIPMENTS + "/x/packages/p", BODY, False),
    ("PATCH", SHIPMENTS + "/x/packages/p", BODY, False),
    ("POST", SHIPMENTS + "/x/packages", BODY, True),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1) as running_sandbox:
        yield running_sandbox


def passes(sandbox: Sandbox, statuses: list[int]) -> None:
    """Every call was answered by the API, and the front door refused none as malformed."""
    assert len(statuses) == len(CALLS)
    assert [refused for refused in sandbox.refusals(100) if str(refused["rule"]).startswith("wire.")] == []
    assert all(400 <= status < 500 for status in statuses)  # no token: refused by the API, in JSON


def chunks(body: str) -> Iterator[bytes]:
    yield body[:5].encode()
    yield body[5:].encode()


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_httpx_and_httpx2(sandbox: Sandbox, library: Any) -> None:
    statuses = []
    with library.Client(headers=AGENT) as client:
        for method, path, body, chunked in CALLS:
            content: Any = chunks(body) if chunked and body else body
            kind = {"Content-Type": "application/json"} if body else {}
            statuses.append(client.request(method, sandbox.endpoint + path, content=content, headers=kind).status_code)
    passes(sandbox, statuses)


def test_http_client_of_the_standard_library(sandbox: Sandbox) -> None:
    from http.client import HTTPConnection

    connection = HTTPConnection(sandbox.endpoint.removeprefix("http://"), timeout=10)
    statuses = []
    for method, path, body, chunked in CALLS:
        kind = {"Content-Type": "application/json"} if body else {}
        content: Any = chunks(body) if chunked and body else body
        connection.request(method, path, content, {**AGENT, **kind}, encode_chunked=chunked)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    passes(sandbox, statuses)


@pytest.mark.long
def test_requests(sandbox: Sandbox) -> None:
    requests = import_module("requests")
    statuses = []
    with requests.Session() as session:
        for method, path, body, chunked in CALLS:
            content: Any = chunks(body) if chunked and body else body
            kind = {"Content-Type": "application/json"} if body else {}
            answer = session.request(
                method, sandbox.endpoint + path, data=content, headers={**AGENT, **kind}, timeout=10
            )
            statuses.append(answer.status_code)
    passes(sandbox, statuses)


@pytest.mark.long
def test_urllib3(sandbox: Sandbox) -> None:
    urllib3 = import_module("urllib3")
    statuses = []
    with urllib3.PoolManager(retries=False) as pool:
        for method, path, body, chunked in CALLS:
            content: Any = chunks(body) if chunked and body else body
            kind = {"Content-Type": "application/json"} if body else {}
            answer = pool.request(method, sandbox.endpoint + path, body=content, headers={**AGENT, **kind})
            statuses.append(answer.status)
    passes(sandbox, statuses)


@pytest.mark.long
def test_aiohttp(sandbox: Sandbox) -> None:
    aiohttp = import_module("aiohttp")

    async def pieces(body: str) -> Any:
        for piece in chunks(body):
            yield piece

    async def calls() -> list[int]:
        statuses = []
        async with aiohttp.ClientSession(headers=AGENT) as session:
            for method, path, body, chunked in CALLS:
                content: Any = pieces(body) if chunked and body else body or None
                kind = {"Content-Type": "application/json"} if body else {}
                url = sandbox.endpoint + path
                async with session.request(method, url, data=content, headers=kind) as answer:
                    await answer.read()
                    statuses.append(answer.status)
        return statuses

    passes(sandbox, asyncio.run(calls()))


def _run(command: list[str], given: str = "") -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.long
def test_curl(sandbox: Sandbox) -> None:
    statuses = []
    for method, path, body, chunked in CALLS:
        how = ["-I"] if method == "HEAD" else ["-X", method]
        sent = [] if body is None else ["--data-binary", body, "-H", "Content-Type: application/json"]
        pieces = ["-H", "Transfer-Encoding: chunked"] if chunked else []
        form = ["-s", "-o", "/dev/null", "-w", "%{http_code}"]
        statuses.append(int(_run(["curl", *form, *how, *sent, *pieces, sandbox.endpoint + path])))
    expect = ["-H", "Expect: 100-continue", "--data-binary", "x" * 5000]
    assert "100 Continue" in _run(["curl", "-s", "-i", *expect, sandbox.endpoint + SHIPMENTS + "/x/packages"])
    passes(sandbox, statuses)


_FETCH = """
const [endpoint, calls] = JSON.parse(require("fs").readFileSync(0, "utf8"));
(async () => {
  const statuses = [];
  for (const [method, path, body, chunked] of calls) {
    const headers = { "User-Agent": "tests/1.0 (Language=JavaScript)" };
    if (body) headers["Content-Type"] = "application/json";
    const pieces = () => new ReadableStream({
      start(c) {
        const encoder = new TextEncoder();
        c.enqueue(encoder.encode(body.slice(0, 5)));
        c.enqueue(encoder.encode(body.slice(5)));
        c.close();
      },
    });
    const options = { method, headers };
    if (body !== null) options.body = chunked ? pieces() : body;
    if (chunked) options.duplex = "half";
    const answer = await fetch(endpoint + path, options);
    await answer.arrayBuffer();
    statuses.push(answer.status);
  }
  console.log(JSON.stringify(statuses));
})();
"""


@pytest.mark.long
def test_fetch_of_node(sandbox: Sandbox) -> None:
    passes(sandbox, json.loads(_run(["node", "-e", _FETCH], json.dumps([sandbox.endpoint, CALLS]))))
