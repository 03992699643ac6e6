"""What the pages must never do: lead elsewhere, act without the person's own click, show what was not escaped."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from consent_browser import CALLBACK, Browser, asked, given, hidden, link, user

from recoup.sandbox.consent.addresses import local, registrable
from recoup.sandbox.serving import running

FORM = "application/x-www-form-urlencoded"
SAYS = r"address|host|https|blanks"


@pytest.mark.parametrize("kind", ["sign-in", "consent", "error", "notice", "shop"])
def test_every_page_has_the_headers_that_guard_it(kind: str) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        page = browser.follow(browser.get(link(sandbox)))
        if kind != "sign-in":
            page = browser.follow(browser.press(page, user=user(sandbox, primary=kind != "error")))
        if kind == "notice":
            page = browser.get("/apps/authorize/nothing")
        if kind == "shop":
            page = browser.get(f"/apps/store/dp/{sandbox.application_id}")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        assert "frame-ancestors 'none'" in policy
        assert "<script" not in page.text
        assert "style=" not in page.text, "the policy lets no style through but the file's"
        assert len(page.content) < 5000, "a person can read the source"
        assert browser.get("/apps/authorize/page.css").headers["content-type"] == "text/css; charset=utf-8"


def test_redirections_say_nothing_of_where_they_come_from() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        answer = browser.press(browser.sign_in(link(sandbox), user(sandbox)), decision="confirm")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.content == b""


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_changes_at_sign_in() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        picker = browser.follow(browser.get(link(sandbox)))
        before = picker.headers["set-cookie"]
        after = browser.press(picker, user=user(sandbox)).headers["set-cookie"]
        for cookie in (before, after):
            assert re.fullmatch(r"sandbox-session=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Lax", cookie)
        assert before != after
        with Browser(sandbox) as thief:
            thief._client.cookies.set("sandbox-session", before.split(";")[0].partition("=")[2])
            assert thief.get(link(sandbox)).status_code == 302, "the first cookie is nobody's any more"


@pytest.mark.parametrize("token", ["", "0" * 32, "ü", None])
@pytest.mark.parametrize("decision", ["confirm", "cancel"])
def test_a_form_without_the_sessions_token_does_nothing(token: str | None, decision: str) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        page = browser.sign_in(link(sandbox), user(sandbox))
        fields = {"decision": decision} | ({} if token is None else {"anti_forgery": token})
        answer = browser.post(link(sandbox), fields)
        assert answer.status_code == 403
        assert "location" not in answer.headers
        assert given(browser.press(page, decision="confirm"))["spapi_oauth_code"]


def test_a_token_of_another_browser_is_no_token() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser, Browser(sandbox) as other:
        page = browser.sign_in(link(sandbox), user(sandbox))
        other.sign_in(link(sandbox), user(sandbox))
        assert other.post(link(sandbox), hidden(page.text) | {"decision": "confirm"}).status_code == 403


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 302)])
def test_a_form_that_another_site_sends_is_refused(site: str, status: int) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        page = browser.sign_in(link(sandbox), user(sandbox))
        fields = hidden(page.text) | {"decision": "confirm"}
        assert browser.post(link(sandbox), fields, **{"sec-fetch-site": site}).status_code == status


def test_a_page_confirms_once() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        page = browser.sign_in(link(sandbox), user(sandbox))
        assert browser.press(page, decision="confirm").status_code == 302
        assert browser.press(page, decision="confirm").status_code == 400


def test_what_was_shown_is_what_is_confirmed() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        page = browser.sign_in(link(sandbox), user(sandbox))
        sandbox.stage.edit_application(entities=("vendor",))
        sandbox.stage.publish_application()
        assert "SPSA0404" in browser.press(page, decision="confirm").text
        other = browser.post(link(sandbox, state="other"), hidden(page.text) | {"decision": "confirm"})
        assert other.status_code == 400, "that consent was never shown"


def test_signing_out_ends_the_session() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        page = browser.sign_in(link(sandbox), user(sandbox))
        out = browser.post("/ap/signout", hidden(page.text))
        assert out.status_code == 303
        assert "Max-Age=0" in out.headers["set-cookie"]
        assert browser.press(page, decision="confirm").headers["location"].startswith("/ap/signin?")
        assert browser.post("/ap/signout", {"anti_forgery": "x"}).status_code == 403


def test_a_session_lasts_an_hour() -> None:
    with running(seed=1, clock="frozen") as sandbox, Browser(sandbox) as browser:
        assert asked(browser.sign_in(link(sandbox), user(sandbox)))
        sandbox.clock.advance(3599)
        assert asked(browser.get(link(sandbox)))
        sandbox.clock.advance(1)
        assert browser.get(link(sandbox)).status_code == 302


ELSEWHERE = [
    "", "/", "//evil.example/apps/authorize/consent?", "https://evil.example/", "/apps/authorize/consent",
    "/apps/authorize/consent?a=\r\nSet-Cookie: x=1", "/apps/authorize/consent? ", "/apps/authorize/../../evil",
    "/apps/authorize/consent?" + "a" * 9000, "/apps/authorize/consent\\?x", "javascript:alert(1)", "/_sandbox/stage",
    "/ap/signin?x", "/apps/authorize/consent?ü", "\\\\evil.example/apps/authorize/consent?",
]  # fmt: skip


@pytest.mark.parametrize("back", ELSEWHERE)
def test_signing_in_leads_to_the_pages_and_nowhere_else(back: str) -> None:
    assert local(back) is None
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        picker = browser.follow(browser.get(link(sandbox)))
        assert browser.get(f"/ap/signin?openid.return_to={quote(back, safe='')}").status_code == 400
        fields = hidden(picker.text) | {"user": user(sandbox), "openid.return_to": back}
        answer = browser.post("/ap/signin", fields)
        assert answer.status_code == 400
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    "address",
    ["", "callback", "/callback", "http://app.example/x", "ftp://app.example", "https://", "https://u:p@app.example/",
     "https://app.example/a b", "https://app.example/\r\nx", "https://[", "https://app.example:port/", "javascript:x",
     "https://app.example/ü", "data:text/html,x", "https://app.example/" + "a" * 2000],
)  # fmt: skip
def test_what_the_console_takes_for_no_address(address: str) -> None:
    with pytest.raises(ValueError, match=SAYS):
        registrable(address)
    with running(seed=1) as sandbox:
        before = sandbox.stage.show_application()
        with pytest.raises(ValueError, match=SAYS):
            sandbox.stage.edit_application(redirect_uris=(CALLBACK, address), entities=())
        assert sandbox.stage.show_application() == before


@pytest.mark.parametrize(
    ("kind", "size", "status"), [("application/json", 2, 415), ("text/plain", 2, 415), (FORM, 70_000, 413)]
)
def test_only_a_small_form_is_read(kind: str, size: int, status: int) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        browser.sign_in(link(sandbox), user(sandbox))
        assert browser.raw("POST", link(sandbox), b"a" * size, kind).status_code == status


def test_a_link_without_state_is_refused() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        for state in ("-", ""):
            page = browser.get(link(sandbox, state=state))
            assert page.status_code == 400
            assert "state" in page.text


def test_nothing_is_put_into_a_page_unescaped() -> None:
    evil = '"><script>alert(1)</script>'
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        sandbox.stage.set_application(name=evil)
        sandbox.stage.add_user(evil, primary=True)
        picker = browser.follow(browser.get(link(sandbox, state=evil)))
        page = browser.follow(browser.press(picker, user=user(sandbox)))
        shop = browser.get(f"/apps/store/dp/{sandbox.application_id}?x={quote(evil)}")
        error = browser.get(link(sandbox, redirect_uri=evil))
        assert asked(page)
        for seen in (picker, page, shop, error):
            assert "<script" not in seen.text


@pytest.mark.parametrize(
    ("action", "arguments", "says"),
    [
        ("set_application", {"name": " "}, "has a name"),
        ("authorized_by_others", {"count": -1}, "from 0 to"),
        ("authorized_by_others", {"count": 100_000}, "from 0 to"),
        ("add_user", {"name": "", "primary": True}, "has a name"),
        ("add_user", {"name": "x", "merchant_id": "A0"}, "no selling partner"),
    ],
)
def test_a_wrong_argument_changes_nothing(action: str, arguments: dict[str, object], says: str) -> None:
    with running(seed=1) as sandbox:
        before = (sandbox.stage.show_application(), sandbox.stage.users())
        with pytest.raises(ValueError, match=says):
            getattr(sandbox.stage, action)(**arguments)
        assert (sandbox.stage.show_application(), sandbox.stage.users()) == before
