"""The report on a log in a real Chromium: it fits, opens by keyboard, draws its pictures, is legible in light and dark,
and asks nobody for anything.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recoup.cli.main import Streams, main

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOST = "https://sellingpartnerapi-eu.amazon.com"
QUOTA = '{"errors": [{"code": "QuotaExceeded", "message": "You exceeded your quota for the requested resource."}]}'
ABSENT = '{"errors": [{"code": "NotFound", "message": "The requested resource was not found."}]}'
# The brightness of both colours by WCAG 2, and from it the contrast of a text with what lies behind it.
CONTRAST = """(selector) => {
  const bright = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const element = document.querySelector(selector);
  let behind = element;
  while (behind && getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
  const [high, low] = [getComputedStyle(element).color, getComputedStyle(behind || document.body).backgroundColor]
    .map(bright).sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a log of 300 calls in five minutes: 30 beyond the quota, ten for what is not there."""
    folder = tmp_path_factory.mktemp("report")
    log, page = folder / "log.jsonl", folder / "report.html"
    with log.open("w", encoding="utf-8") as file:
        for number in range(300):
            record = {
                "timestamp": f"2026-09-21T14:{number // 60:02}:{number % 60:02}Z",
                "method": "GET",
                "url": f"{HOST}/orders/v0/orders/902-{number:07}-0000000",
                "status": 429 if number % 10 == 0 else 404 if number % 30 == 1 else 200,
                "seller": f"a-seller-of-a-rather-long-name-{number % 3}",
            }
            if record["status"] != 200:
                record["response_body"] = QUOTA if record["status"] == 429 else ABSENT
            file.write(json.dumps(record) + "\n")
    streams = Streams(io.BytesIO(), io.StringIO(), io.StringIO())
    main(["diagnose", str(log), "--report", str(page)], streams, {})
    return page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "Chromium is not installed: run tests/ensure-tools.sh"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_fits_and_opens_by_keyboard(report: Path, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(report.as_uri())
    assert "40 of 300" in page.title()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out sideways"

    first = page.locator("details").first
    assert "429-rate-limit" in first.inner_text()
    assert "30" in first.locator("summary").inner_text()
    assert first.locator("dl").is_visible(), "the foremost causes stand open"
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert not first.locator("dl").is_visible()

    assert asked == [report.as_uri()]
    assert complaints == []
    page.close()


def test_every_picture_is_drawn_within_its_frame_and_told_in_words(report: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(report.as_uri())
    pictures = page.locator("svg")
    assert pictures.count() >= 4, "time, operations, sellers, and a quota at the least"
    for picture in pictures.all():
        frame = picture.bounding_box()
        assert frame is not None
        assert frame["width"] > 300
        assert frame["height"] > 10
        assert picture.get_attribute("aria-label") or picture.locator("title").count()
    over = page.evaluate(
        """() => [...document.querySelectorAll("svg")].flatMap((svg) => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll("rect")].filter((rect) => {
                const box = rect.getBoundingClientRect();
                return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
            });
        }).length"""
    )
    assert over == 0, "no bar leaves its picture"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_texts_are_legible_in_light_and_dark(report: Path, browser: Browser, scheme: str) -> None:
    page = browser.new_page(color_scheme="light" if scheme == "light" else "dark")
    page.goto(report.as_uri())
    for selector in ("h1", "p.when", ".first", ".title", ".who", "dt", "dd", ".key", "footer"):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector
    page.close()
