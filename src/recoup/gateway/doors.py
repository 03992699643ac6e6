"""The ways out: one transport for each seller and scope, all of them over the same connections, governor and store.

What belongs to an authorization (its token, its retry quota) is not mixed up between sellers.
"""

from __future__ import annotations

from typing import Any

from recoup.catalogue.facts.operations import Operation
from recoup.gateway.asked import Asked, Refused
from recoup.gateway.options import GatewayOptions
from recoup.gateway.sellers import Seller
from recoup.gateway.wire import Wire
from recoup.storage.governor import Governor
from recoup.transports.httpx_family import AsyncTransport
from recoup.transports.login import Login
from recoup.transports.origins import is_loopback

__all__ = ["Doors"]

_MOST_SCOPES = 16  # of grantless tokens; there are five


class Doors:
    """Finds the transport for a request. Use it in one event loop; `aclose` closes the connections."""

    def __init__(self, options: GatewayOptions, store: Any) -> None:
        self._options = options
        self._store = store
        self._governor = Governor(store=store)
        self._inner = Wire(options.proxy)
        self._doors: dict[tuple[str | None, str | None], AsyncTransport] = {}
        self._scopes: dict[str, Login] = {}

    def door(self, asked: Asked, operation: Operation | None) -> AsyncTransport:
        """The transport that sends this request. Raises Refused where too many scopes were asked for."""
        scope = asked.scope
        if scope is None and operation is not None and operation.grantless is not None:
            scope = operation.grantless
        name = None if asked.seller is None else asked.seller.name
        key = (name, scope or None)
        found = self._doors.get(key)
        if found is None:
            found = self._doors[key] = self._open(self._login(asked.seller, scope or None))
        return found

    def _login(self, seller: Seller | None, scope: str | None) -> Login | None:
        options = self._options
        if options.client_id is None or options.client_secret is None:
            return None
        fields: dict[str, Any] = {
            "client_id": options.client_id,
            "client_secret": options.client_secret,
            "token_url": options.token_address,
            "store": self._store,
        }
        if scope is None:
            token = seller.refresh_token if seller is not None else options.refresh_token
            name = None if seller is None else seller.name
            return None if token is None else Login(refresh_token=token, seller=name, **fields)
        login = self._scopes.get(scope)
        if login is None:
            if len(self._scopes) >= _MOST_SCOPES:
                raise Refused(400, "More scopes were asked for than there are.")
            login = self._scopes[scope] = Login(scope=scope, **fields)
        return login

    def _open(self, login: Login | None) -> AsyncTransport:
        given = self._options.given_upstream
        hosts = [given.url] if given is not None and is_loopback(given.host) else []
        arguments: dict[str, Any] = {"hosts": hosts, "governor": self._governor, **self._options.transport}
        return AsyncTransport(self._inner, login=login, **arguments)

    async def aclose(self) -> None:
        """Close all connections to the other side."""
        await self._inner.aclose()
