"""What several clients of one application share without being told: the login, and who paces.

A program makes many clients from the same credentials (one for orders, one for reports). They must not fetch a token
each, nor spend one quota as if each had its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypedDict, cast
from weakref import WeakValueDictionary

from recoup.catalogue.facts.operations import operations
from recoup.login.grant import TOKEN_URL
from recoup.storage.forks import ProcessLock
from recoup.storage.governor import Governor
from recoup.transports.caller import Options
from recoup.transports.login import Login

__all__ = ["Credentials", "Layer", "More", "layer"]

_logins: WeakValueDictionary[tuple[str | None, ...], Login] = WeakValueDictionary()
_lock = ProcessLock()


class More(Options, total=False):
    """What every `attach` takes beside the client, all of it by keyword: the options of the transports, and these.

    `store` (see `recoup.open_store`) shares quotas, holds and tokens with other processes. `token_url` is where access
    tokens come from, if not Login with Amazon.
    """

    store: Any
    token_url: str | None


class Credentials(TypedDict):
    """The client's own: what it was made with."""

    client_id: str
    client_secret: str
    refresh_token: str | None


class Layer:
    """What is put under one client: the login of its seller, logins of its application by scope, and the options."""

    def __init__(self, login: Login | None, of_scope: Callable[[str], Login], options: Options) -> None:
        self.login = login
        self._of_scope = of_scope
        self._options = options

    def options(self, scope: str | None = None) -> Options:
        """The options of a transport for the seller's calls, or for grantless calls of that scope."""
        return {**self._options, "login": self.login if scope is None else self._of_scope(scope)}


def layer(own: Credentials, more: More, *, token_url: str = TOKEN_URL, host: str | None = None) -> Layer:
    """What goes under a client with these credentials. `host` is where it calls, if it was told another than Amazon's.

    Raises SettingsError, naming the field, where the client's credentials or an option cannot be what they should be.
    """
    options = cast("dict[str, Any]", dict(more))
    store = options.pop("store", None)
    address = options.pop("token_url", None) or token_url
    if options.get("governor") is None:
        options["governor"] = _governor() if store is None else Governor(store=store)
    if host is not None and options.get("hosts") is None:
        options["hosts"] = [host]

    def of_scope(scope: str) -> Login:
        return _login(own["client_id"], own["client_secret"], None, scope, address, store)

    login: Login | None = options.pop("login", None)
    if login is None and own["refresh_token"]:
        login = _login(own["client_id"], own["client_secret"], own["refresh_token"], None, address, store)
    return Layer(login, of_scope, cast("Options", options))


def scope_of(method: str, path: str) -> str | None:
    """The scope that this call needs in place of a seller's authorization; None: it needs the seller's."""
    operation = operations().find(method, path)
    return None if operation is None else operation.grantless


@cache
def _governor() -> Governor:
    return Governor()


def _login(client_id: str, secret: str, refresh: str | None, scope: str | None, address: str, store: Any) -> Login:
    key = (client_id, secret, refresh, scope, address, None if store is None else str(id(store)))
    with _lock:
        found = _logins.get(key)
        if found is None:
            found = Login(
                client_id=client_id,
                client_secret=secret,
                refresh_token=refresh,
                scope=scope,
                token_url=address,
                store=store,
            )
            _logins[key] = found
        return found
