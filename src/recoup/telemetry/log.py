"""Events in stdlib logging: one line that a person reads, and the event as plain data for formatters of JSON.

    event                                                  level
    CallStarted, Paced                                     DEBUG
    AttemptEnded, TokenAttemptEnded: a success, or what    DEBUG
      is handed up anyway
    AttemptEnded, TokenAttemptEnded: a failure that is     INFO
      tried again
    Waited: before another attempt, or 5 s and more        INFO, else DEBUG
    CallEnded: a success at the first attempt              DEBUG
    CallEnded: a success after more than one               INFO
    CallEnded: a call that was broken off (a cancelled     INFO
      task, an exception of the caller's own code)
    CallEnded: a fault handed up, failed items             WARNING
    TokenFetched, PlanLearned                              INFO
    TokenRefused                                           WARNING; ERROR where nobody asks again (parked)
    PlanExceeded, ExpiryNear                               WARNING
    Held: the beginning of a hold                          WARNING; ERROR where it lasts until somebody acts
    Held: a call that met one                              INFO

The logger is called `recoup`. As libraries do, it has a NullHandler and no level of its own: nothing is printed before
a program configures logging.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from recoup.telemetry.events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    ExpiryNear,
    Held,
    Paced,
    PlanExceeded,
    PlanLearned,
    TokenAttemptEnded,
    TokenFetched,
    TokenRefused,
    Waited,
    Why,
)
from recoup.telemetry.plain import as_dict, describe

__all__ = ["LOGGER", "LogEvents", "level_of", "log_events"]

LOGGER = "recoup"
"""The name of the logger."""

_LONG_PACE = 5.0  # seconds; who waits so long for its place wants to know why

logging.getLogger(LOGGER).addHandler(logging.NullHandler())


def _attempt(event: Any) -> int:
    return logging.INFO if event.decision in ("retry", "renew_token") else logging.DEBUG


def _waited(event: Any) -> int:
    return logging.INFO if event.why is not Why.PACE or event.seconds >= _LONG_PACE else logging.DEBUG


def _ended(event: Any) -> int:
    if not event.decision:
        return logging.INFO
    if event.failed_items or event.unknown or event.decision != "done":
        return logging.WARNING
    return logging.INFO if event.attempts > 1 else logging.DEBUG


def _held(event: Any) -> int:
    if not event.begun:
        return logging.INFO
    return logging.ERROR if event.until is None else logging.WARNING


def _refused(event: Any) -> int:
    return logging.ERROR if event.parked else logging.WARNING


_LEVELS: Mapping[type, int | Callable[[Any], int]] = MappingProxyType(
    {
        CallStarted: logging.DEBUG,
        Paced: logging.DEBUG,
        Waited: _waited,
        AttemptEnded: _attempt,
        CallEnded: _ended,
        TokenAttemptEnded: _attempt,
        TokenFetched: logging.INFO,
        TokenRefused: _refused,
        PlanLearned: logging.INFO,
        PlanExceeded: logging.WARNING,
        Held: _held,
        ExpiryNear: logging.WARNING,
    }
)


def level_of(event: Event) -> int:
    """The level of the table above."""
    level = _LEVELS[type(event)]
    return level if isinstance(level, int) else level(event)


class LogEvents:
    """The listener that `log_events` makes."""

    def __init__(self, logger: logging.Logger, level: int | None, levels: Mapping[type[Any], int]) -> None:
        self._logger = logger
        self._level = level
        self._levels = levels

    def wants(self, level: int) -> bool:
        """Whether anything of this level is written at all, wherever it stands in the table."""
        return self._logger.isEnabledFor(level)

    def __call__(self, event: Event) -> None:
        """Log the event; no text is made where its level is switched off."""
        level = self._levels.get(type(event), self._level)
        if level is None:
            level = level_of(event)
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", describe(event), extra={"recoup": as_dict(event)})


def log_events(
    logger: logging.Logger | str | None = None,
    *,
    level: int | None = None,
    levels: Mapping[type[Any], int] | None = None,
) -> LogEvents:
    """A listener that writes each event to `logger` (by default the one called `recoup`), at the level of the table in
    this module.

    `levels` sets another level for a kind of event, as in `{CallEnded: logging.INFO}`; `level` one for all the others.
    Each record has the event as plain data in its attribute `recoup`.
    """
    chosen = (
        logging.getLogger(logger if logger is not None else LOGGER)
        if not isinstance(logger, logging.Logger)
        else logger
    )
    return LogEvents(chosen, level, MappingProxyType(dict(levels or {})))
