"""Starting and stopping: in a thread for tests, in the foreground for the command."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from wire import call, fetch_token, head

import recoup
from recoup.errors import SettingsError
from recoup.sandbox import running

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
KEYS = [
    "endpoint",
    "endpoints",
    "token_url",
    "consent_url",
    "application_id",
    "client_id",
    "client_secret",
    "refresh_token",
    "merchant_id",
    "marketplace_id",
    "location_ids",
    "control_url",
]


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_it_prints_what_a_client_needs() -> None:
    with running(seed=1) as sandbox:
        shown = sandbox.as_dict()
        assert list(shown) == KEYS
        assert shown["endpoints"]["NA"] == shown["endpoint"]
        assert set(shown["endpoints"]) == {"NA", "EU", "FE"}
        assert shown["client_id"].startswith("amzn1.application-oa2-client.")
        assert shown["client_secret"].startswith("amzn1.oa2-cs.v1.")
        assert shown["refresh_token"].startswith("Atzr|")
        assert shown["marketplace_id"] == "ATVPDKIKX0DER"
        assert set(shown["location_ids"]) == {"FBA", "MFN"}
        assert json.loads(json.dumps(shown)) == shown


def test_the_function_is_reached_by_every_road() -> None:
    import recoup.sandbox.serving as module

    roads: list[Any] = [recoup.sandbox.running, module.running]
    for road in roads:
        with road(seed=1, clock="frozen") as sandbox:
            assert sandbox.clock.mode == "frozen"


def test_the_seed_decides_the_credentials_and_not_the_time() -> None:
    def credentials(seed: int, epoch: float) -> list[object]:
        with running(seed=seed, epoch=epoch) as sandbox:
            return [value for key, value in sandbox.as_dict().items() if "url" not in key and "endpoint" not in key]

    assert credentials(5, 1.7e9) == credentials(5, 1.8e9)
    assert credentials(5, 1.7e9) != credentials(6, 1.7e9)


def test_the_port_is_free_again_afterwards() -> None:
    with running() as sandbox:
        port = port_of(sandbox.endpoint)
    with running(port=port) as sandbox:
        assert port_of(sandbox.endpoint) == port


def test_a_taken_port_is_a_clear_complaint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"cannot listen on 127.0.0.1 port {port}"), running(port=port):
            pass
    with pytest.raises(SettingsError, match="cannot listen"), running(port=70_000):
        pass


def test_closing_drops_connections_and_may_be_done_twice() -> None:
    with running() as sandbox:
        connection = socket.create_connection(("127.0.0.1", port_of(sandbox.endpoint)), timeout=10)
        connection.sendall(b"GET /unfinished")
    with connection, contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b""
    sandbox.close()


def test_closing_does_not_wait_for_what_is_in_flight() -> None:
    with running(clock="frozen") as sandbox:
        shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        sandbox.stage.take_time("processShipment", 20)
        token = fetch_token(sandbox)
        connection = socket.create_connection(("127.0.0.1", port_of(sandbox.endpoint)), timeout=10)
        connection.sendall(head("POST", f"{SHIPMENTS}/{shipment}?operation=CONFIRM", token, "Content-Length: 0"))
    connection.close()


def test_many_sandboxes_live_side_by_side() -> None:
    with running(seed=1) as one, running(seed=2) as two:
        token = fetch_token(one)
        assert call(one.endpoint, head("GET", SHIPMENTS + "?status=ACCEPTED", token)).status == 200
        assert call(two.endpoint, head("GET", SHIPMENTS + "?status=ACCEPTED", token)).status == 403


def test_threads_may_set_the_stage_while_others_call() -> None:
    with running(seed=1, clock="frozen") as sandbox:
        token, location = fetch_token(sandbox), sandbox.location_ids["MFN"]
        stop = threading.Event()

        def churn() -> int:
            made = 0
            while not stop.is_set() and made < 500:
                sandbox.stage.add_shipment(location_id=location)
                sandbox.clock.advance(1)
                made += 1
            return made

        with ThreadPoolExecutor(4) as pool:
            churned = pool.submit(churn)
            target = head("GET", SHIPMENTS + "?status=ACCEPTED", token)
            statuses = list(pool.map(lambda _: call(sandbox.endpoint, target).status, range(60)))
            stop.set()
            assert churned.result() > 0
        assert set(statuses) <= {200, 403, 429}, "403: an hour of virtual time may pass meanwhile"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_answers_until_it_is_told_to_stop(number: signal.Signals) -> None:
    program = (
        "import json, sys\n"
        "from recoup.sandbox.serving import serve_forever\n"
        "serve_forever(seed=1, announce=lambda shown: print(json.dumps(shown), flush=True))\n"
        "print('bye')\n"
    )
    with subprocess.Popen([sys.executable, "-W", "error", "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            shown = json.loads(process.stdout.readline())
            assert list(shown) == KEYS
            clock = call(shown["endpoint"], head("GET", "/_sandbox/clock"))
            assert json.loads(clock.body)["mode"] == "wall"
            assert call(shown["endpoint"], head("GET", SHIPMENTS)).status == 403
            process.send_signal(number)
            assert process.wait(10) == 0
            assert process.stdout.read() == "bye\n"
        finally:
            process.kill()


def test_a_call_in_flight_is_answered_when_the_world_begins_anew() -> None:
    with running(seed=1, clock="frozen") as sandbox, ThreadPoolExecutor(1) as pool:
        shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        sandbox.stage.take_time("processShipment", 10.0)
        asked = head("POST", f"{SHIPMENTS}/{shipment}?operation=CONFIRM", fetch_token(sandbox), "Content-Length: 0")
        waiting = pool.submit(call, sandbox.endpoint, asked)
        assert sandbox.clock.wait_for_sleepers(timeout=10)
        sandbox.clock.advance(5)
        sandbox.reset()
        assert waiting.result(timeout=10).status == 204
