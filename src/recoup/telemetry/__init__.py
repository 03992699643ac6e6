"""What happened, as values: for logs, for OpenTelemetry, for whoever listens. No event ever holds a secret or a
body.

    recoup.telemetry.log_events(…)     a listener that writes to stdlib logging
    recoup.telemetry.JsonLines(…)      a listener that writes one JSON object a line
    recoup.telemetry.OpenTelemetry(…)  a listener that makes spans and metrics (needs opentelemetry-api)
    recoup.telemetry.hush()            masks secrets in what the HTTP libraries log by themselves
    recoup.telemetry.as_dict(event)    an event as plain data
    recoup.telemetry.describe(event)   an event as one line for a person

The events are in `recoup.telemetry.events`; each of them is also a name of this module. Everything is imported on first
use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recoup.telemetry.events import (
        AttemptEnded,
        CallEnded,
        CallStarted,
        Event,
        ExpiryNear,
        Held,
        Listener,
        Paced,
        PlanExceeded,
        PlanLearned,
        TokenAttemptEnded,
        TokenFetched,
        TokenRefused,
        Waited,
        Why,
    )
    from recoup.telemetry.hushing import Redacting, hush
    from recoup.telemetry.log import LOGGER, LogEvents, level_of, log_events
    from recoup.telemetry.open_telemetry import OpenTelemetry
    from recoup.telemetry.plain import JsonLines, as_dict, describe

_HOMES = {
    "events": (
        "AttemptEnded",
        "CallEnded",
        "CallStarted",
        "Event",
        "ExpiryNear",
        "Held",
        "Listener",
        "Paced",
        "PlanExceeded",
        "PlanLearned",
        "TokenAttemptEnded",
        "TokenFetched",
        "TokenRefused",
        "Waited",
        "Why",
    ),
    "hushing": ("Redacting", "hush"),
    "log": ("LOGGER", "LogEvents", "level_of", "log_events"),
    "open_telemetry": ("OpenTelemetry",),
    "plain": ("JsonLines", "as_dict", "describe"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "LOGGER",
    "AttemptEnded",
    "CallEnded",
    "CallStarted",
    "Event",
    "ExpiryNear",
    "Held",
    "JsonLines",
    "Listener",
    "LogEvents",
    "OpenTelemetry",
    "Paced",
    "PlanExceeded",
    "PlanLearned",
    "Redacting",
    "TokenAttemptEnded",
    "TokenFetched",
    "TokenRefused",
    "Waited",
    "Why",
    "as_dict",
    "describe",
    "hush",
    "level_of",
    "log_events",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'recoup.telemetry' has no attribute {name!r}")
    value = getattr(import_module(f"recoup.telemetry.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
