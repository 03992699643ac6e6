"""The body is not JSON.

A comma behind the last element, single quotes, names without quotes, `None` or `True` from another language, a comment,
a byte order mark, JSON inside a JSON text. Amazon answers as if the fields were not there at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.catalogue.facts.operations import Body
from recoup.lint.asked import fault_of, reached
from recoup.lint.bodies import document
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "json-syntax"
FAULTS = ("400-missing-required-field", "sc-00002-invalid-value")

_MOST = 20
_BODILESS = frozenset({"GET", "HEAD", "DELETE"})


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each character or word that does not belong; of a text that ends early only a suspicion."""
    operation, body = reached(subject), subject.body
    if body is None or operation is None or operation.body is Body.NONE or subject.method.text in _BODILESS:
        return
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    read = document(subject)
    if read is None or (read.root is None and not read.flaws):
        return
    if read.root is None or read.root.kind not in ("object", "array"):
        text = body.text.strip()
        if (
            read.root is not None
            and read.root.kind == "string"
            and text[:1] == '"'
            and read.root.text[:1] in ("{", "[")
        ):
            said, fix = "The body is a text that holds JSON: it was encoded twice.", "Encode the value once."
        elif "=" in text and text[:1] not in "{[\"'":
            said, fix = "The body is a form, not JSON.", "Send the fields as one JSON object."
        else:
            said, fix = "The body is no JSON object or list.", "Send the fields as one JSON object."
        yield found(RULE, fault, body.place(), said, fix, FixKind.NEEDS_VALUE)
        return
    for flaw in read.flaws[:_MOST]:
        kind = FixKind.NEEDS_VALUE if flaw.instead is None else FixKind.SAFE if not flaw.instead else FixKind.GUESS
        yield found(
            RULE,
            fault,
            body.place(flaw.start, flaw.end),
            f"{flaw.text}.",
            "Let a JSON library write the body." if kind is not FixKind.SAFE else "Leave it out.",
            kind,
            None if flaw.instead is None else flaw.instead.encode("latin-1", "replace"),
            certain=not flaw.cut and "twice" not in flaw.text,
        )
