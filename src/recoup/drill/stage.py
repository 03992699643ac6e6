"""Where a recipe plays: a fresh sandbox with a frozen clock, and a client of it, bare or with recoup under it.

The clients' time is the sandbox's: to sleep is to advance its clock. Both clients keep a wire log of what they really
sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import httpx2
import msgspec

from recoup.drill.raw import as_request, send
from recoup.drill.row import Event
from recoup.errors import RecoupError
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.recovery.advice import diagnose
from recoup.recovery.call import Call
from recoup.recovery.decision import Decision
from recoup.redaction import redact_text
from recoup.sandbox.serving import Sandbox, running
from recoup.transports.foreign import library_of
from recoup.transports.httpx_family import Transport
from recoup.transports.login import Login
from recoup.transports.outcome import Outcome, outcome
from recoup.transports.timing import Timing

__all__ = ["Call", "Caller", "Reply", "Stage", "stage"]

_TIMEOUT = 10.0  # seconds of real time; virtual waiting takes none

_TOKEN_LIFE = 3500.0  # seconds of virtual time; a token lasts an hour


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller got: the exchange, and under recoup the outcome; or the error that was raised in place of a
    response.
    """

    exchange: Exchange
    outcome: Outcome | None = None
    error: RecoupError | None = None
    connection: str = ""  # the caller's address, of a raw call only

    @property
    def status(self) -> int:
        """The HTTP status; 0 where there was no response."""
        return self.exchange.response.status if self.exchange.response is not None else 0

    @property
    def body(self) -> bytes:
        """The response body; empty where there was no response."""
        return self.exchange.response.body if self.exchange.response is not None else b""

    def json(self) -> Any:
        """The decoded body. Raises ValueError where it is not JSON."""
        return json.loads(self.body)

    @property
    def request_id(self) -> str:
        """Amazon's request id, or an empty text."""
        response = self.exchange.response
        return (response.headers.get("x-amzn-requestid") or "") if response is not None else ""


class _Wire(httpx2.BaseTransport):
    """Sends, and keeps what was really sent: the innermost transport of both clients."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx2.HTTPTransport()
        self._sandbox = sandbox
        self.sent: list[tuple[str, str]] = []
        self.events: list[Event] = []
        self._started: float | None = None

    def mark(self) -> None:
        """Begin a new log: what follows belongs to the next call."""
        self.sent.clear()
        self.events.clear()
        self._started = self._sandbox.clock.now()

    def note(self, kind: str, text: str) -> None:
        started = self._started if self._started is not None else self._sandbox.clock.now()
        self.events.append(Event(at=round(self._sandbox.clock.now() - started, 3), kind=kind, text=redact_text(text)))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        target = request.url.raw_path.decode("ascii")
        renewal = request.url.path == "/auth/o2/token"
        self.sent.append((request.method, target))
        self.note("renewed" if renewal else "sent", f"{request.method} {target}")
        response = self._inner.handle_request(request)
        self.note("answered", str(response.status_code))
        return response

    def close(self) -> None:
        self._inner.close()


class Caller:
    """A client of the sandbox. `recoup_under` False is a bare client that fetches its token once and repeats
    nothing.
    """

    def __init__(self, sandbox: Sandbox, *, recoup_under: bool) -> None:
        self._sandbox = sandbox
        self._wire = _Wire(sandbox)
        self._token: str | None = None
        self._token_until = 0.0
        self._recoup_under = recoup_under
        transport: Any = self._wire
        if recoup_under:
            transport = Transport(
                self._wire,
                login=Login(
                    client_id=sandbox.client_id,
                    client_secret=sandbox.client_secret,
                    refresh_token=sandbox.refresh_token,
                    token_url=sandbox.token_url,
                ),
                timing=Timing(now=sandbox.clock.now, sleep=self._sleep),
                random=lambda: 0.5,
                hosts=[httpx2.URL(url).host for url in sandbox.endpoints.values()],
            )
        self._client = httpx2.Client(transport=transport, timeout=_TIMEOUT)

    def _sleep(self, seconds: float) -> None:
        self._wire.note("waited", f"{seconds:.2f} s")
        self._sandbox.clock.advance(seconds)

    @property
    def under_recoup(self) -> bool:
        """True where recoup works under this client."""
        return self._recoup_under

    @property
    def events(self) -> tuple[Event, ...]:
        """The timeline of the last call."""
        return tuple(self._wire.events)

    def sends(self, method: str, path: str) -> int:
        """How often the last call really sent this request (`path` as sent, its query left out)."""
        return sum(1 for sent, target in self._wire.sent if sent == method and target.partition("?")[0] == path)

    def token(self) -> str:
        """The bare client's access token, fetched anew when its hour is nearly over."""
        if self._token is None or self._sandbox.clock.now() > self._token_until:
            self._token_until = self._sandbox.clock.now() + _TOKEN_LIFE
            reply = self.login(grant_type="refresh_token", refresh_token=self._sandbox.refresh_token)
            self._token = str(reply.json()["access_token"])
        return self._token

    def forget_token(self) -> None:
        """Let the bare client fetch a new token for its next call."""
        self._token = None

    def login(self, **fields: str) -> Reply:
        """A call of the token endpoint, with the sandbox's client id and secret unless `fields` say otherwise."""
        form = {"client_id": self._sandbox.client_id, "client_secret": self._sandbox.client_secret, **fields}
        return self._send("POST", self._sandbox.token_url, data=form)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        region: str = "NA",
        token: str | None = None,
        endpoint: str | None = None,
    ) -> Reply:
        """Call an operation. A bare caller adds its token unless `token` is given ('' sends none).

        `endpoint` is called in the place of the region's.
        """
        fields = {"user-agent": "recoup-drill/1.0 (Language=Python)", **(headers or {})}
        if token is None and not self._recoup_under:
            token = self.token()
        if token:
            fields["x-amz-access-token"] = token
        extra: dict[str, Any] = {}
        if content is not None:
            extra["content"] = content
        elif body is not None:
            extra["json"] = body
        return self._send(
            method, (endpoint or self._sandbox.endpoints[region]) + path, params=query, headers=fields, **extra
        )

    def _send(self, method: str, url: str, **arguments: Any) -> Reply:
        self._wire.mark()
        request = self._client.build_request(method, url, **arguments)
        sent = Request(
            method=method,
            url=str(request.url),
            headers=Headers([(name, value) for name, value in request.headers.raw]),
            body=request.read(),
        )
        try:
            response = self._client.send(request)
        except RecoupError as error:
            return Reply(exchange=Exchange(request=sent), error=error)
        except httpx2.TransportError as error:
            exchange = Exchange(request=sent, no_response=library_of(request).no_response(error))
            return Reply(exchange=exchange, outcome=outcome(error))
        received = Response(
            status=response.status_code,
            headers=Headers([(name, value) for name, value in response.headers.raw]),
            body=response.content,
        )
        return Reply(exchange=Exchange(request=sent, response=received), outcome=outcome(response))

    def raw(self, data: bytes, *, answers: int = 1, region: str = "NA") -> Reply:
        """Send bytes as they are; the reply is the last of so many answers. No library is under this call: recoup
        judges what came of it, and there is nothing that it could repeat.
        """
        self._wire.mark()
        request = as_request(self._sandbox.endpoints[region], data)
        self._wire.sent.append((request.method, request.path))
        self._wire.note("sent", f"{len(data)} bytes, as they are")
        exchange, connection = send(self._sandbox.endpoints[region], data, answers=answers, timeout=_TIMEOUT)
        reply = Reply(exchange=exchange, connection=connection)
        self._wire.note("answered", str(reply.status))
        if not self._recoup_under or reply.status < 400:
            return reply
        diagnosis = diagnose(exchange)
        decision = msgspec.convert(dict(diagnosis.decision or {}), type=Decision)
        return msgspec.structs.replace(reply, outcome=Outcome(decision=decision, diagnosis=diagnosis))

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Stage:
    """A fresh sandbox, and the one caller that the act plays to."""

    def __init__(self, sandbox: Sandbox, caller: Caller) -> None:
        self.sandbox = sandbox
        self.caller = caller
        # The stage hand: brings the scene about with a client of its own, so that the caller's log holds its own calls
        # only.
        self.hand = Caller(sandbox, recoup_under=False)

    @property
    def now(self) -> float:
        """The sandbox's time, epoch seconds UTC."""
        return self.sandbox.clock.now()


@contextmanager
def stage(*, seed: int, recoup_under: bool, epoch: float | None = None) -> Iterator[Stage]:
    """A fresh stage; everything on it is closed at the end. `epoch` is its first instant (default: the real one)."""
    with (
        running(seed=seed, clock="frozen", epoch=epoch) as sandbox,
        Caller(sandbox, recoup_under=recoup_under) as caller,
    ):
        scene = Stage(sandbox, caller)
        with scene.hand:
            yield scene
