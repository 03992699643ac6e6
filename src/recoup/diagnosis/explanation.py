"""Plain text for a person: what to do now, what happened, why recoup thinks so, how to mend it, who must act.

The same input gives the same text. Nothing in it is secret, and nothing is only a status. What came from outside is
masked before it is wrapped; what the catalogue says is left as it is.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from recoup.catalogue.fault import Fault, Kind, Recovery, Remedy, RetryClass, Variant, Where, Who
from recoup.diagnosis.diagnosis import Diagnosis, Item, Match
from recoup.diagnosis.separating import next_check, wanting
from recoup.redaction import redact_text

__all__ = ["explain", "explain_fault", "explain_many", "recovery_words"]

WIDTH = 100
MAX_TIED = 6
MAX_OTHERS = 20

_RECOVERY = {
    RetryClass.NEVER: "Do not send it again: it will not work, a person must look.",
    RetryClass.BACKOFF: "Send the same request again, with growing pauses, three attempts in all.",
    RetryClass.BACKOFF_SERIAL: "Wait until the order's other call is over, read it, send again; three attempts in all.",
    RetryClass.RATE: "Send the same request again when the quota allows it, three attempts in all.",
    RetryClass.WAIT_STATE: "Wait and read the entity; send again at most once, and only if nothing has happened.",
    RetryClass.VERIFY: "Read first: if the wanted effect is there, all is well; else send a new request.",
    RetryClass.RESYNC: "Read the newest version or sequence number, then send a new request made from it.",
    RetryClass.RESELECT: "Fetch the options again, choose another, and send a new request.",
    RetryClass.FIX_INPUT: "Do not send it again as it is: a value in it must be corrected.",
    RetryClass.FIX_REQUEST: "Do not send it again as it is: its form or its address must be corrected.",
    RetryClass.FIX_STATE: "Read the state of the order and go on from there; this request does not fit it.",
    RetryClass.FIX_OR_WAIT: "Check your own values first; if they are right, wait and send it later.",
    RetryClass.SCHEDULE: "Send it at the time from which it works, and not before.",
    RetryClass.LOCKOUT: "Send nothing of this kind for this order until the stated time is over.",
    RetryClass.REAUTH: "Fetch a new access token and repeat the request once.",
    RetryClass.RESTART_PAGING: "Begin the listing again from its first page.",
    RetryClass.HUMAN: "Do not send it again: somebody must change something outside the program.",
    RetryClass.TERMINAL: "Stop: the order is over.",
    RetryClass.CODE: "The call succeeded; renew the model in your program.",
}
_WHO = {
    Who.NOBODY: "nobody, the program gets over it by itself",
    Who.DEVELOPER: "the developer of the program",
    Who.OPERATOR: "whoever owns the application in Amazon's consoles",
    Who.SELLER: "the seller (or vendor)",
    Who.AMAZON: "Amazon",
}
_WHERE = {
    Where.EXTERNAL_FULFILLMENT: "External Fulfillment",
    Where.FRONT_DOOR: "the Selling Partner API",
    Where.LOGIN: "Login with Amazon",
    Where.CONSENT_PAGE: "the consent page",
    Where.CLIENT: "the caller's own side",
    Where.DOCUMENT_STORAGE: "the document storage",
}
_DOCUMENTS = {
    "external-fulfillment-error-handling": "External Fulfillment, “Error Handling”",
    "resolve-common-http-and-authorization-errors": "“Resolve Common HTTP and Authorization Error Codes”",
    "login-with-amazon": "Login with Amazon",
    "selling-partner-api-models": "Amazon's API models",
    "selling-partner-api-docs": "Amazon's guides to the Selling Partner API",
    "public-reports": "reports of developers, in public",
}
_BEYOND = "In neither of the two documents that recoup follows; seen in public, or described elsewhere by Amazon."
_OPEN = frozenset({"status", "code", "request", "context"})  # what leaves room for another cause
_DECISIONS = {
    "retry": "send the same request again",
    "renew_token": "fetch a new access token and repeat the request once",
    "wait": "wait",
    "resync": "read again, then decide anew",
    "done": "nothing is left to do",
    "give_up": "do not send this request again",
}
# The classes whose words say what the decision says, so that a person is not told it twice.
_SAYS_IT = {
    "retry": {RetryClass.BACKOFF, RetryClass.BACKOFF_SERIAL, RetryClass.RATE},
    "renew_token": {RetryClass.REAUTH},
    "wait": {RetryClass.WAIT_STATE, RetryClass.SCHEDULE, RetryClass.LOCKOUT, RetryClass.FIX_OR_WAIT},
    "resync": {
        RetryClass.VERIFY,
        RetryClass.RESYNC,
        RetryClass.RESELECT,
        RetryClass.FIX_STATE,
        RetryClass.RESTART_PAGING,
    },
    "give_up": {
        RetryClass.NEVER,
        RetryClass.FIX_INPUT,
        RetryClass.FIX_REQUEST,
        RetryClass.HUMAN,
        RetryClass.TERMINAL,
        RetryClass.CODE,
    },
}


def recovery_words(recovery: Recovery) -> str:
    """One sentence for how a fault is recovered from."""
    return _RECOVERY[recovery.retry]


# -- a diagnosis ------------------------------------------------------------------------------------------------------


def explain(diagnosis: Diagnosis) -> str:
    """The whole of a diagnosis as text; ends with a line feed."""
    if not diagnosis.failed:
        status = f" (HTTP {diagnosis.http_status})" if diagnosis.http_status is not None else ""
        return f"Nothing failed{status}.\n"
    out = _Lines()
    _one(out, diagnosis)
    for number, other in enumerate(diagnosis.others[:MAX_OTHERS], start=2):
        out.blank()
        out.line(f"-- failure {number} of {len(diagnosis.others) + 1} in the same response --")
        _one(out, other)
    rest = len(diagnosis.others) - MAX_OTHERS
    if rest > 0:
        out.blank()
        out.line(f"… and {rest} more failures in the same response.")
    return out.text()


def _one(out: _Lines, diagnosis: Diagnosis) -> None:
    best = diagnosis.best
    if best is None:
        _unknown(out, diagnosis)
        return
    out.line(f"{best.title}  [{best.fault.id}]")
    out.field("Now", _now(diagnosis, best))
    out.field("Read", diagnosis.look)
    out.field("Seen", redact_text(_seen(diagnosis)))
    out.field("Cause", best.cause)
    for name, value in diagnosis.parameters.items():
        out.field(name.replace("_", " "), redact_text(value), indent=2)
    out.field("Evidence", redact_text("; ".join(best.evidence)))
    out.field("Against", redact_text("; ".join(best.against)))
    if diagnosis.tied:
        _tied(out, diagnosis)
    elif best.basis in _OPEN and best.disproof:
        out.field("Wrong if", best.disproof)
    _remedy(out, best.remedy, best.who)
    if best.check and not diagnosis.tied:
        out.field("Apart", best.check)
    _ending(out, diagnosis, best.fault)


def _unknown(out: _Lines, diagnosis: Diagnosis) -> None:
    if diagnosis.no_response is not None:
        out.line("There was no response")
    else:
        out.line("A failure that no document describes")
    if diagnosis.decision is not None:
        out.field("Now", _decision_words(diagnosis.decision))
    out.field("Read", diagnosis.look)
    out.field("Seen", redact_text(_seen(diagnosis)))
    for finding in diagnosis.findings:
        out.field("Note", redact_text(finding.text))
    if diagnosis.no_response is None:
        out.field("Next", "Keep the whole response with its header fields; Amazon asks for the request id.")
    if diagnosis.request_id:
        out.field("Request", redact_text(diagnosis.request_id))


def _now(diagnosis: Diagnosis, best: Match) -> str:
    """How the fault is recovered from, with the time of the decision; before it the decision where it differs."""
    words = recovery_words(best.recovery)
    decision = diagnosis.decision
    if decision is None:
        return words
    action = str(decision.get("action", ""))
    if best.recovery.retry in _SAYS_IT.get(action, ()):
        after = _after(decision)
        return f"{words.rstrip('.')} ({after})." if after else words
    later = "Later" if action == "give_up" else "Then"
    return f"{_sentence(_decision_words(decision))} {later}: {words[:1].lower()}{words[1:]}"


def _decision_words(decision: Mapping[str, Any]) -> str:
    action = str(decision.get("action", ""))
    after = _after(decision)
    return _DECISIONS.get(action, action) + (f" ({after})" if after else "")


def _after(decision: Mapping[str, Any]) -> str:
    """The time of a decision as a person reads it: seconds below two minutes, minutes below two hours, then hours."""
    seconds = decision.get("after")
    if not isinstance(seconds, int | float) or seconds <= 0:
        return ""
    if seconds < 120:
        return f"in {seconds:.3g} s"
    return f"in {seconds / 60:.0f} minutes" if seconds < 7200 else f"in {seconds / 3600:.0f} hours"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _seen(diagnosis: Diagnosis) -> str:
    parts: list[str] = []
    if diagnosis.method or diagnosis.path:
        parts.append(f"{diagnosis.method or ''} {diagnosis.path or ''}".strip())
    if diagnosis.http_status is not None:
        parts.append(f"HTTP {diagnosis.http_status}")
    if diagnosis.item is not None:
        parts.append(_item(diagnosis.item))
    if diagnosis.status is not None and diagnosis.status != diagnosis.http_status:
        parts.append(f"its own status {diagnosis.status}")
    parts.extend(word for word in dict.fromkeys((diagnosis.code, diagnosis.sc_code)) if word)
    if diagnosis.message:
        parts.append(f"“{diagnosis.message}”")
    if diagnosis.details and diagnosis.details != diagnosis.message:
        parts.append(f"details “{diagnosis.details}”")
    if diagnosis.no_response is not None and not diagnosis.message:
        parts.append(f"no response ({diagnosis.no_response.kind.value})")
    if not parts and diagnosis.body_kind is not None:
        parts.append(f"a body of the kind {diagnosis.body_kind.value}")
    return ", ".join(parts) or "a failure without a status"


def _item(item: Item) -> str:
    return f"{item.kind} {item.index + 1}" + (f" ({item.name})" if item.name else "")


def _tied(out: _Lines, diagnosis: Diagnosis) -> None:
    rivals = [match for match in diagnosis.faults if match.fault.id in diagnosis.tied]
    out.line(f"This response alone cannot tell {len(rivals)} causes apart. In the order of their likelihood:")
    first = next_check(diagnosis)
    for match in rivals[:MAX_TIED]:
        own = f". Check: {match.check}" if match.check and (first is None or match.fault is not first.fault) else ""
        out.bullet(f"{match.title} [{match.fault.id}]{own}")
    if len(rivals) > MAX_TIED:
        out.bullet("also possible: " + ", ".join(match.fault.id for match in rivals[MAX_TIED:]))
    if first is not None:
        out.field("First", f"{first.check.text} ({first.fault.id})")
        out.field("", f"Yes: {first.check.confirms} No: {first.check.refutes}")
    asked = wanting(diagnosis)
    if asked:
        out.line("The input does not show, and it would help to know:")
        for each in asked:
            out.bullet(each)


def _ending(out: _Lines, diagnosis: Diagnosis, fault: Fault) -> None:
    for finding in diagnosis.findings:
        out.field("Note", redact_text(finding.text))
    if diagnosis.retryable_field is not None:
        out.field("Note", f"The response itself says retryable: {str(diagnosis.retryable_field).lower()}.")
    if fault.same_as:
        out.field("Same as", ", ".join(fault.same_as))
    if fault.kind is Kind.BEYOND:
        out.field("Note", _BEYOND)
    out.field("Source", _source(fault))
    if diagnosis.request_id:
        out.field("Request", redact_text(diagnosis.request_id))


# -- an entry of the catalogue ----------------------------------------------------------------------------------------


def explain_fault(fault: Fault) -> str:
    """One entry of the catalogue as text, without an exchange; ends with a line feed."""
    out = _Lines()
    _entry(out, fault)
    return out.text()


def explain_many(faults: Sequence[Fault]) -> str:
    """Several entries as text, and before them how to tell them apart; one entry as `explain_fault`."""
    if len(faults) == 1:
        return explain_fault(faults[0])
    out = _Lines()
    out.line(f"{len(faults)} faults answer to this. What tells them apart:")
    width = max((len(fault.id) for fault in faults), default=0)
    for fault in faults:
        out.row(f"{fault.id:<{width}}", _tell(fault))
    if len(faults) > MAX_TIED:
        out.blank()
        out.line("'recoup explain ID' gives the whole entry.")
        return out.text()
    for fault in faults:
        out.blank()
        _entry(out, fault)
    return out.text()


def _tell(fault: Fault) -> str:
    parts = [str(fault.status)] if fault.status is not None else []
    parts += [fault.code] if fault.code else []
    own = [message for message in fault.messages if not message.shared] or list(fault.messages)
    if own:
        parts.append(f"“{own[0].shown}”" + ("" if not own[0].shared else " (shared)"))
    elif fault.signs:
        parts.append(_sign_words(fault))
    else:
        parts.append(fault.title)
    return ", ".join(parts)


def _sign_words(fault: Fault) -> str:
    sign = fault.signs[0]
    return f"a body of the kind {sign.body.value}" if sign.body is not None else fault.title


def _entry(out: _Lines, fault: Fault) -> None:
    out.line(f"{fault.title}  [{fault.id}]")
    out.field("Now", recovery_words(fault.recovery))
    codes = [f"HTTP {fault.status}"] if fault.status is not None else []
    codes += [code for code in (fault.code, fault.sc_code) if code]
    from_ = " or ".join(_WHERE[where] for where in fault.where)
    out.field("Answer", ", ".join(codes) + (" from " if codes else "From ") + from_)
    for message in fault.messages:
        shared = ", shared with other faults" if message.shared else ""
        out.field("Message", f"“{message.shown}” ({message.mark.value}{shared})")
    out.field("Cause", fault.cause)
    _remedy(out, fault.remedy, fault.who)
    for variant in fault.variants:
        _variant(out, variant)
    if fault.check is not None:
        out.field("Check", fault.check.text)
    for contradiction in fault.contradictions:
        out.field(contradiction.id, f"{contradiction.conflict} {contradiction.resolution}")
    if fault.same_as:
        out.field("Same as", ", ".join(fault.same_as))
    if fault.kind is Kind.HISTORIC:
        out.field("Note", "Documented once; it can no longer be reached.")
    if fault.kind is Kind.BEYOND:
        out.field("Note", _BEYOND)
    out.field("Drill", f"Left out. {fault.no_recipe}" if fault.no_recipe else "")
    out.field("Source", _source(fault))


def _variant(out: _Lines, variant: Variant) -> None:
    out.field("Variant", f"{variant.title}: {recovery_words(variant.recovery)}")
    out.field("", f"{variant.remedy.text} Who acts: {_WHO[variant.who]}.", indent=2)


def _remedy(out: _Lines, remedy: Remedy, who: Who) -> None:
    out.field("Remedy", remedy.text)
    for number, step in enumerate(remedy.steps, start=1):
        out.bullet(step, mark=f"{number}.")
    for console, steps in remedy.consoles.items():
        out.line(f"In {console}:", indent=2)
        for step in steps:
            out.bullet(step)
    out.field("Who acts", _WHO[who])


def _source(fault: Fault) -> str:
    source = fault.source
    parts = [_DOCUMENTS.get(source.document, source.document), source.section, source.row]
    return ", ".join(part for part in parts if part)


# -- lines ------------------------------------------------------------------------------------------------------------


class _Lines:
    """Lines of text, wrapped, with the names of fields in a column of their own."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def line(self, text: str, indent: int = 0) -> None:
        self._wrap(text, " " * indent, " " * (indent + 2))

    def blank(self) -> None:
        self._lines.append("")

    def field(self, name: str, text: str, indent: int = 0) -> None:
        if not text:
            return
        label = f"{name}:" if name else ""
        head = " " * indent + f"{label:<9} "
        self._wrap(text, head, " " * (indent + 10))

    def row(self, name: str, text: str) -> None:
        self._wrap(text, f"  {name}  ", " " * (len(name) + 4))

    def bullet(self, text: str, mark: str = "-") -> None:
        self._wrap(text, f"    {mark} ", "      ")

    def _wrap(self, text: str, first: str, rest: str) -> None:
        plain = " ".join(_visible(text).split())
        wrapped: Iterable[str] = textwrap.wrap(
            plain, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
        )
        self._lines.extend(wrapped or [first.rstrip()])

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._lines) + "\n"


def _visible(text: str) -> str:
    """`text` without control characters: a message from outside must not steer a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text[:4000])
