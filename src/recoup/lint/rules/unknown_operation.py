"""Method and path reach no operation of the Selling Partner API.

A misspelt segment, a missing or another version, a slash too many, the wrong method: the answer is the same bare 403 as
for a missing role, now and then a 404.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.catalogue.facts import deprecations
from recoup.catalogue.facts.operations import Operation, operations
from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.rules.not_encoded import misread_path
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "unknown-operation"
FAULTS = ("403-wrong-path-or-version", "404-wrong-path")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the method where the path is known for others, else at the path, with the nearest operation.

    Where the host is not known, only what comes near an operation is said to be one.
    """
    path, method = subject.path.text, subject.method.text
    if not subject.is_api or not path.startswith("/") or subject.operation is not None:
        return
    if "{" in path or deprecations.of_path(path) is not None or misread_path(subject) is not None:
        return
    table = operations()
    others = sorted({other.method for other in table.find_any_method(path)})
    certain = bool(subject.host)
    if others and not method:
        return  # a URL alone does not say how it is called
    if others:
        only = len(others) == 1
        said = f"This path is known for {', '.join(others)} only."
        instead = others[0].encode() if only else None
        kind = FixKind.GUESS if only else FixKind.NEEDS_VALUE
        place = subject.method.place()
        yield found(RULE, FAULTS[0], place, said, f"Use {' or '.join(others)}.", kind, instead, certain=certain)
        return
    near = table.nearest(method or "GET", path, 1)
    if not near and not certain:
        return
    meant = f" The nearest one is {near[0].method} {near[0].path} ({near[0].id})." if near else ""
    place, instead = _difference(subject, near[0]) if near else (subject.path.place(), None)
    fix = "Compare path and version with the operation's entry, letter by letter."
    kind = FixKind.NEEDS_VALUE if instead is None else FixKind.GUESS
    yield found(RULE, FAULTS[0], place, f"No operation has this path.{meant}", fix, kind, instead, certain=certain)


def _difference(subject: Subject, near: Operation) -> tuple[Place, bytes | None]:
    """Where the path differs from that of an operation, if at one segment, or by a slash too many."""
    text = subject.path.text
    wanted, given = near.path.split("/"), text.split("/")
    whole = subject.path.place()
    if len(given) == len(wanted) + 1:
        for index in range(1, len(given)):
            if given[index] == "" and _fits(wanted, given[:index] + given[index + 1 :]):
                at = len("/".join(given[:index]))
                return subject.path.place(at, at + 1), b""
    if len(given) != len(wanted):
        return whole, None
    differ = [index for index in range(len(wanted)) if not _fits(wanted[index : index + 1], given[index : index + 1])]
    if len(differ) != 1 or wanted[differ[0]].startswith("{"):
        return whole, None
    start = len("/".join(given[: differ[0]])) + 1
    return subject.path.place(start, start + len(given[differ[0]])), wanted[differ[0]].encode()


def _fits(wanted: list[str], given: list[str]) -> bool:
    return len(wanted) == len(given) and all(
        have == want or (want.startswith("{") and have != "") for want, have in zip(wanted, given, strict=True)
    )
