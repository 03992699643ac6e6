"""What a body claims about one failure, before anything is held against the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.codes import sc_code
from recoup.diagnosis.diagnosis import Item

__all__ = ["Claim", "as_status", "as_text", "as_truth", "field", "fields", "first", "make_claim"]

MAX_TEXT = 4096
_LONGEST_NAME = 40


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One failure as the body tells it. `details` is None where there was none, and "" where it was there and empty.

    `status` is the failure's own where the body gives one; `phrase` is the reason phrase beside it, maybe a code.
    """

    kind: BodyKind
    code: str | None = None
    sc_code: str | None = None
    message: str | None = None
    details: str | None = None
    status: int | None = None
    retryable: bool | None = None
    request_id: str | None = None
    item: Item | None = None
    phrase: str | None = None


_MOST_NAMES = 4096
_plain_names: dict[str, str] = {}  # by name as it travels; names repeat without end


def field(value: Mapping[Any, Any], *names: str) -> Any:
    """The first of the fields called `names` (lower case, without separators), whatever their spelling here."""
    for name in names:
        if name in value:
            return value[name]
    for key in value:
        plain = _plain_names.get(key)
        if plain is None:
            plain = _plain(key)
        if plain in names:
            return value[key]
    return None


def fields(value: Mapping[Any, Any]) -> dict[str, Any]:
    """All fields by their names in lower case without separators; of names that are the same then the first counts."""
    found: dict[str, Any] = {}
    for key in value:
        plain = _plain_names.get(key)
        if plain is None:
            plain = _plain(key)
        if plain not in found:
            found[plain] = value[key]
    return found


def first(plain: Mapping[str, Any], *names: str) -> Any:
    """The first of `names` that is there, in the order of the names."""
    for name in names:
        if name in plain:
            return plain[name]
    return None


def _plain(key: Any) -> str:
    if not isinstance(key, str) or len(key) > _LONGEST_NAME:
        return ""
    if len(_plain_names) >= _MOST_NAMES:
        _plain_names.clear()
    plain = _plain_names[key] = key.replace("_", "").replace("-", "").replace(" ", "").lower()
    return plain


def as_text(value: Any) -> str | None:
    """`value` as text where it is one, or a number; else None."""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:40]
    return None


def as_status(value: Any) -> int | None:
    """`value` as an HTTP status from 100 to 599, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and 100 <= value <= 599 else None


def as_truth(value: Any) -> bool | None:
    """`value` as true or false, also where it is the word; else None."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def make_claim(
    kind: BodyKind,
    *,
    code: Any = None,
    message: Any = None,
    details: Any = None,
    status: int | None = None,
    retryable: Any = None,
    request_id: Any = None,
    item: Item | None = None,
    phrase: str | None = None,
    bare_sc: bool = False,
) -> Claim:
    """A claim with its SC number found wherever it stands: in the code, in details, or in the message."""
    code_text, message_text, details_text = as_text(code), as_text(message), as_text(details)
    found: str | None = None
    if code_text is not None:
        found = sc_code(code_text, bare=bare_sc)
        if status is None:
            status = as_status(code_text)
    for text in (details_text, message_text):
        if found is None and text:
            found = sc_code(text)
    return Claim(
        kind=kind,
        code=code_text or None,
        sc_code=found,
        message=message_text,
        details=details_text,
        status=status,
        retryable=as_truth(retryable),
        request_id=as_text(request_id),
        item=item,
        phrase=phrase,
    )
