"""The safe fixes carried out: the same request, without what a program may mend by itself."""

from __future__ import annotations

from collections.abc import Iterable

from recoup.lint.finding import Finding, FixKind

__all__ = ["mended"]


def mended(source: bytes, findings: Iterable[Finding]) -> tuple[bytes, tuple[Finding, ...]]:
    """The source with every safe fix whose replacement is known, and the findings that are left.

    Of two that overlap the one that begins first is carried out; the other is left. Places of what is left are those of
    the source that was given.
    """
    done: list[Finding] = []
    left: list[Finding] = []
    end = 0
    for finding in sorted(findings, key=lambda each: (each.start, each.end)):
        same = bool(done) and (done[-1].start, done[-1].end, done[-1].replacement) == (
            finding.start, finding.end, finding.replacement,
        )  # fmt: skip
        if same:
            continue
        if finding.fix_kind is FixKind.SAFE and finding.replacement is not None and finding.start >= end:
            done.append(finding)
            end = finding.end
        else:
            left.append(finding)
    data = source
    for finding in reversed(done):
        data = data[: finding.start] + (finding.replacement or b"") + data[finding.end :]
    return data, tuple(left)
