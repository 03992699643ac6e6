"""What the gateway adds to Amazon's answers, and what it answers itself where Amazon gave none.

Its own answers have the form of the Selling Partner API's errors, so that a client that reads `errors[0].code` keeps
working, and carry `x-recoup-origin: gateway`, so that nobody takes them for Amazon's.
"""

from __future__ import annotations

import math
from urllib.parse import urlencode

import msgspec

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import AskPerson, FaultError, FixRequest, OrderOver, ReadBack, TryLater
from recoup.exchange import NoResponse, NoResponseKind
from recoup.recovery.decision import Decision, Done, GiveUp, RenewToken, Resync, Retry, Wait, action_of
from recoup.redaction import redact_text
from recoup.transports.outcome import Outcome, fault_error, outcome

__all__ = [
    "ORIGIN",
    "REFUSED",
    "Answer",
    "error_body",
    "field",
    "of_error",
    "of_no_response",
    "outcome_fields",
    "own",
    "refusal",
    "seconds",
]

Fields = list[tuple[bytes, bytes]]

ORIGIN: tuple[bytes, bytes] = (b"x-recoup-origin", b"gateway")
"""The field that says: this answer is the gateway's own."""

REFUSED: tuple[tuple[bytes, bytes], ...] = (
    (b"x-recoup-decision", b"give_up"),
    (b"x-recoup-attempts", b"0"),
    (b"x-recoup-who", b"developer"),
)
"""The fields of a refusal, so that a program that goes by the decision finds one there too."""

_LONGEST_VALUE = 500  # characters of a field
_ENCODER = msgspec.json.Encoder()
_STATUS: tuple[tuple[type[FaultError], int], ...] = (
    (TryLater, 503),
    (AskPerson, 403),
    (ReadBack, 409),
    (OrderOver, 422),
    (FixRequest, 400),
)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer of the gateway's own."""

    status: int
    headers: Fields
    body: bytes


def error_body(code: str, message: str, details: str = "") -> bytes:
    """An error as the Selling Partner API writes one. Secrets are masked."""
    error = {"code": code, "message": redact_text(message), "details": redact_text(details)}
    return _ENCODER.encode({"errors": [error]})


def own(status: int, code: str, message: str, details: str = "", fields: Fields | None = None) -> Answer:
    """An answer of the gateway's own, with these further fields."""
    body = error_body(code, message, details)
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), ORIGIN]
    return Answer(status=status, headers=head + (fields or []), body=body)


def field(name: str, value: object) -> tuple[bytes, bytes]:
    """A header field of ours: visible ASCII, whatever the value holds."""
    text = "".join(c if " " <= c <= "~" else "?" for c in redact_text(str(value)))
    return b"x-recoup-" + name.encode("ascii"), text[:_LONGEST_VALUE].strip().encode("ascii")


def outcome_fields(made: Outcome) -> Fields:
    """What a program is told about how its call went. See docs/reference/gateway.md for the meaning of each."""
    history, diagnosis = made.history, made.diagnosis
    fields = [field("decision", action_of(made.decision)), field("attempts", made.attempts)]
    if history.waited > 0:
        fields.append(field("waited", f"{history.waited:.3f}"))
    if history.token_renewed:
        fields.append(field("token-renewed", "true"))
    if history.outcome_unknown:
        fields.append(field("unknown-outcome", "true"))
    if diagnosis is not None and diagnosis.failed:
        fields += _fault_fields(diagnosis)
        if made.failed_items:
            fields.append(field("failed-items", len(made.failed_items)))
    fields += _decision_fields(made.decision)
    if isinstance(made.decision, Resync) or history.outcome_unknown:
        fields += _read_back_fields(made)
    return fields


def _read_back_fields(made: Outcome) -> Fields:
    """Which request shows the truth. Its path is given where the call tells all of it, and no body is needed."""
    look = made.read_back
    if look is None:
        return []
    fields = [field("read-operation", look.operation)]
    query = urlencode(look.query, safe=",:")
    whole = f"{look.method} {look.path}{'?' if query else ''}{query}"
    if not look.missing and look.body is None and len(whole) <= _LONGEST_VALUE:
        fields.append((b"x-recoup-read-back", whole.encode("ascii", "replace")))
    return fields


def _fault_fields(diagnosis: Diagnosis) -> Fields:
    fields = []
    if diagnosis.id is not None:
        fields.append(field("fault", diagnosis.id))
    if diagnosis.tied:
        fields.append(field("tied", ", ".join(diagnosis.tied)))
    return fields


def _decision_fields(decision: Decision) -> Fields:
    fields = []
    match decision:
        case Retry(after=after) | Wait(after=after):
            if after is not None:
                fields.append(field("retry-after", seconds(after)))
        case Resync(target=target, after=after):
            fields += [field("read-first", target), field("read-after", seconds(after))]
        case GiveUp(reason=reason, fix=fix, who=who, after=after):
            fields += [field("reason", reason), field("who", who)]
            if after is not None:
                fields.append(field("retry-after", seconds(after)))
            if fix is not None:
                fields.append(field("fix", fix))
        case Done() | RenewToken():  # they ask nothing of the program
            return []
    return fields


def seconds(value: float) -> str:
    """Whole seconds, rounded up: nobody should come too early."""
    return str(max(0, math.ceil(value)))


def of_error(error: FaultError) -> Answer:
    """For a call that was held back, came too late or got no token: an exception of ours, as an answer."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    made = outcome(error)
    if made is not None:
        fields = outcome_fields(made)
    else:
        fields = [field("decision", error.decision.get("action", "give_up")), field("attempts", 0)]
        fields += [field(name, error.decision[name]) for name in ("reason", "who", "fix") if error.decision.get(name)]
    names = {name for name, _ in fields}
    if error.fault is not None and b"x-recoup-fault" not in names:
        fields.append(field("fault", error.fault))
    if isinstance(error, AskPerson) and error.who and b"x-recoup-who" not in names:
        fields.append(field("who", error.who))
    if isinstance(error, TryLater) and error.after is not None:
        if b"x-recoup-retry-after" not in names:
            fields.append(field("retry-after", seconds(error.after)))
        fields.append((b"retry-after", seconds(error.after).encode("ascii")))
    sent = made is not None and made.attempts > 0
    details = "An earlier attempt was answered; this one was not sent." if sent else "The call was not sent to Amazon."
    return own(status, type(error).__name__, str(error), details, fields)


def of_no_response(made: Outcome | None, missing: NoResponse) -> Answer:
    """For a call that was sent, or was to be sent, and got no answer."""
    fields = outcome_fields(made) if made is not None else [field("decision", "give_up")]
    if not missing.sent:
        status, code = 502, "Unreachable"
        details = "The last attempt did not reach Amazon."
    else:
        status = 504 if missing.kind is NoResponseKind.TIMEOUT else 502
        code, details = "NoAnswer", "The request was sent, and its answer did not come, or not whole."
    if made is not None and made.history.outcome_unknown:
        details += " It may have taken effect: read back before sending it again."
    if made is not None and isinstance(made.decision, Retry | Wait | GiveUp) and made.decision.after is not None:
        fields.append((b"retry-after", seconds(made.decision.after).encode("ascii")))
    return own(status, code, _said(made, missing), details, fields)


def _said(made: Outcome | None, missing: NoResponse) -> str:
    if made is None or made.diagnosis is None or not made.diagnosis.failed:
        return missing.text or "There is no answer."
    return str(fault_error(made.diagnosis, made.decision))


def refusal(status: int, message: str, details: str = "", fields: Fields | None = None) -> Answer:
    """For a request that the gateway does not admit: whoever wrote the program has to change it."""
    return own(
        status, "RefusedByGateway", message, details or "Nothing was sent to Amazon.", [*REFUSED, *(fields or [])]
    )
