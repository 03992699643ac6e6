"""The sandbox as one value: clock, accounts, services, and what happened to every request. No sockets here.

`World.handle` takes a request and gives the response, or a `Pending` where the operation takes virtual time. Everything
is done under one lock, so that the control room can set the stage from another thread.
"""

from __future__ import annotations

import heapq
import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from recoup.catalogue.facts.operations import operations
from recoup.exchange import Headers, Request, Response
from recoup.sandbox.accounts import Accounts
from recoup.sandbox.answers import HEAD_TOO_LARGE, Answers, FilledAnswer
from recoup.sandbox.buckets import Buckets
from recoup.sandbox.clock import VirtualClock
from recoup.sandbox.consent.room import ConsentRoom
from recoup.sandbox.front_door import CHECKS, Door, Visit
from recoup.sandbox.login import TOKEN_PATH, Login
from recoup.sandbox.operation import OperationCall, Outcome, Refusal, Working
from recoup.sandbox.parts import Answered, Mounted, Pending, Recorder
from recoup.sandbox.settings import SandboxSettings
from recoup.sandbox.trail import FAULT_PLAN, UNDOCUMENTED, Trail, Trails, rule_of
from recoup.sandbox.wire import Refused

__all__ = ["REGIONS", "World"]

_LOG = logging.getLogger("recoup.sandbox")

REGIONS = ("NA", "EU", "FE")
_ANY_MALFORMED = "400-malformed-http-method"  # all malformed requests get one page
_WITH_RATE = frozenset({400, 404})  # besides 20x; never on a throttled or refused answer (Usage Plans)


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
        self.answers = answers or Answers(sc_number=self.settings.sc_number)
        self.lock = threading.RLock()
        self.recorder: Recorder | None = None
        self.replaying = False  # True while the past is made again: nothing may reach the outside then
        self._build_services = services
        self.clock.guard, self.clock.on_move = self.lock, self._clock_moved
        self.clock.hold(self.clock.first)  # the world opens at the first instant, however long opening takes
        try:
            self._build()
        finally:
            self.clock.hold(None)

    def _build(self) -> None:
        self.number_requests_from(0)
        self.accounts = Accounts(self.seed, self.settings)
        self.login = Login(self.accounts, self.settings)
        self.consent = ConsentRoom(
            seed=self.seed, accounts=self.accounts, login=self.login, answers=self.answers, settings=self.settings
        )
        self.door = Door(settings=self.settings, operations=operations(), accounts=self.accounts, buckets=Buckets())
        self._trails = Trails(self.settings.kept_trails)
        self._in_flight: list[tuple[float, int, Callable[[], None]]] = []
        self._begun = 0
        self.services = tuple(self._build_services(self))

    def reset(self, seed: int | None = None) -> None:
        """Begin anew at the first instant: same seed, or another one. What was in flight ends at once, in the world
        that it began in.
        """
        with self.lock:
            self._settle(float("inf"))
            if seed is not None:
                self.seed = seed
            self.clock.reset()
            self.clock.hold(self.clock.first)
            try:
                self._build()
            finally:
                self.clock.hold(None)
            if self.recorder is not None:
                self.recorder.reset()

    def number_requests_from(self, count: int, generation: int = 0) -> None:
        """Go on with the request id behind the first `count` of this seed; another generation has other ids."""
        name = f"{self.seed}:requests" + (f":{generation}" if generation else "")
        self._random = random.Random(name)  # noqa: S311  request ids, the same for the same seed
        self.generation, self.numbered = generation, 0
        while self.numbered < count:
            self.request_id()

    def request_id(self) -> str:
        """The next request id of this seed."""
        self.numbered += 1
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def handle(self, request: Request, region: str, *, body_size: int | None = None) -> Response | Pending:
        """Answer one request that arrived at the endpoint of `region` (NA, EU or FE).

        `body_size` is the size of the body where not all of it was read because it is too large anyway.
        """
        with self.lock:
            now = self.clock.now()
            self._settle(now)
            ids = self.numbered
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
            self.clock.hold(now)
            try:
                answer = self._attend(visit, request)
                if self.recorder is not None and _changed(visit, answer):
                    self.recorder.request(request, region, body_size, now, ids, answer)
            except Exception as error:  # noqa: BLE001  a mistake of ours: said in the log, and no connection dies of it
                return self._broke(visit, error)
            else:
                return answer
            finally:
                self.clock.hold(None)

    def _attend(self, visit: Visit, request: Request) -> Answered:
        try:
            if visit.path == TOKEN_PATH:
                outcome = self.login.answer(request, visit.now)
                return self._answered(visit, outcome, json="application/json;charset=UTF-8")
            if self.consent.serves(visit.path):
                return self._paged(visit, request)
            for check in CHECKS:
                check(visit)
            result = self._serve(visit)
            return self._began(visit, result) if isinstance(result, Working) else self._answered(visit, result)
        except Refusal as refusal:
            return self._refused(visit, refusal)

    def perform(self, name: str, arguments: Mapping[str, Any], run: Callable[[], Any]) -> Any:
        """Let an action of the stage happen at one instant, after whatever was due before it."""
        with self.lock:
            now = self.clock.now()
            self._settle(now)
            self.clock.hold(now)
            try:
                return run() if self.recorder is None else self.recorder.action(name, arguments, now, run)
            finally:
                self.clock.hold(None)

    def visited(self, page: Callable[[Request, str], Response], request: Request, peer: str) -> Response:
        """Let a page beside the API be asked for at one instant, after whatever was due before it."""
        with self.lock:
            now = self.clock.now()
            self._settle(now)
            self.clock.hold(now)
            try:
                response = page(request, peer)
                if self.recorder is not None:
                    self.recorder.page(request, now, response)
                return response
            finally:
                self.clock.hold(None)

    def _clock_moved(self) -> None:
        if self.recorder is not None:
            self.recorder.clock()

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
            trail = self._trails.find(request_id)
        return None if trail is None else trail.shown()

    def recent(self, count: int, *, refused: bool = False) -> list[dict[str, Any]]:
        """The trails of the latest requests, the newest first; with `refused` only of those that failed."""
        with self.lock:
            trails = self._trails.recent(count, refused=refused)
        return [trail.shown() for trail in trails]

    def keep_trail(self, trail: Trail) -> None:
        """Remember why something beside the API was answered as it was."""
        with self.lock:
            self._trails.keep(trail)

    def meddled(self, request_id: str | None, plan: str, request: Request, region: str, status: int) -> None:
        """Note that a fault plan had its hand in an answer; `request_id` is None where the world was never asked."""
        with self.lock:
            known = self._trails.find(request_id) if request_id is not None else None
            if known is None:
                known = Trail(
                    request_id=request_id or f"({plan})",
                    at=self.clock.now(),
                    region=region,
                    method=request.method,
                    path=_target(request.url)[0],
                    status=status,
                    fault=FAULT_PLAN,
                    because=f"{plan} answered; the sandbox itself was not asked",
                )
            self._trails.keep(msgspec.structs.replace(known, fault_plan=plan))

    def turned_away(self, refused: Refused, region: str, connection: str) -> FilledAnswer:
        """The page for bytes that are no request. They have no request id: the trail is kept under the connection."""
        with self.lock:
            answer = HEAD_TOO_LARGE
            if refused.findings:
                answer = self.answers.fill(Refusal(refused.fault or _ANY_MALFORMED, because=refused.because))
            self._trails.keep(
                Trail(
                    request_id=connection,
                    at=self.clock.now(),
                    region=region,
                    method=refused.method,
                    path=_target(refused.target)[0],
                    status=answer.status,
                    fault=refused.fault or UNDOCUMENTED,
                    because=refused.because,
                    rule=f"wire.{refused.findings[0].rule}" if refused.findings else "wire.too-large",
                )
            )
            return answer

    def _serve(self, visit: Visit) -> Outcome | Working:
        operation, token = visit.known, visit.caller
        if visit.sample is not None:
            return visit.sample
        for mounted in self.services:
            if operation.path.startswith(mounted.prefix) and operation.id in mounted.operations:
                call = OperationCall(
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
                visit.changing = operation.id not in mounted.reads
                if mounted.before is not None:
                    visit.before = mounted.before(call)
                return mounted.service.handle(call)
        message = f"The sandbox does not simulate {operation.id} of {operation.api}; its front door let the call pass."
        return Outcome(status=501, body={"errors": [{"code": "NotImplemented", "message": message}]})

    def _began(self, visit: Visit, working: Working) -> Response | Pending:
        if len(self._in_flight) >= self.settings.most_in_flight:
            return self._refused(visit, Refusal("other-503-unavailable", because="too many operations are in flight"))
        visit.request_id = self.request_id()  # what is in flight has its id from its beginning on
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
        headers: list[tuple[str, str]] = [("x-amzn-RequestId", visit.request_id or self.request_id())]
        body = b""
        if isinstance(outcome.body, bytes):
            body = outcome.body
        elif outcome.body is not None:
            headers.append(("Content-Type", json))
            body = msgspec.json.encode(outcome.body)
        headers.extend(outcome.headers.items())
        parts = [{"fault": part.fault, "because": part.because} for part in outcome.parts]
        return self._finished(visit, outcome.status, headers, body, None, "", parts)

    def _paged(self, visit: Visit, request: Request) -> Response:
        """A page of the authorization workflow. Nearly every visit may change who is signed in, or what was shown."""
        page = self.consent.answer(request, visit.region, visit.now, visit.body_size)
        visit.changing = page.changing
        visit.partner = self.accounts.partners.get(page.merchant_id or "")
        headers = [("x-amzn-RequestId", self.request_id()), *page.headers]
        refusal = page.refusal
        if refusal is None:
            return self._finished(visit, page.status, headers, page.body, None, page.because)
        return self._finished(
            visit, page.status, headers, page.body, refusal.fault, refusal.because, rule=rule_of(refusal)
        )

    def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        answer = self.answers.fill(refusal)
        headers: list[tuple[str, str]] = []
        page = answer.content_type.startswith("text/html")
        if not page:
            headers.append(("x-amzn-RequestId", visit.request_id or self.request_id()))
        if answer.body:
            headers.append(("Content-Type", answer.content_type))
        headers.extend(answer.headers)
        if page:  # the HTTP layer refuses before the API: no request id, and the connection closes
            headers.append(("Connection", "close"))
        return self._finished(
            visit, answer.status, headers, answer.body, refusal.fault, refusal.because, rule=rule_of(refusal)
        )

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
        rule: str | None = None,
    ) -> Response:
        if visit.plan is not None and (200 <= status < 300 or status in _WITH_RATE):
            headers.append(("x-amzn-RateLimit-Limit", str(visit.plan[0])))
        shown = bool(headers) and headers[0][0] == "x-amzn-RequestId"
        if shown or fault is not None:  # a page carries no request id; its trail has one all the same
            self._trails.keep(
                Trail(
                    request_id=headers[0][1] if shown else visit.request_id or self.request_id(),
                    at=visit.now,
                    region=visit.region,
                    method=visit.method,
                    path=visit.path,
                    status=status,
                    operation=visit.operation.id if visit.operation is not None else None,
                    merchant_id=visit.partner.merchant_id if visit.partner is not None else None,
                    bucket_left=visit.bucket_left,
                    fault=fault,
                    because=because,
                    parts=list(parts),
                    rule=rule,
                    before=visit.before,
                    plan=visit.plan,
                )
            )
        return Response(status=status, headers=Headers(headers), body=body)


def _changed(visit: Visit, answer: Answered) -> bool:
    """Whether a call may have changed what lasts. A refusal may: it counts toward a lock-out. A throttled call, or one
    that met an outage, does not.
    """
    if isinstance(answer, Pending):
        return True
    if visit.path == TOKEN_PATH:
        return answer.status == 200
    return visit.changing and answer.status < 500 and answer.status != 429


def _target(url: str) -> tuple[str, str]:
    """Path and query as sent, from an absolute URL or from the target of a request line."""
    if not url.startswith("/"):
        _, _, rest = url.partition("://")
        slash = rest.find("/")
        url = rest[slash:] if slash >= 0 else "/"
    path, _, query = url.partition("?")
    return path, query
