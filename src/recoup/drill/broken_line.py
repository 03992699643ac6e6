"""A line between a client and the sandbox that is broken for a while: it takes connections and drops them.

Every connection that comes before the line is mended, or before a set instant of virtual time, is reset with nothing
sent back. Later ones are passed through, byte by byte.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

__all__ = ["BrokenLine"]

_RESET = struct.pack("ii", 1, 0)  # close at once, and let the other side know by a reset
_PATIENCE = 10.0  # seconds of real time
_CHUNK = 65_536  # bytes


class BrokenLine:
    """`url` is where the line begins, `target` where it leads; `now` tells the virtual instant (epoch seconds).

    `dropped` counts the connections that were reset. `close` ends it.
    """

    def __init__(self, target: str, now: Callable[[], float], *, until: float) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._now = now
        self._until = until
        self.dropped = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, name="drill-broken-line", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address to call in the place of the target's."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed
                return
            if self._now() < self._until:
                self.dropped += 1
                with suppress(OSError):  # only when the request is there, so that the client always sees the same
                    near.settimeout(_PATIENCE)
                    near.recv(_CHUNK)
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                near.close()
                continue
            far = socket.create_connection(self._target, timeout=_PATIENCE)
            self._open |= {near, far}
            for giver, taker in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(giver, taker), name="drill-line", daemon=True).start()

    def close(self) -> None:
        """Take no more connections, and end those that are there."""
        with suppress(OSError):  # not every system wakes who waits on it by closing alone
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(_PATIENCE)
        for end in self._open:
            with suppress(OSError):  # ended already
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _pass_on(giver: socket.socket, taker: socket.socket) -> None:
    """Everything that `giver` sends, until it ends."""
    with suppress(OSError):  # either end is gone: so is the line
        while data := giver.recv(_CHUNK):
            taker.sendall(data)
        taker.shutdown(socket.SHUT_WR)
