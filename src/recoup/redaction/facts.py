"""What may be said of a secret once it is masked: its kind, its length, what is wrong with it, when it ends.

Formats: access and refresh tokens and client secrets of Login with Amazon carry prefixes (`Atza|`, `Atzr|`, `Atc|`,
`amzn1.oa2-cs.`). A token is printable ASCII without blanks: anything else came in on the way.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from typing import Any

import msgspec

__all__ = ["BAR", "Facts", "facts", "mask", "token_kind"]

_TOKEN_KINDS = (
    ("Atza|", "access token"),
    ("Atzr|", "refresh token"),
    ("Atc|", "grantless token"),
    ("Atz|", "restricted data token"),
    ("Atz.", "restricted data token"),  # Atz.sprdt|...
    ("amzn1.oa2-cs.", "client secret"),
)
# The bar after the prefix as it stands, percent-encoded once or twice (`Atza%7C…`), or escaped as in JSON.
BAR = re.compile(r"%(?:25){0,3}7[Cc]|(?<!\\)\\++u007[Cc]")
_ODD = re.compile(r"[^!-~]")
_NAMES = {" ": "blank", "\t": "tab", "\n": "line break", "\r": "line break", "\ufeff": "byte order mark", "\x00": "NUL"}
_LONGEST = 16_384  # characters of a token that are looked into for its end


class Facts(msgspec.Struct, frozen=True):
    """What is known of a secret. `offset` is where the first character stands that no token has, `odd` what it is;
    `expires` is in epoch seconds, from a token that says so itself; `digest` is the same for the same secret under the
    same key, and empty without a key.
    """

    kind: str
    length: int
    offset: int | None = None
    odd: str = ""
    expires: int | None = None
    digest: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, every field."""
        return {
            "kind": self.kind,
            "length": self.length,
            "offset": self.offset,
            "odd": self.odd or None,
            "expires": self.expires,
            "digest": self.digest or None,
        }

    def __str__(self) -> str:
        odd = "" if self.offset is None else f", {self.odd} at {self.offset}"
        return f"<{self.kind}{odd}, {self.length} characters>"


def token_kind(value: str) -> str | None:
    """What sort of Login with Amazon secret `value` is by its prefix, or None where the prefix is not known."""
    for prefix, kind in _TOKEN_KINDS:
        if value.startswith(prefix):
            return kind
    return None


def facts(value: str, *, key: bytes = b"") -> Facts:
    """The facts of a secret, computed from the whole of it. `key` makes secrets comparable without showing them: the
    digest is keyed BLAKE2 (at most 64 bytes of key count), cut to eight bytes.
    """
    found = _ODD.search(value)
    odd = ""
    if found is not None:
        odd = _NAMES.get(found[0], "control character" if found[0] < " " else "foreign character")
    digest = ""
    if key:
        sealed = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=8)
        digest = sealed.hexdigest()
    return Facts(
        kind=token_kind(BAR.sub("|", value)) or "redacted",
        length=len(value),
        offset=None if found is None else found.start(),
        odd=odd,
        expires=_expiry(value),
        digest=digest,
    )


def mask(value: str) -> str:
    """The sign that stands in the place of a secret: its kind where known, its length, and for a token what stands in
    it that no token has.
    """
    kind = token_kind(BAR.sub("|", value))
    if kind is None:
        return f"<redacted, {len(value)} characters>"
    return str(facts(value))


def _expiry(value: str) -> int | None:
    """When a token ends that tells it itself (`exp` of a JSON Web Token)."""
    parts = value.rpartition(" ")[2].split(".")
    if len(parts) != 3 or len(value) > _LONGEST:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    expires = claims.get("exp") if isinstance(claims, dict) else None
    return expires if isinstance(expires, int) and not isinstance(expires, bool) else None
