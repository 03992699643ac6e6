"""Fault plans: trouble on the way, by a script or by chance, for users' own tests. Never for the drill.

A plan meddles with calls that match it: it answers in the sandbox's place, delays, cuts the connection before or after
the effect, cuts the body off, or does not answer at all. None of it has a cause in the sandbox's state; the trail of
such a call says "fault plan". The control room itself is never meddled with. Seconds are of real time, since it is the
client's patience that they try.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from recoup.exchange import Headers, Response
from recoup.sandbox.answers import Answers
from recoup.sandbox.login import TOKEN_PATH
from recoup.sandbox.operation import Refusal

__all__ = [
    "CONTROL_PATH",
    "Effect",
    "Fault",
    "Hang",
    "Latency",
    "Met",
    "Pass",
    "Plan",
    "Plans",
    "Reset",
    "Status",
    "Truncate",
]

CONTROL_PATH = "/_sandbox/"  # never meddled with
_LONGEST = 600.0  # seconds
_MOST_PLANS = 100
_METHOD = re.compile(r"[A-Z]{1,20}")
_FIELD = re.compile(r"[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e\xa0-\xff]*", re.ASCII)
_NO_BODY = frozenset({204, 304})


class _Effect(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """Base of all effects."""


class Pass(_Effect, frozen=True, kw_only=True, tag="pass"):
    """The call goes through untouched."""


class Status(_Effect, frozen=True, kw_only=True, tag="status"):
    """The call is answered with this in the sandbox's place. `body` is a text as it is, or else becomes JSON."""

    status: int
    body: Any = None
    headers: dict[str, str] = {}


class Fault(_Effect, frozen=True, kw_only=True, tag="fault"):
    """The call is answered with the catalogue's wire answer of a fault. `parameters` fill its placeholders."""

    fault: str
    parameters: dict[str, str] = {}


class Latency(_Effect, frozen=True, kw_only=True, tag="latency"):
    """The call goes through that much later."""

    seconds: float


class Reset(_Effect, frozen=True, kw_only=True, tag="reset"):
    """The connection is reset: `before` the call has any effect, or `after` it had its effect and before the answer."""

    when: Literal["before", "after"] = "after"


class Truncate(_Effect, frozen=True, kw_only=True, tag="truncate"):
    """The call has its effect; of the answer's body only `keep` bytes arrive (default: half of it)."""

    keep: int | None = None


class Hang(_Effect, frozen=True, kw_only=True, tag="hang"):
    """The call has no effect and gets no answer; after `seconds` the connection is reset."""

    seconds: float = _LONGEST


Effect = Pass | Status | Fault | Latency | Reset | Truncate | Hang


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to which calls.

    `path` is a pattern with * over the path as sent; * alone stands for all but the token endpoint, which is meant only
    where it is named. `method` and `region` narrow it further. The effects of `script`
    happen to matching calls one after the other, from the call number `nth` on; with `repeat` from the start again.
    With `chance` (0 to 1) each matching call from `nth` on is hit at random instead, by one effect of the script; the
    same `seed` and calls are hit the same.
    """

    script: list[Effect]
    method: str | None = None
    path: str = "*"
    region: Literal["NA", "EU", "FE"] | None = None
    nth: int = 1
    repeat: bool = False
    chance: float | None = None
    seed: int = 0

    def check(self, answers: Answers) -> None:
        """Raises ValueError that says what is wrong with it."""
        if not self.script:
            raise ValueError("script: say what happens, as a list of effects")
        if self.method is not None and not _METHOD.fullmatch(self.method):
            raise ValueError(f"method: {self.method!r} is none; write it as it travels, like POST")
        if not self.path.startswith(("/", "*")):
            raise ValueError(f"path: {self.path!r} begins with neither / nor *")
        if self.nth < 1:
            raise ValueError(f"nth: calls are counted from 1, not from {self.nth}")
        if self.chance is not None and not 0 <= self.chance <= 1:
            raise ValueError(f"chance: from 0 to 1, not {self.chance}")
        if self.chance is not None and self.repeat:
            raise ValueError("repeat: with a chance there is no order to repeat")
        for effect in self.script:
            _check(effect, answers)


def _check(effect: Effect, answers: Answers) -> None:
    match effect:
        case Status():
            if not 200 <= effect.status <= 599:
                raise ValueError(f"status: from 200 to 599, not {effect.status}")
            for name, value in effect.headers.items():
                if _FIELD.fullmatch(f"{name}:{value}") is None:
                    raise ValueError(f"headers: {name!r} is not a header field that can be sent")
                if name.lower() in ("content-length", "transfer-encoding"):
                    raise ValueError(f"headers: {name} follows from the body; truncate sends less of it")
        case Fault():
            try:
                answers.fill(Refusal(effect.fault, because="", **{**_SAMPLES, **effect.parameters}))
            except LookupError as error:
                raise ValueError(f"fault: {error}") from error
        case Latency() | Hang():
            if not 0 <= effect.seconds <= _LONGEST:
                raise ValueError(f"seconds: from 0 to {_LONGEST:.0f}, not {effect.seconds}")
        case Truncate():
            if effect.keep is not None and effect.keep < 0:
                raise ValueError(f"keep: at least 0 bytes, not {effect.keep}")
        case Pass() | Reset():
            pass


class Met(msgspec.Struct, frozen=True):
    """What happens to one call: by which plan, and what."""

    plan: str
    effect: Effect

    @property
    def name(self) -> str:
        """As the trail says it."""
        return f"fault plan {self.plan}: {msgspec.to_builtins(self.effect)['do']}"


class _Running(msgspec.Struct):
    plan: Plan
    random: random.Random
    seen: int = 0
    hit: int = 0

    @property
    def done(self) -> bool:
        """True where no call will be hit any more."""
        plan = self.plan
        return plan.chance is None and not plan.repeat and self.seen >= plan.nth - 1 + len(plan.script)

    def next(self) -> Effect | None:
        """What happens to the call that just matched, or None."""
        self.seen += 1
        at = self.seen - self.plan.nth
        if at < 0:
            return None
        script = self.plan.script
        if self.plan.chance is not None:
            strikes, effect = self.random.random() < self.plan.chance, self.random.choice(script)
            found = effect if strikes else None
        elif self.plan.repeat or at < len(script):
            found = script[at % len(script)]
        else:
            return None
        if found is None or isinstance(found, Pass):
            return None
        self.hit += 1
        return found


class Plans:
    """The fault plans of one sandbox. Of several that match a call, the oldest that does anything has its way."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._made = 0

    def add(self, plan: Plan | Mapping[str, Any]) -> str:
        """Let a plan begin; gives its name. Raises ValueError, and nothing has changed, where it is not one."""
        if not isinstance(plan, Plan):
            try:
                plan = msgspec.convert(plan, type=Plan)
            except msgspec.ValidationError as error:
                raise ValueError(str(error)) from error
        plan.check(self._answers)
        with self._lock:
            for done in [name for name, one in self._running.items() if one.done][: -(_MOST_PLANS // 2)]:
                del self._running[done]
            if len(self._running) >= _MOST_PLANS:
                raise ValueError(f"there are {_MOST_PLANS} plans that go on already; remove some")
            self._made += 1
            name = f"plan-{self._made}"
            chance = random.Random(f"{plan.seed}:plan")  # noqa: S311  the same for the same seed
            self._running[name] = _Running(plan, chance)
        return name

    def remove(self, name: str | None = None) -> None:
        """End one plan, or all. Raises ValueError where there is none of that name."""
        with self._lock:
            if name is None:
                self._running.clear()
            elif self._running.pop(name, None) is None:
                raise ValueError(f"no fault plan is called {name!r}; there are {', '.join(self._running) or 'none'}")

    def describe(self) -> dict[str, Any]:
        """Every plan, how many calls matched it, and how many it hit."""
        with self._lock:
            return {
                name: {"plan": msgspec.to_builtins(one.plan), "matched": one.seen, "hit": one.hit}
                for name, one in self._running.items()
            }

    def meet(self, method: str, target: str, region: str) -> Met | None:
        """What happens to this call: None where it goes through."""
        if not self._running or target.startswith(CONTROL_PATH):
            return None
        path, met = target.partition("?")[0], None
        with self._lock:
            for name, one in self._running.items():
                plan = one.plan
                if plan.method not in (None, method) or plan.region not in (None, region):
                    continue
                if not (path != TOKEN_PATH if plan.path == "*" else fnmatchcase(path, plan.path)):
                    continue
                effect = one.next()
                if effect is not None and met is None:
                    met = Met(name, effect)
        return met

    def answer(self, effect: Status | Fault, target: str, now: float, request_id: str) -> Response:
        """The response that such a plan gives in the sandbox's place."""
        fields = [("x-amzn-RequestId", request_id)]
        if isinstance(effect, Status):
            text = effect.body if isinstance(effect.body, str) else None
            body = b"" if effect.body is None else text.encode() if text is not None else _json(effect.body)
            if body and not any(name.lower() == "content-type" for name in effect.headers):
                fields.append(("Content-Type", "text/plain" if text is not None else "application/json"))
            fields.extend(effect.headers.items())
            return Response(
                status=effect.status, headers=Headers(fields), body=b"" if effect.status in _NO_BODY else body
            )
        parameters = {**_SAMPLES, **_told(target, now), **effect.parameters}
        filled = self._answers.fill(Refusal(effect.fault, because="", **parameters))
        if filled.content_type.startswith("text/html"):
            fields = []
        if filled.body:
            fields.append(("Content-Type", filled.content_type))
        fields.extend(filled.headers)
        return Response(status=filled.status, headers=Headers(fields), body=filled.body)


def _json(body: object) -> bytes:
    return msgspec.json.encode(body)


def _told(target: str, now: float) -> dict[str, str]:
    """What a call itself says about the parameters of a message."""
    later = datetime.fromtimestamp(int(now) + 7200, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = re.search(r"/shipments/([^/?]+)", target)
    if found is None:
        return {"dispatch_after": later}
    return {"dispatch_after": later, "id": found[1], "shipment": found[1], "order": found[1]}


# What stands in a message where neither the call nor the plan says it.
_SAMPLES: dict[str, str] = {
    "operation": "getEligibleShipmentServices",
    "type": "GET_MERCHANT_LISTINGS_ALL_DATA",
    "user": "arn:aws:iam::000000000000:user/example",
    "resource": "arn:aws:iam::000000000000:role/example",
    "artifact": "INVOICE",
    "attribute": "item_name",
    "developer_id": "123456789012",
    "dispatch_after": "2027-01-01T00:00:00Z",
    "element": "shippingAddress",
    "elements": "buyerInfo",
    "entity": "shipmentId",
    "existing": "4",
    "expected": "item",
    "id": "DxF8kQ2bT",
    "limit": "100",
    "marketplace": "ATVPDKIKX0DER",
    "order": "DxF8kQ2bT",
    "parameter": "status",
    "requested": "5",
    "seconds": "3600",
    "sequence": "3",
    "shipment": "DxF8kQ2bT",
    "sku": "SANDBOX-SKU-1",
    "thing": "marketplace",
    "value": "1000",
    "version": "3",
}
