"""What a gateway admits and what it refuses: a table of targets, hosts and fields, without a socket."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_upstream import CREDENTIALS

from recoup.gateway.asked import Asked, Refused, passed_on, read
from recoup.gateway.options import GatewayOptions
from recoup.gateway.sellers import Seller

NA = "sellingpartnerapi-na.amazon.com"
EU = "sellingpartnerapi-eu.amazon.com"
KEY = "k" * 16
ONE = GatewayOptions(**CREDENTIALS)
TWO = GatewayOptions(
    client_id=CREDENTIALS["client_id"],
    client_secret=CREDENTIALS["client_secret"],
    sellers={
        "one": Seller(name="one", refresh_token="Atzr|1"),
        "two": Seller(name="two", refresh_token="Atzr|2", region="EU"),
    },
)


def ask(
    target: bytes | str = "/orders/v0/orders",
    *,
    method: str = "GET",
    host: str | None = "127.0.0.1:8080",
    options: GatewayOptions = ONE,
    version: str = "1.1",
    fields: tuple[tuple[str, str], ...] = (),
) -> Asked | bytes:
    raw = target if isinstance(target, bytes) else target.encode()
    headers = [] if host is None else [(b"host", host.encode())]
    scope: dict[str, Any] = {
        "http_version": version,
        "method": method,
        "headers": headers + [(name.encode(), value.encode()) for name, value in fields],
        "extensions": {"recoup.target": raw, "recoup.abort": lambda: None},
    }
    return read(scope, options)


def admitted(*arguments: Any, **named: Any) -> Asked:
    asked = ask(*arguments, **named)
    assert isinstance(asked, Asked)
    return asked


def refused(*arguments: Any, **named: Any) -> int:
    with pytest.raises(Refused) as caught:
        ask(*arguments, **named)
    assert caught.value.message
    return caught.value.status


SAME_BYTES = [
    "/orders/v0/orders?MarketplaceIds=ATVPDKIKX0DER&CreatedAfter=2026-01-01T00%3A00%3A00Z",
    "/listings/2021-08-01/items/A/SKU%2F1%20x%C3%A9?b=%2f&a=+&c",
    "/a/%2e%2e/b",
    "/a/../b/./c",
    "/a@b/c:d;e=f,g!h*i(j)k'l$m&n|o[p]^q`{r}",
    "/a?",
    "/a??b=?",
    "/a//b",
    "/?x=http://evil.example/",
]


@pytest.mark.parametrize("target", SAME_BYTES)
def test_a_path_is_passed_on_as_it_came(target: str) -> None:
    assert admitted(target).target == target.encode()


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/orders",
        "///evil.example",
        "http://evil.example/orders/v0/orders",
        "https://evil.example/",
        f"https://{NA}@evil.example/",
        f"https://evil.example@{NA}/",
        f"https://{NA}:8443/orders",
        f"https://{NA}.evil.example/",
        f"https://{EU}/orders",  # Amazon's, and of another region than this gateway's
        f"ftp://{NA}/",
        "https:///orders",
        "@evil.example/",
        "evil.example:443",
        "evil.example/orders",
        "*",
        "",
        "/orders#fragment",
        "/orders\\..\\x",
        "\\\\evil.example",
        "/a b",
        "/caf\u00e9",
        "/a\x00b",
        "/a\tb",
        "/\r\nHost: evil.example",
    ],
)
def test_a_target_that_leads_elsewhere_is_refused(target: str) -> None:
    assert refused(target) in (400, 421)


@pytest.mark.parametrize("target", [f"https://{NA}/orders", f"http://{NA}/orders", f"HTTPS://{NA}:443/orders"])
def test_amazons_own_url_is_taken_as_a_proxy_would(target: str) -> None:
    assert admitted(target, host=None).target == b"/orders"


def test_connect_is_refused() -> None:
    assert refused(f"{NA}:443", method="CONNECT") == 400
    assert refused(f"https://{NA}/", method="CONNECT") == 400


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "BREW"])
def test_methods_that_amazon_has_not(method: str) -> None:
    assert refused(method=method) == 405


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LocalHost", "[::1]:8080", NA, NA + "."]
)
def test_hosts_that_are_served(host: str) -> None:
    assert admitted(host=host).upstream.host == NA


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        EU,
        "192.168.1.5",
        "10.0.0.1:8080",
        "api.amazon.com",
    ],
)
def test_hosts_that_are_not(host: str) -> None:
    assert refused(host=host) == 421


@pytest.mark.parametrize("host", [None, "", "a b", "a/b", "a@127.0.0.1", "127.0.0.1:x", "[::1", "127.0.0.1:999999"])
def test_host_fields_that_name_no_host(host: str | None) -> None:
    assert refused(host=host) == 400


def test_two_host_fields() -> None:
    assert refused(fields=(("host", "127.0.0.1"),)) == 400


def test_a_name_that_was_given_is_served() -> None:
    options = GatewayOptions(**CREDENTIALS, names=("gateway",))
    assert admitted(host="gateway:8080", options=options).upstream.host == NA
    assert refused(host="gateway2:8080", options=options) == 421


def test_a_gateway_that_others_reach_asks_for_its_key() -> None:
    options = GatewayOptions(**CREDENTIALS, host="0.0.0.0", key=KEY)
    key = ("x-recoup-key", KEY)
    assert admitted(host="192.168.1.5:8080", options=options, fields=(key,)).upstream.host == NA
    assert refused(host="192.168.1.5:8080", options=options) == 401
    assert refused(host="192.168.1.5:8080", options=options, fields=(("x-recoup-key", KEY + "k"),)) == 401
    assert refused(host="192.168.1.5:8080", options=options, fields=(key, key)) == 401
    assert refused(host="evil.example", options=options, fields=(key,)) == 421
    assert refused("/-/status", host="192.168.1.5", options=options) == 401
    assert ask("/-/health", host="192.168.1.5", options=options) == b"/-/health"


@pytest.mark.parametrize(
    "field",
    [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ],
)
def test_pages_in_a_browser_are_refused(field: tuple[str, str]) -> None:
    assert refused(fields=(field,)) == 403
    assert refused(method="POST", fields=(field,)) == 403


def test_what_node_says_of_itself_is_no_browser() -> None:
    assert admitted(fields=(("sec-fetch-mode", "cors"),)).method == "GET"


def test_tokens_are_not_fetched_through_it() -> None:
    assert refused("/auth/o2/token", method="POST") == 404


@pytest.mark.parametrize(
    ("coding", "taken"),
    [("chunked", True), ("Chunked", True), ("gzip, chunked", False), ("gzip", False), ("identity", False), ("", False)],
)
def test_a_body_that_is_coded_is_not_passed_on_as_if_it_were_not(coding: str, taken: bool) -> None:
    fields = (("transfer-encoding", coding),)
    if taken:
        assert admitted(method="POST", fields=fields).has_body
    else:
        assert refused(method="POST", fields=fields) == 501


def test_only_http_1_1() -> None:
    assert refused(version="1.0") == 505


def test_sellers_are_chosen_by_name() -> None:
    two = admitted(options=TWO, fields=(("x-recoup-seller", "two"),))
    assert two.seller is not None
    assert (two.seller.name, two.upstream.host) == ("two", EU)
    assert admitted(options=TWO, fields=(("x-recoup-seller", "one"),)).upstream.host == NA
    assert refused(options=TWO) == 400
    assert refused(options=TWO, fields=(("x-recoup-seller", "three"),)) == 400
    assert refused(options=TWO, fields=(("x-recoup-seller", "one"), ("x-recoup-seller", "two"))) == 400
    assert refused(options=ONE, fields=(("x-recoup-seller", "one"),)) == 400
    assert admitted(options=ONE).seller is None
    assert refused(options=TWO, host=EU, fields=(("x-recoup-seller", "one"),)) == 421
    assert admitted(options=TWO, host=EU, fields=(("x-recoup-seller", "two"),)).upstream.host == EU


@pytest.mark.parametrize(
    ("value", "scope"),
    [("sellingpartnerapi::notifications", "sellingpartnerapi::notifications"), ("none", "")],
)
def test_scopes(value: str, scope: str) -> None:
    assert admitted(fields=(("x-recoup-scope", value),)).scope == scope


@pytest.mark.parametrize("value", ["", "notifications", "sellingpartnerapi::A b", "sellingpartnerapi::" + "a" * 65])
def test_what_is_no_scope(value: str) -> None:
    assert refused(fields=(("x-recoup-scope", value),)) == 400


@pytest.mark.parametrize(("value", "seconds"), [("20", 20.0), ("0.5", 0.5), ("86400", 86400.0)])
def test_deadlines(value: str, seconds: float) -> None:
    assert admitted(fields=(("x-recoup-deadline", value),)).deadline == seconds
    assert admitted().deadline is None


@pytest.mark.parametrize("value", ["", "soon", "0", "-1", "nan", "inf", "86401", "1s"])
def test_what_is_no_deadline(value: str) -> None:
    assert refused(fields=(("x-recoup-deadline", value),)) == 400


def test_fields_of_one_connection_stay_behind() -> None:
    fields = [
        (b"Connection", b"keep-alive, X-Hop"),
        (b"X-Hop", b"1"),
        (b"Keep-Alive", b"5"),
        (b"TE", b"trailers"),
        (b"Trailer", b"x"),
        (b"Upgrade", b"h2c"),
        (b"Proxy-Authorization", b"Basic x"),
        (b"Transfer-Encoding", b"chunked"),
        (b"X-Recoup-Fault", b"from elsewhere"),
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"X-Amz-Date", b"20260101T000000Z"),
    ]
    assert passed_on(fields) == fields[-3:]


def test_the_gateways_own_fields_and_host_do_not_go_to_amazon() -> None:
    asked = admitted(
        fields=(
            ("x-recoup-deadline", "3"),
            ("x-recoup-key", "whatever"),
            ("expect", "100-continue"),
            ("user-agent", "x/1"),
            ("x-amz-access-token", "Atza|own"),
        )
    )
    assert asked.headers == [(b"user-agent", b"x/1"), (b"x-amz-access-token", b"Atza|own")]
