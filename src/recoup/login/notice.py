"""Amazon's notifications that concern tokens, read from whatever form they arrive in.

ACCOUNT_STATUS_CHANGED says how a selling account stands; APPLICATION_OAUTH_CLIENT_NEW_SECRET brings the new client
secret after a rotation; APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY warns that the present one ends. They come through a
queue (the body of the message is the notification as JSON) or through EventBridge (the notification is the event's
`detail`). Names of fields begin with a small letter in most types and with a capital in some: both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from recoup.errors import UnreadableInput
from recoup.redaction import mask

__all__ = ["NORMAL", "NewSecret", "Notice", "OtherNotice", "SecretExpiry", "StandingChanged", "read_notice"]

NORMAL = "NORMAL"
"""The standing of a selling account with which nothing is wrong."""
_DEEPEST = 6  # wrappings of one another: a message of a queue, in it one of a topic, in it an event, in it the detail
_WRAPPINGS = ("Body", "body", "Message", "detail", "Detail")


class StandingChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A selling account now stands as `current` (NORMAL, AT_RISK, DEACTIVATED).

    The notification need not say whose account it is: `seller` is None then, and only the subscription tells.
    """

    current: str
    previous: str | None = None
    seller: str | None = None
    subscription_id: str | None = None


class NewSecret(msgspec.Struct, frozen=True, kw_only=True):
    """The new secret of a client id. The old one works at Login with Amazon until `old_ends_at` (epoch seconds)."""

    client_id: str
    client_secret: str
    expires_at: float | None = None
    old_ends_at: float | None = None

    def __repr__(self) -> str:
        return f"NewSecret(client_id={self.client_id!r}, client_secret={mask(self.client_secret)})"


class SecretExpiry(msgspec.Struct, frozen=True, kw_only=True):
    """The secret of a client id ends at `expires_at` (epoch seconds)."""

    client_id: str
    expires_at: float


class OtherNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notification of another type, which is no business of tokens."""

    type: str


Notice = StandingChanged | NewSecret | SecretExpiry | OtherNotice


def read_notice(raw: str | bytes | Mapping[str, Any]) -> Notice:
    """The notification in a queue's message or an event: its text, its bytes, or what a JSON parser made of them.

    Raises UnreadableInput where there is none, or where a field that it lives by is missing. The text of the error
    holds no value of the notification: it may carry a secret.
    """
    data = _unwrapped(raw)
    kind = str(_get(data, "notificationType"))
    payload = _get(data, "payload")
    if not isinstance(payload, Mapping):
        payload = {}
    match kind:
        case "ACCOUNT_STATUS_CHANGED":
            return _standing(data, _inner(payload, "accountStatusChangeNotification", kind), kind)
        case "APPLICATION_OAUTH_CLIENT_NEW_SECRET":
            inner = _inner(payload, "applicationOAuthClientNewSecret", kind)
            return NewSecret(
                client_id=_text(inner, "clientId", kind),
                client_secret=_text(inner, "newClientSecret", kind),
                expires_at=_instant(_get(inner, "newClientSecretExpiryTime")),
                old_ends_at=_instant(_get(inner, "oldClientSecretExpiryTime")),
            )
        case "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY":
            inner = _inner(payload, "applicationOAuthClientSecretExpiry", kind)
            ends = _instant(_get(inner, "clientSecretExpiryTime"))
            if ends is None:
                raise _missing(kind, "clientSecretExpiryTime, an instant in ISO 8601")
            return SecretExpiry(client_id=_text(inner, "clientId", kind), expires_at=ends)
        case _:
            return OtherNotice(type=kind[:100])


def _standing(data: Mapping[str, Any], inner: Mapping[str, Any], kind: str) -> StandingChanged:
    metadata = _get(data, "notificationMetadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    seller = next(
        (found for name in ("sellingPartnerId", "sellerId", "merchantId") if (found := _get(inner, name))), None
    )
    previous, subscription = _get(inner, "previousAccountStatus"), _get(metadata, "subscriptionId")
    return StandingChanged(
        current=_text(inner, "currentAccountStatus", kind),
        previous=previous if isinstance(previous, str) else None,
        seller=seller if isinstance(seller, str) else None,
        subscription_id=subscription if isinstance(subscription, str) else None,
    )


def _unwrapped(raw: object) -> Mapping[str, Any]:
    found = raw
    for _ in range(_DEEPEST):
        if isinstance(found, str | bytes | bytearray):
            try:
                found = msgspec.json.decode(found)
            except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
                break
        if not isinstance(found, Mapping):
            break
        if isinstance(_get(found, "notificationType"), str):
            return found
        inner = next((found[name] for name in _WRAPPINGS if found.get(name)), None)
        if inner is None:
            break
        found = inner
    raise UnreadableInput(
        "this is no notification: nothing in it has a notificationType; give one message of the queue (its body, or "
        "the message with its Body), or one event of EventBridge (with its detail)"
    )


def _get(data: Mapping[str, Any], name: str) -> Any:
    """The field, its name written as is or with a capital."""
    found = data.get(name)
    return found if found is not None else data.get(name[0].upper() + name[1:])


def _inner(payload: Mapping[str, Any], name: str, kind: str) -> Mapping[str, Any]:
    inner = _get(payload, name)
    if not isinstance(inner, Mapping):
        raise _missing(kind, f"payload.{name}")
    return inner


def _text(inner: Mapping[str, Any], name: str, kind: str) -> str:
    found = _get(inner, name)
    if not isinstance(found, str) or not found.strip():
        raise _missing(kind, name)
    return found


def _missing(kind: str, name: str) -> UnreadableInput:
    return UnreadableInput(f"this {kind} has no {name}")


def _instant(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
