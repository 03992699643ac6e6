"""Which family an answer belongs to, by what the catalogue made of it."""

from __future__ import annotations

from recoup.catalogue.fault import BodyKind, Where
from recoup.diagnosis.clue import Symptom
from recoup.diagnosis.evidence import Ranking

__all__ = ["symptom_of"]

_BY_ID = {
    "403-missing-role": Symptom.DENIED,
    "403-invalid-signature": Symptom.SIGNATURE,
    "400-missing-required-field": Symptom.INVALID,
    "400-missing-child-object": Symptom.INVALID,
    "ef-InvalidInput": Symptom.INVALID,
    "ef-Forbidden": Symptom.DENIED,
    "404-unavailable-id": Symptom.NOT_FOUND,
    "404-mistyped-id": Symptom.NOT_FOUND,
    "ef-NotFound": Symptom.NOT_FOUND,
    "429-rate-limit": Symptom.THROTTLED,
    "other-500-internal": Symptom.SERVER,
    "ef-InternalFailure": Symptom.SERVER,
}
_CONSENT_OPEN = frozenset({"auth-MD1000", "other-consent-page-unknown"})  # codes that are shown for several things
_ALSO_BY_TEXT = frozenset(
    {Symptom.DENIED, Symptom.SIGNATURE, Symptom.THROTTLED, Symptom.SERVER, Symptom.NOT_FOUND}
)  # texts that name no cause


def symptom_of(ranking: Ranking, status: int | None, body: BodyKind | None) -> Symptom:
    """The family of an answer that was ranked like this; `status` is the failure's own."""
    best = ranking.matches[0] if ranking.matches else None
    if best is not None:
        if Where.LOGIN in best.fault.where:
            return Symptom.LOGIN
        if Where.CONSENT_PAGE in best.fault.where:
            return Symptom.CONSENT if best.fault.id in _CONSENT_OPEN else Symptom.OTHER
        named = _BY_ID.get(best.fault.id)
        if named is not None and (best.basis != "message" or ranking.tied or named in _ALSO_BY_TEXT):
            return named
        if not ranking.tied and (best.basis == "message" or (best.basis == "code" and best.fault.sc_code is not None)):
            return Symptom.OTHER  # a text or an SC number of its own: nothing is left open
    if body is BodyKind.HTML and status == 400:
        return Symptom.PAGE
    if status is None:
        return Symptom.NOTHING if best is None else Symptom.OTHER
    if status >= 500:
        return Symptom.SERVER
    return {400: Symptom.INVALID, 401: Symptom.DENIED, 403: Symptom.DENIED, 404: Symptom.NOT_FOUND}.get(
        status, Symptom.OTHER
    )
