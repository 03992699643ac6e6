"""How a run of pytest in a test gets recoup's plugin: by itself where recoup is installed with its entry point."""

from __future__ import annotations

from importlib.metadata import entry_points

__all__ = ["LOAD"]

_INSTALLED = any(entry.value == "recoup.pytest_plugin" for entry in entry_points(group="pytest11"))
LOAD = () if _INSTALLED else ("-p", "recoup.pytest_plugin")
