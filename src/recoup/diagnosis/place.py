"""Who answered: told by the address of the request, or else by the form of the answer."""

from __future__ import annotations

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.evidence import Area
from recoup.diagnosis.shapes.claim import Claim
from recoup.exchange import Headers, Request

__all__ = ["area_of", "area_of_request"]


def area_of(known: Area, headers: Headers, claim: Claim) -> Area:
    """The place that answered: `known` where the request told, else by the form of the answer."""
    if claim.kind is BodyKind.XML and claim.code and known in (Area.GENERAL, Area.UNKNOWN):
        return Area.STORAGE  # the API has no errors in XML: the request that was found is another one
    if known is not Area.UNKNOWN:
        return known
    if claim.kind is BodyKind.LOGIN:
        return Area.LOGIN
    if claim.kind in (BodyKind.LEGACY, BodyKind.LABELS, BodyKind.BATCH) or claim.sc_code is not None:
        return Area.FULFILLMENT
    if len(headers) and "amazons3" in (headers.get("server") or "").lower():
        return Area.STORAGE
    return Area.UNKNOWN


def area_of_request(request: Request | None, path: str | None) -> Area:
    """The place that a request was sent to; `path` is its path, where it is known."""
    if request is None or path is None:
        return Area.UNKNOWN
    if path.startswith("/externalFulfillment/"):
        return Area.FULFILLMENT
    host = request.host
    if "yojaka" in host or "smartconnect" in host:
        return Area.FULFILLMENT
    if "/auth/o2/" in path or host in ("api.amazon.com", "api.amazon.co.uk", "api.amazon.co.jp"):
        return Area.LOGIN
    if ".s3" in host or host.startswith("s3") or "X-Amz-Signature=" in request.url or "cloudfront.net" in host:
        return Area.STORAGE
    if "sellingpartnerapi" in host:
        return Area.GENERAL
    if "sellercentral" in host or "vendorcentral" in host or path.startswith("/apps/"):
        return Area.UNKNOWN
    if "error=" in request.url and "state=" in request.url:  # the application's callback, as its access log has it
        return Area.LOGIN
    return Area.GENERAL if path.startswith("/") and (request.method or not host) else Area.UNKNOWN
