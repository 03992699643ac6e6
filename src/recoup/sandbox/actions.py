"""What the stage can do, by name: the same actions in Python (`s.stage.revoke_authorization()`) and over HTTP.

Collected from the public methods of the stages behind it; their signatures say which arguments an action takes and of
which type. Arguments are checked before an action runs, and every action runs under the sandbox's lock. An action that
needs to know the time has a parameter `now`, which is filled in from the sandbox's clock.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_type_hints

import msgspec

__all__ = ["Actions", "UnknownAction"]

_NOW = "now"

# Carries out an action: its name, its arguments by name, and what runs it.
Perform = Callable[[str, Mapping[str, Any], Callable[[], Any]], Any]


class UnknownAction(LookupError):
    """No action is called that; `known` are the names of those that there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no action is called {name!r}; there are {', '.join(known)}")
        self.known = tuple(known)


class Actions:
    """All actions of several stages. Attribute access gives an action that may be called from any thread."""

    def __init__(
        self,
        lock: threading.RLock,
        stages: Callable[[], Sequence[object]],
        now: Callable[[], float],
        perform: Perform = lambda _name, _arguments, run: run(),
    ) -> None:
        self._lock = lock
        self._stages = stages
        self._now = now
        self._perform = perform

    def _found(self) -> dict[str, Callable[..., Any]]:
        found: dict[str, Callable[..., Any]] = {}
        for stage in self._stages():
            for name, method in inspect.getmembers(stage, inspect.ismethod):
                if not name.startswith("_"):
                    found.setdefault(name, method)
        return dict(sorted(found.items()))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        with self._lock:
            known = self._found()
        if name not in known:
            raise AttributeError(f"the stage has no action {name!r}; it has {', '.join(known)}")

        def act(*positional: Any, **named: Any) -> Any:
            with self._lock:  # looked up anew: a reset puts other stages in place
                method = self._found()[name]
                arguments = inspect.signature(method).bind_partial(*positional, **named).arguments
                return self._perform(name, arguments, lambda: method(**self._timed(method, arguments)))

        return act

    def __dir__(self) -> list[str]:
        with self._lock:
            return [*super().__dir__(), *self._found()]

    def describe(self) -> dict[str, dict[str, Any]]:
        """Every action with what it is for and the arguments that it takes."""
        with self._lock:
            return {name: _describe(method) for name, method in self._found().items()}

    def run(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Carry out an action with arguments that came from outside.

        Raises UnknownAction, or ValueError that says which argument is wrong; nothing has changed then.
        """
        with self._lock:
            known = self._found()
            if name not in known:
                raise UnknownAction(name, list(known))
            method, checked = known[name], _checked(name, known[name], arguments)
            return self._perform(name, checked, lambda: method(**self._timed(method, checked)))

    def again(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Carry out an action with the arguments that it was once carried out with, `now` among them if it was given.

        Raises UnknownAction, or ValueError where it does not take them.
        """
        with self._lock:
            known = self._found()
            if name not in known:
                raise UnknownAction(name, list(known))
            method, plain = known[name], {at: value for at, value in arguments.items() if at != _NOW}
            checked = _checked(name, method, plain)
            if _NOW in arguments:
                checked[_NOW] = arguments[_NOW]
            return self._perform(name, checked, lambda: method(**self._timed(method, checked)))

    def _timed(self, method: Callable[..., Any], named: Mapping[str, Any]) -> Mapping[str, Any]:
        if _NOW not in inspect.signature(method).parameters or _NOW in named:
            return named
        return {**named, _NOW: self._now()}


def _describe(method: Callable[..., Any]) -> dict[str, Any]:
    arguments = {
        name: {
            "type": str(parameter.annotation).removeprefix("typing."),
            "required": parameter.default is inspect.Parameter.empty,
        }
        for name, parameter in inspect.signature(method).parameters.items()
        if name != _NOW
    }
    return {"what": (inspect.getdoc(method) or "").partition("\n")[0], "arguments": arguments}


def _checked(name: str, method: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {at: what for at, what in inspect.signature(method).parameters.items() if at != _NOW}
    hints = get_type_hints(method)
    for given in arguments:
        if given not in parameters:
            raise ValueError(f"{name}: unknown argument {given!r}; it takes {', '.join(parameters) or 'none'}")
    checked: dict[str, Any] = {}
    for wanted, parameter in parameters.items():
        if wanted in arguments:
            try:
                checked[wanted] = msgspec.convert(arguments[wanted], type=hints.get(wanted, Any))
            except msgspec.ValidationError as error:
                raise ValueError(f"{name}: {wanted}: {error}") from error
        elif parameter.default is inspect.Parameter.empty:
            raise ValueError(f"{name}: the argument {wanted!r} is missing")
    return checked
