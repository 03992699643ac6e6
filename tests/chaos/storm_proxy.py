"""A proxy between a client and the sandbox that loses, cuts, delays and refuses by a seed, and keeps the books.

The books say of each call how often it came by, whether it reached the sandbox, and what the sandbox answered: what the
client could not know.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Self

CALL_HEADER = "x-storm-call"
_REFUSED = (
    b'{"errors":[{"code":"ServiceUnavailable","message":"Service is temporarily unavailable. Please try again."}]}'
)


@dataclass(frozen=True)
class Fault:
    """What happens to one request: whether it reaches the sandbox, and what becomes of the answer."""

    name: str
    forwarded: bool
    answer: bytes | None = None  # sent in place of the real one
    keep: float = 1.0  # the part of the real answer that arrives
    hang: bool = False


def _response(status: str, body: bytes) -> bytes:
    kind = b"Content-Type: application/json\r\n" if body else b""
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status.encode(), kind, len(body), body)


CALM = Fault("calm", forwarded=True)
FAULTS = (
    (Fault("reset before", forwarded=False, keep=0.0), 6),
    (Fault("reset after", forwarded=True, keep=0.0), 6),
    (Fault("cut", forwarded=True, keep=0.7), 6),
    (Fault("hang before", forwarded=False, hang=True), 1),
    (Fault("hang after", forwarded=True, hang=True), 1),
    (Fault("503 refused", forwarded=False, answer=_response("503 Service Unavailable", _REFUSED)), 6),
    (Fault("503 without a word, refused", forwarded=False, answer=_response("503 Service Unavailable", b"")), 3),
    (Fault("503 without a word, done", forwarded=True, answer=_response("503 Service Unavailable", b"")), 3),
    (Fault("502 of an edge, done", forwarded=True, answer=_response("502 Bad Gateway", b"<html></html>")), 2),
)


@dataclass(frozen=True)
class Entry:
    """One request that came by. `status` is the sandbox's own, where it reached it; `took_effect` is what it says of
    the one thing that was asked for, also within a 207.
    """

    method: str
    fault: str
    status: int | None
    took_effect: bool


class StormProxy:
    """Listens on a free port. `share` is the part of requests that a fault befalls; the seed and the call decide."""

    def __init__(self, upstream: tuple[str, int], *, seed: int, share: float) -> None:
        self._upstream = upstream
        self._seed = seed
        self.share = share
        self._lock = threading.Condition()
        self._under_way: dict[str, int] = defaultdict(int)
        self._seen: dict[str, int] = defaultdict(int)
        self.books: dict[str, list[Entry]] = defaultdict(list)
        self._stop = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def settle(self, call: str) -> None:
        """Wait until nothing of this call is under way any more."""
        with self._lock:
            assert self._lock.wait_for(lambda: not self._under_way[call], timeout=20)

    def _fault(self, call: str) -> Fault:
        with self._lock:
            self._seen[call] += 1
            chance = random.Random(f"{self._seed}/{call}/{self._seen[call]}")
        if chance.random() >= self.share:
            return CALM
        return chance.choices([fault for fault, _ in FAULTS], [weight for _, weight in FAULTS])[0]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(30)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self._open.add(connection)
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as stream:
            while (request := _message(stream)) is not None and self._exchange(connection, request):
                pass
        with self._lock:
            self._open.discard(connection)

    def _exchange(self, connection: socket.socket, request: bytes) -> bool:
        head = request.partition(b"\r\n\r\n")[0].decode("latin-1")
        call = next((line.split(":", 1)[1].strip() for line in head.split("\r\n") if line.startswith(CALL_HEADER)), "")
        fault = self._fault(call)
        with self._lock:
            self._under_way[call] += 1
        answer = b""
        try:
            answer = self._forward(request) if fault.forwarded else b""
        finally:
            with self._lock:
                status = int(answer.split(b" ", 2)[1]) if answer else None
                worked = b'"statusCode":200' in answer if status == 207 else status in (200, 204)
                self.books[call].append(Entry(head.split(" ", 1)[0], fault.name, status, worked))
                self._under_way[call] -= 1
                self._lock.notify_all()
        if fault.hang:
            self._stop.wait(30)
            return False
        if fault.answer is not None:
            answer = fault.answer
        if fault.keep == 1.0:
            connection.sendall(answer)
            return True
        connection.sendall(answer[: int(len(answer) * fault.keep)])
        if not fault.keep:  # a reset, not a farewell
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def _forward(self, request: bytes) -> bytes:
        with socket.create_connection(self._upstream, timeout=20) as upstream, upstream.makefile("rb") as stream:
            upstream.sendall(request)
            return _message(stream) or b""

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


def _message(stream: BinaryIO) -> bytes | None:
    """One request or answer whose length its head tells."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    return head + stream.read(length)
