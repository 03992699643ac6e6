"""The control room under /_sandbox/: the clock, the stage, and why a request was answered as it was. JSON in and out.

    GET  /_sandbox/                what there is
    GET  /_sandbox/credentials     what the sandbox printed at its start
    GET  /_sandbox/clock           {"now": epoch seconds, "mode": "wall" | "frozen" | "advanced"}
    POST /_sandbox/clock           {"advance": seconds} | {"set": epoch seconds} | {"freeze": true} | {"resume": true}
    POST /_sandbox/reset           begin anew: same seed, first instant
    GET  /_sandbox/why/{requestId} the causal trail of a request
    GET  /_sandbox/stage           the actions, with their arguments
    POST /_sandbox/stage           {"do": action, argument: value, ...}

None of this is Amazon's. Bad input gets a 400 that says what would be right, and changes nothing. Only a local program
may use it, or one that sends the key; a page in a browser may not (its requests have another Host or Content-Type).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from typing import Any

import msgspec

from recoup.exchange import Headers, Request, Response
from recoup.sandbox.actions import Actions, UnknownAction
from recoup.sandbox.world import World

__all__ = ["CONTROL_PATH", "Control", "is_loopback"]

CONTROL_PATH = "/_sandbox/"
_JSON = Headers([("Content-Type", "application/json"), ("Cache-Control", "no-store")])


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


class Control:
    """Answers the control requests of one sandbox. `key` is needed by whoever is not on this machine."""

    def __init__(
        self,
        world: World,
        actions: Actions,
        *,
        credentials: Callable[[], dict[str, Any]],
        key: str | None = None,
    ) -> None:
        self._world = world
        self._actions = actions
        self._credentials = credentials
        self._key = key

    def page(self, request: Request, peer: str) -> Response:
        """One control request."""
        try:
            self._admit(request, peer)
            data = self._route(request)
        except _Denied as denied:
            return Response(status=denied.status, headers=_JSON, body=msgspec.json.encode(denied.body))
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

    def _route(self, request: Request) -> Any:
        path = request.url.partition("?")[0][len(CONTROL_PATH) :].strip("/")
        place, _, rest = path.partition("/")
        readers: dict[str, Callable[[], Any]] = {
            "": lambda: {"at": [f"{CONTROL_PATH}{name}" for name in (*readers, "why/{requestId}", "reset") if name]},
            "clock": self._clock,
            "stage": self._actions.describe,
            "credentials": self._credentials,
        }
        writers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "clock": self._move,
            "stage": self._act,
            "reset": self._reset,
        }
        if place == "why" and rest and request.method == "GET":
            return self._why(rest)
        if not rest and request.method == "GET" and place in readers:
            return readers[place]()
        if not rest and request.method == "POST" and place in writers:
            return writers[place](_body(request))
        if place in readers or place in writers or place == "why":
            raise _Denied(405, f"{request.method} is not what {CONTROL_PATH}{place} is for")
        raise _Denied(404, f"there is no {CONTROL_PATH}{path[:80]}")

    def _clock(self) -> dict[str, Any]:
        return {"now": self._world.clock.now(), "mode": self._world.clock.mode}

    def _move(self, body: dict[str, Any]) -> dict[str, Any]:
        if len(body) != 1 or next(iter(body)) not in ("advance", "set", "freeze", "resume"):
            raise _Denied(
                400, "give exactly one of advance (seconds), set (epoch seconds), freeze (true), resume (true)"
            )
        name, value = next(iter(body.items()))
        clock = self._world.clock
        moves = name in ("advance", "set")
        if not moves and value is not True:
            raise _Denied(400, f"{name} takes true, not {value!r}")
        if moves and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise _Denied(400, f"{name} takes a number, not {value!r}")
        try:
            if moves:
                (clock.advance if name == "advance" else clock.set)(float(value))
            else:
                (clock.freeze if name == "freeze" else clock.resume)()
        except (ValueError, OverflowError) as error:
            raise _Denied(400, str(error)) from error
        return self._clock()

    def _act(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body.pop("do", None)
        if not isinstance(name, str):
            raise _Denied(400, 'say what to do: {"do": action}', actions=sorted(self._actions.describe()))
        try:
            result = self._actions.run(name, body)
        except UnknownAction as error:
            raise _Denied(400, f"no action is called {name!r}", actions=list(error.known)) from error
        except (ValueError, LookupError) as error:
            raise _Denied(400, str(error)) from error
        return {"done": name, "result": msgspec.to_builtins(result)}

    def _reset(self, body: dict[str, Any]) -> dict[str, Any]:
        if body:
            raise _Denied(400, f"reset takes no arguments, not {', '.join(sorted(body))}")
        self._world.reset()
        return self._clock()

    def _why(self, request_id: str) -> dict[str, Any]:
        trail = self._world.trail(request_id)
        if trail is None:
            raise _Denied(404, "no such request id, or it is too long ago")
        return trail


def _body(request: Request) -> dict[str, Any]:
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
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
