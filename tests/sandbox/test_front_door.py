"""Every refusal of the front door from its cause, with the exact body, and gone when the cause is mended.

The bodies were written down from "Resolve Common HTTP and Authorization Error Codes" and from observed answers; they
are not taken from the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sandbox_world import EPOCH, SHIPMENTS, Hall, data

from recoup.exchange import Response
from recoup.sandbox.accounts import DIRECT_TO_CONSUMER
from recoup.sandbox.front_door import CHECKS
from recoup.sandbox.parts import Pending
from recoup.sandbox.settings import SandboxSettings

DENIED = '{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":"%s"}]}'
PAGE = "<!DOCTYPE html><html><head><title>x</title></head><body></body></html>"

Scene = Callable[[Hall], tuple[Callable[[], Response], Callable[[], object]]]


def read(hall: Hall, token: str | None = "", region: str = "NA") -> Response:
    return hall.send("GET", SHIPMENTS, token=token, region=region)


def no_token(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    tokens: list[str | None] = [None]
    return (lambda: read(hall, tokens[0])), (lambda: tokens.insert(0, hall.token()))


def blank_token(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    tokens: list[str | None] = ["  "]
    return (lambda: read(hall, tokens[0])), (lambda: tokens.insert(0, hall.token()))


def expired_token(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    tokens = [hall.token()]
    hall.clock.advance(3600)
    return (lambda: read(hall, tokens[0])), (lambda: tokens.insert(0, hall.token()))


def altered_token(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    tokens = [hall.token()[:-1]]
    return (lambda: read(hall, tokens[0])), (lambda: tokens.insert(0, hall.token()))


def endless_token(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    tokens = ["Atza|" + "x" * 4000]
    return (lambda: read(hall, tokens[0])), (lambda: tokens.insert(0, hall.token()))


def revoked_grant(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    tokens = [hall.token()]
    hall.stage.revoke_authorization()

    def mend() -> None:
        hall.stage.authorize()
        tokens.insert(0, hall.token())

    return (lambda: read(hall, tokens[0])), mend


def revoked_token(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    tokens = [hall.token()]
    hall.stage.revoke_access_tokens()
    return (lambda: read(hall, tokens[0])), (lambda: tokens.insert(0, hall.token()))


def overdue_secret(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    hall.clock.advance(180 * 86_400)
    return (lambda: read(hall)), hall.stage.rotate_secret


def wrong_path(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    paths = [SHIPMENTS.replace("2024-09-11", "2024-09-12")]
    return (lambda: hall.send("GET", paths[0])), (lambda: paths.insert(0, SHIPMENTS))


def wrong_method(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    methods = ["DELETE"]
    return (lambda: hall.send(methods[0], SHIPMENTS)), (lambda: methods.insert(0, "GET"))


def head(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    methods = ["HEAD"]
    return (lambda: hall.send(methods[0], SHIPMENTS)), (lambda: methods.insert(0, "GET"))


def vendor_on_seller_operation(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    vendor = hall.stage.add_partner("vendor")
    tokens = [hall.token(vendor["refresh_token"])]
    return (lambda: read(hall, tokens[0])), (lambda: tokens.insert(0, hall.token()))


def wrong_region(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    regions = ["EU"]
    return (lambda: read(hall, region=regions[0])), (lambda: regions.insert(0, "NA"))


def foreign_marketplace(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    targets = [f"{SHIPMENTS}?marketplaceId=A1PA6795UKMFR9"]  # Germany
    return (lambda: hall.send("GET", targets[0])), (lambda: targets.insert(0, SHIPMENTS))


def missing_role(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    token = hall.token()
    hall.stage.drop_role(DIRECT_TO_CONSUMER)
    return (lambda: read(hall, token)), (lambda: hall.stage.add_role(DIRECT_TO_CONSUMER))


def role_younger_than_the_grant(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    hall.stage.drop_role(DIRECT_TO_CONSUMER)
    hall.stage.authorize()
    hall.stage.add_role(DIRECT_TO_CONSUMER)
    return (lambda: read(hall)), hall.stage.authorize


def grantless_token(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    tokens = [hall.grantless("sellingpartnerapi::notifications")]
    return (lambda: read(hall, tokens[0])), (lambda: tokens.insert(0, hall.token()))


def deactivated(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    hall.stage.deactivate_account()
    return (lambda: read(hall)), hall.stage.activate_account


def inactive(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    hall.stage.inactivate_account()
    return (lambda: read(hall)), hall.stage.activate_account


def used_up(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    token = hall.token()
    for _ in range(10):
        assert read(hall, token).status == 200
    return (lambda: read(hall, token)), (lambda: hall.clock.advance(0.2))


def used_up_by_others(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    hall.stage.use_up_quota("getShipments")
    return (lambda: read(hall)), (lambda: hall.clock.advance(1))


def body_on_get(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    fields = [{"content-length": "0"}]
    return (lambda: hall.send("GET", SHIPMENTS, headers=fields[0])), (lambda: fields.insert(0, {}))


def pack(hall: Hall, body: bytes, kind: str) -> Response:
    return hall.send("POST", f"{SHIPMENTS}/S-1/packages", body=body, headers={"content-type": kind})


def unsupported_type(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    kinds = ["application/xml"]
    return (lambda: pack(hall, b"{}", kinds[0])), (lambda: kinds.insert(0, "application/json; charset=utf-8"))


def malformed_type(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    kinds = ["json"]
    return (lambda: pack(hall, b"{}", kinds[0])), (lambda: kinds.insert(0, "application/json"))


def too_large(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    bodies = [b'"' + b"x" * 1_048_575 + b'"']
    return (lambda: pack(hall, bodies[0], "application/json")), (
        lambda: bodies.insert(0, bodies[0][2:].join((b'"', b"")))
    )


def not_json(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    bodies = [b'{"packages": ']
    return (lambda: pack(hall, bodies[0], "application/json")), (lambda: bodies.insert(0, b'{"packages":[]}'))


def down(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    token = hall.token()
    hall.stage.front_door_outage(60)
    return (lambda: read(hall, token)), (lambda: hall.clock.advance(60))


def broken(hall: Hall) -> tuple[Callable[[], Response], Callable[[], object]]:
    token = hall.token()
    hall.stage.front_door_outage(60, "internal")
    return (lambda: read(hall, token)), (lambda: hall.clock.advance(60))


ACCESS_DENIED = "AccessDeniedException"
TABLE: list[tuple[Scene, str, int, str, str | None]] = [
    (no_token, "403-missing-token", 403, DENIED % "Access token is missing in the request header.", ACCESS_DENIED),
    (blank_token, "403-missing-token", 403, DENIED % "Access token is missing in the request header.", ACCESS_DENIED),
    (expired_token, "403-expired-token", 403, DENIED % "The access token you provided has expired.", ACCESS_DENIED),
    *(
        (
            scene,
            "403-expired-token",
            403,
            DENIED % "The access token you provided is revoked, malformed or invalid.",
            ACCESS_DENIED,
        )
        for scene in (altered_token, endless_token, revoked_grant, revoked_token)
    ),
    (
        overdue_secret,
        "403-expired-token",
        403,
        DENIED % "The LWA secret token you provided has expired.",
        ACCESS_DENIED,
    ),
    (wrong_path, "403-wrong-path-or-version", 403, DENIED % "", ACCESS_DENIED),
    (wrong_method, "403-wrong-path-or-version", 403, DENIED % "", ACCESS_DENIED),
    (head, "403-wrong-path-or-version", 403, DENIED % "", ACCESS_DENIED),
    (vendor_on_seller_operation, "403-wrong-account-kind", 403, DENIED % "", ACCESS_DENIED),
    *(
        (
            scene,
            "403-region-mismatch",
            403,
            DENIED % "The marketplaces you provided are not valid for region.",
            ACCESS_DENIED,
        )
        for scene in (wrong_region, foreign_marketplace)
    ),
    *(
        (scene, "403-missing-role", 403, DENIED % "", ACCESS_DENIED)
        for scene in (missing_role, role_younger_than_the_grant)
    ),
    (grantless_token, "other-grantless-required", 403, DENIED % "", ACCESS_DENIED),
    (deactivated, "403-account-suspended", 403, DENIED % "", ACCESS_DENIED),
    (
        inactive,
        "400-inactive-account",
        400,
        '{"errors":[{"code":"InvalidInput","message":"Invalid Input","details":""}]}',
        None,
    ),
    *(
        (
            scene,
            "429-rate-limit",
            429,
            (
                '{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota for the requested resource.",'
                '"details":""}]}'
            ),
            "TooManyRequestsException",
        )
        for scene in (used_up, used_up_by_others)
    ),
    (body_on_get, "400-get-with-body", 400, PAGE, None),
    (
        unsupported_type,
        "other-415-unsupported-media",
        415,
        '{"errors":[{"code":"InvalidRequest","message":"The request payload format is not supported."}]}',
        None,
    ),
    (
        malformed_type,
        "400-wrong-content-type",
        400,
        '{"errors":[{"code":"InvalidInput","message":"Invalid Input","details":""}]}',
        None,
    ),
    (
        too_large,
        "other-413-too-large",
        413,
        (
            '{"errors":[{"code":"InvalidRequest","message":"The request payload size is greater than maximum accepted '
            'size."}]}'
        ),
        None,
    ),
    (
        not_json,
        "sc-00002-invalid-value",
        400,
        (
            """{"errors":[{"code":"InvalidInput","message":"Invalid input '{\\"packages\\": ' for parameter 'body'","""
            '"details":"SC_00002"}]}'
        ),
        None,
    ),
    (
        down,
        "other-503-unavailable",
        503,
        '{"errors":[{"code":"ServiceUnavailable","message":"Service is temporarily unavailable. Please try again."}]}',
        None,
    ),
    (
        broken,
        "other-500-internal",
        500,
        (
            '{"errors":[{"code":"InternalFailure","message":"We encountered an internal error. Please try again.",'
            '"details":""}]}'
        ),
        None,
    ),
]


@pytest.mark.parametrize(
    ("scene", "fault", "status", "body", "error_type"), TABLE, ids=lambda x: getattr(x, "__name__", "")
)
def test_each_refusal_comes_from_its_cause_and_goes_with_it(
    scene: Scene, fault: str, status: int, body: str, error_type: str | None
) -> None:
    hall = Hall()
    send, mend = scene(hall)
    calls = len(hall.echo.calls)
    refused = send()
    assert refused.body.decode() == body
    assert refused.status == status
    assert refused.headers.get("x-amzn-errortype") == error_type
    assert len(hall.echo.calls) == calls, "a refused call must not reach the service"
    if body == PAGE:
        assert refused.headers.get("x-amzn-requestid") is None
        assert refused.headers.get("content-type") == "text/html"
    else:
        assert hall.why(refused) == fault
        assert refused.headers.get("content-type") == "application/json"
    assert ("x-amzn-ratelimit-limit" in refused.headers) is (
        status == 400 and fault != "400-inactive-account" and body != PAGE
    )
    mend()
    mended = send()
    assert mended.status == 200, mended.body
    assert mended.headers.get("x-amzn-requestid")
    assert mended.headers.get("x-amzn-errortype") is None
    assert mended.headers.get("x-amzn-ratelimit-limit") == "5.0"
    assert mended.headers.get("retry-after") is None


def test_a_removed_operation_is_refused_from_its_date_on() -> None:
    path = "/catalog/v0/categories?MarketplaceId=ATVPDKIKX0DER"  # listCatalogCategories, removed on 2026-08-26
    before = Hall(epoch=datetime(2026, 8, 25, 23, 59, tzinfo=UTC).timestamp())
    assert before.send("GET", path).status == 501
    before.clock.advance(60)
    refused = before.send("GET", path)
    assert refused.body.decode() == DENIED % ""
    assert before.why(refused) == "403-deprecated-endpoint"


def test_the_removed_authorization_api_is_a_route_until_its_date() -> None:
    path = "/authorization/v1/authorizationCode"
    hall = Hall(epoch=datetime(2024, 3, 27, tzinfo=UTC).timestamp())
    assert hall.why(hall.send("GET", path)) == "403-deprecated-endpoint"


def test_the_checks_stand_in_their_order() -> None:
    assert [check.__name__ for check in CHECKS] == [
        "form",
        "agent",
        "health",
        "route",
        "removal_date",
        "token_present",
        "token_valid",
        "secret_age",
        "grant",
        "party",
        "region",
        "availability",
        "registration",
        "role",
        "personal_data",
        "standing",
        "static_host",
        "rate",
        "content_type",
        "size",
        "required_header",
        "required_query",
        "json_syntax",
        "static_sample",
    ]


def test_of_two_causes_the_earlier_check_speaks() -> None:
    hall = Hall()
    token = hall.token()
    hall.stage.deactivate_account()
    hall.stage.drop_role(DIRECT_TO_CONSUMER)
    assert hall.why(read(hall, token)) == "403-missing-role"
    hall.stage.add_role(DIRECT_TO_CONSUMER)
    assert hall.why(read(hall, token)) == "403-account-suspended"
    assert hall.why(hall.send("GET", "/unknown", token=None)) == "403-wrong-path-or-version"


@pytest.mark.parametrize(
    ("target", "fault", "message"),
    [
        ("/orders/v0/orders", "400-missing-required-field", "Missing request parameter: MarketplaceIds."),
        (
            "/orders/v0/orders?MarketplaceIds=ATVPDKIKX0DER&CreatedAfter=2026/01/31",
            "400-invalid-date-format",
            "CreatedAfter is not a valid ISO date/time object",
        ),
    ],
)
def test_required_and_date_parameters_of_other_operations(target: str, fault: str, message: str) -> None:
    hall = Hall()
    refused = hall.send("GET", target)
    assert hall.why(refused) == fault
    assert refused.status == 400
    assert refused.body.decode() == f'{{"errors":[{{"code":"InvalidInput","message":"{message}","details":""}}]}}'


def test_a_known_operation_without_a_service_says_so() -> None:
    hall = Hall()
    answer = hall.send("GET", "/orders/v0/orders?MarketplaceIds=ATVPDKIKX0DER&CreatedAfter=2026-01-31T00:00:00Z")
    assert answer.status == 501
    assert b"does not simulate getOrders" in answer.body


def test_grantless_operations_need_the_grantless_token_of_their_scope() -> None:
    hall = Hall()
    path = "/notifications/v1/destinations"
    assert hall.send("GET", path, token=hall.grantless("sellingpartnerapi::notifications")).status == 501
    assert hall.why(hall.send("GET", path)) == "other-grantless-required"
    other = hall.grantless("sellingpartnerapi::client_credential:rotation")
    assert hall.why(hall.send("GET", path, token=other)) == "other-grantless-required"


def test_buckets_are_kept_apart_by_operation_and_selling_partner() -> None:
    hall = Hall()
    token = hall.token()
    second = hall.token(hall.stage.add_partner("seller", "NA")["refresh_token"])
    for _ in range(10):
        assert read(hall, token).status == 200
    assert read(hall, token).status == 429
    assert read(hall, second).status == 200
    assert hall.send("GET", f"{SHIPMENTS}/S-1", token=token).status == 200


def test_a_bucket_refills_with_its_rate_and_never_beyond_its_burst() -> None:
    hall = Hall()
    token = hall.token()
    hall.clock.advance(1000)  # a full bucket does not grow
    assert [read(hall, token).status for _ in range(11)] == [200] * 10 + [429]
    hall.clock.advance(1)  # five more
    assert [read(hall, token).status for _ in range(6)] == [200] * 5 + [429]
    hall.clock.advance(0.1)  # half a request is none
    assert read(hall, token).status == 429


def test_what_reaches_the_service_is_decoded_once() -> None:
    hall = Hall()
    answer = hall.send("GET", f"{SHIPMENTS}/a%2Fb%2520c?status=CREATED&status=ACCEPTED&paginationToken=x%2By")
    assert data(answer) == {
        "path": {"shipmentId": "a/b%20c"},
        "query": {"status": "CREATED,ACCEPTED", "paginationToken": "x+y"},
        "body": None,
    }
    call = hall.echo.calls[-1]
    assert (call.operation, call.region, call.now) == ("getShipment", "NA", EPOCH)
    assert call.merchant_id == hall.principal.partner.merchant_id


def test_an_operation_in_flight_ends_when_its_time_has_come() -> None:
    hall = Hall()
    hall.echo.seconds = 5
    pending = hall.begin("POST", f"{SHIPMENTS}/S-1?operation=CONFIRM")
    assert isinstance(pending, Pending)
    assert pending.due == EPOCH + 5
    hall.clock.advance(4.9)
    with pytest.raises(RuntimeError, match="in flight"):
        hall.world.settled(pending)
    hall.clock.advance(60)
    answer = hall.world.settled(pending)
    assert (answer.status, answer.body) == (204, b"")
    assert "content-type" not in answer.headers
    assert hall.echo.finished == [EPOCH + 5], "it ends when it was due, however far the clock went"


def test_what_is_due_lands_before_the_next_call_is_looked_at() -> None:
    hall = Hall()
    token = hall.token()
    hall.echo.seconds = 5
    hall.begin("POST", f"{SHIPMENTS}/S-1?operation=CONFIRM", token=token)
    hall.clock.advance(5)
    read(hall, token)
    assert hall.echo.finished == [EPOCH + 5]


def test_the_front_door_loses_patience_and_the_effect_still_happens() -> None:
    hall = Hall()
    hall.echo.seconds = 40
    pending = hall.begin("POST", f"{SHIPMENTS}/S-1?operation=CONFIRM")
    assert isinstance(pending, Pending)
    hall.clock.advance(29)
    answer = hall.world.settled(pending)
    assert answer.status == 504
    assert hall.why(answer) == "other-504-timeout"
    assert hall.echo.finished == []
    hall.clock.advance(11)
    hall.world.settled(pending)
    assert hall.echo.finished == [EPOCH + 40]


def test_too_many_operations_in_flight_are_refused() -> None:
    hall = Hall(settings=SandboxSettings(most_in_flight=2))
    token = hall.token()
    hall.echo.seconds = 5
    results = [hall.begin("POST", f"{SHIPMENTS}/S-{n}?operation=CONFIRM", token=token) for n in range(3)]
    assert [isinstance(result, Pending) for result in results] == [True, True, False]
    assert isinstance(results[2], Response)
    assert results[2].status == 503


def test_trails_are_bounded_and_hold_no_secret() -> None:
    hall = Hall(settings=SandboxSettings(kept_trails=3))
    token = hall.token()
    first = hall.send("GET", f"{SHIPMENTS}/Atza%7Csecret-in-a-path", token=token)
    request_id = first.headers.get("x-amzn-requestid") or ""
    trail = hall.world.trail(request_id)
    assert trail is not None
    assert "secret-in-a-path" not in str(trail)
    for _ in range(3):
        read(hall, token)
    assert hall.world.trail(request_id) is None


def test_the_same_seed_and_calls_give_the_same_bytes() -> None:
    def scene(seed: int) -> list[object]:
        hall = Hall(seed=seed)
        token = hall.token()
        answers = [read(hall, token), read(hall, None), hall.send("GET", "/x", token=token)]
        return [token, *((answer.status, answer.headers.items(), answer.body) for answer in answers)]

    assert scene(7) == scene(7)
    assert scene(7) != scene(8)


def test_reset_begins_anew_with_the_same_credentials() -> None:
    hall = Hall()
    before = (hall.principal.application.client_id, hall.principal.authorization.refresh_token, hall.token())
    hall.stage.revoke_authorization()
    hall.clock.advance(1e6)
    hall.world.reset()
    after = (hall.principal.application.client_id, hall.principal.authorization.refresh_token, hall.token())
    assert after == before
    assert hall.clock.now() == EPOCH
    assert read(hall).status == 200


@pytest.mark.parametrize("seconds", [0.0, 5.0])
def test_a_mistake_in_a_service_is_logged_and_looks_like_nothing_of_amazons(
    seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall()
    token = hall.token()
    hall.echo.broken, hall.echo.seconds = True, seconds
    result = hall.begin("POST", f"{SHIPMENTS}/S-1?operation=CONFIRM", token=token)
    hall.clock.advance(seconds)
    answer = hall.world.settled(result) if isinstance(result, Pending) else result
    assert answer.status == 500
    assert b"SandboxFailure" in answer.body
    assert "KeyError: 'a mistake'" in caplog.text
    assert token not in caplog.text
    hall.echo.broken = False
    assert read(hall, token).status == 200


@pytest.mark.parametrize(
    ("required", "headers", "status"),
    [
        (False, {}, 200),
        (True, {}, 400),
        (True, {"x-amz-date": " "}, 400),
        (True, {"x-amz-date": "20270115T080000Z"}, 200),
    ],
)
def test_the_date_of_a_request_is_demanded_where_the_settings_say_so(
    required: bool, headers: dict[str, str], status: int
) -> None:
    hall = Hall(settings=SandboxSettings(date_required=required))
    answer = hall.send("GET", SHIPMENTS, headers=headers)
    assert answer.status == status
    if status == 400:
        assert data(answer)["errors"][0]["message"] == "Missing request parameter: x-amz-date."  # type: ignore[index]


def test_a_path_that_is_encoded_more_than_it_needs_reaches_the_same_operation() -> None:
    hall = Hall()
    path = SHIPMENTS.replace("externalFulfillment", "%65xternal%46ulfillment").replace("/shipments", "/%73hipments")
    assert hall.send("GET", path).body == hall.send("GET", SHIPMENTS).body
    assert hall.send("GET", path).status == 200
