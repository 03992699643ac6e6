"""A lock that nobody holds in the moment of a fork: what it guards is whole in the child, and so is the lock.

A listener that writes must not be caught in mid-line: the child would get the half of it that is in a buffer, and a
lock that belongs to a thread that it has not.
"""

from __future__ import annotations

import os
from threading import Lock, local
from weakref import WeakSet

__all__ = ["ForkLock"]

_PATIENCE = 5.0  # seconds that a fork waits for whoever holds one


class ForkLock:
    """A lock for `with`. A fork waits until it is free; where that takes too long, the child gets a new one."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = Lock()
        _alive.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_alive: WeakSet[ForkLock] = WeakSet()
_forking = local()


def _before() -> None:
    _forking.held = [each for each in list(_alive) if each._lock.acquire(timeout=_PATIENCE)]  # noqa: SLF001  of this module


def _after_in_parent() -> None:
    for each in _forking.held:
        each._lock.release()  # noqa: SLF001
    _forking.held = []


def _after_in_child() -> None:
    for each in list(_alive):
        each._lock = Lock()  # noqa: SLF001
    _forking.held = []


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
