"""Codes as they travel: compared without blanks, underscores and case; SC numbers with or without their prefix."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["LOGIN_ERRORS", "code_key", "find_sc", "sc_code"]

_SEPARATORS = str.maketrans("", "", " \t_-")
_SC = re.compile(r"(?<![A-Za-z0-9])SC[_\- ]?(\d{5})(?!\d)", re.IGNORECASE)
_BARE_SC = re.compile(r"\d{5}")

LOGIN_ERRORS = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
"""The values of `error` at Login with Amazon."""


@lru_cache(maxsize=2048)
def code_key(code: str) -> str:
    """The form in which codes are compared: "Invalid Input", "INVALID_INPUT" and "InvalidInput" are one."""
    return code[:80].translate(_SEPARATORS).lower()


def find_sc(text: str) -> str | None:
    """The first SC number in `text`, as "SC_nnnnn", or None."""
    found = _SC.search(text, 0, 4096)
    return None if found is None else f"SC_{found[1]}"


def sc_code(code: str, *, bare: bool = False) -> str | None:
    """`code` as "SC_nnnnn" where it is or holds one; with `bare` five digits alone count too."""
    found = find_sc(code)
    if found is None and bare and _BARE_SC.fullmatch(code.strip()):
        return f"SC_{code.strip()}"
    return found
