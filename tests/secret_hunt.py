"""Looking for planted secrets in whatever a run left behind, in the forms in which they travel and are stored."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, quote_plus

__all__ = ["Find", "Loot", "forms", "hunt"]


class Find(NamedTuple):
    """A secret that got out: which one, in what form, and where with what stands around it."""

    secret: str
    form: str
    where: str
    around: str


class Loot:
    """All that a run left behind, by where it was found."""

    def __init__(self) -> None:
        self.found: list[tuple[str, bytes]] = []

    def add(self, where: str, what: object) -> None:
        """Keep bytes as they are, texts as UTF-8, and everything else as its repr and its str."""
        if isinstance(what, bytes):
            self.found.append((where, what))
        elif isinstance(what, str):
            self.found.append((where, what.encode("utf-8", "surrogatepass")))
        else:
            self.add(where, f"{what!r}\n{what!s}")


def forms(secret: str) -> Iterator[tuple[str, bytes]]:
    """The forms of a secret, each once."""
    plain = secret.encode()
    texts = {
        "plain": secret,
        "percent-encoded": quote(secret, safe=""),
        "percent-encoded, lower case": quote(secret, safe="").lower(),
        "percent-encoded but for slashes": quote(secret),
        "form-encoded": quote_plus(secret),
        "percent-encoded twice": quote(quote(secret, safe=""), safe=""),
        "in JSON": json.dumps(secret)[1:-1],
        "in JSON in JSON": json.dumps(json.dumps(secret))[3:-3],
        "in JSON, bar escaped": secret.replace("|", "\\u007c"),
        "in JSON, bar escaped in capitals": secret.replace("|", "\\u007C"),
        "in JSON, at sign escaped": secret.replace("@", "\\u0040"),
        "in JSON, slash escaped": secret.replace("/", "\\/"),
        "in HTML": secret.replace("@", "&#64;"),
        "in hexadecimal": plain.hex(),
    }
    seen: set[bytes] = set()
    for name, text in texts.items():
        if text.encode() not in seen:
            seen.add(text.encode())
            yield name, text.encode()
    yield "in UTF-16", secret.encode("utf-16-le")
    for shift in range(3):  # what stands before it decides how its bytes fall into groups of three
        for name, encode in (("base64", base64.b64encode), ("base64 for URLs", base64.urlsafe_b64encode)):
            whole = encode(b"\0" * shift + plain + b"\0" * 3)
            start, end = -(-shift * 8 // 6), (shift + len(plain)) * 8 // 6
            coded = whole[start + 1 : end - 1]
            if coded not in seen:
                seen.add(coded)
                yield name, coded


def hunt(loot: Loot, *secrets: str) -> list[Find]:
    """Every place in the loot where a secret stands in any of its forms."""
    out: list[Find] = []
    for secret in secrets:
        for form, needle in forms(secret):
            for where, haystack in loot.found:
                at = haystack.find(needle)
                if at >= 0:
                    around = haystack[max(0, at - 60) : at + len(needle) + 20]
                    out.append(Find(secret, form, where, around.decode("utf-8", "replace")))
    return out
