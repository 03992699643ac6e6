"""What a store holds, for people (at most 100 columns) and as plain data (stable keys)."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from recoup.governor.hold import ANY, Hold
from recoup.governor.stores import BucketState
from recoup.login.expiry import WARN_AHEAD, remedy_of
from recoup.login.keeping import Expiry, TokenState
from recoup.storage.looking import Overview, is_park

__all__ = ["as_data", "as_text", "hold_as_data", "said_of"]

WIDTH = 100
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


# --- as data


def as_data(overview: Overview) -> dict[str, Any]:
    """The overview as plain data. Instants are ISO 8601 in UTC, durations seconds."""
    at = overview.at
    return {
        "store": overview.store,
        "at": _instant(at),
        "parked": [hold_as_data(hold, at) for hold in overview.holds if is_park(hold)],
        "cool_downs": [hold_as_data(hold, at) for hold in overview.holds if not is_park(hold)],
        "buckets": [_bucket_as_data(bucket) for bucket in overview.buckets],
        "tokens": [_token_as_data(token, at) for token in overview.tokens],
        "expiries": [_expiry_as_data(expiry, at) for expiry in overview.expiries],
    }


def hold_as_data(hold: Hold, at: float) -> dict[str, Any]:
    """A park or a cool-down as plain data. `seller`, `operation` and `entity` are null where all of them are meant."""
    key = hold.key
    data: dict[str, Any] = {"application": key.application, "seller": _one(key.seller)}
    if not is_park(hold):
        data |= {"operation": _one(key.operation), "entity": _one(key.entity)}
    data |= {"since": _instant(hold.since), "fault": hold.fault, "reason": hold.reason}
    data |= {"who": hold.who, "remedy": hold.remedy}
    if is_park(hold):
        data["comes_back"] = "{}, or by: {}".format(*_comes_back(hold))
    else:
        ends = hold.until if hold.until is not None else at
        data |= {"until": _instant(ends), "seconds_left": round(ends - at, 3)}
    return data


def _bucket_as_data(bucket: BucketState) -> dict[str, Any]:
    key = bucket.key
    return {
        "application": key.application,
        "seller": key.seller,
        "region": key.region,
        "operation": key.operation,
        "rate": bucket.plan.rate,
        "burst": bucket.plan.burst,
        "learned": bucket.learned,
        "wait": round(bucket.wait, 3),
        "throttled": bucket.throttled,
    }


def _token_as_data(token: TokenState, at: float) -> dict[str, Any]:
    return {
        "application": token.key.application,
        "seller": token.key.seller,
        "kind": token.kind,
        "expires_at": _instant(token.expires_at),
        "seconds_left": round(token.expires_at - at, 3),
    }


def _expiry_as_data(expiry: Expiry, at: float) -> dict[str, Any]:
    return {
        "application": expiry.application,
        "seller": _one(expiry.seller),
        "what": expiry.what,
        "expires_at": _instant(expiry.expires_at),
        "seconds_left": round(expiry.expires_at - at, 3),
        "near": _near(expiry, at),
        "remedy": remedy_of(expiry.what),
    }


def _one(name: str) -> str | None:
    return None if name == ANY else name


def _near(expiry: Expiry, at: float) -> bool:
    return expiry.expires_at - at <= WARN_AHEAD[0]


def _comes_back(hold: Hold) -> tuple[str, str]:
    """What brings a parked one back by itself, and the command that does."""
    if hold.key.seller == ANY:
        return "with another client secret", f"recoup resume --application {hold.key.application}"
    means = "with a new refresh token, ACCOUNT_STATUS_CHANGED to NORMAL"
    return means, f"recoup resume {_quoted(hold.key.seller)}"


def _quoted(name: str) -> str:
    """A seller's name as a shell takes it, and this command: names come from whoever wrote them into the store."""
    return f"-- {shlex.quote(name)}" if name.startswith("-") else shlex.quote(name)


# --- as text


def as_text(overview: Overview) -> str:
    """The overview for people: by application, what needs somebody first."""
    name = _plain(overview.store)
    lines = [name if len(name) <= WIDTH else "…" + name[-WIDTH + 1 :], _instant(overview.at)]
    applications = sorted(
        {hold.key.application for hold in overview.holds}
        | {bucket.key.application for bucket in overview.buckets}
        | {token.key.application for token in overview.tokens}
        | {expiry.application for expiry in overview.expiries}
    )
    for application in applications:
        lines += ["", _cut(f"application {application}", WIDTH)]
        holds = [hold for hold in overview.holds if hold.key.application == application]
        lines += _parked([hold for hold in holds if is_park(hold)], overview.at)
        lines += _cool_downs([hold for hold in holds if not is_park(hold)], overview.at)
        lines += _expiries([each for each in overview.expiries if each.application == application], overview.at)
        lines += _buckets([each for each in overview.buckets if each.key.application == application])
        lines += _tokens([each for each in overview.tokens if each.key.application == application], overview.at)
    if not applications:
        lines += ["", "nothing is held back, paced or kept here yet"]
    return "\n".join(lines) + "\n"


def said_of(hold: Hold) -> str:
    """Who or what is held back, in a few words."""
    key = hold.key
    if is_park(hold):
        return "the whole application" if key.seller == ANY else f"seller {key.seller}"
    return " ".join(part for part in (f"seller {key.seller}", key.operation, key.entity) if not part.endswith(ANY))


def _parked(holds: Sequence[Hold], at: float) -> list[str]:
    lines = ["", f"  parked ({len(holds)})"] if holds else []
    for hold in holds:
        lines.append(_cut(f"    {said_of(hold)}: {hold.fault or 'held back'}, for {_span(at - hold.since)}", WIDTH))
        lines += _wrapped(hold.reason)
        lines += _wrapped(f"{hold.who}: {hold.remedy}" if hold.remedy else hold.who)
        means, command = _comes_back(hold)
        lines += _wrapped(f"comes back {means}, or by:")
        lines.append(f"        {_plain(command)}")  # never wrapped nor cut: it is there to be copied
    return lines


def _cool_downs(holds: Sequence[Hold], at: float) -> list[str]:
    rows = [
        (hold.key.operation, hold.key.entity, hold.key.seller, _span((hold.until or at) - at), hold.fault or "")
        for hold in holds
    ]
    return _table("cool-downs", ("operation", "entity", "seller", "ends in", "fault"), rows)


def _expiries(expiries: Sequence[Expiry], at: float) -> list[str]:
    rows = []
    for expiry in expiries:
        left = expiry.expires_at - at
        ends = f"in {_span(left)}" if left > 0 else f"ended {_span(-left)} ago"
        seller = "" if expiry.seller == ANY else expiry.seller
        rows.append((expiry.what, seller, ends, "soon" if _near(expiry, at) else ""))
    return _table("expiries", ("what", "seller", "ends", ""), rows)


def _buckets(buckets: Sequence[BucketState]) -> list[str]:
    rows = [
        (
            bucket.key.operation,
            bucket.key.seller,
            bucket.key.region,
            f"{bucket.plan.rate:g}/s",
            str(bucket.plan.burst),
            "learned" if bucket.learned is not None else "",
            _span(bucket.wait) if bucket.wait > 0 else "",
            str(bucket.throttled) if bucket.throttled else "",
        )
        for bucket in buckets
    ]
    return _table("buckets", ("operation", "seller", "region", "rate", "burst", "plan", "wait", "429s"), rows)


def _tokens(tokens: Sequence[TokenState], at: float) -> list[str]:
    rows = [(token.kind or "token", token.key.seller, _span(token.expires_at - at)) for token in tokens]
    return _table("tokens", ("kind", "seller", "ends in"), rows)


def _table(title: str, names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A table that fits: the widest columns give way."""
    if not rows:
        return []
    shown = [names, *([_plain(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(names))]
    gap = 2
    while sum(widths) + gap * (len(widths) - 1) + 4 > WIDTH:
        widths[widths.index(max(widths))] -= 1
    lines = ["", f"  {title} ({len(rows)})"]
    for row in shown:
        cells = [_cut(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append(("    " + (" " * gap).join(cells)).rstrip())
    return lines


def _wrapped(text: str) -> Iterable[str]:
    return textwrap.wrap(_plain(text), WIDTH, initial_indent="      ", subsequent_indent="      ")


def _plain(text: str) -> str:
    """Without what would move a terminal's cursor: names come from whoever wrote them into the store."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _cut(text: str, width: int) -> str:
    """`text` in so many columns. Of `api/version/id` the end says most."""
    text = _plain(text)
    if len(text) <= width:
        return text
    kept = max(0, width - 1)
    return "…" + text[len(text) - kept :] if text.count("/") > 1 and " " not in text else text[:kept] + "…"


def _instant(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):  # further away than a date can say
        return "never"


def _span(seconds: float) -> str:
    """A duration in one or two units."""
    left = max(0.0, seconds)
    for size, unit in _UNITS:
        if left >= size:
            return f"{left / size:.0f} {unit}" if left >= 10 * size else f"{left / size:.1f} {unit}"
    return f"{left:.0f} s" if left >= 10 else f"{left:.1f} s"
