"""Settings are read in one place, and each of them is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recoup.errors import SettingsError
from recoup.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_an_empty_environment_is_fine() -> None:
    assert Settings.read({}) == Settings()
    assert Settings.read({"RECOUP_CATALOGUE": "  "}) == Settings()


def test_a_catalogue_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"RECOUP_CATALOGUE names '/no/such\.toml', which is not a file"):
        Settings.read({"RECOUP_CATALOGUE": "/no/such.toml"})


def test_every_setting_is_documented() -> None:
    source = (Path(__file__).parents[2] / "src" / "recoup" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r"\bRECOUP_[A-Z_]+", source))
    assert names == set(re.findall(r"\bRECOUP_[A-Z_]+", PAGE.read_text(encoding="utf-8")))
