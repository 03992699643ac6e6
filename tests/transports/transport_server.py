"""A server on a real socket that answers by a script, and keeps what it was sent.

Every answer is bytes or a way to fail: what a framework would never send can be sent here.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl

TOKEN_PATH = "/auth/o2/token"


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        return self.headers.get("x-amz-access-token")

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Answer:
    """One answer. `cut` closes the connection after so many bytes of the body, `silent` never answers, `reset` closes
    without a byte, `raw` is sent as it is (and the connection closed where it is not HTTP).
    """

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut: int | None = None
    silent: bool = False
    reset: bool = False
    raw: bytes | None = None
    chunked: bool = False

    def wire(self) -> bytes:
        if self.raw is not None:
            return self.raw
        fields = {"x-amzn-RequestId": "11111111-2222-3333-4444-555555555555", **self.headers}
        body = self.body if self.cut is None else self.body[: self.cut]
        if self.chunked:
            fields["Transfer-Encoding"] = "chunked"
            body = b"%x\r\n%s\r\n" % (len(body), body) + (b"" if self.cut is not None else b"0\r\n\r\n")
        elif self.status != 204:
            fields["Content-Length"] = str(len(self.body))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"HTTP/1.1 {self.status} Status\r\n{head}\r\n".encode("latin-1") + body


def errors(code: str, message: str, details: str = "", status: int = 400, **headers: str) -> Answer:
    """An error in the form that the Selling Partner API gives it."""
    body = json.dumps({"errors": [{"code": code, "message": message, "details": details}]}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, {"Content-Type": "application/json", **named})


OK = Answer(200, b'{"id": "1"}')
NO_CONTENT = Answer(204, b"", {})
INTERNAL = errors("InternalFailure", "We encountered an internal error. Please try again.", status=500)
UNAVAILABLE = errors("ServiceUnavailable", "Service is temporarily unavailable. Please try again.", status=503)
THROTTLED = errors("QuotaExceeded", "You exceeded your quota for the requested resource.", status=429)
DENIED = "Access to requested resource is denied."
EXPIRED = errors("Unauthorized", DENIED, "The access token you provided has expired.", 403)
MISSING_ROLE = errors("Unauthorized", DENIED, "", 403)
HTML = Answer(400, b"<html><body><h1>Bad Request</h1></body></html>", {"Content-Type": "text/html"})


def login_error(error: str, description: str, status: int) -> Answer:
    """An error in the form that Login with Amazon gives it."""
    return Answer(status, json.dumps({"error": error, "error_description": description}).encode())


def token(value: str, expires_in: int = 3600) -> Answer:
    """A token answer."""
    body = {"access_token": value, "token_type": "bearer", "expires_in": expires_in}
    return Answer(200, json.dumps(body).encode())


Script = Callable[[Received], Answer]


class Server:
    """Answers API calls by `calls` and token requests by `tokens`: one answer a request, the last one for ever."""

    def __init__(self, *calls: Answer, tokens: tuple[Answer, ...] | Script | None = None) -> None:
        self._calls = list(calls) or [OK]
        self._tokens = tokens if tokens is not None else (token("Atza|one"), token("Atza|two"))
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self.received: list[Received] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def calls(self) -> list[Received]:
        return [each for each in self.received if each.target != TOKEN_PATH]

    @property
    def logins(self) -> list[Received]:
        return [each for each in self.received if each.target == TOKEN_PATH]

    @property
    def connections(self) -> int:
        """How many connections there were."""
        return len(self._open)

    def _answer(self, request: Received) -> Answer:
        with self._lock:
            self.received.append(request)
            if request.target == TOKEN_PATH:
                if callable(self._tokens):
                    script = self._tokens
                else:
                    return self._tokens[min(len(self.logins), len(self._tokens)) - 1]
            else:
                return self._calls[min(len(self.calls), len(self._calls)) - 1]
        return script(request)  # outside the lock: a script may wait

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(30)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self._open.append(connection)
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError), connection.makefile("rb") as stream:
            while (request := _read(stream.readline, stream.read)) is not None:
                answer = self._answer(request)
                if answer.silent:
                    self._stop.wait(30)
                    return
                if answer.reset:
                    return
                connection.sendall(answer.wire())
                if answer.cut is not None or not answer.wire().startswith(b"HTTP/"):
                    return

    def __enter__(self) -> Self:
        thread = threading.Thread(target=self._accept, daemon=True)
        self._threads.append(thread)
        thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)


def _read(line: Callable[[], bytes], read: Callable[[int], bytes]) -> Received | None:
    first = line()
    if not first:
        return None
    method, target, _ = first.decode("latin-1").split(" ", 2)
    fields: dict[str, str] = {}
    while (text := line().strip()) != b"":
        name, _, value = text.decode("latin-1").partition(":")
        fields[name.lower()] = value.strip()
    if fields.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(line(), 16):
            body += read(size)
            line()
        line()
    else:
        body = read(int(fields.get("content-length", "0")))
    return Received(method, target, fields, body)
