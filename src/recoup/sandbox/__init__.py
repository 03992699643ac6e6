"""An Amazon that fails for real reasons, on a local port.

    with recoup.sandbox.running(seed=1) as s:
        ...

Imported on first use: whoever only wants a value of this room does not pay for the server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recoup.sandbox.serving import Sandbox, running
    from recoup.sandbox.settings import SandboxSettings

__all__ = ["Sandbox", "SandboxSettings", "running"]


_HOMES = {
    "Sandbox": "recoup.sandbox.serving",
    "SandboxSettings": "recoup.sandbox.settings",
    "running": "recoup.sandbox.serving",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'recoup.sandbox' has no attribute {name!r}")
    globals()[name] = getattr(import_module(_HOMES[name]), name)
    return globals()[name]
