"""What is to be read: a paste, whose every exchange is explained, or a trace, which is counted too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path

from recoup.cli.main import Invocation
from recoup.diagnosis.pasted import MAX_BYTES
from recoup.errors import UnreadableInput
from recoup.traces.detect import form_of
from recoup.traces.fields import Fields
from recoup.traces.opening import HEAD, Bytes, Stream, opened

__all__ = ["is_trace", "named", "opened_input", "stdin_of", "whole"]

_PASTED = frozenset({"http", "curl", "text"})
_MANY = 10  # messages in the first 64 KiB: then an input that is too long for a paste is a trace


def stdin_of(invocation: Invocation) -> Stream:
    """Standard input, after a word to whoever is to type it."""
    if invocation.streams.stdin.isatty():
        invocation.streams.stderr.write("Paste the response or the error, then end with Ctrl-D:\n")
    return opened(invocation.streams.stdin, "standard input")


@contextmanager
def opened_input(path: str, stdin: Stream | None) -> Iterator[Stream]:
    """The bytes of one input; `stdin` where its name is `-`. Raises UnreadableInput where there are none to have."""
    if path == "-" and stdin is not None:
        yield stdin
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(Path(path).open("rb"))
        except FileNotFoundError as error:
            hint = f"; a code, a status or a message is explained by: recoup explain {path}"
            raise UnreadableInput(f"{path}: there is no such file{hint}") from error
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL
            raise UnreadableInput(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        yield opened(file, path)


def is_trace(path: str, stdin: Stream | None, form: str, fields: Fields) -> bool:
    """Whether an input is a folder, a log, a HAR file, or a long file of HTTP messages."""
    if form not in _PASTED and form != "auto":
        return True
    if path != "-" and Path(path).is_dir():
        return True
    with opened_input(path, stdin) as stream:
        head = stream.peek()
        found = form_of(head, fields) if form == "auto" else form
        if found not in _PASTED:
            return True
        if found != "http" or head.count(b"HTTP/") < 2 * _MANY or path == "-":
            return False
        return Path(path).stat().st_size > MAX_BYTES


def whole(stream: Bytes, limit: int) -> bytes:
    """The first `limit` bytes: what comes after them nobody looks at."""
    out = BytesIO()
    while (left := limit - out.tell()) > 0 and (block := stream.read(min(left, HEAD * 16))):
        out.write(block)
    return out.getvalue()


def named(path: str) -> str:
    """How an input is called in what is printed."""
    return "standard input" if path == "-" else path
