"""Which fault is this: an exchange, a response or pasted text in, a diagnosis out. Never an exception.

    diagnose(x)                    one exchange, response, text or bytes
    diagnose_all(xs)               many, one by one
    diagnose_success(...)          quick: a success by its parts
    may_hide_failure(...)          whether a success must be read at all

`Engine` holds a catalogue of one's own (an overlay); the functions use the catalogue that ships with recoup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import msgspec

from recoup.catalogue.facts.operations import Operation, operations
from recoup.catalogue.fault import BodyKind, Fault
from recoup.catalogue.loader import catalogue
from recoup.diagnosis import prose
from recoup.diagnosis.claims import Reading, read
from recoup.diagnosis.clue import Symptom
from recoup.diagnosis.context import Context
from recoup.diagnosis.cues import clues_of_words
from recoup.diagnosis.diagnosis import NOTHING_FAILED, Diagnosis, Finding, Match, succeeded
from recoup.diagnosis.evidence import Area, Evidence, Ranking
from recoup.diagnosis.excerpts.emptied import told_empty
from recoup.diagnosis.gathering import Trace, gathered
from recoup.diagnosis.hiding import may_hide_failure, surely_nothing_hidden
from recoup.diagnosis.index import Index
from recoup.diagnosis.kin import with_kin
from recoup.diagnosis.match import rank
from recoup.diagnosis.pasted import digest, read_with_words
from recoup.diagnosis.place import area_of, area_of_request
from recoup.diagnosis.restricted import by_token
from recoup.diagnosis.shapes.claim import Claim
from recoup.diagnosis.shapes.emptiness import MISSING_DATA, empty_answer
from recoup.diagnosis.shapes.enums import NULL_ENUM, unknown_values
from recoup.diagnosis.shapes.redirect import redirect_claim
from recoup.diagnosis.symptom import symptom_of
from recoup.diagnosis.transport import findings_of, no_answer
from recoup.diagnosis.weighing import weighed
from recoup.exchange import Exchange, Headers, Request, Response

__all__ = ["Engine", "diagnose", "diagnose_all", "diagnose_success", "may_hide_failure"]

Input = str | bytes | Exchange | Response
MAX_OTHERS = 1000
_PLAIN = 0.3  # so likely must a cause be that words alone name
_NO_HEADERS = Headers()
_REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id", "x-amz-rid")


class Engine:
    """Diagnoses by the faults that it is given. Immutable once built, so that threads may share it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.index = Index(faults)

    def diagnose(self, x: Input, context: Context | None = None, seller: str | None = None) -> Diagnosis:
        """Which fault `x` shows. Text and bytes are searched for whole HTTP messages first, then read as prose.

        `context` is what the other calls of the same trace did, `seller` what the trace calls the seller of this one.
        """
        trace = None if context is None else Trace(context, seller)
        if isinstance(x, Exchange):
            return self._exchange(x, trace)
        if isinstance(x, Response):
            return self._exchange(Exchange(response=x), trace)
        messages, around = read_with_words(x)
        if messages:
            found = _joined([self._exchange(message, around=around) for message in messages])
            if found.faults or found.http_status is None or (found.http_status < 400 and found.http_status != 207):
                return found
            told = self._text(x)  # its body was no answer that can be read, but somebody's words for one
            return told if told.faults else found
        return self._text(x)

    def diagnose_all(self, xs: Iterable[Input]) -> Iterator[Diagnosis]:
        """The diagnosis of each of `xs`, in their order, as they come."""
        for x in xs:
            yield self.diagnose(x)

    def diagnose_success(self, status: int, method: str | None, path: str | None, body: bytes) -> Diagnosis:
        """The diagnosis of a response whose status says success, from its parts. Quick where nothing hides."""
        if not may_hide_failure(status, method, path) or surely_nothing_hidden(status, path, body):
            return succeeded(status)
        request = None if path is None else Request(method=method or "", url=path)
        return self._exchange(Exchange(request=request, response=Response(status=status, body=body)), looked=True)

    # -- one exchange -----------------------------------------------------------------------------------------------

    def _exchange(
        self, exchange: Exchange, trace: Trace | None = None, *, looked: bool = False, around: str | None = None
    ) -> Diagnosis:
        """`looked`: that a success may hide something here is known already. `around`: what is told beside it."""
        response = exchange.response
        if response is None:
            return self._no_response(exchange)
        status = response.status
        request = exchange.request
        if status < 300:
            method, path = (None, None) if request is None else (request.method, request.path)
            markup = response.body[:64].lstrip()[:1] == b"<"
            if not looked and request is not None and not markup and not may_hide_failure(status, method, path):
                return self._values(exchange, status, path)
            if not looked and surely_nothing_hidden(status, path, response.body):
                return succeeded(status)
        elif status < 400:
            refusal = redirect_claim(response.headers.get("location"))
            if refusal is None:
                return succeeded(status)  # a redirection: nothing failed yet
            reading = Reading(kind=refusal.kind)
            return self._judged(exchange, reading, (refusal,), status, trace=trace, around=around)
        reading = read(response.body, status=status, content_type=response.headers.get("content-type"))
        claims = reading.claims or self._claims_from_text(reading, exchange)
        if not claims:
            if status < 300:
                return self._values(exchange, status, None if request is None else request.path)
            claims = (Claim(kind=reading.kind),)
        return self._judged(exchange, reading, claims, status, trace=trace, around=around)

    def _claims_from_text(self, reading: Reading, exchange: Exchange) -> tuple[Claim, ...]:
        """Claims from the words of plain text; a page is matched by its lines."""
        response = exchange.response
        if reading.kind is not BodyKind.TEXT or response is None or response.status < 300:
            return ()
        found = prose.claim(self.index, "\n".join(reading.lines), kind=BodyKind.TEXT)
        return () if found is None else (found,)

    def _values(self, exchange: Exchange, status: int, path: str | None) -> Diagnosis:
        """A success, unless it holds a value that is newer than every model."""
        response = exchange.response
        if response is None or not response.body or path is None:
            return succeeded(status)
        operation = _operation(exchange.request, path)
        unknown = unknown_values(operation, response.body) if operation is not None else None
        if unknown is None:
            return succeeded(status)
        fault = self.index.get(NULL_ENUM)
        check = "" if fault is None or fault.check is None else fault.check.text
        matches = (
            ()
            if fault is None
            else (Match(fault=fault, score=0.95, basis="message", evidence=(unknown.text,), check=check),)
        )
        return Diagnosis(
            faults=matches,
            status=status,
            http_status=status,
            message=unknown.text,
            request_id=_request_id(response.headers),
            parameters=unknown.parameters,
            body_kind=BodyKind.JSON,
            method=None if exchange.request is None else exchange.request.method,
            path=path,
            operation=operation,
            exchange=exchange,
        )

    def _no_response(self, exchange: Exchange) -> Diagnosis:
        failure = exchange.no_response
        if failure is None:
            return NOTHING_FAILED
        request = exchange.request
        return Diagnosis(
            faults=no_answer(self.index, failure),
            message=failure.text or None,
            no_response=failure,
            findings=findings_of(failure),
            method=None if request is None else request.method,
            path=None if request is None else request.path,
            operation=_operation(request, None if request is None else request.path),
            exchange=exchange,
        )

    # -- from claims to a diagnosis -----------------------------------------------------------------------------------

    def _judged(
        self,
        exchange: Exchange,
        reading: Reading,
        claims: Iterable[Claim],
        http_status: int | None,
        words: str | None = None,
        trace: Trace | None = None,
        around: str | None = None,
    ) -> Diagnosis:
        request = exchange.request
        headers = _NO_HEADERS if exchange.response is None else exchange.response.headers
        path = None if request is None else request.path
        operation = _operation(request, path)
        known = area_of_request(request, path)
        results = [
            self._claim(exchange, reading, claim, http_status, headers, operation, known, path, words, trace, around)
            for claim in list(claims)[:MAX_OTHERS]
        ]
        return _joined(results)

    def _claim(
        self,
        exchange: Exchange,
        reading: Reading,
        claim: Claim,
        http_status: int | None,
        headers: Headers,
        operation: Operation | None,
        known: Area,
        path: str | None,
        words: str | None,
        trace: Trace | None,
        around: str | None,
    ) -> Diagnosis:
        request = exchange.request
        if http_status is None and claim.item is None:
            http_status = claim.status
        own = claim.status if claim.item is not None else http_status or claim.status
        hidden = claim.item is not None and claim.status is None
        area = area_of(known, headers, claim)
        evidence = Evidence(
            status=own,
            http_status=http_status,
            code=claim.code,
            sc_code=claim.sc_code,
            message=claim.message,
            details=claim.details,
            phrase=claim.phrase,
            lines=()
            if claim.code or claim.message
            else (reading.title, *reading.lines)
            if reading.title
            else reading.lines,
            body=_kind_of_body(claim.kind if reading.kind is BodyKind.JSON else reading.kind, request),
            headers=headers,
            area=area,
        )
        if hidden:
            evidence = msgspec.structs.replace(evidence, status=None if claim.kind is BodyKind.LABELS else http_status)
        found = rank(self.index, evidence)
        if not found.matches and claim.item is not None:
            # Nothing is known of the item itself: then it is what a batch of this status means.
            whole = Evidence(status=http_status, body=reading.kind, headers=headers, area=area)
            found = rank(self.index, whole)
        ranking = found if words is None and around is None else with_kin(found, self.index)
        symptom = symptom_of(found, own, evidence.body)
        recognised = bool(found.matches) and found.matches[0].basis == "message"
        clues = list(
            gathered(
                exchange,
                operation,
                claim,
                symptom,
                recognised=recognised,
                area=known,
                words=words,
                around=around,
                trace=trace,
            )
        )
        if clues:
            ranking = weighed(ranking, clues, self.index, area)
        ranking = by_token(ranking, request)
        status = own
        if hidden and ranking.matches and not ranking.tied:
            status = ranking.matches[0].fault.status
        return Diagnosis(
            faults=ranking.matches,
            tied=ranking.tied,
            status=status if status is not None or claim.item is not None else http_status,
            http_status=http_status,
            code=claim.code,
            sc_code=claim.sc_code,
            message=claim.message,
            details=claim.details,
            request_id=_request_id(headers) or claim.request_id,
            parameters=dict(ranking.parameters),
            retryable_field=claim.retryable,
            body_kind=reading.kind if reading.kind is not BodyKind.JSON else claim.kind,
            method=None if request is None else request.method or None,
            path=path,
            operation=operation,
            item=claim.item,
            findings=(*reading.findings, *_unknown_code(self.index, claim, bool(ranking.matches))),
            exchange=exchange,
        )

    # -- prose --------------------------------------------------------------------------------------------------------

    def _text(self, data: str | bytes) -> Diagnosis:
        found = digest(data)
        reading, claims, failure = prose.read(self.index, found)
        response = Response(status=found.status or 0, headers=found.headers)
        if failure is not None and not claims:
            return self._no_response(Exchange(request=found.request, no_response=failure))
        if not claims:
            nothing = empty_answer(found.values, answered=found.status is not None and found.status < 300)
            if nothing is not None and (found.status is None or found.status < 300):
                return self._empty(nothing, found.status)
            if found.status is None or found.status < 400:
                alone = self._told_alone(found.text)
                if alone.faults or found.status is None:
                    return alone
                empty = told_empty(found.text) if found.status < 300 else None
                return succeeded(found.status) if empty is None else self._empty(empty, found.status)
            claims = (Claim(kind=reading.kind),)
        return self._judged(
            Exchange(request=found.request, response=response), reading, claims, found.status, words=found.text
        )

    def _empty(self, what: str, status: int | None) -> Diagnosis:
        """A success without data, which somebody shows as a failure."""
        fault = self.index.get(MISSING_DATA)
        if fault is None:
            return NOTHING_FAILED if status is None else succeeded(status)
        check = "" if fault.check is None else fault.check.text
        match = Match(fault=fault, score=0.8, basis="context", evidence=(what,), check=check)
        return Diagnosis(faults=(match,), status=status, http_status=status, body_kind=BodyKind.JSON)

    def _told_alone(self, text: str) -> Diagnosis:
        """A text without any answer in it: what its words say by themselves, where they say it plainly."""
        clues = list(clues_of_words(text, Symptom.NOTHING, ()))
        ranking = weighed(Ranking(), clues, self.index) if clues else Ranking()
        if not ranking.matches or ranking.matches[0].score < _PLAIN:
            return NOTHING_FAILED
        return Diagnosis(faults=ranking.matches, tied=ranking.tied, body_kind=BodyKind.TEXT)


def _joined(results: list[Diagnosis]) -> Diagnosis:
    """One diagnosis of several: the first failure that is known leads, the rest are its `others`."""
    failures = [result for result in results if result.failed]
    if not failures:
        return results[0] if results else NOTHING_FAILED
    if len(failures) == 1 and not failures[0].others:
        return failures[0]
    flat = [part for failure in failures for part in failure.all]
    flat = [msgspec.structs.replace(part, others=()) if part.others else part for part in flat]
    lead = max(flat, key=_telling)  # of equals the first
    return msgspec.structs.replace(lead, others=tuple(part for part in flat if part is not lead))


def _telling(part: Diagnosis) -> int:
    """How much a failure says: a recognised text more than a code, either more than a status, a real failure most."""
    best = part.best
    if best is None:
        return 0
    failed = 4 if part.status is None or part.status >= 400 else 0
    return failed + (3 if best.basis == "message" and not part.tied else 2 if not part.tied else 1)


def _kind_of_body(kind: BodyKind, request: Request | None) -> BodyKind | None:
    """The kind of an answer's body, where it tells anything: that of a HEAD is empty whatever the answer is."""
    return None if kind is BodyKind.EMPTY and request is not None and request.method == "HEAD" else kind


def _operation(request: Request | None, path: str | None) -> Operation | None:
    if request is None or path is None:
        return None
    if request.method:
        return operations().find(request.method, path)
    known = operations().find_any_method(path) if path else []  # prose names a URL and no method
    return known[0] if len(known) == 1 else None


def _request_id(headers: Headers) -> str | None:
    if not len(headers):
        return None
    for name in _REQUEST_IDS:
        value = headers.get(name)
        if value:
            return value[:200]
    return None


def _unknown_code(index: Index, claim: Claim, matched: bool) -> tuple[Finding, ...]:
    if claim.sc_code is not None and not index.sc(claim.sc_code):
        return (Finding(rule="unknown-code", text=f"The SC number {claim.sc_code} is in no document."),)
    if claim.code and not matched and not index.code(claim.code):
        return (Finding(rule="unknown-code", text=f"The code {claim.code[:80]} is in no document that recoup knows."),)
    return ()


@cache
def _engine() -> Engine:
    return Engine(catalogue().values())


def diagnose(x: Input, context: Context | None = None, seller: str | None = None) -> Diagnosis:
    """Which fault of recoup's catalogue `x` shows: an Exchange, a Response, or pasted text or bytes. Never raises.

    `context` and `seller` are as in `Engine.diagnose`.
    """
    return _engine().diagnose(x, context, seller)


def diagnose_all(xs: Iterable[Input]) -> Iterator[Diagnosis]:
    """The diagnosis of each of `xs`, in their order, as they come."""
    return _engine().diagnose_all(xs)


def diagnose_success(status: int, method: str | None, path: str | None, body: bytes) -> Diagnosis:
    """The diagnosis of a response whose status says success. Read the body only if `may_hide_failure` says so."""
    return _engine().diagnose_success(status, method, path, body)
