"""A child process that is forked from a test."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

__all__ = ["in_a_child"]


def in_a_child(function: Callable[[], object]) -> int:
    """The exit status of a child process that calls this: 0, or -14 where it did not come back in ten seconds."""
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            function()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
