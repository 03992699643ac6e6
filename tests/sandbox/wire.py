"""A raw client: bytes out, responses in, nothing tidied up."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import msgspec

from recoup.sandbox.serving import Sandbox


class Answer(msgspec.Struct):
    """One response off the wire, header lines as they came."""

    status_line: str
    lines: list[str]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.status_line.split(" ")[1])

    def header(self, name: str) -> str | None:
        for line in self.lines:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None


class Wire:
    """One connection to an endpoint."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=10)
        self._left = b""

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self, *, head_only: bool = False) -> Answer:
        while b"\r\n\r\n" not in self._left:
            more = self._socket.recv(65536)
            assert more, f"closed in the middle of {self._left!r}"
            self._left += more
        head, _, rest = self._left.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        answer = Answer(status, lines, b"")
        size = 0 if head_only else int(answer.header("content-length") or 0)
        while len(rest) < size:
            rest += self._socket.recv(65536)
        answer.body, self._left = rest[:size], rest[size:]
        return answer

    def closed(self) -> bool:
        """True where the other side has closed and nothing is left to read."""
        return self._left == b"" and self._socket.recv(1) == b""

    def finish(self) -> None:
        """Send no more, and go on reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def quiet(self) -> bool:
        """True where nothing has come for a moment."""
        self._socket.settimeout(0.05)
        try:
            self._left += self._socket.recv(65536)
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(10)
        return False

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def head(method: str, target: str, token: str | None = None, *lines: str) -> bytes:
    """The head of a request."""
    fields = ["Host: 127.0.0.1", *([f"x-amz-access-token: {token}"] if token else []), *lines]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *fields, "", ""]).encode("latin-1")


def call(url: str, data: bytes, *, head_only: bool = False) -> Answer:
    """One request over a connection of its own."""
    with Wire(url) as wire:
        wire.send(data)
        return wire.receive(head_only=head_only)


def post_json(url: str, target: str, body: object, *lines: str) -> Answer:
    data = msgspec.json.encode(body)
    fields = ("Content-Type: application/json", f"Content-Length: {len(data)}", *lines)
    return call(url, head("POST", target, None, *fields) + data)


def fetch_token(sandbox: Sandbox) -> str:
    form = urlencode(
        {
            "grant_type": "refresh_token",
            "refresh_token": sandbox.refresh_token,
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
        }
    ).encode()
    kind = "Content-Type: application/x-www-form-urlencoded"
    answer = call(sandbox.endpoint, head("POST", "/auth/o2/token", None, kind, f"Content-Length: {len(form)}") + form)
    return str(msgspec.json.decode(answer.body)["access_token"])
