"""When only part of a request failed: which parts, what each of them needs, and a body that asks again for some.

A batch of stock updates answers each item for itself, a list of labels each package. The same bytes must not be sent
again: they would repeat what has worked. What is offered for repetition is cut out of the request, byte for byte the
caller's own values, and what is left out is said with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from recoup.catalogue.facts.operations import Operation, PartsBy
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.recovery.decision import Decision, Done, GiveUp, RenewToken, Resync, Retry, Wait
from recoup.recovery.places import json_of
from recoup.redaction import redact_text

__all__ = ["AskAgain", "FailedItem", "LeftOut", "ask_again", "count_of_items", "failed_items", "is_part"]

_PARTS = frozenset({"item", "package"})


class FailedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a request that failed, as the answer states it.

    `index` counts from 0, in the answer; `kind` is `item` or `package`; `name` is its SKU, ASIN or package id, empty
    where the answer has none. `diagnosis` is of this part alone, further failures of the same part are its `others`.
    """

    index: int
    kind: str
    name: str
    diagnosis: Diagnosis
    decision: Decision

    @property
    def fault(self) -> str | None:
        """The id of the likeliest fault."""
        return self.diagnosis.id

    @property
    def status(self) -> int | None:
        """The part's own status, where the answer gives one or the fault implies it."""
        return self.diagnosis.status

    def as_dict(self) -> dict[str, Any]:
        """Plain data, secrets masked."""
        whole = self.diagnosis.as_dict()
        return {
            "index": self.index,
            "kind": self.kind,
            "name": redact_text(self.name),
            **{key: whole[key] for key in ("id", "tied", "status", "code", "message", "retryable", "decision")},
        }


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A failed part that is not in the body that asks again, and why."""

    index: int
    name: str
    reason: str


class AskAgain(msgspec.Struct, frozen=True, kw_only=True):
    """A body that asks again for the failed parts that may be repeated as they are, after `after` seconds.

    `indices` are theirs in the answer; the answer to this body counts anew from 0, in this order. False where there is
    none of them: then `body` is empty, and nothing is to be sent.
    """

    body: bytes
    indices: tuple[int, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    after: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.indices)


def is_part(diagnosis: Diagnosis) -> bool:
    """Whether this is the failure of one part of a request, the others being judged for themselves."""
    return diagnosis.item is not None and diagnosis.item.kind in _PARTS


def failed_items(diagnosis: Diagnosis | None) -> tuple[FailedItem, ...]:
    """The parts that failed, in the order of the answer, each once; empty where the call failed as a whole, or did
    not. The diagnosis must have been judged (`recoup.recovery.judgement`).
    """
    if diagnosis is None:
        return ()
    found: dict[tuple[str, int], list[Diagnosis]] = {}
    for part in diagnosis.all:
        if part.failed and part.item is not None and is_part(part):
            found.setdefault((part.item.kind, part.item.index), []).append(part)
    return tuple(_item(parts) for _, parts in sorted(found.items(), key=lambda entry: entry[0][1]))


def _item(parts: list[Diagnosis]) -> FailedItem:
    first, item = parts[0], parts[0].item
    assert item is not None  # noqa: S101  only parts that have one come here
    own = msgspec.structs.replace(first, others=tuple(parts[1:]))
    decision = msgspec.convert(dict(first.decision or {"action": "done"}), type=Decision)
    return FailedItem(index=item.index, kind=item.kind, name=item.name, diagnosis=own, decision=decision)


def count_of_items(diagnosis: Diagnosis | None) -> int | None:
    """How many parts the answer judges, the good ones included; None where that cannot be read."""
    entries = _entries(diagnosis)
    return len(entries) if entries else None


def ask_again(diagnosis: Diagnosis | None, operation: Operation | None, within: float | None = None) -> AskAgain | None:
    """What to send to ask again for the failed parts that may be repeated as they are.

    `within`: parts that must wait longer than so many seconds are left out; None: all of them wait for the slowest.
    None where nothing failed in part, or the request cannot be cut: its form is not known, it was not kept, or the
    answer does not tell which part it speaks of.
    """
    failed = failed_items(diagnosis)
    if not failed or diagnosis is None or operation is None or operation.parts is None:
        return None
    request = diagnosis.exchange.request if diagnosis.exchange is not None else None
    body = request.body if request is not None else None
    place = operation.parts.list
    if operation.parts.by is PartsBy.NAME:
        asked = _fields(body) if body else {}
        named = {item.index: msgspec.Raw(msgspec.json.encode(item.name)) for item in failed if item.name}
        return None if asked is None else _cut(failed, named, asked, place, within)
    asked = _fields(body) if place else {}
    listed = _elements(body if not place else None if asked is None else asked.get(place))
    if operation.parts.by is PartsBy.MENTION and asked is not None and listed is not None:
        meant = {item.index: [part for part in listed if item.name and _speaks_of(part, item.name)] for item in failed}
        return _cut(
            failed, {index: parts[0] for index, parts in meant.items() if len(parts) == 1}, asked, place, within
        )
    if asked is None or listed is None or len(listed) != len(_entries(diagnosis)):
        return None
    known = {item.index: listed[item.index] for item in failed if _speaks_of(listed[item.index], item.name)}
    return _cut(failed, known, asked, place, within)


def _fields(body: bytes | None) -> dict[str, msgspec.Raw] | None:
    try:
        return None if body is None else msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError):
        return None


def _elements(body: bytes | msgspec.Raw | None) -> list[msgspec.Raw] | None:
    try:
        return None if body is None else msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError):
        return None


def _cut(
    failed: tuple[FailedItem, ...],
    known: Mapping[int, msgspec.Raw],
    asked: Mapping[str, msgspec.Raw],
    place: str,
    within: float | None,
) -> AskAgain:
    kept: list[FailedItem] = []
    left: list[LeftOut] = []
    after = 0.0
    for item in failed:
        wait, reason = _again(item.decision)
        if item.index not in known:
            reason = "the answer does not say which part of the request it is"
        elif not reason and within is not None and wait > within:
            reason = f"not before {wait:g} seconds have passed"
        if reason:
            left.append(LeftOut(index=item.index, name=item.name, reason=reason))
        else:
            kept.append(item)
            after = max(after, wait)
    parts = [known[item.index] for item in kept]
    body = b""
    if parts:
        body = msgspec.json.encode({**asked, place: parts} if place else parts)
    return AskAgain(body=body, indices=tuple(item.index for item in kept), left_out=tuple(left), after=after)


def _again(decision: Decision) -> tuple[float, str]:
    """How long to wait before the part is sent again as it is, and else why it must not be."""
    match decision:
        case Retry(after=after):
            return after, ""
        case Wait(poll=poll, entity=entity) if poll:
            return 0.0, f"read {entity or 'what it works on'} first: it may still be at work"
        case Wait(after=after):
            return (after, "") if after is not None else (0.0, "nobody knows for how long to wait")
        case Resync(target=target):
            return 0.0, f"read the {target.replace('-', ' ')} first"
        case RenewToken():
            return 0.0, "it needs another access token"
        case GiveUp(text=text):
            return 0.0, redact_text(text) or "it never works as it is"
        case Done():
            return 0.0, "nothing is left to do"


def _entries(diagnosis: Diagnosis | None) -> list[Any]:
    exchange = diagnosis.exchange if diagnosis is not None else None
    if exchange is None or exchange.response is None:
        return []
    value = json_of(exchange.response.body)
    from recoup.diagnosis.shapes.batch import batch_entries  # late: for the few answers that have parts
    from recoup.diagnosis.shapes.labels import label_entries

    entries = batch_entries(value) or label_entries(value)
    if entries:
        return entries
    payload = value.get("payload") if isinstance(value, dict) else value
    return payload if isinstance(payload, list) else []


def _speaks_of(part: msgspec.Raw, name: str) -> bool:
    """Whether a part of the request holds the name that the answer gives, in whatever place and encoding."""
    return not name or any(name in text or name in unquote(text) for text in _strings(json_of(bytes(part))))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
