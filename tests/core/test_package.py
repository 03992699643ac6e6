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


_WITHOUT = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("requests", "urllib3", "aiohttp"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import recoup
"""
OPTIONAL = [("RequestsAdapter", "requests"), ("PoolManager", "urllib3"), ("aiohttp_middleware", "aiohttp")]


def without_libraries(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", _WITHOUT + code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import pydoc; print('Transport' in pydoc.render_doc(recoup))",
        "import inspect; print(len(inspect.getmembers(recoup)) > 40)",
        "from recoup import *; print(Transport is recoup.Transport)",
        "print(not any(hasattr(recoup, name) for name in ('RequestsAdapter', 'PoolManager', 'aiohttp_middleware')))",
    ],
)
def test_looking_around_works_where_not_every_library_is_installed(code: str) -> None:
    assert without_libraries(code) == "True"


@pytest.mark.parametrize(("name", "library"), OPTIONAL)
@pytest.mark.parametrize("form", ["from recoup import {name}", "recoup.{name}"])
def test_what_needs_a_library_that_is_not_installed_names_the_extra(form: str, name: str, library: str) -> None:
    kind = "ModuleNotFoundError" if form.startswith("from") else "AttributeError"
    code = f"""
try:
    {form.format(name=name)}
except {kind} as error:
    print(error, type(error.__cause__).__name__)
"""
    said = f"recoup.{name} needs {library}, which is not installed: pip install 'recoup[{library}]'"
    assert without_libraries(code) == f"{said} ModuleNotFoundError"


@pytest.mark.parametrize("name", [name for name, _ in OPTIONAL])
def test_what_needs_a_library_is_seen_where_it_is_installed(name: str) -> None:
    assert hasattr(recoup, name)
    assert name in dir(recoup)


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
