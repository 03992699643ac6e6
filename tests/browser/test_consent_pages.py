"""The authorization workflow as a person walks it, in a real Chromium: no JavaScript, by keyboard, on any screen."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from recoup.sandbox.serving import Sandbox, running

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (360, 1280)
STATE = "s p/ü&+"


class App:
    """The application: its callback and its login URI, and what arrived at them."""

    def __init__(self) -> None:
        app = self
        self.seen: list[tuple[str, dict[str, str], str | None]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                if parts.path != "/favicon.ico":
                    app.seen.append((parts.path, query, self.headers.get("referer")))
                if parts.path == "/login":  # the Appstore's road: back to Amazon at once
                    back = {"amazon_state": query["amazon_state"], "state": STATE, "redirect_uri": app.callback}
                    self.send_response(302)
                    self.send_header("Location", f"{query['amazon_callback_uri']}?{urlencode(back)}")
                    self.end_headers()
                    return
                body = b"<!doctype html><title>App</title><h1>Connected</h1>"
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.callback = f"{self.url}/callback"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "Chromium is not installed: run tests/ensure-tools.sh"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def app() -> Iterator[App]:
    application = App()
    yield application
    application.close()


@pytest.fixture
def sandbox(app: App) -> Iterator[Sandbox]:
    with running(seed=1) as world:
        world.stage.edit_application(redirect_uris=(app.callback,), login_uri=f"{app.url}/login")
        world.stage.publish_application()
        world.stage.add_partner(entity="vendor")
        yield world


class Walk:
    """One browser window without JavaScript, and everything that it asked for and complained of."""

    def __init__(self, browser: Any, *, width: int = 1280, scheme: str = "light", script: bool = False) -> None:
        size = {"width": width, "height": 800}
        self._context = browser.new_context(viewport=size, color_scheme=scheme, java_script_enabled=script)
        self.page = self._context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *exc: object) -> None:
        self._context.close()

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name)

    def fits(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.innerText || document.activeElement.tagName")).split(
            "\n"
        )[0]


def link(sandbox: Sandbox, **more: str) -> str:
    return f"{sandbox.consent_url}?{urlencode({'application_id': sandbox.application_id, 'state': STATE, **more})}"


def tokens(sandbox: Sandbox, given: dict[str, str], **more: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code", "code": given["spapi_oauth_code"], "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret, **more,
    }  # fmt: skip
    return dict(httpx2.post(sandbox.token_url, data=form).json())


@pytest.mark.parametrize("width", WIDTHS)
def test_a_person_authorizes_an_application(browser: Any, sandbox: Sandbox, app: App, width: int) -> None:
    with Walk(browser, width=width) as walk:
        page = walk.page
        page.goto(link(sandbox))
        assert page.title().startswith("Sign in")
        assert walk.fits()
        page.get_by_role("group", name="Sandbox Seller 1").get_by_role("button", name="Primary user").click()
        assert page.title().startswith("Authorize Sandbox Connector")
        assert walk.fits()
        assert page.get_by_role("list", name="What it may use").get_by_role("listitem").count() == 11
        assert page.get_by_text(sandbox.merchant_id).is_visible()
        for name in ("Confirm", "Cancel", "Sign out"):
            assert walk.button(name).is_visible()
        walk.button("Confirm").click()
        assert page.get_by_role("heading", name="Connected").is_visible()
        ((path, given, referer),) = app.seen
        assert (path, given["state"], given["selling_partner_id"]) == ("/callback", STATE, sandbox.merchant_id)
        assert referer is None, "the application learns nothing from a Referer, nor does anybody from it"
        assert tokens(sandbox, given)["refresh_token"].startswith("Atzr|")
        assert walk.complaints == []
        assert {urlsplit(url).netloc for url in walk.asked} == {urlsplit(u).netloc for u in (sandbox.endpoint, app.url)}


def test_the_keyboard_is_enough(browser: Any, sandbox: Sandbox, app: App) -> None:
    with Walk(browser) as walk:
        page = walk.page
        page.goto(link(sandbox))
        order = []
        for _ in range(4):
            page.keyboard.press("Tab")
            order.append(walk.focused())
        assert order == ["Robin Reyes", "Kim Sato", "Amara Okafor", "Jonas Weber"], "as they stand on the page"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "the focus is seen"
        page.keyboard.press("Enter")
        page.get_by_text("Error Code: SPDC8143").wait_for()
        page.keyboard.press("Tab")
        assert walk.focused() == "Sign out"
        page.keyboard.press("Enter")
        walk.button("Robin Reyes").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        walk.button("Confirm").wait_for()
        order = []
        for _ in range(3):
            page.keyboard.press("Tab")
            order.append(walk.focused())
        assert order == ["Sign out", "Confirm", "Cancel"]
        page.keyboard.press("Enter")
        page.wait_for_url(f"{app.url}/**")
        ((_, given, _),) = app.seen
        assert given == {"error": "access_denied", "error_description": "Access denied", "state": STATE}


def test_the_appstores_road(browser: Any, sandbox: Sandbox, app: App) -> None:
    with Walk(browser, width=360) as walk:
        page = walk.page
        page.goto(f"{sandbox.endpoint}/apps/store/dp/{sandbox.application_id}")
        assert walk.fits()
        page.get_by_role("link", name="Authorize now").click()
        walk.button("Robin Reyes").click()
        walk.button("Confirm").click()
        page.wait_for_url(f"{app.callback}**")
        assert [path for path, _, _ in app.seen] == ["/login", "/callback"]
        assert app.seen[0][1]["selling_partner_id"] == sandbox.merchant_id
        given = app.seen[1][1]
        assert given["state"] == STATE
        assert tokens(sandbox, given, redirect_uri=app.callback)["token_type"] == "bearer"
        assert walk.complaints == []


def test_a_person_comes_back_with_the_back_button(browser: Any, sandbox: Sandbox, app: App) -> None:
    with Walk(browser) as walk:
        page = walk.page
        page.goto(link(sandbox))
        walk.button("Robin Reyes").click()
        walk.button("Confirm").click()
        page.wait_for_url(f"{app.callback}**")
        page.go_back()
        assert walk.button("Confirm").is_visible()
        walk.button("Confirm").click()
        page.wait_for_url(f"{app.callback}**")
        codes = [given["spapi_oauth_code"] for _, given, _ in app.seen]
        assert len(set(codes)) == 2, "the page was asked for anew, and asks anew"


MEND: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "MD1000": ({"state": "Draft"}, {"state": "Published"}),
    "CONSENT_LIMIT_REACHED": ({"listed": False}, {"listed": True}),
}


@pytest.mark.parametrize("code", MEND)
def test_an_error_page_shows_its_code_and_goes_away(browser: Any, sandbox: Sandbox, code: str) -> None:
    wrong, right = MEND[code]
    sandbox.stage.set_application(**wrong)
    sandbox.stage.authorized_by_others(25)
    with Walk(browser, width=360) as walk:
        page = walk.page
        page.goto(link(sandbox))
        assert walk.fits(), "a long list of accounts fits too"
        walk.button("Robin Reyes").first.click()
        assert page.get_by_text(f"Error Code: {code}").is_visible()
        assert walk.fits()
        sandbox.stage.set_application(**right)
        page.reload()
        assert walk.button("Confirm").is_visible()


STRUCTURE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  return {
    lang: document.documentElement.lang,
    headings: all('h1').length,
    landmarks: ['header', 'main', 'footer'].map((name) => all(name).length),
    nameless: all('button, a, input:not([type=hidden])').filter((e) => !e.innerText.trim()).length,
    small: all('button:not(.link), a').filter((e) => e.getBoundingClientRect().height < 44).length,
    inline: all('[style], style, script, img, iframe, link:not([rel=stylesheet])').length,
  };
}"""
CONTRAST = """() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour[3] > 0) return colour;
    }
    return [255, 255, 255, 1];
  };
  const ratio = (e) => {
    const a = light(parse(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e).slice(0, 3));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const hasText = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  return [...document.querySelectorAll('body *')].filter(hasText)
    .map((e) => [ratio(e), e.innerText.slice(0, 40)]).filter(([found]) => found < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_the_pages(browser: Any, sandbox: Sandbox, scheme: str) -> None:
    with Walk(browser, scheme=scheme, script=True) as walk:
        page = walk.page

        def check() -> None:
            found = page.evaluate(STRUCTURE)
            assert found == {
                "lang": "en", "headings": 1, "landmarks": [1, 1, 1], "nameless": 0, "small": 0, "inline": 0,
            }  # fmt: skip
            assert page.evaluate(CONTRAST) == [], "WCAG 2.2 AA: 4.5 to 1 for text"

        page.goto(f"{sandbox.endpoint}/apps/store/dp/{sandbox.application_id}")
        check()
        page.goto(link(sandbox))
        check()
        walk.button("Robin Reyes").click()
        check()
        page.goto(link(sandbox, version="beta"))
        assert page.get_by_text("Error Code: MD1000").is_visible()
        check()
        assert walk.complaints == [] or all("400" in text for text in walk.complaints)
