"""One input, whatever it is: a file, a pipe or bytes, in any form that is known here; an iterator of what stands in it.

    for traced in recoup.traces.read("calls.jsonl"):
        print(traced.place, recoup.diagnose(traced.exchange).id)

A form is a function from a stream to items. Memory does not grow with the input. Of prose without the times of a log
the first 64 KiB are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

from recoup.errors import UnreadableInput
from recoup.traces import curl, har, http, jsonl, mitmproxy, mixture
from recoup.traces.detect import form_of
from recoup.traces.fields import PARTS, Fields
from recoup.traces.opening import Bytes, Source, Stream, named, opened
from recoup.traces.tally import Tally
from recoup.traces.traced import Item, Traced, Unread

__all__ = ["FORMS", "items", "items_of", "read"]


def _jsonl(stream: Stream, file: str, fields: Fields, tally: Tally | None) -> Iterator[Item]:
    return jsonl.read(stream, file, fields, tally=tally)


def _har(stream: Stream, file: str, _: Fields, tally: Tally | None) -> Iterator[Item]:
    return har.read(stream, file, tally=tally)


def _http(stream: Stream, file: str, _: Fields, __: Tally | None) -> Iterator[Item]:
    return curl.read(stream, file) if curl.begins(stream.peek()) else http.read(stream, file)


def _curl(stream: Stream, file: str, _: Fields, __: Tally | None) -> Iterator[Item]:
    return curl.read(stream, file)


def _mitmproxy(stream: Stream, file: str, _: Fields, __: Tally | None) -> Iterator[Item]:
    return mitmproxy.read(stream, file)


def _text(stream: Stream, file: str, _: Fields, __: Tally | None) -> Iterator[Item]:
    return mixture.read(stream, file)


Reader = Callable[[Stream, str, Fields, Tally | None], Iterator[Item]]

FORMS: Mapping[str, Reader] = MappingProxyType(
    {"http": _http, "curl": _curl, "har": _har, "jsonl": _jsonl, "mitmproxy": _mitmproxy, "text": _text}
)
"""By the name that `--format` takes."""


def items_of(
    stream: Stream, file: str, *, form: str = "auto", fields: Fields = PARTS, tally: Tally | None = None
) -> Iterator[Item]:
    """What stands in an opened stream. `form` is a key of `FORMS`, or `auto` to find out.

    With `tally` a reader of large inputs tells it the successes in which nothing can hide, and does not give them.
    """
    if form == "auto":
        form = form_of(stream.peek(), fields)
    return FORMS[form](stream, file, fields, tally)


def items(source: Source, *, form: str = "auto", fields: Fields = PARTS, tally: Tally | None = None) -> Iterator[Item]:
    """Everything that stands in `source`, also what could not be read or tells of no exchange.

    `source` is a path, bytes, or a stream of bytes, which stays the caller's. Raises UnreadableInput where it cannot be
    opened at all.
    """
    name = named(source)
    with ExitStack() as stack:
        raw: Bytes
        if isinstance(source, bytes):
            import io

            raw = io.BytesIO(source)
        elif isinstance(source, str | Path):
            try:
                raw = stack.enter_context(Path(source).open("rb"))
            except (OSError, ValueError) as error:  # ValueError: a name with a NUL
                raise UnreadableInput(f"{name}: {getattr(error, 'strerror', None) or error}") from error
        else:
            raw = source
        yield from items_of(opened(raw, name), name, form=form, fields=fields, tally=tally)


def read(
    source: Source,
    form: str = "auto",
    fields: Fields = PARTS,
    *,
    unread: Callable[[Unread], object] | None = None,
) -> Iterator[Traced]:
    """The exchanges in `source`, one after the other, each with its place.

    `unread` is told every record that cannot be read; without it the first such record raises UnreadableInput, so that
    nothing is lost silently. Records that tell of no exchange are passed over.
    """
    for item in items(source, form=form, fields=fields):
        if isinstance(item, Traced):
            yield item
        elif isinstance(item, Unread):
            if unread is None:
                raise UnreadableInput(f"{item.place}: {item.reason}")
            unread(item)
