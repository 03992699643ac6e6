"""From the application's link to tokens: what a person sees on the way, and what the application gets."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import httpx2
import pytest
from consent_browser import CALLBACK, LOGIN_URI, STATE, Browser, asked, exchange, given, link, user, why

from recoup.sandbox.consent.settings import ConsentSettings
from recoup.sandbox.serving import Sandbox, running
from recoup.sandbox.settings import SandboxSettings

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments?status=ACCEPTED"


def confirmed(sandbox: Sandbox, browser: Browser, **query: str) -> httpx2.Response:
    return browser.press(browser.sign_in(link(sandbox, **query), user(sandbox)), decision="confirm")


def test_the_whole_way() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        assert sandbox.consent_url == f"{sandbox.endpoint}/apps/authorize/consent"
        assert sandbox.application_id.startswith("amzn1.sp.solution.")
        page = browser.sign_in(link(sandbox), user(sandbox))
        assert asked(page)
        for said in ("Sandbox Connector", sandbox.merchant_id, "Direct-to-Consumer Shipping", "Robin Reyes"):
            assert said in page.text
        answer = browser.press(page, decision="confirm")
        assert answer.headers["location"].startswith(f"{CALLBACK}?")
        back = given(answer)
        assert set(back) == {"spapi_oauth_code", "state", "selling_partner_id"}
        assert (back["state"], back["selling_partner_id"]) == (STATE, sandbox.merchant_id)

        tokens = exchange(sandbox, back["spapi_oauth_code"]).json()
        assert tokens["refresh_token"] != sandbox.refresh_token
        assert httpx2.get(
            sandbox.endpoint + SHIPMENTS, headers={"x-amz-access-token": tokens["access_token"]}
        ).is_success
        assert exchange(sandbox, back["spapi_oauth_code"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "state",
    ["x", "with blank", "plus+", "a&b=c", "ü€😀", "%2Fencoded", "#hash", "'\"<script>", "a" * 2000, "\n\t", "\x00"],
)
def test_the_state_comes_back_as_it_was_sent(state: str) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        assert given(confirmed(sandbox, browser, state=state))["state"] == state


def test_bytes_in_the_state_that_are_no_text_come_back_too() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        target = f"{link(sandbox, state='-')}&state=%FF%FEx"
        answer = browser.press(browser.sign_in(target, user(sandbox)), decision="confirm")
        assert "state=%FF%FEx&" in answer.headers["location"]


def test_cancel_leads_back_without_a_code() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        answer = browser.press(browser.sign_in(link(sandbox), user(sandbox)), decision="cancel")
        assert given(answer) == {"error": "access_denied", "error_description": "Access denied", "state": STATE}
        assert answer.headers["location"].startswith(f"{CALLBACK}?")
        assert why(sandbox, answer)["fault"] == "lwa-access-denied"


def test_cancel_may_end_on_a_page() -> None:
    settings = SandboxSettings(consent=ConsentSettings(cancel_redirects=False))
    with running(seed=1, settings=settings) as sandbox, Browser(sandbox) as browser:
        answer = browser.press(browser.sign_in(link(sandbox), user(sandbox)), decision="cancel")
        assert answer.status_code == 200
        assert "Not authorized" in answer.text


def test_a_registered_query_is_kept_and_added_to() -> None:
    uri = f"{CALLBACK}?tenant=7&x=%2F"
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        sandbox.stage.edit_application(redirect_uris=(uri,))
        sandbox.stage.publish_application()
        location = confirmed(sandbox, browser, redirect_uri=uri).headers["location"]
        assert location.startswith(f"{uri}&spapi_oauth_code=")
        assert urlsplit(location).fragment == ""


def test_a_code_of_a_named_redirect_uri_is_exchanged_with_it() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        code = given(confirmed(sandbox, browser, redirect_uri=CALLBACK))["spapi_oauth_code"]
        assert exchange(sandbox, code).json()["error"] == "invalid_grant"
        assert exchange(sandbox, code, redirect_uri=CALLBACK).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status"), [({}, 200), ({"redirect_uri": CALLBACK}, 200), ({"redirect_uri": CALLBACK + "/"}, 400)]
)
def test_a_code_of_the_default_redirect_uri_is_exchanged_with_that_or_none(fields: dict[str, str], status: int) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        code = given(confirmed(sandbox, browser))["spapi_oauth_code"]
        assert exchange(sandbox, code, **fields).status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 400)])
def test_a_code_lives_for_five_minutes(seconds: float, status: int) -> None:
    with running(seed=1, clock="frozen") as sandbox, Browser(sandbox) as browser:
        code = given(confirmed(sandbox, browser))["spapi_oauth_code"]
        sandbox.clock.advance(seconds)
        assert exchange(sandbox, code).status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(599, 302), (600, 400), (3600, 303)])
def test_a_person_has_ten_minutes(seconds: float, status: int) -> None:
    with running(seed=1, clock="frozen") as sandbox, Browser(sandbox) as browser:
        page = browser.sign_in(link(sandbox), user(sandbox))
        sandbox.clock.advance(seconds)
        assert browser.press(page, decision="confirm").status_code == status


def test_a_draft_is_authorized_with_its_draft_copy() -> None:
    uri = "http://localhost:8000/back"
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        sandbox.stage.set_application(state="Draft", name="Parcel & Co <beta>")
        sandbox.stage.edit_application(redirect_uris=(uri,))
        page = browser.sign_in(link(sandbox, version="beta"), user(sandbox))
        assert "Parcel &amp; Co &lt;beta&gt;" in page.text
        assert ">draft<" in page.text
        assert browser.press(page, decision="confirm").headers["location"].startswith(f"{uri}?")


def test_a_vendor_consents_too() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        vendor = sandbox.stage.add_partner(entity="vendor")["merchant_id"]
        page = browser.sign_in(link(sandbox), user(sandbox, merchant_id=vendor))
        assert "Vendor Central" in page.text
        assert given(browser.press(page, decision="confirm"))["selling_partner_id"] == vendor


def test_every_region_has_its_central_and_its_accounts() -> None:
    with running(seed=1) as sandbox, Browser(sandbox, region="EU") as browser:
        other = sandbox.stage.add_partner(region="EU")["merchant_id"]
        picker = browser.follow(browser.get(link(sandbox)))
        assert other in picker.text
        assert sandbox.merchant_id not in picker.text
        assert browser.press(picker, user=user(sandbox)).status_code == 400
        picker = browser.follow(browser.get(link(sandbox)))
        page = browser.follow(browser.press(picker, user=user(sandbox, merchant_id=other)))
        assert given(browser.press(page, decision="confirm"))["selling_partner_id"] == other


def test_a_role_that_is_added_later_needs_another_consent() -> None:
    with running(seed=1) as sandbox:
        sandbox.stage.drop_role("direct-to-consumer-shipping")
        statuses = []
        for _ in range(2):
            with Browser(sandbox) as browser:
                code = given(confirmed(sandbox, browser))["spapi_oauth_code"]
            token = exchange(sandbox, code).json()["access_token"]
            sandbox.stage.add_role("direct-to-consumer-shipping")
            answer = httpx2.get(sandbox.endpoint + SHIPMENTS, headers={"x-amz-access-token": token})
            statuses.append(answer.status_code)
        assert statuses == [403, 200]


def appstore(sandbox: Sandbox, browser: Browser, *, beta: bool = False) -> httpx2.Response:
    """Up to the application's login URI."""
    more = "?version=beta" if beta else ""
    shop = browser.get(f"/apps/store/dp/{sandbox.application_id}{more}")
    assert f'href="/apps/store/authorize/{sandbox.application_id}{more}"' in shop.text
    page = browser.sign_in(f"/apps/store/authorize/{sandbox.application_id}{more}", user(sandbox))
    return browser.press(page, decision="confirm")


@pytest.mark.parametrize("beta", [False, True])
def test_the_appstores_road(beta: bool) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        if beta:
            sandbox.stage.set_application(state="Draft")
        answer = appstore(sandbox, browser, beta=beta)
        assert answer.headers["location"].startswith(f"{LOGIN_URI}?")
        asked_of_app = given(answer)
        assert asked_of_app["selling_partner_id"] == sandbox.merchant_id
        assert asked_of_app.get("version") == ("beta" if beta else None)
        back = asked_of_app["amazon_callback_uri"]
        assert back == f"{sandbox.endpoint}/apps/authorize/confirm/{sandbox.application_id}"
        target = urlsplit(back).path
        fields = {"amazon_state": asked_of_app["amazon_state"], "state": STATE, "redirect_uri": CALLBACK}
        query = urlencode(fields | ({"version": "beta"} if beta else {}))
        ended = browser.get(f"{target}?{query}")
        code = given(ended)["spapi_oauth_code"]
        assert given(ended)["state"] == STATE
        assert exchange(sandbox, code, redirect_uri=CALLBACK).status_code == 200
        assert browser.get(f"{target}?{query}").status_code == 400, "amazon_state is good for once"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("state=x", "unknown or too old"),
        ("amazon_state=00&state=x", "unknown or too old"),
        ("amazon_state={}", "lacks its state"),
        ("amazon_state={}&state=x&redirect_uri=https%3A%2F%2Fevil.example%2F", "MD5101"),
        ("amazon_state={}&state=x&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%23f", "MD5110"),
        ("amazon_state={}&state=x&version=beta", "MD1000"),
    ],
)
def test_what_the_appstores_road_refuses_on_the_way_back(query: str, says: str) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        state = given(appstore(sandbox, browser))["amazon_state"]
        target = f"/apps/authorize/confirm/{sandbox.application_id}"
        page = browser.get(f"{target}?{query.format(state)}")
        assert page.status_code == 400
        assert says in page.text
        assert browser.get(f"{target}?amazon_state={state}&state=x").status_code == 302, "nothing was used up"


def test_an_amazon_state_belongs_to_one_person_and_to_five_minutes() -> None:
    with running(seed=1, clock="frozen") as sandbox, Browser(sandbox) as browser, Browser(sandbox) as other:
        state = given(appstore(sandbox, browser))["amazon_state"]
        target = f"/apps/authorize/confirm/{sandbox.application_id}?amazon_state={state}&state=x"
        assert other.sign_in(target, user(sandbox, primary=False)).status_code == 400
        sandbox.clock.advance(300)
        assert browser.get(target).status_code == 400


def test_the_appstores_road_needs_a_login_uri() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        sandbox.stage.edit_application(login_uri="")
        sandbox.stage.publish_application()
        page = browser.sign_in(f"/apps/store/authorize/{sandbox.application_id}", user(sandbox))
        assert "MD9100" in page.text
        assert asked(browser.get(link(sandbox))), "the website's road does not"
