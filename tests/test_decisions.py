"""The decision on the first attempt for every golden fault, as golden/decisions.toml derives it from the documents."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec
import pytest

from golden_corpus import GOLDEN, Case, cases, exchange_of, given, no_response
from recoup.catalogue.loader import load_sources
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Exchange, Headers, Request
from recoup.recovery.advice import advise, diagnose

EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((GOLDEN / "decisions.toml").read_text(encoding="utf-8"))
for _expected in EXPECTED.values():
    if "both" in _expected:
        _expected["read"] = _expected["write"] = _expected["both"]
FIRST: dict[str, Case] = {}
for _case in sorted(cases(), key=lambda case: "id" not in case.expected):  # those first that decide alone
    FIRST.setdefault(_case.fault, _case)
ACTIONS = {"retry", "renew_token", "wait", "resync", "done", "give_up"}
READS = ("GET", "HEAD")

NA = "https://sellingpartnerapi-na.amazon.com"
JSON = Headers([("content-type", "application/json")])
# What a call looks like where the golden file itself has no request of that sort: by the first part of the fault's id.
GENERIC = {
    ("ef", "read"): Request(method="GET", url=f"{NA}/externalFulfillment/2024-09-11/shipments/DHRPzVqFk"),
    ("ef", "write"): Request(
        method="POST",
        url=f"{NA}/externalFulfillment/2024-09-11/shipments/DHRPzVqFk/packages",
        headers=JSON,
        body=b'{"packages":[]}',
    ),
    ("api", "read"): Request(
        method="GET", url=f"{NA}/catalog/2022-04-01/items/B00EXAMPLE?marketplaceIds=ATVPDKIKX0DER"
    ),
    ("api", "write"): Request(
        method="POST", url=f"{NA}/feeds/2021-06-30/feeds", headers=JSON, body=b'{"feedType":"JSON_LISTINGS_FEED"}'
    ),
}
BOTH = [(fault, kind) for fault, expected in EXPECTED.items() for kind in ("read", "write") if kind in expected]


def _choices(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _exchange(fault: str, kind: str) -> Exchange | bytes:
    case = FIRST[fault]
    missing = no_response(case)
    if missing is not None:
        return Exchange(request=GENERIC["api", kind], no_response=missing)
    exchange = given(case)
    if isinstance(exchange, bytes):
        return exchange
    if exchange.request is not None and (exchange.request.method in READS) == (kind == "read"):
        return exchange
    family = "ef" if fault.startswith(("ef-", "sc-")) else "api"
    return msgspec.structs.replace(exchange, request=GENERIC[family, kind])


def _settled(diagnosis: Diagnosis, fault: str) -> Diagnosis:
    """The same diagnosis after a check has shown that of the tied faults it was this one."""
    assert fault in diagnosis.tied
    own = next(match for match in diagnosis.faults if match.fault.id == fault)
    rest = [match for match in diagnosis.faults if match is not own]
    return msgspec.structs.replace(diagnosis, faults=(own, *rest), tied=())


@pytest.mark.parametrize("fault", EXPECTED)
def test_the_table_is_well_formed(fault: str) -> None:
    expected = EXPECTED[fault]
    assert set(expected) <= {"class", "who", "both", "read", "write", "retryable"}
    assert "read" in expected or "write" in expected
    for kind in ("read", "write"):
        table = expected.get(kind, {})
        assert set(table) <= {"action", "target", "subject", "stop_order", "at_least", "retryable"}
        assert set(_choices(table.get("action", "done"))) <= ACTIONS
    assert expected.get("retryable", True) in (True, False, "unknown")


@pytest.mark.parametrize("fault", EXPECTED)
def test_the_catalogue_has_the_same_class_and_person(fault: str) -> None:
    entry = {entry.id: entry for entry in load_sources()}[fault]
    expected = EXPECTED[fault]
    if "class" in expected:
        assert str(entry.recovery.retry) in _choices(expected["class"])
    if "who" in expected:
        assert str(entry.who) in _choices(expected["who"])


@pytest.mark.parametrize(("fault", "kind"), BOTH, ids=[f"{fault}-{kind}" for fault, kind in BOTH])
def test_decision(fault: str, kind: str) -> None:
    expected = EXPECTED[fault]
    table = expected[kind]
    exchange = _exchange(fault, kind)
    diagnosis = diagnose(exchange)
    decision = diagnosis.decision
    assert decision is not None
    best = diagnosis.best
    if best is not None and best.fault.id != fault:
        # One exchange cannot decide: then the decision is that of a rival with the same answer. What must hold for all
        # of them is that nothing is sent again blindly; and once a check has settled it, the fault's own row counts.
        assert decision["action"] in ("give_up", "wait", "resync")
        if fault not in diagnosis.tied:
            # A call of the generic sort may show by itself that it cannot have been this fault.
            generic = getattr(exchange, "request", None) in GENERIC.values()
            assert generic or best.fault.id in FIRST[fault].expected["any"]
            return
        diagnosis = advise(_settled(diagnosis, fault))
        decision = diagnosis.decision
        assert decision is not None
    assert decision["action"] in _choices(table["action"])
    for key in ("target", "subject", "stop_order"):
        if key in table:
            assert decision.get(key) == table[key]
    if "at_least" in table:
        assert decision["after"] >= table["at_least"]
    if decision["action"] == "give_up" and "who" in expected:
        assert decision["who"] in _choices(expected["who"])
    retryable = table.get("retryable", expected.get("retryable"))
    if retryable is not None:
        if (
            diagnosis.retryable is None and diagnosis.tied
        ):  # its rivals differ: once settled, the fault's own row counts
            diagnosis = advise(_settled(diagnosis, fault))
        assert diagnosis.retryable in [None if choice == "unknown" else choice for choice in _choices(retryable)]


# Files whose decision is not that of their folder's first one, or hangs on a number in the message; by hand.
PARTICULAR = [
    ("403-expired-token/403-revoked.http", {"action": "renew_token"}),
    ("403-expired-token/403-secret.http", {"action": "give_up", "who": "operator"}),  # a new token would not help
    ("403-missing-role/403.http", {"action": "give_up"}),  # empty details: no renewal
    ("sc-00000-internal-failure/400-legacy-field.http", {"action": "give_up"}),
    ("sc-00001-service-unavailable/503-legacy.http", {"action": "retry"}),
    ("sc-00004-in-progress/409-legacy.http", {"action": "wait", "subject": "entity"}),  # whatever `retryable` says
    ("sc-00004-in-progress/409-number-only.http", {"action": "resync", "target": "effect"}),  # read before anything
    ("sc-20002-sequence-conflict/207-item.http", {"action": "resync", "target": "sequence"}),
    ("sc-00003-entity-not-found/207-item.http", {"action": "give_up", "who": "developer"}),
    ("sc-30002-capacity-breached/200-label-failure.http", {"action": "wait", "subject": "order-operation"}),
    ("other-500-internal/500-external-fulfillment-path.http", {"action": "retry"}),
    ("other-503-unavailable/503-empty.http", {"action": "retry"}),
    ("429-rate-limit/429-empty.http", {"action": "retry"}),
]


@pytest.mark.parametrize(("label", "expected"), PARTICULAR, ids=[label for label, _ in PARTICULAR])
def test_particular_decision(label: str, expected: dict[str, str]) -> None:
    case = next(case for case in cases() if case.label == label)
    decision = diagnose(exchange_of(case.path, case.block.get("request"))).decision
    assert decision is not None
    assert {key: decision.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("label", "seconds"),
    [
        ("sc-00005-max-retries/400.http", 3600.0),
        ("sc-00005-max-retries/400-other-seconds.http", 1740.0),
        ("sc-30005-dispatch-after-date/400.http", 76553.0),  # from 23 November 09:14:07 to 24 November 06:30:00
        ("sc-30005-dispatch-after-date/400-blank-in-date.http", 76553.0),
    ],
)
def test_a_wait_is_as_long_as_the_message_says(label: str, seconds: float) -> None:
    case = next(case for case in cases() if case.label == label)
    decision = diagnose(exchange_of(case.path)).decision
    assert decision is not None
    assert decision["action"] == "wait"
    assert seconds <= decision["after"] <= seconds * 1.1  # a little later is fine, earlier is not
