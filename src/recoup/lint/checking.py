"""Every rule over one request: all findings at once, in the order in which they stand."""

from __future__ import annotations

from datetime import UTC, date, datetime

from recoup.catalogue.facts.operations import Party
from recoup.lint.finding import Finding
from recoup.lint.rule import Around
from recoup.lint.rules import RULES
from recoup.lint.shapes import Describes
from recoup.lint.subject import Subject
from recoup.lint.wirebound import wire_findings

__all__ = ["check"]


def check(
    subject: Subject,
    *,
    now: float | None = None,
    day: date | None = None,
    shapes: Describes | None = None,
    account: Party | None = None,
) -> tuple[Finding, ...]:
    """Everything that is wrong with the request: the rules of HTTP and those of the API.

    `now` (epoch seconds) is when it is sent, `day` the day (UTC) where no more is known; without them the rules about
    clocks and days say nothing. `shapes` are those of requests, where others count than recoup's own. `account` is
    whose credentials are meant, a seller's or a vendor's. Never raises on account of what the subject holds.
    """
    if day is None and now is not None:
        day = datetime.fromtimestamp(now, UTC).date()
    around = Around(now=now, day=day, shapes=shapes, account=account)
    findings = wire_findings(subject)
    for rule in RULES:
        findings.extend(rule.check(subject, around))
    return tuple(sorted(findings, key=lambda finding: (finding.start, finding.end, finding.rule)))
