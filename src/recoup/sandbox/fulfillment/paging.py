"""Page tokens: opaque, and good only as they were returned and with the arguments that they were returned for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from recoup.sandbox.fulfillment.validation import invalid

__all__ = ["make_token", "read_token"]

_MAC = 12  # bytes of the seal in front of the position


def make_token(seed: int, arguments: Mapping[str, str], position: tuple[float, int]) -> str:
    """A token for the page behind `position`, bound to the arguments of its listing."""
    payload = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_seal(seed, arguments, payload) + payload).decode("ascii")


def read_token(seed: int, arguments: Mapping[str, str], token: str, parameter: str) -> tuple[float, int]:
    """The position in a token. Raises SC_00002 where it was altered, or came with other arguments."""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        invalid(token, parameter, "the token is not one that was returned")
    if base64.urlsafe_b64encode(raw).decode("ascii") != token:
        invalid(token, parameter, "the token was altered: the same bytes in another spelling")
    if not hmac.compare_digest(raw[:_MAC], _seal(seed, arguments, raw[_MAC:])):
        invalid(token, parameter, "the token was altered, or belongs to other arguments")
    return msgspec.json.decode(raw[_MAC:], type=tuple[float, int])


def _seal(seed: int, arguments: Mapping[str, str], payload: bytes) -> bytes:
    bound = msgspec.json.encode(sorted(arguments.items()))
    return hmac.new(f"pages of seed {seed}".encode(), bound + b"\n" + payload, hashlib.sha256).digest()[:_MAC]
