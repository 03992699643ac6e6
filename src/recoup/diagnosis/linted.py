"""What lint finds in a request, as clues for the diagnosis of its answer.

A finding that proves its fault weighs as much as a hundred to one; one that is only suspicious, three to one. The answer
still has the first word: where its own text names the cause, nothing of this is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.diagnosis.clue import Clue, Symptom
from recoup.exchange import Exchange
from recoup.lint.checking import check
from recoup.lint.reading import from_request
from recoup.lint.subject import Form

__all__ = ["OPEN", "clues_of_findings"]

OPEN = frozenset({Symptom.DENIED, Symptom.INVALID, Symptom.NOT_FOUND, Symptom.SIGNATURE, Symptom.CONSENT})
"""Symptoms under which the request may say more than the answer."""

_PROVES, _SUGGESTS = 4.6, 1.1
_DRAFT, _ENCODED = "auth-MD1000", "400-wrong-url-encoding"
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
    now = None if exchange.at is None else exchange.at.timestamp()
    for finding in check(subject, now=now):
        if finding.fault is None:
            continue
        where = "" if subject.form is Form.VALUE else f" (bytes {finding.start} to {finding.end} of the request)"
        fault = finding.fault
        if symptom is Symptom.CONSENT and fault == _DRAFT and not finding.rule.endswith("version"):
            fault = _ENCODED  # the page shows the draft's code for a URL that it cannot read
        yield Clue(
            text=f"{finding.text.rstrip('.')}{where}",
            weights={fault: _weight(fault, symptom, certain=finding.certain)},
            introduces=frozenset({fault}),
        )


def _weight(fault: str, symptom: Symptom, *, certain: bool) -> float:
    if symptom in (Symptom.DENIED, Symptom.NOT_FOUND) and fault.startswith("400-") and fault != _ENCODED:
        return _ELSEWHERE
    return _PROVES if certain else _SUGGESTS
