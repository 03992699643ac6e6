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
_LARGEST = 1 << 20  # bytes of a body


def clues_of_findings(exchange: Exchange) -> Iterator[Clue]:
    """A clue for each finding in the request that causes a fault of the catalogue."""
    request = exchange.request
    if request is None or (request.body is not None and len(request.body) > _LARGEST):
        return
    subject = from_request(request)
    now = None if exchange.at is None else exchange.at.timestamp()
    for finding in check(subject, now=now):
        if finding.fault is None:
            continue
        where = "" if subject.form is Form.VALUE else f" (bytes {finding.start} to {finding.end} of the request)"
        yield Clue(
            text=f"{finding.text.rstrip('.')}{where}",
            weights={finding.fault: _PROVES if finding.certain else _SUGGESTS},
            introduces=frozenset({finding.fault}),
        )
