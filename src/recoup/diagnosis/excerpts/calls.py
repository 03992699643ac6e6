"""Requests in a text: what was called, by excerpts of code, dumps of requests, log lines and exceptions.

Each way of writing gives candidates with a strength; what belongs to the failure is chosen by `chosen`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from recoup.diagnosis.excerpts.expressions import Variables, expression_at

__all__ = ["Called", "calls_in", "chosen"]

_MOST = 40
_METHODS = "GET|POST|PUT|PATCH|DELETE|HEAD"


class Called(msgspec.Struct, frozen=True):
    """A call that a text tells of. `method` is empty where it is not told; `strength` grows with how sure this is a
    request that was sent, and with what is known of it. `end` is where the text of it ends.
    """

    method: str
    url: str
    start: int
    end: int
    strength: int


_METHOD_URL = re.compile(
    rf"(?<![A-Za-z])({_METHODS})(?![A-Za-z])"
    r"[\s`'\":,\]]{1,12}(?:request (?:to|for) [`'\"]{0,2}|(?:to|on|url) [\[`'\"]{0,2}|\[)?"
    r"((?:https?://|/)[A-Za-z0-9{$<:][^\s\"'`)\]]{1,2000})"
)
_URL_METHOD = re.compile(
    rf"(?:url|uri|path|request url)[`'\"*:= ]{{1,6}}((?:https?://|/)[^\s\"'`<>)]{{1,2000}})[\s\S]{{1,60}}?"
    rf"\b(?:request )?(?:http[ _]?)?method[`'\"*]{{0,3}}\s{{0,3}}(?:=>|[:=])\s{{0,3}}[`'\"]?({_METHODS})\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\"Method\"\s{0,3}:\s{0,3}([0-6])\b")
_NUMBERS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")  # of RestSharp
_METHOD_LINE = re.compile(
    rf"\b(?:request |http )?method[`'\"*]{{0,3}}\s{{0,3}}(?:=>|[:=])\s{{0,3}}[`'\":]{{0,2}}({_METHODS})\b",
    re.IGNORECASE,
)
_URL = re.compile(
    r"https?://(?:[a-z0-9.\-]{0,100}(?:amazon|a2z|amazonaws)\.[a-z.]{2,12})(?::\d{1,5})?(/[^\s\"'`<>)]{0,2000})?",
    re.IGNORECASE,
)
_FOR_URL = re.compile(
    r"(?:for url:?|for|url=URL\(|effective_url=|url=|, url|requested url:?)\s{0,3}[`'\"(]{0,2}\Z", re.IGNORECASE
)
_VERB_CALL = re.compile(
    r"(?:\.|->|::)(?P<verb>get|post|put|patch|delete|head)(?:Async|_async|String|AsString|AsJson|Json|Bytes"
    r"|ForEntity|ForObject)*"
    r"(?:<[^<>\n]{0,60}>)?\s{0,4}\(\s{0,40}(?:url\s?[=:]\s?|uri\s?[=:]\s?)?(?=\S)",
    re.IGNORECASE,
)
_METHOD_FIRST = re.compile(
    r"(?:request|send|exchange|NewRequest|NewRequestWithContext|open|retrieve|makeRequest|HttpRequestMessage"
    r"|urlopen|api_call|call_api)"
    r"\s{0,4}\(\s{0,40}(?:ctx\s?,\s{0,4}|context\.\w{1,20}\(\)\s?,\s{0,4})?(?:method\s?[=:]\s?)?"
    rf"(?:[\"'`:](?P<quoted>{_METHODS})[\"'`]?|(?:Http)?Method\.?(?:Method)?(?P<named>[A-Za-z]{{3,6}})|http\.Method"
    rf"(?P<go>[A-Z][a-z]{{2,5}}))"
    r"\s{0,4},\s{0,40}(?:url\s?[=:]\s?|uri\s?[=:]\s?)?",
    re.IGNORECASE,
)
_URL_FIRST = re.compile(
    r"(?:\bfetch|UrlFetchApp\.fetch|RestRequest|\bRequest(?:\.Builder\(\)\.url)?|\.url|\.uri|\.exchange"
    r"|WebRequest\.Create|HttpGet|HttpPost|HttpPut"
    r"|HttpDelete|HttpPatch|Net::HTTP::(?:Get|Post|Put|Patch|Delete)\.new|\baxios|\brequest|\bgot|HTTP::Request|URI"
    r"|NSURL)\s{0,4}\(\s{0,40}",
)
_VERB_IN_NAME = re.compile(r"(?:Http|HTTP::)(Get|Post|Put|Delete|Patch)")
_METHOD_NEAR = re.compile(
    rf"\b(?:method|type)[\"'`]?\s{{0,3}}(?:=>|[:=])\s{{0,3}}[\"'`:]?({_METHODS})\b|\b(?:Http)?Method\.(Get|Post|Put"
    rf"|Patch|Delete|Head)\b"
    rf"|\.(GET|POST|PUT|PATCH|DELETE)\(|\.(get|post|put|patch|delete)\(|-Method\s+[\"']?({_METHODS})\b"
    rf"|\b(?:CURLOPT_CUSTOMREQUEST|setRequestMethod|\.method)\s{{0,3}}(?:=>|,|\()\s{{0,3}}[\"']({_METHODS})",
    re.IGNORECASE,
)
_CONFIG = re.compile(
    r"(?:(?<![\w$>.])(?:url|uri|path|api_?path|endpoint|resource(?:_?path)?|request_?url|request_?uri"
    r"|canonical_?uri|route)"
    r"|CURLOPT_URL|-Uri)[\"'`]?\]?\s{0,3}(?:=>|:=|[:=,]|(?<=-Uri)\s)\s{0,3}(?=[\"'`f$@A-Za-z])",
    re.IGNORECASE,
)
_CURL_METHOD = re.compile(
    rf"CURLOPT_CUSTOMREQUEST\s{{0,3}}(?:=>|,)\s{{0,3}}[\"']({_METHODS})|CURLOPT_(POST)\s{{0,3}}(?:=>|,)\s{{0,3}}"
    rf"(?:true|1)|CURLOPT_(POST)FIELDS",
    re.IGNORECASE,
)
_ENDINGS = ".,;:*"


def calls_in(text: str, known: Variables) -> list[Called]:
    """The calls of a text, in their order; `known` are the variables of the code in it."""
    found = [*_logged(text), *_coded(text, known), *_configured(text, known), *_named(text)]
    return sorted(found, key=lambda call: (call.start, -call.strength))


def chosen(calls: list[Called], failed_at: int | None, text: str) -> Called | None:
    """The call that the failure belongs to: of the surest ones the last before the place where it is told, else the
    first. What others tell of the same call (its method, its query) is added.
    """
    if not calls:
        return None
    best = max(call.strength for call in calls)
    level = 3 if best >= 3 else best
    sure = [call for call in calls if call.strength >= level]
    pick = sure[0]
    if failed_at is not None and len(sure) > 1:
        line = text.find("\n", failed_at)
        before = [call for call in sure if call.start < (line if line >= 0 else len(text))]
        pick = before[-1] if before else pick
    same = [call for call in calls if _path(call.url) == _path(pick.url) or call is pick]
    method = pick.method or next((call.method for call in same if call.method), "")
    url = max((call.url for call in same), key=lambda url: ("://" in url, "?" in url, url == pick.url))
    return msgspec.structs.replace(pick, method=method, url=url)


def _path(url: str) -> str:
    rest = url.partition("://")[2]
    path = "/" + rest.partition("/")[2] if rest else url
    return path.partition("?")[0].rstrip("/")


def _logged(text: str) -> Iterator[Called]:
    for found in islice(_METHOD_URL.finditer(text), _MOST):
        if _like_url(found[2]):
            yield Called(found[1], found[2].rstrip(_ENDINGS), found.start(), found.end(), 4)
    for found in islice(_URL_METHOD.finditer(text), _MOST):
        yield Called(found[2].upper(), found[1].rstrip(_ENDINGS), found.start(), found.end(), 4)


def _named(text: str) -> Iterator[Called]:
    """URLs alone; those that an exception or a log names as what was called are sure."""
    for found in islice(_URL.finditer(text), _MOST):
        said = _FOR_URL.search(text[max(0, found.start() - 24) : found.start()]) is not None
        line_start = text.rfind("\n", 0, found.start()) + 1
        alone = not text[line_start : found.start()].strip(" \t>`*")
        method = ""
        if alone:
            following = _METHOD_LINE.match(text[found.end() : found.end() + 60].lstrip("`\r\n\t "))
            method = following[1].upper() if following is not None else ""
        yield Called(method, found[0].rstrip(_ENDINGS), found.start(), found.end(), 3 if said or method else 1)


def _coded(text: str, known: Variables) -> Iterator[Called]:
    for found in islice(_VERB_CALL.finditer(text), _MOST * 2):
        call = _call(text, found.start(), found.end(), known, found["verb"].upper())
        if call is not None:
            yield call
    for found in islice(_METHOD_FIRST.finditer(text), _MOST):
        method = (found["quoted"] or found["named"] or found["go"]).upper()
        if method in _METHODS.split("|"):
            call = _call(text, found.start(), found.end(), known, method)
            if call is not None:
                yield call
    for found in islice(_URL_FIRST.finditer(text), _MOST):
        inside = _VERB_IN_NAME.search(found[0])
        call = _call(text, found.start(), found.end(), known, inside[1].upper() if inside is not None else "")
        if call is not None:
            method = (
                call.method
                or _near(text, call.end, known)
                or ("GET" if "fetch" in found[0] or "axios" in found[0] else "")
            )
            yield msgspec.structs.replace(call, method=method, strength=4 if method else 3)


def _call(text: str, start: int, at: int, known: Variables, method: str) -> Called | None:
    made = expression_at(text, at, known)
    if made is None or not _like_url(made[0]):
        return None
    return Called(method, made[0].rstrip(","), start, made[1], 4)


def _configured(text: str, known: Variables) -> Iterator[Called]:
    """Mappings and assignments: url, path, endpoint, with a method near them."""
    for found in islice(_CONFIG.finditer(text), _MOST):
        made = expression_at(text, found.end(), known)
        if made is None or not _like_url(made[0]):
            continue
        if found[0].upper().startswith("CURLOPT"):
            option = _CURL_METHOD.search(text)
            method = "GET" if option is None else (option[1] or option[2] or option[3]).upper()
            yield Called(method, made[0], found.start(), made[1], 4)
            continue
        method = _near(text, made[1], known) or _before(text, found.start())
        yield Called(method, made[0], found.start(), made[1], 3 if method else 2)


def _near(text: str, at: int, known: Variables) -> str:
    """The method that stands within the next lines of code."""
    found = _METHOD_NEAR.search(text[at : at + 300])
    return "" if found is None else next(group for group in found.groups() if group).upper()


def _before(text: str, at: int) -> str:
    found = _METHOD_LINE.search(text[max(0, at - 100) : at])
    if found is None:
        numbered = _NUMBERED.search(text[max(0, at - 60) : at])
        return "" if numbered is None else _NUMBERS[int(numbered[1])]
    return found[1].upper()


def _like_url(text: str) -> bool:
    """Whether a text is an address: a URL, or a path of several segments that is no file's."""
    if text.startswith(("http://", "https://")):
        return len(text) > 10 and not any(char.isspace() for char in text[:200].partition("?")[0].strip()[8:])
    if text.startswith("{"):  # a variable that holds the host
        text = text.partition("}")[2]
    return _PATH.match(text) is not None


_PATH = re.compile(r"/[A-Za-z][\w\-]{2,40}/[^\s\"'`<>]{2,2000}")
