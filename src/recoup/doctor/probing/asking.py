"""One request of a check as a value: shown before it is sent, and sent exactly so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from recoup.doctor.probing.known import Known
from recoup.exchange import Exchange, Headers, Request
from recoup.login.token import TOKEN_HEADER
from recoup.redaction import mask, redact_headers, redact_text, redact_url

__all__ = ["Ask", "always"]

WhoseToken = Literal["", "seller", "grantless", "restricted", "other"]
_OF = {
    "seller": "the access token that the token request brings",
    "grantless": "the grantless token that the token request brings",
    "restricted": "the restricted data token that the request before brings",
    "other": "the other seller's access token that the token request brings",
}


def always(known: Known) -> bool:
    """Whatever is known."""
    return True


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `whose` says whose token goes into its header; `why` what it is for; `only_if` under which condition
    it is sent (`when` asks that of what is known then); `pause` the seconds that are waited before. `note` keeps what
    the answer tells.
    """

    request: Request
    why: str
    note: Callable[[Known, Exchange], None]
    whose: WhoseToken = ""
    only_if: str = ""
    when: Callable[[Known], bool] = always
    pause: float = 0.0

    def made(self, known: Known) -> Request | None:
        """The request with its token in it; None where there is no such token."""
        if not self.whose:
            return self.request
        token = known.tokens.get(self.whose)
        if token is None:
            return None
        fields = Headers(((TOKEN_HEADER, token), *self.request.headers))
        return msgspec.structs.replace(self.request, headers=fields)

    def as_dict(self, known: Known) -> dict[str, Any]:
        """What is sent, secrets masked: method, url, headers, body, and what for."""
        fields = dict(redact_headers(self.request.headers))
        if self.whose:
            token = known.tokens.get(self.whose)
            fields = {TOKEN_HEADER: f"<{_OF[self.whose]}>" if token is None else mask(token)} | fields
        body = None if self.request.body is None else redact_text(self.request.body.decode("utf-8", "replace"))
        return {
            "method": self.request.method,
            "url": redact_url(self.request.url),
            "headers": fields,
            "body": body,
            "why": self.why,
            "only_if": self.only_if,
            "after_seconds": self.pause,
        }
