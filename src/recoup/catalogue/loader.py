"""Reading the catalogue: the entries that ship with recoup, and the user's own file over them.

The TOML files under `faults/` are the source. For a quick start they are compiled into `compiled.json`, which
`make generate` writes and the check compares; only an overlay is parsed as TOML at run time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from recoup.catalogue.fault import (
    Action,
    BodyKind,
    Fault,
    Kind,
    Mark,
    MessageField,
    Recovery,
    Remedy,
    ResyncTarget,
    RetryClass,
    WaitSubject,
    Where,
    Who,
)
from recoup.catalogue.template import compile_template
from recoup.errors import CatalogueError

__all__ = ["COMPILED", "Catalogue", "catalogue", "load_sources", "parse"]

# Beside this file, and not through importlib.resources, whose import costs more than reading the catalogue.
_HERE = Path(__file__).parent
_FAULTS = "faults"
_SHIPPED = "the catalogue that ships with recoup"
_GAP = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_FIELD = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]*)`")
# What the decision of each retry class cannot do without.
_NEEDS: Mapping[RetryClass, tuple[str, ...]] = {
    RetryClass.VERIFY: ("resync",),
    RetryClass.RESYNC: ("resync",),
    RetryClass.RESELECT: ("resync",),
    RetryClass.RESTART_PAGING: ("resync",),
    RetryClass.FIX_STATE: ("resync",),
    RetryClass.WAIT_STATE: ("wait", "poll"),
    RetryClass.SCHEDULE: ("wait",),
    RetryClass.LOCKOUT: ("wait", "until"),
    RetryClass.FIX_OR_WAIT: ("wait",),
}
_ENUMS: Mapping[str, list[str]] = {
    field: [member.value for member in enum]
    for field, enum in {
        "action": Action, "body": BodyKind, "field": MessageField, "kind": Kind, "mark": Mark, "resync": ResyncTarget,
        "retry": RetryClass, "wait": WaitSubject, "where": Where, "who": Who,
    }.items()
}  # fmt: skip
COMPILED = "compiled.json"


class Catalogue(Mapping[str, Fault]):
    """All faults by id, in the order of the documents. Lookups by alias answer too; iteration gives ids only."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = {fault.id: fault for fault in faults}
        self._aliases = {alias: fault.id for fault in self._faults.values() for alias in fault.aliases}

    def __getitem__(self, key: str) -> Fault:
        found = self._faults.get(key)
        return found if found is not None else self._faults[self._aliases[key]]

    def __contains__(self, key: object) -> bool:
        return key in self._faults or key in self._aliases

    def __iter__(self) -> Iterator[str]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def overlaid(self, path: Path) -> Catalogue:
        """This catalogue with the entries of the user's file: an entry of a known id takes its place, others are added.

        Raises CatalogueError, naming file, id and field, where the file is not well-formed.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogueError(f"{path}: cannot be read as UTF-8 text: {error}") from error
        own = parse(text, str(path))
        ids = {fault.id for fault in own}
        check(
            [
                *((_SHIPPED, fault) for fault in self._faults.values() if fault.id not in ids),
                *((str(path), f) for f in own),
            ]
        )
        return Catalogue({**self._faults, **{fault.id: fault for fault in own}}.values())


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with recoup."""
    data = _HERE.joinpath(COMPILED).read_bytes()
    return Catalogue(msgspec.json.decode(data, type=list[Fault]))


def load_sources() -> list[Fault]:
    """All entries, read from the TOML sources and checked together. Raises CatalogueError."""
    entries: list[tuple[str, Fault]] = []
    for source in sorted(_sources(), key=lambda item: item.name):
        name = f"faults/{source.name}"
        entries.extend((name, fault) for fault in parse(source.read_text(encoding="utf-8"), name))
    check(entries)
    return [fault for _, fault in entries]


def _sources() -> Iterator[Path]:
    return _HERE.joinpath(_FAULTS).glob("*.toml")


def parse(text: str, name: str) -> list[Fault]:
    """The entries of one TOML text; `name` is what complaints call it. Raises CatalogueError."""
    import tomllib  # late: who has no overlay never parses TOML

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{name}: not valid TOML: {error}") from error
    unknown = sorted(set(data) - {"fault"})
    if unknown:
        raise CatalogueError(f"{name}: unknown key {unknown[0]!r} at the top; every entry is a [[fault]] block")
    blocks = data.get("fault", [])
    if not isinstance(blocks, list):
        raise CatalogueError(f"{name}: entries are written as [[fault]], with two brackets")
    return [_entry(block, position, name) for position, block in enumerate(blocks, start=1)]


def _entry(block: Any, position: int, name: str) -> Fault:
    label = block.get("id") if isinstance(block, dict) else None
    where = f"{name}: {label}" if isinstance(label, str) else f"{name}: entry {position} (no id)"
    try:
        fault = msgspec.convert(block, type=Fault)
        _complete(fault)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{where}: {_readable(str(error))}") from error
    except _IncompleteError as error:
        raise CatalogueError(f"{where}: {error}") from error
    return fault


class _IncompleteError(Exception):
    """An entry of the right shape says too little; the text begins with the field."""


def _complete(fault: Fault) -> None:
    """What the shape alone does not ask for. Raises _IncompleteError."""
    parameters: set[str] = set()
    for index, message in enumerate(fault.messages):
        try:
            parameters.update(parameter.name for parameter in compile_template(message.template).parameters)
        except ValueError as error:
            raise _IncompleteError(f"messages[{index}].template: {error}") from error
        if message.variant is not None and fault.variant(message.variant) is None:
            raise _IncompleteError(f"messages[{index}].variant: there is no variant {message.variant!r}")
    if not fault.where:
        raise _IncompleteError("where: at least one place is needed")
    _complete_recovery(fault.recovery, fault.remedy, "", parameters)
    for index, variant in enumerate(fault.variants):
        _complete_recovery(variant.recovery, variant.remedy, f"variants[{index}].", parameters)
    for gap in _GAP.findall(fault.answer.body if fault.answer is not None else ""):
        if gap not in parameters:
            raise _IncompleteError(f"answer.body: no message has a parameter {gap!r}")


def _complete_recovery(recovery: Recovery, remedy: Remedy, prefix: str, parameters: set[str]) -> None:
    if not remedy.steps:
        raise _IncompleteError(f"{prefix}remedy.steps: at least one step is needed")
    if recovery.until is not None and recovery.until not in parameters:
        raise _IncompleteError(f"{prefix}recovery.until: no message has a parameter {recovery.until!r}")
    for field in _NEEDS.get(recovery.retry, ()):
        if getattr(recovery, field) is None:
            raise _IncompleteError(f"{prefix}recovery.{field}: retry class {recovery.retry.value} needs it")
    if recovery.retry is RetryClass.SCHEDULE and recovery.until is None and recovery.poll is None:
        raise _IncompleteError(f"{prefix}recovery.until: retry class SCHEDULE needs it, or else poll")


def _readable(complaint: str) -> str:
    """msgspec's "Object missing required field `steps` - at `$.remedy`" with the field in front, and what would fit."""
    text, found, place = complaint.rpartition(" - at `$")
    text, path = (text, place.rstrip("`").removeprefix(".")) if found else (complaint, "")
    field = _FIELD.fullmatch(text)
    if field is not None:
        full = f"{path}.{field['name']}" if path else field["name"]
        return (
            f"{full}: the field is missing"
            if field["what"] == "missing required"
            else f"{full}: there is no such field"
        )
    if text.startswith("Invalid enum value"):
        allowed = _ENUMS.get(re.sub(r"\[[^]]*\]", "", path).rpartition(".")[2])
        if allowed is not None:
            text += f"; use one of {', '.join(allowed)}"
    return f"{path}: {text}" if path else text


def check(entries: Iterable[tuple[str, Fault]]) -> None:
    """Hold entries, each with the name of its file, against one another. Raises CatalogueError."""
    located = list(entries)
    seen: dict[str, tuple[str, str]] = {}
    for name, fault in located:
        for field, key in (("id", fault.id), *(("aliases", alias) for alias in fault.aliases)):
            if key in seen:
                owner, file = seen[key]
                raise CatalogueError(f"{name}: {fault.id}: {field}: {key!r} is taken by {owner} in {file}")
            seen[key] = (fault.id, name)
    for name, fault in located:
        for other in fault.same_as:
            if other not in seen:
                raise CatalogueError(f"{name}: {fault.id}: same_as: there is no entry {other!r}")
