"""Every rule over one request: all findings at once, in the order in which they stand."""

from __future__ import annotations

from datetime import UTC, datetime

from recoup.lint import wire
from recoup.lint.finding import Finding
from recoup.lint.rule import Around
from recoup.lint.rules import RULES
from recoup.lint.subject import Form, Subject

__all__ = ["check"]


def check(subject: Subject, *, now: float | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with the request: the wire rules where its bytes are known, and the rules of the API.

    `now` (epoch seconds) is when it is sent, for rules about days and clocks; without it they say nothing. Never raises
    on account of what the subject holds.
    """
    around = Around(now=now, day=None if now is None else datetime.fromtimestamp(now, UTC).date())
    findings: list[Finding] = list(wire.check(subject.source)) if subject.form is Form.HTTP else []
    for rule in RULES:
        findings.extend(rule.check(subject, around))
    return tuple(sorted(findings, key=lambda finding: (finding.start, finding.end, finding.rule)))
