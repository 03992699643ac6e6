"""Who the application is, and for whom it calls: the credentials of Login with Amazon, checked before they are sent.

The values are secrets, so that every complaint states facts about one (its kind by prefix, its length, where a blank
stands) and never the value. Prefixes: client ids begin with `amzn1.application-oa2-client.`, client secrets with
`amzn1.oa2-cs.` (older ones have none), refresh tokens with `Atzr|`, access tokens with `Atza|` or `Atc|`.
"""

from __future__ import annotations

import re

import msgspec

from recoup.errors import SettingsError
from recoup.redaction import mask

__all__ = ["Credentials", "problems"]

_KINDS = (
    ("amzn1.application-oa2-client.", "client id"),
    ("amzn1.sp.solution.", "solution id"),
    ("amzn1.sellerapps.app.", "application id"),
    ("amzn1.oa2-cs.", "client secret"),
    ("Atzr|", "refresh token"),
    ("Atza|", "access token"),
    ("Atc|", "grantless token"),
    ("sellingpartnerapi::", "scope"),
)
_EXPECTED = {
    "client_id": "client id",
    "client_secret": "client secret",
    "refresh_token": "refresh token",
    "scope": "scope",
}
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}", re.ASCII)


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """An application's id and secret, and either a seller's refresh token or the scope of a grantless call.

    With neither they serve the first exchange of an authorization code only. Raises SettingsError where Login with
    Amazon would be sure to refuse them; the text states facts and no secret. Two are equal where all their values
    are.
    """

    client_id: str
    client_secret: str
    refresh_token: str | None = None
    scope: str | None = None

    def __post_init__(self) -> None:
        found = problems(self.client_id, self.client_secret, self.refresh_token, self.scope)
        if found:
            raise SettingsError("; ".join(found))

    @property
    def grantless(self) -> bool:
        """Whether these are for calls that need no seller's authorisation."""
        return self.scope is not None

    def __repr__(self) -> str:
        parts = [f"client_id={self.client_id!r}", f"client_secret={mask(self.client_secret)}"]
        if self.refresh_token is not None:
            parts.append(f"refresh_token={mask(self.refresh_token)}")
        if self.scope is not None:
            parts.append(f"scope={self.scope!r}")
        return f"Credentials({', '.join(parts)})"


def problems(
    client_id: str, client_secret: str, refresh_token: str | None = None, scope: str | None = None
) -> tuple[str, ...]:
    """Everything for which Login with Amazon would be sure to refuse these values; empty where nothing is known
    against them.

    Each text names the setting, says why, and what would be right. An unknown prefix is no complaint.
    """
    found: list[str] = []
    values = (
        ("client_id", client_id),
        ("client_secret", client_secret),
        ("refresh_token", refresh_token),
        ("scope", scope),
    )
    for name, value in values:
        if value is not None or name in ("client_id", "client_secret"):
            found.extend(_complaints(name, value))
    if refresh_token is not None and scope is not None:
        found.append(
            "refresh_token and scope: only one can be given; scope is for calls without a seller's authorisation"
        )
    return tuple(found)


def _complaints(name: str, value: object) -> list[str]:
    if not isinstance(value, str):  # as os.environ.get gives it where a variable is not set; a secret is not shown
        what = "missing" if value is None else f"no text but a {type(value).__name__}"
        return [f"{name}: is {what}; give the {_EXPECTED[name]}"]
    if not value.strip():
        return [f"{name}: is empty; give the {_EXPECTED[name]}"]
    found: list[str] = []
    bare = value.strip()
    if bare != value:
        place = "before it" if value[0].isspace() else "after it"
        found.append(f"{name}: has blanks {place} ({len(value)} characters, {len(bare)} without); remove them")
    if len(bare) > 1 and bare[0] in "\"'" and bare[-1] == bare[0]:
        found.append(f"{name}: stands in quotes; give it without them")
        bare = bare[1:-1]
    if (bad := next((i for i, character in enumerate(bare) if not "!" <= character <= "~"), None)) is not None:
        found.append(
            f"{name}: has a character at offset {bad} that no {_EXPECTED[name]} has (a blank, a break or not ASCII)"
        )
    if _PERCENT.search(bare) and name != "client_secret":
        found.append(f"{name}: is percent-encoded; give it as it was issued, it is encoded once on sending")
        bare = bare.replace("%7C", "|").replace("%7c", "|")
    kind = next((kind for prefix, kind in _KINDS if bare.startswith(prefix)), None)
    if kind is not None and kind != _EXPECTED[name]:
        article = "an" if kind[0] in "ao" else "a"
        found.append(f"{name}: is {article} {kind} by its prefix; give the {_EXPECTED[name]}")
    return found
