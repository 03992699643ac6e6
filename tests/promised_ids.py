"""The ids of all faults, written by hand from the documents and not taken from the catalogue.

An id is a promise: other people's programs switch on it. A new fault gets a line here; none ever leaves, and none is
spelt anew.
"""

from __future__ import annotations

from recoup.catalogue.fault import Kind

__all__ = ["EXTERNAL_FULFILLMENT_CAUSES", "PROMISED", "SP_API_CAUSES"]

# "Resolve Common HTTP and Authorization Error Codes": the tables of 400, 403 and 404, 429, the null enumeration value,
# the thirteen conditions of RFC 7230, and the codes of the consent page.
SP_API_CAUSES = [
    "400-missing-required-field",
    "400-invalid-date-format",
    "400-get-with-body",
    "400-wrong-content-type",
    "400-invalid-next-token",
    "400-wrong-url-encoding",
    "400-missing-child-object",
    "400-wrong-identifier",
    "400-developer-id-not-associated",
    "400-oauth-setup-missing",
    "400-malformed-http-body-in-get-or-head",
    "400-malformed-http-content-length-unparseable",
    "400-malformed-http-multiple-content-length",
    "400-malformed-http-content-length-and-transfer-encoding",
    "400-malformed-http-host-header",
    "400-malformed-http-empty-header",
    "400-malformed-http-multiline-header",
    "400-malformed-http-header-termination",
    "400-malformed-http-missing-colon",
    "400-malformed-http-control-character",
    "400-malformed-http-trailing-empty-line",
    "400-malformed-http-no-uri",
    "400-malformed-http-method",
    "403-expired-token",
    "403-missing-role",
    "403-wrong-account-kind",
    "403-region-mismatch",
    "403-wrong-path-or-version",
    "403-deprecated-endpoint",
    "403-unsupported-marketplace",
    "403-account-suspended",
    "404-mistyped-id",
    "404-unavailable-id",
    "404-premature-poll",
    "429-rate-limit",
    "null-enum",
    "auth-MD1000",
    "auth-MD5101",
    "auth-MD5110",
    "auth-MD9100",
    "auth-SPDC8143",
    "auth-SPSA0404",
    "auth-CONSENT_LIMIT_REACHED",
]

# "External Fulfillment, Error Handling": the 25 rows of its last table.
EXTERNAL_FULFILLMENT_CAUSES = [
    "sc-00000-internal-failure",
    "sc-00001-service-unavailable",
    "sc-00007-rate-limited",
    "sc-00002-invalid-value",
    "sc-00002-range",
    "sc-00002-mandatory-field",
    "sc-00003-entity-not-found",
    "sc-00003-artifact-not-found",
    "sc-00004-duplicate-client-token",
    "sc-00004-in-progress",
    "sc-00005-forbidden",
    "sc-10000-server-busy",
    "sc-10001-operation-not-permitted",
    "sc-20000-quantity-exceeds-inventory",
    "sc-20002-sequence-conflict",
    "sc-00006-entity-version-conflict",
    "sc-00006-order-cancelled",
    "sc-30001-shiplabel-generation-failure",
    "sc-30002-capacity-breached",
    "sc-30003-incorrect-package-dimensions",
    "sc-30004-pickup-slot-expired",
    "sc-30005-dispatch-after-date",
    "sc-40000-subscription-exists",
    "sc-30007-no-invoice",
    "sc-00005-max-retries",
]

FALLBACKS = [
    "ef-http-207",
    "ef-http-401",
    "ef-InternalFailure",
    "ef-ServiceUnavailable",
    "ef-InvalidInput",
    "ef-NotFound",
    "ef-DuplicateRequest",
    "ef-Forbidden",
    "ef-ServerBusy",
    "ef-OperationNotPermitted",
    "ef-StateConflict",
    "ef-OrderCancelled",
]

TROUBLESHOOTING = ["400-missing-role", "400-inactive-account", "403-missing-token", "404-wrong-path"]

LOGIN = [
    "lwa-invalid-grant",
    "lwa-invalid-client",
    "lwa-unauthorized-client",
    "lwa-invalid-scope",
    "lwa-invalid-request",
    "lwa-unsupported-grant-type",
    "lwa-access-denied",
    "lwa-server-error",
    "lwa-rate-limited",
    "lwa-html-or-non-json",
    "lwa-temporarily-unavailable",
]

HISTORIC = ["403-invalid-signature"]

# Real, but in neither document: what the front door, an accepted call, the storage behind a link, Amazon's consent page
# and an edge before them answer, and what fails on the caller's own side.
BEYOND = [
    "other-500-internal",
    "other-503-unavailable",
    "other-504-timeout",
    "other-413-too-large",
    "other-415-unsupported-media",
    "other-listing-issue",
    "other-presigned-url-expired",
    "other-presigned-signature",
    "other-405-method",
    "other-sandbox-no-match",
    "other-sandbox-unsupported",
    "other-report-cancelled-fatal",
    "other-feed-processing",
    "other-feed-type-rejected",
    "other-rdt-required",
    "other-grantless-required",
    "other-pii-restricted",
    "other-network-tls",
    "other-client-library",
    "other-aws-sts",
    "other-validation-business",
    "other-conflict",
    "other-not-enrolled",
    "other-waf-html",
    "other-dev-account-pending",
    "other-missing-data-empty",
    "other-consent-page-unknown",
    "other-amazon-side-outage",
    "other-user-agent",
    "other-clock-skew",
]

PROMISED = {
    Kind.CAUSE: SP_API_CAUSES + EXTERNAL_FULFILLMENT_CAUSES,
    Kind.FALLBACK: FALLBACKS,
    Kind.TROUBLESHOOTING: TROUBLESHOOTING,
    Kind.LOGIN: LOGIN,
    Kind.HISTORIC: HISTORIC,
    Kind.BEYOND: BEYOND,
}
