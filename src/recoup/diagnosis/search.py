"""Looking things up in the catalogue by whatever a person has: an id, a code, a status, a message."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

from recoup.catalogue.fault import Fault
from recoup.catalogue.loader import Catalogue
from recoup.diagnosis.codes import code_key, sc_code
from recoup.diagnosis.index import Index

__all__ = ["lookup", "suggest"]

_STATUS = re.compile(r"(?:http[ /]?(?:status)?\s*|status\s*)?([1-5]\d\d)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9]+")
MAX_TEXT = 8192


def lookup(catalogue: Catalogue, words: str) -> list[Fault]:
    """The faults that answer to `words`, in the order of the catalogue: by the first of id or alias, SC number (with or
    without its prefix), short code, HTTP status, message text, and words of the title that finds any."""
    text = words[:MAX_TEXT].strip().strip("'\"`")
    if not text:
        return []
    index = Index(catalogue.values())
    ways: tuple[Callable[[Catalogue, Index, str], list[Fault]], ...] = (_by_id, _by_sc, _by_code, _by_status, _by_text)
    for way in ways:
        found = way(catalogue, index, text)
        if found:
            return _ordered(index, found)
    return _by_words(catalogue, text)


def _by_id(catalogue: Catalogue, _: Index, text: str) -> list[Fault]:
    if text in catalogue:
        return [catalogue[text]]
    lowered = text.lower()
    return [fault for fault in catalogue.values() if lowered in {fault.id.lower(), *map(str.lower, fault.aliases)}]


def _by_sc(_: Catalogue, index: Index, text: str) -> list[Fault]:
    if " " in text:
        return []
    found = sc_code(text, bare=True)
    return list(index.sc(found)) if found is not None else []


def _by_code(_: Catalogue, index: Index, text: str) -> list[Fault]:
    if text.isdigit():
        return []
    own = [fault for fault in index.faults if fault.code is not None and code_key(fault.code) == code_key(text)]
    return own or [fault for fault, _ in index.code(text)]


def _by_status(_: Catalogue, index: Index, text: str) -> list[Fault]:
    found = _STATUS.fullmatch(text)
    return list(index.status(int(found[1]))) if found is not None else []


def _by_text(_: Catalogue, index: Index, text: str) -> list[Fault]:
    # Late: a code or an id, which is what most people look up, needs neither.
    from recoup.diagnosis.match import ANYWHERE
    from recoup.diagnosis.pasted import pieces

    hits = index.texts(text, "text", ANYWHERE)
    for piece in () if hits else pieces(text, limit=100):
        hits += [hit for hit in index.texts(piece, "text", ANYWHERE) if hit.weight >= 8]
    own = [hit for hit in hits if not hit.shared] or hits
    heaviest = max((hit.weight for hit in own), default=0)
    return [hit.fault for hit in own if hit.weight == heaviest]


def _by_words(catalogue: Catalogue, text: str) -> list[Fault]:
    """Faults whose title, code or messages hold every word of `text`, where one of them has four letters or more."""
    wanted = {word.lower() for word in _WORD.findall(text)}
    if not wanted or max(map(len, wanted)) < 4:
        return []
    found: list[Fault] = []
    for fault in catalogue.values():
        told = " ".join((fault.id, fault.title, fault.code or "", *(message.template for message in fault.messages)))
        if wanted <= {word.lower() for word in _WORD.findall(told)}:
            found.append(fault)
    return found


def _ordered(index: Index, faults: list[Fault]) -> list[Fault]:
    unique = {fault.id: fault for fault in faults}
    return sorted(unique.values(), key=index.order)


def suggest(catalogue: Catalogue, word: str, limit: int = 5) -> list[str]:
    """The ids and codes nearest to `word`, nearest first; empty where nothing comes near."""
    names: dict[str, str] = {}
    for fault in catalogue.values():
        for name in (fault.id, fault.code, fault.sc_code, *fault.aliases):
            if name:
                names.setdefault(name.lower(), name)
    key = word.strip().lower()[:80]
    if not key:
        return []
    near = difflib.get_close_matches(key, list(names), n=limit, cutoff=0.6)
    if len(near) < limit and len(key) >= 3:
        near += [name for name in names if key in name and name not in near]
    if not near:  # the nearest there are, however far: a short or wild word still deserves a direction
        near = difflib.get_close_matches(key, list(names), n=3, cutoff=0.3)
    return [names[name] for name in near[:limit]]
