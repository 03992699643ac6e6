"""What is sealed opens with its key in its place, and in no other way."""

from __future__ import annotations

import builtins
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.errors import SettingsError
from recoup.storage.sealing import Seal

RAW = bytes(range(32))
PHRASE = "a passphrase of some length"
ROW = ("application", "seller", "credentials")
SHARED = Seal(PHRASE)  # deriving its key takes a tenth of a second


@pytest.mark.parametrize("key", [RAW, PHRASE], ids=["bytes", "passphrase"])
def test_what_is_sealed_opens_for_all_who_have_the_key(key: str | bytes) -> None:
    sealed = Seal(key).seal(b"Atza|planted", ROW)
    assert b"planted" not in sealed
    assert Seal(key).open(sealed, ROW) == b"Atza|planted"


@pytest.mark.parametrize("key", [RAW[::-1], "another passphrase of mine", PHRASE])
def test_another_key_opens_nothing(key: str | bytes) -> None:
    assert Seal(key).open(Seal(RAW).seal(b"planted", ROW), ROW) is None
    if key != PHRASE:
        assert Seal(key).open(SHARED.seal(b"planted", ROW), ROW) is None


@pytest.mark.parametrize(
    "row", [("application", "other", "credentials"), ("application", "seller"), ("application", "seller", "x"), ()]
)
def test_what_was_moved_to_another_row_does_not_open(row: tuple[str, ...]) -> None:
    assert Seal(RAW).open(Seal(RAW).seal(b"planted", ROW), row) is None


def test_the_same_value_is_never_sealed_alike() -> None:
    seal = Seal(RAW)
    assert len({seal.seal(b"planted", ROW) for _ in range(100)}) == 100


def test_whoever_opens_goes_on_with_the_salt_that_is_there() -> None:
    """Else every process would cost every other one a derivation."""
    other = Seal(PHRASE)
    assert other.open(SHARED.seal(b"planted", ROW), ROW) == b"planted"
    assert other.seal(b"x", ROW)[:17] == SHARED.seal(b"x", ROW)[:17]


@given(st.data())
def test_whatever_is_altered_does_not_open(data: st.DataObject) -> None:
    seal = data.draw(st.sampled_from([Seal(RAW), SHARED]))
    sealed = bytearray(seal.seal(b"planted", ROW))
    first = 0 if seal is not SHARED else 17  # another salt would cost a derivation each
    position = data.draw(st.integers(first, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    assert seal.open(bytes(sealed), ROW) is None


@given(st.binary(max_size=16))
def test_what_was_never_sealed_does_not_open(raw: bytes) -> None:
    assert Seal(RAW).open(raw, ROW) is None
    assert SHARED.open(raw, ROW) is None


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (b"short", "has 5 bytes; give 32"),
        (b"", "has 0 bytes"),
        ("", "at least 12 characters"),
        ("short", "at least 12 characters, this one has 5"),
        (" " * 40, "at least 12 characters"),
        (5, "is a int"),
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(key: Any, text: str) -> None:
    with pytest.raises(SettingsError, match=text) as caught:
        Seal(key)
    assert "short" not in str(caught.value)


def test_a_repr_shows_no_key() -> None:
    assert repr(Seal(RAW)) == "Seal(<32 bytes>)"
    assert repr(SHARED) == "Seal(<passphrase>)"


def test_without_its_package_it_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("cryptography"):
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SettingsError, match=r"recoup\[encryption\]"):
        Seal(os.urandom(32))
