"""The one place where configuration is read and checked.

Every setting has a name in the environment; a command's own options win over it. `docs/reference/settings.md` lists
them, and a test holds that page against this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from recoup.errors import SettingsError

__all__ = ["Settings"]

_TEXTS = {
    "control_key": "RECOUP_CONTROL_KEY",
    "client_id": "RECOUP_CLIENT_ID",
    "client_secret": "RECOUP_CLIENT_SECRET",
    "refresh_token": "RECOUP_REFRESH_TOKEN",
    "other_refresh_token": "RECOUP_OTHER_REFRESH_TOKEN",
    "gateway_key": "RECOUP_GATEWAY_KEY",
    "store": "RECOUP_STORE",
    "store_key": "RECOUP_STORE_KEY",
}
"""The settings that are texts, and their names in the environment."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says.

    `catalogue` (RECOUP_CATALOGUE): a TOML file of the user's own entries, laid over the catalogue that ships with
    recoup.
    `control_key` (RECOUP_CONTROL_KEY): the key of a sandbox's control room.
    `client_id`, `client_secret`, `refresh_token` (RECOUP_CLIENT_ID, RECOUP_CLIENT_SECRET, RECOUP_REFRESH_TOKEN): an
    application and one seller's authorization, for commands that call Amazon. `other_refresh_token`
    (RECOUP_OTHER_REFRESH_TOKEN): the authorization of another seller, to tell a seller's trouble from an application's.
    `gateway_key` (RECOUP_GATEWAY_KEY): the key that a gateway asks its clients for.
    `store` (RECOUP_STORE): where quotas, holds and tokens are kept, as `recoup.open_store` takes it, and `store_key`
    (RECOUP_STORE_KEY) the key that seals the tokens in it.
    """

    catalogue: Path | None = None
    control_key: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None
    other_refresh_token: str | None = None
    gateway_key: str | None = None
    store: str | None = None
    store_key: str | None = None

    def __repr__(self) -> str:
        # The store too: the URL of a database may hold a password.
        secrets = (
            "control_key", "client_secret", "refresh_token", "other_refresh_token", "gateway_key", "store", "store_key",
        )  # fmt: skip
        parts = []
        for name in self.__struct_fields__:
            value = getattr(self, name)
            parts.append(f"{name}=<{len(value)} characters>" if name in secrets and value else f"{name}={value!r}")
        return f"Settings({', '.join(parts)})"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """The settings of this environment. Raises SettingsError, naming the variable, where one is not valid."""
        path = None
        if name := environment.get("RECOUP_CATALOGUE", "").strip():
            path = Path(name).expanduser()
            if not path.is_file():
                raise SettingsError(
                    f"RECOUP_CATALOGUE names {name!r}, which is not a file; unset it, or name one of [[fault]] blocks"
                )
        given = {field: environment.get(variable, "").strip() or None for field, variable in _TEXTS.items()}
        return cls(catalogue=path, **given)
