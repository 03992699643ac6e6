"""The account as plain data for programs: stable keys, instants in ISO 8601 (UTC)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from recoup.traces.report.account import Account

__all__ = ["as_data", "as_json"]

_INSTANTS = frozenset({"first", "last"})


def as_data(account: Account) -> dict[str, Any]:
    """Plain data in the order of `Account`'s fields."""
    data = msgspec.to_builtins(account)
    data["first"], data["last"] = _instant(account.first), _instant(account.last)
    for cause in data["causes"]:
        for name in _INSTANTS:
            cause[name] = _instant(cause[name])
    return dict(data)


def as_json(account: Account) -> str:
    """The same as indented JSON, ending with a line feed."""
    return json.dumps(as_data(account), indent=2, ensure_ascii=False) + "\n"


def _instant(at: float | None) -> str | None:
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return None
