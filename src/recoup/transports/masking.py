"""HTTP messages with their secrets masked, as far as they can be kept: heads as text, bodies as text up to a limit."""

from __future__ import annotations

from codecs import getincrementaldecoder

from recoup.redaction import redact_headers, redact_text, redact_url

__all__ = ["masked_body", "masked_head"]

_MARGIN = 1024  # bytes before a cut that are not kept: half a secret may stand there, which no pattern knows


def masked_head(head: bytes) -> str:
    """The first line and the header lines of a message, everything as it is but for secrets. Line ends are kept."""
    first, *lines = head.decode("latin-1").split("\r\n")
    return "\r\n".join([redact_url(first), *(_masked_field(line) for line in lines)])


def _masked_field(line: str) -> str:
    name, colon, value = line.partition(":")
    if not colon:
        return redact_text(line)
    bare = value.strip(" \t")
    before, _, after = value.partition(bare) if bare else (value, "", "")
    masked = next(redact_headers([(name.strip(), bare)]))[1] if bare else ""
    return f"{name}:{before}{masked}{after}"


def masked_body(body: bytes, limit: int) -> bytes:
    """At most about `limit` characters of a body, its secrets masked; what is no text in UTF-8 is only counted."""
    if not body:
        return b""
    if limit <= 0:
        return f"<{len(body)} bytes>".encode()
    begun = body[: limit + _MARGIN]
    cut = len(begun) < len(body)
    try:
        text = _text(begun, final=not cut)
    except UnicodeDecodeError:
        return f"<{len(body)} bytes, not text>".encode()
    if "\x00" in text:
        return f"<{len(body)} bytes, not text>".encode()
    masked = redact_text(text)
    safe = len(masked) - (len(text) - len(_text(begun[:-_MARGIN], final=False)) if cut else 0)
    if cut or len(masked) > limit + _MARGIN:
        return f"{masked[: max(0, min(limit, safe))]}<and more, {len(body)} bytes in all>".encode()
    return masked.encode()


def _text(body: bytes, *, final: bool) -> str:
    return getincrementaldecoder("utf-8")().decode(body, final=final)
