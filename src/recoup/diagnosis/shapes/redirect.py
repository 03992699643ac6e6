"""A redirection that carries a refusal: the consent page leads back to the application with `error` in the query."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.codes import LOGIN_ERRORS
from recoup.diagnosis.shapes.claim import Claim, make_claim

__all__ = ["redirect_claim"]

_LONGEST = 8192


def redirect_claim(location: str | None) -> Claim | None:
    """What the query of a Location says has failed, in the words of OAuth 2.0 (RFC 6749, 4.1.2.1); None: nothing."""
    if location is None or "error=" not in location[:_LONGEST]:
        return None
    try:
        found = dict(parse_qsl(urlsplit(location[:_LONGEST]).query))
    except ValueError:  # no address, or a query of very many fields
        return None
    if found.get("error") not in LOGIN_ERRORS:
        return None
    return make_claim(BodyKind.LOGIN, code=found["error"], message=found.get("error_description"))
