"""Sealing what is secret before it is stored: AES-256-GCM, with a key that the user gives.

A sealed value says itself how it was sealed: one byte for the form, then (for a passphrase) the salt, the nonce, and
the ciphertext with its tag. What it belongs to (its row's key) is bound to it as associated data, so that a value which
is moved to another row cannot be opened there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import scrypt
from typing import Any

from recoup.errors import SettingsError
from recoup.storage.forks import ProcessLock

__all__ = ["Seal"]

_RAW, _PASSPHRASE = b"\x01", b"\x02"
_KEY, _SALT, _NONCE = 32, 16, 12  # bytes
_SHORTEST = 12  # characters of a passphrase
_COST = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20}  # 32 MiB, about a tenth of a second
_MOST_SALTS = 64  # processes that began with an empty store at the same time have one each


class Seal:
    """Seals and opens with one key: 32 bytes, or a passphrase from which scrypt makes them.

    Raises SettingsError where the key is neither, or where the package `cryptography` is not installed. Safe to share
    between threads. The first use of a passphrase takes a tenth of a second.
    """

    def __init__(self, key: str | bytes) -> None:
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ModuleNotFoundError as error:
            raise SettingsError(
                'key: needs the package cryptography, which the extra brings: pip install "recoup[encryption]"'
            ) from error
        self._cipher: Any = AESGCM
        self._invalid: type[Exception] = InvalidTag
        self._secret = _checked(key)
        self._lock = ProcessLock()
        self._derived: dict[bytes, Any] = {}
        self._salt: bytes | None = None

    def seal(self, plain: bytes, about: Sequence[str]) -> bytes:
        """`plain`, sealed as belonging to `about`."""
        nonce = os.urandom(_NONCE)
        if isinstance(self._secret, bytes):
            head = _RAW
        else:
            if self._salt is None:
                self._salt = os.urandom(_SALT)
            head = _PASSPHRASE + self._salt
        return head + nonce + bytes(self._key(head).encrypt(nonce, plain, _bound(about)))

    def open(self, sealed: bytes, about: Sequence[str]) -> bytes | None:
        """What was sealed, or None: it was sealed with another key, it belongs elsewhere, or it was altered."""
        head = sealed[:1] if sealed[:1] == _RAW else sealed[: 1 + _SALT]
        raw = isinstance(self._secret, bytes)
        if (head == _RAW) is not raw or (not raw and (sealed[:1] != _PASSPHRASE or len(head) != 1 + _SALT)):
            return None
        nonce, rest = sealed[len(head) : len(head) + _NONCE], sealed[len(head) + _NONCE :]
        if len(nonce) != _NONCE:
            return None
        try:
            plain = bytes(self._key(head).decrypt(nonce, rest, _bound(about)))
        except self._invalid:
            return None
        if not raw and self._salt is None:
            self._salt = head[1:]  # one salt for all who use the store: one derivation a process
        return plain

    def _key(self, head: bytes) -> Any:
        with self._lock:
            found = self._derived.get(head)
            if found is None:
                secret = self._secret
                if isinstance(secret, str):
                    secret = scrypt(secret.encode(), salt=head[1:], dklen=_KEY, **_COST)
                if len(self._derived) >= _MOST_SALTS:
                    self._derived.clear()
                found = self._derived[head] = self._cipher(secret)
        return found

    def __repr__(self) -> str:
        return f"Seal(<{'32 bytes' if isinstance(self._secret, bytes) else 'passphrase'}>)"


def _checked(key: object) -> str | bytes:
    if isinstance(key, bytes):
        if len(key) != _KEY:
            raise SettingsError(f"key: has {len(key)} bytes; give {_KEY} (os.urandom({_KEY})), or a passphrase as text")
        return key
    if not isinstance(key, str):
        raise SettingsError(f"key: is a {type(key).__name__}; give {_KEY} bytes, or a passphrase as text")
    if len(key.strip()) < _SHORTEST:
        raise SettingsError(f"key: a passphrase must have at least {_SHORTEST} characters, this one has {len(key)}")
    return key


def _bound(about: Sequence[str]) -> bytes:
    return "\0".join(about).encode()
