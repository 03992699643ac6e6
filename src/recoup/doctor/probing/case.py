"""The case that is looked into: a diagnosis, whose credentials there are, and whether its request may be sent again."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from recoup.catalogue.facts import marketplaces
from recoup.catalogue.facts.operations import Operation, operations
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.doctor.patient import Patient
from recoup.exchange import Request
from recoup.lint.asked import is_hole
from recoup.login.token import TOKEN_HEADER
from recoup.redaction import token_kind
from recoup.transports.hosts import TOKEN_PATH

__all__ = ["RESTRICTED", "Case", "case_of", "region_of_request"]

RESTRICTED = "restricted data token"
"""The kind of a token for personal data, as redaction calls it."""

_SENDABLE = re.compile(r"/(?!/)[!-~]*", re.ASCII)
_PAGE_TOKENS = re.compile(r"(?i)(?:next|page|pagination)token=")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`target` is path and query of the request as they can be sent once more; where they cannot, it is None and
    `why_not` says why. `other_seller` is a refresh token of another selling partner who authorised the application.
    """

    diagnosis: Diagnosis
    patient: Patient
    request: Request | None = None
    operation: Operation | None = None
    target: str | None = None
    why_not: str = ""
    other_seller: str | None = None

    @property
    def static_sandbox(self) -> bool:
        """Whether the request went to Amazon's static sandbox, which answers from samples: nothing is sent for it."""
        if self.request is None:
            return False
        hosts = (self.request.host, (self.request.headers.get("host") or "").strip())
        known = [marketplaces.by_host(host) for host in hosts if host]
        return any(endpoint is not None and endpoint.sandbox for endpoint in known)

    @property
    def status(self) -> int | None:
        """The status of the failure; where the input does not show it, the one under which it is documented."""
        shown, best = self.diagnosis.http_status, self.diagnosis.best
        return shown if shown is not None or best is None else best.fault.status

    @property
    def named_marketplaces(self) -> tuple[str, ...]:
        """The marketplace ids in the query of the request."""
        if self.request is None:
            return ()
        given = [value for name, value in self.request.query.items() if name.lower().startswith("marketplaceid")]
        return tuple(each for value in given for each in value.split(",") if each)

    @property
    def sent_kind(self) -> str | None:
        """What the token of the request is by its beginning, where the input shows it."""
        token = None if self.request is None else self.request.headers.get(TOKEN_HEADER)
        return None if not token else token_kind(token)

    @property
    def shows_all_fields(self) -> bool:
        """Whether the input shows every header field of the request, so that an absent one means something."""
        if self.request is None:
            return False
        fields = self.request.headers
        return self.request.raw is not None or ("host" in fields and "user-agent" in fields)


def case_of(
    diagnosis: Diagnosis, patient: Patient, *, asked: Request | None = None, other_seller: str | None = None
) -> Case:
    """The case of a diagnosis. `asked` is what was called, where the input does not show it."""
    request = None if diagnosis.exchange is None else diagnosis.exchange.request
    if request is None or not request.path.startswith("/"):
        request = asked or request
    if request is None:
        why = "the input does not show which request was refused"
        return Case(diagnosis=diagnosis, patient=patient, why_not=why, other_seller=other_seller)
    known = [] if request.method else operations().find_any_method(request.path)
    if len(known) == 1 and known[0].method == "GET":  # "403 Client Error for url: ...": it can only have been a read
        request = msgspec.structs.replace(request, method="GET")
    operation = operations().find(request.method, request.path)
    target = _target(request)
    why = _why_not(request, operation, target)
    return Case(
        diagnosis=diagnosis,
        patient=patient,
        request=request,
        operation=operation,
        target=None if why else target,
        why_not=why,
        other_seller=other_seller,
    )


def region_of_request(request: Request | None, endpoints: dict[str, str]) -> str | None:
    """The region whose host the request went to: Amazon's, or one of `endpoints`; None where it went elsewhere."""
    if request is None:
        return None
    known = marketplaces.by_host(request.host)
    if known is not None:
        return known.region.code
    called = _authority(request.url) or (request.headers.get("host") or "").strip().lower()
    return next((code for code, url in endpoints.items() if called and _authority(url) == called), None)


def _authority(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _target(request: Request) -> str:
    start = request.url.find(request.path) if request.path else -1
    return "" if start < 0 else request.url[start:].partition("#")[0]


def _why_not(request: Request, operation: Operation | None, target: str) -> str:
    if not request.method:
        return "the input does not show the method of the request"
    if request.method != "GET" or (operation is not None and operation.writes):
        return f"{request.method} may change something, and a probe only reads"
    if not _SENDABLE.fullmatch(target):
        return "its path or query is not one that can be sent"
    if request.path.startswith((TOKEN_PATH, "/apps/authorize/")):
        return "it went to Login with Amazon or to a page of consent"
    values = [*request.path.split("/")[1:], *request.query.values()]
    if any(is_hole(value) for value in values if value):
        return "a part of it was masked or left out"
    if request.body:
        return "it has a body, which a GET request must not have"
    if _PAGE_TOKENS.search(target):
        return "it asks for a further page, by a token that may be used up"
    return ""
