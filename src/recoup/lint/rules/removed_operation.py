"""The operation was removed, or will be within thirty days.

From its removal date on an operation answers 403 like one that the application may not call. Dates slip: they are data,
and until that day the call works.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from recoup.catalogue.facts import deprecations
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "removed-operation"
FAULTS = ("403-deprecated-endpoint",)
_SOON = timedelta(days=30)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the path where the day is known, and the removal has come or is near (which causes nothing yet)."""
    path = subject.path.text
    if not subject.is_api or not path.startswith("/") or around.day is None:
        return
    operation = subject.operation
    gone = deprecations.of(operation) if operation is not None else deprecations.of_path(path)
    if gone is None or gone.removed is None or around.day < gone.removed - _SOON:
        return
    over = around.day >= gone.removed
    said = f"{gone.item} {'was' if over else 'will be'} removed on {gone.removed.isoformat()}."
    fix = f"Move to {gone.instead}." if gone.instead else "Move to what replaced it."
    fault = FAULTS[0] if over else None
    yield found(RULE, fault, subject.path.place(), said, fix, FixKind.NEEDS_VALUE, certain=over)
