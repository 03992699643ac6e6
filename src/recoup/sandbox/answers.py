"""From a refusal to the bytes on the wire: the catalogue entry's own answer, filled.

The catalogue says what is documented; this room adds nothing to it, least of all a hint. A refusal with a `variant`
carries the text that proves this variant, in the place where the entry's answer has that of its usual one; one with a
`wording` carries another of the entry's own messages, because Amazon's APIs say the same in several ways.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import msgspec

from recoup.catalogue.fault import Answer, Fault
from recoup.catalogue.loader import catalogue
from recoup.sandbox.operation import Refusal
from recoup.sandbox.settings import ScNumber

__all__ = ["HEAD_TOO_LARGE", "Answers", "FilledAnswer", "ScNumber"]

_TYPED = re.compile(r"\{([a-z][a-z0-9_]*):[a-z]+\}")  # as templates write their parameters
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class FilledAnswer(msgspec.Struct, frozen=True):
    """What the wire answer of one refusal is, apart from the headers that every answer has."""

    status: int
    content_type: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


HEAD_TOO_LARGE = FilledAnswer(
    400,
    "text/html; charset=iso-8859-1",
    (),
    b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>400 Bad Request</title>\n</head><body>\n'
    b"<h1>Bad Request</h1>\n<p>Your browser sent a request that this server could not understand.<br />\n"
    b"Size of a request header field exceeds server limit.<br />\n</p>\n</body></html>\n",
)
"""What a head beyond the limit gets. Third parties saw this sentence and the heading; no document names it, so that the
catalogue has no entry for it."""


class Answers:
    """The wire answers of the catalogue, prepared once for each fault and variant."""

    def __init__(self, faults: Mapping[str, Fault] | None = None, *, sc_number: ScNumber = ScNumber.DETAILS) -> None:
        self._faults = catalogue() if faults is None else faults
        self._sc_number = sc_number
        self._prepared: dict[tuple[str, object, object], tuple[Answer, tuple[str, ...]]] = {}

    def fill(self, refusal: Refusal) -> FilledAnswer:
        """The answer to this refusal. Raises LookupError, naming the fault, where the catalogue has none for it."""
        variant, wording = refusal.parameters.get("variant"), refusal.parameters.get("wording")
        key = (refusal.fault, variant, wording)
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = self._prepared[key] = self._prepare(refusal.fault, variant, wording)
        answer, parts = prepared
        if len(parts) == 1:
            text = parts[0]
        else:
            escape = _in_json if answer.content_type.startswith("application/json") else html.escape
            filled = list(parts)
            for index in range(1, len(parts), 2):
                if parts[index] not in refusal.parameters:
                    raise LookupError(f"{refusal.fault}: its answer needs the parameter {parts[index]!r}")
                filled[index] = escape(str(refusal.parameters[parts[index]]))
            text = "".join(filled)
        return FilledAnswer(answer.status, answer.content_type, tuple(answer.headers.items()), text.encode("utf-8"))

    def _prepare(self, fault_id: str, variant: object, wording: object) -> tuple[Answer, tuple[str, ...]]:
        fault = self._faults.get(fault_id)
        if fault is None or fault.answer is None:
            raise LookupError(f"the catalogue has no wire answer for {fault_id!r}")
        body = fault.answer.body if variant is None else _of_variant(fault, fault.answer.body, str(variant))
        if wording is not None:
            body = _worded(fault, body, str(wording))
        if fault.sc_code is not None and self._sc_number is not ScNumber.DETAILS:
            body = _moved(body, self._sc_number)
        return fault.answer, tuple(_PLACEHOLDER.split(body))


def _moved(body: str, place: ScNumber) -> str:
    """The answer with its SC number in another place than `details`."""
    data = msgspec.json.decode(body)
    error = data["errors"][0]
    if place is ScNumber.CODE:
        error["code"] = error["details"]
    error["details"] = ""
    return msgspec.json.encode(data).decode("utf-8")


def _in_json(text: str) -> str:
    return msgspec.json.encode(text).decode("utf-8")[1:-1]


def _worded(fault: Fault, body: str, wording: str) -> str:
    """The answer with another message: the one of the entry's own templates that begins with `wording`."""
    for message in fault.messages:
        if message.template.startswith(wording):
            data = msgspec.json.decode(body)
            data["errors"][0] |= {"message": _TYPED.sub(r"{\1}", message.template), "details": ""}
            return msgspec.json.encode(data).decode("utf-8")
    raise LookupError(f"{fault.id}: no message of it begins with {wording!r}")


def _of_variant(fault: Fault, body: str, variant: str) -> str:
    """The answer with the text that proves `variant` in the place where it now has that of another one."""
    data = msgspec.json.decode(body) if body.startswith("{") else {}
    error = data["errors"][0] if "errors" in data else data
    wanted = next((message.template for message in fault.messages if message.variant == variant), None)
    for field, text in error.items():
        for message in fault.messages:
            if wanted is not None and message.variant is not None and message.compiled.match(str(text)) is not None:
                # The templates leave out the full stop that the wire has.
                error[field] = wanted + (str(text)[len(message.template) :] if str(text) != message.template else "")
                return msgspec.json.encode(data).decode("utf-8")
    raise LookupError(f"{fault.id}: its answer has no place for the variant {variant!r}")
