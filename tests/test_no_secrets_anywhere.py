"""A full run under every client, with secrets planted wherever they can stand; then everything that the run left behind
is searched for them: logs of all libraries, events, spans, metrics, exceptions, outcomes, records, stores, reports.

Not searched, because they hold the live objects themselves: the local variables of a traceback's frames (a debugger's
view), and what the caller is given to see (the response and its body).
"""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from psycopg import sql

import recoup
from recoup import telemetry
from recoup.cli.main import Streams, main
from recoup.telemetry.hushing import LOGGERS
from secret_hunt import Loot, forms, hunt
from storage_fixtures import Postgres

sys.path.append(str(Path(__file__).parent / "transports"))
from every_client import EVERY, Client
from transport_server import (
    EXPIRED,
    INTERNAL,
    OK,
    Answer,
    Received,
    Server,
    errors,
    login_error,
    token,
)

SECRET = "amzn1.oa2-cs.v1.planted+secret/0123456789abcdef"
OLD_SECRET = "amzn1.oa2-cs.v1.planted+before/0123456789abcdef"
REFRESH = "Atzr|IwEBIplanted-refresh+/0123456789_abc=="
OTHER_REFRESH = "Atzr|IwEBIplanted-other+/0123456789_abc=="
TOKENS = tuple(f"Atza|IwEBIplanted-access-{number}+/0123456789=" for number in range(1, 9))
BUYER = "planted.buyer@example.com"
KEY = "planted key that seals the tokens"
PLANTED = (SECRET, OLD_SECRET, REFRESH, OTHER_REFRESH, *TOKENS, BUYER, KEY)

SHIPMENT = "/externalFulfillment/2024-09-11/shipments/S1"
ORDERS = f"/orders/v0/orders?BuyerEmail={BUYER.replace('@', '%40')}&MarketplaceIds=ATVPDKIKX0DER"
STOCK = "/externalFulfillment/inventory/2024-09-11/inventories"
ECHO = f"token {TOKENS[0]}, {TOKENS[1]!r}, refresh_token={REFRESH}, client_secret={SECRET}, {BUYER}"

ORDER = Answer(200, json.dumps({"payload": {"Orders": [{"BuyerInfo": {"BuyerEmail": BUYER}}]}}).encode())
LEAKY = errors("InvalidInput", f"Invalid input '{TOKENS[0]}' for parameter '{BUYER}'", ECHO)
UNKNOWN_CODE = errors("Whatever", ECHO, ECHO, status=422)
DENIED = errors("Unauthorized", "Access to requested resource is denied.", ECHO, status=403)
PAGE = Answer(400, f"<html><body><h1>Bad Request</h1>{ECHO}</body></html>".encode(), {"Content-Type": "text/html"})
FAILED = {"skuId": "K", "locationId": BUYER, "actionableErrors": [{"errorType": ECHO, "errorSubType": "SC_20002"}]}
PARTS = Answer(207, json.dumps({"responses": [{"status": {"statusCode": 409}, "body": FAILED}]}).encode())
CUT = Answer(200, json.dumps({"said": ECHO}).encode(), cut=40)
BUSY = errors("QuotaExceeded", "You exceeded your quota for the requested resource.", ECHO, status=429)
COOKIE = Answer(200, b"{}", {"Content-Type": "application/json", "Set-Cookie": f"session={TOKENS[2]}"})
LOCKED = errors(
    "InvalidInput",
    f"Maximum number of retry reached for order '{BUYER}' or on a operation of order, Please try after '3600' seconds.",
    f"SC_00005 {ECHO}",
)

SCRIPT = (
    *(ORDER, EXPIRED, OK, LEAKY, UNKNOWN_CODE, DENIED, PAGE, PARTS, CUT),
    *(INTERNAL, INTERNAL, COOKIE, BUSY, BUSY, OK, LOCKED),
)
CALLS: tuple[tuple[str, str, bytes | None], ...] = (
    ("GET", ORDERS, None),
    ("GET", SHIPMENT, None),  # a refused token, renewed
    ("POST", SHIPMENT + "?operation=CONFIRM", f'{{"buyer": "{BUYER}"}}'.encode()),
    ("GET", SHIPMENT + f"?x={BUYER}", None),
    ("GET", SHIPMENT, None),
    ("GET", f"{SHIPMENT}/{BUYER}", None),
    ("POST", STOCK, f'{{"note": "{ECHO}"}}'.encode()),
    ("POST", SHIPMENT + "?operation=CONFIRM", None),  # its answer is cut off
    ("GET", SHIPMENT, None),  # repeated until it succeeds
    ("GET", ORDERS, None),  # throttled
    ("POST", SHIPMENT + "?operation=CONFIRM", None),  # locked out for an hour
    ("POST", SHIPMENT + "?operation=CONFIRM", None),  # held back
)


def tokens(request: Received) -> Answer:
    """A new access token each time; the other authorization is refused, with all of it in the answer."""
    asked = request.form
    if asked.get("refresh_token") == OTHER_REFRESH:
        return login_error("invalid_grant", f"{ECHO} {OTHER_REFRESH} {json.dumps(asked)}", 400)
    if asked.get("client_secret") == OLD_SECRET:
        return login_error("invalid_client", f"Client authentication failed: {ECHO} {OLD_SECRET}", 401)
    return token(next(tokens.values))  # type: ignore[attr-defined]  # set anew for every run


@contextmanager
def everything_logged(loot: Loot) -> Iterator[None]:
    """What any logger writes, at every level, with tracebacks and with the data that formatters of JSON get."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            loot.add(f"log {record.name}", self.format(record))
            loot.add(f"log {record.name}, data", repr(record.__dict__))

    handler, root = Keep(logging.DEBUG), logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("", *logging.root.manager.loggerDict)}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def libraries(*, hushed: bool) -> Iterator[None]:
    """The HTTP libraries' own logs: as a program is told to mask them that keeps them, or as they come."""
    before = {name: list(logging.getLogger(name).filters) for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).filters.clear()
    if hushed:
        telemetry.hush()
    try:
        yield
    finally:
        for name, filters in before.items():
            logging.getLogger(name).filters[:] = filters


class Watching:
    """Every listener that recoup has, and what they collected."""

    def __init__(self) -> None:
        self.spans, self.metrics, self.lines = InMemorySpanExporter(), InMemoryMetricReader(), io.StringIO()
        self._tracers, self._meters = TracerProvider(), MeterProvider([self.metrics])
        self._tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.events: list[telemetry.Event] = []
        self.listeners = [
            telemetry.log_events(),
            telemetry.JsonLines(self.lines),
            telemetry.OpenTelemetry(self._tracers, self._meters),
            self.events.append,
        ]

    def collect(self, loot: Loot) -> None:
        for span in self.spans.get_finished_spans():
            loot.add("span", span.to_json())
        data = self.metrics.get_metrics_data()
        loot.add("metrics", data.to_json() if data is not None else "")
        loot.add("lines of JSON", self.lines.getvalue())
        for event in self.events:
            loot.add("event", event)
            loot.add("event as text", telemetry.describe(event))
        self._tracers.shutdown()
        self._meters.shutdown()


def keep_outcome(loot: Loot, seen: Any) -> None:
    """All that recoup says of a response or of an exception."""
    made = recoup.outcome(seen)
    if made is not None:
        loot.add("outcome", made)
        loot.add("outcome as data", json.dumps(made.as_dict()))
        if made.diagnosis is not None:
            loot.add("diagnosis", repr(made.diagnosis))
            loot.add("diagnosis as data", json.dumps(made.diagnosis.as_dict()))
    if isinstance(seen, BaseException):
        keep_error(loot, seen)
        return
    try:
        recoup.raise_for_fault(seen)
    except recoup.FaultError as error:
        keep_error(loot, error)


def keep_error(loot: Loot, error: BaseException) -> None:
    loot.add("exception", error)
    loot.add("traceback", "".join(traceback.format_exception(error)))
    loot.add("notes", repr(getattr(error, "__notes__", [])))
    if isinstance(error, recoup.FaultError):
        for each in (error, copy.copy(error)):
            loot.add("exception's fields", repr(vars(each)))
        loot.add("pickled exception", pickle.dumps(error))


def full_run(kind: type[Client], where: str | None, loot: Loot) -> None:
    """Every call of the script, then an authorization that is refused and parked, all of it watched and recorded."""
    tokens.values = iter(TOKENS)  # type: ignore[attr-defined]
    watching = Watching()
    with (
        everything_logged(loot),
        recoup.record() as wire,
        recoup.open_store(where, key=None if where is None else KEY) as store,
        Server(*SCRIPT, tokens=tokens) as server,
    ):
        about: dict[str, Any] = {
            "client_id": "amzn1.application-oa2-client.1",
            "token_url": server.url + "/auth/o2/token",
        }
        good = recoup.Login(**about, client_secret=SECRET, refresh_token=REFRESH, store=store)
        bad = recoup.Login(**about, client_secret=SECRET, refresh_token=OTHER_REFRESH, store=store)
        gone = recoup.Login(**about, client_secret=OLD_SECRET, previous_secret=None, refresh_token=REFRESH, store=store)
        governor = recoup.Governor(store=store)
        raised: tuple[type[BaseException], ...] = (*kind.errors, recoup.FaultError)
        for login, calls in ((good, CALLS), (bad, CALLS[:2]), (gone, CALLS[:2])):
            more: dict[str, Any] = {"governor": governor, "listeners": watching.listeners}
            with kind(server, login=login, **more) as client:
                for method, target, body in calls:
                    try:
                        seen: Any = client.call(method, target, body=body).response
                    except raised as error:
                        seen = error
                    keep_outcome(loot, seen)
            loot.add("login", login)
        loot.add("governor and store", f"{governor!r} {store!r}")
        if where is not None and "://" not in where:  # while it is open: with what stands in the log of the database
            for file in sorted(Path(where).parent.iterdir()):
                loot.add(f"store {file.name}", file.read_bytes())
    watching.collect(loot)
    loot.add("record", f"{wire!r}{wire.attempts!r}")
    loot.add("record as text", wire.as_text())
    loot.add("record as HAR", json.dumps(wire.as_har()))
    loot.add("record, diagnosed", json.dumps([found.as_dict() for found in recoup.diagnose_all(wire.exchanges)]))
    said = len(loot.found)
    assert len(server.calls) == len(SCRIPT), "the run is what it claims to be"
    assert len(server.logins) >= 4
    assert len(wire) == len(server.received)
    assert {event.decision for event in watching.events if isinstance(event, telemetry.CallEnded)} >= {
        "done",
        "give_up",
        "resync",
    }
    assert any(event.failed_items for event in watching.events if isinstance(event, telemetry.CallEnded))
    assert {type(event) for event in watching.events} >= {
        *(telemetry.CallStarted, telemetry.Paced, telemetry.Waited, telemetry.AttemptEnded, telemetry.CallEnded),
        *(telemetry.TokenFetched, telemetry.TokenRefused, telemetry.PlanLearned, telemetry.Held),
    }
    assert said > 100


def keep_command(loot: Loot, arguments: list[str]) -> None:
    """What the command prints and complains of."""
    printed, complaints = io.StringIO(), io.StringIO()
    with everything_logged(loot):
        assert main(arguments, Streams(io.BytesIO(), printed, complaints), {}) in (0, 1), complaints.getvalue()
    loot.add(f"recoup {' '.join(arguments[:2])}", printed.getvalue() + complaints.getvalue())
    assert printed.getvalue()


def token_like(loot: Loot) -> list[str]:
    """Anything that looks like a token, planted or not."""
    pattern = re.compile(rb"(?:Atza|Atzr|Atc|Atz)(?:\||%7[Cc])[A-Za-z0-9_\-]{6}|amzn1\.oa2-cs\.[A-Za-z0-9]")
    return [f"{where}: {found[0]!r}" for where, what in loot.found for found in pattern.finditer(what)]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_a_full_run_leaves_no_secret_anywhere(kind: type[Client], tmp_path: Path) -> None:
    loot = Loot()
    where = str(tmp_path / "store" / "recoup.db")
    (tmp_path / "store").mkdir()
    with libraries(hushed=True):
        full_run(kind, where, loot)
    for file in sorted((tmp_path / "store").iterdir()):
        loot.add(f"store {file.name}", file.read_bytes())
    for arguments in (["status"], ["status", "--json"]):
        keep_command(loot, [*arguments, "--store", where])
    assert b"lwa-invalid-grant" in b"".join(what for name, what in loot.found if name.startswith("recoup status"))
    assert any(name.startswith("store") and len(what) > 1000 for name, what in loot.found)
    assert hunt(loot, *PLANTED) == []
    assert token_like(loot) == []


def test_a_full_run_leaves_no_secret_in_postgresql(postgres: Postgres) -> None:
    loot, where = Loot(), postgres.url()
    with libraries(hushed=True):
        full_run(EVERY[0], where, loot)
    with psycopg.connect(where) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', "
            "'information_schema')"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()
            loot.add(f"table {table}", repr(rows))
    assert len(tables) >= 3
    assert hunt(loot, *PLANTED) == []
    assert token_like(loot) == []


def test_the_reports_of_the_command_show_no_secret(tmp_path: Path) -> None:
    loot = Loot()
    pasted = tmp_path / "pasted.txt"
    pasted.write_text(
        f"POST {SHIPMENT} HTTP/1.1\r\nx-amz-access-token: {TOKENS[0]}\r\nAuthorization: Bearer {TOKENS[1]}\r\n\r\n"
        f"{ECHO}\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n{LEAKY.body.decode()}"
    )
    html, rows = tmp_path / "drill.html", tmp_path / "drill.json"
    for arguments in (
        ["diagnose", str(pasted)],
        ["diagnose", "--json", str(pasted)],
        ["drill", "lwa-invalid-grant", "sc-00002-invalid-value", "--html", str(html), "--json", str(rows)],
    ):
        keep_command(loot, arguments)
    loot.add("drill, page", html.read_bytes())
    loot.add("drill, rows", rows.read_bytes())
    assert hunt(loot, *PLANTED) == []
    assert token_like(loot) == []


def test_a_gateway_leaves_no_secret_anywhere() -> None:
    loot, watching = Loot(), Watching()
    tokens.values = iter(TOKENS)  # type: ignore[attr-defined]
    with (
        libraries(hushed=True),
        everything_logged(loot),
        Server(*SCRIPT, tokens=tokens) as server,
        recoup.gateway.running(
            upstream=server.url,
            client_id="amzn1.application-oa2-client.1",
            client_secret=SECRET,
            refresh_token=REFRESH,
            transport={"timing": recoup.testing.Timing.without_waiting(), "listeners": watching.listeners},
        ) as gateway,
        httpx2.Client(base_url=gateway.url) as client,
    ):
        for method, target, body in CALLS:
            response = client.request(method, target, content=body)
            ours = [(name, value) for name, value in response.headers.items() if name.startswith("x-recoup")]
            assert ours
            loot.add("x-recoup fields", repr(ours))
        loot.add("status page", client.get("/-/status").content)
        loot.add("health page", client.get("/-/health").content)
        loot.add("gateway", f"{gateway!r} {gateway.as_dict()} {gateway.status()}")
        assert len(server.calls) > len(CALLS)
    watching.collect(loot)
    assert len(watching.events) > len(CALLS)
    assert hunt(loot, *PLANTED) == []
    assert token_like(loot) == []


@pytest.mark.parametrize("secret", PLANTED)
def test_the_hunt_finds_a_secret_in_every_form(secret: str) -> None:
    for form, needle in forms(secret):
        loot = Loot()
        loot.add("there", b"\x00before " + needle + b" after")
        assert [(find.secret, find.where) for find in hunt(loot, secret)] == [(secret, "there")] * len(
            hunt(loot, secret)
        ), form
        assert hunt(loot, secret), form


def test_the_hunt_finds_what_really_leaks() -> None:
    """The same run, without masking what the HTTP library logs by itself: the query of every URL, cookies that come."""
    loot = Loot()
    with libraries(hushed=False):
        full_run(EVERY[2], None, loot)
    leaks = hunt(loot, *PLANTED)
    assert {(find.secret, find.where.partition(",")[0]) for find in leaks} == {
        (BUYER, "log httpx"),
        (TOKENS[2], "log httpcore.http11"),
    }


@pytest.mark.parametrize(
    "leak",
    [
        lambda loot: loot.add("repr", {"token": TOKENS[0]}),
        lambda loot: loot.add("bytes", repr(TOKENS[0].encode())),
        lambda loot: loot.add("pickle", pickle.dumps(ValueError(TOKENS[0]))),
        lambda loot: loot.add("json", json.dumps({"a": json.dumps({"b": TOKENS[0]})})),
        lambda loot: logging.getLogger("some.library").debug("sent %s", TOKENS[0]),
        lambda loot: logging.getLogger("some.library").debug("sent", extra={"data": {"token": TOKENS[0]}}),
    ],
)
def test_the_hunt_finds_a_leak_of_every_kind(leak: Any) -> None:
    loot = Loot()
    with everything_logged(loot):
        leak(loot)
    assert hunt(loot, TOKENS[0])
    assert token_like(loot)
