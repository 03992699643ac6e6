"""The command line: one file a command; `main` is a plain function of its arguments, streams and environment."""

from __future__ import annotations

__all__ = ["entry"]


def entry() -> None:
    """What the `recoup` script runs."""
    import os
    import sys

    from recoup.cli.main import Streams, main

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without “ or ✓ shows their number; it does not end the command
            stream.reconfigure(errors="backslashreplace")
    status = main(sys.argv[1:], Streams(sys.stdin.buffer, sys.stdout, sys.stderr), os.environ)
    try:
        sys.stdout.flush()
    except OSError:  # main has said so; what is left in the buffer must not be tried again when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(status)
