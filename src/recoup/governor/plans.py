"""Which usage plan an operation has: the user's, Amazon's sandboxes', the fact table's.

Not every figure is published. Where only the rate is known, a burst of ten is assumed for more than one request a
second and of five below that. Where the rate is not known either, nothing is paced until an answer states a rate; if a
429 comes first, one request a second is assumed, without a burst.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from recoup.catalogue.facts.operations import Operation, operations
from recoup.errors import SettingsError
from recoup.governor.plan import BucketKey, Plan

__all__ = ["GUESS", "Plans", "burst_for", "find_operation"]

GUESS = Plan(1.0, 1)
"""Of an operation whose plan nobody published, after its first 429."""

_STATIC_SANDBOX = Plan(5.0, 15)  # documented: for every operation of Amazon's sandboxes


def burst_for(rate: float) -> int:
    """The burst that is assumed where only a rate (requests a second) is known."""
    return 10 if rate > 1 else 5


class Plans:
    """The plans, those of the user first: `{"orders/v0/getOrders": (rate, burst)}`, or by the id alone, `getOrders`.

    None in the place of a plan: the operation is not paced. Raises SettingsError for a name that is no operation and
    for a plan that is none.
    """

    def __init__(self, own: Mapping[str, Plan | tuple[float, int] | None] | None = None) -> None:
        if own is not None and not isinstance(own, Mapping):
            raise SettingsError(f"plans: {own!r} are no plans; give them as in {{'orders/v0/getOrders': (0.5, 30)}}")
        self._own = {_known(name): _plan(name, given) for name, given in (own or {}).items()}

    def own(self, operation: Operation) -> bool:
        """Whether the user said what the plan is."""
        return bool(self._own) and ("/".join(operation.key) in self._own or operation.id in self._own)

    def find(self, operation: Operation, region: str = "") -> Plan | None:
        """The plan of an operation in a region (as in `BucketKey`), None where there is none."""
        if self._own:
            for name in ("/".join(operation.key), operation.id):
                if name in self._own:
                    return self._own[name]
        if region.startswith("sandbox-"):
            return _STATIC_SANDBOX
        if operation.rate is None:
            return None
        burst = operation.burst if operation.burst is not None else burst_for(operation.rate)
        return Plan(operation.rate, max(1, burst))

    def of(self, key: BucketKey, operation: Operation | None) -> Plan | None:
        """The plan of a bucket; None for a path that is no operation's, too."""
        return None if operation is None else self.find(operation, key.region)


def find_operation(name: str) -> Operation:
    """The operation of that id, the newest where there are several, or of that `api/version/id`.

    Raises SettingsError where there is none, with the one that may have been meant.
    """
    table = operations()
    identifier = name.rpartition("/")[2]
    found = table.by_id(identifier)
    for item in found:
        if name in (item.id, "/".join(item.key)):
            return item
    from difflib import get_close_matches  # late: only for a name that is none

    near = get_close_matches(identifier, {item.id for item in table.items}, 1)
    meant = found or (table.by_id(near[0]) if near else [])
    hint = f"did you mean {'/'.join(meant[0].key)}?" if meant else "give its id, as in orders/v0/getOrders"
    raise SettingsError(f"{name!r} is no operation that is known; {hint}")


def _known(name: str) -> str:
    try:
        find_operation(name)
    except SettingsError as error:
        raise SettingsError(f"plans: {error}") from None
    return name


def _plan(name: str, given: Plan | tuple[float, int] | None) -> Plan | None:
    if given is None:
        return None
    try:
        rate, burst = (given.rate, given.burst) if isinstance(given, Plan) else given
        if isfinite(rate) and rate > 0 and burst >= 1 and burst == int(burst):
            return Plan(float(rate), int(burst))
    except (TypeError, ValueError):
        pass  # two numbers were expected: said below
    raise SettingsError(
        f"plans: {name}: {given!r} is no plan; give (requests a second, burst of at least 1), as in (0.5, 30)"
    )
