"""Reading the catalogue: the entries that ship with recoup, and the user's own file over them.

The TOML files under `faults/` are the source. For a quick start they are compiled into `compiled.json`, which
`make generate` writes and the check compares; only an overlay is parsed as TOML at run time.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from recoup.catalogue.fault import Fault
from recoup.catalogue.template import compile_template
from recoup.errors import CatalogueError

__all__ = ["COMPILED", "Catalogue", "catalogue", "load_sources", "parse"]

_FAULTS = "faults"
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
        merged = dict(self._faults)
        for fault in parse(text, str(path)):
            merged[fault.id] = fault
        check(merged.values(), str(path))
        return Catalogue(merged.values())


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with recoup."""
    data = files("recoup.catalogue").joinpath(COMPILED).read_bytes()
    return Catalogue(msgspec.json.decode(data, type=list[Fault]))


def load_sources() -> list[Fault]:
    """All entries, read from the TOML sources and checked together. Raises CatalogueError."""
    faults: list[Fault] = []
    for source in sorted(_sources(), key=lambda item: item.name):
        faults.extend(parse(source.read_text(encoding="utf-8"), f"faults/{source.name}"))
    check(faults, "the catalogue")
    return faults


def _sources() -> Iterator[Traversable]:
    folder = files("recoup.catalogue").joinpath(_FAULTS)
    return (item for item in folder.iterdir() if item.name.endswith(".toml"))


def parse(text: str, name: str) -> list[Fault]:
    """The entries of one TOML text; `name` is what complaints call it. Raises CatalogueError."""
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
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{where}: {_readable(str(error))}") from error
    for index, message in enumerate(fault.messages):
        try:
            compile_template(message.template)
        except ValueError as error:
            raise CatalogueError(f"{where}: messages[{index}].template: {error}") from error
        if message.variant is not None and fault.variant(message.variant) is None:
            raise CatalogueError(f"{where}: messages[{index}].variant: there is no variant {message.variant!r}")
    if not fault.remedy.steps:
        raise CatalogueError(f"{where}: remedy.steps: at least one step is needed")
    parameters = {parameter.name for message in fault.messages for parameter in message.compiled.parameters}
    if fault.recovery.until is not None and fault.recovery.until not in parameters:
        raise CatalogueError(f"{where}: recovery.until: no message has a parameter {fault.recovery.until!r}")
    return fault


def _readable(complaint: str) -> str:
    """msgspec's "… - at `$.remedy.steps`" with the field in front, as the other complaints have it."""
    text, found, path = complaint.rpartition(" - at `$.")
    return f"{path.rstrip('`')}: {text}" if found else complaint


def check(faults: Iterable[Fault], name: str) -> None:
    """Hold the entries against one another. Raises CatalogueError."""
    seen: dict[str, str] = {}
    entries = list(faults)
    for fault in entries:
        for key in (fault.id, *fault.aliases):
            if key in seen:
                raise CatalogueError(f"{name}: {fault.id}: id: {key!r} is taken by {seen[key]}")
            seen[key] = fault.id
    for fault in entries:
        for other in fault.same_as:
            if other not in seen:
                raise CatalogueError(f"{name}: {fault.id}: same_as: there is no entry {other!r}")
