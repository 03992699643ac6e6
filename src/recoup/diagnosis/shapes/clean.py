"""Batches and label lists in which everything succeeded, as types that admit nothing else; decoding proves it.

Of a batch in which something failed, the same types prove it of each entry that did not, so that only the others need
be read.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = ["clean_batch", "clean_labels", "unproved"]

_Nothing = tuple[()] | None


class _Status(msgspec.Struct, gc=False):
    statusCode: Literal[200, 201, 202, 204]  # noqa: N815  names as they travel


class _Body(msgspec.Struct, gc=False):
    actionableErrors: _Nothing = None  # noqa: N815
    sellerActionableErrors: _Nothing = None  # noqa: N815
    errors: _Nothing = None


class _Answer(msgspec.Struct, gc=False):
    status: _Status
    body: _Body | None = None


class _Batch(msgspec.Struct, gc=False):
    responses: list[_Answer]
    errors: _Nothing = None


class _Label(msgspec.Struct, gc=False):
    status: Literal["SUCCESS"]


class _Labels(msgspec.Struct, gc=False):
    packageShipLabelList: list[_Label]  # noqa: N815
    errors: _Nothing = None


class _Entries(msgspec.Struct, gc=False):
    responses: list[msgspec.Raw]
    errors: _Nothing = None


clean_batch = msgspec.json.Decoder(_Batch).decode
clean_labels = msgspec.json.Decoder(_Labels).decode
_entries = msgspec.json.Decoder(_Entries).decode
_answer = msgspec.json.Decoder(_Answer).decode


def unproved(body: bytes) -> tuple[dict[int, Any], int] | None:
    """Those entries of a batch, by their position, of which it is not proved that they succeeded, and how many it has;
    None where the body is no batch in the usual form.
    """
    try:
        entries = _entries(body).responses
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    left: dict[int, Any] = {}
    for position, entry in enumerate(entries):
        try:
            _answer(entry)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            try:
                left[position] = msgspec.json.decode(entry)
            except (msgspec.DecodeError, RecursionError, UnicodeError):
                return None
    return left, len(entries)
