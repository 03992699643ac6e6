"""What the request itself proves where the answer leaves several causes open.

Only what can be seen in the request without a doubt counts: a path that no operation has, a marketplace of another
region, a header that breaks the rules of HTTP. One such clue lifts its fault above its rivals; nothing is ever added to
them. Without a request, or without a clue, the tie stands and its checks say what to look at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

import msgspec

from recoup.catalogue.facts import deprecations, marketplaces
from recoup.catalogue.facts.operations import Operation, operations
from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.diagnosis import Match
from recoup.diagnosis.evidence import Evidence, Ranking
from recoup.diagnosis.restricted import gives_personal_data
from recoup.exchange import Exchange, Request
from recoup.lint import wire

__all__ = ["narrowed"]


class Clue(msgspec.Struct, frozen=True):
    """The ids of faults (equal ones, where the documents name a cause twice) that something in the request proves."""

    ids: tuple[str, ...]
    text: str


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    request: Request
    path: str
    operation: Operation | None
    exchange: Exchange


_MARKETPLACE = re.compile(r"(?<![A-Z0-9])A[A-Z0-9]{9,14}(?![A-Z0-9])")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+\-]\d\d:?\d\d)?)?")
_TOKEN = re.compile(r"[A-Z]{1,20}(?:-[A-Z]{1,20})?")
_HOST = re.compile(r"[A-Za-z0-9._\-]{1,253}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?")
_ENCODED = "400-wrong-url-encoding"
_ECHO = re.compile(r"%[0-9A-Fa-f]{2}")
_BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_OF_A_GET = frozenset({"400-get-with-body", "400-malformed-http-body-in-get-or-head"})
_OF_A_BODY = frozenset({"400-missing-child-object", *_OF_A_GET})
_PERSONAL_DATA = frozenset({"other-rdt-required", "other-pii-restricted"})
_OPENS_PERSONAL_DATA = ("/tokens/", "/reports/2021-06-30/documents/")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def narrowed(
    ranking: Ranking, exchange: Exchange, operation: Operation | None, seen: Evidence, path: str = ""
) -> Ranking:
    """The ranking with the request's clues in it: a tie that one clue resolves is no tie any more."""
    request = exchange.request
    if len(ranking.tied) < 2:
        return ranking
    tied = frozenset(ranking.tied)
    if _ENCODED in tied and seen.message and _ECHO.search(seen.message):
        return _lifted(ranking, [_ENCODED], "the message repeats a value with %XX in it: it was encoded twice")
    if request is None:
        return ranking
    if request.raw is not None and seen.body is BodyKind.HTML:
        seen_raw = _by_its_bytes(ranking, request.raw)
        if seen_raw is not None:
            return seen_raw
    facts = _Seen(request=request, path=path, operation=operation, exchange=exchange)
    for clue in _clues(facts):
        proved = [name for name in clue.ids if name in tied]
        if proved:
            return _lifted(ranking, proved, clue.text)
    return _without(ranking, (_refuted(request) | _refuted_by_operation(request, operation, path)) & tied)


def _refuted(request: Request) -> frozenset[str]:
    """The faults that this request cannot have, by its method alone."""
    if request.method in _BODILESS:
        return _OF_A_BODY if request.method not in ("GET", "HEAD") else _OF_A_BODY - _OF_A_GET
    return _OF_A_GET if request.method else frozenset()


def _refuted_by_operation(request: Request, operation: Operation | None, path: str) -> frozenset[str]:
    """The faults of sandboxes, grantless tokens and restricted data that this call cannot have."""
    out: set[str] = set()
    host = request.host
    if "sellingpartnerapi" in host and not host.startswith("sandbox."):
        out.add("other-sandbox-unsupported")
    token = request.headers.get("x-amz-access-token") or ""
    if operation is None or not token.startswith(("Atza|", "Atc|")):
        return frozenset(out)
    if (operation.grantless is not None) == token.startswith("Atc|"):
        out.add("other-grantless-required")
    personal = gives_personal_data(operation) or "dataElements" in request.url or path.startswith(_OPENS_PERSONAL_DATA)
    return frozenset(out if personal else out | _PERSONAL_DATA)


def _without(ranking: Ranking, refuted: frozenset[str]) -> Ranking:
    """The ranking with those put last that the request refutes, and out of the tie."""
    if not refuted or refuted.issuperset(ranking.tied):
        return ranking
    last = [
        msgspec.structs.replace(match, score=match.score * 0.1)
        for match in ranking.matches
        if match.fault.id in refuted
    ]
    first = [match for match in ranking.matches if match.fault.id not in refuted]
    tied = tuple(name for name in ranking.tied if name not in refuted)
    return msgspec.structs.replace(ranking, matches=(*first, *last), tied=tied if len(tied) > 1 else ())


def _lifted(ranking: Ranking, proved: list[str], text: str) -> Ranking:
    first: list[Match] = []
    rest: list[Match] = []
    for match in ranking.matches:
        if match.fault.id in proved:
            first.append(
                msgspec.structs.replace(
                    match, score=0.9 / len(proved), basis="request", evidence=(text, *match.evidence)
                )
            )
        else:
            rest.append(msgspec.structs.replace(match, score=match.score * 0.1))
    tied = tuple(match.fault.id for match in first) if len(first) > 1 else ()
    return msgspec.structs.replace(ranking, matches=(*first, *rest), tied=tied)


def _by_its_bytes(ranking: Ranking, raw: bytes) -> Ranking | None:
    """The ranking by what the wire rules find in the bytes of the request; None where they find nothing documented.

    A server refuses a request for one thing; what else is wrong with it comes right behind that in the ranking.
    """
    first = wire.cause(raw)
    if first is None or first.fault is None:
        return None
    said: dict[str, list[str]] = {}
    for finding in (first, *(finding for finding in wire.check(raw) if finding != first)):
        if finding.fault is not None:
            where = f"bytes {finding.start} to {finding.end} of the request"
            said.setdefault(finding.fault, []).append(f"{finding.text} ({where})")
    matches = {match.fault.id: match for match in ranking.matches}
    lead = matches.get(first.fault)
    if lead is None:
        return None
    equals = [lead.fault.id, *(name for name in lead.fault.same_as if name in matches)]
    lifted = _lifted(ranking, equals, said[first.fault][0])
    others = set(said) - set(equals)
    ranked = sorted(lifted.matches, key=lambda match: (match.fault.id not in equals, match.fault.id not in others))
    return msgspec.structs.replace(lifted, matches=tuple(_also(match, said, others) for match in ranked))


def _also(match: Match, said: dict[str, list[str]], others: set[str]) -> Match:
    if match.fault.id not in others:
        return match
    evidence = (*said[match.fault.id][:5], *match.evidence)
    return msgspec.structs.replace(match, score=0.4, basis="request", evidence=evidence)


def _clues(seen: _Seen) -> Iterator[Clue]:
    for look in _LOOKS:
        clue = look(seen)
        if clue is not None:
            yield clue


# -- the form of the request ----------------------------------------------------------------------------------------


def _framing(seen: _Seen) -> Clue | None:
    headers = seen.request.headers
    lengths = headers.get_all("content-length")
    if len(lengths) > 1:
        return Clue(("400-malformed-http-multiple-content-length",), "the request has several Content-Length fields")
    if lengths and not (lengths[0].strip().isascii() and lengths[0].strip().isdigit()):
        return Clue(("400-malformed-http-content-length-unparseable",), "the request's Content-Length is not a number")
    if lengths and "transfer-encoding" in headers:
        return Clue(
            ("400-malformed-http-content-length-and-transfer-encoding",),
            "the request has both Content-Length and Transfer-Encoding",
        )
    if seen.request.method in ("GET", "HEAD") and (lengths or "transfer-encoding" in headers or seen.request.body):
        what = "a body" if seen.request.body else "Content-Length" if lengths else "Transfer-Encoding"
        return Clue(
            ("400-get-with-body", "400-malformed-http-body-in-get-or-head"),
            f"the {seen.request.method} request carries {what}",
        )
    return None


def _fields(seen: _Seen) -> Clue | None:
    headers = seen.request.headers
    if not _TOKEN.fullmatch(seen.request.method or "GET"):
        return Clue(("400-malformed-http-method",), "the method is not a word that HTTP allows")
    hosts = headers.get_all("host")
    if len(hosts) > 1 or (hosts and not _HOST.fullmatch(hosts[0].strip())):
        what = "has several Host fields" if len(hosts) > 1 else "has a Host field that is no host name"
        return Clue(("400-malformed-http-host-header", "400-wrong-content-type"), f"the request {what}")
    if _CONTROL.search(seen.request.url) or any(_CONTROL.search(value) for _, value in headers):
        return Clue(("400-malformed-http-control-character",), "a control character stands in the URL or in a field")
    empty = next((name for name, value in headers if not value.strip()), None)
    if empty is not None:
        return Clue(("400-malformed-http-empty-header",), f"the field {empty[:80]} has no value")
    return None


# -- where it went --------------------------------------------------------------------------------------------------


def _path(seen: _Seen) -> Clue | None:
    request = seen.request
    path = seen.path
    if not path.startswith("/"):
        return None
    gone = deprecations.of(seen.operation) if seen.operation is not None else deprecations.of_path(path)
    if gone is not None and gone.removed is not None:
        day = _day(seen.exchange)
        if day is not None and day >= gone.removed:
            return Clue(("403-deprecated-endpoint",), f"{gone.item} was removed on {gone.removed.isoformat()}")
    if seen.operation is not None or not request.method:
        return None
    table = operations()
    others = table.find_any_method(path)
    if others:
        known = ", ".join(sorted({other.method for other in others}))
        return Clue(("403-wrong-path-or-version", "404-wrong-path"), f"this path is known for {known} only")
    if "%25" in path or _has_loose_sku(path):
        return Clue(("400-wrong-url-encoding",), "the path is encoded twice, or a slash in it is not encoded")
    near = table.nearest(request.method, path, 1)
    meant = f"; the nearest one is {near[0].method} {near[0].path}" if near else ""
    return Clue(("403-wrong-path-or-version", "404-wrong-path"), f"no operation has this path{meant}")


def _has_loose_sku(path: str) -> bool:
    return path.startswith("/listings/") and path.count("/") > 5


def _day(exchange: Exchange) -> date | None:
    if exchange.at is not None:
        return exchange.at.astimezone(UTC).date()
    sent = exchange.response.headers.get("date") if exchange.response is not None else None
    if sent is None:
        return None
    try:
        return _utc(parsedate_to_datetime(sent)).date()
    except (ValueError, OverflowError):
        return None


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _region(seen: _Seen) -> Clue | None:
    endpoint = marketplaces.by_host(seen.request.host)
    if endpoint is None:
        return None
    for name in _MARKETPLACE.findall(seen.request.url[:4096]):
        region = marketplaces.region_of(name)
        if region is not None and region != endpoint.region.code:
            return Clue(
                ("403-region-mismatch",),
                f"marketplace {name} is served by the region {region}, and the request went to {endpoint.region.code}",
            )
    return None


# -- what it carried ------------------------------------------------------------------------------------------------


def _token(seen: _Seen) -> Clue | None:
    headers = seen.request.headers
    if len(headers) < 2 or "user-agent" not in headers or "host" not in headers:
        return None  # the fields are not known, or not all of them
    if "x-amz-access-token" in headers:
        return None
    return Clue(("403-missing-token",), "the request has no x-amz-access-token field")


def _query(seen: _Seen) -> Clue | None:
    operation = seen.operation
    if operation is None or "{" in seen.request.url:
        return None
    query = seen.request.query
    for name in operation.date_query:
        value = query.get(name)
        if value is not None and not _ISO.fullmatch(value.strip()):
            return Clue(("400-invalid-date-format",), f"the query parameter {name} is not an ISO 8601 time")
    if any(query.get(name) for name in operation.page_token):
        return Clue(("400-invalid-next-token",), "the request asks for a further page by its token")
    if "?" in seen.request.url or seen.request.headers:
        missing = [name for name in operation.required_query if name not in query]
        if missing:
            return Clue(("400-missing-required-field",), f"the required query parameter {missing[0]} is missing")
    return None


def _content_type(seen: _Seen) -> Clue | None:
    kind = (seen.request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if not kind or seen.request.method not in ("POST", "PUT", "PATCH") or kind == "application/json":
        return None
    return Clue(("400-wrong-content-type",), f"the request's Content-Type is {kind[:80]}, not application/json")


_LOOKS: tuple[Callable[[_Seen], Clue | None], ...] = (
    _fields,
    _framing,
    _path,
    _region,
    _token,
    _query,
    _content_type,
)
