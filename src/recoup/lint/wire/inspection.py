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
from recoup.lint.wire.head import Head, request_line_stop

__all__ = ["RULES", "cause", "check", "check_head", "check_trailer", "gravest"]

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
_ORDER = {rule: place for place, rule in enumerate(RULES)}
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
    """Everything that is wrong with the bytes of a request, in the order in which it stands.

    `raw` is all that was sent: head and body. Several requests may stand in a row; nothing is said of those after the
    first that has a finding. A body that stops early is none, since nobody can tell from the bytes whether the rest was
    lost. One empty line before the request is allowed (RFC 7230, 3.5).
    """
    findings = [finding for group in _groups(raw) for finding in group]
    return sorted(findings, key=lambda finding: (finding.start, finding.end))


def cause(raw: bytes) -> Finding | None:
    """The finding for which a server that reads these bytes refuses the request; None where there is none."""
    return next((gravest(group) for group in _groups(raw) if group), None)


def _groups(raw: bytes) -> Iterator[list[Finding]]:
    """The findings of the first request that has any, in the order in which a server comes to see them: the request
    line, the head, the body, what follows.
    """
    at = 2 if raw[:2] == b"\r\n" else 0
    before: Head | None = None
    for _ in range(_MOST_REQUESTS):
        if at >= len(raw):
            return
        head = Head.read(raw, at)
        first = Head.read(raw[: request_line_stop(raw, at)], at, whole=False)
        if before is not None and before.is_read and _is_no_request(first):
            yield [body_in_get_or_head.unannounced(at, len(raw))]
            return
        line = check_head(first)
        if line and line[0].rule == malformed_method.RULE and not first.text(first.version):
            yield line[:1]  # no request at all: whatever else is said of it is noise
            return
        rest = [finding for finding in check_head(head) if finding not in line]
        yield line
        yield rest
        if head.blank is None or any(finding.rule in _FRAMING for finding in rest):
            return
        body, end = _body(head)
        yield body
        extra = None if end is None else trailing_empty_line.check(raw, end)
        if extra is not None:
            yield [extra]
        if end is None or line or rest or body or extra is not None:
            return
        before, at = head, end


def check_head(head: Head) -> list[Finding]:
    """Everything that is wrong with one head, the gravest first."""
    return [finding for rule in RULES.values() for finding in rule(head)]


def check_trailer(head: Head) -> list[Finding]:
    """Everything that is wrong with the fields after the last chunk, the gravest first."""
    return [finding for name in _TRAILER_RULES for finding in RULES[name](head)]


def gravest(findings: Iterable[Finding]) -> Finding | None:
    """The one of `findings`, all seen at the same time, for which a request is refused: of equals the first."""
    return min(findings, key=lambda finding: (_ORDER.get(finding.rule, len(_ORDER)), finding.start), default=None)


def _is_no_request(head: Head) -> bool:
    return not head.text(head.version) or malformed_method.is_hopeless(head.raw, head.start)


def _body(head: Head) -> tuple[list[Finding], int | None]:
    """What is wrong with the body, and where the message ends; None where the bytes stop before that."""
    if transfer_coding.is_chunked(head):
        chunks = Chunks(_KEEP_NOTHING)
        at = chunks.take(head.raw, head.end)
        if chunks.fault_at is not None:
            return [broken(chunks.why, chunks.fault_at, len(head.raw))], None
        if not chunks.done:
            return [], None
        return check_trailer(Head.of_trailer(head.raw, at - len(chunks.trailer))), at
    lengths = head.named(b"content-length")
    end = head.end + (int(lengths[0].value) if lengths else 0)
    return [], end if end <= len(head.raw) else None
