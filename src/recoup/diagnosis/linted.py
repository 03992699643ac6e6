"""What lint finds in a request, as clues for the diagnosis of its answer.

A finding that proves its fault weighs as much as a hundred to one; one that is only suspicious, three to one. The
answer still has the first word: where its own text names the cause, nothing of this is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date
from email.utils import parsedate_to_datetime
from functools import cache

from recoup.diagnosis.clue import Clue, Symptom
from recoup.exchange import Exchange
from recoup.lint.finding import Finding
from recoup.lint.reading import from_request
from recoup.lint.rule import Around, Rule
from recoup.lint.rules import RULES
from recoup.lint.subject import Form, Subject
from recoup.lint.wirebound import wire_findings

__all__ = ["OPEN", "clues_of_findings"]

OPEN = frozenset({Symptom.DENIED, Symptom.INVALID, Symptom.NOT_FOUND, Symptom.SIGNATURE, Symptom.CONSENT})
"""Symptoms under which the request may say more than the answer."""

_BY_PAGE = frozenset({"400-get-with-body"})
_DRAFT, _ENCODED = "auth-MD1000", "400-wrong-url-encoding"
_DECIDED_BEFORE = frozenset({Symptom.DENIED, Symptom.NOT_FOUND, Symptom.SIGNATURE})
_DENYING = frozenset({_ENCODED, "404-wrong-path", "other-rdt-required", "other-grantless-required", "other-clock-skew"})
_PROVES, _SUGGESTS = 4.6, 1.1
_ELSEWHERE = 0.5  # of a fault that is answered with another status
_LARGEST = 1 << 20  # bytes of a body


def clues_of_findings(exchange: Exchange, symptom: Symptom) -> Iterator[Clue]:
    """A clue for each finding in the request that causes a fault of the catalogue.

    What is answered with 400 as a rule proves nothing under a 403 or a 404: these are decided elsewhere than the
    form of a request is. Encoding is an exception, since the path decides which operation is reached.
    """
    request = exchange.request
    if request is None or (request.body is not None and len(request.body) > _LARGEST):
        return
    subject = from_request(request)
    for finding in _findings(subject, exchange, symptom):
        if finding.fault is None:
            continue
        where = "" if subject.form is Form.VALUE else f" (bytes {finding.start} to {finding.end} of the request)"
        fault = finding.fault
        if fault in _BY_PAGE or fault.startswith("400-malformed-http-"):
            continue  # such a request is refused with a page, before the API sees it
        if symptom is Symptom.CONSENT and fault == _DRAFT and not finding.rule.endswith("version"):
            fault = _ENCODED  # the page shows the draft's code for a URL that it cannot read
        yield Clue(
            text=f"{finding.text.rstrip('.')}{where}",
            weights={fault: _weight(fault, symptom, certain=finding.certain)},
            introduces=frozenset({fault}),
        )


def _findings(subject: Subject, exchange: Exchange, symptom: Symptom) -> Iterator[Finding]:
    """What those rules find that can speak for a rival under this symptom; the others are not asked, to save time."""
    if subject.form is Form.HTTP:
        yield from wire_findings(subject)
    at = exchange.at
    around = Around(now=None if at is None else at.timestamp(), day=_day(exchange))
    for rule in _rules(symptom):
        yield from rule.check(subject, around)


@cache
def _rules(symptom: Symptom) -> tuple[Rule, ...]:
    def speaks(fault: str) -> bool:
        if symptom is Symptom.CONSENT:
            return fault.startswith(("auth-", "400-wrong-url"))
        if symptom in _DECIDED_BEFORE:
            return fault.startswith("403-") or fault in _DENYING
        return fault.startswith(("400-", "other-"))

    return tuple(rule for rule in RULES if any(speaks(fault) for fault in rule.FAULTS))


def _day(exchange: Exchange) -> date | None:
    """The day (UTC) of the exchange, by its own time or by the answer's Date field."""
    if exchange.at is not None:
        return exchange.at.astimezone(UTC).date()
    sent = None if exchange.response is None else exchange.response.headers.get("date")
    if sent is None:
        return None
    try:
        moment = parsedate_to_datetime(sent)
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).date()
    except (ValueError, OverflowError):
        return None


def _weight(fault: str, symptom: Symptom, *, certain: bool) -> float:
    if symptom in _DECIDED_BEFORE and fault.startswith("400-") and fault != _ENCODED:
        return _ELSEWHERE
    return _PROVES if certain else _SUGGESTS
