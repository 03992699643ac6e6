"""recoup under python-amazon-sp-api, its synchronous and its asynchronous clients.

    orders = Orders(Marketplaces.US, credentials={…}, refresh_token=…)
    recoup.clients.python_amazon_sp_api.attach(orders)
    orders.get_orders(CreatedAfter=…)  # raises the client's own exceptions; `recoup.outcome(error)` says more

By itself this client takes an error whose body has no `errors` (a page of HTML, an empty 503) for a success, keeps a
refused token for nearly an hour in a cache of the whole process, and knows grantless tokens of one application from
those of another only by their refresh token. None of it happens any more. Its decorator `throttle_retry` would be a
second owner of retries: leave it out.
"""
# ruff: noqa: SLF001  it has no public place for its HTTP client

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import iscoroutinefunction
from types import SimpleNamespace
from typing import Any, TypeVar, Unpack

from recoup.clients.httpx_layer import put_under
from recoup.clients.sharing import Credentials, More, layer
from recoup.errors import FaultError
from recoup.transports.outcome import KEY, Outcome, outcome

__all__ = ["attach"]

C = TypeVar("C")
_NO_TOKEN = SimpleNamespace(access_token="")  # empty: the transport puts one in


def attach(client: C, **more: Unpack[More]) -> C:
    """Put recoup under one client of python-amazon-sp-api, and return it. See `recoup.clients.sharing.More`.

    Clients with the same credentials share their token and their quotas. Raises SettingsError where an option or a
    credential cannot be what it should be.
    """
    target: Any = client
    own = target._auth.cred
    credentials = Credentials(client_id=own.client_id, client_secret=own.client_secret, refresh_token=own.refresh_token)
    under = layer(credentials, more)
    is_async = iscoroutinefunction(type(target)._request)
    put_under(target._transport._client, under, _as_theirs, is_async=is_async)
    bare = target._transport.bare if isinstance(target._transport, _Requests) else target._transport
    target._transport = (_AsyncRequests if is_async else _SyncRequests)(bare)
    auth = target._auth.bare if isinstance(target._auth, _Auth) else target._auth
    target._auth = (_AsyncAuth if is_async else _SyncAuth)(auth, seller=under.login is not None)
    return client


class _Auth:
    """In place of the client's own source of tokens, with the rest of it (`authorize_auth_code`) as it was."""

    def __init__(self, bare: Any, *, seller: bool) -> None:
        self.bare = bare
        self._seller = seller

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)


class _SyncAuth(_Auth):
    def get_auth(self) -> Any:
        return _NO_TOKEN if self._seller else self.bare.get_auth()

    def get_grantless_auth(self, scope: str = "") -> Any:
        return _NO_TOKEN


class _AsyncAuth(_Auth):
    async def get_auth(self) -> Any:
        return _NO_TOKEN if self._seller else await self.bare.get_auth()

    async def get_grantless_auth(self, scope: str = "") -> Any:
        return _NO_TOKEN


class _Requests:
    """The client's way to its HTTP library. What failed becomes its own exception here, before it can be overlooked."""

    def __init__(self, bare: Any) -> None:
        self.bare = bare

    @property
    def _client(self) -> Any:
        return self.bare._client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)


class _SyncRequests(_Requests):
    def request(self, *arguments: Any, **named: Any) -> Any:
        return _checked(self.bare.request(*arguments, **named))


class _AsyncRequests(_Requests):
    async def request(self, *arguments: Any, **named: Any) -> Any:
        return _checked(await self.bare.request(*arguments, **named))


def _checked(response: Any) -> Any:
    made = outcome(response)
    if made is not None:
        setattr(response.headers, KEY, made)  # the client's own response keeps the header fields, and nothing else
    if response.status_code < 400:
        return response
    kind = import_module("sp_api.base.exceptions").get_exception_for_code(response.status_code)
    error: Exception = kind(_errors(response, made), headers=response.headers)
    setattr(error, KEY, made)
    raise error


def _errors(response: Any, made: Outcome | None) -> list[dict[str, Any]]:
    """The list of errors as Amazon sent it, else one that says what was seen instead."""
    try:
        body = response.json()
    except ValueError:
        body = None
    found = body.get("errors") if isinstance(body, Mapping) else None
    if isinstance(found, list) and found and all(isinstance(error, Mapping) for error in found):
        return found
    diagnosis = made.diagnosis if made is not None else None
    best = diagnosis.best if diagnosis is not None else None
    code = diagnosis.code if diagnosis is not None else None
    message = diagnosis.message if diagnosis is not None else None
    known = best is not None and diagnosis is not None and not diagnosis.tied
    title = best.title if known and best is not None else f"HTTP {response.status_code} without a list of errors"
    return [{"code": code or f"HTTP {response.status_code}", "message": message or title, "details": ""}]


def _as_theirs(error: FaultError, request: Any) -> Exception:
    """The client's own exception where Login with Amazon refused; everything else as it is."""
    if error.fault is None or not error.fault.startswith("lwa-"):
        return error
    said = error.diagnosis
    kind = import_module("sp_api.auth.exceptions").AuthorizationError
    theirs: Exception = kind(said.get("code"), said.get("message") or str(error), said.get("http_status"))
    theirs.args = (str(error),)
    return theirs
