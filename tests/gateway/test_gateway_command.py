"""`recoup gateway` as a program: what it prints, how it is stopped, what it complains of."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from gateway_upstream import CLIENT_ID, REFRESH, SECRET, Received, Upstream, answer, errors

from recoup.cli.main import Streams, main

ENVIRONMENT = {
    "RECOUP_CLIENT_ID": CLIENT_ID,
    "RECOUP_CLIENT_SECRET": SECRET,
    "RECOUP_REFRESH_TOKEN": REFRESH,
    "SHOP_TWO": "Atzr|planted-two",
}


@contextmanager
def command(*arguments: str, log: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", "from recoup.cli import entry; entry()", "gateway", "--json", *arguments],
            env={**os.environ, **ENVIRONMENT, **environment},
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
        )
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(20)
            assert process.stdout is not None
            process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_when_it_says_so_and_finishes_what_runs(number: int, tmp_path: Path) -> None:
    began, go_on = threading.Event(), threading.Event()

    def handler(asked: Received) -> bytes:
        if asked.target == "/slow":
            began.set()
            go_on.wait(20)
        return answer(200, b'{"a":1}')

    log = tmp_path / "log"
    with Upstream(handler) as upstream, command("--upstream", upstream.url, log=log) as (process, said):
        assert set(said) == {"url", "port", "upstream", "proxy", "sellers", "health_url", "status_url"}
        assert said["url"] == f"http://127.0.0.1:{said['port']}"
        assert httpx2.get(said["health_url"]).json() == {"status": "ok"}
        assert httpx2.get(said["url"] + "/orders/v0/orders?secret=planted-query").json() == {"a": 1}
        late: list[httpx2.Response] = []
        thread = threading.Thread(target=lambda: late.append(httpx2.get(said["url"] + "/slow", timeout=20)))
        thread.start()
        assert began.wait(20)
        process.send_signal(number)
        go_on.set()
        thread.join(20)
        assert [response.json() for response in late] == [{"a": 1}]
        assert process.wait(20) == 0
    lines = log.read_text()
    assert "GET orders/v0/getOrders 200" in lines
    assert "planted" not in lines


def test_a_second_signal_waits_for_nothing(tmp_path: Path) -> None:
    began, over = threading.Event(), threading.Event()

    def handler(_: Received) -> None:
        began.set()
        over.wait(20)

    with Upstream(handler) as upstream:
        with command("--upstream", upstream.url, log=tmp_path / "log") as (process, said):
            thread = threading.Thread(target=lambda: httpx2.get(said["url"] + "/slow", timeout=20))
            thread.start()
            assert began.wait(20)
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
            thread.join(20)
        over.set()


def test_several_sellers_and_a_store(tmp_path: Path) -> None:
    file = tmp_path / "sellers.toml"
    file.write_text('[two]\nrefresh_token_from = "SHOP_TWO"\n', encoding="utf-8")
    store = str(tmp_path / "recoup.db")
    with (
        Upstream() as upstream,
        command(
            *("--upstream", upstream.url, "--sellers", str(file), "--store", store, "--quiet"),
            log=tmp_path / "log",
        ) as (_, said),
    ):
        assert said["sellers"] == ["two"]
        own = httpx2.get(said["url"] + "/orders/v0/orders")
        two = httpx2.get(said["url"] + "/orders/v0/orders", headers={"x-recoup-seller": "two"})
        assert (own.status_code, two.status_code) == (200, 200)
        assert [b"planted-two" in login.body for login in upstream.logins] == [False, True]
        buckets = httpx2.get(said["status_url"]).json()["buckets"]
        assert {bucket["operation"] for bucket in buckets} == {"orders/v0/getOrders"}
        assert "two" in {bucket["seller"] for bucket in buckets}
    assert (tmp_path / "log").read_text() == ""
    assert b"planted" not in Path(store).read_bytes()


def test_a_call_that_failed_has_one_line_and_with_verbose_more(tmp_path: Path) -> None:
    with Upstream(errors(403, "Unauthorized", "Access to requested resource is denied.")) as upstream:
        for option in ("--grace=1", "--verbose"):
            with command("--upstream", upstream.url, option, log=tmp_path / option) as (_, said):
                httpx2.get(said["url"] + "/orders/v0/orders")
    assert (tmp_path / "--grace=1").read_text().count("\n") == 1
    assert (tmp_path / "--verbose").read_text().count("\n") > 1


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(["gateway", *arguments], Streams(io.BytesIO(), out, err), environment)
    return status, out.getvalue() + err.getvalue()


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("--region", "US"), {}, "'US' is not one of"),
        (("--upstream", "https://evil.example"), {}, "upstream: 'https://evil.example' is refused"),
        (("--host", "0.0.0.0"), {}, "RECOUP_GATEWAY_KEY"),
        (("--sellers", "nobody.toml"), {}, "nobody.toml cannot be read"),
        ((), {"RECOUP_CLIENT_ID": CLIENT_ID}, "client_secret, refresh_token: missing"),
        ((), {"RECOUP_GATEWAY_KEY": "short"}, "key: give at least 16"),
        (("--timeout", "0"), {}, "timeout: 0.0 is not valid"),
        (("--store", "mysql://x"), {}, "a store cannot be opened at mysql"),
    ],
)
def test_what_it_cannot_do_it_says(arguments: tuple[str, ...], environment: dict[str, str], said: str) -> None:
    status, text = run(*arguments, **environment)
    assert status == 2
    assert said in text


def test_a_port_that_is_taken() -> None:
    with Upstream() as upstream:
        port = upstream.url.rpartition(":")[2]
        status, text = run("--port", port)
        assert status == 2
        assert f"port: the gateway cannot listen on 127.0.0.1 port {port}" in text


def test_help_teaches() -> None:
    status, text = run("--help")
    assert status == 0
    for word in ("RECOUP_CLIENT_ID", "x-recoup-seller", "x-recoup-deadline", "--upstream", "/-/status"):
        assert word in text
