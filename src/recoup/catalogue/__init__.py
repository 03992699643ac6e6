"""What is documented: every fault as data, and compact tables of operations, marketplaces and deprecations.

What reads the faults is imported on first use: who needs a table of facts does not pay for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recoup.catalogue.fault import Fault
    from recoup.catalogue.loader import Catalogue, catalogue

__all__ = ["Catalogue", "Fault", "catalogue"]

_HOMES = {
    "Catalogue": "recoup.catalogue.loader",
    "Fault": "recoup.catalogue.fault",
    "catalogue": "recoup.catalogue.loader",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'recoup.catalogue' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
