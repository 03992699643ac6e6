"""The operation was removed, or is deprecated and will be.

From its removal date on an operation answers 403 like one that the application may not call. Dates slip: they are data.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.catalogue.facts import deprecations
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "removed-operation"
FAULTS = ("403-deprecated-endpoint",)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the path where the day is known and the removal has come."""
    path = subject.path.text
    if not subject.is_api or not path.startswith("/"):
        return
    operation = subject.operation
    gone = deprecations.of(operation) if operation is not None else deprecations.of_path(path)
    if gone is None or gone.removed is None or around.day is None or around.day < gone.removed:
        return
    instead = f" Use {gone.instead} instead." if gone.instead else ""
    yield found(
        RULE,
        FAULTS[0],
        subject.path.place(),
        f"{gone.item} was removed on {gone.removed.isoformat()}.",
        f"Move to what replaced it.{instead}",
        FixKind.NEEDS_VALUE,
    )
