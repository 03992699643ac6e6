"""All rules over the raw bytes of a request, and which finding is named as the cause where there are several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from recoup.lint.finding import Finding
from recoup.lint.wire import (
    body_in_get_or_head,
    content_length_not_a_number,
    content_length_with_transfer_encoding,
    control_character,
    empty_header,
    field_name,
    folded_header,
    host_header,
    http_version,
    malformed_method,
    missing_colon,
    multiple_content_length,
    no_uri,
    request_target,
    trailing_empty_line,
    transfer_coding,
    wrong_line_ending,
)
from recoup.lint.wire.chunks import Chunks, broken
from recoup.lint.wire.head import Head

__all__ = ["RULES", "cause", "check", "check_head", "check_trailer"]

Rule = Callable[[Head], Iterator[Finding]]

# The rules in the order in which they are named as the cause where one head breaks several: first what makes its lines
# unreadable, then what makes its framing so, then what is only stricter than the standard; and what the documents do
# not name last.
RULES: dict[str, Rule] = {
    malformed_method.RULE: malformed_method.check,
    no_uri.RULE: no_uri.check,
    wrong_line_ending.RULE: wrong_line_ending.check,
    folded_header.RULE: folded_header.check,
    missing_colon.RULE: missing_colon.check,
    control_character.RULE: control_character.check,
    multiple_content_length.RULE: multiple_content_length.check,
    content_length_not_a_number.RULE: content_length_not_a_number.check,
    content_length_with_transfer_encoding.RULE: content_length_with_transfer_encoding.check,
    host_header.RULE: host_header.check,
    body_in_get_or_head.RULE: body_in_get_or_head.check,
    empty_header.RULE: empty_header.check,
    http_version.RULE: http_version.check,
    request_target.RULE: request_target.check,
    field_name.RULE: field_name.check,
    transfer_coding.RULE: transfer_coding.check,
}
_TRAILER_RULES = (
    "wrong-line-ending",
    "folded-header",
    "missing-colon",
    "control-character",
    "empty-header",
    "field-name",
)
_ORDER = {rule: place for place, rule in enumerate((trailing_empty_line.RULE, *RULES))}
_FRAMING = frozenset(
    {
        multiple_content_length.RULE,
        content_length_not_a_number.RULE,
        content_length_with_transfer_encoding.RULE,
        transfer_coding.RULE,
    }
)
_MOST_REQUESTS = 1000  # pipelined in one piece of bytes
_KEEP_NOTHING = 0


def check(raw: bytes) -> list[Finding]:
    """Everything that is wrong with the bytes of a request (or of several in a row), in the order in which it stands.

    `raw` is all that was sent: head and body. A body that stops early is no finding, since nobody can tell from the
    bytes whether the rest was lost. One empty line before the request is allowed (RFC 7230, 3.5).
    """
    findings: list[Finding] = []
    at = 2 if raw[:2] == b"\r\n" else 0
    before: Head | None = None
    for _ in range(_MOST_REQUESTS):
        if at >= len(raw):
            break
        head = Head.read(raw, at)
        if before is not None and before.is_read and _is_no_request(head):
            findings.append(body_in_get_or_head.unannounced(at, len(raw)))
            break
        found = check_head(head)
        if found and found[0].rule == malformed_method.RULE and not head.text(head.version):
            findings.append(found[0])  # no request at all: whatever else is said of it is noise
            break
        findings.extend(found)
        end = None if any(finding.rule in _FRAMING for finding in found) else _end(head, findings)
        if end is None or head.blank is None:
            break
        extra = trailing_empty_line.check(raw, end)
        if extra is not None:
            findings.append(extra)
        before, at = head, end if extra is None else extra.end
    return sorted(findings, key=lambda finding: (finding.start, finding.end))


def check_head(head: Head) -> list[Finding]:
    """Everything that is wrong with one head, the gravest first."""
    return [finding for rule in RULES.values() for finding in rule(head)]


def check_trailer(head: Head) -> list[Finding]:
    """Everything that is wrong with the fields after the last chunk, the gravest first."""
    return [finding for name in _TRAILER_RULES for finding in RULES[name](head)]


def cause(findings: Iterable[Finding]) -> Finding | None:
    """The one of `findings` for which a request is refused: the gravest, and of equals the first."""
    return min(findings, key=lambda finding: (_ORDER.get(finding.rule, len(_ORDER)), finding.start), default=None)


def _is_no_request(head: Head) -> bool:
    return not head.text(head.version) or malformed_method.is_hopeless(head.raw, head.start)


def _end(head: Head, findings: list[Finding]) -> int | None:
    """Where the message ends; None where the bytes stop before, or the body cannot be read."""
    if transfer_coding.is_chunked(head):
        chunks = Chunks(_KEEP_NOTHING)
        at = chunks.take(head.raw, head.end)
        if chunks.fault_at is not None:
            findings.append(broken(chunks.why, chunks.fault_at, len(head.raw)))
        if not chunks.done:
            return None
        findings.extend(check_trailer(Head.of_trailer(head.raw, at - len(chunks.trailer))))
        return at
    lengths = head.named(b"content-length")
    end = head.end + (int(lengths[0].value) if lengths else 0)
    return end if end <= len(head.raw) else None
