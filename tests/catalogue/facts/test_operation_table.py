"""The table of operations: what a request reaches, how often it may be sent, and what is known about repeating it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from properties import examples
from recoup.catalogue.facts.operations import (
    Body,
    Operation,
    Party,
    RateBasis,
    decode_operations,
    operations,
)

EF = "/externalFulfillment/2024-09-11"
OLD = "/externalFulfillment/shipments/2021-01-06"


def only(operation_id: str, api: str = "external-fulfillment", version: str = "2024-09-11") -> Operation:
    found = operations().get(operation_id, api, version)
    assert found is not None, f"{api}/{version}/{operation_id} is not in the table"
    return found


@pytest.mark.parametrize(
    ("method", "path", "operation_id", "version"),
    [
        ("GET", f"{EF}/shipments", "getShipments", "2024-09-11"),
        ("POST", f"{EF}/shipments", "createSandboxShipment", "2024-09-11"),
        ("GET", f"{EF}/shipments/Dr1bLZnbN", "getShipment", "2024-09-11"),
        ("POST", f"{EF}/shipments/Dr1bLZnbN", "processShipment", "2024-09-11"),
        ("PATCH", f"{EF}/shipments/Dr1bLZnbN", "updateSandboxShipment", "2024-09-11"),
        ("POST", f"{EF}/shipments/Dr1bLZnbN/packages", "createPackages", "2024-09-11"),
        ("PUT", f"{EF}/shipments/Dr1bLZnbN/packages/1", "updatePackage", "2024-09-11"),
        ("PATCH", f"{EF}/shipments/Dr1bLZnbN/packages/1", "updatePackageStatus", "2024-09-11"),
        ("GET", f"{EF}/shipments/Dr1bLZnbN/shippingOptions", "retrieveShippingOptions", "2024-09-11"),
        ("POST", f"{EF}/shipments/Dr1bLZnbN/invoice", "generateInvoice", "2024-09-11"),
        ("GET", f"{EF}/shipments/Dr1bLZnbN/invoice", "retrieveInvoice", "2024-09-11"),
        ("PUT", f"{EF}/shipments/Dr1bLZnbN/shipLabels", "generateShipLabels", "2024-09-11"),
        ("POST", "/externalFulfillment/inventory/2024-09-11/inventories", "batchInventory", "2024-09-11"),
        ("GET", f"{EF}/returns", "listReturns", "2024-09-11"),
        ("GET", f"{EF}/returns/8af2", "getReturn", "2024-09-11"),
        ("POST", "/externalFulfillment/2026-07-30/location", "createSandboxLocation", "2026-07-30"),
        # External Fulfillment of 2021, which no model describes
        ("GET", f"{OLD}/shipments/Dr1bLZnbN", "getShipment", "2021-01-06"),
        ("POST", f"{OLD}/shipments/Dr1bLZnbN/packages/1/invoice", "generateInvoice", "2021-01-06"),
        ("POST", f"{OLD}/shipments/Dr1bLZnbN/packages/1/shipLabel", "generateShipLabel", "2021-01-06"),
        ("GET", f"{OLD}/shippingOptions?shipmentId=1&packageId=2", "retrieveShippingOptions", "2021-01-06"),
        (
            "PUT",
            "/externalFulfillment/inventory/2021-01-06/locations/EXSB/skus/a%2Fb?quantity=3",
            "updateInventory",
            "2021-01-06",
        ),
        ("PATCH", "/externalFulfillment/returns/2021-08-19/returns/8af2", "processReturnItem", "2021-08-19"),
        # the rest of the Selling Partner API
        ("GET", "/orders/v0/orders/902-3159896-1390916/orderItems", "getOrderItems", "v0"),
        ("GET", "/orders/2026-01-01/orders", "searchOrders", "2026-01-01"),
        ("GET", "/listings/2021-08-01/items/A1/SKU%2F1%20x", "getListingsItem", "2021-08-01"),
        ("POST", "/tokens/2021-03-01/restrictedDataToken", "createRestrictedDataToken", "2021-03-01"),
        ("POST", "/vendor/orders/v1/acknowledgements", "submitAcknowledgement", "v1"),
        # a literal segment beats a parameter, and where it has not the method the parameter takes it
        ("POST", "/fba/inventory/v1/items/inventory", "addInventory", "v1"),
        ("DELETE", "/fba/inventory/v1/items/inventory", "deleteInventoryItem", "v1"),
        # the resource of an upload keeps its slashes
        ("POST", "/uploads/2020-11-01/uploadDestinations/aplus/2020-11-01/x", "createUploadDestinationForResource", ""),
        ("POST", "/uploads/2020-11-01/uploadDestinations/messaging", "createUploadDestinationForResource", ""),
        # removed, and still known as such
        ("GET", "/authorization/v1/authorizationCode", "getAuthorizationCode", "v1"),
        ("GET", "/feeds/2020-09-04/feeds/1", "getFeed", "2020-09-04"),
        ("GET", "/catalog/v0/items/B00", "getCatalogItem", "v0"),
        # a method in lower case, an unreserved character needlessly encoded
        ("get", f"{EF}/shipments", "getShipments", "2024-09-11"),
        ("GET", f"/%65xternalFulfillment/2024-09-11/{'shipments'}", "getShipments", "2024-09-11"),
    ],
)
def test_a_request_reaches_its_operation(method: str, path: str, operation_id: str, version: str) -> None:
    found = operations().find(method, path)
    assert found is not None
    assert found.id == operation_id
    assert not version or found.version == version


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"{EF}/shipments/1"),  # no such method there
        ("GET", f"{EF}/shipments/"),  # a slash too many: an empty segment matches nothing
        ("GET", f"{EF}//shipments"),
        ("GET", f"{EF}/shipments/1/"),
        ("GET", "/externalFulfillment/shipments"),  # without a version
        ("GET", "/externalFulfillment/2024-09-12/shipments"),  # another version
        ("GET", "/externalfulfillment/2024-09-11/shipments"),  # another case
        ("GET", f"{EF}/shipments/1/2"),
        ("GET", "externalFulfillment/2024-09-11/shipments"),  # a path begins with a slash
        ("GET", f"https://sellingpartnerapi-na.amazon.com{EF}/shipments"),  # a path, not a URL
        ("POST", "/uploads/2020-11-01/uploadDestinations"),
        ("POST", "/uploads/2020-11-01/uploadDestinations/"),
        ("GET", "/orders/v0/orders%2F1"),  # an encoded slash does not divide
        ("GET", "/"),
        ("GET", ""),
        ("", f"{EF}/shipments"),
        ("GET", "*"),
    ],
)
def test_what_is_no_operation_reaches_none(method: str, path: str) -> None:
    assert operations().find(method, path) is None


@settings(deadline=None)
@given(st.text(max_size=12), st.text(max_size=300))
def test_any_path_has_an_answer(method: str, path: str) -> None:
    table = operations()
    for text in (path, f"/{path}", f"{EF}/{path}"):
        assert isinstance(table.find(method, text), Operation | None)
        assert all(isinstance(item, Operation) for item in table.find_any_method(text))
        assert len(table.nearest(method, text)) <= 3


# Values of the characters that need no encoding, and of encoded ones; none of them is a literal of the table.
VALUES = st.lists(st.from_regex(r"x-([A-Za-z0-9._~-]|%2F|%20|%25){0,12}", fullmatch=True), min_size=5, max_size=5)


@settings(deadline=None, max_examples=examples(20))
@given(VALUES)
def test_every_template_filled_in_finds_itself(values: list[str]) -> None:
    table = operations()
    for operation in table.items:
        parts = operation.path.split("/")
        names = [part[1:-1] for part in parts if part.startswith("{")]
        filled = dict(zip(names, values, strict=False))
        path = "/".join(filled.get(part[1:-1], part) if part.startswith("{") else part for part in parts)
        assert table.find(operation.method, path) is operation
        assert operation in table.find_any_method(path)
        assert table.nearest(operation.method, path) == [operation]
        assert set(table.parameters(operation, path)) == set(names)


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        (
            f"{EF}/shipments/{{shipmentId}}/packages/{{packageId}}",
            f"{EF}/shipments/a%2Fb/packages/1%252",
            ("a/b", "1%2"),
        ),
        (f"{EF}/shipments/{{shipmentId}}/packages/{{packageId}}", f"{EF}/shipments/a", ()),
        (
            "/uploads/2020-11-01/uploadDestinations/{resource}",
            "/uploads/2020-11-01/uploadDestinations/a/b/c",
            ("a/b/c",),
        ),
    ],
)
def test_path_parameters_are_decoded_once(template: str, path: str, expected: tuple[str, ...]) -> None:
    operation = next(item for item in operations().items if item.path == template)
    assert tuple(operations().parameters(operation, path).values()) == expected


# (method, path as sent, the likeliest method and path that were meant)
NEAREST = [
    ("DELETE", f"{EF}/shipments/Dr1bLZnbN/invoice", ("GET", f"{EF}/shipments/{{shipmentId}}/invoice")),
    ("PUT", "/orders/v0/orders", ("GET", "/orders/v0/orders")),
    ("GET", f"{EF}/shipment", ("GET", f"{EF}/shipments")),
    ("GET", "/externalfulfillment/2024-09-11/shipments", ("GET", f"{EF}/shipments")),
    ("GET", "/externalFulfilment/2024-09-11/shipments/1", ("GET", f"{EF}/shipments/{{shipmentId}}")),
    ("GET", "/externalFulfillment/2024-09-12/returns", ("GET", f"{EF}/returns")),
    ("GET", "/externalFulfillment/returns", ("GET", f"{EF}/returns")),
    (
        "POST",
        "/externalFulfillment/2024-09-11/inventories",
        ("POST", "/externalFulfillment/inventory/2024-09-11/inventories"),
    ),
    ("GET", f"{EF}/shipments/", ("GET", f"{EF}/shipments")),
    ("GET", "/reports/2021-06-3/reports", ("GET", "/reports/2021-06-30/reports")),
    ("GET", "/listings/2020-12-01/items/A1/SKU", ("GET", "/listings/2021-08-01/items/{sellerId}/{sku}")),
    ("POST", "/feeds/2021-06-30/feed", ("POST", "/feeds/2021-06-30/feeds")),
    ("GET", "/catalog/2022-04-02/items/B00", ("GET", "/catalog/2022-04-01/items/{asin}")),  # not v0, which is removed
    ("GET", "/catalog/2022-04-01/item", ("GET", "/catalog/2022-04-01/items")),
]


@pytest.mark.parametrize(("method", "path", "meant"), NEAREST)
def test_the_nearest_operation_is_the_one_that_was_meant(method: str, path: str, meant: tuple[str, str]) -> None:
    found = operations().nearest(method, path)
    assert (found[0].method, found[0].path) == meant


@pytest.mark.parametrize(
    "path", ["/", "", "/foo/bar", "/v1/charges", "/a/b/c/d/e/f/g", "/" * 5000, "/x" * 5000, "/" + "x" * 10_000]
)
def test_nothing_is_near_to_what_has_nothing_in_common(path: str) -> None:
    assert operations().nearest("GET", path) == []


# "External Fulfillment" operations: requests a second, burst, and who says so.
PLANS = [
    ("getShipments", 5.0, None, RateBasis.THIRD_PARTY),
    ("getShipment", 5.0, None, RateBasis.THIRD_PARTY),
    ("processShipment", 5.0, None, RateBasis.THIRD_PARTY),
    ("createPackages", 5.0, None, RateBasis.THIRD_PARTY),
    ("updatePackage", 5.0, None, RateBasis.THIRD_PARTY),
    ("updatePackageStatus", 5.0, None, RateBasis.THIRD_PARTY),
    ("retrieveShippingOptions", 1.0, None, RateBasis.THIRD_PARTY),
    ("generateInvoice", 5.0, None, RateBasis.THIRD_PARTY),
    ("retrieveInvoice", 5.0, None, RateBasis.THIRD_PARTY),
    ("generateShipLabels", 1.0, None, RateBasis.THIRD_PARTY),
    ("batchInventory", 50.0, 100, RateBasis.DOCUMENTED),
    ("listReturns", 5.0, None, RateBasis.THIRD_PARTY),
    ("getReturn", 5.0, None, RateBasis.THIRD_PARTY),
    ("createSandboxShipment", None, None, RateBasis.UNKNOWN),
    ("updateSandboxShipment", None, None, RateBasis.UNKNOWN),
]


@pytest.mark.parametrize(("operation_id", "rate", "burst", "basis"), PLANS)
def test_usage_plans_of_external_fulfillment(
    operation_id: str, rate: float | None, burst: int | None, basis: RateBasis
) -> None:
    found = only(operation_id)
    assert (found.rate, found.burst, found.rate_basis) == (rate, burst, basis)


@pytest.mark.parametrize(
    ("api", "version", "operation_id", "rate", "burst", "basis"),
    [
        ("orders", "v0", "getOrders", 0.0167, 20, RateBasis.MODEL),
        ("tokens", "2021-03-01", "createRestrictedDataToken", 1.0, 10, RateBasis.MODEL),
        ("application-management", "2023-11-30", "rotateApplicationClientSecret", 0.0167, 1, RateBasis.MODEL),
        ("finances", "2024-06-19", "listTransactions", 0.5, 10, RateBasis.MODEL),
        ("fulfillment-inbound", "2024-03-20", "listPrepDetails", None, None, RateBasis.PLACEHOLDER),
        ("promotions", "2025-12-01", "searchPromotions", None, None, RateBasis.UNKNOWN),
    ],
)
def test_usage_plans_elsewhere(
    api: str, version: str, operation_id: str, rate: float | None, burst: int | None, basis: RateBasis
) -> None:
    found = only(operation_id, api, version)
    assert (found.rate, found.burst, found.rate_basis) == (rate, burst, basis)


def test_a_rate_has_a_basis_and_an_unknown_one_has_none() -> None:
    known = {RateBasis.MODEL, RateBasis.DOCUMENTED, RateBasis.THIRD_PARTY}
    for item in operations().items:
        assert (item.rate is not None) == (item.rate_basis in known), item
        assert item.burst is None or item.rate is not None, item


@pytest.mark.parametrize(
    ("operation_id", "writes", "safe"),
    [
        ("getShipment", False, True),
        ("listReturns", False, True),
        ("retrieveInvoice", False, True),
        ("retrieveShippingOptions", True, True),  # a GET that changes the state, and can be repeated
        ("batchInventory", True, False),  # depends on its items: see tests/recovery/test_repeatable.py
        ("processShipment", True, False),
        ("createPackages", True, False),
        ("updatePackage", True, False),
        ("updatePackageStatus", True, False),
        ("generateInvoice", True, False),
        ("generateShipLabels", True, False),
    ],
)
def test_what_writes_and_what_may_be_sent_again_blindly(operation_id: str, writes: bool, safe: bool) -> None:
    found = only(operation_id)
    assert (found.writes, found.safe) == (writes, safe)


@pytest.mark.parametrize(
    ("api", "version", "operation_id"),
    [
        ("product-pricing", "v0", "getItemOffersBatch"),
        ("product-fees", "v0", "getMyFeesEstimates"),
        ("shipping", "v2", "getRates"),
    ],
)
def test_a_question_asked_with_post_changes_nothing(api: str, version: str, operation_id: str) -> None:
    found = only(operation_id, api, version)
    assert found.method == "POST"
    assert not found.writes
    assert found.safe


@pytest.mark.parametrize(
    ("operation_id", "api", "version", "reads", "read_version"),
    [
        ("processShipment", "external-fulfillment", "2024-09-11", "getShipment", "2024-09-11"),
        ("createPackages", "external-fulfillment", "2024-09-11", "getShipment", "2024-09-11"),
        ("updatePackage", "external-fulfillment", "2021-01-06", "getShipment", "2021-01-06"),
        ("generateInvoice", "external-fulfillment", "2024-09-11", "retrieveInvoice", "2024-09-11"),
        ("generateShipLabels", "external-fulfillment", "2024-09-11", "getShipment", "2024-09-11"),
        ("batchInventory", "external-fulfillment", "2024-09-11", "batchInventory", "2024-09-11"),
        ("updateInventory", "external-fulfillment", "2021-01-06", "getInventory", "2021-01-06"),
        ("processReturnItem", "external-fulfillment", "2021-08-19", "getReturn", "2021-08-19"),
        ("createSubscription", "notifications", "v1", "getSubscription", "v1"),
        ("createFeed", "feeds", "2021-06-30", "getFeeds", "2021-06-30"),
    ],
)
def test_how_an_effect_is_read_back(operation_id: str, api: str, version: str, reads: str, read_version: str) -> None:
    found = operations().read_back(only(operation_id, api, version))
    assert found is not None
    assert (found.id, found.version) == (reads, read_version)


def test_an_invoice_of_one_package_is_read_back_from_that_package() -> None:
    per_package = operations().find("POST", f"{OLD}/shipments/1/packages/2/invoice")
    assert per_package is not None
    found = operations().read_back(per_package)
    assert found is not None
    assert found.path == per_package.path


def test_every_write_of_external_fulfillment_can_be_read_back() -> None:
    beyond = {"createSandboxShipment", "createSandboxLocation"}  # their ids come with the answer, and with it alone
    for item in operations().items:
        if item.api == "external-fulfillment" and item.writes and item.id not in beyond:
            assert operations().read_back(item) is not None, item.id


def test_every_read_back_names_an_operation_that_reads() -> None:
    for item in operations().items:
        if item.read_back is not None:
            found = operations().read_back(item)
            assert found is not None, item.id
            assert not found.writes or found is item, item.id


def test_parameters_of_get_shipments() -> None:
    found = only("getShipments")
    assert found.required_query == ("status",)
    assert set(found.date_query) == {"lastUpdatedAfter", "lastUpdatedBefore"}
    assert found.page_token == ("paginationToken",)
    assert found.marketplace == ("marketplaceId",)
    assert found.body is Body.NONE
    assert found.errors == (400, 403, 404, 409, 413, 415, 429, 500, 503)


@pytest.mark.parametrize(
    ("operation_id", "body"),
    [
        ("createPackages", Body.REQUIRED),
        ("updatePackage", Body.REQUIRED),
        ("batchInventory", Body.REQUIRED),
        ("processShipment", Body.OPTIONAL),
        ("updatePackageStatus", Body.OPTIONAL),
        ("generateShipLabels", Body.OPTIONAL),
        ("generateInvoice", Body.NONE),
        ("getShipment", Body.NONE),
    ],
)
def test_bodies(operation_id: str, body: Body) -> None:
    assert only(operation_id).body is body


def test_412_is_declared_for_the_inventory_of_2021_and_for_nothing_else_of_external_fulfillment() -> None:
    declared = {item.id for item in operations().items if item.api == "external-fulfillment" and 412 in item.errors}
    assert declared == {"updateInventory"}


def test_a_time_of_day_a_duration_and_an_interval_are_no_dates() -> None:
    assert only("updateSupplySource", "supply-sources", "2020-07-01").body_dates == ()
    assert "period" not in only("createReportSchedule", "reports", "2021-06-30").body_dates
    assert only("getOrderMetrics", "sales", "v1").date_query == ()
    assert "items[].expiration" in only("createInboundPlan", "fulfillment-inbound", "2024-03-20").body_dates


@pytest.mark.parametrize(
    ("method", "path", "party"),
    [
        ("GET", f"{EF}/shipments", Party.SELLER),
        ("GET", "/reports/2021-06-30/reports", Party.BOTH),
        ("GET", "/vendor/orders/v1/purchaseOrders", Party.VENDOR),
        ("GET", "/finances/invoices/2026-06-25/invoices", Party.BOTH),
    ],
)
def test_whose_authorisation_is_needed(method: str, path: str, party: Party) -> None:
    found = operations().find(method, path)
    assert found is not None
    assert found.party is party


def test_grantless_operations() -> None:
    scopes: dict[str, set[str]] = {}
    for item in operations().items:
        if item.grantless is not None:
            scopes.setdefault(item.grantless, set()).add(item.id)
    assert scopes == {
        "sellingpartnerapi::notifications": {
            "createDestination",
            "getDestination",
            "getDestinations",
            "deleteDestination",
            "getSubscriptionById",
            "deleteSubscriptionById",
            "sendTestNotification",
        },
        "sellingpartnerapi::client_credential:rotation": {"rotateApplicationClientSecret"},
        "sellingpartnerapi::shipments:track": {"getShipmentTracking"},
        "sellingpartnerapi::migration": {"getAuthorizationCode"},
    }


def test_operations_of_one_id_come_newest_first() -> None:
    versions = [item.version for item in operations().by_id("getShipment") if item.api == "external-fulfillment"]
    assert versions == ["2024-09-11", "2021-01-06"]
    assert operations().by_id("noSuchOperation") == []


def test_the_file_is_sorted_by_path_and_method_and_each_route_stands_once() -> None:
    routes = [(item.path, item.method) for item in operations().items]
    assert routes == sorted(set(routes))


def test_what_is_not_an_operation_is_refused() -> None:
    with pytest.raises(ValueError, match="id"):
        decode_operations(b'{"api": "x"}\n')
