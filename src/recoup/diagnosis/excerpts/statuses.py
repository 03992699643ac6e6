"""The status of an answer, as texts name it: in numbers, in words, in the names of exceptions.

Python (requests, urllib, httpx, aiohttp, sp_api), Java (okhttp, Spring, Feign, Swagger), PHP (Guzzle, Symfony), Node
(axios, got, fetch), C# (HttpClient, RestSharp), Ruby (Net::HTTP, Faraday, RestClient), Go, curl; and plain sentences.
"""

from __future__ import annotations

import re
from itertools import islice

import msgspec

__all__ = ["NamedStatus", "status_in"]


_MOST = 40


class NamedStatus(msgspec.Struct, frozen=True):
    """A status and where in the text it is named."""

    status: int
    start: int


_REASONS = (
    "Bad Request|Unauthorized|Forbidden|Not ?Found|Method Not Allowed|Conflict|Precondition|Request Entity|Payload|"
    "Unsupported Media|Unprocessable|Too Many|Internal Server|Bad Gateway|Service Unavailable|Gateway Time"
)
_WORDS = {
    "badrequest": 400, "unauthorized": 401, "forbidden": 403, "notfound": 404, "methodnotallowed": 405,
    "notacceptable": 406, "requesttimeout": 408, "conflict": 409, "stateconflict": 409, "gone": 410,
    "preconditionfailed": 412, "requestentitytoolarge": 413, "payloadtoolarge": 413, "toolarge": 413,
    "unsupportedmediatype": 415, "unsupportedformat": 415, "unprocessableentity": 422, "toomanyrequests": 429,
    "requestthrottled": 429, "internalservererror": 500, "internalserver": 500, "server": 500, "notimplemented": 501,
    "badgateway": 502, "serviceunavailable": 503, "temporarilyunavailable": 503, "gatewaytimeout": 504,
}  # fmt: skip
_NAMES = (
    r"Bad[ _]?Request|Unauthori[sz]ed|Forbidden|Not[ _]?Found|Method[ _]?Not[ _]?Allowed|Not[ _]?Acceptable"
    r"|Request[ _]?Time[ _]?out|(?:State[ _]?)?Conflict|Gone|Precondition[ _]?Failed|Request[ _]?Entity[ _]?Too[ "
    r"_]?Large"
    r"|Payload[ _]?Too[ _]?Large|Unsupported[ _]?Media[ _]?Type|Unprocessable[ _]?Entity|Too[ _]?Many[ _]?Requests"
    r"|Internal[ _]?Server[ _]?Error|Not[ _]?Implemented|Bad[ _]?Gateway|Service[ _]?Unavailable|Gateway[ _]?Time[ "
    r"_]?out"
)

# How texts name a status, the surest way first. Of the statuses that one way finds, the first that is an error counts.
_NUMBERS = (
    re.compile(
        r"HTTP(?:/\d(?:\.\d)?)?\s{0,3}(?:status|error|code|response)?(?:\scode)?\s{0,3}[:=]?\s{0,3}([2-5]\d\d)(?!\d)",
        re.I,
    ),
    re.compile(
        r"status[ _\-]?code['\"]?\]?(?::[\w\\]{1,60}:?\w{0,12}\])?"
        r"\s{0,4}(?:=>|[:=]|of|is|was)?\s{0,4}(?:int\()?['\"]?([2-5]\d\d)(?!\d)",
        re.I,
    ),
    re.compile(r"\bHTTPStatus\s{0,3}=\s{0,3}([2-5]\d\d)(?!\d)", re.I),
    re.compile(r"\bresponse[_ ]?(?:status )?code\s{0,3}[:=]?\s{0,3}([2-5]\d\d)(?!\d)", re.I),
    re.compile(r"(?<!\d)([45]\d\d) (?:Client|Server) Error", re.I),
    re.compile(r"(?:Client|Server) error '([45]\d\d)(?!\d)", re.I),
    re.compile(r"resulted in an? [`'\"]?([45]\d\d)(?!\d)", re.I),
    re.compile(r"(?<!\d)([45]\d\d), ?message=", re.I),
    re.compile(r"(?:Exception|Error): ?\(([45]\d\d)\)"),
    re.compile(r"Response\{[^{}\n]{0,60}\bcode=([2-5]\d\d)(?!\d)"),
    re.compile(r"^<-- ([2-5]\d\d)(?!\d)", re.M),
    re.compile(rf"(?<![\d.])\(?([45]\d\d)\)?[ :\-]{{1,3}}\(?(?:{_REASONS})", re.I),
    re.compile(r"(?:#<|\[)?\bNet::HTTP\w{3,40} ([2-5]\d\d)(?!\d)"),
    re.compile(r"\[([45]\d\d)\](?! ?=>)"),
    re.compile(r"['\"]?\bstatus['\"]?\s{0,3}(?:=>|[:=])\s{0,3}['\"]?([45]\d\d)(?!\d)", re.I),
    re.compile(r"\('[a-z_]{4,40}', ?(?:'[^'\n]{0,300}'|\"[^\"\n]{0,300}\"|None), ?([45]\d\d)\)"),
    re.compile(r"\b(?:responded|answered|failed|rejected|refused|replied)(?: \w{1,8}){0,2} (?:with|by)(?: an?)? "
    r"[`'\"]?([45]\d\d)(?!\d)", re.I),
    re.compile(r"\berror(?: code)?[ :(=]{1,3}([45]\d\d)(?!\d)", re.I),
    re.compile(r"(?:(?<=\))|^)[ \t]{0,4}=>[ \t]{0,3}([2-5]\d\d)(?=[\s,;:.)]|$)", re.M),
    re.compile(r"(?<![\w\]'\"])(?:[\w/)?=&.\-]{1,80})[ \t]{1,3}(?:->|\u2192)[ \t]{0,3}(?:HTTP )?([2-5]\d\d)"
    r"(?=[\s,;:.)]|$)", re.M),
    re.compile(r"(?<![\d.])([45]\d\d)(?:,? (?:and|or|/) [45]\d\d){0,3} (?:errors?\b|status\b|responses?\b)", re.I),
    re.compile(r"(?<![\d.])([45]\d\d) on (?:(?:GET|POST|PUT|PATCH|DELETE|HEAD|the|an?|every|any|all|both)\b|https?:"
    r"|/|[a-z]{2,12}[A-Z])"),
    re.compile(
        r"\b(?:get|got|getting|gets|receive|received|returns|returned|answers|throws|gives)(?: an?)?(?: \w{1,12})? "
        r"[`'\"]?([45]\d\d)(?!\d)",
        re.I,
    ),
    re.compile(r"^[ \t>]{0,4}[`'\"]?([45]\d\d) ?[:\-\u2013] ?[`'\"A-Za-z{\[]", re.M),
    re.compile(
        r"^[ \t>]{0,8}([45]\d\d)[ \t]{1,3}(?=[<{\[]|(?:Invalid|Access|Bad|Unauth|Forbid|Not|Err|Too|Internal|Service"
        r"|Missing|Quota|Could)[A-Za-z]{0,12}\b)",
        re.M,
    ),
    re.compile(r"\b(?:response|answer|status|result|reply|it) (?:is|was) (?:an? )?([45]\d\d)(?![\w.]| ?ms)", re.I),
    re.compile(r"[}\]\"'](?:[ \t]{1,3}|, ?)(?:status |with |and )?([45]\d\d)(?=[\s,;:.)]|$)", re.M),
    re.compile(r"['\"`]([45]\d\d) (?:Access|Error|Request|Client|Server|Unauthori[sz]ed)\b", re.I),
    re.compile(r"\bhttp_?(?:response_?)?code['\"]?\s{0,3}(?:=>|[:=])\s{0,3}['\"]?([2-5]\d\d)(?!\d)", re.I),
    re.compile(r"[}\]>][ \t]{0,4}\r?\n\s{0,4}([2-5]\d\d)\s{0,4}\Z"),
)  # fmt: skip
_SPELT = (
    re.compile(
        r"(?:status[ _\-]?code|http[ _]?status|status[ _]?description|reason[ _]?phrase)['\"]?\]?"
        r"(?::[\w\\]{1,60}:?\w{0,12}\])?"
        rf"\s{{0,4}}(?:=>|[:=]|is|was|does not indicate success:?)\s{{0,4}}\[?['\"]?(?:\w{{1,20}}\.)?({_NAMES})\b",
        re.I,
    ),
    re.compile(rf"\b(?:HttpStatus(?:Code)?|HTTPStatus)(?:\.|::)({_NAMES})\b", re.I),
    re.compile(rf"\bNet::HTTP({_NAMES})\b"),
    re.compile(rf"\b(?:RestClient::|Faraday::|HttpClientErrorException[.$]|HttpServerErrorException[.$])({_NAMES})",
    re.I), re.compile(
        r"Exception: (Bad Request|Forbidden|Not Found|Too Many Requests|Internal Server Error|Service Unavailable)\s*$",
        re.M,
    ),
    re.compile(r"^[>\s]{0,8}(?:response|answer|status|result)\s?[:=]\s?(Bad ?Request|Forbidden|Not ?Found)\b",
    re.I | re.M),
    re.compile(
        r"\bSellingApi(BadRequest|Forbidden|NotFound|StateConflict|TooLarge|UnsupportedFormat|RequestThrottled|Server"
        r"|TemporarilyUnavailable|GatewayTimeout)Exception\b"
    ),
)  # fmt: skip
# Where no way of naming stands around it: a number that is a status, and neither a quantity nor part of anything.
_BARE = re.compile(
    r"(?<![A-Za-z0-9_.,:/#$\u20ac\u00a3@=%+&?\[\\-])(?<!\bline )(?<!\bport )(?<!about )(?<!over )(?<!first )(?<!last )"
    r"(?<!than )(?<!olumn )(?<!\bOrder )(?<!\border )(?<!antity )(?<!['\"\]] => )(?<![^A-Za-z0-9]\d )(?<!of )(?<!the )"
    r"(20[047]|40[013-689]|41[0235]|42[29]|50[0-4])(?:s|er)?(?![A-Za-z0-9_/%@\]]|-\w|[.,:]\d)"
    r"(?! \w+ (?i:street|road)\b)(?! on hand\b)"
    r"(?! (?:ms|sec|secs?|seconds?|min|mins|minutes?|hours?|days?|times?|gb|mb|kb|eur|usd|more|other|different)\b)"
    r"(?! (?!(?:always|status|is|was|as|this|across|thus|unless|errors|responses|answers|comes|says|means|appears"
    r"|happens|remains|stays|persists|bodies|pages|his|hers|its|ours|yours|besides|sometimes|occurs|goes)\b)[a-z]+s\b)",
)
_BAD = re.compile(r"\bbad request\b|<title>x</title>|\btitle [\"'`]?x[\"'`]?(?!\w)", re.IGNORECASE)
_NOISE = re.compile(r"[^a-z]")


def status_in(text: str) -> NamedStatus | None:
    """The status that the text names: an error before a success, a surer way of naming before a vaguer one."""
    success: NamedStatus | None = None
    for pattern in _NUMBERS:
        for found in pattern.finditer(text):
            status = int(found[1])
            if status >= 400:
                return NamedStatus(status, found.start(1))
            success = success or NamedStatus(status, found.start(1))
    for pattern in _SPELT:
        spelt = pattern.search(text)
        if spelt is not None:
            word = _NOISE.sub("", spelt[1].lower()).replace("unauthorised", "unauthorized")
            return NamedStatus(_WORDS[word], spelt.start(1))
    return success or _bare(text) or _worded(text)


def _worded(text: str) -> NamedStatus | None:
    """A status by its reason alone, or by the page that is all there is to one."""
    found = _BAD.search(text)
    return None if found is None else NamedStatus(400, found.start())


def _bare(text: str) -> NamedStatus | None:
    """The first error among the numbers that stand alone, else the first success; a text of a few lines has few."""
    success: NamedStatus | None = None
    for found in islice(_BARE.finditer(text), _MOST):
        status = int(found[1])
        if status >= 400:
            return NamedStatus(status, found.start(1))
        success = success or NamedStatus(status, found.start(1))
    return success
