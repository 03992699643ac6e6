"""Batches and label lists in which everything succeeded, as types that admit nothing else; decoding proves it."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["clean_batch", "clean_labels"]

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


clean_batch = msgspec.json.Decoder(_Batch).decode
clean_labels = msgspec.json.Decoder(_Labels).decode
