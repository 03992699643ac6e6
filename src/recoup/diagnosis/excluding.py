"""What a request shows to be right, as clues against the causes that would need it to be wrong.

A URL without a character to encode was not encoded wrongly; a host and marketplaces of one region do not contradict
each other; an operation without personal data asks for no restricted token. What is not seen excludes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from recoup.catalogue.facts import marketplaces
from recoup.catalogue.facts.operations import Operation, Party
from recoup.diagnosis.clue import Clue, Symptom
from recoup.diagnosis.requested import is_in_force
from recoup.diagnosis.restricted import gives_personal_data
from recoup.exchange import Request

__all__ = ["clues_against"]

_ENCODED, _REGION = "400-wrong-url-encoding", "403-region-mismatch"
_NEVER, _SELDOM, _LESS = -6.0, -2.3, -1.3

# Letters, digits and what separates: nothing of it is sent in another form. A percent sign is left out.
_PLAIN = re.compile(r"(?:https?://[\w.\-]+(?::\d+)?)?/[A-Za-z0-9\-._~/]*(?:\?[A-Za-z0-9\-._~=&,:]*)?")
_ESCAPES = re.compile(r"%(?!25)[0-9A-Fa-f]{2}")
_HOLE = re.compile(r"\.\.\.|[{}<>$\u2026]|%[sd](?![0-9A-Fa-f])|X{3,}|x{4,}|\*{2,}")
_MARKETPLACES = re.compile(r"[?&][Mm]arketplace_?[Ii]ds?=([A-Za-z0-9%,]{1,600})")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?")
_OPENS_PERSONAL_DATA = ("/tokens/", "/reports/2021-06-30/documents/", "/reports/2021-06-30/reports")
_ASKS_PERSONAL_DATA = re.compile(r"[?&](?:dataElements|includedData)=")

_NOTHING_TO_ENCODE = Clue(text="nothing in the URL needs to be encoded", weights={_ENCODED: _NEVER})
_ENCODED_ONCE = Clue(text="what must be encoded in the URL is encoded once", weights={_ENCODED: _SELDOM})
_OF_ONE_REGION = Clue(text="host and marketplaces are of one region", weights={_REGION: _LESS})
_FOR_BOTH = Clue(text="the operation is for sellers and for vendors", weights={"403-wrong-account-kind": _SELDOM})
_NO_PERSONAL_DATA = Clue(
    text="the operation gives no personal data",
    weights={"other-rdt-required": -3.0, "other-pii-restricted": -3.0},
)
_NOT_GRANTLESS = Clue(text="the operation takes no grantless token", weights={"other-grantless-required": _LESS})
_UNSIGNED = Clue(text="the request carries no signature", weights={"403-invalid-signature": _SELDOM})
_HAS_TOKEN = Clue(text="the request carries an access token", weights={"403-missing-token": _SELDOM})
_ROUTED = Clue(text="an operation has this method and path", weights={"404-wrong-path": _SELDOM})
_NO_PAGE = Clue(text="the request asks for no further page", weights={"400-invalid-next-token": -4.0})
_GOOD_DATES = Clue(text="the dates of the request have the form of ISO 8601", weights={"400-invalid-date-format": -1.5})
_NO_DATES = Clue(text="the request holds no date", weights={"400-invalid-date-format": -3.0})


def clues_against(request: Request, operation: Operation | None, symptom: Symptom) -> Iterator[Clue]:
    """What `request` shows to be right under a symptom; `operation` is what it reaches, where that is known."""
    url = request.url
    if not url or _HOLE.search(url) is not None or symptom not in _ASKED:
        return
    if operation is not None and _PLAIN.fullmatch(url) is not None:
        yield _NOTHING_TO_ENCODE
    elif operation is not None and "%" in url and _is_plain_without_escapes(url):
        yield _ENCODED_ONCE
    if symptom is Symptom.DENIED:
        yield from _of_denied(request, operation)
    elif symptom is Symptom.NOT_FOUND:
        if operation is not None and is_in_force(operation):
            yield _ROUTED
    elif symptom is Symptom.INVALID:
        yield from _of_invalid(request, operation)


_ASKED = frozenset({Symptom.DENIED, Symptom.NOT_FOUND, Symptom.INVALID, Symptom.SIGNATURE})


def _is_plain_without_escapes(url: str) -> bool:
    return _PLAIN.fullmatch(_ESCAPES.sub("x", url)) is not None


def _of_denied(request: Request, operation: Operation | None) -> Iterator[Clue]:
    if _are_of_one_region(request.host, request.url):
        yield _OF_ONE_REGION
    token = request.headers.get("x-amz-access-token") or ""
    common = token.startswith(("Atza|", "Atc|"))
    if len(request.headers) > 1 and "authorization" not in request.headers:
        yield _UNSIGNED
    if common:
        yield _HAS_TOKEN
    if operation is None:
        return
    if operation.party is Party.BOTH:
        yield _FOR_BOTH
    if operation.grantless is None and not token.startswith("Atc|"):
        yield _NOT_GRANTLESS
    if (
        (common or not token)  # a restricted one may have been made for another path
        and not gives_personal_data(operation)
        and not operation.path.startswith(_OPENS_PERSONAL_DATA)
        and _ASKS_PERSONAL_DATA.search(request.url) is None
    ):
        yield _NO_PERSONAL_DATA


def _are_of_one_region(host: str, url: str) -> bool:
    """Whether a URL names marketplaces, and all of them belong to the region of its host."""
    endpoint = marketplaces.by_host(host)
    found = _MARKETPLACES.search(url)
    if endpoint is None or found is None:
        return False
    return all(marketplaces.region_of(name) == endpoint.region.code for name in unquote(found[1]).split(","))


def _of_invalid(request: Request, operation: Operation | None) -> Iterator[Clue]:
    """Only of a request that can be seen whole: by its query alone."""
    if operation is None or request.method not in ("GET", "DELETE") or request.body:
        return

    query = request.url.partition("?")[2]
    if not query:
        return
    if not any(f"{name}=" in query for name in operation.page_token):
        yield _NO_PAGE
    dates = [part.partition("=")[2] for part in query.split("&") if part.partition("=")[0] in operation.date_query]
    if not dates:
        yield _NO_DATES
    elif all(_DATE.fullmatch(unquote(value)) for value in dates):
        yield _GOOD_DATES
