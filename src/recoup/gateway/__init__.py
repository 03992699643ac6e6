"""A local reverse proxy for programs in any language: renews, paces, retries, diagnoses.

    with recoup.gateway.running(upstream=sandbox.endpoint, client_id=…, client_secret=…, refresh_token=…) as gateway:
        httpx2.get(gateway.url + "/orders/v0/orders")

Imported on first use: it needs the extra [gateway], which brings a server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recoup.gateway.options import GatewayOptions
    from recoup.gateway.sellers import Seller, read_sellers
    from recoup.gateway.serving import Gateway, running

__all__ = ["Gateway", "GatewayOptions", "Seller", "read_sellers", "running"]

_HOMES = {
    "Gateway": "recoup.gateway.serving",
    "GatewayOptions": "recoup.gateway.options",
    "Seller": "recoup.gateway.sellers",
    "read_sellers": "recoup.gateway.sellers",
    "running": "recoup.gateway.serving",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'recoup.gateway' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
