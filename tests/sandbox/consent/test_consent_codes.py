"""Each code of the consent page from its cause, and the same link with the cause mended: then a person is asked.

Causes and codes are those of "Resolve Common HTTP and Authorization Error Codes"; the order is what was observed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from consent_browser import CALLBACK, LOGIN_URI, Browser, asked, code_on, link, user, why

from recoup.sandbox.consent.settings import ConsentSettings
from recoup.sandbox.serving import Sandbox, running
from recoup.sandbox.settings import SandboxSettings

NEW = "https://app.example/new"
Step = Callable[[Sandbox], Any]


def nothing(_: Sandbox) -> None:
    """The link is what is wrong, or what is right."""


def edit(**changes: Any) -> Step:
    return lambda s: s.stage.edit_application(**changes)


def edit_and_publish(**changes: Any) -> Step:
    def act(s: Sandbox) -> None:
        s.stage.edit_application(**changes)
        s.stage.publish_application()

    return act


def change(**changes: Any) -> Step:
    return lambda s: s.stage.set_application(**changes)


def publish(s: Sandbox) -> None:
    s.stage.publish_application()


def both(*steps: Step) -> Step:
    def act(s: Sandbox) -> None:
        for step in steps:
            step(s)

    return act


def others(count: int, entity: str = "seller") -> Step:
    return lambda s: s.stage.authorized_by_others(count, entity=entity)


def withdraw_one(s: Sandbox) -> None:
    counted = [p["merchant_id"] for p in s.stage.users() if p["merchant_id"] != s.merchant_id]
    s.stage.revoke_authorization(counted[0])


BETA = {"version": "beta"}
ELSEWHERE = {"redirect_uri": NEW}
NO_ADDRESSES = edit_and_publish(redirect_uris=(), login_uri="")
ONE_ADDRESS = edit_and_publish(redirect_uris=(CALLBACK,))
NEW_ADDRESS = edit_and_publish(redirect_uris=(CALLBACK, NEW))
WITH_FRAGMENT = edit_and_publish(redirect_uris=(CALLBACK + "#x",))
BACK = {"redirect_uri": CALLBACK}
DRAFT = change(state="Draft")
UNLISTED = change(listed=False)

# code, what is wrong with the world, the link; what mends it, the link then.
CASES: dict[str, tuple[str, Step, dict[str, str], Step, dict[str, str]]] = {
    "a draft without version=beta": ("MD1000", DRAFT, {}, nothing, BETA),
    "a draft is published": ("MD1000", DRAFT, {}, publish, {}),
    "version=Beta is not version=beta": ("MD1000", DRAFT, {"version": "Beta"}, nothing, BETA),
    "a published application with version=beta": ("MD1000", nothing, BETA, nothing, {}),
    "an application_id that does not exist": ("MD1000", nothing, {"application_id": "amzn1.sp.0"}, nothing, {}),
    "no application_id": ("MD1000", nothing, {"application_id": "-"}, nothing, {}),
    "another redirect URI": ("MD5101", nothing, {"redirect_uri": NEW}, nothing, BACK),
    "another redirect URI, which is then registered": (
        "MD5101", nothing, ELSEWHERE, NEW_ADDRESS, ELSEWHERE,
    ),
    "one that is not published": (
        "MD5101", edit(redirect_uris=(CALLBACK, NEW)), ELSEWHERE, publish, ELSEWHERE,
    ),
    "a closing slash": ("MD5101", nothing, {"redirect_uri": CALLBACK + "/"}, nothing, BACK),
    "http in the place of https": ("MD5101", nothing, {"redirect_uri": "http://app.example/callback"}, nothing, BACK),
    "a capital letter": ("MD5101", nothing, {"redirect_uri": "https://APP.example/callback"}, nothing, BACK),
    "a query that is not registered": ("MD5101", nothing, {"redirect_uri": CALLBACK + "?a=1"}, nothing, BACK),
    "a script": ("MD5101", nothing, {"redirect_uri": "javascript:alert(1)"}, nothing, BACK),
    "a fragment": ("MD5110", nothing, {"redirect_uri": CALLBACK + "#/done"}, nothing, BACK),
    "an empty fragment": ("MD5110", nothing, {"redirect_uri": CALLBACK + "#"}, nothing, BACK),
    "a fragment in the console": (
        "MD5110", WITH_FRAGMENT, {}, ONE_ADDRESS, {},
    ),
    "no addresses at all": (
        "MD9100", NO_ADDRESSES, {},
        edit_and_publish(redirect_uris=(CALLBACK,), login_uri=LOGIN_URI), {},
    ),
    "no addresses, and a link that names one": (
        "MD9100", NO_ADDRESSES, BACK, ONE_ADDRESS, BACK,
    ),
    "no redirect URI and a link that names none": (
        "MD9100", edit_and_publish(redirect_uris=()), {}, ONE_ADDRESS, {},
    ),
    "addresses that are not published": (
        "MD9100", both(NO_ADDRESSES, edit(redirect_uris=(CALLBACK,))), {}, publish, {},
    ),
    "for vendors only": (
        "SPSA0404", edit_and_publish(entities=("vendor",)), {}, edit_and_publish(entities=("vendor", "seller")), {},
    ),
    "for nobody": ("SPSA0404", edit_and_publish(entities=()), {}, edit_and_publish(entities=("seller",)), {}),
    "25 sellers, and then it is listed": (
        "CONSENT_LIMIT_REACHED", both(UNLISTED, others(25)), {}, change(listed=True), {},
    ),
    "25 sellers, and then one withdraws": ("CONSENT_LIMIT_REACHED", both(UNLISTED, others(25)), {}, withdraw_one, {}),
    "25 sellers of a draft": (
        "CONSENT_LIMIT_REACHED", both(DRAFT, UNLISTED, others(25)), BETA, both(withdraw_one), BETA,
    ),
    "25 sellers, and a year passes": (
        "CONSENT_LIMIT_REACHED", both(UNLISTED, others(25)), {}, lambda s: s.clock.advance(366 * 86400), {},
    ),
    "10 accounts of a private application": (
        "CONSENT_LIMIT_REACHED",
        both(lambda s: s.stage.revoke_authorization(), change(kind="private"), others(10)), {}, withdraw_one, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_cause_shows_its_code_until_it_is_mended(case: str) -> None:
    code, wrong, before, mend, after = CASES[case]
    with running(seed=1, clock="frozen") as sandbox, Browser(sandbox) as browser:
        right = user(sandbox)
        wrong(sandbox)
        page = browser.get(link(sandbox, **before))
        if page.status_code == 302:  # the application is known: then a person signs in first
            page = browser.sign_in(link(sandbox, **before), right)
        assert code_on(page) == code
        assert page.status_code == 400
        assert "location" not in page.headers
        trail = why(sandbox, page)
        assert trail["fault"] == f"auth-{code}"
        assert str(trail["because"]) not in page.text

        mend(sandbox)
        page = browser.get(link(sandbox, **after))
        if page.status_code == 302:
            page = browser.sign_in(link(sandbox, **after), right)
        assert asked(page), page.text
        assert why(sandbox, page)["fault"] is None


def test_a_secondary_user_cannot_authorize_and_the_primary_user_can() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        page = browser.sign_in(link(sandbox), user(sandbox, primary=False))
        assert code_on(page) == "SPDC8143"
        picker = browser.follow(browser.press(page))  # the page's only form signs out
        assert asked(browser.follow(browser.press(picker, user=user(sandbox))))


@pytest.mark.parametrize(
    ("wrong", "primary", "query", "code"),
    [
        # Everything is wrong at once, and from line to line one thing less.
        (both(edit_and_publish(redirect_uris=(), login_uri="", entities=()), DRAFT), False, {}, "SPDC8143"),
        (both(edit_and_publish(redirect_uris=(), login_uri="", entities=()), DRAFT), True, {}, "MD9100"),
        (both(edit_and_publish(entities=()), DRAFT), True, {"redirect_uri": NEW + "#x"}, "MD1000"),
        (both(edit_and_publish(entities=()), DRAFT), True, {"redirect_uri": NEW + "#x", **BETA}, "MD5110"),
        (both(edit_and_publish(entities=()), DRAFT), True, {"redirect_uri": NEW, **BETA}, "MD5101"),
        (both(UNLISTED, others(25), edit_and_publish(entities=()), DRAFT), True, BETA, "SPSA0404"),
        (both(UNLISTED, others(25), DRAFT), True, BETA, "CONSENT_LIMIT_REACHED"),
        (both(UNLISTED, others(24), DRAFT), True, BETA, None),
    ],
)
def test_of_several_causes_the_first_in_order_shows(
    wrong: Step, primary: bool, query: dict[str, str], code: str | None
) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        who = user(sandbox, primary=primary)
        wrong(sandbox)
        page = browser.sign_in(link(sandbox, **query), who)
        assert code_on(page) == code
        assert asked(page) is (code is None)


@pytest.mark.parametrize(
    ("case", "world"),
    {
        "a listed application has no limit": others(40),
        "vendors have no limit": both(UNLISTED, others(40, "vendor")),
        "24 of 25": both(UNLISTED, others(24)),
        "self-authorizations do not count": both(UNLISTED, others(24), lambda s: s.stage.add_partner()),
        "9 of 10 of a private one": both(lambda s: s.stage.revoke_authorization(), change(kind="private"), others(9)),
    }.items(),
)
def test_where_no_limit_is_reached(case: str, world: Step) -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        who = user(sandbox)
        world(sandbox)
        assert asked(browser.sign_in(link(sandbox), who)), case


def test_whoever_is_counted_already_may_authorize_again() -> None:
    with running(seed=1) as sandbox, Browser(sandbox) as browser:
        UNLISTED(sandbox)
        counted = sandbox.stage.authorized_by_others(25)["merchant_ids"][7]
        assert asked(browser.sign_in(link(sandbox), user(sandbox, merchant_id=counted)))


def test_what_is_not_published_about_limits_is_a_setting() -> None:
    settings = SandboxSettings(consent=ConsentSettings(unlisted_sellers=1, beta_when_published=True))
    with running(seed=1, settings=settings) as sandbox, Browser(sandbox) as browser:
        assert asked(browser.sign_in(link(sandbox, **BETA), user(sandbox)))
        UNLISTED(sandbox)
        sandbox.stage.authorized_by_others(1)
        assert code_on(browser.get(link(sandbox))) == "CONSENT_LIMIT_REACHED"
