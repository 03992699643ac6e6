"""What all calls of one client share, and how a face hands a call over."""

from __future__ import annotations

import random as _random
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from recoup.errors import SettingsError
from recoup.governor.governor import Governor
from recoup.recovery.policy import Policy
from recoup.recovery.quota import RetryQuota, SharedQuota
from recoup.storage import governor as memory
from recoup.storage.forks import ProcessLock
from recoup.telemetry.events import Listener
from recoup.transports import attempt as attempts
from recoup.transports import timing as timings
from recoup.transports.course import Courses
from recoup.transports.effects import carry_out, carry_out_async
from recoup.transports.hosts import Hosts, Place
from recoup.transports.library import AsyncWire, Library, SyncWire, Target
from recoup.transports.login import Login
from recoup.transports.recording import recorded, recordings
from recoup.transports.telling import Audience
from recoup.transports.timing import Timing
from recoup.transports.usual import Entered, Means, Usual

if TYPE_CHECKING:
    from recoup.transports.flow import Flows

__all__ = ["Caller", "Options", "caller_of", "checked_deadline"]


class Options(TypedDict, total=False):
    """What every face takes beside its own arguments, all of it by keyword.

    `login` fetches and renews access tokens for requests that carry none; a request that carries one already keeps it,
    and a refusal of it is handed up. `policy` holds the numbers of recovery, `timing` the clock, `random` the source
    of jitter in [0, 1). `hosts` names further hosts that count as the Selling Partner API, such as a sandbox's
    `127.0.0.1`.

    `governor` paces the calls and remembers what is held back; without one this client has one of its own, in memory,
    with the plans of the fact table. `recoup.Governor.unlimited()` paces nothing. `seller` is a name for the selling
    partner for whom the calls are made: needed where several clients, or several processes, share one governor and the
    callers bring access tokens themselves, so that nobody can tell whose they are. A login knows its own.

    `deadline` is how many seconds one call may take in all: a wait that would end later is not begun, an answer that
    is under way is not cut off (the client's own time limits do that). `listeners` are told every event of
    `recoup.telemetry.events`; the logger `recoup` is told without being asked for (see `recoup.telemetry.log`).

    `strict` looks at each request before it is sent, with the rules of lint: where one proves that it cannot work,
    FixRequest is raised in its place, with the findings; what may be right all the same goes to the log.
    """

    login: Login | None
    policy: Policy | None
    timing: Timing | None
    random: Callable[[], float] | None
    hosts: Iterable[str] | None
    governor: Governor | None
    seller: str | None
    deadline: float | None
    listeners: Iterable[Listener] | None
    strict: bool


_INSTEAD = {
    "max_retries": "policy=recoup.Policy(max_attempts=…): there is one owner of retries",
    "retries": "policy=recoup.Policy(max_attempts=…): there is one owner of retries",
    "timeout": "the client's own time limits, or deadline=… for a call in all",
    "store": "governor=recoup.Governor(store=…), and the same store for the Login",
    "refresh_token": "login=recoup.Login(…)",
    "client_id": "login=recoup.Login(…)",
}
_OF_SENDING = "inner=…: what really sends takes it"


def caller_of(face: str, options: Mapping[str, Any]) -> Caller:
    """The Caller with these options. Raises TypeError, in the name of the face that a user called, where one of them is
    none, with what takes its place.
    """
    known = Options.__annotations__
    for name in options:
        if name not in known:
            instead = _INSTEAD.get(name, f"one of {', '.join(known)}; or {_OF_SENDING}")
            raise TypeError(f"{face} takes no {name!r}; give {instead}")
    return Caller(**options)


class Caller:
    """What all calls of one client share. Takes `Options`; raises SettingsError, naming the option, where a value
    cannot be what it should be.

    Safe to share between threads, tasks and event loops.
    """

    def __init__(
        self,
        *,
        login: Login | None = None,
        policy: Policy | None = None,
        timing: Timing | None = None,
        random: Callable[[], float] | None = None,
        hosts: Iterable[str] | None = None,
        governor: Governor | None = None,
        seller: str | None = None,
        deadline: float | None = None,
        listeners: Iterable[Listener] | None = None,
        strict: bool = False,
    ) -> None:
        _checked("login", login, Login, "a recoup.Login")
        _checked("policy", policy, Policy, "a recoup.Policy")
        _checked("timing", timing, Timing, "a recoup.testing.Timing")
        _checked("governor", governor, Governor, "a recoup.Governor")
        _checked("seller", seller, str, "a name for the selling partner")
        self._timing = timing
        self._now = timing.now if timing is not None else timings.now
        self.place: Callable[[Target], Place | None] = Hosts(hosts).place
        """Where a request goes, if it is any of recoup's business; None: send it as if recoup was not there."""
        self._deadline = checked_deadline(deadline)
        policy = policy if policy is not None else Policy.documented()
        means = Means(
            login=login,
            policy=policy,
            governor=governor if governor is not None else memory.Governor(),
            courses=_courses(login, seller),
            audience=Audience(listeners),
            now=self._now,
            random=random if random is not None else _random.random,
            quota=SharedQuota(RetryQuota.full(policy.quota_capacity), ProcessLock()),
            strict=strict,
        )
        self._means = means
        self._usual = Usual(means)
        self._made: Flows | None = None

    def call(
        self,
        request: Any,
        library: Library,
        wire: SyncWire,
        target: Target,
        place: Place,
        deadline: float | None = None,
    ) -> Any:
        """Send one call with all its attempts; returns the last response.

        `deadline` (seconds from now) takes the place of the client's for this one call. What the library raises in the
        end is raised here, with `.recoup`. Raises a FaultError where no access token can be had.
        """
        seconds = self._deadline if deadline is None else checked_deadline(deadline)
        also: Listener | None = None
        entered: Entered | None = None
        done: list[Any] | None = None
        if recorded() and (into := recordings()):
            from recoup.transports.recording_wire import RecordingWire  # late: hardly anybody records

            wire = also = RecordingWire(into, wire, library, self._now, is_async=False)
        elif (entered := self._usual.enter(request, library, target, place)) is not None:
            try:
                response = wire.send(entered.request)
                done = [response]
                look = library.look(response)
                clean = attempts.hides_nothing(look[0], target)
                if clean and attempts.worth_waiting_for(look[1], look[2]):
                    response = wire.complete(response, attempts.LARGEST_BODY)
            except library.errors as error:
                done = [error] if done is None else [*done, error]
            else:
                if clean:
                    library.attach(response, self._usual.leave(entered, look))
                    return response
        flow = self._flows.call(request, library, target, place, seconds, also, entered)
        return carry_out(flow, wire, self._current(), done)

    async def call_async(
        self,
        request: Any,
        library: Library,
        wire: AsyncWire,
        target: Target,
        place: Place,
        deadline: float | None = None,
    ) -> Any:
        """The same for asynchronous clients."""
        seconds = self._deadline if deadline is None else checked_deadline(deadline)
        also: Listener | None = None
        entered: Entered | None = None
        done: list[Any] | None = None
        if recorded() and (into := recordings()):
            from recoup.transports.recording_wire import AsyncRecordingWire  # late, as above

            wire = also = AsyncRecordingWire(into, wire, library, self._now, is_async=True)
        elif (entered := self._usual.enter(request, library, target, place)) is not None:
            try:
                response = await wire.send(entered.request)
                done = [response]
                look = library.look(response)
                clean = attempts.hides_nothing(look[0], target)
                if clean and attempts.worth_waiting_for(look[1], look[2]):
                    response = await wire.complete(response, attempts.LARGEST_BODY)
            except library.errors as error:
                done = [error] if done is None else [*done, error]
            else:
                if clean:
                    library.attach(response, self._usual.leave(entered, look))
                    return response
        flow = self._flows.call(request, library, target, place, seconds, also, entered)
        return await carry_out_async(flow, wire, self._current(), done)

    @property
    def _flows(self) -> Flows:
        """Made, and all that decides imported, when a call is first unusual. No lock: a fork might come while it is
        held, and two that are made at once are as good as one.
        """
        flows = self._made
        if flows is None:
            from recoup.transports.flow import Flows

            flows = self._made = Flows(self._means)
        return flows

    def _current(self) -> Timing:
        return self._timing if self._timing is not None else timings.current()


def _courses(login: Login | None, seller: str | None) -> Courses:
    if seller is not None and not seller.strip():
        raise SettingsError(f"seller: {seller!r} is not valid; give a name for the selling partner, such as its id")
    if login is None:
        return Courses(None, seller)
    return Courses(login.application, login.seller if seller is None else seller)


def _checked(name: str, given: object, kind: type, what: str) -> None:
    if given is not None and not isinstance(given, kind):
        raise SettingsError(f"{name}: a {type(given).__name__} is not valid; give {what}")


def checked_deadline(seconds: object) -> float | None:
    """`seconds` as a deadline. Raises SettingsError where it is none."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise SettingsError(
            f"deadline: {seconds!r} is not valid; it must be a number of seconds, 0 or greater, or None"
        )
    return float(seconds)
