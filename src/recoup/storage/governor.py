"""The governor that users make: over a store that they opened, or over one in memory of its own."""

from __future__ import annotations

from collections.abc import Mapping

from recoup.governor import governor
from recoup.governor.plan import Plan
from recoup.governor.stores import Store
from recoup.storage.memory import MemoryStore

__all__ = ["Governor"]


class Governor(governor.Governor):
    """Paces calls by the usage plans of the fact table and of `plans`, with buckets and holds in `store`.

    `store` is what `recoup.open_store` gives; None: one in memory, of this governor's own. `plans` is
    `{"orders/v0/getOrders": (requests a second, burst)}`, by plain id too; None instead of a plan leaves an operation
    unpaced. `margin` is how many seconds of a burst stay unused, for requests that take unequally long to arrive.
    Raises SettingsError for plans and margins that are none.
    """

    def __init__(
        self,
        *,
        store: Store | None = None,
        plans: Mapping[str, Plan | tuple[float, int] | None] | None = None,
        margin: float = 0.1,
    ) -> None:
        super().__init__(store=store if store is not None else MemoryStore(), plans=plans, margin=margin)
