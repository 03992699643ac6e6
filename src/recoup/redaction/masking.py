"""The functions that mask: texts, plain data, URLs, header fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recoup.redaction.facts import mask
from recoup.redaction.secrets import SECRET_HEADERS, is_secret_name, without_secrets

__all__ = ["redact_data", "redact_headers", "redact_text", "redact_url"]

_USER = re.compile(r"(?<=//)[^/@\s?#]*@")


def redact_text(text: str) -> str:
    """`text` with every token, named secret, password, presigned signature, e-mail address, phone number, street and
    personal field masked; the rest as it was. Takes time in proportion to its length.
    """
    from recoup.redaction.personal import without_personal  # late: its patterns take longer than all else of an import

    lowered = text.lower()
    return without_personal(without_secrets(text, lowered), lowered)


def redact_data(value: Any) -> Any:
    """Plain data (mappings, lists, texts, numbers), every text in it masked as `redact_text` does, and values by the
    names of their keys; keys are kept."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, list | tuple):
        return [redact_data(item) for item in value]
    return value


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    from recoup.redaction.personal import AMBIGUOUS, FIELDS, SIGN, key_of, near_address  # late, as above

    keys = {str(key): key_of(str(key)) for key in value}
    person = near_address(set(keys.values()))
    out: dict[str, Any] = {}
    for key, item in value.items():
        name, text = keys[str(key)], item
        if isinstance(item, str) and item:
            if is_secret_name(str(key)):
                text = item if item.startswith("<") else mask(item)
            elif name in FIELDS or (person and name in AMBIGUOUS):
                text = item if item.startswith("<") and item.endswith(">") else SIGN
            else:
                text = redact_text(item)
        elif name in FIELDS and isinstance(item, int) and not isinstance(item, bool):
            text = SIGN
        else:
            text = redact_data(item)
        out[str(key)] = text
    return out


def redact_url(url: str) -> str:
    """`url` with secret and personal query values masked and a password before the host removed."""
    return redact_text(_USER.sub("<redacted>@", url))


def redact_headers(items: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same fields, with the values of those that carry secrets masked."""
    for name, value in items:
        yield name, mask(value) if name.lower() in SECRET_HEADERS else redact_text(value)
