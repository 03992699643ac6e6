"""A query parameter that the operation requires is missing, or has no value."""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.asked import asked_of, fault_of, is_static_sandbox, query_known, reached
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.rules.parameter_name import meant
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "missing-parameter"
FAULTS = ("400-missing-required-field", "sc-00002-invalid-value")

_EMPTY = frozenset({"", "null", "None", "undefined", "nil", "NaN"})


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding behind the query for each that is missing, and at each that is empty.

    One that is there under a misspelt name is left to the rule about names.
    """
    operation = reached(subject)
    if operation is None or not query_known(subject) or is_static_sandbox(subject):
        return
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    known = asked_of(subject, around)
    required = operation.required_query
    if known is not None:
        shape = known[1].query
        required = tuple(name for name in required if name in shape or not shape)
    names = {pair.name.text for pair in subject.parameters}
    misspelt = {meant(name, operation.query) for name in names if name not in operation.query}
    paged = any(name in names for name in operation.page_token)
    for name in required:
        pair = subject.parameter(name)
        if pair is not None:
            if pair.decoded.strip() in _EMPTY:
                said = f"The required query parameter {name} has no value."
                yield found(RULE, fault, pair.whole, said, f"Give {name} a value.", FixKind.NEEDS_VALUE)
        elif name not in misspelt:
            place = (
                subject.query.place(len(subject.query)) if len(subject.query) else subject.path.place(len(subject.path))
            )
            said = f"The required query parameter {name} of {operation.id} is missing."
            yield found(RULE, fault, place, said, f"Add {name}.", FixKind.NEEDS_VALUE, certain=not paged)
