"""The few exceptions of recoup, named for what the caller does next.

    RecoupError
    ├── FaultError                an exchange failed; `.diagnosis` and `.decision` say how and what now
    │   ├── TryLater              the same request can work at a later time: schedule it (`.after`, seconds)
    │   ├── ReadBack              the truth must be read before anything is sent again
    │   ├── FixRequest            this request never works as it is: change it
    │   ├── AskPerson             somebody outside the program must act: `.who`
    │   └── OrderOver             the order is cancelled: stop its workflow
    ├── CatalogueError            a catalogue file is not well-formed; names file, id and field
    ├── UnreadableInput           what was given to read is not readable
    ├── StoreError                what should last cannot be kept or read; says what, why, and what to do
    │   └── StoreAway             the store cannot be reached now, and perhaps later
    └── SettingsError             a setting is not valid; names the setting, why, and what is

Every one of them is picklable, and none of them holds a token, a secret or a body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "AskPerson",
    "CatalogueError",
    "FaultError",
    "FixRequest",
    "OrderOver",
    "ReadBack",
    "RecoupError",
    "SettingsError",
    "StoreAway",
    "StoreError",
    "TryLater",
    "UnreadableInput",
]


class RecoupError(Exception):
    """Base of everything that recoup raises on purpose."""


class FaultError(RecoupError):
    """An exchange failed. The text begins with the request id, where there is one, because Amazon asks for it first.

    `fault` is the id of the likeliest fault or None, `diagnosis` and `decision` are the plain data that
    `Diagnosis.as_dict()` gives, `request_id` is Amazon's. `failed_items` are the parts of the request that failed where
    others did not (`index`, `name`, `id`, `decision`, ...). `read_back` says how to learn whether the request took
    effect (`method`, `path`, `query`, `see`, `after`), where that is in doubt and a way is known.
    """

    failed_items: tuple[dict[str, Any], ...] = ()
    read_back: dict[str, Any] | None = None

    def __init__(
        self,
        message: str,
        *,
        fault: str | None = None,
        request_id: str | None = None,
        diagnosis: Mapping[str, Any] | None = None,
        decision: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fault = fault
        self.request_id = request_id
        self.diagnosis: dict[str, Any] = dict(diagnosis or {})
        self.decision: dict[str, Any] = dict(decision or {})

    def __str__(self) -> str:
        prefix = f"[request {self.request_id}] " if self.request_id else ""
        return prefix + self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (type(self), self.message, dict(self.__dict__)))


def _restore(kind: type[FaultError], message: str, attributes: dict[str, Any]) -> FaultError:
    error = kind.__new__(kind, message)  # not by its constructor: that of a user's subclass may want something else
    error.__dict__.update(attributes)
    return error


class TryLater(FaultError):
    """The same request can work later. `after` is the number of seconds to wait, or None where only events tell."""

    after: float | None = None


class ReadBack(FaultError):
    """Read before anything is sent again: the request may have taken effect, or was made on outdated knowledge.

    `decision` names what, `read_back` the very request that shows it, where one is known.
    """


class FixRequest(FaultError):
    """This request never works as it is; `decision` says what to change.

    `findings` are what a strict client saw in the request before it would have been sent: rule, fault, text and fix.
    """

    findings: tuple[dict[str, Any], ...] = ()


class AskPerson(FaultError):
    """Somebody outside the program must act; `who` says who: developer, operator, seller or amazon."""

    who: str | None = None


class OrderOver(FaultError):
    """The order was cancelled by the marketplace: stop its workflow and put its stock back."""


class CatalogueError(RecoupError):
    """A catalogue file is not well-formed; the text names the file, the id of the entry and the field."""


class UnreadableInput(RecoupError):
    """What was given to read cannot be read; the text says what was expected."""


class StoreError(RecoupError):
    """What should last cannot be kept or read; the text says what, why, and what to do."""


class StoreAway(StoreError):
    """The store cannot be reached now; the same can work later."""


class SettingsError(RecoupError):
    """A setting is not valid; the text names it, says why, and what would be."""
