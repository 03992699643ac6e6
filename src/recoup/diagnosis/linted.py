"""What lint finds in a request, as clues for the diagnosis of its answer.

A finding that proves its fault weighs as much as a hundred to one; one that is only suspicious, three to one. The
answer still has the first word: where its own text names the cause, nothing of this is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache

from recoup.catalogue.facts.operations import Operation, operations
from recoup.diagnosis.clue import Clue, Symptom
from recoup.diagnosis.evidence import Area
from recoup.diagnosis.requested import TABLES_OF
from recoup.exchange import Exchange, Request
from recoup.lint import wire
from recoup.lint.finding import Finding
from recoup.lint.reading import from_request
from recoup.lint.rule import Around, Rule
from recoup.lint.rules import RULES
from recoup.lint.rules import body_in_get as body_rule
from recoup.lint.subject import Form, Subject
from recoup.lint.wirebound import wire_findings

__all__ = ["OPEN", "clues_of_findings"]

OPEN = frozenset({Symptom.DENIED, Symptom.INVALID, Symptom.NOT_FOUND, Symptom.SIGNATURE, Symptom.CONSENT, Symptom.PAGE})
"""Symptoms under which the request may say more than the answer."""

_OF_THE_API = frozenset({Area.GENERAL, Area.FULFILLMENT})
_BY_PAGE = frozenset({"400-get-with-body"})
_WIRE = "400-malformed-http-"
_DRAFT, _ENCODED = "auth-MD1000", "400-wrong-url-encoding"
_DECIDED_BEFORE = frozenset({Symptom.DENIED, Symptom.NOT_FOUND, Symptom.SIGNATURE})
_DENYING = frozenset({_ENCODED, "404-wrong-path", "other-rdt-required", "other-grantless-required", "other-clock-skew"})
# One cause that the documents have in two places.
_TWICE = {
    "403-wrong-path-or-version": "404-wrong-path",
    "400-get-with-body": f"{_WIRE}body-in-get-or-head",
    f"{_WIRE}body-in-get-or-head": "400-get-with-body",
}
_BESIDE = {f"{_WIRE}host-header": "400-wrong-content-type"}  # whose row names the Host field too
_AS_NOT_FOUND = {"403-wrong-path-or-version": "404-wrong-path", "400-wrong-identifier": "404-mistyped-id"}
_ROUTES = frozenset({"403-wrong-path-or-version", "404-wrong-path"})
_GONE, _KIND_OF_TOKEN = "403-deprecated-endpoint", "other-grantless-required"
_PROVES, _NEXT, _SUGGESTS = 4.6, 3.0, 1.1
_UNDATED = 3.2  # of a removal that lies before the tables were made, where nobody says when the call was
_ELSEWHERE = 0.5  # of a fault that is answered with another status
_LARGEST = 1 << 20  # bytes of a body


def clues_of_findings(
    exchange: Exchange, operation: Operation | None, symptom: Symptom, area: Area = Area.UNKNOWN
) -> Iterator[Clue]:
    """A clue for each finding in the request that causes a fault of the catalogue; `operation` is what it reaches.

    `area` is whose address it is: a host of somebody's own, a proxy or a sandbox, stands for the API where its path
    belongs to it.

    What is answered with 400 as a rule proves nothing under a 403 or a 404: these are decided elsewhere than the
    form of a request is. Encoding is an exception, since the path decides which operation is reached. A request that is
    no HTTP is refused with a page, before the API sees it: under a page only that is looked at.
    """
    request = exchange.request
    if request is None or (request.body is not None and len(request.body) > _LARGEST):
        return
    subject = from_request(request, stands_for_api=area in _OF_THE_API)
    if operation is not None:
        subject.reaching(operation)
    if symptom is Symptom.PAGE:
        yield from _of_wire(subject)
        return
    findings = tuple(_findings(subject, exchange, symptom))
    gone = any(finding.fault == _GONE and finding.certain for finding in findings)
    for finding in findings:
        fault = finding.fault
        if gone and fault == _KIND_OF_TOKEN:
            continue  # what is served no more asks for no token
        if fault is None or fault in _BY_PAGE or fault.startswith(_WIRE):
            continue
        if symptom is Symptom.CONSENT and fault == _DRAFT and not finding.rule.endswith("version"):
            fault = _ENCODED  # the page shows the draft's code for a URL that it cannot read
        elif symptom is Symptom.NOT_FOUND:
            fault = _AS_NOT_FOUND.get(fault, fault)
        sure = finding.certain and not (fault in _ROUTES and _as_get(request))
        weight = _weight(fault, symptom, certain=sure)
        if fault == _GONE and _day(exchange) is None:
            weight = min(weight, _UNDATED)
        yield _clue(_told(subject, finding), fault, weight)


def _as_get(request: Request) -> bool:
    """Whether only the method HEAD keeps a request from an operation: whether that is served, no document says."""
    return request.method == "HEAD" and operations().find("GET", request.path) is not None


def _of_wire(subject: Subject) -> Iterator[Clue]:
    """What makes a request no HTTP: what it is refused for proves its fault, and what else is wrong comes next."""
    found = [*wire_findings(subject), *body_rule.check(subject, Around())]
    first = wire.cause(subject.source) if subject.form is Form.HTTP else None
    known = [finding for finding in found if finding.fault is not None]
    for finding in known:
        if finding.fault is not None:
            leads = finding == first if first is not None else finding is known[0]
            yield _clue(_told(subject, finding), finding.fault, _PROVES if leads else _NEXT)


@lru_cache(maxsize=512)
def _clue(text: str, fault: str, weight: float) -> Clue:
    """One value for equal clues, so that what they weigh together can be remembered."""
    weights = {fault: weight}
    other = _TWICE.get(fault)
    if other is not None:
        weights[other] = weight
    beside = _BESIDE.get(fault)
    if beside is not None:
        weights[beside] = min(weight, _NEXT)
    return Clue(text=text, weights=weights, introduces=frozenset({fault}), request=True)


def _told(subject: Subject, finding: Finding) -> str:
    text = finding.text.rstrip(".")
    return text if subject.form is Form.VALUE else f"{text} (bytes {finding.start} to {finding.end} of the request)"


def _findings(subject: Subject, exchange: Exchange, symptom: Symptom) -> Iterator[Finding]:
    """What those rules find that can speak for a rival under this symptom; the others are not asked, to save time."""
    at = exchange.at
    around = Around(now=None if at is None else at.timestamp(), day=_day(exchange) or TABLES_OF)
    for rule in _rules(symptom):
        yield from rule.check(subject, around)


@cache
def _rules(symptom: Symptom) -> tuple[Rule, ...]:
    def speaks(fault: str) -> bool:
        if symptom is Symptom.CONSENT:
            return fault.startswith(("auth-", "400-wrong-url"))
        if symptom in _DECIDED_BEFORE:
            by_id = symptom is Symptom.NOT_FOUND and fault in _AS_NOT_FOUND.values()
            return fault.startswith("403-") or fault in _DENYING or by_id
        return fault.startswith(("400-", "other-"))

    return tuple(rule for rule in RULES if any(speaks(fault) for fault in rule.FAULTS))


def _day(exchange: Exchange) -> date | None:
    """The day (UTC) of the exchange, by its own time or by the answer's Date field."""
    if exchange.at is not None:
        return exchange.at.astimezone(UTC).date()
    sent = None if exchange.response is None else exchange.response.headers.get("date")
    return None if sent is None else _day_of(sent[:16] if sent[-4:] == " GMT" and sent[3:4] == "," else sent)


@lru_cache(maxsize=256)
def _day_of(text: str) -> date | None:
    """The day of a Date field; of one in its usual form the day alone is given, so that it need not be read again."""
    try:
        moment = parsedate_to_datetime(text if len(text) > 16 else f"{text} 00:00:00 GMT")
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).date()
    except (ValueError, OverflowError):
        return None


def _weight(fault: str, symptom: Symptom, *, certain: bool) -> float:
    if symptom in _DECIDED_BEFORE and fault.startswith("400-") and fault != _ENCODED:
        return _ELSEWHERE
    return _PROVES if certain else _SUGGESTS
