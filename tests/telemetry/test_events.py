"""Events as lines for people, as JSON for programs, and at which level they are logged."""

from __future__ import annotations

import io
import json
import logging
import threading
import typing
from typing import Any

import msgspec
import pytest

from recoup import telemetry
from recoup.telemetry import events
from recoup.telemetry.events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    ExpiryNear,
    Held,
    Paced,
    PlanExceeded,
    PlanLearned,
    TokenAttemptEnded,
    TokenFetched,
    TokenRefused,
    Waited,
    Why,
)

AT = 1_800_000_000.0
OF: dict[str, Any] = {"at": AT, "call": 7, "operation": "orders/v0/getOrders", "seller": "shop"}
WHOSE = "orders/v0/getOrders call 7 for shop: "
DEBUG, INFO, WARNING, ERROR = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR

EVENTS: list[tuple[Event, int, str]] = [
    (CallStarted(**OF, method="GET", host="h"), DEBUG, "GET to h"),
    (
        Paced(**OF, wait=0.0, rate=0.5, burst=10),
        DEBUG,
        "has a place at once, in a plan of 0.5 a second and a burst of 10",
    ),
    (Paced(**OF, wait=2.0, rate=5.0, burst=1), DEBUG, "has a place in 2 s, in a plan of 5 a second and a burst of 1"),
    (Waited(**OF, seconds=0.25, why=Why.PACE), DEBUG, "waits 0.25 s, in its place of the queue"),
    (Waited(**OF, seconds=60.0, why=Why.PACE), INFO, "waits 60 s, in its place of the queue"),
    (Waited(**OF, seconds=0.25, why=Why.BACKOFF), INFO, "waits 0.25 s before the next attempt"),
    (AttemptEnded(**OF, attempt=1, seconds=0.2, status=200), DEBUG, "attempt 1 after 0.2 s: HTTP 200"),
    (
        AttemptEnded(
            **OF, attempt=1, seconds=0.2, status=503, fault="other-503-unavailable", decision="retry", request_id="r-1"
        ),
        INFO,
        "attempt 1 after 0.2 s: HTTP 503, other-503-unavailable; retry [request r-1]",
    ),
    (
        AttemptEnded(**OF, attempt=1, seconds=0.2, status=403, fault="f", tied=3, decision="give_up"),
        DEBUG,
        "attempt 1 after 0.2 s: HTTP 403, f (one of 3 causes with this answer); give_up",
    ),
    (AttemptEnded(**OF, attempt=2, seconds=9, decision="resync"), DEBUG, "attempt 2 after 9 s: no response; resync"),
    (
        CallEnded(**OF, attempts=1, seconds=0.2, waited=0.0, decision="done", status=204),
        DEBUG,
        "ended after 1 attempt in 0.2 s: HTTP 204",
    ),
    (
        CallEnded(**OF, attempts=3, seconds=3.2, waited=2.0, decision="done", status=200),
        INFO,
        "ended after 3 attempts in 3.2 s, 2 s of it waiting: HTTP 200",
    ),
    (
        CallEnded(**OF, attempts=1, seconds=0.2, waited=0.0, decision="give_up", status=400, fault="f"),
        WARNING,
        "ended after 1 attempt in 0.2 s: HTTP 400, f; give_up",
    ),
    (
        CallEnded(**OF, attempts=1, seconds=10, waited=0.0, decision="resync", unknown=True),
        WARNING,
        "ended after 1 attempt in 10 s: no response; resync; it may have taken effect: read back before repeating it",
    ),
    (
        CallEnded(**OF, attempts=0, seconds=7.3e-05, waited=0.0, decision="wait", fault="f", reason="held back"),
        WARNING,
        "not sent: f, held back; wait",
    ),
    (
        CallEnded(**OF, attempts=1, seconds=7.3e-05, waited=0.0, decision="give_up", status=400),
        WARNING,
        "ended after 1 attempt in less than 1 ms: HTTP 400; give_up",
    ),
    (
        CallEnded(**OF, attempts=1, seconds=1, waited=0.0, decision="done", status=207, failed_items=2),
        WARNING,
        "ended after 1 attempt in 1 s: HTTP 207; 2 failed items",
    ),
    (
        CallEnded(**OF, attempts=0, seconds=1, waited=0.0, decision=""),
        INFO,
        "broken off after 1 s, before anything was decided",
    ),
    (TokenFetched(**OF, lasts=3600, seconds=0.1), INFO, "got an access token that lasts 3600 s, after 0.1 s"),
    (
        TokenFetched(**OF, lasts=3000, shared=True),
        INFO,
        "got an access token that lasts 3000 s, another process had fetched it",
    ),
    (
        TokenAttemptEnded(**OF, attempt=1, seconds=0.2, status=503, fault="f", decision="retry"),
        INFO,
        "attempt 1 to get a token, after 0.2 s: HTTP 503, f; retry",
    ),
    (
        TokenAttemptEnded(**OF, attempt=2, seconds=0.2, status=200, decision="done"),
        DEBUG,
        "attempt 2 to get a token, after 0.2 s: HTTP 200",
    ),
    (TokenRefused(**OF, fault="lwa-invalid-grant"), WARNING, "no access token: lwa-invalid-grant"),
    (
        TokenRefused(**OF, fault=None, parked=True),
        ERROR,
        "no access token: no known fault; nobody asks again before somebody acts",
    ),
    (
        PlanLearned(**OF, rate=2.0, before=0.5),
        INFO,
        "the usage plan is 2 a second, not 0.5, as x-amzn-RateLimit-Limit says",
    ),
    (
        PlanLearned(**OF, rate=0.25, before=0.5, throttled=True),
        INFO,
        "the usage plan is 0.25 a second, not 0.5, after a 429",
    ),
    (
        PlanExceeded(**OF, asked=40, allowed=1, advice="40 a minute asked of a plan of 1 a minute: one every 60 s"),
        WARNING,
        "40 a minute asked of a plan of 1 a minute: one every 60 s",
    ),
    (PlanExceeded(**OF, asked=40, allowed=1, advice=""), WARNING, "40 a minute asked of a plan of 1 a minute"),
    (
        Held(**OF, until=AT, fault="f", reason="locked"),
        INFO,
        "not sent: held back until 2027-01-15T08:00:00+00:00: f, locked",
    ),
    (Held(**OF, until=AT, begun=True), WARNING, "held back from now on until 2027-01-15T08:00:00+00:00"),
    (Held(**OF, until=None, begun=True), ERROR, "held back from now on until somebody resumes it"),
    (Held(**OF, until=1e300), INFO, "not sent: held back until 1e+300"),
    (
        ExpiryNear(**OF, what="client secret", expires_at=AT, remedy="rotate it"),
        WARNING,
        "the client secret ends on 2027-01-15T08:00:00+00:00: rotate it",
    ),
]
IDS = [f"{type(event).__name__}-{number}" for number, (event, _, _) in enumerate(EVENTS)]


@pytest.mark.parametrize(("event", "level", "text"), EVENTS, ids=IDS)
def test_every_event_is_a_line_for_people_at_its_level(
    event: Event, level: int, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(DEBUG, "recoup")
    telemetry.log_events()(event)
    (record,) = caplog.records
    assert (record.name, record.levelno, record.getMessage()) == ("recoup", level, WHOSE + text)


@pytest.mark.parametrize(("event", "level", "text"), EVENTS, ids=IDS)
def test_every_event_is_plain_data_that_reads_back_as_the_event(event: Event, level: int, text: str) -> None:
    data = telemetry.as_dict(event)
    assert json.loads(json.dumps(data)) == data
    assert msgspec.convert(data, type=Event) == event


@pytest.mark.parametrize(("event", "level", "text"), EVENTS, ids=IDS)
def test_every_event_goes_into_the_record_and_into_json_lines_as_the_same_data(
    event: Event, level: int, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(DEBUG, "recoup")
    stream = io.StringIO()
    telemetry.log_events()(event)
    telemetry.JsonLines(stream)(event)
    expected = telemetry.as_dict(event)
    assert caplog.records[0].recoup == expected  # type: ignore[attr-defined]
    assert json.loads(stream.getvalue()) == expected


def test_no_kind_of_event_is_forgotten() -> None:
    assert {type(event) for event, _, _ in EVENTS} == set(typing.get_args(Event))
    assert {kind.__name__ for kind in typing.get_args(Event)} <= set(telemetry.__all__) & set(events.__all__)


@pytest.mark.parametrize(
    ("event", "whose"),
    [
        (CallStarted(at=AT, method="GET", host="h"), ""),
        (CallStarted(at=AT, method="GET", host="h", call=3), "call 3: "),
        (CallStarted(at=AT, method="GET", host="h", seller="s"), " for s: "),
        (CallStarted(at=AT, method="GET", host="h", operation="a/v/o"), "a/v/o: "),
    ],
)
def test_what_is_not_known_is_left_out(event: Event, whose: str) -> None:
    assert telemetry.describe(event) == f"{whose.strip()} GET to h".strip()


def test_nothing_is_written_where_the_level_is_switched_off(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(WARNING, "recoup")
    listener = telemetry.log_events()
    for event, _, _ in EVENTS:
        listener(event)
    assert {record.levelno for record in caplog.records} == {WARNING, ERROR}


def test_levels_and_the_logger_can_be_chosen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    started, ended = EVENTS[0][0], EVENTS[10][0]
    for listener in (
        telemetry.log_events("mine", level=ERROR),
        telemetry.log_events(logging.getLogger("mine"), levels={CallStarted: 5}),
    ):
        listener(started)
        listener(ended)
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("mine", ERROR),
        ("mine", ERROR),
        ("mine", 5),
        ("mine", DEBUG),
    ]


def test_a_line_never_breaks_and_never_shows_a_secret() -> None:
    event = Held(at=AT, until=None, reason="line\nbreak Atza|planted, buyer@example.com", begun=True)
    assert telemetry.describe(event) == (
        "held back from now on until somebody resumes it: line break <access token, 12 characters>, <e-mail address>"
    )


def test_lines_of_json_are_never_mixed() -> None:
    class Slow(io.StringIO):
        def write(self, text: str, /) -> int:
            return sum(super(Slow, self).write(character) for character in text)

    stream = Slow()
    listener = telemetry.JsonLines(stream)
    event = EVENTS[0][0]

    def telling() -> None:
        for _ in range(50):
            listener(event)

    threads = [threading.Thread(target=telling) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [telemetry.as_dict(event)] * 200


LEAKY_LINES = [
    ("httpx", 'HTTP Request: GET https://h/orders?BuyerEmail=buyer%40example.com "HTTP/1.1 200 OK"'),
    ("urllib3.connectionpool", 'https://h:443 "GET /x?access_token=Atza|planted HTTP/1.1" 200 5'),
    ("hpack.hpack", "Adding (b'x-amz-access-token', b'Atza|planted') to the header table"),
]


@pytest.mark.parametrize(("name", "line"), LEAKY_LINES)
def test_what_http_libraries_log_is_masked_where_it_was_asked_for(
    name: str, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(DEBUG)
    logger = logging.getLogger(name)
    before = list(logger.filters)
    logger.filters.clear()  # others may have asked for it in this process
    try:
        logger.debug("%s", line)
        telemetry.hush([name])
        telemetry.hush([name])
        logger.debug("%s", line)
        logger.debug("%d of %d", 1, 2)
    finally:
        logger.filters[:] = before
    plain, masked, other = (record.getMessage() for record in caplog.records)
    assert plain == line
    assert "planted" not in masked
    assert "buyer" not in masked
    assert other == "1 of 2"


def test_a_redacting_filter_on_a_handler_sees_every_logger_and_lets_broken_records_pass() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(telemetry.Redacting())
    handler.handle(logging.LogRecord("any", INFO, "", 0, "%s", ("Atza|planted",), None))
    assert stream.getvalue() == "<access token, 12 characters>\n"
    assert telemetry.Redacting().filter(logging.LogRecord("any", INFO, "", 0, "%d", ("no number",), None))
