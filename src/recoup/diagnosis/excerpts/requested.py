"""The request that a text shows, put together: method, URL with its query, header fields, body.

Only what stands in the text is taken. What a variable holds that nobody set in the text stands as `{name}`, which the
rules of lint take for a value that is not known.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from recoup.diagnosis.excerpts.calls import Called, calls_in, chosen
from recoup.diagnosis.excerpts.expressions import expression_at, variables_in
from recoup.diagnosis.excerpts.named_operations import calls_by_body, calls_by_name
from recoup.diagnosis.literals import read_literal
from recoup.exchange import Headers, Request
from recoup.lint.reading import read_curl

__all__ = ["curl_request", "request_in"]

_CURL = re.compile(r"(?<![\w\-])curl(?:\.exe)?\s+[^\n]", re.IGNORECASE)
_QUERY = re.compile(
    r"(?<![\w.$])(?:query_?params?|query_?parameters|query_?string|params|parameters|query|qs"
    r"|searchParams)[\"'`]?\s{0,3}(?:=>|[:=])\s{0,3}(?=[{\[\"'`]|f[\"'])",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"(?<![\w.$])(?P<name>json|data|body|payload|json_body|post_?data|post_?fields|request_?body|request_?payload"
    r"|raw_?body|form_params"
    r"|form|text|CURLOPT_POSTFIELDS|body_?params|json_?payload|-Body)[\"'`]?\s{0,3}(?:=>|:=|[:=,]|\s(?=[{\[]))\s{0,20}"
    r"(?:json\.dumps|JSON\.stringify|json_encode|JsonConvert\.SerializeObject|http_build_query|urlencode"
    r"|urllib\.parse\.urlencode"
    r"|new URLSearchParams|qs\.stringify|array|new StringContent|Json|to_json)?\s{0,3}\(?\s{0,3}[\"'`]{0,3}(?=[{\[(])",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"\s{0,4}(?:with (?:the )?(?:body|payload|data)\s{0,3}:?|body\s?:|,)?\s{0,4}[\"'`]?(?=\{)", re.IGNORECASE
)
_HOST_UNKNOWN = re.compile(r"(?:https?://)?[^/{}]{0,40}\{[^}]{0,60}\}[^/]{0,80}(?=/)")
_LEFT_OUT = re.compile(r"\.{3}|…|\(truncated|\[\.\.\]|// |# ")
_OF_ANSWERS = frozenset(
    {"errors", "error", "error_description", "errorCode", "errorDescription", "code", "message", "details", "payload"}
)
_OF_OPTIONS = frozenset(
    {"method", "headers", "muteHttpExceptions", "timeout", "mode", "redirect", "host", "path", "url"}
)
_PARTS = ("body", "data", "json", "payload", "form_params")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_LOGIN = "/auth/o2/token"


def request_in(text: str, headers: Headers, failed_at: int | None) -> Request | None:
    """The request that failed, as far as the text shows it; None where it names no address. Never raises."""
    curl = curl_request(text)
    if curl is not None:
        return curl if len(curl.headers) else msgspec.structs.replace(curl, headers=headers)
    known = variables_in(text)
    by_body, parts = calls_by_body(text)
    calls = [call for call in calls_in(text, known) if not any(start <= call.start < end for start, end in parts)]
    calls = sorted([*calls, *by_body, *calls_by_name(text)], key=lambda call: call.start)
    called = chosen(calls, failed_at, text)
    if called is None:
        return None
    url = (
        _HOST_UNKNOWN.sub("", called.url, count=1)
        if "{" in called.url.partition("//")[2].partition("/")[0]
        else called.url
    )
    if url.startswith("{"):
        url = url.partition("}")[2]
    url = _with_query(url, called, text) if "?" not in url else url
    body = _body(text, called, url)
    return Request(method=called.method, url=url, headers=headers, body=body)


def curl_request(text: str) -> Request | None:
    """What the first curl command of a text would send."""
    found = _CURL.search(text)
    if found is None:
        return None
    begin = text.rfind("\n", 0, found.start()) + 1
    source = text[begin : begin + 16_384].encode("utf-8", "replace")
    subject = next(read_curl(source), None)
    if subject is None:
        return None
    request = subject.request
    # A charset that only curl would add is told as what nobody wrote; the rules over a curl command say it better.
    written = [(pair.name.text, _utf8(pair.value.text)) for pair in subject.fields if pair.whole.start < pair.whole.end]
    return msgspec.structs.replace(request, url=_utf8(request.url), headers=Headers(written), raw=None)


def _utf8(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


# -- the query ------------------------------------------------------------------------------------------------------


def _with_query(url: str, called: Called, text: str) -> str:
    found = next((each for each in _QUERY.finditer(text) if _is_near(each.start(), called)), None)
    if found is None:
        return url
    if text[found.end()] not in "{[":
        made = expression_at(text, found.end(), {})
        return f"{url}?{made[0]}" if made is not None and "=" in made[0] and called.method in ("GET", "") else url
    literal = read_literal(text, found.end(), holes=True)
    if literal is None or not literal.complete or not isinstance(literal.value, dict):
        return url
    rest: list[str] = []
    for name, value in literal.value.items():
        if f"{{{name}}}" in url and isinstance(value, str | int):
            url = url.replace(f"{{{name}}}", _encoded(str(value)))
        elif called.method in ("GET", "", "DELETE") and (told := _told(value)) is not None:
            rest.append(f"{quote(name)}={told}")
    return f"{url}?{'&'.join(rest)}" if rest else url


def _told(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return _encoded(str(value))
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ",".join(_encoded(str(item)) for item in value)
    return None


def _encoded(value: str) -> str:
    return value if value.startswith("{") and value.endswith("}") else quote(value, safe=",:")


def _is_near(at: int, called: Called) -> bool:
    return -2000 < at - called.start < 2000


# -- the body -------------------------------------------------------------------------------------------------------


def _body(text: str, called: Called, url: str) -> bytes | None:
    if called.method in _WITHOUT_BODY:
        return None
    behind = _BEHIND.match(text, called.end)
    places = [behind.end()] if behind is not None else []
    places += [
        found.end()
        for found, _ in zip(_BODY.finditer(text), range(12), strict=False)
        if _is_near(found.start(), called)
    ]
    for at in places:
        literal = read_literal(text, at, holes=True)
        value = None if literal is None or not literal.complete else _sent(literal.value)
        if literal is None or not value:
            continue
        if _OF_ANSWERS.issuperset(value) or "errors" in value:
            continue
        if _LEFT_OUT.search(text[at : literal.end]):
            return None  # parts were left out: what is missing there says nothing
        if url.partition("?")[0].endswith(_LOGIN):
            flat = {name: item for name, item in value.items() if isinstance(item, str | int)}
            return urlencode(flat).encode()
        try:
            return msgspec.json.encode(value)
        except (TypeError, ValueError, UnicodeError, RecursionError):
            return None
    return None


def _sent(value: Any) -> dict[str, Any] | None:
    """The body itself: of options of a call their body, of a list of one its element."""
    if isinstance(value, list):
        return _sent(value[0]) if len(value) == 1 and isinstance(value[0], dict | list) else None
    if not isinstance(value, dict) or not value:
        return None
    if _OF_OPTIONS & value.keys() and not value.keys() - _OF_OPTIONS - set(_PARTS):
        return next((_sent(value[name]) for name in _PARTS if isinstance(value.get(name), dict | list)), None)
    return value
