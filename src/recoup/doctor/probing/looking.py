"""What a look at the request settles, before anything is sent: it costs nothing.

Only what is absent is told here. What is wrong with the request was found by lint already, and weighs in the diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from recoup.catalogue.facts import deprecations
from recoup.diagnosis.restricted import gives_personal_data
from recoup.doctor.probing.case import RESTRICTED, Case
from recoup.doctor.probing.conclusion import Conclusion
from recoup.exchange import Request
from recoup.lint.checking import check
from recoup.lint.reading import from_request
from recoup.lint.shapes import shapes
from recoup.login.token import TOKEN_HEADER

__all__ = ["looked"]

_PATHS = frozenset({"403-wrong-path-or-version", "403-deprecated-endpoint", "404-wrong-path"})
_BY_MODEL = frozenset(
    {"400-missing-required-field", "400-missing-child-object", "400-invalid-date-format", "ef-InvalidInput"}
)
_OF_ITS_OWN = frozenset({"other-grantless-required"})


def looked(case: Case, now: float) -> Iterator[Conclusion]:
    """What the request shows; `now` (epoch seconds) says what is removed by now."""
    request = case.request
    if request is None:
        return
    yield from _host(case, request)
    yield from _path(case, now)
    yield from _token(case)
    yield from _encoding(case, request)
    if case.shows_all_fields and "authorization" not in request.headers:
        yield Conclusion(
            text="the request carries no Authorization field", disproves=frozenset({"403-invalid-signature"})
        )
    if case.status == 400:
        yield from _model(case, request)


def _host(case: Case, request: Request) -> Iterator[Conclusion]:
    names = {"other-sandbox-unsupported", "other-sandbox-no-match"}
    if case.static_sandbox:
        yield Conclusion(text="the host is Amazon's static sandbox", hints=dict.fromkeys(names, 4.0))
    elif request.host:
        yield Conclusion(text="the host is not Amazon's static sandbox", disproves=frozenset(names))


def _encoding(case: Case, request: Request) -> Iterator[Conclusion]:
    """Encoding decides which operation is reached, and which thing is meant."""
    plain = "%" not in request.url and "+" not in request.url.partition("?")[2]
    if plain:
        text = "nothing in path and query is percent-encoded"
        yield Conclusion(text=text, disproves=frozenset({"400-wrong-url-encoding"}))
    elif case.operation is not None and case.status in (401, 403) and "%25" not in request.url:
        text = f"nothing is encoded twice, and the path is that of {case.operation.id}"
        yield Conclusion(text=text, disproves=frozenset({"400-wrong-url-encoding"}))


def _path(case: Case, now: float) -> Iterator[Conclusion]:
    operation = case.operation
    if operation is None:
        return
    gone = deprecations.of(operation)
    if gone is None or gone.removed is None:
        text = f"{operation.id} has this method and path, and was not removed"
        yield Conclusion(text=text, disproves=_PATHS)
    elif datetime.fromtimestamp(now, UTC).date() >= gone.removed:
        text = f"{gone.item} was removed on {gone.removed.isoformat()}"
        yield Conclusion(text=text, proves=frozenset({"403-deprecated-endpoint"}))
    else:
        text = f"{operation.id} has this method and path; {gone.item} is removed on {gone.removed.isoformat()}, not yet"
        yield Conclusion(text=text, disproves=_PATHS)
    personal = gives_personal_data(operation) or "dataElements=" in (case.target or "")
    if not personal and case.sent_kind not in (None, RESTRICTED):
        text = f"{operation.id} gives no personal data here, and the token is none for restricted data"
        yield Conclusion(text=text, disproves=frozenset({"other-rdt-required", "other-pii-restricted"}))
    elif not personal and case.sent_kind is None:
        text = f"{operation.id} gives no personal data here"
        yield Conclusion(text=text, disproves=frozenset({"other-pii-restricted"}))


def _token(case: Case) -> Iterator[Conclusion]:
    request, operation, kind = case.request, case.operation, case.sent_kind
    if request is None:
        return
    if request.headers.get(TOKEN_HEADER):
        text = f"the request carries {TOKEN_HEADER}"
        yield Conclusion(text=text, disproves=frozenset({"403-missing-token"}))
    elif case.shows_all_fields:
        text = f"the request carries no {TOKEN_HEADER}"
        yield Conclusion(text=text, proves=frozenset({"403-missing-token"}))
    if operation is None or kind is None:
        return
    if kind == RESTRICTED:
        return  # of that kind other rivals speak
    grantless = kind == "grantless token"
    if (operation.grantless is not None) != grantless and kind in ("grantless token", "access token"):
        takes = "a grantless token" if operation.grantless is not None else "a selling partner's token"
        text = f"{operation.id} takes {takes}, and the request carries the other kind"
        yield Conclusion(text=text, proves=_OF_ITS_OWN)
    else:
        yield Conclusion(text=f"the token is of the kind that {operation.id} takes", disproves=_OF_ITS_OWN)


def _model(case: Case, request: Request) -> Iterator[Conclusion]:
    """What Amazon's model of the operation asks for is there, as far as it describes the request."""
    operation = case.operation
    asked = None if operation is None else shapes().of(operation)
    whole = request.method == "GET" or request.body is not None
    if operation is not None and asked is not None and whole:
        findings = check(from_request(request, stands_for_api=True, complete=False))
        said = {finding.fault for finding in findings}
        names = [*asked.query, *asked.path]
        held = f"{operation.id} asks for {len(names)} parameters and " + ("a body" if asked.body else "no body")
        yield Conclusion(
            text=f"the request fits Amazon's model: {held}; what is required is there, in the form that it has",
            disproves=frozenset(_BY_MODEL - said - {None}),
        )
    if not any(name.lower().endswith("token") for name in request.query):
        yield Conclusion(text="the request carries no page token", disproves=frozenset({"400-invalid-next-token"}))
    if request.method == "GET" and not request.body and len(request.headers.get_all("host")) <= 1:
        text = "the request has no body, so no type of one, and no second Host"
        yield Conclusion(text=text, disproves=frozenset({"400-wrong-content-type", "400-missing-child-object"}))
