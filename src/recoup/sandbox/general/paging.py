"""Page tokens of the general operations: good only as they were returned, and with the arguments they were made for.

A token is a seal over the arguments and the position behind it, in plain base64: its +, / and = must be encoded in a
URL exactly once. Beside a token the arguments of the first call may be repeated or left out; another one is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from recoup.sandbox.operation import Refusal

__all__ = ["make_token", "read_token"]

_MAC = 15  # bytes of the seal in front of the position
_FAULT = "400-invalid-next-token"


class _Page(msgspec.Struct, array_like=True):
    merchant_id: str
    arguments: dict[str, str]
    position: int


def make_token(seed: int | str, merchant_id: str, arguments: Mapping[str, str], position: int) -> str:
    """A token for the page that begins at `position` of the listing with these arguments."""
    payload = msgspec.json.encode(_Page(merchant_id, dict(sorted(arguments.items())), position))
    return base64.b64encode(_seal(seed, payload) + payload).decode("ascii")


def read_token(
    seed: int | str, merchant_id: str, arguments: Mapping[str, str], token: str
) -> tuple[dict[str, str], int]:
    """The arguments of the first call, and the position. `arguments` are those beside the token.

    Raises Refusal where the token was altered or encoded otherwise than once, or came with other arguments.
    """
    try:
        raw = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        because = "the token is not base64: it was altered, cut, or not encoded exactly once"
        raise Refusal(_FAULT, because=because) from None
    if base64.b64encode(raw).decode("ascii") != token:
        raise Refusal(_FAULT, because="the token was altered: the same bytes in another spelling")
    payload = raw[_MAC:]
    if not hmac.compare_digest(raw[:_MAC], _seal(seed, payload)):
        raise Refusal(_FAULT, because="the token was altered")
    page = msgspec.json.decode(payload, type=_Page)
    if page.merchant_id != merchant_id:
        raise Refusal(_FAULT, because="the token was given to another selling partner")
    for name, value in arguments.items():
        if page.arguments.get(name) != value:
            raise Refusal(_FAULT, because=f"the token was made for another {name}")
    return page.arguments, page.position


def _seal(seed: int | str, payload: bytes) -> bytes:
    return hmac.new(f"general pages of seed {seed}".encode(), payload, hashlib.sha256).digest()[:_MAC]
