"""From what the requests told to what follows, one function a question. The same facts give the same conclusions.

All of it holds for the credentials that the course was given: those of the application and the selling partner whose
call was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recoup.catalogue.facts import marketplaces
from recoup.catalogue.facts.operations import Party
from recoup.diagnosis.restricted import gives_personal_data
from recoup.doctor.probing.case import RESTRICTED, Case
from recoup.doctor.probing.conclusion import Conclusion
from recoup.doctor.probing.known import Known

__all__ = ["concluded"]

_ROLE, _REGION, _KIND = "403-missing-role", "403-region-mismatch", "403-wrong-account-kind"
_SUSPENDED, _CARD, _PENDING = "403-account-suspended", "400-inactive-account", "other-dev-account-pending"
_MARKET, _ENCODING = "403-unsupported-marketplace", "400-wrong-url-encoding"
_GRANTLESS, _RDT, _PII = "other-grantless-required", "other-rdt-required", "other-pii-restricted"
_EXPIRED, _MISSING, _SIGNED = "403-expired-token", "403-missing-token", "403-invalid-signature"
_SOON, _GONE, _MISTYPED = "404-premature-poll", "404-unavailable-id", "404-mistyped-id"

_ACCOUNT = frozenset({_SUSPENDED, _CARD, _PENDING})  # everything is refused for the seller, or for everybody
_OF_TOKEN = frozenset({_EXPIRED, _MISSING, _SIGNED, "ef-http-401"})
_OF_CALL = frozenset({"403-wrong-path-or-version", "403-deprecated-endpoint", "404-wrong-path", _MARKET, _ENCODING})
_OF_VALUES = frozenset(
    {"400-missing-required-field", "400-wrong-identifier", "400-invalid-date-format", "400-invalid-next-token",
     "400-wrong-content-type", "400-missing-child-object", "ef-InvalidInput", _ENCODING}
)  # fmt: skip
_PASSING = frozenset({"other-500-internal", "other-503-unavailable", "ef-ServiceUnavailable"})
_REFUSED = frozenset({400, 401, 403})
_LIKELIER = 1.5  # about four to one
_UNLIKELIER = -3.0


def concluded(case: Case, known: Known) -> Iterator[Conclusion]:
    """Everything that follows from what is known, in the order of the questions."""
    for question in _QUESTIONS:
        yield from question(case, known)


def _let_in(case: Case, known: Known) -> Iterator[Conclusion]:
    """Is the seller let in at this endpoint?"""
    here = case.patient.region
    status = known.participations.get(here)
    if status is None:
        return
    if status == 200:
        vendors = case.operation is not None and case.operation.party is Party.VENDOR
        sells = frozenset({_KIND}) if known.marketplaces else frozenset[str]()
        yield Conclusion(
            text=f"getMarketplaceParticipations answers 200 in {here}: the seller is let in there",
            proves=sells if vendors else frozenset(),
            disproves=_ACCOUNT | {_REGION, "other-not-enrolled"} | (frozenset() if vendors else sells),
            hints=dict.fromkeys(_of_this_call(case), _LIKELIER),
        )
    elif status in _REFUSED:
        yield from _refused(case, known, status, here)


def _of_this_call(case: Case) -> Iterator[str]:
    """The rivals that concern this call alone, where the request leaves room for them."""
    yield _ROLE
    yield from ("403-wrong-path-or-version", "403-deprecated-endpoint", _ENCODING, _SIGNED, _GRANTLESS)
    yield from (_EXPIRED, _MISSING)
    if case.request is None or case.named_marketplaces:
        yield _MARKET
    if case.operation is None or gives_personal_data(case.operation) or case.sent_kind == RESTRICTED:
        yield from (_RDT, _PII)


def _refused(case: Case, known: Known, status: int, here: str) -> Iterator[Conclusion]:
    let_in = [region for region, each in known.participations.items() if each == 200]
    if let_in:
        text = f"{here} refuses the seller ({status}), {let_in[0]} lets it in: the authorization is one of {let_in[0]}"
        yield Conclusion(text=text, proves=frozenset({_REGION}), disproves=_ACCOUNT | _OF_CALL | {_ROLE, _KIND})
        return
    if known.vendors is not None and known.vendors not in (401, 403):
        return  # a vendor, for whom that operation is not
    likelier = dict.fromkeys((_SUSPENDED, _PENDING, _KIND), _LIKELIER)
    yield Conclusion(
        text=f"getMarketplaceParticipations is refused too ({status}): it is not this operation alone",
        disproves=_OF_CALL | _OF_VALUES | {_RDT, _PII, _GRANTLESS, *_OF_TOKEN},
        hints={_ROLE: _UNLIKELIER, **likelier},
    )
    if status == 400:
        text = "it has no parameter that could be wrong, and is answered 400, as an inactive account is"
        yield Conclusion(text=text, proves=frozenset({_CARD}))
    else:
        text = f"the refusal has status {status}; an inactive account's is documented under 400"
        yield Conclusion(text=text, hints={_CARD: -_LIKELIER})
    others = [region for region in known.participations if region != here]
    if others:
        text = f"{' and '.join(sorted(others))} refuse the seller as well"
        yield Conclusion(text=text, disproves=frozenset({_REGION}))


def _account(case: Case, known: Known) -> Iterator[Conclusion]:
    """Whose account is it?"""
    if known.vendors is None:
        return
    wanted = case.operation.party if case.operation is not None else None
    if known.vendors in (401, 403):
        yield Conclusion(
            text=f"an operation for vendors is refused as well ({known.vendors})", disproves=frozenset({_KIND})
        )
    elif wanted is Party.SELLER:
        text = f"{_name(case)} is for sellers, and the account is let in to an operation for vendors ({known.vendors})"
        yield Conclusion(text=text, proves=frozenset({_KIND}), disproves=_ACCOUNT | _OF_CALL | {_REGION, _ROLE})
    else:
        text = f"the account is let in to an operation for vendors ({known.vendors})"
        yield Conclusion(text=text, disproves=_ACCOUNT | {_REGION})


def _everybody(case: Case, known: Known) -> Iterator[Conclusion]:
    """Is it this seller, or the application?"""
    if known.other_seller == 200:
        text = "another seller of the same application is served: the application is not what is refused"
        yield Conclusion(text=text, disproves=frozenset({_PENDING}), hints={_SUSPENDED: 1.0, _CARD: 1.0})
    elif known.other_seller in _REFUSED:
        text = f"another seller of the same application is refused too ({known.other_seller})"
        yield Conclusion(text=text, disproves=frozenset({_SUSPENDED, _CARD}), hints={_PENDING: 3.0})


def _token_or_call(case: Case, known: Known) -> Iterator[Conclusion]:
    """Does the very same request work with a fresh token?"""
    if known.again is None:
        return
    if known.again < 300:
        if case.status == 404:
            text = "the same request finds it now: it was asked for too soon"
            yield Conclusion(text=text, proves=frozenset({_SOON}))
            return
        text = "the same request works with a fresh token, and without other header fields"
        cause = _token_cause(case)
        rest = frozenset({_ROLE, _REGION, _KIND, "other-sandbox-unsupported", _PII, _GRANTLESS, _RDT, *_OF_TOKEN})
        rest |= _ACCOUNT | _OF_CALL | _OF_VALUES
        yield Conclusion(text=text, proves=cause if len(cause) == 1 else frozenset(),
                         disproves=rest - cause)  # fmt: skip
    elif known.again == case.status:
        said = f"the same request is answered {known.again} with a fresh token too"
        if case.status == 404:
            yield Conclusion(text=said, hints={_SOON: -0.5})
        elif case.operation is None or not gives_personal_data(case.operation):
            yield Conclusion(text=said, disproves=_OF_TOKEN | {_GRANTLESS, _RDT})
        else:
            yield Conclusion(text=said, disproves=_OF_TOKEN | {_GRANTLESS})


def _token_cause(case: Case) -> frozenset[str]:
    """What was wrong with the token that was sent, where one that is new works: by its kind, as far as it is seen."""
    request, status = case.request, case.status
    if status is not None and (status >= 500 or status == 429):
        return _PASSING & frozenset({match.fault.id for match in case.diagnosis.faults})
    by_kind = {
        "grantless token": _GRANTLESS,
        "access token": _EXPIRED,
    }.get(case.sent_kind or "")
    if request is not None and (request.headers.get("authorization") or "").startswith("AWS4-"):
        return frozenset({_SIGNED})
    if case.sent_kind == RESTRICTED:  # it was made for another path, or the roles do not open what is asked for
        return frozenset({_RDT, _PII})
    if by_kind is not None:
        return frozenset({by_kind})
    return frozenset({_EXPIRED, _MISSING, _SIGNED, _GRANTLESS, _RDT, "ef-http-401"})


def _later(case: Case, known: Known) -> Iterator[Conclusion]:
    """Does it come by itself?"""
    if known.later is None or (known.again is not None and known.again < 300):
        return
    if known.later < 300 and case.status == 404:
        text = "the same request finds it a little later: it was asked for too soon"
        yield Conclusion(text=text, proves=frozenset({_SOON}), disproves=frozenset({_GONE, _MISTYPED}))
    elif known.later < 300:
        yield Conclusion(text="the same request works a little later", hints=dict.fromkeys(_PASSING, _LIKELIER))
    elif known.later == case.status == 404:
        yield Conclusion(text="it is not found a little later either", hints={_SOON: -2.0})


def _one_thing_changed(case: Case, known: Known) -> Iterator[Conclusion]:
    """Does it work with one thing of it changed?"""
    for status, fault, how in (
        (known.without_elements, _PII, "without its data elements"),
        (known.decoded, _ENCODING, "with path and query decoded once"),
        (known.as_restricted, _RDT, "with a restricted data token for this path"),
        (known.as_grantless, _GRANTLESS, "with a grantless token"),
    ):
        if status is None:
            continue
        if status < 300:
            yield Conclusion(text=f"the same request works {how}", proves=frozenset({fault}))
        elif status == case.status:
            yield Conclusion(text=f"the same request is answered {status} {how} too", disproves=frozenset({fault}))
    if known.again is not None and known.again < 300 and known.as_restricted in (401, 403):
        text = "it works with a plain token, and not with a restricted one for exactly this path"
        yield Conclusion(text=text, proves=frozenset({_PII}))
    if known.restricted_refused is not None:
        text = f"no restricted data token is given for this path ({known.restricted_refused})"
        yield Conclusion(text=text, hints={_PII: 3.0, "400-missing-role": 1.0})


def _marketplace(case: Case, known: Known) -> Iterator[Conclusion]:
    """Is it there, or allowed, in another marketplace?"""
    if not known.elsewhere:
        return
    found = next((name for name, status in known.elsewhere.items() if status == 200), None)
    place = None if found is None else marketplaces.by_id(found)
    where = found if place is None else place.country
    if case.status == 404:
        if found is not None:
            text = f"the same identifier is found in {where}, and not in the marketplace that was asked"
            yield Conclusion(text=text, proves=frozenset({_GONE}), disproves=frozenset({_SOON}))
        else:
            text = f"it is found in none of {len(known.elsewhere)} other marketplaces"
            yield Conclusion(text=text, hints={_GONE: -0.5})
    elif found is not None:
        text = f"the same request is answered for {where}"
        yield Conclusion(text=text, proves=frozenset({_MARKET}), disproves=frozenset({_ROLE}))
    elif case.status in known.elsewhere.values():
        text = f"the same request is refused for {len(known.elsewhere)} other marketplaces too"
        yield Conclusion(text=text, disproves=frozenset({_MARKET}))


def _spelling(case: Case, known: Known) -> Iterator[Conclusion]:
    found = next((form for form, status in known.spelled.items() if status == 200), None)
    if found is not None:
        text = f"it is found when it is written {found}"
        yield Conclusion(text=text, proves=frozenset({_MISTYPED}))
    elif known.spelled:
        yield Conclusion(text="it is found in none of the spellings that were tried", hints={_MISTYPED: -0.5})


def _shipment(case: Case, known: Known) -> Iterator[Conclusion]:
    entity, artifact = "sc-00003-entity-not-found", "sc-00003-artifact-not-found"
    if known.shipment == 200:
        yield Conclusion(
            text="the shipment itself is there", proves=frozenset({artifact}), disproves=frozenset({entity})
        )
    elif known.shipment == 404:
        yield Conclusion(
            text="the shipment itself is not found", proves=frozenset({entity}), disproves=frozenset({artifact})
        )


def _name(case: Case) -> str:
    return case.operation.id if case.operation is not None else "the operation"


_QUESTIONS: tuple[Callable[[Case, Known], Iterator[Conclusion]], ...] = (
    _let_in, _account, _everybody, _token_or_call, _later, _one_thing_changed, _marketplace, _spelling, _shipment,
)  # fmt: skip
