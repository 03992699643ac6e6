"""From what was named on the command line to the parts that are read: files, folders, pipes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from recoup.errors import UnreadableInput
from recoup.traces.detect import form_of
from recoup.traces.fields import PARTS, Fields
from recoup.traces.opening import HEAD
from recoup.traces.parts import Part

__all__ = ["JOINED", "PART", "joined", "parts_of"]

PART = 8 << 20
JOINED = 64 << 20
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff")


def parts_of(inputs: Iterable[str | Path], form: str = "auto", fields: Fields = PARTS) -> Iterator[Part]:
    """The parts of all inputs, in their order; of a folder all files below it, by name, but for hidden ones.

    A log of lines that is larger than `PART` bytes comes in parts of that size, wherever it is cut the same for any
    number of processes. Raises UnreadableInput for an input that is not there.
    """
    for name in inputs:
        if str(name) == "-":
            yield Part(path="-", size=0, form=form)
            continue
        path = Path(name)
        try:
            if path.is_dir():
                for below in _files(path):
                    yield from _parts(below, form, fields)
            else:
                path.stat()
                yield from _parts(path, form, fields)
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL
            raise UnreadableInput(f"{name}: {getattr(error, 'strerror', None) or error}") from error


def joined(parts: Iterable[Part]) -> Iterator[Part]:
    """The same with fewer parts, for one process: parts of a file that follow each other are one of up to `JOINED`
    bytes. What each part begins anew (its examples, its sums) costs less so.
    """
    last: Part | None = None
    for part in parts:
        if last is None:
            last = part
        elif part.path == last.path and part.start == last.end and last.size + part.size <= JOINED:
            last = msgspec.structs.replace(last, size=last.size + part.size, end=part.end)
        else:
            yield last
            last = part
    if last is not None:
        yield last


def _files(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            path = Path(base, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _parts(path: Path, form: str, fields: Fields) -> Iterator[Part]:
    size = path.stat().st_size if path.is_file() else 0
    if size <= PART or form not in ("auto", "jsonl"):
        yield Part(path=str(path), size=size, form=form)
        return
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:  # it is said where it is read, beside what can be read of the others
        yield Part(path=str(path), size=size, form=form)
        return
    if head.startswith(_PACKED) or b"\x00" in head[:64] or (form == "auto" and form_of(head, fields) != "jsonl"):
        yield Part(path=str(path), size=size, form=form)
        return
    for start in range(0, size, PART):
        end = min(start + PART, size)
        yield Part(path=str(path), size=end - start, form="jsonl", start=start, end=end)
