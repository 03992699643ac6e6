"""A sandbox that runs: in a thread for tests and the drill, or in the foreground for the command.

with running(seed=1, clock="frozen") as s:
    client.post(s.token_url, ...)
    s.clock.advance(3600)
    s.stage.revoke_authorization()
    s.why(request_id)
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Literal, Self

from msgspec import structs

from recoup.errors import SettingsError
from recoup.sandbox.actions import Actions
from recoup.sandbox.asked import AskedFaults, FaultAsked
from recoup.sandbox.clock import VirtualClock
from recoup.sandbox.consent.addresses import CONSENT
from recoup.sandbox.control import CONTROL_PATH, Control, Rooms, is_loopback
from recoup.sandbox.keeping import Keeping, begin_or_resume, keep_page
from recoup.sandbox.login import TOKEN_PATH
from recoup.sandbox.opening import open_world
from recoup.sandbox.record import Beginning
from recoup.sandbox.server import Site
from recoup.sandbox.settings import SandboxSettings
from recoup.sandbox.state_file import Past, StateFile
from recoup.sandbox.world import REGIONS

__all__ = ["Sandbox", "running", "serve_forever"]

_START_TIMEOUT = 30.0  # seconds of real time
_BACKLOG = 1024  # connections that wait to be accepted
_LOOK_AGAIN = 0.1  # seconds between two looks at whether a signal came
# How often asyncio tries to accept before it does anything else; where file descriptors ran out it logs every try.
_ACCEPTED_AT_ONCE = 16


class Sandbox:
    """A running sandbox: its addresses, its credentials, and the handles by which a test moves it.

    `clock` moves time (`advance`, `set`, `freeze`, `resume`, `now`), `stage` sets causes, `why` explains an answer. All
    of them may be used from any thread. `close` (or leaving `with`) stops it.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        control_key: str | None = None,
        epoch: float | None = None,
        clock: Literal["wall", "frozen"] = "wall",
        settings: SandboxSettings | None = None,
        state: str | Path | None = None,
    ) -> None:
        if not is_loopback(host) and not control_key:
            raise SettingsError(
                f"host: {host!r} can be reached from elsewhere, so the control room needs a key: give control_key"
            )
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failed: BaseException | None = None
        self._sockets: dict[str, socket.socket] = {}
        self._keeping: Keeping | None = None
        self._file = StateFile(Path(state)) if state is not None else None
        try:
            self._set_up(
                host,
                port,
                control_key,
                *begin_or_resume(self._file, seed=seed, epoch=epoch, frozen=clock == "frozen", settings=settings),
            )
        except BaseException:
            self._close_sockets()
            if self._file is not None:
                self._file.close()
            raise

    def _set_up(self, host: str, port: int, control_key: str | None, beginning: Beginning, past: Past | None) -> None:
        self._sockets = _listen(host, port, beginning.ports)
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  only compared
        shown = f"[{shown}]" if ":" in shown else shown
        self.endpoints: dict[str, str] = {
            region: f"http://{shown}:{sock.getsockname()[1]}" for region, sock in self._sockets.items()
        }
        self._opened = open_world(
            seed=beginning.seed,
            clock=VirtualClock(beginning.epoch, frozen=beginning.frozen),
            settings=beginning.settings,
            base_url=self.endpoint,
            exposed=not is_loopback(host),
        )
        world = self._opened.world
        self.clock = world.clock
        self.stage = Actions(world.lock, lambda: self._opened.stages, world.clock.now, world.perform)
        self._site = Site(world)
        ports = {region: sock.getsockname()[1] for region, sock in self._sockets.items()}
        beginning = structs.replace(beginning, ports=ports)
        self._keeping = Keeping(self._opened, self.stage, self.endpoint, beginning, self._file)
        self._keeping.start(past)
        self.plans = self._site.plans
        self._asked = AskedFaults(self.stage, self.plans, lambda: self.merchant_id, self.clock.now)
        rooms = Rooms(world, self.stage, self.plans, self._asked, self._keeping, self.as_dict, self.reset)
        control = Control(rooms, key=control_key)
        recorded = {prefix: keep_page(world, page) for prefix, page in self._opened.recorded_pages.items()}
        self._site.pages = {CONTROL_PATH: control.page, **self._opened.pages, **recorded}

    @property
    def endpoint(self) -> str:
        """URL of the NA endpoint."""
        return self.endpoints["NA"]

    @property
    def token_url(self) -> str:
        """URL of the token endpoint of Login with Amazon."""
        return self.endpoint + TOKEN_PATH

    @property
    def consent_url(self) -> str:
        """URL of the consent page, without its query, for accounts of NA; the other endpoints have it too."""
        return self.endpoint + CONSENT

    @property
    def control_url(self) -> str:
        """URL of the control room."""
        return self.endpoint + CONTROL_PATH

    @property
    def application_id(self) -> str:
        """The application's id, which a consent names."""
        return self._opened.principal.application.id

    @property
    def client_id(self) -> str:
        """The application's client id."""
        return self._opened.principal.application.client_id

    @property
    def client_secret(self) -> str:
        """The application's newest client secret."""
        return self._opened.principal.application.secrets[0].value

    @property
    def refresh_token(self) -> str:
        """The refresh token of the selling partner's newest authorization."""
        return self._opened.principal.authorization.refresh_token

    @property
    def merchant_id(self) -> str:
        """The selling partner's id."""
        return self._opened.principal.partner.merchant_id

    @property
    def marketplace_id(self) -> str:
        """The marketplace in which the sandbox's locations are."""
        return self._opened.principal.partner.marketplaces[0]

    @property
    def location_ids(self) -> dict[str, str]:
        """The ids of the locations that exist from the start, by channel."""
        return dict(self._opened.location_ids)

    def as_dict(self) -> dict[str, Any]:
        """Addresses and credentials as the command prints them."""
        return {
            "endpoint": self.endpoint,
            "endpoints": dict(self.endpoints),
            "token_url": self.token_url,
            "consent_url": self.consent_url,
            "application_id": self.application_id,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
            "merchant_id": self.merchant_id,
            "marketplace_id": self.marketplace_id,
            "location_ids": self.location_ids,
            "control_url": self.control_url,
        }

    def why(self, request_id: str) -> dict[str, Any] | None:
        """The causal trail of a request (rule, reason, bucket, instant), or None where it is not known."""
        return self._opened.world.trail(request_id)

    def refusals(self, count: int = 20) -> list[dict[str, Any]]:
        """The causal trails of the newest calls of which something failed, the newest first."""
        return self._opened.world.recent(count, refused=True)

    def recent(self, count: int = 20, *, refused: bool = False) -> list[dict[str, Any]]:
        """The causal trails of the latest requests, the newest first; with `refused` only of those that failed."""
        return self._opened.world.recent(count, refused=refused)

    def wait_for_deliveries(self, timeout: float = 5.0) -> bool:
        """Block until every notification so far was delivered or given up; False after `timeout` real seconds.

        One that is late goes out now: no next one is waited for.
        """
        courier = self._opened.courier
        courier.flush()
        return courier.wait(timeout)

    def reset(self, seed: int | None = None) -> None:
        """Begin anew at the first instant, at the same addresses: same seed and credentials, or those of another.

        Ends all fault plans too.
        """
        self._opened.world.reset(seed)
        self.plans.remove()
        self._asked.forget()

    def raise_fault(self, fault: str, **more: Any) -> dict[str, Any]:
        """Bring a fault about by its id, for the calls that follow; gives how: by its cause, or by a fault plan.

        `more` is that of `FaultAsked`. Raises ValueError where there is no such fault or it cannot be asked for so.
        """
        try:
            return self._asked.ask(FaultAsked(fault=fault, **more))
        except TypeError as error:
            raise ValueError(f"a fault is not asked for like that: {error}") from error

    def mend_fault(self, fault: str) -> None:
        """Mend a fault that was asked for. Raises ValueError where it was not."""
        self._asked.mend(fault)

    def start(self) -> Self:
        """Begin to answer. Returns when it does."""
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="recoup-sandbox", daemon=True)
        self._thread.start()
        if not started.wait(_START_TIMEOUT):
            raise RuntimeError("the sandbox did not start")
        if self._failed is not None:
            raise RuntimeError("the sandbox did not start") from self._failed
        return self

    def close(self) -> None:
        """Stop answering and free the ports. May be called twice."""
        loop, stop, thread = self._loop, self._stop, self._thread
        if loop is not None and stop is not None and not loop.is_closed():
            with suppress(RuntimeError):  # the loop closed in between
                loop.call_soon_threadsafe(stop.set)
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        self._close_sockets()
        if self._keeping is not None:
            self._keeping.close()

    def snapshot(self) -> dict[str, Any]:
        """The world as it is now, as plain JSON. Raises ValueError where too much happened to be kept in memory."""
        return self._kept.snapshot()

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Put the world back to a snapshot. Raises ValueError, and nothing has changed, where that is not possible."""
        self._kept.restore(snapshot)

    @property
    def _kept(self) -> Keeping:
        if self._keeping is None:
            raise AssertionError("it is there once the sandbox is")
        return self._keeping

    def _close_sockets(self) -> None:
        for sock in self._sockets.values():
            sock.close()

    def _run(self, started: threading.Event) -> None:
        try:
            asyncio.run(self._serve(started))
        except Exception as error:  # noqa: BLE001  handed to whoever starts or closes the sandbox
            self._failed = error
        finally:
            started.set()

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        servers = [
            await self._loop.create_server(self._site.connection(region), sock=sock, backlog=_ACCEPTED_AT_ONCE)
            for region, sock in self._sockets.items()
        ]
        for sock in self._sockets.values():
            sock.listen(_BACKLOG)
        started.set()
        try:
            await self._stop.wait()
        finally:
            self._site.close()
            # Connections that are just being accepted are dropped when they are made; a server that was closed before
            # that would lose their sockets.
            while others := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(others)
            for server in servers:
                server.close()
                await server.wait_closed()
            await asyncio.sleep(0)  # dropped connections close their sockets in the next turn of the loop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _listen(host: str, port: int, before: Mapping[str, int]) -> dict[str, socket.socket]:
    """A socket for each region. Without a `port` the ones of `before` are taken again, as far as they are free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sockets: dict[str, socket.socket] = {}
    try:
        for region in REGIONS:
            wanted = port if region == "NA" and port else before.get(region, 0)
            # The protocol is named so that asyncio sees TCP in what is accepted, and switches Nagle's algorithm off.
            sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            sockets[region] = sock
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((host, wanted))
            except OSError:
                if wanted == port or not wanted:
                    raise
                sock.bind((host, 0))
            sock.listen(_BACKLOG)
            sock.setblocking(False)
    except (OSError, OverflowError) as error:
        for sock in sockets.values():
            sock.close()
        raise SettingsError(f"port: the sandbox cannot listen on {host} port {port}: {error}") from error
    return sockets


@contextmanager
def running(
    *,
    seed: int | None = None,
    port: int = 0,
    epoch: float | None = None,
    clock: Literal["wall", "frozen"] = "wall",
    settings: SandboxSettings | None = None,
    host: str = "127.0.0.1",
    control_key: str | None = None,
    state: str | Path | None = None,
) -> Iterator[Sandbox]:
    """A sandbox that answers as long as the block lasts.

    `seed` decides every id and secret, `port` is that of the NA endpoint (0: a free one), `epoch` the first instant in
    epoch seconds (default: the real one). `state` names a file that keeps what happens; where it exists, the sandbox
    goes on from it. Raises SettingsError where it cannot listen, or may not, or where the file does not fit.
    """
    sandbox = Sandbox(
        seed=seed,
        port=port,
        host=host,
        control_key=control_key,
        epoch=epoch,
        clock=clock,
        settings=settings,
        state=state,
    )
    with sandbox:
        yield sandbox.start()


def serve_forever(
    *,
    port: int = 0,
    seed: int | None = None,
    announce: Callable[[Mapping[str, Any]], object],
    epoch: float | None = None,
    clock: Literal["wall", "frozen"] = "wall",
    settings: SandboxSettings | None = None,
    host: str = "127.0.0.1",
    control_key: str | None = None,
    state: str | Path | None = None,
) -> None:
    """Run in the foreground until SIGINT or SIGTERM. `announce` gets `Sandbox.as_dict()` as soon as it answers.

    Call it from the main thread. Raises SettingsError where it cannot listen, or may not.
    """
    asked: list[int] = []  # not an Event: its lock may be held by what the signal interrupted

    def stop(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with running(
            port=port,
            seed=seed,
            epoch=epoch,
            clock=clock,
            settings=settings,
            host=host,
            control_key=control_key,
            state=state,
        ) as sandbox:
            announce(sandbox.as_dict())
            while not asked:
                time.sleep(_LOOK_AGAIN)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
