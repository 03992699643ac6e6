"""What one decision costs, beside what the same failed call costs anyway: decoding its body and diagnosing it.

    python benchmarks/recovery.py

Ratios travel between machines, microseconds do not. A decision is `situate` and `Policy.decide`, as `recoup.recovery`
makes them upon a diagnosis; a whole call is everything from `begin` to the last decision, three attempts.
"""

from __future__ import annotations

import json
import timeit
from collections.abc import Callable

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.engine import Engine
from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request, Response
from recoup.recovery.call import Call, Finish, Send, Sleep
from recoup.recovery.history import EMPTY, Attempt
from recoup.recovery.policy import DOCUMENTED
from recoup.recovery.situation import situate

ENGINE = Engine(catalogue().values())
NOW = 1_790_000_000.0
SHIPMENT = "https://sellingpartnerapi-eu.amazon.com/externalFulfillment/2024-09-11/shipments/S1"
HEADERS = Headers(
    [
        ("Date", "Mon, 23 Nov 2026 09:14:07 GMT"),
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", "bfa6e536-1f11-562c-88bb-2cf6a236ef02"),
    ]
)


def _errors(code: str, message: str, details: str = "") -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message, "details": details}]}).encode()


def _answer(method: str, status: int, body: bytes) -> Exchange:
    request = Request(method=method, url=SHIPMENT)
    return Exchange(request=request, response=Response(status=status, headers=HEADERS, body=body))


UNAVAILABLE = _errors("ServiceUnavailable", "Temporary failure occurred, retry operation")
CASES = {
    "retry: unavailable": _answer("GET", 503, UNAVAILABLE),
    "retry: throttled": _answer(
        "GET", 429, _errors("QuotaExceeded", "You exceeded your quota for the requested resource.")
    ),
    "renew: expired token": _answer(
        "GET",
        403,
        _errors(
            "Unauthorized", "Access to requested resource is denied.", "The access token you provided has expired."
        ),
    ),
    "give up: ten rivals": _answer("GET", 403, _errors("Unauthorized", "Access to requested resource is denied.")),
    "resync: state": _answer(
        "POST",
        400,
        _errors("OperationNotPermitted", "Requested operation is not permitted in the current order state"),
    ),
    "wait: until a date": _answer(
        "POST",
        400,
        _errors(
            "StateConflict", "Dispatch-after-date '2026-11-24T06:30:00Z' of the order is greater than the current time"
        ),
    ),
    "resync: a write without an answer": Exchange(
        request=Request(method="POST", url=SHIPMENT), no_response=NoResponse(kind=NoResponseKind.TIMEOUT)
    ),
}


def micros(call: Callable[[], object]) -> float:
    """The least of several runs, in microseconds a call."""
    timer = timeit.Timer(call)
    number, _ = timer.autorange()
    return min(timer.repeat(5, number)) / number * 1e6


def half() -> float:
    """Chance, without any."""
    return 0.5


def whole_call(exchange: Exchange) -> Finish:
    """A call that fails so three times, without waiting."""
    call = Call(random=half, method="GET")
    step = call.begin(NOW)
    while not isinstance(step, Finish):
        if isinstance(step, Send):
            step = call.answered(exchange, NOW, ENGINE.diagnose(exchange))
        elif isinstance(step, Sleep):
            step = call.rested(NOW)
    return step


def main() -> None:
    """Print one line for each case."""
    history = EMPTY.with_attempt(Attempt(number=1, sent_at=NOW, ended_at=NOW))
    print("one decision, beside the diagnosis before it and json.loads of the same body")
    for name, exchange in CASES.items():
        diagnosis = ENGINE.diagnose(exchange)

        def decide(diagnosis: object = diagnosis, exchange: Exchange = exchange) -> object:
            situation = situate(diagnosis, exchange, now=NOW)  # type: ignore[arg-type]
            return DOCUMENTED.decide(diagnosis, history, situation, half)  # type: ignore[arg-type]

        ours = micros(decide)
        before = micros(lambda exchange=exchange: ENGINE.diagnose(exchange))  # type: ignore[misc]
        line = f"  {name:36} {ours:6.2f} µs, diagnosis {before:6.2f} µs, ratio {ours / before:5.2f}"
        if exchange.response is not None:
            bare = micros(lambda body=exchange.response.body: json.loads(body))  # type: ignore[misc]
            line += f", json.loads {bare:5.2f} µs, ratio {ours / bare:5.2f}"
        print(line)
    exchange = CASES["retry: unavailable"]
    whole = micros(lambda: whole_call(exchange))
    before = micros(lambda: ENGINE.diagnose(exchange))
    print("a whole call that fails three times, diagnosed each time")
    print(
        f"  {'unavailable, three attempts':36} {whole:6.2f} µs, three diagnoses {3 * before:6.2f} µs, "
        f"ratio {whole / 3 / before:5.2f}"
    )
    clean = micros(_clean)
    print("a call that succeeds at once")
    print(f"  {'begin, succeeded':36} {clean:6.2f} µs, ratio to one diagnosis {clean / before:5.2f}")


def _clean() -> object:
    call = Call(random=half, method="GET")
    call.begin(NOW)
    return call.succeeded(NOW, 200)


if __name__ == "__main__":
    main()
