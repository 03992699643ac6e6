"""The control room under /_sandbox/: time, causes, trouble on the way, and why a request was answered as it was.

JSON in and out; `signpost.PLACES` lists what there is, and GET /_sandbox/ shows it to a person. None of this is
Amazon's. Bad input gets a 400 that says what would be right, and changes nothing. Only a local program may use it, or
one that sends the key; a page in a browser may not (its requests have another Host, Origin or Content-Type).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from recoup.exchange import Headers, Request, Response
from recoup.sandbox.actions import Actions, UnknownAction
from recoup.sandbox.asked import AskedFaults, FaultAsked
from recoup.sandbox.keeping import Keeping
from recoup.sandbox.operation import Refusal
from recoup.sandbox.plans import CONTROL_PATH, Plans
from recoup.sandbox.signpost import PLACES, page
from recoup.sandbox.world import World

__all__ = ["CONTROL_PATH", "Control", "Rooms", "is_loopback"]

_JSON = Headers([("Content-Type", "application/json"), ("Cache-Control", "no-store")])
_HTML = Headers(
    [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ]
)
_SHOWN = 20  # requests, unless ?count= says otherwise
_SHOWN_HERE = 5  # refusals, on the page
_MOST_SHOWN = 2000


class _Denied(Exception):
    def __init__(self, status: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": message, **more}


def is_loopback(host: str) -> bool:
    """True for an address or name that only this machine can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Rooms(NamedTuple):
    """What the control room controls."""

    world: World
    actions: Actions
    plans: Plans
    asked: AskedFaults
    keeping: Keeping
    credentials: Callable[[], dict[str, Any]]
    reset: Callable[[int | None], object]


class Control:
    """Answers the control requests of one sandbox. `key` is needed by whoever is not on this machine."""

    def __init__(self, rooms: Rooms, *, key: str | None = None) -> None:
        self._rooms = rooms
        self._key = key
        self._readers: dict[str, Callable[[Request], Any]] = {
            "": lambda _: {"at": [f"{CONTROL_PATH}{place.path}" for place in PLACES if place.method == "GET"]},
            "clock": lambda _: self._clock(),
            "stage": lambda _: rooms.actions.describe(),
            "credentials": lambda _: rooms.credentials(),
            "faults": lambda _: rooms.asked.describe(),
            "plans": lambda _: rooms.plans.describe(),
            "requests": lambda request: rooms.world.recent(_count(request)),
            "refusals": lambda request: rooms.world.recent(_count(request), refused=True),
            "snapshot": lambda _: rooms.keeping.snapshot(),
        }
        self._writers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "clock": self._move,
            "stage": self._act,
            "faults": self._ask,
            "plans": self._plan,
            "snapshot": self._keep,
            "restore": self._restore,
            "reset": self._reset,
        }

    def page(self, request: Request, peer: str) -> Response:
        """One control request."""
        try:
            self._admit(request, peer)
            if self._wants_page(request):
                return Response(status=200, headers=_HTML, body=self._page(request))
            data = self._route(request)
        except _Denied as denied:
            return Response(status=denied.status, headers=_JSON, body=msgspec.json.encode(denied.body))
        except (ValueError, LookupError, OverflowError, Refusal) as error:
            return Response(status=400, headers=_JSON, body=msgspec.json.encode({"error": str(error)}))
        return Response(status=200, headers=_JSON, body=msgspec.json.encode(data))

    def _admit(self, request: Request, peer: str) -> None:
        if self._key is not None:
            given = request.headers.get("x-sandbox-key") or ""
            if not hmac.compare_digest(given.encode(), self._key.encode()):
                raise _Denied(403, "this sandbox is controlled with its key, sent as x-sandbox-key")
            return
        host = (request.headers.get("host") or "").strip()
        name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        if not is_loopback(peer) or not is_loopback(name.lower()):
            raise _Denied(403, "this sandbox is controlled from its own machine only, through localhost")
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            raise _Denied(403, "this sandbox is not controlled by pages of other origins")

    def _wants_page(self, request: Request) -> bool:
        here = request.url.partition("?")[0] == CONTROL_PATH
        return here and request.method == "GET" and "text/html" in (request.headers.get("accept") or "")

    def _page(self, request: Request) -> bytes:
        rooms = self._rooms
        base = f"http://{request.headers.get('host')}"
        return page(
            base, CONTROL_PATH, self._clock(), rooms.actions.describe(), rooms.world.recent(_SHOWN_HERE, refused=True)
        )

    def _route(self, request: Request) -> Any:
        path = request.url.partition("?")[0][len(CONTROL_PATH) :].strip("/")
        place, _, rest = path.partition("/")
        method = request.method
        if place == "why" and rest and method == "GET":
            return self._why(rest)
        if place in ("faults", "plans") and method == "DELETE":
            return self._end(place, rest)
        if not rest and method == "GET" and place in self._readers:
            return self._readers[place](request)
        if not rest and method == "POST" and place in self._writers:
            return self._writers[place](_body(request))
        if place in self._readers or place in self._writers or place == "why":
            raise _Denied(405, f"{method} is not what {CONTROL_PATH}{place} is for; GET {CONTROL_PATH} says what is")
        raise _Denied(404, f"there is no {CONTROL_PATH}{path[:80]}; GET {CONTROL_PATH} says what there is")

    def _clock(self) -> dict[str, Any]:
        clock = self._rooms.world.clock
        return {"now": clock.now(), "mode": clock.mode}

    def _move(self, body: dict[str, Any]) -> dict[str, Any]:
        if len(body) != 1 or next(iter(body)) not in ("advance", "set", "freeze", "resume"):
            raise _Denied(
                400, "give exactly one of advance (seconds), set (epoch seconds), freeze (true), resume (true)"
            )
        name, value = next(iter(body.items()))
        clock = self._rooms.world.clock
        moves = name in ("advance", "set")
        if not moves and value is not True:
            raise _Denied(400, f"{name} takes true, not {value!r}")
        if moves and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise _Denied(400, f"{name} takes a number, not {value!r}")
        if moves:
            (clock.advance if name == "advance" else clock.set)(float(value))
        else:
            (clock.freeze if name == "freeze" else clock.resume)()
        return self._clock()

    def _act(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body.pop("do", None)
        actions = self._rooms.actions
        if not isinstance(name, str):
            raise _Denied(400, 'say what to do: {"do": action}', actions=sorted(actions.describe()))
        try:
            result = actions.run(name, body)
        except UnknownAction as error:
            raise _Denied(400, f"no action is called {name!r}", actions=list(error.known)) from error
        return {"done": name, "result": msgspec.to_builtins(result)}

    def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            asked = msgspec.convert(body, type=FaultAsked)
        except msgspec.ValidationError as error:
            raise _Denied(400, f'{error}; ask like this: {{"fault": "sc-10000-server-busy"}}') from error
        return self._rooms.asked.ask(asked)

    def _plan(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"plan": self._rooms.plans.add(body)}

    def _end(self, place: str, name: str) -> dict[str, Any]:
        if place == "plans":
            self._rooms.plans.remove(name or None)
            return self._rooms.plans.describe()
        self._rooms.asked.mend(name)
        return {"mended": name}

    def _keep(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body.get("name")
        if len(body) != 1 or not isinstance(name, str) or not 0 < len(name) <= 80:
            raise _Denied(400, 'give the snapshot a name, to be kept here: {"name": "before"}; GET gives it to you')
        return {"kept": self._rooms.keeping.keep(name)}

    def _restore(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body.get("name")
        if isinstance(name, str) and len(body) == 1:
            self._rooms.keeping.restore(self._rooms.keeping.kept(name))
        else:
            self._rooms.keeping.restore(body)
        return self._clock()

    def _reset(self, body: dict[str, Any]) -> dict[str, Any]:
        seed = body.get("seed")
        if set(body) - {"seed"} or (body and (isinstance(seed, bool) or not isinstance(seed, int))):
            raise _Denied(400, f"reset takes no arguments but a seed (a whole number), not {', '.join(sorted(body))}")
        self._rooms.reset(seed)
        return self._clock()

    def _why(self, request_id: str) -> dict[str, Any]:
        trail = self._rooms.world.trail(request_id)
        if trail is None:
            raise _Denied(404, "no such request id, or it is too long ago")
        return trail


def _count(request: Request) -> int:
    given = dict(parse_qsl(request.url.partition("?")[2])).get("count", str(_SHOWN))
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= _MOST_SHOWN:
        raise _Denied(400, f"count: a whole number from 1 to {_MOST_SHOWN}")
    return int(given)


def _body(request: Request) -> dict[str, Any]:
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    length = request.headers.get("content-length") or "0"
    if length.isdigit() and int(length[:12]) > len(request.body or b""):  # not all of it was kept
        raise _Denied(413, "the body is too large; keep a large snapshot here, by name: POST snapshot")
    if not request.body:
        return {}
    if kind != "application/json":
        raise _Denied(415, "send JSON, with Content-Type: application/json")
    try:
        data = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _Denied(400, f"the body is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise _Denied(400, "the body is a JSON object")
    return data
