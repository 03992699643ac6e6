"""What a rule about requests to the Selling Partner API is, and what it may ask beside the request.

A rule is a module of `recoup.lint.rules` with these names, and its docstring is its published documentation:

    RULE                       its name: the pattern that it finds, in small letters with dashes FAULTS
    the ids of the catalogue's entries that the pattern causes; empty where none is documented check(subject, around)
    yields its findings, in the order in which they stand

A rule that needs what the input cannot carry, or what the tables do not know, says nothing, or says with `unknown` what
it would need. It never raises, whatever the bytes are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Protocol

import msgspec

from recoup.catalogue.facts.operations import Party
from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.shapes import Describes
from recoup.lint.subject import Subject

__all__ = ["Around", "Rule", "found"]


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds a request: the day (UTC) and the instant (epoch seconds) on which it is or was sent, as far as
    they are known; the `shapes` of requests where others count than those that come with recoup; and whose `account` it
    is sent for, where somebody said so.
    """

    day: date | None = None
    now: float | None = None
    shapes: Describes | None = None
    account: Party | None = None


class Rule(Protocol):
    """The module of a rule."""

    @property
    def RULE(self) -> str:  # noqa: N802  the name of a constant of the module
        """Its name."""

    @property
    def FAULTS(self) -> tuple[str, ...]:  # noqa: N802  as above
        """The faults that it knows."""

    def check(self, subject: Subject, around: Around) -> Iterator[Finding]:
        """Its findings."""


def found(
    rule: str,
    fault: str | None,
    place: Place,
    text: str,
    fix: str,
    kind: FixKind,
    replacement: bytes | None = None,
    *,
    certain: bool = True,
) -> Finding:
    """A finding at a place of the source."""
    return Finding(
        rule=rule,
        fault=fault,
        start=place.start,
        end=place.end,
        text=text,
        fix=fix,
        fix_kind=kind,
        replacement=replacement,
        certain=certain,
    )
