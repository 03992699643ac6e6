"""Label files behind presigned links that run out, as document storage serves them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from recoup.sandbox.fulfillment.files import CONTENT_TYPES, label_file
from recoup.sandbox.fulfillment.store import Fulfillment, Label, Package, Shipment
from recoup.sandbox.operation import Refusal

__all__ = ["DOCUMENT_PATH", "Document", "fetch", "link", "new_key"]

DOCUMENT_PATH = "/documents/labels/"
_STAMP = "%Y%m%dT%H%M%SZ"


class Document(msgspec.Struct, frozen=True):
    """A file as storage gives it."""

    content_type: str
    content: bytes


def new_key(state: Fulfillment, shipment: Shipment, package: Package) -> str:
    """Register a label's file and return its key."""
    key = f"{state.random.getrandbits(96):024x}"
    state.documents[key] = (shipment.id, package.id)
    return key


def link(state: Fulfillment, label: Label, now: float) -> str:
    """A presigned link to a label's file, valid from `now` for the lifetime in the settings."""
    stamp = datetime.fromtimestamp(now, UTC).strftime(_STAMP)
    expires = f"{state.settings.document_lifetime:.0f}"
    return (
        f"{state.document_base}{DOCUMENT_PATH}{label.key}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={stamp}"
        f"&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host&X-Amz-Signature={_sign(state, label.key, stamp, expires)}"
    )


def fetch(state: Fulfillment, key: str, query: Mapping[str, str], now: float) -> Document:
    """The file of `key`. Raises the refusals of document storage for a bad signature and for a link that ran out."""
    stamp, expires = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
    if not hmac.compare_digest(query.get("X-Amz-Signature", "").encode(), _sign(state, key, stamp, expires).encode()):
        raise Refusal("other-presigned-signature", because="the signature is not that of this link")
    begun = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
    if now >= begun + float(expires):
        raise Refusal("other-presigned-url-expired", because="the link ran out")
    shipment_id, package_id = state.documents.get(key, ("", ""))
    shipment = state.shipments.get(shipment_id)
    package = shipment.packages.get(package_id) if shipment is not None else None
    label = package.label if package is not None else None
    if shipment is None or label is None or label.key != key:
        raise Refusal("sc-00003-artifact-not-found", because="there is no such label", artifact="SHIP_LABEL")
    form = state.settings.label_format
    lines = [f"{label.carrier} {label.tracking_id}", f"Order {shipment.order_id}", f"Package {package_id}"]
    return Document(CONTENT_TYPES[form], label_file(form, lines))


def _sign(state: Fulfillment, key: str, stamp: str, expires: str) -> str:
    text = f"{key}|{stamp}|{expires}".encode()
    return hmac.new(f"documents of seed {state.seed}".encode(), text, hashlib.sha256).hexdigest()
