"""A gateway that runs: in a thread for tests, or in the foreground for the command.

with running(upstream=sandbox.endpoint, client_id=…, client_secret=…, refresh_token=…) as gateway:
    httpx2.get(gateway.url + "/orders/v0/orders")
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Self

import uvicorn

from recoup.errors import SettingsError
from recoup.gateway.app import App
from recoup.gateway.options import GatewayOptions
from recoup.gateway.protocol import GatewayProtocol
from recoup.storage.opening import open_store
from recoup.transports.origins import shown_proxy

__all__ = ["Gateway", "running", "serve_forever"]

_START_TIMEOUT = 30.0  # seconds of real time
_KEEP_ALIVE = 75  # seconds that a connection may rest: longer than most clients keep one in their pools
_BACKLOG = 1024
_LOOK_AGAIN = 0.1  # seconds
_LAST_WORDS = 5.0  # seconds for calls that were told to stop


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it answers, and cleans up when it does no more."""

    def __init__(self, config: uvicorn.Config, app: App, answering: Callable[[], object]) -> None:
        super().__init__(config)
        self._gateway = app
        self._answering = answering

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._answering()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        tasks = [task for task in self.server_state.tasks if not task.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_LAST_WORDS)
        await self._gateway.aclose()


class Gateway:
    """A gateway that listens as soon as it is made, and answers when it is started. `close` (or leaving `with`) stops
    it: what runs is finished within `grace` seconds.
    """

    def __init__(self, options: GatewayOptions) -> None:
        self._options = options
        self._socket = _listen(options.host, options.port)
        self.port: int = self._socket.getsockname()[1]
        """The port on which it listens."""
        self._thread: threading.Thread | None = None
        self._server: _Server | None = None
        self.failed: BaseException | None = None
        """Why it stopped by itself."""
        self._app: App | None = None
        self._opened: Any = None  # a store that this gateway opened, and closes
        try:
            self._store = self._open_store()
        except BaseException:
            self._socket.close()
            raise

    @property
    def url(self) -> str:
        """Its address, in the place of Amazon's endpoint."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._options.host, self._options.host)  # noqa: S104  compared
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def _open_store(self) -> Any:
        given = self._options.store
        if given is not None and not isinstance(given, str | os.PathLike):
            return given
        self._opened = open_store(given, key=self._options.store_key)
        return self._opened

    def as_dict(self) -> dict[str, Any]:
        """Addresses, as the command prints them. No secrets."""
        return {
            "url": self.url,
            "port": self.port,
            "upstream": self._options.upstream_for(None).url,
            "proxy": None if self._options.proxy is None else shown_proxy(self._options.proxy),
            "sellers": list(self._options.sellers),
            "health_url": f"{self.url}/-/health",
            "status_url": f"{self.url}/-/status",
        }

    def status(self) -> dict[str, Any]:
        """What its status page shows."""
        return {} if self._app is None else self._app.status()

    def start(self) -> Self:
        """Begin to answer. Returns when it does."""
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="recoup-gateway", daemon=True)
        self._thread.start()
        if not started.wait(_START_TIMEOUT):
            raise RuntimeError("the gateway did not start")
        if self.failed is not None:
            raise RuntimeError("the gateway did not start") from self.failed
        return self

    @property
    def answers(self) -> bool:
        """Whether it still does, if only what was asked before it was told to finish."""
        return self._thread is not None and self._thread.is_alive()

    def finish(self) -> None:
        """Take nothing new, and stop when what runs is finished or `grace` is over. Returns at once."""
        if self._server is not None:
            self._server.should_exit = True

    def hurry(self) -> None:
        """Stop without waiting for what runs. Returns at once."""
        if self._server is not None:
            self._server.should_exit = self._server.force_exit = True

    def close(self) -> None:
        """`finish`, and wait for it. May be called twice."""
        self.finish()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._socket.close()
        if self._opened is not None:
            self._opened.close()

    def _run(self, started: threading.Event) -> None:
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:  # noqa: BLE001  handed to whoever starts the gateway; uvicorn ends with SystemExit
            self.failed = error
        finally:
            started.set()

    async def _serve(self, started: threading.Event) -> None:
        app = self._app = App(self._options, self._store)
        config = uvicorn.Config(
            app,
            http=GatewayProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=self._options.grace,  # type: ignore[arg-type]  # parts of a second do
        )
        self._server = _Server(config, app, started.set)
        await self._server.serve(sockets=[self._socket])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio sees TCP in what is accepted, and switches Nagle's algorithm off.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except (OSError, OverflowError) as error:
        sock.close()
        raise SettingsError(f"port: the gateway cannot listen on {host} port {port}: {error}") from error
    return sock


@contextmanager
def running(options: GatewayOptions | None = None, **named: Any) -> Iterator[Gateway]:
    """A gateway that answers as long as the block lasts. Give `GatewayOptions`, or their fields by name.

    Raises SettingsError where an option is not valid, or where it cannot listen.
    """
    with Gateway(options if options is not None else GatewayOptions(**named)) as gateway:
        yield gateway.start()


def serve_forever(options: GatewayOptions, announce: Callable[[Mapping[str, Any]], object]) -> None:
    """Run in the foreground until SIGINT or SIGTERM; a second one waits for nothing any more.

    `announce` gets `Gateway.as_dict()` as soon as it answers. Call it from the main thread. Raises SettingsError where
    it cannot listen.
    """
    gateway = Gateway(options)
    signals: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    # The handler runs in this thread, but the system may interrupt another one: the wake-up socket reaches this one.
    told, telling = socket.socketpair()
    telling.setblocking(False)
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    woken_before = signal.set_wakeup_fd(telling.fileno(), warn_on_full_buffer=False)
    try:
        with gateway:
            announce(gateway.start().as_dict())
            told.settimeout(_LOOK_AGAIN)
            while gateway.answers:
                with suppress(TimeoutError):
                    told.recv(64)
                if signals:
                    gateway.finish()
                if len(signals) > 1:
                    gateway.hurry()
    finally:
        signal.set_wakeup_fd(woken_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        told.close()
        telling.close()
    if not signals:
        raise RuntimeError("the gateway stopped by itself") from gateway.failed
