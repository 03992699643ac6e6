"""What an input is, by how it begins."""

from __future__ import annotations

import re

from recoup.diagnosis.excerpts.curl_output import TRACED
from recoup.traces import mitmproxy
from recoup.traces.fields import PARTS, Fields
from recoup.traces.record import is_record

__all__ = ["form_of"]

_HAR = re.compile(rb'\s*(?:\{\s*"log"\s*:\s*\{|\{.{0,4000}?"entries"\s*:\s*\[|\[\s*\{\s*"startedDateTime")', re.DOTALL)
_STARTED = re.compile(rb'"(?:startedDateTime|entries|creator|pages)"')
_HTTP = re.compile(rb"^[<*\s]{0,8}HTTP/\d(?:\.\d)?[ \t]+\d{3}(?!\d)", re.MULTILINE)
_REQUEST = re.compile(
    rb"\s*(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)[ \t]+(?:https?://|/)\S{0,4000}[ \t]+HTTP/\d", re.ASCII
)
_LINES = 50
_LONG = 8192
_TOLD = re.compile(rb'"(?:request|response|status|status_code|statusCode|http_status|url|method)"\s*:')


def form_of(head: bytes, fields: Fields = PARTS) -> str:
    """`har`, `jsonl`, `mitmproxy`, `http` or `text`, from the first bytes of an input."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] in (b"{", b"["):
        if _HAR.match(head) is not None and _STARTED.search(head) is not None:
            return "har"
        if _is_log(head, fields) or (b"\n" not in head and len(head) > _LONG and _TOLD.search(head) is not None):
            return "jsonl"  # the latter: one line that is longer than what is looked at
    elif b"{" in head and _is_log(head, fields):
        return "jsonl"
    if mitmproxy.begins(head):
        return "mitmproxy"
    if _HTTP.search(head) is not None or _REQUEST.match(head) is not None or TRACED.search(head) is not None:
        return "http"
    return "text"


def _is_log(head: bytes, fields: Fields) -> bool:
    """Whether lines of it are objects, and one of the first tells of an exchange."""
    lines = head.split(b"\n")
    if len(lines) > 1:
        lines.pop()  # perhaps cut off
        if not any(line.strip() for line in lines):
            return False
    told = sum(is_record(line, fields) for line in lines[:_LINES])
    others = sum(bool(line.strip()) for line in lines[:_LINES]) - told
    return told > 0 and (told >= others or told > 2)
