"""curl and Node's fetch through a gateway, with what other clients in this test suite do not do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_upstream import CREDENTIALS, INTERNAL, TOKEN, Received, Upstream, answer, patient

import recoup
from recoup.gateway import Gateway, running

pytestmark = pytest.mark.long  # they need curl and Node, which the longer tier sees to


def echo(asked: Received) -> bytes:
    if asked.target.startswith("/broken"):
        return INTERNAL
    if asked.method == "HEAD":
        return b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n"
    if asked.method == "DELETE":
        return answer(204, b"")
    said = {
        "method": asked.method,
        "target": asked.target,
        "length": len(asked.body),
        "token": asked.get("x-amz-access-token") == TOKEN,
        "host": asked.get("host"),
    }
    return answer(200, json.dumps(said).encode())


@pytest.fixture
def world() -> Iterator[tuple[Upstream, Gateway]]:
    with (
        Upstream(echo) as upstream,
        running(upstream=upstream.url, **CREDENTIALS, transport=patient()) as gateway,
    ):
        yield upstream, gateway


def curl(*arguments: str, given: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    done = subprocess.run(["curl", "-sS", "-i", *arguments], input=given, capture_output=True, timeout=60, check=True)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


def test_curl_get_and_head_and_delete(world: tuple[Upstream, Gateway]) -> None:
    upstream, gateway = world
    status, fields, body = curl(gateway.url + "/a/b%2Fc?d=%20e")
    said = {"method": "GET", "target": "/a/b%2Fc?d=%20e", "length": 0, "token": True}
    assert (status, json.loads(body)) == (200, said | {"host": upstream.url.removeprefix("http://")})
    assert (fields["x-recoup-decision"], fields["x-recoup-attempts"]) == ("done", "1")
    status, fields, body = curl("-I", gateway.url + "/x")
    assert (status, fields["content-length"], body) == (200, "77", b"")
    status, fields, body = curl("-X", "DELETE", gateway.url + "/x")
    assert (status, body, "content-length" in fields) == (204, b"", False)


def test_curl_uploads_in_every_way(world: tuple[Upstream, Gateway]) -> None:
    _, gateway = world
    large = b"x" * 5_000_000
    for arguments, given, length in (
        (("--data-binary", "@-"), b"{}", 2),
        (("--data-binary", "@-", "-H", "Transfer-Encoding: chunked"), b"{}", 2),
        (("--data-binary", "@-", "-H", "Expect: 100-continue"), b"{}", 2),
        (("--data-binary", "@-"), large, len(large)),
        (("-T", "-"), large, len(large)),  # in chunks, as they come
    ):
        status, _, body = curl(*arguments, gateway.url + "/x", given=given)
        assert (status, json.loads(body)["length"]) == (200, length)


def test_curl_is_told_how_a_call_ended(world: tuple[Upstream, Gateway]) -> None:
    upstream, gateway = world
    status, fields, _ = curl(gateway.url + "/broken")
    assert (status, fields["x-recoup-decision"], fields["x-recoup-attempts"]) == (500, "wait", "3")
    assert fields["x-recoup-fault"] == "other-500-internal"
    assert len(upstream.calls) == 3


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("-H", "Host: evil.example", "/x"), 421),
        (("--path-as-is", "//evil.example/x"), 400),
        (("--request-target", "http://evil.example/x", "/x"), 421),
        (("--request-target", "@evil.example/x", "/x"), 400),
        (("-X", "OPTIONS", "/x"), 405),
        (("--http1.0", "/x"), 505),
        (("-H", "Origin: https://evil.example", "/x"), 403),
    ],
)
def test_curl_is_refused(arguments: tuple[str, ...], status: int, world: tuple[Upstream, Gateway]) -> None:
    upstream, gateway = world
    *options, path = arguments
    found, fields, body = curl(*options, gateway.url + path)
    assert (found, json.loads(body)["errors"][0]["code"]) == (status, "RefusedByGateway")
    assert fields["x-recoup-origin"] == "gateway"
    assert upstream.calls == []


def test_curl_finds_no_tunnel(world: tuple[Upstream, Gateway]) -> None:
    upstream, gateway = world
    done = subprocess.run(
        ["curl", "-sS", "-p", "-x", gateway.url, "https://evil.example/"], capture_output=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert upstream.calls == []


_FETCH = """
const [url, count] = JSON.parse(require("fs").readFileSync(0, "utf8"));
const stream = (parts, size) => new ReadableStream({
  pull(c) { if (parts-- > 0) c.enqueue(new Uint8Array(size)); else c.close(); },
});
(async () => {
  const all = await Promise.all(Array.from({ length: count }, (_, n) =>
    fetch(`${url}/n/${n}`, { method: "POST", body: String(n) }).then((r) => r.json())));
  const up = await fetch(`${url}/up`, { method: "PUT", body: stream(50, 65536), duplex: "half" });
  const none = await fetch(`${url}/none`, { method: "DELETE" });
  const bad = await fetch(`${url}/broken`);
  await bad.arrayBuffer();
  console.log(JSON.stringify({
    targets: all.map((each) => each.target), up: (await up.json()).length,
    none: [none.status, await none.text()],
    bad: [bad.status, bad.headers.get("x-recoup-fault"), bad.headers.get("x-recoup-decision")],
  }));
})();
"""


def node(script: str, given: Any) -> Any:
    done = subprocess.run(
        ["node", "-e", script], input=json.dumps(given), capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


def test_fetch_of_node(world: tuple[Upstream, Gateway]) -> None:
    upstream, gateway = world
    said = node(_FETCH, [gateway.url, 50])
    assert said == {
        "targets": [f"/n/{n}" for n in range(50)],
        "up": 50 * 65536,
        "none": [204, ""],
        "bad": [500, "other-500-internal", "wait"],
    }
    assert len(upstream.calls) == 50 + 1 + 1 + 3
    assert len(upstream.logins) == 1


_ORDER = """
const [url, shipment] = JSON.parse(require("fs").readFileSync(0, "utf8"));
(async () => {
  const path = `${url}/externalFulfillment/2024-09-11/shipments/${shipment}`;
  const confirmed = await fetch(`${path}?operation=CONFIRM`, { method: "POST" });
  const read = await (await fetch(path)).json();
  console.log(JSON.stringify([confirmed.status, confirmed.headers.get("x-recoup-decision"), read.status]));
})();
"""


def test_an_order_from_node_through_the_gateway_at_the_sandbox() -> None:
    with recoup.sandbox.running(seed=1) as sandbox:
        shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        credentials = {name: getattr(sandbox, name) for name in ("client_id", "client_secret", "refresh_token")}
        with running(upstream=sandbox.endpoint, **credentials) as gateway:
            sandbox.raise_fault("sc-00001-service-unavailable", how="plan")
            assert node(_ORDER, [gateway.url, shipment]) == [204, "done", "CONFIRMED"]
