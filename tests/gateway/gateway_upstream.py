"""The other side of a gateway under test: a server on a real socket whose every byte a test decides."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self

from recoup.testing import Timing

CLIENT_ID = "amzn1.application-oa2-client.1"
SECRET = "amzn1.oa2-cs.v1.planted-secret"
REFRESH = "Atzr|planted-refresh"
TOKEN = "Atza|planted-access"
TOKEN_PATH = "/auth/o2/token"
CREDENTIALS: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": SECRET, "refresh_token": REFRESH}


@dataclass
class Received:
    """A request as it came. `body` is read by whoever wants it; `stream` and `connection` are the bare socket's."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    stream: BinaryIO
    connection: socket.socket
    body: bytes = b""
    got: list[int] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        return next((value for field, value in self.fields if field.lower() == name), None)

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field.lower() == name]

    def parts(self) -> Iterator[bytes]:
        """The body, part by part, never the whole of it at once."""
        if self.get("transfer-encoding") == "chunked":
            while size := int(self.stream.readline(), 16):
                yield self.stream.read(size)
                self.stream.readline()
            self.stream.readline()
        else:
            left = int(self.get("content-length") or 0)
            while left:
                part = self.stream.read(min(left, 1 << 16))
                left -= len(part)
                yield part

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)


Handler = Callable[[Received], Any]


def answer(status: int = 200, body: bytes = b"{}", fields: str = "Content-Type: application/json\r\n") -> bytes:
    """An answer with its length, and a request id."""
    head = f"HTTP/1.1 {status} Status\r\nx-amzn-RequestId: 1-2-3\r\n{fields}"
    length = "" if status in (204, 304) else f"Content-Length: {len(body)}\r\n"
    return f"{head}{length}\r\n".encode("latin-1") + body


def errors(status: int, code: str, message: str, details: str = "") -> bytes:
    """An error in the form that the Selling Partner API gives it."""
    body = json.dumps({"errors": [{"code": code, "message": message, "details": details}]}).encode()
    return answer(status, body)


INTERNAL = errors(500, "InternalFailure", "We encountered an internal error. Please try again.")
DENIED = errors(403, "Unauthorized", "Access to requested resource is denied.")


class Upstream:
    """Answers calls by `handler`, which gets each request: what it returns (bytes) is sent; None: it sent by itself
    and the connection is closed. Token requests are answered with `tokens`, one after the other, the last for ever.
    """

    def __init__(self, handler: Handler | bytes | None = None, tokens: tuple[bytes, ...] = ()) -> None:
        self.handler: Handler = handler if callable(handler) else lambda _: handler or answer()
        given = json.dumps({"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600}).encode()
        self._tokens = tokens or (answer(200, given),)
        self.calls: list[Received] = []
        self.logins: list[Received] = []
        self.gone = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                connection.settimeout(20)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._open.append(connection)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError), connection.makefile("rb") as stream:
            while first := stream.readline():
                method, target, _ = first.decode("latin-1").split(" ", 2)
                fields: list[tuple[str, str]] = []
                while (text := stream.readline().strip()) != b"":
                    name, _, value = text.decode("latin-1").partition(":")
                    fields.append((name, value.strip()))
                asked = Received(method, target, fields, stream, connection)
                result = self._answer(asked)
                if result is None:
                    return
                connection.sendall(result)

    def _answer(self, asked: Received) -> bytes | None:
        if asked.target == TOKEN_PATH:
            asked.body = b"".join(asked.parts())
            with self._lock:
                self.logins.append(asked)
                return self._tokens[min(len(self.logins), len(self._tokens)) - 1]
        with self._lock:
            self.calls.append(asked)
        if asked.get("x-stream") is None:
            asked.body = b"".join(asked.parts())
        result: bytes | None = self.handler(asked)
        return result

    def __enter__(self) -> Self:
        thread = threading.Thread(target=self._accept, daemon=True)
        self._threads.append(thread)
        thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)


def script(*answers: bytes) -> Handler:
    """One answer a call, in this order, the last one for ever."""
    left = list(answers)
    lock = threading.Lock()

    def next_one(_: Received) -> bytes:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return next_one


def patient(**more: Any) -> dict[str, Any]:
    """Arguments of the transport with which nobody waits in real time."""
    return {"timing": Timing.without_waiting(), "random": lambda: 0.5, **more}


def raw(port: int, data: bytes, *, one: bool = False) -> bytes:
    """Send bytes to the gateway and read what comes until it closes the connection; or `one` answer with its length."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with suppress(OSError):  # it may have heard enough
            connection.sendall(data)
        read = b""
        with suppress(ConnectionResetError):
            while part := connection.recv(1 << 16):
                read += part
                head, end, body = read.partition(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head.lower())
                if one and end and length and len(body) >= int(length[1]):
                    break
    return read
