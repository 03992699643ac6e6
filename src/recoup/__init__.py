"""recoup: get Selling Partner API calls back on their feet.

    recoup.diagnose(x)            which fault is this? pasted text, bytes or an Exchange in, a Diagnosis out
    recoup.diagnose_all(xs)       the same for many
    recoup.Transport              under httpx2 or httpx: retries and renews as documented, explains the rest
    recoup.AsyncTransport         the same for asynchronous clients
    recoup.RequestsAdapter        the same under requests
    recoup.PoolManager            the same under urllib3
    recoup.aiohttp_middleware     the same under aiohttp
    recoup.clients                the same under three published clients of the Selling Partner API
    recoup.Login                  the credentials behind the access tokens
    recoup.notified(message, …)   what a notification of Amazon's means for them
    recoup.Governor               how fast: usage plans, what answers teach about them, what is held back
    recoup.open_store(…)          where quotas, holds and tokens last, for one process, a machine or a fleet
    recoup.outcome(response)      what a transport made of a response
    recoup.raise_for_fault(r)     an exception named for what you do next, for those who want one
    recoup.record()               what really goes over the wire, secrets masked
    recoup.telemetry              logs, OpenTelemetry, events for whoever listens
    recoup.sandbox.running(…)     an Amazon that fails for real reasons
    recoup.testing                no waiting in your own tests

Everything is imported on first use, so that nothing is paid for that is not used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recoup import clients, errors, gateway, sandbox, telemetry, testing
    from recoup.diagnosis.diagnosis import Diagnosis
    from recoup.errors import (
        AskPerson,
        CatalogueError,
        FaultError,
        FixRequest,
        OrderOver,
        ReadBack,
        RecoupError,
        SettingsError,
        StoreAway,
        StoreError,
        TryLater,
        UnreadableInput,
    )
    from recoup.exchange import Exchange, Headers, NoResponse, Request, Response
    from recoup.recovery.advice import diagnose, diagnose_all
    from recoup.recovery.decision import Decision, Done, GiveUp, RenewToken, Resync, Retry, Wait
    from recoup.recovery.lookup import Lookup
    from recoup.recovery.parts import AskAgain, FailedItem
    from recoup.recovery.policy import Policy
    from recoup.storage.governor import Governor
    from recoup.storage.opening import open_store
    from recoup.transports.aiohttp_middleware import aiohttp_middleware as aiohttp_middleware
    from recoup.transports.httpx_family import AsyncTransport, Transport
    from recoup.transports.login import Login
    from recoup.transports.notified import Notified, notified
    from recoup.transports.outcome import Outcome, outcome, raise_for_fault
    from recoup.transports.recording import Recording, record
    from recoup.transports.requests_adapter import RequestsAdapter as RequestsAdapter
    from recoup.transports.urllib3_pool import PoolManager as PoolManager

_HOMES = {
    "recoup.diagnosis.diagnosis": ("Diagnosis",),
    "recoup.errors": (
        "AskPerson",
        "CatalogueError",
        "FaultError",
        "FixRequest",
        "OrderOver",
        "ReadBack",
        "RecoupError",
        "SettingsError",
        "StoreAway",
        "StoreError",
        "TryLater",
        "UnreadableInput",
    ),
    "recoup.exchange": ("Exchange", "Headers", "NoResponse", "Request", "Response"),
    "recoup.recovery.advice": ("diagnose", "diagnose_all"),
    "recoup.recovery.decision": ("Decision", "Done", "GiveUp", "RenewToken", "Resync", "Retry", "Wait"),
    "recoup.recovery.lookup": ("Lookup",),
    "recoup.recovery.parts": ("AskAgain", "FailedItem"),
    "recoup.recovery.policy": ("Policy",),
    "recoup.transports.aiohttp_middleware": ("aiohttp_middleware",),
    "recoup.transports.httpx_family": ("AsyncTransport", "Transport"),
    "recoup.storage.governor": ("Governor",),
    "recoup.storage.opening": ("open_store",),
    "recoup.transports.login": ("Login",),
    "recoup.transports.notified": ("Notified", "notified"),
    "recoup.transports.outcome": ("Outcome", "outcome", "raise_for_fault"),
    "recoup.transports.recording": ("Recording", "record"),
    "recoup.transports.requests_adapter": ("RequestsAdapter",),
    "recoup.transports.urllib3_pool": ("PoolManager",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_NEEDS = {"RequestsAdapter": "requests", "PoolManager": "urllib3", "aiohttp_middleware": "aiohttp"}
"""The names whose library is an extra, and the extra. `import *` leaves them out: it takes what is always there."""
_MODULES = ("clients", "errors", "gateway", "sandbox", "telemetry", "testing")

__all__ = [
    "AskAgain",
    "AskPerson",
    "AsyncTransport",
    "CatalogueError",
    "Decision",
    "Diagnosis",
    "Done",
    "Exchange",
    "FailedItem",
    "FaultError",
    "FixRequest",
    "GiveUp",
    "Governor",
    "Headers",
    "Login",
    "Lookup",
    "NoResponse",
    "Notified",
    "OrderOver",
    "Outcome",
    "Policy",
    "ReadBack",
    "Recording",
    "RecoupError",
    "RenewToken",
    "Request",
    "Response",
    "Resync",
    "Retry",
    "SettingsError",
    "StoreAway",
    "StoreError",
    "Transport",
    "TryLater",
    "UnreadableInput",
    "Wait",
    "clients",
    "diagnose",
    "diagnose_all",
    "errors",
    "gateway",
    "notified",
    "open_store",
    "outcome",
    "raise_for_fault",
    "record",
    "sandbox",
    "telemetry",
    "testing",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"recoup.{name}")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'recoup' has no attribute {name!r}")
    try:
        value = getattr(import_module(home), name)
    except ModuleNotFoundError as error:
        extra = _NEEDS.get(name)
        if extra is None or error.name != extra:
            raise
        text = f"recoup.{name} needs {extra}, which is not installed: pip install 'recoup[{extra}]'"
        # For `hasattr`, help() and inspect it is an attribute that is not there. `from recoup import X` would turn that
        # into a bare "cannot import name", and the user must read what to install.
        if sys._getframe(1).f_globals.get("__name__") == "importlib._bootstrap":  # noqa: SLF001  no other way to tell
            raise ModuleNotFoundError(text, name=extra) from error
        raise AttributeError(text, name=name) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_NEEDS})
