"""How calls end through a gateway: repeated, handed up, refused, late, cut, given up; and what the program is told."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from gateway_upstream import (
    CREDENTIALS,
    INTERNAL,
    REFRESH,
    Handler,
    Received,
    Upstream,
    answer,
    errors,
    patient,
    raw,
    script,
)

from recoup.gateway import Gateway, running
from recoup.gateway.sellers import Seller

EXPIRED = errors(
    403, "Unauthorized", "Access to requested resource is denied.", "The access token you provided has expired."
)
CONFIRM = "/externalFulfillment/2024-09-11/shipments/S1?operation=CONFIRM"


@contextmanager
def gateway(
    handler: Handler | bytes | None = None, *, tokens: tuple[bytes, ...] = (), **options: Any
) -> Iterator[tuple[Upstream, Gateway]]:
    with Upstream(handler, tokens) as upstream:
        given = {"upstream": upstream.url, "transport": patient(), **CREDENTIALS, **options}
        with running(**given) as running_gateway:
            yield upstream, running_gateway


def told(response: httpx2.Response) -> dict[str, str]:
    return {
        name.removeprefix("x-recoup-"): value
        for name, value in response.headers.items()
        if name.startswith("x-recoup-")
    }


def test_a_transient_error_is_repeated_and_the_program_sees_the_end() -> None:
    with gateway(script(INTERNAL, INTERNAL, answer(200, b'{"a":1}'))) as (upstream, it):
        response = httpx2.get(it.url + "/orders/v0/orders")
        assert response.json() == {"a": 1}
        said = told(response)
        assert said.pop("waited")
        assert said == {"decision": "done", "attempts": "3"}
        assert len(upstream.calls) == 3


def test_three_attempts_and_then_amazons_own_answer() -> None:
    with gateway(INTERNAL) as (upstream, it):
        response = httpx2.get(it.url + "/orders/v0/orders")
        assert response.content == INTERNAL.partition(b"\r\n\r\n")[2]
        assert response.status_code == 500
        said = told(response)
        assert (said["decision"], said["attempts"], said["fault"]) == ("wait", "3", "other-500-internal")
        assert int(said["retry-after"]) > 0
        assert "origin" not in said
        assert len(upstream.calls) == 3


def test_a_permanent_error_is_sent_once_and_named() -> None:
    said = "Requested Entity with 'shipment' 'S1' is not found"
    with gateway(errors(404, "ResourceNotFound", said, "SC_00003")) as (upstream, it):
        response = httpx2.get(it.url + CONFIRM.partition("?")[0])
        assert response.status_code == 404
        assert told(response)["fault"] == "sc-00003-entity-not-found"
        assert told(response)["decision"] in ("give_up", "resync")
        assert told(response)["attempts"] == "1"
        assert len(upstream.calls) == 1


def test_an_expired_token_is_renewed_once() -> None:
    fresh = json.dumps({"access_token": "Atza|fresh", "token_type": "bearer", "expires_in": 3600}).encode()
    stale = json.dumps({"access_token": "Atza|stale", "token_type": "bearer", "expires_in": 3600}).encode()

    def handler(asked: Received) -> bytes:
        return answer() if asked.get("x-amz-access-token") == "Atza|fresh" else EXPIRED

    with gateway(handler, tokens=(answer(200, stale), answer(200, fresh))) as (upstream, it):
        response = httpx2.post(it.url + CONFIRM)
        assert response.status_code == 200
        assert told(response) == {"decision": "done", "attempts": "1", "token-renewed": "true"}
        assert (len(upstream.calls), len(upstream.logins)) == (2, 2)


def test_a_parked_seller_gets_a_403_and_amazon_nothing() -> None:
    body = {"error": "invalid_grant", "error_description": "The request has an invalid grant parameter : refresh_token"}
    with gateway(tokens=(answer(400, json.dumps(body).encode()),)) as (upstream, it):
        responses = [httpx2.get(it.url + "/orders/v0/orders") for _ in range(3)]
        assert {response.status_code for response in responses} == {403}
        said = told(responses[-1])
        assert (said["origin"], said["fault"], said["decision"]) == ("gateway", "lwa-invalid-grant", "give_up")
        assert said["attempts"] == "0"
        assert said["who"] in ("seller", "operator")
        (error,) = responses[-1].json()["errors"]
        assert error["code"] == "AskPerson"
        assert error["details"] == "The call was not sent to Amazon."
        assert "lwa-invalid-grant" in error["message"]
        assert REFRESH not in responses[-1].text
        assert (len(upstream.calls), len(upstream.logins)) == (0, 1)


def test_a_login_that_is_down_for_now_gets_a_503() -> None:
    down = answer(503, b'{"error":"temporarily_unavailable","error_description":"later"}')
    with gateway(tokens=(down,)) as (upstream, it):
        response = httpx2.get(it.url + "/orders/v0/orders")
        assert response.status_code == 503
        assert response.json()["errors"][0]["code"] == "TryLater"
        assert int(response.headers["retry-after"]) == int(told(response)["retry-after"]) > 0
        assert upstream.calls == []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_nobody_there() -> None:
    with running(upstream=f"http://127.0.0.1:{free_port()}", transport=patient()) as it:
        response = httpx2.post(it.url + CONFIRM, headers={"x-amz-access-token": "Atza|own"})
        assert response.status_code == 502
        (error,) = response.json()["errors"]
        assert error["code"] == "Unreachable"
        assert error["details"] == "The last attempt did not reach Amazon."
        assert "unknown-outcome" not in told(response)
        assert (told(response)["attempts"], told(response)["origin"]) == ("3", "gateway")


@pytest.mark.parametrize(("method", "sent", "unknown"), [("POST", 1, True), ("GET", 3, False)])
def test_a_cut_answer(method: str, sent: int, unknown: bool) -> None:
    with gateway(lambda _: None) as (upstream, it):
        response = httpx2.request(method, it.url + CONFIRM)
        assert response.status_code == 502
        said = told(response)
        assert said["attempts"] == str(sent) == str(len(upstream.calls))
        assert ("unknown-outcome" in said) is unknown
        (error,) = response.json()["errors"]
        assert error["code"] == "NoAnswer"
        if unknown:
            assert (said["decision"], said["read-first"]) == ("resync", "effect")
            assert said["read-back"] == "GET /externalFulfillment/2024-09-11/shipments/S1"
            assert said["read-operation"] == "external-fulfillment/2024-09-11/getShipment"
            assert "It may have taken effect: read back before sending it again." in error["details"]


def test_a_silent_server() -> None:
    silence = threading.Event()

    def handler(_: Received) -> None:
        silence.wait(20)

    with gateway(handler, timeout=0.2) as (upstream, it):
        response = httpx2.post(it.url + CONFIRM)
        silence.set()
        assert response.status_code == 504
        assert told(response)["unknown-outcome"] == "true"
        assert len(upstream.calls) == 1


def test_a_deadline_in_mid_answer() -> None:
    silence = threading.Event()

    def handler(_: Received) -> None:
        silence.wait(20)

    with gateway(handler) as (upstream, it):
        write = httpx2.post(it.url + CONFIRM, headers={"x-recoup-deadline": "0.3"}, timeout=20)
        read = httpx2.get(it.url + "/orders/v0/orders", headers={"x-recoup-deadline": "0.3"}, timeout=20)
        silence.set()
        assert (write.status_code, told(write)["unknown-outcome"], told(write)["decision"]) == (504, "true", "resync")
        assert read.status_code in (502, 504)
        assert "unknown-outcome" not in told(read)
        assert len([call for call in upstream.calls if call.method == "POST"]) == 1


def test_a_deadline_while_the_token_is_fetched_sends_nothing() -> None:
    silence = threading.Event()

    class Silent(Upstream):
        def _answer(self, asked: Received) -> bytes | None:
            silence.wait(20)
            return None

    with Silent() as upstream, running(upstream=upstream.url, **CREDENTIALS, transport=patient()) as it:
        response = httpx2.post(it.url + CONFIRM, headers={"x-recoup-deadline": "0.3"}, timeout=20)
        silence.set()
        assert response.status_code in (503, 504)
        assert told(response)["attempts"] == "0"
        assert "unknown-outcome" not in told(response)
        assert upstream.calls == []


def test_a_wait_that_the_deadline_forbids_is_not_begun() -> None:
    with gateway(INTERNAL, transport={"random": lambda: 1.0}) as (upstream, it):
        response = httpx2.get(it.url + "/orders/v0/orders", headers={"x-recoup-deadline": "0.5"})
        said = told(response)
        assert (response.status_code, said["decision"], said["reason"]) == (500, "give_up", "deadline")
        assert (said["who"], said["retry-after"]) == ("nobody", "1")
        assert len(upstream.calls) == 1


def test_a_program_that_goes_away_is_not_worked_for() -> None:
    began, over = threading.Event(), threading.Event()

    def handler(asked: Received) -> None:
        began.set()
        with suppress(OSError):
            asked.connection.recv(1)  # returns when the gateway lets go
        over.set()

    with gateway(handler) as (upstream, it):
        with socket.create_connection(("127.0.0.1", it.port), timeout=20) as connection:
            connection.sendall(b"GET /orders/v0/orders HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert began.wait(20)
        assert over.wait(20)
        deadline = time.monotonic() + 20
        while it.status()["running"] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert it.status()["running"] == 0
        assert len(upstream.calls) == 1


@pytest.mark.parametrize("buffer", [10, 1000], ids=["streamed", "kept"])
def test_a_long_answer_to_a_program_that_went_away_is_let_go(buffer: int) -> None:
    gone = threading.Event()

    def handler(asked: Received) -> None:
        asked.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while not gone.is_set():
                asked.send(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
        except OSError:
            gone.set()

    with gateway(handler, buffer=buffer) as (_, it):
        with socket.create_connection(("127.0.0.1", it.port), timeout=20) as connection:
            connection.sendall(b"PUT /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n" + b"y" * 100)
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert gone.wait(20)


def test_stopping_finishes_what_runs() -> None:
    began, go_on = threading.Event(), threading.Event()

    def handler(_: Received) -> bytes:
        began.set()
        go_on.wait(20)
        return answer(200, b'{"late":1}')

    answers: list[httpx2.Response] = []
    with gateway(handler) as (_, it):
        thread = threading.Thread(target=lambda: answers.append(httpx2.get(it.url + "/x", timeout=20)))
        thread.start()
        assert began.wait(20)
        closing = threading.Thread(target=it.close)
        closing.start()
        time.sleep(0.3)
        assert closing.is_alive()
        go_on.set()
        closing.join(20)
        thread.join(20)
    assert [response.json() for response in answers] == [{"late": 1}]


def test_stopping_with_no_patience_says_that_the_outcome_is_unknown() -> None:
    began, over = threading.Event(), threading.Event()

    def handler(_: Received) -> None:
        began.set()
        over.wait(20)

    answers: list[httpx2.Response] = []
    with gateway(handler, grace=0.2) as (_, it):
        thread = threading.Thread(target=lambda: answers.append(httpx2.post(it.url + CONFIRM, timeout=20)))
        thread.start()
        assert began.wait(20)
        it.close()
        over.set()
        thread.join(20)
    (response,) = answers
    assert (response.status_code, response.json()["errors"][0]["code"]) == (503, "Stopped")
    assert (told(response)["unknown-outcome"], told(response)["decision"]) == ("true", "resync")


def test_sellers_and_scopes_have_tokens_of_their_own() -> None:
    class Telling(Upstream):
        def _answer(self, asked: Received) -> bytes | None:
            if asked.target == "/auth/o2/token":
                asked.body = b"".join(asked.parts())
                self.logins.append(asked)
                who = asked.body.decode().partition("refresh_token=Atzr%7C")[2].partition("&")[0] or "grantless"
                body = {"access_token": f"Atza|{who}", "token_type": "bearer", "expires_in": 3600}
                return answer(200, json.dumps(body).encode())
            return super()._answer(asked)

    sellers = {name: Seller(name=name, refresh_token=f"Atzr|{name}") for name in ("one", "two")}
    given = {name: CREDENTIALS[name] for name in ("client_id", "client_secret")}
    with Telling() as upstream, running(upstream=upstream.url, **given, sellers=sellers, transport=patient()) as it:
        for fields in (
            {"x-recoup-seller": "one"},
            {"x-recoup-seller": "two"},
            {"x-recoup-seller": "one"},
            {"x-recoup-seller": "one", "x-recoup-scope": "sellingpartnerapi::notifications"},
        ):
            assert httpx2.get(it.url + "/orders/v0/orders", headers=fields).status_code == 200
        destinations = "/notifications/v1/destinations"
        assert httpx2.get(it.url + destinations, headers={"x-recoup-seller": "two"}).status_code == 200
        assert httpx2.get(
            it.url + destinations, headers={"x-recoup-seller": "two", "x-recoup-scope": "none"}
        ).is_success
        assert httpx2.get(it.url + "/orders/v0/orders").status_code == 400
        assert [call.get("x-amz-access-token") for call in upstream.calls] == [
            "Atza|one",
            "Atza|two",
            "Atza|one",
            "Atza|grantless",
            "Atza|grantless",  # by the operation, which the fact table knows
            "Atza|two",
        ]
        assert len(upstream.logins) == 3
        assert [seller["name"] for seller in it.status()["sellers"]] == ["one", "two"]


def test_a_usage_plan_is_kept_and_a_deadline_is_shorter_than_its_queue() -> None:
    """getOrders has a burst of 20, and then one place a minute."""
    with gateway(transport={}) as (upstream, it):
        with httpx2.Client(base_url=it.url, headers={"x-recoup-deadline": "1"}) as client:
            response = client.get("/orders/v0/orders")
            while response.status_code == 200:
                response = client.get("/orders/v0/orders")
        said = told(response)
        assert response.status_code == 503
        assert (said["origin"], said["attempts"], said["reason"]) == ("gateway", "0", "deadline")
        (error,) = response.json()["errors"]
        assert error["code"] == "TryLater"
        assert "usage plan" in error["message"]
        assert 1 <= int(said["retry-after"]) <= 60
        assert response.headers["retry-after"] == said["retry-after"]
        assert "unknown-outcome" not in said
        assert 18 <= len(upstream.calls) <= 21
        (bucket,) = it.status()["buckets"]
        assert bucket["burst"] == 20


def test_an_upload_that_is_broken_off_reaches_amazon_as_broken_off() -> None:
    over = threading.Event()

    def handler(asked: Received) -> None:
        with suppress(ValueError):
            for part in asked.parts():
                if not part:
                    break
        over.set()

    with gateway(handler, buffer=10) as (upstream, it):
        with socket.create_connection(("127.0.0.1", it.port), timeout=20) as connection:
            connection.sendall(b"PUT /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\nx-stream: 1\r\n\r\nabc")
            deadline = time.monotonic() + 20
            while not upstream.calls and time.monotonic() < deadline:
                time.sleep(0.01)
        assert over.wait(20)
        while it.status()["running"] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert it.status()["running"] == 0
        assert len(upstream.calls) == 1


def test_heads_and_bodies_that_do_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoup.gateway.protocol.HEAD_SECONDS", 0.2)
    monkeypatch.setattr("recoup.gateway.bodies.BODY_SECONDS", 0.2)
    with gateway() as (upstream, it):
        assert b" 408 " in raw(it.port, b"GET /x HTTP/1.1\r\nHost: 127.")
        assert b" 408 " in raw(it.port, b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nabc")
        assert raw(it.port, b"") == b""
        assert upstream.calls == []


LOCKED = errors(
    400,
    "InvalidInput",
    "Maximum number of retry reached for order 'S1' or on a operation of order, Please try after '3600' seconds.",
    "SC_00005",
)


def test_what_is_locked_out_is_held_back_also_by_another_gateway_over_the_same_store(tmp_path: Path) -> None:
    store = tmp_path / "recoup.db"
    with gateway(LOCKED, store=store, transport={}) as (upstream, it):
        first, second = httpx2.post(it.url + CONFIRM), httpx2.post(it.url + CONFIRM)
        assert (first.status_code, told(first)["fault"]) == (400, "sc-00005-max-retries")
        assert told(first)["retry-after"] == "3600"
        assert "origin" not in told(first)
        assert (second.status_code, told(second)["origin"]) == (503, "gateway")
        assert told(second)["fault"] == "sc-00005-max-retries"
        assert told(second)["attempts"] == "0"
        assert 3500 < int(second.headers["retry-after"]) <= 3600
        assert second.json()["errors"][0]["code"] == "TryLater"
        with running(upstream=upstream.url, **CREDENTIALS, store=store) as other:
            assert httpx2.post(other.url + CONFIRM).status_code == 503
            (hold,) = httpx2.get(other.url + "/-/status").json()["holds"]
            assert hold["fault"] == "sc-00005-max-retries"
        assert len(upstream.calls) == 1


@pytest.mark.parametrize(("method", "unknown"), [("GET", None), ("POST", "true")])
def test_a_mistake_of_the_gateway_is_told_as_one_and_the_next_call_works(
    method: str, unknown: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("planted, with Atza|planted-access in it")

    with gateway() as (_, it):
        with monkeypatch.context() as patch:
            patch.setattr("recoup.gateway.passage.outcome_fields", broken)
            response = httpx2.request(method, it.url + "/x")
        assert response.status_code == 500
        assert response.json()["errors"][0]["code"] == "GatewayError"
        said = told(response)
        assert (said["origin"], said["decision"], said["who"]) == ("gateway", "give_up", "developer")
        assert said.get("unknown-outcome") == unknown
        assert "RuntimeError: planted" in caplog.text
        assert "Atza" not in response.text + caplog.text
        assert httpx2.get(it.url + "/x").status_code == 200
        assert it.status()["running"] == 0


def test_health_and_status() -> None:
    with gateway(script(answer(), INTERNAL)) as (upstream, it):
        assert httpx2.get(it.url + "/-/health").json() == {"status": "ok"}
        for _ in range(2):
            httpx2.get(it.url + "/orders/v0/orders")
        httpx2.get(it.url + "//evil")
        status = httpx2.get(it.url + "/-/status").json()
        assert status == it.status() | {"up": status["up"]}
        assert (status["upstream"], status["brings_tokens"], status["running"]) == (upstream.url, True, 0)
        assert status["answers"] == {"2xx": 1, "5xx": 1}
        assert (status["attempts"], status["refused"]) == (4, 1)
        assert status["faults"] == {"other-500-internal": 1}
        assert status["decisions"] == {"done": 1, "wait": 1}
        assert httpx2.get(it.url + "/-/other").status_code == 404
        assert httpx2.post(it.url + "/-/status").status_code == 404
        assert httpx2.head(it.url + "/-/health").status_code == 200


def test_fifty_clients_at_once_and_every_call_is_counted_once() -> None:
    def handler(asked: Received) -> bytes:
        return answer(200, json.dumps({"target": asked.target, "body": asked.body.decode()}).encode())

    wrong: list[str] = []

    def work(who: int) -> None:
        with httpx2.Client(base_url=it.url, timeout=30) as client:
            for number in range(10):
                response = client.post(f"/x/{who}/{number}", content=f"{who}-{number}")
                if response.json() != {"target": f"/x/{who}/{number}", "body": f"{who}-{number}"}:
                    wrong.append(response.text)

    with gateway(handler) as (upstream, it):
        threads = [threading.Thread(target=work, args=(who,)) for who in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert wrong == []
        assert len(upstream.calls) == 500
        assert len({call.target for call in upstream.calls}) == 500
        assert len(upstream.logins) == 1
        assert it.status()["answers"] == {"2xx": 500}
        assert it.status()["attempts"] == 500
