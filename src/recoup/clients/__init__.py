"""recoup under the clients that people already have: one module for each, one call in each.

    recoup.clients.python_amazon_sp_api.attach(client)
    recoup.clients.amzn_sp_api.connect(config)
    recoup.clients.amzn_selling_partner.attach(client)

No client is imported before that call.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recoup.clients import amzn_selling_partner, amzn_sp_api, python_amazon_sp_api

__all__ = ["amzn_selling_partner", "amzn_sp_api", "python_amazon_sp_api"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"recoup.clients.{name}")
    raise AttributeError(f"module 'recoup.clients' has no attribute {name!r}")
