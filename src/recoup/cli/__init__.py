"""The command line: one file a command; `main` is a plain function of its arguments, streams and environment."""

from __future__ import annotations

__all__ = ["entry"]


def entry() -> None:
    """What the `recoup` script runs."""
    import os
    import sys

    # msgspec takes three names from typing_extensions where that happens to be installed, and from typing otherwise. On
    # the Pythons that recoup runs on they are the same, and importing typing_extensions takes longer than all the rest
    # of a command.
    absent = "typing_extensions" not in sys.modules
    if absent:
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    import msgspec  # noqa: F401

    if absent:
        del sys.modules["typing_extensions"]

    from recoup.cli.main import Streams, main

    raise SystemExit(main(sys.argv[1:], Streams(sys.stdin.buffer, sys.stdout, sys.stderr), os.environ))
