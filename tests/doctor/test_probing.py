"""A probe against the sandbox: for each tie, worlds in which one or the other cause holds, and it finds which.

What the answer tells of the cause is taken away from it first, as many clients do: the body says what all the rivals
say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx2
import msgspec
import pytest

from recoup.doctor.patient import Patient
from recoup.doctor.probing.case import case_of
from recoup.doctor.probing.course import Course
from recoup.doctor.sending import over_httpx2
from recoup.errors import SettingsError
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.recovery.advice import diagnose
from recoup.sandbox import running
from recoup.sandbox.serving import Sandbox

DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
CUT = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied."}]}'
INVALID = b'{"errors":[{"code":"InvalidInput","message":"Invalid Input","details":""}]}'
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments?status=ACCEPTED"
ORDERS = "/orders/2026-01-01/orders"
SINCE = "createdAfter=2020-01-01T00%3A00%3A00Z"
REPORTS = "/reports/2021-06-30/reports"
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
BRAZIL, CANADA = "A2Q3Y263D00KWC", "A2EUQ1WTGCTBG2"


class Call(NamedTuple):
    """What was refused: path and query, the token that was sent (None: a fresh one), the region, whose token it is."""

    path: str
    token: str | None = None
    region: str = "NA"
    body: bytes | None = None  # what the client left of the answer's body
    status: int | None = None  # another one than the sandbox's: both were seen of Amazon
    refresh_token: str | None = None
    other_seller: bool = False


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1, clock="frozen") as sandbox:
        yield sandbox


def token(sandbox: Sandbox, **form: str) -> str:
    given = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    given |= form or {"refresh_token": sandbox.refresh_token}
    given.setdefault("grant_type", "refresh_token" if "refresh_token" in given else "client_credentials")
    return str(httpx2.post(sandbox.token_url, data=given).json()["access_token"])


def post(sandbox: Sandbox, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"x-amz-access-token": token(sandbox), "User-Agent": "test/1"}
    answer = httpx2.post(sandbox.endpoint + path, json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return dict(answer.json())


# -- the worlds -----------------------------------------------------------------------------------------------------


def no_role(sandbox: Sandbox) -> Call:
    sandbox.stage.drop_role("direct-to-consumer-shipping")
    return Call(SHIPMENTS)


def suspended(sandbox: Sandbox) -> Call:
    sandbox.stage.deactivate_account()
    return Call(SHIPMENTS, other_seller=True)


def a_vendor(sandbox: Sandbox) -> Call:
    vendor = sandbox.stage.add_partner("vendor")["refresh_token"]
    return Call(SHIPMENTS, token=token(sandbox, refresh_token=vendor), refresh_token=vendor)


def not_offered_in_brazil(sandbox: Sandbox) -> Call:
    sandbox.stage.offer_api("orders", BRAZIL, version="2026-01-01", offered=False)
    return Call(f"{ORDERS}?{SINCE}&marketplaceIds={BRAZIL}")


def another_region(sandbox: Sandbox) -> Call:
    return Call(PARTICIPATIONS, region="EU", body=DENIED)


def a_revoked_token(sandbox: Sandbox) -> Call:
    old = token(sandbox)
    sandbox.stage.revoke_access_tokens()
    return Call(SHIPMENTS, token=old, body=CUT)


def a_grantless_token(sandbox: Sandbox) -> Call:
    return Call(PARTICIPATIONS, token=token(sandbox, scope="sellingpartnerapi::notifications"))


def a_restricted_token_for_another_path(sandbox: Sandbox) -> Call:
    made = {"restrictedResources": [{"method": "GET", "path": PARTICIPATIONS}]}
    restricted = post(sandbox, "/tokens/2021-03-01/restrictedDataToken", made)["restrictedDataToken"]
    return Call(f"{ORDERS}?{SINCE}", token=restricted)


def an_inactive_account(sandbox: Sandbox) -> Call:
    sandbox.stage.inactivate_account()
    return Call(PARTICIPATIONS)


def an_order_id_of_nobody(sandbox: Sandbox) -> Call:
    return Call(f"{ORDERS}/902-1234567-1234567", body=INVALID, status=400)


def listing(sandbox: Sandbox, sku: str) -> str:
    return f"/listings/2021-08-01/items/{sandbox.merchant_id}/{sku}?marketplaceIds={sandbox.marketplace_id}"


NOT_FOUND = b'{"errors":[{"code":"NotFound","message":"The requested resource doesn\'t exist.","details":""}]}'


def only_in_canada(sandbox: Sandbox) -> Call:
    sandbox.stage.add_listing("ONLY-IN-CANADA", CANADA)
    return Call(listing(sandbox, "ONLY-IN-CANADA"), body=NOT_FOUND)


def in_small_letters(sandbox: Sandbox) -> Call:
    return Call(listing(sandbox, "sandbox-sku-1"), body=NOT_FOUND)


def a_moment_ago(sandbox: Sandbox) -> Call:
    body = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [sandbox.marketplace_id]}
    return Call(f"{REPORTS}/{post(sandbox, REPORTS, body)['reportId']}")


WORLDS: tuple[tuple[Callable[[Sandbox], Call], str], ...] = (
    (no_role, "403-missing-role"),
    (suspended, "403-account-suspended"),
    (a_vendor, "403-wrong-account-kind"),
    (not_offered_in_brazil, "403-unsupported-marketplace"),
    (another_region, "403-region-mismatch"),
    (a_revoked_token, "403-expired-token"),
    (a_grantless_token, "other-grantless-required"),
    (a_restricted_token_for_another_path, "other-rdt-required"),
    (an_inactive_account, "400-inactive-account"),
    (an_order_id_of_nobody, "400-wrong-identifier"),
    (only_in_canada, "404-unavailable-id"),
    (in_small_letters, "404-mistyped-id"),
    (a_moment_ago, "404-premature-poll"),
)


def refused(sandbox: Sandbox, call: Call) -> Exchange:
    """The call as it was made, and its answer as its client shows it."""
    sent = token(sandbox) if call.token is None else call.token
    headers = {"User-Agent": "test/1 (Language=Python)", "Accept": "application/json"}
    headers |= {"x-amz-access-token": sent} if sent else {}
    answer = httpx2.get(sandbox.endpoints[call.region] + call.path, headers=headers)
    assert answer.status_code >= 400, answer.text
    request = Request(
        method="GET",
        url=str(answer.request.url),
        headers=Headers([(name, value) for name, value in answer.request.headers.raw]),
    )
    response = Response(
        status=call.status or answer.status_code,
        headers=Headers([(name, value) for name, value in answer.headers.raw]),
        body=answer.content if call.body is None else call.body,
    )
    return Exchange(request=request, response=response)


def patient(sandbox: Sandbox, call: Call, **more: Any) -> Patient:
    given = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": call.refresh_token or sandbox.refresh_token,
        "region": call.region,
        "endpoints": dict(sandbox.endpoints),
        "token_url": sandbox.token_url,
    }
    return Patient(**(given | more))


def taken(sandbox: Sandbox, call: Call, exchange: Exchange, sent: list[Request] | None = None) -> Course:
    """The whole course of a probe."""
    other = sandbox.stage.add_partner(marketplaces=(sandbox.marketplace_id,)) if call.other_seller else {}
    case = case_of(diagnose(exchange), patient(sandbox, call), other_seller=other.get("refresh_token"))
    with over_httpx2() as send:

        def noting(request: Request) -> Exchange:
            if sent is not None:
                sent.append(request)
            return send(request)

        course = Course(case, noting, now=sandbox.clock.now, sleep=sandbox.clock.advance)
        while (check := course.next()) is not None:
            course.make(check)
    return course


@pytest.mark.parametrize(("world", "fault"), WORLDS, ids=[world.__name__ for world, _ in WORLDS])
def test_a_probe_finds_the_cause_that_holds(sandbox: Sandbox, world: Callable[[Sandbox], Call], fault: str) -> None:
    call = world(sandbox)
    exchange = refused(sandbox, call)
    sent: list[Request] = []
    before = diagnose(exchange)
    assert fault in (before.tied or (before.id,))  # where the request shows the cause, it is known at once
    course = taken(sandbox, call, exchange, sent)
    assert (course.settled, course.diagnosis.id) == (True, fault), (course.diagnosis.tied, course.as_dict())
    assert course.diagnosis.decision is not None
    # Nothing but reads, token requests and requests for a restricted token, each as it was shown.
    for request in sent:
        assert request.method == "GET" or request.url.endswith(("/auth/o2/token", "/restrictedDataToken"))
    shown = [(ask.request.method, ask.request.url) for made in course.made for ask in made.check.asks]
    assert all((request.method, request.url) in shown for request in sent)


@pytest.mark.parametrize(("world", "fault"), WORLDS, ids=[world.__name__ for world, _ in WORLDS])
def test_a_course_as_data_holds_no_secret_and_is_the_same_each_time(
    sandbox: Sandbox, world: Callable[[Sandbox], Call], fault: str
) -> None:
    call = world(sandbox)
    exchange = refused(sandbox, call)
    sent: list[Request] = []
    text = msgspec.json.encode(taken(sandbox, call, exchange, sent).as_dict()).decode()
    secrets = {sandbox.client_secret, sandbox.refresh_token, call.refresh_token or sandbox.refresh_token}
    secrets |= {request.headers.get("x-amz-access-token") or sandbox.refresh_token for request in sent}
    assert not [secret for secret in secrets if secret in text]
    again = diagnose(exchange)
    assert again.tied == diagnose(exchange).tied


def test_what_is_personal_in_a_request_is_masked_in_what_is_told_of_it() -> None:
    url = f"https://sellingpartnerapi-na.amazon.com{ORDERS}?{SINCE}&BuyerEmail=joe.buyer%40mail.example"
    exchange = Exchange(request=Request(method="GET", url=url), response=Response(status=403, body=CUT))
    case = case_of(diagnose(exchange), Patient(client_id="c", client_secret="s", refresh_token="r"))
    body = b'{"access_token":"Atza|x","token_type":"bearer","expires_in":3600}'
    course = Course(
        case, lambda asked: Exchange(request=asked, response=Response(status=200, body=body)), now=lambda: 1.8e9,
        sleep=lambda seconds: None,
    )  # fmt: skip
    while (check := course.next()) is not None:
        course.make(check)
    text = msgspec.json.encode(course.as_dict()).decode()
    assert "BuyerEmail" in text
    assert "joe.buyer" not in text


def test_what_is_left_can_be_told_by_hand(sandbox: Sandbox) -> None:
    call = suspended(sandbox)._replace(other_seller=False)
    course = taken(sandbox, call, refused(sandbox, call))
    assert not course.settled
    assert {each.fault.id for each in course.left()} == {"403-account-suspended", "other-dev-account-pending"}
    pending = next(each for each in course.left() if each.fault.id == "other-dev-account-pending")
    course.answer(pending, yes=False)
    assert (course.settled, course.diagnosis.id) == (True, "403-account-suspended")
    assert "published" in " ".join(course.disproved()["other-dev-account-pending"].split())


def test_who_is_not_known_to_somebody_leaves_it_open(sandbox: Sandbox) -> None:
    call = suspended(sandbox)._replace(other_seller=False)
    course = taken(sandbox, call, refused(sandbox, call))
    before = course.diagnosis.tied
    for each in course.left():
        course.answer(each, yes=None)
    assert (course.diagnosis.tied, course.unanswered()) == (before, None)
    assert len(course.left()) == len(before)


def test_credentials_that_login_with_amazon_refuses_end_the_course(sandbox: Sandbox) -> None:
    call = no_role(sandbox)
    exchange = refused(sandbox, call)
    sandbox.stage.revoke_authorization()
    sent: list[Request] = []
    course = taken(sandbox, call, exchange, sent)
    assert course.known.login is not None
    assert course.known.login.id == "lwa-invalid-grant"
    assert len(sent) == 1
    assert not course.settled


@pytest.mark.parametrize(
    ("method", "url", "why"),
    [
        ("POST", "https://sellingpartnerapi-na.amazon.com/reports/2021-06-30/reports", "may change something"),
        ("PUT", "https://sellingpartnerapi-na.amazon.com/listings/2021-08-01/items/A/B", "may change something"),
        ("", "https://sellingpartnerapi-na.amazon.com/reports/2021-06-30/reports", "the method"),
        ("GET", "https://sellingpartnerapi-na.amazon.com/orders/v0/orders/{orderId}", "masked or left out"),
        ("GET", "https://sellingpartnerapi-na.amazon.com/orders/v0/orders/<redacted>", "masked or left out"),
        ("GET", "https://sellingpartnerapi-na.amazon.com/orders/v0/orders?NextToken=abc", "further page"),
        ("GET", "https://api.amazon.com/auth/o2/token", "Login with Amazon"),
        ("GET", "https://sellingpartnerapi-na.amazon.com/orders/v0/orders/a b", "not one that can be sent"),
        ("GET", "https://sellingpartnerapi-na.amazon.com//evil.example/x", "not one that can be sent"),
        ("GET", "https://sellingpartnerapi-na.amazon.com/x\r\nHost: evil", "not one that can be sent"),
    ],
)
def test_a_request_that_might_write_or_is_not_whole_is_never_sent_again(method: str, url: str, why: str) -> None:
    diagnosis = diagnose(Exchange(request=Request(method=method, url=url), response=Response(status=403, body=DENIED)))
    who = Patient(client_id="c", client_secret="s", refresh_token="r")
    case = case_of(diagnosis, who)
    assert case.target is None
    assert why in case.why_not
    course = Course(case, lambda request: Exchange(request=request), now=lambda: 1.8e9, sleep=lambda seconds: None)
    path = url.partition(".com")[2]
    while (check := course.next()) is not None:
        assert not [ask for ask in check.asks if ask.request.method == "GET" and ask.request.url.endswith(path)]
        course.make(check)


@pytest.mark.parametrize(
    ("path", "target"),
    [(PARTICIPATIONS, PARTICIPATIONS), (REPORTS, None), ("/nothing/v1/known", None)],
)
def test_a_url_that_can_only_be_read_needs_no_method(path: str, target: str | None) -> None:
    request = Request(method="", url=f"https://sellingpartnerapi-na.amazon.com{path}")
    diagnosis = diagnose(Exchange(request=request, response=Response(status=403, body=DENIED)))
    case = case_of(diagnosis, Patient(client_id="c", client_secret="s", refresh_token="r"))
    assert case.target == target


def test_an_answer_that_decides_nothing_rules_nothing_out() -> None:
    request = Request(method="GET", url=f"https://sellingpartnerapi-na.amazon.com{PARTICIPATIONS}")
    exchange = Exchange(request=request, response=Response(status=403, body=DENIED))
    case = case_of(diagnose(exchange), Patient(client_id="c", client_secret="s", refresh_token="r"))

    def send(asked: Request) -> Exchange:
        if asked.url.endswith("/auth/o2/token"):
            body = b'{"access_token":"Atza|x","token_type":"bearer","expires_in":3600}'
            return Exchange(request=asked, response=Response(status=200, body=body))
        return Exchange(request=asked, response=Response(status=429, body=b"{}"))

    course = Course(case, send, now=lambda: 1.8e9, sleep=lambda seconds: None)
    left = course.diagnosis.tied
    while (check := course.next()) is not None:
        assert course.make(check).told == ()
    assert course.diagnosis.tied == left


def test_only_hosts_of_amazon_and_this_machine_are_called() -> None:
    with pytest.raises(SettingsError, match="refused"):
        Patient(client_id="c", client_secret="s", refresh_token="r", endpoints={"NA": "https://evil.example"})
    with pytest.raises(SettingsError, match="no URL is given for EU"):
        Patient(
            client_id="c", client_secret="s", refresh_token="r", region="EU", endpoints={"NA": "http://127.0.0.1:1"}
        )


def test_a_request_to_the_static_sandbox_is_looked_at_and_nothing_is_sent() -> None:
    request = Request(method="GET", url=f"https://sandbox.sellingpartnerapi-na.amazon.com{PARTICIPATIONS}")
    exchange = Exchange(request=request, response=Response(status=403, body=DENIED))
    case = case_of(diagnose(exchange), Patient(client_id="c", client_secret="s", refresh_token="r"))
    course = Course(case, lambda asked: Exchange(request=asked), now=lambda: 1.8e9, sleep=lambda seconds: None)
    assert course.next() is None
