"""Causes that are taken for each other: what an expert would look at second and third, where a text names one alone.

People quote a text and tell of something else; a text that is right may be the last link of a chain. The kin of what
was recognised join it with small odds, so that what is told around it can speak for them. Only beside words: an
exchange that was recorded has nothing around it.
"""

from __future__ import annotations

from recoup.diagnosis.diagnosis import Match
from recoup.diagnosis.evidence import Ranking
from recoup.diagnosis.index import Index

__all__ = ["with_kin"]

_ENOUGH = 3
_ODDS = 0.015
_SAID = "it is often taken for the first, or stands behind it"

_KIN: dict[str, tuple[str, ...]] = {
    "400-invalid-date-format": ("400-missing-required-field", "400-wrong-url-encoding"),
    "400-invalid-next-token": ("400-wrong-url-encoding", "400-missing-required-field"),
    "400-missing-child-object": ("400-missing-required-field", "400-wrong-content-type"),
    "400-missing-required-field": ("400-missing-child-object", "400-wrong-url-encoding", "400-wrong-content-type"),
    "400-wrong-content-type": ("400-missing-required-field", "400-missing-child-object"),
    "400-wrong-identifier": ("400-wrong-url-encoding", "404-unavailable-id"),
    "400-wrong-url-encoding": ("400-wrong-identifier", "400-invalid-next-token"),
    "403-deprecated-endpoint": ("403-wrong-path-or-version", "403-missing-role"),
    "403-expired-token": ("403-missing-token", "403-region-mismatch", "403-missing-role"),
    "403-invalid-signature": ("400-wrong-url-encoding", "other-clock-skew", "other-presigned-signature"),
    "403-missing-role": ("403-wrong-account-kind", "other-pii-restricted", "403-unsupported-marketplace"),
    "403-missing-token": ("403-expired-token", "403-wrong-path-or-version"),
    "403-region-mismatch": ("403-unsupported-marketplace", "403-missing-role"),
    "403-wrong-path-or-version": ("403-missing-token", "403-deprecated-endpoint"),
    "404-mistyped-id": ("404-unavailable-id", "404-premature-poll"),
    "404-premature-poll": ("404-unavailable-id", "404-mistyped-id"),
    "404-unavailable-id": ("404-mistyped-id", "404-premature-poll"),
    "429-rate-limit": ("lwa-rate-limited", "sc-00007-rate-limited"),
    "auth-MD1000": ("400-wrong-url-encoding", "other-consent-page-unknown"),
    "auth-MD5101": ("auth-MD9100", "auth-MD5110"),
    "auth-MD9100": ("auth-MD5101", "other-consent-page-unknown"),
    "ef-DuplicateRequest": ("sc-00004-in-progress", "sc-00004-duplicate-client-token"),
    "ef-Forbidden": ("sc-00005-forbidden", "403-missing-role"),
    "ef-InternalFailure": ("sc-00000-internal-failure", "other-500-internal"),
    "ef-InvalidInput": ("sc-00002-invalid-value", "400-missing-required-field"),
    "ef-NotFound": ("sc-00003-entity-not-found", "404-unavailable-id"),
    "ef-OperationNotPermitted": ("sc-10001-operation-not-permitted", "sc-30007-no-invoice"),
    "ef-OrderCancelled": ("sc-00006-order-cancelled",),
    "ef-ServerBusy": ("sc-10000-server-busy", "sc-00004-in-progress"),
    "ef-ServiceUnavailable": ("sc-00001-service-unavailable", "other-503-unavailable"),
    "ef-StateConflict": ("sc-20002-sequence-conflict", "sc-00006-entity-version-conflict"),
    "lwa-invalid-client": ("lwa-invalid-grant", "lwa-unauthorized-client"),
    "lwa-invalid-grant": ("lwa-invalid-client", "403-region-mismatch"),
    "lwa-invalid-request": ("lwa-unsupported-grant-type", "lwa-invalid-grant"),
    "lwa-invalid-scope": ("lwa-unauthorized-client", "lwa-invalid-request"),
    "lwa-server-error": ("lwa-temporarily-unavailable", "lwa-invalid-request", "other-amazon-side-outage"),
    "lwa-temporarily-unavailable": ("lwa-server-error", "other-amazon-side-outage"),
    "lwa-unauthorized-client": ("lwa-invalid-client", "lwa-invalid-scope"),
    "lwa-unsupported-grant-type": ("lwa-invalid-request",),
    "other-500-internal": ("other-amazon-side-outage", "ef-InternalFailure", "other-sandbox-unsupported"),
    "other-503-unavailable": ("other-amazon-side-outage", "ef-ServiceUnavailable"),
    "other-504-timeout": ("other-amazon-side-outage", "other-503-unavailable"),
    "other-feed-type-rejected": ("403-wrong-account-kind", "400-wrong-identifier"),
    "other-not-enrolled": ("other-validation-business", "403-missing-role"),
    "other-presigned-signature": ("other-presigned-url-expired", "403-invalid-signature"),
    "other-presigned-url-expired": ("other-presigned-signature",),
    "other-sandbox-no-match": ("400-missing-required-field", "other-sandbox-unsupported"),
    "other-validation-business": ("other-not-enrolled", "400-wrong-identifier"),
}  # fmt: skip


def with_kin(ranking: Ranking, index: Index) -> Ranking:
    """The ranking, filled up to three rivals with the kin of its first; the same one where nothing is to be added."""
    if not ranking.matches or len(ranking.matches) >= _ENOUGH:
        return ranking
    known = {match.fault.id for match in ranking.matches}
    names = [name for name in _KIN.get(ranking.matches[0].fault.id, ()) if name not in known]
    faults = [fault for name in names if (fault := index.get(name)) is not None]
    if not faults:
        return ranking
    added = tuple(
        Match(
            fault=fault,
            score=_ODDS,
            basis="context",
            evidence=(_SAID,),
            check=fault.check.text if fault.check is not None else "",
        )
        for fault in faults[: _ENOUGH - len(ranking.matches)]
    )
    return Ranking(matches=(*ranking.matches, *added), tied=ranking.tied, parameters=ranking.parameters)
