"""Every Python block and every command of the documentation is run, against a real sandbox where it calls Amazon.

The pages' own code is not changed for that: what it sends to Amazon's hosts goes to the sandbox, by what sends in each
library itself, and nothing else differs.
"""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click
import httpx
import httpx2
import pytest
from doc_pages import DOCS, blocks, complaints_of_console, prints_of, run_python
from doc_redirects import redirect_the_others

import recoup
from golden_corpus import complaints, golden_gaps
from recoup.catalogue.loader import catalogue, parse
from recoup.cli.main import COMMANDS, _recoup
from recoup.diagnosis.engine import Engine
from recoup.diagnosis.explanation import explain

PAGES = sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))
# Pages whose blocks other tests run: they need a program of another language, or a project of their own.
ELSEWHERE = {
    "how-to/sandbox-with-pytest.md",
    "how-to/sandbox-from-any-language.md",
    "how-to/gateway-for-any-language.md",
    "how-to/testing-without-waiting.md",
}
MINE = [page for page in PAGES if page not in ELSEWHERE]
# Pages on clients that only the longer tier has.
SDKS = {
    f"how-to/put-recoup-under-{name}.md" for name in ("python-amazon-sp-api", "amzn-sp-api", "amzn-selling-partner")
}
AMAZON = {"sellingpartnerapi-na.amazon.com", "api.amazon.com"}


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A sandbox that answers for Amazon's hosts, whichever library calls them."""
    with recoup.sandbox.running(seed=1) as running:
        for library in (httpx2, httpx):
            for kind, name in (
                (library.HTTPTransport, "handle_request"),
                (library.AsyncHTTPTransport, "handle_async_request"),
            ):
                monkeypatch.setattr(kind, name, _redirected(library, getattr(kind, name), running.endpoint))
        redirect_the_others(monkeypatch, AMAZON, running.endpoint)
        yield running


def _redirected(library: Any, send: Any, endpoint: str) -> Any:
    def redirected(self: Any, request: Any) -> Any:
        if request.url.host in AMAZON:
            url = library.URL(endpoint).copy_with(raw_path=request.url.raw_path)
            fields = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
            request = library.Request(
                request.method,
                url,
                headers=[(b"Host", url.netloc), *fields],
                stream=request.stream,
                extensions=request.extensions,
            )
        return send(self, request)

    return redirected


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.sdk] if page in SDKS else []) for page in MINE if blocks(page, "python")],
)
def test_python(page: str, sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {
        "__name__": "page",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.refresh_token,
    }
    printed = io.StringIO()
    monkeypatch.setattr("recoup.drill.recipe.RECIPES", {})  # a page may register a recipe
    clients: list[httpx2.Client | httpx.Client] = []
    wanted: list[str] = []
    with recoup.testing.no_waiting(), redirect_stdout(printed):
        for source in run_python(page, namespace):
            wanted.extend(prints_of(source))
            clients.extend(value for value in namespace.values() if isinstance(value, httpx2.Client | httpx.Client))
    for client in clients:
        client.close()
    lines = printed.getvalue().splitlines()
    assert len(lines) == len(wanted), f"printed {lines}, the page says {wanted}"
    for line, said in zip(lines, wanted, strict=True):
        assert re.fullmatch(".*".join(map(re.escape, said.split("…"))), line), (
            f"printed {line!r}, the page says {said!r}"
        )


@pytest.mark.parametrize("page", [page for page in MINE if blocks(page, "console")])
def test_console(page: str, tmp_path: Path) -> None:
    assert complaints_of_console(page, tmp_path) == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (DOCS / page).read_text(encoding="utf-8")):
        assert target.startswith("https://") or ((DOCS / page).parent / target).exists(), target


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    named = {str((DOCS / target).relative_to(DOCS)) for target in re.findall(r"\]\(([^)#]+)\)", index)}
    assert {page for page in PAGES if not page.startswith("adr/")} - {"README.md"} - ELSEWHERE <= named


def _command(name: str) -> click.Command:
    found = _recoup.get_command(click.Context(_recoup), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_commands_names_every_option(name: str) -> None:
    text = (DOCS / "reference/commands.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## recoup {name}\n")[2].partition("\n## ")[0]
    options = {option for parameter in _command(name).params for option in parameter.opts if option.startswith("--")}
    assert {option for option in options if f"`{option}" not in section} == set()


def test_the_page_of_commands_names_what_the_sandbox_prints() -> None:
    text = (DOCS / "reference/commands.md").read_text(encoding="utf-8")
    with recoup.sandbox.running() as sandbox:
        assert {key for key in sandbox.as_dict() if f"`{key}`" not in text} == set()


def test_the_page_on_diagnoses_names_every_key() -> None:
    text = (DOCS / "how-to/read-a-diagnosis.md").read_text(encoding="utf-8")
    keys = set(recoup.diagnose(b'{"errors":[{"code":"InvalidInput","message":"x"}]}').as_dict()) | {"item"}
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) >= keys


def test_the_example_of_an_overlay_is_an_entry() -> None:
    (block,) = blocks("how-to/overlay-your-own-faults.md", "toml")
    assert [fault.id for fault in parse(block, "the page")]
    assert set(tomllib.loads(block)) == {"fault"}


def test_the_worked_example_of_a_fault_holds_together(tmp_path: Path) -> None:
    """Entry, golden bytes, decision and explanation of the page fit one another, as the checks of a real fault ask."""
    page = "how-to/add-a-fault.md"
    entry, origin, decision = blocks(page, "toml")
    (fault,) = parse(entry, page)
    (golden,) = blocks(page, "http")
    head, _, body = golden.rstrip("\n").partition("\n\n")
    raw = (head.replace("\n", "\r\n") + "\r\n\r\n" + body).encode()
    folder = tmp_path / fault.id
    folder.mkdir()
    (folder / "400.http").write_bytes(golden.encode())
    (folder / "origin.toml").write_text(origin, encoding="utf-8")
    (gap,) = golden_gaps(folder)
    assert "sed -i" in gap  # as an editor saves it, and as the page says
    golden_gaps.cache_clear()
    (folder / "400.http").write_bytes(raw)
    assert golden_gaps(folder) == []
    diagnosis = recoup.diagnose(raw, engine=Engine([*catalogue().values(), fault]))
    (block,) = tomllib.loads(origin)["file"]
    assert complaints(diagnosis, block["expected"], fault.id) == []
    expected = tomllib.loads(decision)[fault.id]
    assert (expected["class"], expected["who"]) == (fault.recovery.retry, fault.who)
    assert diagnosis.decision is not None
    assert diagnosis.decision["action"] == expected["write"]["action"]
    said = " ".join(explain(diagnosis).split())
    (text,) = blocks(page, "text")
    for line in text.splitlines():
        label, _, rest = line.partition(": ")
        assert re.sub(r"\{(\w+)\}", lambda gap: diagnosis.parameters[gap[1]], rest) in said, label


def test_a_wrong_comment_would_be_found() -> None:
    assert prints_of("x = 1\nprint(x)  # 1\nprint(\n    x,\n)  # 2\nprint(x)\n") == ["1", "2"]
