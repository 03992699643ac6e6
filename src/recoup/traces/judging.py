"""From what was read to a diagnosis with its decision, with little work for answers that come again and again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

import msgspec

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.clue import Symptom
from recoup.diagnosis.context import Context
from recoup.diagnosis.contextual import clues_of_context
from recoup.diagnosis.diagnosis import Diagnosis, Match
from recoup.diagnosis.engine import Engine
from recoup.exchange import Exchange, Request
from recoup.recovery.judgement import advise
from recoup.redaction import mask
from recoup.traces.traced import Again, Alike, Told, Traced, name_of, operation_named, operation_of

__all__ = ["REQUEST_IDS", "TELLING", "Judge", "form_of", "is_remembered", "is_settled", "usual_engine"]

TELLING = ("retry-after", "x-amzn-ratelimit-limit", "x-amzn-errortype", "content-type")
"""Header fields of an answer on which its diagnosis can depend, where its message proves its fault."""

_MOST = 5000
_LONG = 2000  # bytes of a body that is not remembered
_AROUND = 10  # minutes
REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id", "x-amz-rid")
_SETTLED = frozenset({"retry", "give_up", "renew_token"})  # decisions that name no date and nothing to read


class Judge:
    """Diagnoses the exchanges of a trace. Not for threads: each has its own.

    The same answer to the same operation means the same where its message alone proves its fault; such answers are
    remembered (the last few thousand). All others are diagnosed each by itself. With `counting` the same answer to
    requests of the same form is too: what is counted does not depend on the one order id that stood in the path, and
    the words of the evidence, which do, are not shown.

    This is an approximation in one place: the first answer of an operation that its message alone proves stands for all
    with the same body and header fields, whatever their addresses and the other calls say. For a message that several
    causes share (some of a 404 do) another address can have made the first one ambiguous; so for these the counts can
    depend on which of them came first.
    """

    def __init__(self, engine: Engine, *, counting: bool = False) -> None:
        self.engine = engine
        self._counting = counting
        self._known: dict[Alike, Diagnosis] = {}
        self._bad_times: frozenset[int] | None = None
        self._others: dict[tuple[str | None, str | None], Alike] = {}

    def forget(self) -> None:
        """Remember no answer any more: what is known of the other calls has changed."""
        self._known.clear()
        self._others.clear()
        self._bad_times = None

    def _tells_more(self, context: Context, seller: str | None, request: Request, at: float | None) -> bool:
        """Whether the other calls say something of this very exchange, not just of its seller and operation: that its
        path was found or made at another time, or that nobody was served around its own.
        """
        if context.found or context.made:
            path, who = request.path, seller or ""
            if (who, path) in context.found or (who, path.rpartition("/")[0]) in context.made:
                return True
        if self._bad_times is None:
            bad = [
                number for number, minute in context.minutes.items() if len(minute.refused) > 1 and not minute.worked
            ]
            self._bad_times = frozenset(
                near for number in bad for near in range(number - _AROUND, number + _AROUND + 1)
            )
        return at is not None and int(at // 60) in self._bad_times

    def _told_by_others(
        self, context: Context, request: Request, operation: str | None, seller: str | None, at: float | None
    ) -> Alike:
        """What the other calls can say of this one, but for the words."""
        tokens = len(request.headers) > 0 and "x-amz-access-token" in request.headers
        if tokens or self._tells_more(context, seller, request, at):
            when = None if at is None else datetime.fromtimestamp(at, UTC)
            return _said(context, Exchange(request=request, at=when), seller, operation)
        who = (seller, operation)
        found = self._others.get(who)
        if found is None:
            found = _said(context, Exchange(), seller, operation)
            if len(self._others) < _MOST:
                self._others[who] = found
        return found

    def again(self, failure: Again, context: Context) -> tuple[Alike, Diagnosis | None]:
        """What this failure is known by, and its diagnosis, where one like it was judged: for what is counted only. The
        former is for `learn`.
        """
        others = self._told_by_others(context, failure.request, failure.operation, failure.seller, failure.at)
        key = (failure.alike, failure.form or form_of(failure.request), others)
        return key, self._known.get(key)

    def learn(self, key: Alike, diagnosis: Diagnosis) -> None:
        """Failures that are known by `key` have this diagnosis."""
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key] = diagnosis

    def __call__(self, traced: Traced, context: Context | None = None) -> Diagnosis:
        """The diagnosis of one exchange, with its decision; `context` is what the other calls of the trace did. Never
        raises on account of what was read.
        """
        if traced.told is not None and (told := self._told(traced, traced.told)) is not None:
            return told
        if traced.text is not None:
            return advise(self.engine.diagnose(traced.text))
        return self._exchange(traced, context)

    def _exchange(self, traced: Traced, context: Context | None) -> Diagnosis:
        exchange = traced.exchange
        request, response = exchange.request, exchange.response
        if response is None or response.status < 400 or len(response.body) > _LONG:
            return advise(self.engine.diagnose(exchange, context, traced.seller))
        headers = response.headers
        operation = operation_of(traced)  # what decides stands here, and for lines in `sieve`
        key = (
            response.status,
            response.body,
            None if request is None else (request.method, request.path if operation is None else operation.key),
            *[headers.get(name) for name in TELLING],
        )
        known = self._known.get(key)
        if known is not None:
            return _of(exchange, known)
        form = None
        if self._counting and request is not None and (of_request := form_of(request)) is not None:
            name = name_of(operation)
            others = None
            if context is not None:
                others = self._told_by_others(context, request, name, traced.seller, traced.at)
            form = (*key, of_request, others)
        if form is not None and (known := self._known.get(form)) is not None:
            return _of(exchange, known)
        diagnosis = advise(self.engine.diagnose(exchange, context, traced.seller))
        if _by_message_alone(diagnosis):
            self.learn(key, diagnosis)
        elif form is not None:
            self.learn(form, diagnosis)
        return diagnosis

    def _told(self, traced: Traced, told: Told) -> Diagnosis | None:
        """What recoup had made of it when it saw the whole answer, which its log does not hold."""
        fault = self.engine.index.get(told.fault)
        if fault is None:
            return None
        response = traced.exchange.response
        sure = told.tied < 2
        words = "recoup recognised it when the answer came" + ("" if sure else f", as one of {told.tied} rivals")
        request = traced.exchange.request
        diagnosis = Diagnosis(
            faults=(Match(fault=fault, score=0.95 if sure else 1 / told.tied, basis="message", evidence=(words,)),),
            status=response.status if response is not None else None,
            http_status=response.status if response is not None else None,
            request_id=None if response is None else response.headers.get("x-amzn-requestid"),
            method=None if request is None else request.method,
            path=None if request is None else request.path,
            operation=operation_of(traced) or operation_named(traced.operation),
            exchange=traced.exchange,
        )
        return advise(diagnosis)


def _of(exchange: Exchange, known: Diagnosis) -> Diagnosis:
    """The diagnosis of another exchange, for this one."""
    request, response = exchange.request, exchange.response
    request_id = None
    if response is not None:
        request_id = next((found for name in REQUEST_IDS if (found := response.headers.get(name))), None)
    return msgspec.structs.replace(
        known,
        exchange=exchange,
        path=None if request is None else request.path,
        request_id=None if request_id is None else request_id[:200],
    )


_CHARACTERS = bytes(57 if 48 <= c <= 57 else 97 if 97 <= c <= 122 else 65 if 65 <= c <= 90 else c for c in range(256))
_DATE = re.compile(r"20\d\d-?\d\d")


@cache
def usual_engine() -> Engine:
    """The engine of recoup's own catalogue: made once a process."""
    return Engine(catalogue().values())


def form_of(request: Request) -> Alike | None:
    """What of a request can decide between rivals: all of it, but that a path counts by the kinds of its characters,
    a token by its kind and length, and an id of the request itself not at all. None where an instant stands in the
    query: what one means depends on when it was sent.
    """
    base, _, query = request.url.partition("?")
    if query and _DATE.search(query) is not None:
        return None
    fields: Alike = ()
    if len(request.headers):
        fields = tuple(
            (name, mask(value) if "token" in name or "auth" in name else value)
            for name, value in ((name.lower(), value) for name, value in request.headers)
            if name not in ("x-amz-date", "date", "x-request-id", "traceparent", "content-length")
        )
    return (base.encode("utf-8", "replace").translate(_CHARACTERS), query, fields, request.body)


def _said(context: Context, exchange: Exchange, seller: str | None, operation: str | None) -> Alike:
    """The weights of all clues that the other calls give for this one under any symptom."""
    return tuple(
        (symptom, *clue.weights.items(), clue.introduces)
        for symptom in (Symptom.DENIED, Symptom.NOT_FOUND)  # the first has all of those of a server's error
        for clue in clues_of_context(context, exchange, symptom, seller=seller, operation=operation)
    )


def is_remembered(traced: Traced) -> bool:
    """Whether the diagnosis of such an exchange is remembered for those that are like it."""
    response = traced.exchange.response
    if response is None or response.status < 400 or len(response.body) > _LONG:
        return False
    return traced.told is None and traced.text is None


def is_settled(traced: Traced, diagnosis: Diagnosis) -> bool:
    """Whether any exchange with the same status, body, operation and telling header fields has this diagnosis."""
    return is_remembered(traced) and _by_message_alone(diagnosis)


def _by_message_alone(diagnosis: Diagnosis) -> bool:
    if len(diagnosis.faults) != 1 or diagnosis.others or diagnosis.item is not None or diagnosis.findings:
        return False
    decision = diagnosis.decision or {}
    return diagnosis.faults[0].basis == "message" and decision.get("action") in _SETTLED and diagnosis.read_back is None
