"""The lock-out after too many failed attempts of one operation on one order: the cause of SC_00005 (InvalidInput).

Five failures within an hour close the operation on that order for an hour; from then on a valid request is refused too.
One success opens the count anew. What counts is every refusal with status 400, also one that only time mends; what does
not is an outage, a limit, a busy order or a repeated request. The figures are proposed; documented is the hour.
"""

from __future__ import annotations

from recoup.sandbox.fulfillment.store import Fulfillment
from recoup.sandbox.operation import Refusal

__all__ = ["check", "clear", "count"]

_COUNTED = (
    "sc-00002-",
    "sc-10001-",
    "sc-20000-",
    "sc-30001-",
    "sc-30002-",
    "sc-30003-",
    "sc-30004-",
    "sc-30005-",
    "sc-30007-",
)


def check(state: Fulfillment, shipment_id: str, operation: str, now: float) -> None:
    """Refuse where the operation is locked on this order."""
    if _locked(state, shipment_id, operation, now):
        raise Refusal(
            "sc-00005-max-retries",
            because=f"{state.settings.lockout_failures} attempts of {operation} failed; locked since the last of them",
            order=shipment_id,
            seconds=f"{state.settings.lockout_seconds:g}",
        )


def _locked(state: Fulfillment, shipment_id: str, operation: str, now: float) -> bool:
    failures = state.failures.get((shipment_id, operation), [])
    settings = state.settings
    return len(failures) >= settings.lockout_failures and now - failures[-1] < settings.lockout_seconds


def count(state: Fulfillment, shipment_id: str, operation: str, refusal: Refusal, now: float) -> None:
    """Note a failed attempt. What is malformed while the operation is locked does not count."""
    if not refusal.fault.startswith(_COUNTED) or _locked(state, shipment_id, operation, now):
        return
    window = now - state.settings.lockout_seconds
    recent = [at for at in state.failures.get((shipment_id, operation), ()) if at > window]
    state.failures[shipment_id, operation] = [*recent, now]


def clear(state: Fulfillment, shipment_id: str, operation: str) -> None:
    """Note a success."""
    state.failures.pop((shipment_id, operation), None)
