"""What is known of a request beside what lint finds in it: where it went, what it rules out, when it was sent."""

from __future__ import annotations

import pytest

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.engine import Engine, diagnose
from recoup.exchange import Exchange, Headers, Request, Response

EU = "https://sellingpartnerapi-eu.amazon.com"
ORDERS = "/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01T00:00:00Z"
DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
INVALID = b'{"errors":[{"code":"InvalidInput","message":"%s","details":""}]}'


def _seen(
    status: int, body: bytes, url: str, method: str = "GET", sent: str | None = None, **fields: str
) -> tuple[str | None, tuple[str, ...]]:
    headers = Headers({} if sent is None else {"Date": sent})
    request = Request(
        method=method, url=url, headers=Headers({name.replace("_", "-"): value for name, value in fields.items()})
    )
    found = diagnose(Exchange(request=request, response=Response(status=status, headers=headers, body=body)))
    return found.id, found.tied


# A removal that the tables know, by the day of the call.
@pytest.mark.parametrize(
    ("sent", "gone"),
    [
        (None, True),  # nobody says when; the removal had come when the tables were made
        ("Wed, 01 Jul 2026 10:00:00 GMT", True),
        ("Tue, 01 Mar 2022 10:00:00 GMT", False),  # it was alive then
    ],
)
def test_a_path_that_was_removed(sent: str | None, gone: bool) -> None:
    first, _ = _seen(403, DENIED, "/reports/2020-09-04/reports", "POST", sent)
    assert (first == "403-deprecated-endpoint") is gone


@pytest.mark.parametrize("host", ["http://127.0.0.1:8080", "http://localhost:8080", "https://proxy.example"])
def test_a_host_of_ones_own_stands_for_the_api(host: str) -> None:
    """A gateway, a proxy, a sandbox: what answers like the API is asked like the API."""
    first, tied = _seen(403, DENIED, f"{host}/ordres/v0/orders", x_amz_access_token="Atza|x")
    assert (first, tied) == ("403-wrong-path-or-version", ())


@pytest.mark.parametrize(
    ("url", "first"),
    [
        (EU + "/notifications/v1/destinations", "other-grantless-required"),
        (EU + "/sellers/v1/marketplaceParticipations", "403-missing-role"),
    ],
)
def test_an_operation_that_takes_a_grantless_token(url: str, first: str) -> None:
    assert _seen(403, DENIED, url)[0] == first


def test_the_page_that_is_asked_for_is_suspicious() -> None:
    body = INVALID % b"Invalid Input"
    assert _seen(400, body, EU + ORDERS + "&NextToken=abc")[0] == "400-invalid-next-token"
    assert _seen(400, body, EU + ORDERS)[0] != "400-invalid-next-token"


def test_a_message_that_is_an_id_alone() -> None:
    refused = INVALID % b"40fda35b-d253-4cf8-9f2f-84eb6962ee7b"
    assert _seen(400, refused, EU + "/mfn/v0/shipments", "POST")[0] == "400-wrong-identifier"
    told = INVALID % b"Offer 40fda35b-d253-4cf8-9f2f-84eb6962ee7b"
    assert _seen(400, told, EU + "/mfn/v0/shipments", "POST")[0] != "400-wrong-identifier"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"severity":"ERROR","code":"InternalServerError","message":"Something went wrong."}', "other-500-internal"),
        (b'{"severity":"ERROR","code":"BadRequest","message":"The plan forbids it."}', "other-validation-business"),
        (b'{"severity":"WARNING","code":"BadRequest","message":"The plan may not allow it."}', None),
        (b'{"code":"BadRequest","message":"The plan forbids it."}', None),
    ],
)  # fmt: skip
def test_a_problem_of_an_operation_that_was_taken_out_of_its_answer(body: bytes, fault: str | None) -> None:
    assert diagnose(Response(status=200, body=body)).id == fault


def test_a_shop_elsewhere_that_answers_like_nobody_is_no_api() -> None:
    page = Response(status=403, body=b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
    request = Request(method="GET", url="https://bucket.s3.amazonaws.com/no/such/operation")
    assert diagnose(Exchange(request=request, response=page)).id == "other-presigned-url-expired"


def test_what_was_weighed_is_remembered_and_nothing_of_it_is_told_of_another_call() -> None:
    engine = Engine(catalogue().values())
    response = Response(status=403, body=DENIED)

    def call(number: int, token: str) -> Exchange:
        url = f"{EU}/orders/v0/orders/902-{number}-5435065/orderItems"
        return Exchange(request=Request(method="GET", url=url, headers=Headers({token: "Atza|x"})), response=response)

    right = [engine.diagnose(call(1000000 + number, "x-amz-access-token")).faults for number in range(50)]
    assert all(each == right[0] for each in right)
    assert len(engine.index.weighings) == 1
    wrong = engine.diagnose(call(1000000, "x-amzn-access-token"))
    assert (wrong.id, wrong.tied) == ("403-missing-token", ())
    for number in range(600):
        body = DENIED.replace(b"denied.", b"denied. %d" % number)
        engine.diagnose(
            Exchange(request=call(1000000, "x-amz-access-token").request, response=Response(status=403, body=body))
        )
    assert len(engine.index.weighings) <= 512


def test_the_missing_body_of_a_head_says_nothing() -> None:
    """It never has one: only what the status means is left, whether the path is served or not."""
    _, tied = _seen(403, b"", EU + ORDERS, "HEAD")
    assert {"403-missing-role", "403-expired-token"} <= set(tied)
    assert _seen(403, b"", EU + "/ordres/v0/orders", "HEAD")[0] == "403-wrong-path-or-version"


EXPIRED = DENIED.replace(b'"details":""', b'"details":"The access token you provided has expired."')
REVOKED = DENIED.replace(
    b'"details":""', b'"details":"The access token you provided is revoked, malformed or invalid."'
)


@pytest.mark.parametrize(
    ("body", "token", "variant"),
    [
        (EXPIRED, "Atz.sprdt|abc", "restricted-token-expired"),
        (EXPIRED, "<restricted data token, 300 characters>", "restricted-token-expired"),
        (EXPIRED, "Atza|abc", "access-token-expired"),
        (EXPIRED, "", "access-token-expired"),
        (REVOKED, "Atz.sprdt|abc", "token-revoked"),
    ],
)
def test_a_restricted_data_token_that_has_expired(body: bytes, token: str, variant: str) -> None:
    request = Request(
        method="GET", url=EU + "/orders/v0/orders/1/address", headers=Headers({"x-amz-access-token": token})
    )
    found = diagnose(Exchange(request=request, response=Response(status=403, body=body)))
    assert found.best is not None
    assert found.best.variant is not None
    assert (found.id, found.best.variant.name) == ("403-expired-token", variant)
    named = any("createRestrictedDataToken" in step for step in found.best.remedy.steps)
    assert named is (variant == "restricted-token-expired")
