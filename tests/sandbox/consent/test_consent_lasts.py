"""Consents, codes and people who are signed in last over a restart, and nobody else's cookies are written down."""

from __future__ import annotations

from pathlib import Path

from consent_browser import Browser, asked, exchange, given, link, user

from recoup.sandbox.serving import running


def test_a_consent_goes_on_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state"
    with running(seed=1, clock="frozen", state=file) as sandbox, Browser(sandbox) as browser:
        browser._client.cookies.set("other-program", "its secret")
        sandbox.stage.edit_application(redirect_uris=("https://app.example/callback", "https://app.example/new"))
        sandbox.stage.publish_application()
        first = browser.press(browser.sign_in(link(sandbox), user(sandbox)), decision="confirm")
        code = given(first)["spapi_oauth_code"]
        waiting = browser.get(link(sandbox, redirect_uri="https://app.example/new"))
        assert asked(waiting)
        cookies = dict(browser._client.cookies)
    assert "its secret" not in file.read_text(encoding="latin-1")

    with running(clock="frozen", state=file) as sandbox, Browser(sandbox) as browser:
        assert exchange(sandbox, code).status_code == 200
        for name, value in cookies.items():
            browser._client.cookies.set(name, value)
        assert given(browser.press(waiting, decision="confirm"))["selling_partner_id"] == sandbox.merchant_id
