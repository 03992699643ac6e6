"""Who the gateway calls for: the sellers of a TOML file, or the one of the environment.

    [shop-one]
    refresh_token_from = "SHOP_ONE_REFRESH_TOKEN"    # the environment variable that holds it
    marketplace = "ATVPDKIKX0DER"                    # says which region; or region = "NA"

    [shop-two]
    refresh_token = "Atzr|..."
    region = "EU"

The name is what a request says in `x-recoup-seller`. It is no secret: it stands in logs and in the status.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from recoup.catalogue.facts import marketplaces
from recoup.errors import SettingsError
from recoup.login.credentials import problems
from recoup.redaction import mask

__all__ = ["Seller", "read_sellers"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,63}")
_KEYS = ("refresh_token", "refresh_token_from", "marketplace", "region")


class Seller(msgspec.Struct, frozen=True, kw_only=True):
    """One authorization: its name, its refresh token, its region (NA, EU, FE; None: the gateway's own)."""

    name: str
    refresh_token: str
    region: str | None = None

    def __repr__(self) -> str:
        return f"Seller({self.name!r}, refresh_token={mask(self.refresh_token)}, region={self.region!r})"


def read_sellers(path: Path, environment: Mapping[str, str]) -> dict[str, Seller]:
    """The sellers of a file, by name. Raises SettingsError, naming file, seller and key; never with a secret in it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"sellers: {path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # no TOML, no UTF-8; the text of such an error says where, and quotes no line
        raise SettingsError(f"sellers: {path} is not TOML: {error}") from None
    if not data:
        raise SettingsError(
            f'sellers: {path} names nobody; give a table for each, such as [shop-one] with region = "NA"'
        )
    return {name: _seller(f"sellers: {path}: {name}", name, fields, environment) for name, fields in data.items()}


def _seller(where: str, name: str, fields: object, environment: Mapping[str, str]) -> Seller:
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{where}: a name has letters, digits, '-', '_' and '.', at most 64 of them")
    if not isinstance(fields, dict):
        raise SettingsError(f"{where}: is no table; write [{name}] and its keys under it")
    for key, value in fields.items():
        if key not in _KEYS:
            raise SettingsError(f"{where}: {key!r} is not known; there are {', '.join(_KEYS)}")
        if not isinstance(value, str):
            raise SettingsError(f"{where}: {key} must be a text")
    token = _token(where, fields, environment)
    found = problems("-", "-", token)
    if found:
        raise SettingsError(f"{where}: {'; '.join(found)}")
    return Seller(name=name, refresh_token=token, region=_region(where, fields))


def _token(where: str, fields: Mapping[str, str], environment: Mapping[str, str]) -> str:
    given, variable = fields.get("refresh_token"), fields.get("refresh_token_from")
    if (given is None) == (variable is None):
        raise SettingsError(f"{where}: give refresh_token, or refresh_token_from with the variable that holds it")
    if given is not None:
        return given
    assert variable is not None  # noqa: S101  one of them is there
    value = environment.get(variable, "").strip()
    if not value:
        raise SettingsError(f"{where}: refresh_token_from names {variable!r}, which is not set in the environment")
    return value


def _region(where: str, fields: Mapping[str, str]) -> str | None:
    marketplace, region = fields.get("marketplace"), fields.get("region")
    served = None
    if marketplace is not None:
        served = marketplaces.region_of(marketplace)
        if served is None:
            raise SettingsError(f"{where}: marketplace {marketplace!r} is not known; give its id, or the region")
    if region is None:
        return served
    found = marketplaces.region(region)
    if found is None:
        raise SettingsError(f"{where}: region {region!r} is none; give NA, EU or FE")
    if served not in (None, found.code):
        raise SettingsError(f"{where}: marketplace {marketplace!r} belongs to {served}, not to {found.code}")
    return found.code
