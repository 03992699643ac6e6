"""The recipes, one file a family of causes."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

__all__ = ["load"]


def load() -> None:
    """Import every file of recipes, so that `RECIPES` is complete."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
