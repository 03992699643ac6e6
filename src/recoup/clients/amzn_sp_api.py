"""recoup under amzn-sp-api, Amazon's own client.

    client = recoup.clients.amzn_sp_api.connect(SPAPIConfig(client_id, client_secret, refresh_token, region="NA"))
    orders = OrdersV0Api(client.api_client)  # raises the client's own exceptions; `recoup.outcome(error)` says more

By itself this client fetches a token when it is made, asks Login with Amazon four times for what is refused for good,
and reports that as a server error; urllib3 beneath it sends PUT and DELETE again when a connection drops; every object
of a model leaks a log handler. None of it happens any more.
"""
# ruff: noqa: SLF001  neither where it asks for its first token nor whether its configuration has a default is public

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeVar, Unpack
from urllib.parse import urlsplit

from recoup.clients.sharing import Credentials, Layer, More, layer, scope_of
from recoup.errors import FaultError
from recoup.transports.caller import Options
from recoup.transports.outcome import KEY, outcome
from recoup.transports.urllib3_pool import PoolManager

__all__ = ["attach", "connect"]

C = TypeVar("C")


def connect(config: Any, *, endpoint: str | None = None, **more: Unpack[More]) -> Any:
    """An `SPAPIClient` of this `SPAPIConfig` with recoup under it. Nothing is sent before the first call.

    `endpoint` as the client takes it; `token_url` is its `oauth_endpoint`. Use `attach` for a client that was made
    already, which has fetched a token, or failed to.
    """
    _end_the_leak()
    theirs: Any = import_module("spapi").SPAPIClient

    def initialise(made: Any) -> None:
        # Here its constructor would ask for a token.
        made.access_token_cache = _NoToken(made.access_token_cache)
        theirs._initialize_client(made)

    kind = type(theirs.__name__, (theirs,), {"_initialize_client": initialise})
    address = more.get("token_url") or theirs.oauth_endpoint
    return attach(kind(config, oauth_endpoint=address, endpoint=endpoint), **more)


def attach(client: C, **more: Unpack[More]) -> C:
    """Put recoup under a client of amzn-sp-api (an `SPAPIClient`, or an `ApiClient`), and return it.

    See `recoup.clients.sharing.More`. All operations classes that were made, or will be made, with its `ApiClient` have
    recoup under them. Clients with the same credentials share their token and their quotas. Raises SettingsError where
    an option or a credential cannot be what it should be.
    """
    _end_the_leak()
    api: Any = getattr(client, "api_client", client)
    cache = api.configuration.access_token_cache
    own = cache.bare if isinstance(cache, _NoToken) else cache
    under = layer(
        Credentials(client_id=own.client_id, client_secret=own.client_secret, refresh_token=own.refresh_token),
        more,
        token_url=own.oauth_endpoint,
        host=api.configuration.host,
    )
    scope = own.scope if own.grant_type == "client_credentials" else None
    api.configuration.access_token_cache = _NoToken(own)
    api.default_headers.pop("x-amz-access-token", None)
    pool = api.rest_client.pool_manager
    bare = pool.bare if isinstance(pool, _Pool) else pool
    api.rest_client.pool_manager = _Pool(bare, under, scope)
    return client


class _NoToken:
    """In place of the client's own source of tokens: recoup puts the token in. What it knows stays to be asked."""

    def __init__(self, bare: Any) -> None:
        self.bare: Any = bare.bare if isinstance(bare, _NoToken) else bare

    def get_lwa_access_token(self) -> str:
        return ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)


class _Pool:
    """In place of the client's urllib3 manager: what it asks of one is `request`."""

    def __init__(self, bare: Any, under: Layer, scope: str | None) -> None:
        self.bare: Any = bare
        self._scope = scope
        self._under = under
        self._by_scope: dict[str | None, PoolManager] = {}
        self._for(scope)  # complains now of an option that is none

    def _for(self, scope: str | None) -> PoolManager:
        found = self._by_scope.get(scope)
        if found is None:
            found = self._by_scope.setdefault(scope, _manager(self.bare, self._under.options(scope)))
        return found

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        scope = self._scope or scope_of(method, urlsplit(url).path)
        try:
            response = self._for(scope).request(method, url, *arguments, **named)
        except FaultError as error:
            raise _as_theirs(error) from error
        made = outcome(response)
        if made is not None:
            setattr(response.headers, KEY, made)  # the client's exceptions and answers keep the header fields
        return response

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)

    def clear(self) -> None:
        """Close all connections."""
        for manager in self._by_scope.values():
            manager.clear()
        self.bare.clear()


def _manager(bare: Any, options: Options) -> PoolManager:
    """With the certificates and sizes of the client's own; with itself beneath, where it goes through a proxy."""
    if getattr(bare, "proxy", None) is not None:
        return PoolManager(inner=bare, **options)
    return PoolManager(**bare.connection_pool_kw, **options)


def _as_theirs(error: FaultError) -> Exception:
    """The client's own exception where Login with Amazon refused; everything else as it is."""
    if error.fault is None or not error.fault.startswith("lwa-"):
        return error
    said = error.diagnosis
    kind = import_module("spapi.auth.lwa_exception").LwaException
    theirs: Exception = kind(said.get("code") or "other", said.get("message") or str(error), error)
    return theirs


def _end_the_leak() -> None:
    """Let objects of models share one configuration: each makes one of its own otherwise, and each of these a handler
    of logs.
    """
    configuration = import_module("spapi").Configuration
    if configuration._default is None:
        configuration.set_default(configuration())
