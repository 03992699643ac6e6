"""The package root: lazy, complete, and honest about what it has not."""

from __future__ import annotations

import subprocess
import sys

import pytest

import recoup


def test_every_public_name_is_there() -> None:
    for name in recoup.__all__:
        if name != "Decision":  # a union, which is not a class
            assert getattr(recoup, name) is not None
    assert set(recoup.__all__) <= set(dir(recoup))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = recoup.nothing


@pytest.mark.parametrize("module", ["httpx", "httpx2", "uvicorn", "jinja2", "rich", "asyncio", "recoup.diagnosis"])
def test_importing_the_package_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, recoup; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "module", ["asyncio", "difflib", "http.client", "recoup.diagnosis.engine", "recoup.diagnosis.shapes", "sqlite3"]
)
def test_a_synchronous_transport_loads_only_what_its_first_call_needs(module: str) -> None:
    login = "recoup.Login(client_id='amzn1.application-oa2-client.1', client_secret='s', refresh_token='Atzr|r')"
    code = f"import sys, recoup; recoup.Transport(login={login}); sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
