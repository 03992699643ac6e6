"""Every clue beside the text of one answer, from wherever it comes: its header fields, the request, the words around
it, the other calls of its trace. Which of them are asked depends on the symptom, so that an answer that names its cause
costs nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.diagnosis.answered import clues_of_echo, clues_of_headers
from recoup.diagnosis.clue import Clue, Symptom
from recoup.diagnosis.context import Context
from recoup.diagnosis.contextual import clues_of_context
from recoup.diagnosis.contradicting import clues_of_facts
from recoup.diagnosis.cues import clues_of_answer, clues_of_words
from recoup.diagnosis.dates import clues_of_days
from recoup.diagnosis.evidence import Area
from recoup.diagnosis.excluding import clues_against
from recoup.diagnosis.linted import OPEN, clues_of_findings
from recoup.diagnosis.requested import clues_of_request, ruled_out
from recoup.diagnosis.shapes.claim import Claim
from recoup.diagnosis.told import told
from recoup.exchange import Exchange, Request

__all__ = ["Trace", "gathered"]

_WHERE = frozenset({Symptom.DENIED, Symptom.NOT_FOUND})  # symptoms of a call that went to the wrong place


_ENDED = frozenset({"operation"})
_FAILED_LATER = Clue(
    text="the call was accepted, and what it started ended in failure",
    weights={"other-validation-business": 4.0},
    introduces=frozenset({"other-validation-business"}),
)


class Trace(msgspec.Struct, frozen=True):
    """What surrounds an exchange: the other calls of its trace, and what the trace calls its seller."""

    context: Context
    seller: str | None = None


def gathered(
    exchange: Exchange,
    operation: Operation | None,
    claim: Claim,
    symptom: Symptom,
    *,
    recognised: bool,
    area: Area = Area.UNKNOWN,
    words: str | None = None,
    around: str | None = None,
    trace: Trace | None = None,
) -> Iterator[Clue]:
    """The clues for one claim. `recognised`: its text is one that the catalogue knows. `area`: whose address the
    request has. `words`: the text in which the answer was found, with what stands around it; None where there is none.
    `around`: what somebody tells beside an answer that stands whole in the text, and so was read by itself.
    """
    request = exchange.request
    if claim.item is None and symptom is not Symptom.OTHER:
        if exchange.response is not None:
            yield from clues_of_headers(exchange.response.headers, symptom)
        if claim.message and symptom is Symptom.INVALID:
            yield from clues_of_echo(claim.message)
        if request is not None and symptom in OPEN:
            yield from clues_of_findings(exchange, operation, symptom, area)
            yield from ruled_out(request, operation, symptom)
            yield from clues_against(request, operation, symptom)
        if request is not None and words is None:
            yield from clues_of_request(request, operation, symptom)
    elif claim.item is not None and claim.item.kind in _ENDED and not recognised and symptom is not Symptom.SERVER:
        yield _FAILED_LATER
    if words is None:
        if not recognised or (claim.details and symptom in OPEN):  # details may say what a shared message does not
            yield from _of_answer(symptom, None if recognised else claim.message, claim.details)
        if around is not None:
            yield from _of_telling(around, symptom, claim, request)
    else:
        yield from clues_of_words(words, symptom, (claim.message, claim.details, claim.phrase))
        if symptom in _WHERE:
            yield from clues_of_facts(told(words), symptom, exchange.request, words)
            yield from clues_of_days(words)
    if trace is not None:
        name = None if operation is None else "/".join(operation.key)
        yield from clues_of_context(trace.context, exchange, symptom, seller=trace.seller, operation=name)


def _of_telling(around: str, symptom: Symptom, claim: Claim, request: Request | None) -> Iterator[Clue]:
    """The clues in the words around a whole answer, held against where its request went."""
    yield from clues_of_words(around, symptom, (claim.message, claim.details, claim.phrase))
    if symptom in _WHERE:
        text = around if request is None else f"{request.url}\n{around}"
        yield from clues_of_facts(told(text), symptom, request, text)
        yield from clues_of_days(around)


@lru_cache(maxsize=1024)
def _of_answer(symptom: Symptom, message: str | None, details: str | None) -> tuple[Clue, ...]:
    return tuple(clues_of_answer(symptom, (message, details)))
