"""The three published clients before one sandbox, each bare or with recoup under it by one call of `recoup.clients`."""

from __future__ import annotations

import asyncio
import warnings
from abc import ABC, abstractmethod
from importlib import import_module
from typing import Any, Self

import httpx

from recoup.sandbox.serving import Sandbox
from recoup.testing import Timing

__all__ = ["STAGES", "AmznSellingPartner", "AmznSpApi", "Stage"]

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"


class Stage(ABC):
    """One client. `bare` leaves recoup out; `more` goes to `attach`. `slept` is what recoup would have slept."""

    name: str
    error: type[Exception]
    """What the client raises for a refused call."""
    refused: type[Exception]
    """What it raises where it gets no access token."""
    status: str
    """The attribute of `error` that holds the status."""

    def __init__(self, sandbox: Sandbox, *, bare: bool = False, **more: Any) -> None:
        self.sandbox = sandbox
        self.slept: list[float] = []
        self.more = {"timing": Timing.without_waiting(self.slept), **more}
        self.made: Any = None
        self.open(bare=bare)

    @abstractmethod
    def open(self, *, bare: bool) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def shipment(self, name: str) -> str:
        """Read a shipment; its id."""

    @abstractmethod
    def confirm(self, name: str) -> None:
        """Confirm a shipment."""

    @abstractmethod
    def labels(self, name: str) -> None:
        """Ask for labels, with PUT."""

    @abstractmethod
    def destinations(self) -> None:
        """A grantless call."""

    def sent(self, method: str | None = None) -> list[int]:
        """The statuses of what arrived, calls for tokens left out."""
        return [
            entry["status"]
            for entry in self.sandbox.recent(1000)
            if not entry["path"].startswith("/auth/") and method in (None, entry["method"])
        ]

    def logins(self) -> int:
        """How many tokens were asked for."""
        return sum(entry["path"].startswith("/auth/") for entry in self.sandbox.recent(1000))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Rerouted(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends what is meant for Amazon to the sandbox: the hosts of python-amazon-sp-api are fixed, its client is not."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.HTTPTransport()
        self._async = httpx.AsyncHTTPTransport()
        self._to = httpx.URL(sandbox.endpoint)

    def _there(self, request: httpx.Request) -> httpx.Request:
        url = request.url.copy_with(scheme=self._to.scheme, host=self._to.host, port=self._to.port)
        return httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(self._there(request))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._async.handle_async_request(self._there(request))

    def close(self) -> None:
        self._inner.close()

    async def aclose(self) -> None:
        await self._async.aclose()


class PythonAmazonSpApi(Stage):
    name = "python-amazon-sp-api"
    status = "code"
    room = "sp_api"
    cache = "sp_api.auth.access_token_client"
    client: type[Any] = httpx.Client

    def open(self, *, bare: bool) -> None:
        import_module(f"{self.room}.api")  # first: its other rooms import one another in a circle
        self.error = import_module("sp_api.base").SellingApiException
        self.refused = import_module("sp_api.auth.exceptions").AuthorizationError
        for cache in ("cache", "grantless_cache"):
            getattr(import_module(self.cache), cache).clear()  # tokens of another sandbox
        self.made = self._client("ExternalFulfillmentShippingV20240911", bare)
        self.other = self._client("Notifications", bare)

    def _client(self, name: str, bare: bool) -> Any:
        sandbox = self.sandbox
        made = getattr(import_module(f"{self.room}.api"), name)(
            import_module("sp_api.base").Marketplaces.US,
            refresh_token=sandbox.refresh_token,
            credentials={"lwa_app_id": sandbox.client_id, "lwa_client_secret": sandbox.client_secret},
        )
        made._transport._client = self.client(transport=_Rerouted(sandbox), timeout=1.0)
        made._auth._transport._client = self.client(transport=_Rerouted(sandbox), timeout=1.0)
        return made if bare else import_module("recoup.clients.python_amazon_sp_api").attach(made, **self.more)

    def close(self) -> None:
        for made in (self.made, self.other):
            made.close()
            made._auth._transport.close()

    def shipment(self, name: str) -> str:
        return str(self.done(self.made.get_shipment(name)).payload["id"])

    def confirm(self, name: str) -> None:
        self._general(f"{SHIPMENTS}/{name}", {"operation": "CONFIRM", "method": "POST"})

    def labels(self, name: str) -> None:
        self._general(f"{SHIPMENTS}/{name}/shipLabels", {"operation": "GENERATE", "method": "PUT"})

    def destinations(self) -> None:
        self.done(self.other.get_destinations())

    def done(self, result: Any) -> Any:
        return result

    def _general(self, path: str, params: dict[str, str]) -> Any:
        return self.done(self.made._request(path, params=params, add_marketplace=False, res_no_data=True))


class AsyncPythonAmazonSpApi(PythonAmazonSpApi):
    name = "python-amazon-sp-api-async"
    room = "sp_api.asyncio"
    cache = "sp_api.asyncio.auth.access_token_client"
    client = httpx.AsyncClient

    def open(self, *, bare: bool) -> None:
        self.runner = asyncio.Runner()
        super().open(bare=bare)

    def done(self, result: Any) -> Any:
        async def awaited() -> Any:
            return await result

        return self.runner.run(awaited())

    def close(self) -> None:
        for made in (self.made, self.other):
            self.done(made.aclose())
            self.done(made._auth._transport.aclose())
        self.runner.close()


class AmznSpApi(Stage):
    name = "amzn-sp-api"
    status = "status"

    def open(self, *, bare: bool) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own source, when Python compiles it for the first time
            spapi, rest = import_module("spapi"), import_module("spapi.rest")
        self.error, self.refused = rest.ApiException, import_module("spapi.auth.lwa_exception").LwaException
        config = spapi.SPAPIConfig(
            self.sandbox.client_id, self.sandbox.client_secret, self.sandbox.refresh_token, region="NA"
        )
        address = {"endpoint": self.sandbox.endpoint}
        if bare:
            self.made = spapi.SPAPIClient(config, oauth_endpoint=self.sandbox.token_url, **address)
        else:
            connect = import_module("recoup.clients.amzn_sp_api").connect
            self.made = connect(config, token_url=self.sandbox.token_url, **address, **self.more)
        api = "spapi.api.external_fulfillment_shipments_v2024_09_11.{}_api"
        client = self.made.api_client
        self._read = import_module(api.format("shipment_retrieval")).ShipmentRetrievalApi(client)
        self._work = import_module(api.format("shipment_processing")).ShipmentProcessingApi(client)
        self._notices = import_module("spapi.api.notifications_v1.notifications_api").NotificationsApi(client)

    def close(self) -> None:
        self.made.api_client.rest_client.pool_manager.clear()

    def shipment(self, name: str) -> str:
        return str(self._read.get_shipment(name, _request_timeout=1).id)

    def confirm(self, name: str) -> None:
        self._work.process_shipment(name, "CONFIRM", _request_timeout=1)

    def labels(self, name: str) -> None:
        self._work.generate_ship_labels(name, "GENERATE", _request_timeout=1)

    def destinations(self) -> None:
        self._notices.get_destinations()


class AmznSellingPartner(Stage):
    name = "amzn-selling-partner"
    status = "status_code"
    kind, auth = "Client", "LWAAuth"

    def open(self, *, bare: bool) -> None:
        package = import_module("amzn_selling_partner")
        amazon = import_module("amzn_selling_partner.plugins.amazon_spapi")
        self.error, self.refused = package.APIStatusError, package.AuthenticationError
        sandbox = self.sandbox
        credentials = amazon.LWACredentials(
            client_id=sandbox.client_id, client_secret=sandbox.client_secret, refresh_token=sandbox.refresh_token
        )
        self._auth = getattr(amazon, self.auth)(credentials, token_url=sandbox.token_url, base_url=sandbox.endpoint)
        self.made = getattr(package, self.kind)(base_url=sandbox.endpoint, auth=self._auth, timeout=1.0)
        if not bare:
            import_module("recoup.clients.amzn_selling_partner").attach(self.made, **self.more)
        self._work = self.made.external_fulfillment_shipments_v2024_09_11

    def close(self) -> None:
        self.made.close()
        self._auth.close()

    def shipment(self, name: str) -> str:
        return str(self.done(self._work.get_shipment(name)).id)

    def confirm(self, name: str) -> None:
        self.done(self._work.create_shipment(name, {}, "CONFIRM"))

    def labels(self, name: str) -> None:
        self.done(self._work.update_shipment_ship_labels(name, {"packageIds": ["1"]}, "GENERATE"))

    def destinations(self) -> None:
        self.done(self.made.notifications_v1.list_destinations())

    def done(self, result: Any) -> Any:
        return result


class AsyncAmznSellingPartner(AmznSellingPartner):
    name = "amzn-selling-partner-async"
    kind, auth = "AsyncClient", "AsyncLWAAuth"

    def open(self, *, bare: bool) -> None:
        self.runner = asyncio.Runner()
        super().open(bare=bare)

    def done(self, result: Any) -> Any:
        async def awaited() -> Any:
            return await result

        return self.runner.run(awaited())

    def close(self) -> None:
        self.done(self.made.aclose())
        self.done(self._auth.aclose())
        self.runner.close()


STAGES: tuple[type[Stage], ...] = (
    PythonAmazonSpApi,
    AsyncPythonAmazonSpApi,
    AmznSpApi,
    AmznSellingPartner,
    AsyncAmznSellingPartner,
)
