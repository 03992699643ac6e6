"""Method and path reach no operation of the Selling Partner API.

A misspelt segment, a missing or another version, a slash too many, the wrong method: the answer is the same bare 403 as
for a missing role, now and then a 404.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.catalogue.facts import deprecations
from recoup.catalogue.facts.operations import operations
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "unknown-operation"
FAULTS = ("403-wrong-path-or-version", "404-wrong-path")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the method where the path is known for others, else at the path, with the nearest operation."""
    path, method = subject.path.text, subject.method.text
    if subject.endpoint is None or not path.startswith("/") or not method or subject.operation is not None:
        return
    if "{" in path or deprecations.of_path(path) is not None:
        return
    table = operations()
    others = sorted({other.method for other in table.find_any_method(path)})
    if others:
        only = len(others) == 1
        yield found(
            RULE,
            FAULTS[0],
            subject.method.place(),
            f"This path is known for {', '.join(others)} only.",
            f"Use {' or '.join(others)}.",
            FixKind.GUESS if only else FixKind.NEEDS_VALUE,
            others[0].encode() if only else None,
        )
        return
    near = table.nearest(method, path, 1)
    meant = f" The nearest one is {near[0].method} {near[0].path} ({near[0].id})." if near else ""
    yield found(
        RULE,
        FAULTS[0],
        subject.path.place(),
        f"No operation has this path.{meant}",
        "Compare path and version with the operation's entry, letter by letter.",
        FixKind.NEEDS_VALUE,
    )
