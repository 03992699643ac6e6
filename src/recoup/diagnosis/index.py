"""The catalogue, turned round for matching: from a text, a code or a status to the faults that have it. Built once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count

import msgspec

from recoup.catalogue.fault import Fault, Kind, Message, MessageField, Sign
from recoup.catalogue.template import Template, normalise
from recoup.diagnosis.codes import code_key
from recoup.diagnosis.evidence import Ranking

__all__ = ["Hit", "Index", "Profile"]

_PLACEHOLDER = re.compile(r"\{[a-z][a-z0-9_]*:[a-z]+\}")
_QUOTE = re.compile("['\"`‘’“”]")  # noqa: RUF001  typographic quotes come with pasted text
_PREFIX = re.compile(r"^\s*(?:\[\w{1,20}\]\s*)?(?:[A-Z][A-Za-z]{2,40}|[A-Z_]{3,40}|\d{3})\s*[:\-]\s+")


class _Entry(msgspec.Struct, frozen=True):
    fault: Fault
    message: Message
    template: Template


class Hit(msgspec.Struct, frozen=True):
    """A text that is a message of a fault: which message, where the text stood, and the parameters in it."""

    fault: Fault
    message: Message
    weight: int
    place: str
    parameters: dict[str, str]

    @property
    def shared(self) -> bool:
        """Whether other faults carry the same text, so that it decides nothing alone."""
        return self.message.shared


class Profile(msgspec.Struct, frozen=True):
    """What is asked of a fault again and again: the statuses it comes with, its codes, and whether details tell of it.

    `announced` says that the fault's own messages stand in details, so that silent details speak against it.
    """

    statuses: frozenset[int]
    codes: frozenset[str]
    announced: bool
    telling: tuple[Sign, ...]  # signs with a header field or a code


class Index:
    """Lookups over all faults, in the order of the catalogue. Safe to share between threads."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        self._order = {fault.id: position for position, fault in enumerate(self.faults)}
        self._profiles = {fault.id: _profile(fault) for fault in self.faults}
        self._fixed: dict[str, list[_Entry]] = {}
        self._gapped: dict[
            str, list[tuple[int, str, _Entry]]
        ] = {}  # by a word that stands in each, or "" where none does
        self._numbers = count()
        self._hits: dict[tuple[str, str, frozenset[MessageField]], tuple[Hit, ...]] = {}
        self._by_sc: dict[str, list[Fault]] = {}
        self._by_code: dict[str, list[tuple[Fault, int | None]]] = {}
        self._by_status: dict[int, list[Fault]] = {}
        self._signs: dict[int | None, list[tuple[Fault, Sign]]] = {}
        for fault in self.faults:
            self._add(fault)
        self.telling_headers = tuple(
            sorted({name.lower() for fault in self.faults for sign in fault.signs for name in sign.header})
        )
        self.rankings: dict[tuple[object, ...], Ranking] = {}  # those that were worked out already; see `match.rank`
        self.weighings: dict[tuple[object, ...], tuple[Ranking, Ranking, object]] = {}  # see `weighing.weighed`
        self.codes = frozenset(self._by_code)  # in the form in which codes are compared

    def _add(self, fault: Fault) -> None:
        for message in fault.messages:
            entry = _Entry(fault, message, message.compiled)
            if entry.template.fixed:
                self._fixed.setdefault(entry.template.normalised, []).append(entry)
            else:
                literal = _longest_literal(message.template)
                self._gapped.setdefault(_inner_word(literal), []).append((next(self._numbers), literal, entry))
        if fault.sc_code is not None:
            self._by_sc.setdefault(fault.sc_code.upper(), []).append(fault)
        if fault.code is not None:
            self._by_code.setdefault(code_key(fault.code), []).append((fault, fault.status))
        if fault.status is not None:
            self._by_status.setdefault(fault.status, []).append(fault)
        for sign in fault.signs:
            self._signs.setdefault(sign.status, []).append((fault, sign))
            if sign.code is not None and not sign.header and sign.body is None:
                self._by_code.setdefault(code_key(sign.code), []).append((fault, sign.status))

    def profile(self, fault: Fault) -> Profile:
        """What was worked out about `fault` beforehand."""
        return self._profiles[fault.id]

    def by_id(self, fault_id: str) -> Fault:
        """The fault with this id. Raises KeyError."""
        return self.faults[self._order[fault_id]]

    def get(self, fault_id: str) -> Fault | None:
        """The fault with this id, or None."""
        position = self._order.get(fault_id)
        return None if position is None else self.faults[position]

    def order(self, fault: Fault) -> int:
        """The position of `fault` in the catalogue."""
        return self._order[fault.id]

    def texts(self, text: str, place: str, fields: frozenset[MessageField]) -> list[Hit]:
        """The messages that `text` is, from its first word to its last; a code before a colon is passed over."""
        hits = self._texts(text, place, fields)
        if not hits:
            prefix = _PREFIX.match(text[:200])
            if prefix is not None:
                hits = self._texts(text[prefix.end() :], place, fields)
        return hits

    def _texts(self, text: str, place: str, fields: frozenset[MessageField]) -> list[Hit]:
        plain = normalise(text)
        if not plain:
            return []
        hits = list(self._fixed_hits(plain, place, fields))
        gapped = self._gapped
        likely = [each for word in {"", *plain.split(" ")} for each in gapped.get(word, ())]
        likely.sort(key=_number)
        for _, literal, entry in likely:
            if literal in plain and entry.message.field in fields:
                parameters = entry.template.match(text)
                if parameters is not None:
                    hits.append(Hit(entry.fault, entry.message, entry.template.weight, place, parameters))
        return hits

    def _fixed_hits(self, plain: str, place: str, fields: frozenset[MessageField]) -> tuple[Hit, ...]:
        entries = self._fixed.get(plain)
        if entries is None:
            return ()
        key = (plain, place, fields)  # as many as there are messages, places and sets of fields
        known = self._hits.get(key)
        if known is None:
            known = self._hits[key] = tuple(
                Hit(entry.fault, entry.message, entry.template.weight, place, {})
                for entry in entries
                if entry.message.field in fields
            )
        return known

    def inside(self, plain: str) -> str | None:
        """The longest fixed message that stands anywhere in `plain` (lower case, blanks collapsed), or None."""
        found = [text for text, entries in self._fixed.items() if entries[0].template.weight >= 14 and text in plain]
        return max(found, key=len, default=None)

    def sc(self, code: str) -> list[Fault]:
        """The faults with this SC number ("SC_nnnnn")."""
        return self._by_sc.get(code.upper(), [])

    def code(self, code: str) -> list[tuple[Fault, int | None]]:
        """The faults with this code, whatever its spelling, each with the HTTP status that goes with it."""
        return self._by_code.get(code_key(code), [])

    def status(self, status: int) -> list[Fault]:
        """The faults with this HTTP status."""
        return self._by_status.get(status, [])

    def signs(self, status: int | None) -> list[tuple[Fault, Sign]]:
        """The signs that fit this status, or any."""
        found = self._signs.get(None, [])
        return found if status is None else [*self._signs.get(status, ()), *found]


def _profile(fault: Fault) -> Profile:
    statuses = {fault.status, *(sign.status for sign in fault.signs)}
    codes = {fault.code, *(sign.code for sign in fault.signs)}
    own = [message for message in fault.messages if not message.shared]
    beside = [message for message in own if message.field is not MessageField.MESSAGE]
    announced = any(message.variant is not None for message in beside) or (
        bool(beside) and len(beside) == len(own) and fault.kind is Kind.TROUBLESHOOTING
    )
    return Profile(
        statuses=frozenset(status for status in statuses if status is not None),
        codes=frozenset(code_key(code) for code in codes if code is not None),
        announced=announced,
        telling=tuple(sign for sign in fault.signs if sign.header or sign.code),
    )


def _longest_literal(template: str) -> str:
    pieces = (normalise(piece) for gap in _PLACEHOLDER.split(template) for piece in _QUOTE.split(gap))
    return max(pieces, key=len, default="")


def _number(each: tuple[int, str, _Entry]) -> int:
    return each[0]


def _inner_word(literal: str) -> str:
    """The longest word that stands in `literal` between blanks, and so between blanks in every text that holds it;
    empty where there is none.
    """
    return max(literal.split(" ")[1:-1], key=len, default="")
