"""A lock that outlives a fork: web servers load a program once and fork, whatever its other threads do just then."""

from __future__ import annotations

import os
from threading import Lock
from weakref import WeakSet

__all__ = ["ProcessLock"]


class ProcessLock:
    """A lock for `with`. In a child process it is free: whichever thread held it in the parent is not there any more.

    What it guards must be sound between any two statements, since a fork may come there.
    """

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = Lock()
        _alive.add(self)

    def acquire(self, timeout: float) -> bool:
        """Take it; False where that was not possible for so many seconds."""
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        """Give it back."""
        self._lock.release()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_alive: WeakSet[ProcessLock] = WeakSet()


def _after_fork() -> None:
    for each in list(_alive):
        each._lock = Lock()  # noqa: SLF001  of this module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
