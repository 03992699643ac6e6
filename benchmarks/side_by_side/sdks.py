"""The three published clients of the Selling Partner API, without recoup.

Each as its documentation shows it, with what it brings for trouble (`throttle_retry`, `sp_retry`; `max_retries`), and
with the careful programmer's loop of bare.py around it. All have everybody's time-out.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from side_by_side.bare import LOGIN, careful, effect_seen, hidden_failure, tenacity_delay
from side_by_side.caller import Contestant, Ended, Said
from side_by_side.http_clients import TIMEOUT, Answer, Lost
from side_by_side.plan import SHIPMENTS, Planned, fetch

__all__ = ["SDKS", "AmznSellingPartner", "AmznSpApi", "PythonAmazonSpApi", "Sdk"]


class Sdk(Contestant):
    """One of them. `operations` are its calls by the names of plan.py; they take the marker and the body."""

    refused: tuple[type[Exception], ...]  # the service said no; the attribute `status_of` names has the status
    status_of: str
    lost: tuple[type[Exception], ...]  # no answer
    looks_inside = False

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.open()

    @abstractmethod
    def open(self) -> None:
        """Make the client."""

    @abstractmethod
    def operation(self, name: str) -> Callable[[str, Any], Any]:
        """The SDK's method for an operation; `fetch` is the inventory batch, too."""

    @abstractmethod
    def forget_token(self) -> None:
        """Have the next call fetch a new access token."""

    def call(self, planned: Planned) -> Ended:
        operation, marker = planned.operation, planned.marker
        try:
            body = self.operation(operation.name)(marker, operation.body(marker))
        except self.refused as error:
            return Ended(Said.FAILED, why=str(getattr(error, self.status_of)))
        except self.lost as error:
            return Ended(Said.LOST, why=type(error).__name__)
        return Ended(Said.FAILED if self.looks_inside and hidden_failure(body) else Said.WORKED, body)

    def effect(self, planned: Planned) -> bool:
        marker = planned.marker
        stock = planned.operation.name == "stock"
        body = self.operation("stock" if stock else "read")(marker, fetch(marker) if stock else None)
        return effect_seen(planned, body)


class PythonAmazonSpApi(Sdk):
    """python-amazon-sp-api. Its hosts are fixed, its httpx client is not."""

    status_of = "code"

    def open(self) -> None:
        import httpx

        api, base, auth = (import_module(f"sp_api.{part}") for part in ("api", "base", "auth.access_token_client"))
        self.refused, self.lost = (base.SellingApiException,), (httpx.TransportError,)
        self._cache = auth.cache
        tokens = type(
            "Tokens", (auth.AccessTokenClient,), {"scheme": "http://", "host": self.address.removeprefix("http://")}
        )

        def client(name: str) -> Any:
            made = getattr(api, name)(
                base.Marketplaces.US,
                refresh_token=LOGIN["refresh_token"],
                credentials={"lwa_app_id": LOGIN["client_id"], "lwa_client_secret": LOGIN["client_secret"]},
                auth_token_client_class=tokens,
            )
            made._transport.close()  # noqa: SLF001  there is no public way to another host
            made._transport._client = httpx.Client(  # noqa: SLF001
                transport=rerouted(self.address), timeout=TIMEOUT
            )
            return made

        shipping = self._shipping = client("ExternalFulfillmentShippingV20240911")
        stock = self._stock = client("ExternalFulfillmentInventoryV20240911")
        general = shipping._request  # noqa: SLF001  its own methods put these operations' query into the body

        def confirm(marker: str, body: Any) -> Any:
            query = {"operation": "CONFIRM", "method": "POST"}
            return general(f"{SHIPMENTS}/{marker}", params=query, data=body, add_marketplace=False)

        def labels(marker: str, body: Any) -> Any:
            query = {"operation": "GENERATE", "shippingOptionId": "o1", "method": "PUT"}
            return general(f"{SHIPMENTS}/{marker}/shipLabels", params=query, data=body, add_marketplace=False)

        self._operations: dict[str, Callable[[str, Any], Any]] = {
            "read": lambda marker, _: shipping.get_shipment(marker),
            "confirm": confirm,
            "invoice": lambda marker, _: shipping.generate_invoice(marker),
            "labels": labels,
            "stock": lambda _, body: stock.batch_inventory(**body),
        }

    def operation(self, name: str) -> Callable[[str, Any], Any]:
        made = self.decorated(self._operations[name])
        return lambda marker, body: made(marker, body).payload

    def decorated(self, function: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
        """The call as a user's function under one of the SDK's decorators."""
        return function

    def forget_token(self) -> None:
        self._cache.clear()

    def close(self) -> None:
        self._shipping.close()
        self._stock.close()


def rerouted(address: str, inner: Any = None) -> Any:
    """An httpx transport that sends what is meant for Amazon to `address`."""
    import httpx

    to = httpx.URL(address)

    class Rerouted(httpx.BaseTransport):
        def __init__(self) -> None:
            self._inner = inner or httpx.HTTPTransport()

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            request.url = request.url.copy_with(scheme=to.scheme, host=to.host, port=to.port)
            answer: httpx.Response = self._inner.handle_request(request)
            return answer

        def close(self) -> None:
            self._inner.close()

    return Rerouted()


class ThrottleRetry(PythonAmazonSpApi):
    def decorated(self, function: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
        decorator: Any = import_module("sp_api.util").throttle_retry()
        return decorator(function)  # type: ignore[no-any-return]


class SpRetry(PythonAmazonSpApi):
    """Every exception of the library and every lost connection, three tries."""

    def decorated(self, function: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
        decorator: Any = import_module("sp_api.util").sp_retry(self.lost, tries=3, delay=1, rate=2)
        return decorator(function)  # type: ignore[no-any-return]


class AmznSpApi(Sdk):
    """amzn-sp-api, Amazon's own."""

    status_of = "status"

    def open(self) -> None:
        import logging

        import urllib3

        spapi, rest = import_module("spapi"), import_module("spapi.rest")
        logging.disable()  # it installs handlers that write every lost connection to stderr
        spapi.Configuration.set_default(spapi.Configuration())  # else every object of a model leaks a log handler
        self.refused, self.lost = (rest.ApiException,), (urllib3.exceptions.HTTPError,)
        made = self.connected()
        self.client = made.api_client
        self._token = made.access_token_cache
        api = "spapi.api.external_fulfillment_{}_v2024_09_11.{}_api"
        read = import_module(api.format("shipments", "shipment_retrieval")).ShipmentRetrievalApi(self.client)
        work = import_module(api.format("shipments", "shipment_processing")).ShipmentProcessingApi(self.client)
        stock = import_module(api.format("inventory", "batch_inventory")).BatchInventoryApi(self.client)
        limit = {"_request_timeout": (TIMEOUT, TIMEOUT)}
        self._operations: dict[str, Callable[[str, Any], Any]] = {
            "read": lambda marker, _: read.get_shipment(marker, **limit),
            "confirm": lambda marker, body: work.process_shipment(marker, "CONFIRM", body=body, **limit),
            "invoice": lambda marker, _: work.generate_invoice(marker, **limit),
            "labels": lambda marker, body: work.generate_ship_labels(
                marker, "GENERATE", shipping_option_id="o1", body=body, **limit
            ),
            "stock": lambda _, body: stock.batch_inventory(body, **limit),
        }

    def connected(self) -> Any:
        """The SDK's client of clients."""
        spapi = import_module("spapi")
        config = spapi.SPAPIConfig(**LOGIN)
        return spapi.SPAPIClient(config, oauth_endpoint=self.address + "/auth/o2/token", endpoint=self.address)

    def operation(self, name: str) -> Callable[[str, Any], Any]:
        made = self._operations[name]
        return lambda marker, body: self.client.sanitize_for_serialization(made(marker, body))

    def forget_token(self) -> None:
        self._token.token_info = None

    def close(self) -> None:
        self.client.rest_client.pool_manager.clear()


class AmznSellingPartner(Sdk):
    """amzn-selling-partner as it comes: two retries upon 408, 429 and 5xx, and upon time-outs."""

    status_of = "status_code"
    options: Mapping[str, Any] = MappingProxyType({})

    def open(self) -> None:
        package, plugin = (import_module(f"amzn_selling_partner{part}") for part in ("", ".plugins.amazon_spapi"))
        self.refused, self.lost = (package.APIStatusError,), (package.APIConnectionError, package.APITimeoutError)
        credentials = plugin.LWACredentials(**LOGIN)
        self.auth = plugin.LWAAuth(credentials, token_url=self.address + "/auth/o2/token", base_url=self.address)
        self.client = package.Client(base_url=self.address, auth=self.auth, timeout=TIMEOUT, **self.options)
        work, stock = (
            getattr(self.client, f"external_fulfillment_{part}_v2024_09_11") for part in ("shipments", "inventory")
        )
        self._operations: dict[str, Callable[[str, Any], Any]] = {
            "read": lambda marker, _: work.get_shipment(marker),
            "confirm": lambda marker, body: work.create_shipment(marker, body, "CONFIRM"),
            "invoice": lambda marker, _: work.create_shipment_invoice(marker),
            "labels": lambda marker, body: work.update_shipment_ship_labels(
                marker, body, "GENERATE", shipping_option_id="o1"
            ),
            "stock": lambda _, body: stock.create_inventory(body),
        }

    def operation(self, name: str) -> Callable[[str, Any], Any]:
        made = self._operations[name]

        def dumped(marker: str, body: Any) -> Any:
            model = made(marker, body)
            return None if model is None else model.model_dump(mode="json", by_alias=True, exclude_none=True)

        return dumped

    def forget_token(self) -> None:
        self.auth.store.clear()

    def close(self) -> None:
        self.client.close()
        self.auth.close()


class Unretried(AmznSellingPartner):
    options = MappingProxyType({"max_retries": 0, "throttle": False})


class Careful(Contestant):
    """One of them inside the careful programmer's loop."""

    def __init__(self, sdk: Sdk) -> None:
        self.name = sdk.name
        self._sdk = sdk
        sdk.looks_inside = True

    def call(self, planned: Planned) -> Ended:
        found: list[Ended] = []

        def send() -> Answer:
            found.append(self._sdk.call(planned))
            said, _, why = found[-1]
            if said is Said.LOST:
                raise Lost(why)
            return Answer(int(why) if why else 200, b"")

        try:
            answer = careful(send, planned.operation.method, self._sdk.forget_token, tenacity_delay)
        except Lost as lost:
            return Ended(Said.LOST, why=str(lost))
        if 500 <= answer.status < 600 and planned.operation.writes:  # 999 is python-amazon-sp-api's word for a 422
            return Ended(Said.LOST, why=str(answer.status))
        return found[-1]

    def effect(self, planned: Planned) -> bool:
        return self._sdk.effect(planned)

    def close(self) -> None:
        self._sdk.close()


def _plain(name: str, kind: type[Sdk]) -> Callable[[str], Contestant]:
    return lambda address: kind(name, address)


def _careful(name: str, kind: type[Sdk]) -> Callable[[str], Contestant]:
    return lambda address: Careful(kind(name, address))


SDKS: dict[str, Callable[[str], Contestant]] = {
    name: make(name, kind)
    for name, package, make, kind in (
        ("python-amazon-sp-api", "sp_api", _plain, PythonAmazonSpApi),
        ("python-amazon-sp-api, throttle_retry", "sp_api", _plain, ThrottleRetry),
        ("python-amazon-sp-api, sp_retry of all", "sp_api", _plain, SpRetry),
        ("python-amazon-sp-api, careful", "sp_api", _careful, PythonAmazonSpApi),
        ("amzn-sp-api", "spapi", _plain, AmznSpApi),
        ("amzn-sp-api, careful", "spapi", _careful, AmznSpApi),
        ("amzn-selling-partner", "amzn_selling_partner", _plain, AmznSellingPartner),
        ("amzn-selling-partner, careful", "amzn_selling_partner", _careful, Unretried),
    )
    if find_spec(package) is not None
}
