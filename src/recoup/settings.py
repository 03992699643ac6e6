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


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says.

    `catalogue` (RECOUP_CATALOGUE): a TOML file of the user's own entries, laid over the catalogue that ships with
    recoup.
    `control_key` (RECOUP_CONTROL_KEY): the key of a sandbox's control room.
    """

    catalogue: Path | None = None
    control_key: str | None = None

    def __repr__(self) -> str:
        key = None if self.control_key is None else f"<{len(self.control_key)} characters>"
        return f"Settings(catalogue={self.catalogue!r}, control_key={key})"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """The settings of this environment. Raises SettingsError, naming the variable, where one is not valid."""
        name, key = (environment.get(known, "").strip() for known in ("RECOUP_CATALOGUE", "RECOUP_CONTROL_KEY"))
        if not name:
            return cls(control_key=key or None)
        path = Path(name).expanduser()
        if not path.is_file():
            raise SettingsError(
                f"RECOUP_CATALOGUE names {name!r}, which is not a file; unset it, or name a file of [[fault]] blocks"
            )
        return cls(catalogue=path, control_key=key or None)
