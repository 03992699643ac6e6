"""One seller, three published clients: what each of them calls what, and where it is pointed at the sandbox.

Every method gives the answer as the client's own models hold it, with the names of the wire, so that a field that a
client cannot read is missing here too. The clients are imported late: only the longer tier has them.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from importlib import import_module
from typing import Any

import httpx

from recoup.sandbox.serving import Sandbox

__all__ = ["SELLERS", "Seller", "ToSandbox"]


class Seller(ABC):
    """A seller's side of External Fulfillment, through one of the clients, without recoup."""

    name: str

    @abstractmethod
    def __init__(self, sandbox: Sandbox) -> None: ...

    @abstractmethod
    def shipments(self, **query: Any) -> dict[str, Any]: ...

    @abstractmethod
    def shipment(self, shipment: str) -> dict[str, Any]: ...

    @abstractmethod
    def process(self, shipment: str, operation: str, body: dict[str, Any]) -> None: ...

    @abstractmethod
    def pack(self, shipment: str, packages: list[dict[str, Any]]) -> None: ...

    @abstractmethod
    def options(self, shipment: str, package: str) -> dict[str, Any]: ...

    @abstractmethod
    def make_invoice(self, shipment: str) -> dict[str, Any]: ...

    @abstractmethod
    def invoice(self, shipment: str) -> dict[str, Any]: ...

    @abstractmethod
    def labels(self, shipment: str, option: str, packages: list[str]) -> dict[str, Any]: ...

    @abstractmethod
    def set_status(self, shipment: str, package: str, status: dict[str, Any]) -> None: ...

    @abstractmethod
    def batch(self, requests: list[dict[str, Any]]) -> dict[str, Any]: ...

    @abstractmethod
    def returns(self, **query: Any) -> dict[str, Any]: ...

    @abstractmethod
    def one_return(self, name: str) -> dict[str, Any]: ...

    @abstractmethod
    def error(self) -> tuple[type[Exception], str]:
        """The exception for a refused call, and the name of its attribute that holds the status."""

    @abstractmethod
    def close(self) -> None: ...


class ToSandbox(httpx.BaseTransport):
    """Sends what is meant for Amazon to the sandbox: the hosts of python-amazon-sp-api are fixed, its client is not."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.HTTPTransport()
        self._to = httpx.URL(sandbox.endpoint)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme=self._to.scheme, host=self._to.host, port=self._to.port)
        there = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return self._inner.handle_request(there)

    def close(self) -> None:
        self._inner.close()


class PythonAmazonSpApi(Seller):
    """python-amazon-sp-api: answers are plain dictionaries, and the body's fields are keyword arguments.

    Its methods for processShipment and generateShipLabels put the query's parameters into the body. Where they do, the
    seller calls what they call: the client's general request.
    """

    name = "python-amazon-sp-api"

    def __init__(self, sandbox: Sandbox) -> None:
        api, base, auth = (import_module(f"sp_api.{part}") for part in ("api", "base", "auth.access_token_client"))
        auth.cache.clear()  # tokens of another sandbox: they are kept for the whole process
        self._error = base.SellingApiException
        address = sandbox.endpoint.removeprefix("http://")
        tokens = type("Tokens", (auth.AccessTokenClient,), {"scheme": "http://", "host": address})

        def client(name: str) -> Any:
            made = getattr(api, name)(
                base.Marketplaces.US,
                refresh_token=sandbox.refresh_token,
                credentials={"lwa_app_id": sandbox.client_id, "lwa_client_secret": sandbox.client_secret},
                auth_token_client_class=tokens,
            )
            made._transport.close()
            made._transport._client = httpx.Client(transport=ToSandbox(sandbox))
            return made

        self.shipping = client("ExternalFulfillmentShippingV20240911")
        self._stock = client("ExternalFulfillmentInventoryV20240911")
        self._back = client("ExternalFulfillmentReturnsV20240911")

    def shipments(self, **query: Any) -> dict[str, Any]:
        return dict(self.shipping.get_shipments(**query).payload)

    def shipment(self, shipment: str) -> dict[str, Any]:
        return dict(self.shipping.get_shipment(shipment).payload)

    def process(self, shipment: str, operation: str, body: dict[str, Any]) -> None:
        path = f"/externalFulfillment/2024-09-11/shipments/{shipment}"
        self._general("POST", path, {"operation": operation}, body)

    def pack(self, shipment: str, packages: list[dict[str, Any]]) -> None:
        self.shipping.create_packages(shipment, packages=packages)

    def options(self, shipment: str, package: str) -> dict[str, Any]:
        return dict(self.shipping.retrieve_shipping_options(shipment, packageId=package).payload)

    def make_invoice(self, shipment: str) -> dict[str, Any]:
        return dict(self.shipping.generate_invoice(shipment).payload)

    def invoice(self, shipment: str) -> dict[str, Any]:
        return dict(self.shipping.retrieve_invoice(shipment).payload)

    def labels(self, shipment: str, option: str, packages: list[str]) -> dict[str, Any]:
        path = f"/externalFulfillment/2024-09-11/shipments/{shipment}/shipLabels"
        query = {"operation": "GENERATE", "shippingOptionId": option}
        return dict(self._general("PUT", path, query, {"packageIds": packages}).payload)

    def set_status(self, shipment: str, package: str, status: dict[str, Any]) -> None:
        self.shipping.update_package_status(shipment, package, **status)

    def batch(self, requests: list[dict[str, Any]]) -> dict[str, Any]:
        return dict(self._stock.batch_inventory(requests=requests).payload)

    def returns(self, **query: Any) -> dict[str, Any]:
        answer = self._back.list_returns_get(**query)
        return {**answer.payload, "nextToken": answer.next_token}

    def one_return(self, name: str) -> dict[str, Any]:
        return dict(self._back.get_return_get(name).payload)

    def error(self) -> tuple[type[Exception], str]:
        return self._error, "code"

    def close(self) -> None:
        for client in (self.shipping, self._stock, self._back):
            client.close()
            client._auth._transport.close()

    def _general(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Any:
        return self.shipping._request(path, params={**query, "method": method}, data=body, add_marketplace=False)


class AmznSpApi(Seller):
    """amzn-sp-api, Amazon's own: endpoint and token endpoint are arguments of its client."""

    name = "amzn-sp-api"

    def __init__(self, sandbox: Sandbox) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own source, when Python compiles it for the first time
            spapi, rest = import_module("spapi"), import_module("spapi.rest")
        spapi.Configuration.set_default(spapi.Configuration())  # else every object of a model leaks a log handler
        self._error = rest.ApiException
        config = spapi.SPAPIConfig(sandbox.client_id, sandbox.client_secret, sandbox.refresh_token)
        made = spapi.SPAPIClient(config, oauth_endpoint=sandbox.token_url, endpoint=sandbox.endpoint)
        self._client = made.api_client
        api = "spapi.api.external_fulfillment_{}_v2024_09_11.{}_api"
        reading = import_module(api.format("shipments", "shipment_retrieval"))
        working = import_module(api.format("shipments", "shipment_processing"))
        inventory = import_module(api.format("inventory", "batch_inventory"))
        returns = import_module(api.format("returns", "return_retrieval"))
        self._read = reading.ShipmentRetrievalApi(self._client)
        self._work = working.ShipmentProcessingApi(self._client)
        self._stock = inventory.BatchInventoryApi(self._client)
        self._back = returns.ReturnRetrievalApi(self._client)

    def shipments(self, **query: Any) -> dict[str, Any]:
        return self._plain(self._read.get_shipments(query.pop("status"), **_snake(query)))

    def shipment(self, shipment: str) -> dict[str, Any]:
        return self._plain(self._read.get_shipment(shipment))

    def process(self, shipment: str, operation: str, body: dict[str, Any]) -> None:
        self._work.process_shipment(shipment, operation, body=body)

    def pack(self, shipment: str, packages: list[dict[str, Any]]) -> None:
        self._work.create_packages(shipment, {"packages": packages})

    def options(self, shipment: str, package: str) -> dict[str, Any]:
        return self._plain(self._work.retrieve_shipping_options(shipment, package))

    def make_invoice(self, shipment: str) -> dict[str, Any]:
        return self._plain(self._work.generate_invoice(shipment))

    def invoice(self, shipment: str) -> dict[str, Any]:
        return self._plain(self._work.retrieve_invoice(shipment))

    def labels(self, shipment: str, option: str, packages: list[str]) -> dict[str, Any]:
        body = {"packageIds": packages}
        return self._plain(self._work.generate_ship_labels(shipment, "GENERATE", shipping_option_id=option, body=body))

    def set_status(self, shipment: str, package: str, status: dict[str, Any]) -> None:
        self._work.update_package_status(shipment, package, body=status)

    def batch(self, requests: list[dict[str, Any]]) -> dict[str, Any]:
        return self._plain(self._stock.batch_inventory({"requests": requests}))

    def returns(self, **query: Any) -> dict[str, Any]:
        return self._plain(self._back.list_returns(**_snake(query)))

    def one_return(self, name: str) -> dict[str, Any]:
        return self._plain(self._back.get_return(name))

    def error(self) -> tuple[type[Exception], str]:
        return self._error, "status"

    def close(self) -> None:
        self._client.rest_client.pool_manager.clear()

    def _plain(self, model: Any) -> dict[str, Any]:
        plain = self._client.sanitize_for_serialization(model)
        assert isinstance(plain, dict)
        return plain


class AmznSellingPartner(Seller):
    """amzn-selling-partner: base URL and auth are arguments of the generated client, its models are pydantic's."""

    name = "amzn-selling-partner"

    def __init__(self, sandbox: Sandbox) -> None:
        package, auth = (
            import_module("amzn_selling_partner"),
            import_module("amzn_selling_partner.plugins.amazon_spapi"),
        )
        self._error = package.APIStatusError
        credentials = auth.LWACredentials(
            client_id=sandbox.client_id, client_secret=sandbox.client_secret, refresh_token=sandbox.refresh_token
        )
        self._auth = auth.LWAAuth(credentials, token_url=sandbox.token_url, base_url=sandbox.endpoint)
        self._client = package.Client(base_url=sandbox.endpoint, auth=self._auth, max_retries=0, throttle=False)
        self._work = self._client.external_fulfillment_shipments_v2024_09_11
        self._stock = self._client.external_fulfillment_inventory_v2024_09_11
        self._back = self._client.external_fulfillment_returns_v2024_09_11

    def shipments(self, **query: Any) -> dict[str, Any]:
        return _dumped(self._work.list_shipments(query.pop("status"), **_snake(query)))

    def shipment(self, shipment: str) -> dict[str, Any]:
        return _dumped(self._work.get_shipment(shipment))

    def process(self, shipment: str, operation: str, body: dict[str, Any]) -> None:
        self._work.create_shipment(shipment, body, operation)

    def pack(self, shipment: str, packages: list[dict[str, Any]]) -> None:
        self._work.create_shipment_package(shipment, {"packages": packages})

    def options(self, shipment: str, package: str) -> dict[str, Any]:
        return _dumped(self._work.list_shipment_shipping_options(shipment, package))

    def make_invoice(self, shipment: str) -> dict[str, Any]:
        return _dumped(self._work.create_shipment_invoice(shipment))

    def invoice(self, shipment: str) -> dict[str, Any]:
        return _dumped(self._work.list_shipment_invoice(shipment))

    def labels(self, shipment: str, option: str, packages: list[str]) -> dict[str, Any]:
        return _dumped(
            self._work.update_shipment_ship_labels(
                shipment, {"packageIds": packages}, "GENERATE", shipping_option_id=option
            )
        )

    def set_status(self, shipment: str, package: str, status: dict[str, Any]) -> None:
        self._work.update_package_status(shipment, package, status)

    def batch(self, requests: list[dict[str, Any]]) -> dict[str, Any]:
        return _dumped(self._stock.create_inventory({"requests": requests}))

    def returns(self, **query: Any) -> dict[str, Any]:
        return _dumped(self._back.list_returns(**_snake(query)))

    def one_return(self, name: str) -> dict[str, Any]:
        return _dumped(self._back.get_return(name))

    def error(self) -> tuple[type[Exception], str]:
        return self._error, "status_code"

    def close(self) -> None:
        self._client.close()
        self._auth.close()


def _dumped(model: Any) -> dict[str, Any]:
    plain = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert isinstance(plain, dict)
    return plain


def _snake(query: dict[str, Any]) -> dict[str, Any]:
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): value for name, value in query.items()}


SELLERS: tuple[type[Seller], ...] = (PythonAmazonSpApi, AmznSpApi, AmznSellingPartner)
