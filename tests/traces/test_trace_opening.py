"""Files, pipes and bytes in any packing are one kind of stream."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.traces.opening import opened

TEXT = b'{"status": 403}\n' * 5000


class Dribble(io.RawIOBase):
    """A pipe that gives what it likes."""

    def __init__(self, data: bytes, most: int) -> None:
        self._rest, self._most = io.BytesIO(data), most

    def read(self, size: int = -1) -> bytes:
        return self._rest.read(min(size, self._most) if size > 0 else self._most)


def all_of(data: bytes, most: int = 1 << 20) -> tuple[bytes, str]:
    stream = opened(Dribble(data, most), "x")
    stream.peek(100)
    out = b""
    while block := stream.read(1000):
        assert len(block) <= 1000
        out += block
    return out, stream.broken


@pytest.mark.parametrize("most", [7, 1000, 1 << 20])
@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:8000]) + gzip.compress(TEXT[8000:]),
        bz2.compress(TEXT),
        lzma.compress(TEXT),
        TEXT.decode().encode("utf-16"),
        TEXT.decode().encode("utf-16-le"),
        TEXT.decode().encode("utf-16-be"),
        gzip.compress(TEXT.decode().encode("utf-16")),
    ],
    ids="plain gzip two-members bzip2 xz utf16 utf16-le utf16-be utf16-in-gzip".split(),
)
def test_every_packing_gives_the_same_text(data: bytes, most: int) -> None:
    assert all_of(data, most) == (TEXT, "")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_file_that_is_cut_off_gives_what_it_has_and_says_so(pack: object) -> None:
    import random

    noise = bytes(random.Random(1).choices(b"0123456789abcdef\n", k=400_000))
    whole: bytes = pack(noise)  # type: ignore[operator]
    found, broken = all_of(whole[: len(whole) // 2])
    assert "cut off" in broken
    assert noise.startswith(found)
    assert pack is bz2.compress or len(found) > 10_000


def test_a_damaged_file_says_so() -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[20:40] = bytes(20)
    assert "damaged" in all_of(bytes(packed))[1]


@given(st.binary(max_size=300))
def test_any_bytes_can_be_opened_and_read(data: bytes) -> None:
    for head in (b"", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\x00", b"\xff\xfe"):
        all_of(head + data, 13)
