"""Faults asked for by their id, for users' own tests: by their cause where one can be set, else by a fault plan.

Some faults follow from a state that one action on the stage brings about, whoever calls next and whatever they call: a
deactivated account, a revoked token, an outage. Some need to know the shipment that will be called. Those are set as
what they are, and mended again. Of any other the catalogue's wire answer is given by a fault plan, once; the answer to
this request says which of the two it was, and so does the trail of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from recoup.catalogue.loader import catalogue
from recoup.sandbox.accounts import DIRECT_TO_CONSUMER
from recoup.sandbox.actions import Actions
from recoup.sandbox.fulfillment.documents import DOCUMENT_PATH
from recoup.sandbox.fulfillment.service import OPERATIONS
from recoup.sandbox.login import KNOWN_SCOPES, TOKEN_PATH
from recoup.sandbox.plans import Fault, Plan, Plans

__all__ = ["AskedFaults", "FaultAsked"]

_WHILE = 3600.0  # seconds of virtual time that a state lasts which ends by itself


class FaultAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault that somebody asks for.

    `shipment_id` is that of the shipment which will be called. `how` is cause, plan, or whichever is possible. The
    others narrow and fill a plan: `method` and `path` (a pattern with *) of the calls, how many `times`, `parameters`.
    """

    fault: str
    how: str | None = None
    shipment_id: str | None = None
    method: str | None = None
    path: str | None = None
    times: int = 1
    parameters: dict[str, str] = {}


class _Step(msgspec.Struct, frozen=True):
    action: str
    arguments: Mapping[str, Any] = {}


class _Cause(msgspec.Struct, frozen=True):
    steps: tuple[_Step, ...]
    mend: tuple[_Step, ...] = ()
    then: str = ""  # what mends it beside the steps


class AskedFaults:
    """The faults that were asked for, and how to be rid of them."""

    def __init__(self, actions: Actions, plans: Plans, merchant: Callable[[], str], now: Callable[[], float]) -> None:
        self._actions = actions
        self._plans = plans
        self._merchant = merchant
        self._now = now
        self._mend: dict[str, tuple[_Step, ...] | str] = {}

    def describe(self) -> dict[str, str]:
        """Every fault that may be asked for, with how it is brought about."""
        return {fault.id: self._how(fault.id) for fault in catalogue().values() if fault.answer is not None}

    def _how(self, fault_id: str) -> str:
        if fault_id in self._causes(None):
            return "cause"
        return "cause, with shipment_id" if fault_id in self._causes("") else "plan"

    def ask(self, asked: FaultAsked) -> dict[str, Any]:
        """Bring a fault about. Raises ValueError, and nothing has changed, where that is not possible."""
        fault = catalogue().get(asked.fault)
        if fault is None or fault.answer is None:
            raise ValueError(f"no fault with a wire answer is called {asked.fault!r}; GET /_sandbox/faults lists them")
        if asked.how not in (None, "cause", "plan"):
            raise ValueError(f"how: cause, plan, or left out, not {asked.how!r}")
        if asked.times < 1:
            raise ValueError(f"times: at least 1, not {asked.times}")
        cause = self._causes(asked.shipment_id).get(fault.id)
        if asked.how == "cause" and cause is None:
            hint = "; it needs shipment_id" if fault.id in self._causes("") else ""
            raise ValueError(f"{fault.id} has no cause that could be set for whatever is called next{hint}")
        if cause is None or asked.how == "plan":
            return self._planned(asked)
        for step in cause.steps:
            self._actions.run(step.action, step.arguments)
        self._mend[fault.id] = cause.mend
        done = [{"do": step.action, **step.arguments} for step in cause.steps]
        shown: dict[str, Any] = {"fault": fault.id, "how": "cause", "stage": done}
        return {**shown, "then": cause.then} if cause.then else shown

    def _planned(self, asked: FaultAsked) -> dict[str, Any]:
        path = asked.path
        if path is None:
            path = f"*/shipments/{asked.shipment_id}*" if asked.shipment_id else _where(asked.fault)
        effect = Fault(fault=asked.fault, parameters=asked.parameters)
        name = self._plans.add(Plan(script=[effect] * asked.times, method=asked.method, path=path))
        self._mend[asked.fault] = name
        return {"fault": asked.fault, "how": "plan", "plan": name}

    def mend(self, fault_id: str) -> None:
        """Mend what was asked for. Raises ValueError where it was not."""
        mend = self._mend.pop(fault_id, None)
        if mend is None:
            raise ValueError(f"{fault_id!r} was not asked for; there are {', '.join(self._mend) or 'none'}")
        if isinstance(mend, str):
            self._plans.remove(mend)
            return
        for step in mend:
            self._actions.run(step.action, step.arguments)

    def forget(self) -> None:
        """The world began anew."""
        self._mend.clear()

    def _causes(self, shipment_id: str | None) -> dict[str, _Cause]:
        """What can be set for whatever is called next; with a shipment's id also what concerns that shipment."""
        merchant, now = self._merchant(), self._now()
        role = {"role": DIRECT_TO_CONSUMER}
        all_scopes = tuple(sorted(KNOWN_SCOPES))
        causes = {
            "403-expired-token": _Cause((_Step("revoke_access_tokens"),), then="a token that is fetched from now on"),
            "403-account-suspended": _Cause((_Step("deactivate_account"),), (_Step("activate_account"),)),
            "400-inactive-account": _Cause((_Step("inactivate_account"),), (_Step("activate_account"),)),
            "403-missing-role": _Cause((_Step("drop_role", role),), (_Step("add_role", role),)),
            "429-rate-limit": _Cause(
                tuple(_Step("use_up_quota", {"operation": name}) for name in OPERATIONS),
                then="a second or so, by the sandbox's clock",
            ),
            "lwa-invalid-grant": _Cause(
                (_Step("revoke_authorization"),), (_Step("authorize"),), then="the new refresh token"
            ),
            "lwa-unauthorized-client": _Cause(
                (_Step("set_scopes", {"scopes": ()}),), (_Step("set_scopes", {"scopes": all_scopes}),)
            ),
            "lwa-temporarily-unavailable": _outage("login_outage", "overloaded"),
            "lwa-server-error": _outage("login_outage", "internal"),
            "lwa-rate-limited": _outage("login_outage", "throttled"),
            "lwa-html-or-non-json": _outage("login_outage", "intercepted"),
            "other-dev-account-pending": _Cause(
                (_Step("review_registration", {"approved": False}),),
                (_Step("review_registration", {"approved": True}),),
            ),
            "other-500-internal": _outage("front_door_outage", "internal"),
            "other-503-unavailable": _outage("front_door_outage", "unavailable"),
            "sc-00001-service-unavailable": _Cause(
                (_Step("outage", {"until": now + _WHILE}),), (_Step("end_outages"),)
            ),
            "sc-00005-forbidden": _Cause(
                (_Step("allow_list", {"merchant_id": merchant, "allowed": False}),),
                (_Step("allow_list", {"merchant_id": merchant, "allowed": True}),),
            ),
        }
        if shipment_id is not None:
            one, entity = {"shipment_id": shipment_id}, {"entity": shipment_id}
            causes |= {
                "sc-00000-internal-failure": _Cause((_Step("poison", entity),), (_Step("repair", entity),)),
                "sc-00006-order-cancelled": _Cause((_Step("cancel_by_marketplace", one),), then="another order"),
                "sc-10000-server-busy": _Cause(
                    (_Step("work_elsewhere", {**one, "seconds": _WHILE}),),
                    (_Step("work_elsewhere", {**one, "seconds": 0.0}),),
                ),
                "sc-30005-dispatch-after-date": _Cause(
                    (_Step("set_dispatch_after", {**one, "at": now + _WHILE}),),
                    (_Step("set_dispatch_after", {**one, "at": now}),),
                ),
            }
        return causes


def _outage(action: str, kind: str) -> _Cause:
    return _Cause((_Step(action, {"seconds": _WHILE, "kind": kind}),), (_Step(action, {"seconds": 0.0, "kind": kind}),))


def _where(fault_id: str) -> str:
    """The calls that a fault can happen to."""
    for start, path in _PLACES:
        if fault_id.startswith(start):
            return path
    return "*"


_PLACES = (
    ("lwa-", TOKEN_PATH),
    ("auth-", "/apps/authorize/*"),
    ("other-presigned-", f"{DOCUMENT_PATH}*"),
    ("sc-40000-", "/notifications/*"),
    ("sc-", "/externalFulfillment/*"),
    ("ef-", "/externalFulfillment/*"),
)
