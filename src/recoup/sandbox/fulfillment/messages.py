"""Documented messages inside an answer that is a success by its status: label failures and inventory items."""

from __future__ import annotations

from functools import cache
from typing import Any

from recoup.catalogue.fault import Fault
from recoup.catalogue.loader import catalogue, load_sources
from recoup.sandbox.operation import Refusal

__all__ = ["fault_of", "label_error", "message_of"]


@cache
def _faults() -> dict[str, Fault]:
    try:
        return dict(catalogue().items())
    except FileNotFoundError:  # a checkout in which the compiled form was not made yet: the sources say the same
        return {fault.id: fault for fault in load_sources()}


def fault_of(refusal: Refusal) -> Fault:
    """The catalogue's entry of a refusal."""
    return _faults()[refusal.fault]


def message_of(refusal: Refusal) -> str:
    """The documented message of a refusal, with its parameters."""
    return fault_of(refusal).messages[0].compiled.fill(refusal.parameters)


def label_error(refusal: Refusal) -> dict[str, Any]:
    """The `errorDetails` of a package. Amazon's sample gives the number of the SC code without its prefix."""
    return {"code": (fault_of(refusal).sc_code or "").removeprefix("SC_"), "message": message_of(refusal)}
