"""A SQLite file that goes away while it is open: somebody deleted it, or put another one in its place.

SQLite notices neither. It goes on in the file that it opened, which nobody else can open any more, while whoever starts
later begins an empty one: two halves of a quota, and holds that end with the process. What was opened is still all
there, though, and can be written anew.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["Identity", "identity_of", "make_private", "write_anew"]

Identity = tuple[int, int]


def identity_of(path: Path) -> Identity | None:
    """Which file is there; None where there is none. On Windows an open file cannot be deleted: it is always (0, 0)."""
    if os.name != "posix":
        return 0, 0
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def make_private(path: Path) -> None:
    """Make an empty file that only this user may read and write, where there is none: a store names sellers, and holds
    sealed tokens. One that is there keeps the permissions that somebody gave it. Does nothing where it cannot be made:
    SQLite then says why.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def write_anew(connection: sqlite3.Connection, path: Path) -> bool:
    """Write what this connection still has open to `path`, where there is no file any more. False where another process
    did so meanwhile. Raises OSError or sqlite3.Error where it cannot be done.
    """
    copied = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    with _alone(path.parent):
        if path.exists():
            return False
        try:
            make_private(copied)
            target = sqlite3.connect(copied, isolation_level=None)
            try:
                connection.backup(target)
            finally:
                target.close()
            for left in ("-wal", "-shm"):  # of the file that is gone: they would be taken for this one's
                path.with_name(path.name + left).unlink(missing_ok=True)
            copied.rename(path)
        finally:
            for rest in ("", "-wal", "-shm"):
                copied.with_name(copied.name + rest).unlink(missing_ok=True)
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """As long as the block lasts, no other process does the same in this folder."""
    import fcntl  # late: not on Windows, where nobody comes here

    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)  # and the lock with it
