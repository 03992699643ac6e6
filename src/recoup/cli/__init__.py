"""The command line: one file a command; `main` is a plain function of its arguments, streams and environment."""

from __future__ import annotations

__all__ = ["entry"]


def entry() -> None:
    """What the `recoup` script runs."""
    import os
    import sys

    from recoup.cli.main import Streams, main

    raise SystemExit(main(sys.argv[1:], Streams(sys.stdin.buffer, sys.stdout, sys.stderr), os.environ))
