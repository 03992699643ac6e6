"""The checks that requests can make, each as a function from the case and what is known to what is to be sent.

An empty answer means that the check cannot be made here, or that its answer is known. Every one of them only reads;
requests to Login with Amazon and to the Tokens API give a token and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlencode

import msgspec

from recoup.catalogue.facts import marketplaces
from recoup.diagnosis.restricted import gives_personal_data
from recoup.doctor.checks import PARTICIPATIONS, USER_AGENT
from recoup.doctor.probing.asking import Ask, always
from recoup.doctor.probing.case import RESTRICTED, Case
from recoup.doctor.probing.known import Known, decisive, decoded_body
from recoup.exchange import Exchange, Headers, Request
from recoup.login.credentials import Credentials
from recoup.login.grant import token_request
from recoup.login.token import AccessToken, read_token
from recoup.recovery.advice import diagnose

__all__ = ["ERRANDS", "Errand"]

_TOKENS = "/tokens/2021-03-01/restrictedDataToken"
_VENDOR_ORDERS = "/vendor/orders/v1/purchaseOrders"
_POLL = 15.0  # seconds between asking for something and asking once more
_MOST_MARKETPLACES = 4
_FIELDS = (("User-Agent", USER_AGENT), ("Accept", "application/json"))
_DENIED = frozenset({"403-missing-role", "403-region-mismatch", "403-account-suspended", "400-inactive-account"})
_TOKEN = frozenset({"403-expired-token", "403-missing-token", "403-invalid-signature", "ef-http-401"})
_PASSING = frozenset({"other-500-internal", "other-503-unavailable", "ef-ServiceUnavailable", "ef-InternalFailure"})


class Errand(msgspec.Struct, frozen=True):
    """One check: its name, the faults whose check it makes, and what it sends."""

    name: str
    faults: frozenset[str]
    asks: Callable[[Case, Known, float], tuple[Ask, ...]]


# -- tokens -----------------------------------------------------------------------------------------------------------


def _token(case: Case, known: Known, now: float, whose: str = "seller") -> tuple[Ask, ...]:
    """The request for a token that is not there yet; `now` is when it is sent."""
    if whose in known.tokens:
        return ()
    patient = case.patient
    scope = case.operation.grantless if case.operation is not None else None
    credentials = Credentials(
        client_id=patient.client_id,
        client_secret=patient.client_secret,
        refresh_token={"seller": patient.refresh_token, "other": case.other_seller}.get(whose),
        scope=scope if whose == "grantless" else None,
    )

    def note(known: Known, exchange: Exchange) -> None:
        token = read_token(exchange, now)
        if isinstance(token, AccessToken):
            known.tokens[whose] = token.value
        elif whose == "seller":
            known.login = diagnose(exchange)

    why = {
        "seller": "an access token of your own, fetched just now",
        "other": "an access token of another seller of the application",
        "grantless": f"a grantless token of the scope {scope}",
    }[whose]
    return (Ask(request=token_request(credentials, patient.token_url), why=why, note=note),)


def _read(case: Case, path: str, region: str | None = None) -> Request:
    return Request(method="GET", url=case.patient.endpoint(region) + path, headers=Headers(_FIELDS))


# -- who is let in at all ---------------------------------------------------------------------------------------------


def _participations(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    here = case.patient.region
    if here in known.participations:
        return ()

    def noting(region: str) -> Callable[[Known, Exchange], None]:
        def note(known: Known, exchange: Exchange) -> None:
            status = decisive(exchange)
            if status is not None:
                known.participations[region] = status
            if region == here and status == 200:
                known.marketplaces = _marketplaces(exchange)

        return note

    asks = [
        *_token(case, known, now),
        Ask(
            request=_read(case, PARTICIPATIONS),
            why="an operation that every authorised application may call: is the seller let in here at all?",
            note=noting(here),
            whose="seller",
        ),
    ]
    asks.extend(
        Ask(
            request=_read(case, PARTICIPATIONS, region.code),
            why=f"the same at the endpoint of {region.code}",
            note=noting(region.code),
            whose="seller",
            only_if=f"only if {here} refuses",
            when=lambda known: known.participations.get(here) in (400, 401, 403),
        )
        for region in marketplaces.regions()
        if region.code != here and case.patient.reaches(region.code)
    )
    return tuple(asks)


def _marketplaces(exchange: Exchange) -> tuple[str, ...]:
    entries = decoded_body(exchange).get("payload")
    places = [each.get("marketplace") for each in entries or () if isinstance(each, dict)]
    ids = [each.get("id") for each in places if isinstance(each, dict)]
    return tuple(each for each in ids if isinstance(each, str) and marketplaces.by_id(each) is not None)


def _vendor(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    if known.vendors is not None or known.participations.get(case.patient.region) == 200:
        return ()
    since = (datetime.fromtimestamp(now, UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def note(known: Known, exchange: Exchange) -> None:
        known.vendors = decisive(exchange)

    ask = Ask(
        request=_read(case, f"{_VENDOR_ORDERS}?{urlencode({'createdAfter': since, 'limit': '1'})}"),
        why="an operation for vendors: is the account one of theirs?",
        note=note,
        whose="seller",
    )
    return (*_token(case, known, now), ask)


def _other_seller(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    if case.other_seller is None or known.other_seller is not None:
        return ()

    def note(known: Known, exchange: Exchange) -> None:
        known.other_seller = decisive(exchange)

    ask = Ask(
        request=_read(case, PARTICIPATIONS),
        why="the same application for another seller: is it the seller, or the application?",
        note=note,
        whose="other",
    )
    return (*_token(case, known, now, "other"), ask)


# -- the same request once more, one thing changed ---------------------------------------------------------------------


def _again(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    if case.target is None or known.again is not None or _is_grantless(case):
        return ()

    def note(known: Known, exchange: Exchange) -> None:
        known.again = decisive(exchange)

    asks = [
        *_token(case, known, now),
        Ask(
            request=_read(case, case.target),
            why="the same request with the token that was fetched just now, and nothing else in its header",
            note=note,
            whose="seller",
        ),
    ]
    if case.status is None or case.status == 404 or case.status >= 500:

        def note_later(known: Known, exchange: Exchange) -> None:
            known.later = decisive(exchange)

        asks.append(
            Ask(
                request=_read(case, case.target),
                why=f"once more, {_POLL:g} seconds later: does it come by itself?",
                note=note_later,
                whose="seller",
                only_if="only if it fails again",
                when=lambda known: known.again is None or known.again >= 400,
                pause=_POLL,
            )
        )
    return tuple(asks)


def _is_grantless(case: Case) -> bool:
    return case.operation is not None and case.operation.grantless is not None


def _grantless(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    if case.target is None or not _is_grantless(case) or known.as_grantless is not None:
        return ()

    def note(known: Known, exchange: Exchange) -> None:
        known.as_grantless = decisive(exchange)

    ask = Ask(
        request=_read(case, case.target),
        why="the same request with a grantless token",
        note=note,
        whose="grantless",
    )
    return (*_token(case, known, now, "grantless"), ask)


def _restricted(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    """With a restricted data token made for exactly this path."""
    if case.target is None or case.operation is None or known.as_restricted is not None:
        return ()
    wanting = gives_personal_data(case.operation) or case.sent_kind == RESTRICTED
    if not wanting or known.restricted_refused is not None:
        return ()
    wanted = {"restrictedResources": [{"method": "GET", "path": case.target.partition("?")[0]}]}

    def note_token(known: Known, exchange: Exchange) -> None:
        token = decoded_body(exchange).get("restrictedDataToken")
        if isinstance(token, str) and token:
            known.tokens["restricted"] = token
        elif decisive(exchange) is not None:
            known.restricted_refused = diagnose(exchange).id or f"status {decisive(exchange)}"

    def note(known: Known, exchange: Exchange) -> None:
        known.as_restricted = decisive(exchange)

    make = Request(
        method="POST",
        url=case.patient.endpoint() + _TOKENS,
        headers=Headers((*_FIELDS, ("Content-Type", "application/json"))),
        body=msgspec.json.encode(wanted),
    )
    return (
        *_token(case, known, now),
        Ask(
            request=make,
            why="a restricted data token for this path; a token request changes nothing",
            note=note_token,
            whose="seller",
        ),
        Ask(
            request=_read(case, case.target),
            why="the same request with that token",
            note=note,
            whose="restricted",
        ),
    )


def _without_elements(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    if case.target is None or "dataElements=" not in case.target or known.without_elements is not None:
        return ()

    def note(known: Known, exchange: Exchange) -> None:
        known.without_elements = decisive(exchange)

    return _changed(case, known, now, _with_query(case.target, "dataElements", None), "without its data elements", note)


def _decoded(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    if case.target is None or "%25" not in case.target or known.decoded is not None:
        return ()
    once = quote(unquote(case.target), safe="/?&=%:@!$'()*,;~+-._")

    def note(known: Known, exchange: Exchange) -> None:
        known.decoded = decisive(exchange)

    return _changed(case, known, now, once, "with path and query decoded once", note)


def _elsewhere(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    if case.target is None or not case.named_marketplaces or known.elsewhere:
        return ()
    name = next((each for each in _names(case.target) if each.lower().startswith("marketplaceid")), None)
    others = [each for each in known.marketplaces or _neighbours(case) if each not in case.named_marketplaces]
    if name is None:
        return ()
    asks: list[Ask] = [*_token(case, known, now)]
    for other in others[:_MOST_MARKETPLACES]:
        place = marketplaces.by_id(other)

        def note(known: Known, exchange: Exchange, other: str = other) -> None:
            status = decisive(exchange)
            if status is not None:
                known.elsewhere[other] = status

        asks.append(
            Ask(
                request=_read(case, _with_query(case.target, name, other)),
                why=f"the same request for {place.country if place is not None else other}",
                note=note,
                whose="seller",
                only_if="only if none before it was answered",
                when=lambda known: 200 not in known.elsewhere.values(),
            )
        )
    return tuple(asks) if others else ()


def _neighbours(case: Case) -> list[str]:
    """The marketplaces of the region, where it is not known in which of them the seller is."""
    return [each.id for each in marketplaces.marketplaces() if each.region == case.patient.region]


def _spelled(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    """The last segment of the path in other spellings: capitals, without blanks, an O for a zero."""
    if case.target is None or known.spelled or case.status != 404:
        return ()
    path, mark, query = case.target.partition("?")
    before, _, last = path.rpartition("/")
    meant = unquote(last)
    spelt = dict.fromkeys((meant.strip(), meant.upper(), meant.lower(), meant.replace("O", "0")))
    forms = [each for each in spelt if each and each != meant]
    if not forms:
        return ()
    asks: list[Ask] = [*_token(case, known, now)]
    for form in forms[:3]:

        def note(known: Known, exchange: Exchange, form: str = form) -> None:
            status = decisive(exchange)
            if status is not None:
                known.spelled[form] = status

        asks.append(
            Ask(
                request=_read(case, f"{before}/{quote(form, safe='')}{mark}{query}"),
                why=f"the same for {form}",
                note=note,
                whose="seller",
                only_if="only if none before it was found",
                when=lambda known: 200 not in known.spelled.values(),
            )
        )
    return tuple(asks)


def _shipment(case: Case, known: Known, now: float) -> tuple[Ask, ...]:
    """Whether the shipment of External Fulfillment that the path names is there at all."""
    request = case.request
    segments = request.path.split("/") if request is not None else []
    if known.shipment is not None or segments[1:2] != ["externalFulfillment"] or len(segments) < 5:
        return ()
    path = "/".join(segments[:5])

    def note(known: Known, exchange: Exchange) -> None:
        known.shipment = decisive(exchange)

    ask = Ask(
        request=_read(case, path),
        why="the shipment itself: is it there?",
        note=note,
        whose="seller",
    )
    return (*_token(case, known, now), ask)


def _changed(
    case: Case, known: Known, now: float, target: str, how: str, note: Callable[[Known, Exchange], None]
) -> tuple[Ask, ...]:
    ask = Ask(
        request=_read(case, target),
        why=f"the same request {how}",
        note=note,
        whose="seller",
        when=always,
    )
    return (*_token(case, known, now), ask)


def _names(target: str) -> list[str]:
    return [name for name, _ in parse_qsl(target.partition("?")[2], keep_blank_values=True)]


def _with_query(target: str, name: str, value: str | None) -> str:
    """The target with another value of a parameter, or without the parameter."""
    path, _, query = target.partition("?")
    kept = [(key, text) for key, text in parse_qsl(query, keep_blank_values=True) if key != name]
    if value is not None:
        kept.append((name, value))
    return path + ("?" + urlencode(kept) if kept else "")


_VALUES = frozenset({"400-missing-required-field", "400-wrong-identifier"})
_WHOM = frozenset({"403-account-suspended", "400-inactive-account", "other-dev-account-pending"})
_RETRIED = frozenset({"403-missing-role", "other-grantless-required", "other-rdt-required", "404-premature-poll"})
_SHIPMENT = frozenset({"sc-00003-entity-not-found", "sc-00003-artifact-not-found"})

ERRANDS: tuple[Errand, ...] = (
    Errand(
        "participations", _DENIED | _WHOM | _VALUES | {"403-wrong-account-kind", "other-not-enrolled"}, _participations
    ),
    Errand("vendor", frozenset({"403-wrong-account-kind"}), _vendor),
    Errand("other-seller", _WHOM, _other_seller),
    Errand("again", _TOKEN | _PASSING | _RETRIED, _again),
    Errand("grantless", frozenset({"other-grantless-required"}), _grantless),
    Errand("restricted", frozenset({"other-rdt-required", "other-pii-restricted"}), _restricted),
    Errand("without-elements", frozenset({"other-pii-restricted"}), _without_elements),
    Errand("decoded", frozenset({"400-wrong-url-encoding"}), _decoded),
    Errand("elsewhere", frozenset({"403-unsupported-marketplace", "404-unavailable-id"}), _elsewhere),
    Errand("spelled", frozenset({"404-mistyped-id"}), _spelled),
    Errand("shipment", _SHIPMENT, _shipment),
)
"""In the order in which they are tried where several make the same check."""
