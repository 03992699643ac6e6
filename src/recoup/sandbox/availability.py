"""In which marketplaces an API is offered, where not in all of its region. Proposed, as a whole.

Amazon keeps availability in the introduction of each API, and changes it; what is here is what the names and purposes
of these APIs leave no doubt about (invoices for Brazil), so that the cause exists. What is not listed is offered
everywhere. `Door.withheld` adds to it on the stage: a new version often comes to some marketplaces later.
"""

from __future__ import annotations

from collections.abc import Mapping

from recoup.catalogue.facts.marketplaces import by_id

__all__ = ["offered"]

# API -> countries of the marketplaces in which it is offered.
_ONLY: Mapping[str, frozenset[str]] = {
    "invoices": frozenset({"BR"}),
    "shipment-invoicing": frozenset({"BR"}),
    "vehicles": frozenset({"US", "CA", "MX", "BR", "GB", "DE", "FR", "IT", "ES", "IN", "JP", "AU", "AE", "SA", "TR"}),
}


def offered(api: str, marketplace_id: str) -> bool:
    """Whether `api` is offered in a marketplace. An unknown marketplace is for another check to refuse."""
    place = by_id(marketplace_id)
    return place is None or api not in _ONLY or place.country_code in _ONLY[api]
