"""Files, pipes and bytes as one kind of stream: unpacked, in UTF-8, with a look at their beginning.

gzip, bzip2, xz and (where Python or the package `zstandard` can) Zstandard are unpacked while they are read; UTF-16, as
PowerShell writes it, becomes UTF-8. Memory does not grow with the input.
"""

from __future__ import annotations

import bz2
import codecs
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from recoup.errors import UnreadableInput

__all__ = ["BLOCK", "Bytes", "Stream", "named", "opened"]

BLOCK = 1 << 20
HEAD = 65_536

Source = str | Path | bytes | BinaryIO


class Bytes(Protocol):
    """Anything with bytes to read: at most `size`, none at the end."""

    def read(self, size: int, /) -> bytes:
        """Some of the bytes that are left."""


class Stream:
    """Bytes to read, of which the first may be looked at before.

    `broken` says why the bytes ended early, where they did: a packed file that was cut off.
    """

    def __init__(self, source: Bytes) -> None:
        self._source = source
        self._ahead = b""
        self.broken = ""

    def peek(self, size: int = HEAD) -> bytes:
        """The next `size` bytes, fewer only where there are no more; they are still to be read."""
        while len(self._ahead) < size:
            more = self._source.read(size - len(self._ahead))
            if not more:
                break
            self._ahead += more
        return self._ahead[:size]

    def read(self, size: int = BLOCK, /) -> bytes:
        """At least one and at most `size` bytes; none at the end."""
        if self._ahead:
            taken, self._ahead = self._ahead[:size], self._ahead[size:]
            return taken
        return self._source.read(size)


class _Unpacked(Stream):
    """What a packed stream holds, member after member."""

    def __init__(self, source: Stream, unpacker: Callable[[], Any]) -> None:
        super().__init__(source)
        self._new = unpacker
        self._unpacker: Any = unpacker()
        self._rest = b""
        self._begun = False

    def peek(self, size: int = HEAD) -> bytes:
        while len(self._ahead) < size:
            more = self._unpacked(size)
            if not more:
                break
            self._ahead += more
        return self._ahead[:size]

    def read(self, size: int = BLOCK, /) -> bytes:
        if self._ahead:
            taken, self._ahead = self._ahead[:size], self._ahead[size:]
            return taken
        return self._unpacked(size)

    def _unpacked(self, size: int) -> bytes:
        while not self.broken:
            if self._unpacker.eof:
                self._rest = (self._unpacker.unused_data or self._source.read(BLOCK)).lstrip(b"\x00")
                if not self._rest:
                    return b""
                self._unpacker, self._begun = self._new(), False
            packed = self._rest or (b"" if self._has_more() else self._source.read(BLOCK))
            if not packed and not self._has_more():
                self.broken = "the packed file is cut off" if self._begun else ""
                return b""
            self._begun = True
            try:
                found: bytes = self._unpacker.decompress(packed, size)
            except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
                self.broken = "the packed file is damaged"
                return b""
            self._rest = getattr(self._unpacker, "unconsumed_tail", b"")
            if found:
                return found
        return b""

    def _has_more(self) -> bool:
        return not getattr(self._unpacker, "needs_input", True)


class _Recoded(Stream):
    """UTF-16 as UTF-8."""

    def __init__(self, source: Stream, encoding: str) -> None:
        super().__init__(self)
        self._packed = source
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ended = False

    def peek(self, size: int = HEAD) -> bytes:
        while len(self._ahead) < size and (more := self._recoded(size)):
            self._ahead += more
        return self._ahead[:size]

    def read(self, size: int = BLOCK, /) -> bytes:
        if not self._ahead:
            self._ahead = self._recoded(size)
        taken, self._ahead = self._ahead[:size], self._ahead[size:]
        return taken

    def _recoded(self, size: int) -> bytes:
        while not self._ended:
            read = self._packed.read(size)
            self._ended = not read
            self.broken = self._packed.broken
            found = self._decoder.decode(read, final=self._ended).encode("utf-8", "replace")
            if found:
                return found
        return b""


_PACKED: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
)
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def opened(source: Bytes, name: str) -> Stream:
    """`source` ready to be read. Raises UnreadableInput for what is packed in a way that nothing here can unpack."""
    stream = Stream(source)
    head = stream.peek(8)
    for sign, unpacker in _PACKED:
        if head.startswith(sign):
            stream = _Unpacked(stream, unpacker)
    if head.startswith(_ZSTANDARD):
        stream = Stream(_zstandard(stream, name))
    head = stream.peek(64)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return _Recoded(stream, encoding)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if len(head) >= 8 and max(even, odd) > len(head) // 4 and min(even, odd) == 0:
        return _Recoded(stream, "utf-16-be" if even else "utf-16-le")
    return stream


def _zstandard(stream: Stream, name: str) -> Bytes:
    from importlib import import_module

    for module, opener in (("compression.zstd", "ZstdFile"), ("zstandard", "open")):
        try:
            found: Bytes = getattr(import_module(module), opener)(stream, "rb")
        except ModuleNotFoundError:
            continue
        return found
    raise UnreadableInput(
        f"{name}: it is packed with Zstandard, which Python can unpack from 3.14 on, or with the package zstandard; "
        f"else: zstd -dc {name} | recoup diagnose -"
    )


def named(source: Source) -> str:
    """How a source is called in places and errors."""
    if isinstance(source, bytes):
        return "input"
    if isinstance(source, str | Path):
        return str(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) and not name.startswith("<") else "standard input"
