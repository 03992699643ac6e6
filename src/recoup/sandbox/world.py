"""The sandbox as one value: clock, accounts, services, and what happened to every request. No sockets here.

`World.handle` takes a request and gives the response, or a `Pending` where the operation takes virtual time. Everything
is done under one lock, so that the control room can set the stage from another thread.
"""

from __future__ import annotations

import heapq
import logging
import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from recoup.catalogue.facts.operations import operations
from recoup.exchange import Headers, Request, Response
from recoup.redaction import redact_text
from recoup.sandbox.accounts import Accounts
from recoup.sandbox.answers import Answers
from recoup.sandbox.buckets import Buckets
from recoup.sandbox.clock import VirtualClock
from recoup.sandbox.front_door import CHECKS, Door, Visit
from recoup.sandbox.login import TOKEN_PATH, Login
from recoup.sandbox.operation import OperationCall, Outcome, Refusal, Working
from recoup.sandbox.settings import SandboxSettings

__all__ = ["REGIONS", "Mounted", "Pending", "Service", "World"]

_LOG = logging.getLogger("recoup.sandbox")

REGIONS = ("NA", "EU", "FE")
_WITH_RATE = frozenset({400, 404})  # besides 20x; never on a throttled or refused answer (Usage Plans)


class Service(Protocol):
    """What stands behind the front door: External Fulfillment, and others after it."""

    def handle(self, call: OperationCall) -> Outcome | Working:
        """Carry out one operation. Raises Refusal."""
        ...


class Mounted(msgspec.Struct, frozen=True):
    """A service, the path prefix of its operations, and the ids of those that it simulates."""

    prefix: str
    operations: frozenset[str]
    service: Service


class Pending(msgspec.Struct, kw_only=True):
    """An operation in flight: `due` is the instant at which its answer is ready (epoch seconds)."""

    due: float
    response: Response | None = None


class Trail(msgspec.Struct, frozen=True):
    """Why a request was answered as it was. For the control URL only, never for the caller."""

    request_id: str
    at: float
    region: str
    method: str
    path: str
    operation: str | None
    merchant_id: str | None
    bucket_left: float | None
    status: int
    fault: str | None
    because: str
    parts: list[dict[str, str]] = []  # the same of single parts, where the call succeeded as a whole


class World:
    """Everything that one sandbox is, apart from its sockets.

    `services` puts accounts and services into the world, at its start and on every reset.
    """

    def __init__(
        self,
        *,
        seed: int | str = 0,
        clock: VirtualClock | None = None,
        settings: SandboxSettings | None = None,
        answers: Answers | None = None,
        services: Callable[[World], Sequence[Mounted]] = lambda _: (),
    ) -> None:
        self.seed = seed
        self.clock = clock or VirtualClock()
        self.settings = settings or SandboxSettings()
        self.answers = answers or Answers()
        self.lock = threading.RLock()
        self._build_services = services
        self._build()

    def _build(self) -> None:
        self._random = random.Random(f"{self.seed}:requests")  # noqa: S311  request ids, the same for the same seed
        self.accounts = Accounts(self.seed, self.settings)
        self.login = Login(self.accounts, self.settings)
        self.door = Door(settings=self.settings, operations=operations(), accounts=self.accounts, buckets=Buckets())
        self._trails: OrderedDict[str, Trail] = OrderedDict()
        self._in_flight: list[tuple[float, int, Callable[[], None]]] = []
        self._begun = 0
        self.services = tuple(self._build_services(self))

    def reset(self) -> None:
        """Begin anew: same seed, first instant. What was in flight ends at once, in the world that it began in."""
        with self.lock:
            self._settle(float("inf"))
            self.clock.reset()
            self._build()

    def request_id(self) -> str:
        """The next request id of this seed."""
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def handle(self, request: Request, region: str, *, body_size: int | None = None) -> Response | Pending:
        """Answer one request that arrived at the endpoint of `region` (NA, EU or FE).

        `body_size` is the size of the body where not all of it was read because it is too large anyway.
        """
        with self.lock:
            now = self.clock.now()
            self._settle(now)
            path, query = _target(request.url)
            body = request.body or b""
            visit = Visit(
                door=self.door,
                region=region,
                now=now,
                method=request.method,
                path=path,
                query_string=query,
                headers=request.headers,
                body=body,
                body_size=len(body) if body_size is None else body_size,
            )
            try:
                if path == TOKEN_PATH:
                    return self._answered(visit, self.login.answer(request, now), json="application/json;charset=UTF-8")
                for check in CHECKS:
                    check(visit)
                result = self._serve(visit)
                if isinstance(result, Working):
                    return self._began(visit, result)
                return self._answered(visit, result)
            except Refusal as refusal:
                return self._refused(visit, refusal)
            except Exception as error:  # noqa: BLE001  a mistake of ours: said in the log, and no connection dies of it
                return self._broke(visit, error)

    def settled(self, pending: Pending) -> Response:
        """The response of an operation whose time has come. Raises RuntimeError before it has."""
        with self.lock:
            self._settle(self.clock.now())
            if pending.response is None:
                raise RuntimeError(f"the operation is in flight until {pending.due}")
            return pending.response

    def trail(self, request_id: str) -> dict[str, Any] | None:
        """Why this request was answered as it was, or None where it is not (or no longer) known."""
        with self.lock:
            trail = self._trails.get(request_id)
        if trail is None:
            return None
        data: dict[str, Any] = msgspec.to_builtins(trail)
        return {**data, "path": redact_text(trail.path), "because": redact_text(trail.because)}

    def _serve(self, visit: Visit) -> Outcome | Working:
        operation, token = visit.known, visit.caller
        for mounted in self.services:
            if visit.path.startswith(mounted.prefix) and operation.id in mounted.operations:
                return mounted.service.handle(
                    OperationCall(
                        operation=operation.id,
                        merchant_id=visit.partner.merchant_id if visit.partner is not None else "",
                        application_id=token.application.id,
                        region=visit.region,
                        path=self.door.operations.parameters(operation, visit.path),
                        query=visit.query,
                        body=visit.json,
                        headers=visit.headers,
                        now=visit.now,
                    )
                )
        message = f"The sandbox does not simulate {operation.id} of {operation.api}; its front door let the call pass."
        return Outcome(status=501, body={"errors": [{"code": "NotImplemented", "message": message}]})

    def _began(self, visit: Visit, working: Working) -> Response | Pending:
        if len(self._in_flight) >= self.settings.most_in_flight:
            return self._refused(visit, Refusal("other-503-unavailable", because="too many operations are in flight"))
        patience = self.settings.gateway_patience
        pending = Pending(due=visit.now + min(working.seconds, patience))
        timed_out = working.seconds > patience

        def finish() -> None:
            try:
                response = self._answered(visit, working.finish(visit.now + working.seconds))
            except Refusal as refusal:
                response = self._refused(visit, refusal)
            except Exception as error:  # noqa: BLE001  as in handle
                response = self._broke(visit, error)
            if not timed_out:
                pending.response = response

        def lose_patience() -> None:
            because = f"{visit.known.id} takes {working.seconds} s; the front door waited for {patience} s"
            pending.response = self._refused(visit, Refusal("other-504-timeout", because=because))

        self._fly(visit.now + working.seconds, finish)
        if timed_out:
            self._fly(pending.due, lose_patience)
        return pending

    def _fly(self, due: float, land: Callable[[], None]) -> None:
        self._begun += 1
        heapq.heappush(self._in_flight, (due, self._begun, land))

    def _settle(self, now: float) -> None:
        """Let everything land that is due, in its order, before anything else is looked at."""
        while self._in_flight and self._in_flight[0][0] <= now:
            heapq.heappop(self._in_flight)[2]()

    def _answered(self, visit: Visit, outcome: Outcome, *, json: str = "application/json") -> Response:
        headers: list[tuple[str, str]] = [("x-amzn-RequestId", self.request_id())]
        body = b""
        if isinstance(outcome.body, bytes):
            body = outcome.body
        elif outcome.body is not None:
            headers.append(("Content-Type", json))
            body = msgspec.json.encode(outcome.body)
        headers.extend(outcome.headers.items())
        parts = [{"fault": part.fault, "because": part.because} for part in outcome.parts]
        return self._finished(visit, outcome.status, headers, body, None, "", parts)

    def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        answer = self.answers.fill(refusal)
        headers: list[tuple[str, str]] = []
        page = answer.content_type.startswith("text/html")
        if not page:
            headers.append(("x-amzn-RequestId", self.request_id()))
        if answer.body:
            headers.append(("Content-Type", answer.content_type))
        headers.extend(answer.headers)
        if page:  # the HTTP layer refuses before the API: no request id, and the connection closes
            headers.append(("Connection", "close"))
        return self._finished(visit, answer.status, headers, answer.body, refusal.fault, refusal.because)

    def _broke(self, visit: Visit, error: Exception) -> Response:
        """The answer to a mistake in the sandbox itself. Nothing of Amazon's looks like it."""
        name = visit.operation.id if visit.operation is not None else visit.method
        _LOG.error("the sandbox failed at %s", name, exc_info=error)
        message = "The sandbox itself failed, which is a mistake in recoup; its log has the traceback."
        body = {"errors": [{"code": "SandboxFailure", "message": message}]}
        return self._answered(visit, Outcome(status=500, body=body))

    def _finished(
        self,
        visit: Visit,
        status: int,
        headers: list[tuple[str, str]],
        body: bytes,
        fault: str | None,
        because: str,
        parts: Sequence[dict[str, str]] = (),
    ) -> Response:
        if visit.plan is not None and (200 <= status < 300 or status in _WITH_RATE):
            headers.append(("x-amzn-RateLimit-Limit", str(visit.plan[0])))
        if headers and headers[0][0] == "x-amzn-RequestId":
            request_id = headers[0][1]
            while len(self._trails) >= self.settings.kept_trails:
                self._trails.popitem(last=False)
            self._trails[request_id] = Trail(
                request_id,
                visit.now,
                visit.region,
                visit.method,
                visit.path,
                visit.operation.id if visit.operation is not None else None,
                visit.partner.merchant_id if visit.partner is not None else None,
                visit.bucket_left,
                status,
                fault,
                because,
                list(parts),
            )
        return Response(status=status, headers=Headers(headers), body=body)


def _target(url: str) -> tuple[str, str]:
    """Path and query as sent, from an absolute URL or from the target of a request line."""
    if not url.startswith("/"):
        _, _, rest = url.partition("://")
        slash = rest.find("/")
        url = rest[slash:] if slash >= 0 else "/"
    path, _, query = url.partition("?")
    return path, query
