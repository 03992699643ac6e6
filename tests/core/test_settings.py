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


def test_credentials_are_read_and_never_shown() -> None:
    settings = Settings.read(
        {
            "RECOUP_CLIENT_ID": "amzn1.application-oa2-client.1",
            "RECOUP_CLIENT_SECRET": " amzn1.oa2-cs.v1.planted ",
            "RECOUP_REFRESH_TOKEN": "Atzr|planted",
            "RECOUP_GATEWAY_KEY": "planted-gateway-key",
            "RECOUP_CONTROL_KEY": "",
        }
    )
    assert settings.client_id == "amzn1.application-oa2-client.1"
    assert settings.client_secret == "amzn1.oa2-cs.v1.planted"
    assert settings.refresh_token == "Atzr|planted"
    assert settings.control_key is None
    assert "planted" not in repr(settings)
    assert "gateway_key=<19 characters>" in repr(settings)


def test_every_setting_is_documented() -> None:
    source = (Path(__file__).parents[2] / "src" / "recoup" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r"\bRECOUP_[A-Z_]+", source))
    assert names == set(re.findall(r"\bRECOUP_[A-Z_]+", PAGE.read_text(encoding="utf-8")))
