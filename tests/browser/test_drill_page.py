"""The drill's page in a real Chromium: it can be read, opened and used by keyboard, and it asks nobody for anything."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recoup.cli.main import Streams, main
from recoup.drill.recipe import RECIPES
from recoup.drill.runner import expected_faults

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (390, 1280)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("page") / "drill.html"
    streams = Streams(io.BytesIO(), io.StringIO(), io.StringIO())
    ids = ["sc-10000-server-busy", "403-missing-role", "null-enum"]
    with pytest.MonkeyPatch.context() as patch:
        expected_faults()  # which loads all recipes
        patch.delitem(RECIPES, "null-enum")
        main(["drill", *ids, "--allow-missing", "--html", str(page)], streams, {})
    return page


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "Chromium is not installed: run tests/ensure-tools.sh"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_and_opens(page_file: Path, browser: object, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})  # type: ignore[attr-defined]
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(page_file.as_uri())
    assert "2 of 3" in page.title()
    assert page.locator("details").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out sideways"

    row = page.locator("details", has_text="sc-10000-server-busy")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    assert row.get_attribute("open") is not None
    timeline = row.locator("ol.timeline").inner_text()
    assert timeline.count("sent") == 2
    assert "waited" in timeline
    assert row.locator("pre", has_text="ServerBusy").first.is_visible()
    assert "null-enum" in page.locator(".missing-list").inner_text()
    assert asked == [page_file.as_uri()]
    assert complaints == []
    page.close()
