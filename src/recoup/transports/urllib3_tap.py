"""How urllib3, and requests on it, tell what goes out: connections that show a record the bytes which they send."""

from __future__ import annotations

from typing import Any

import urllib3
from urllib3 import connection, connectionpool

from recoup.transports.recording import here

__all__ = ["tap_connections"]

_END = b"\r\n\r\n"


class _Tapped:
    """Before a connection class: `http.client` sends the head as one block, and bodies after it."""

    def send(self, data: Any) -> None:
        """Send, and show the head to whoever records here. A proxy's CONNECT is not the request."""
        tap = here()
        if tap is not None and not tap.bytes and isinstance(data, bytes) and not data.startswith(b"CONNECT "):
            head, end, _ = data.partition(_END)
            tap.head(head + end)
        super().send(data)  # type: ignore[misc]  # of the connection class behind this one


class _HTTPConnection(_Tapped, connection.HTTPConnection):
    pass


class _HTTPSConnection(_Tapped, connection.HTTPSConnection):
    pass


class HTTPConnectionPool(connectionpool.HTTPConnectionPool):
    """urllib3's own, with such connections. Its name is part of what urllib3 says in its exceptions."""

    ConnectionCls = _HTTPConnection


class HTTPSConnectionPool(connectionpool.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _HTTPSConnection


_POOLS = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}


def tap_connections(manager: urllib3.PoolManager) -> None:
    """Let this manager make such connections from now on, unless somebody gave it pools of another kind."""
    if manager.pool_classes_by_scheme is urllib3.poolmanager.pool_classes_by_scheme:
        manager.pool_classes_by_scheme = _POOLS
