"""Derive operations.jsonl and enums.json anew from Amazon's Swagger files.

    python -m recoup.catalogue.facts.derive MODELS_DIR [--check | --write]

MODELS_DIR is the folder `models` of Amazon's public selling-partner-api-models. Without an option the difference from
the files that stand is printed, one operation a line, with a summary; --write also stores the result; --check ends with
1 where the files are stale. 2 means that the input is not what it should be.

What the models do not say stands beside this file, written by hand: overlay.toml (usage plans, parties, scopes, how to
read an effect back), roles.toml, and whole operations that no model describes: elsewhere.toml and removed.toml. The
result depends on these and on the models alone, never on what stood before.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TextIO

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.catalogue.facts.swagger import Model, enum_values, operations_of
from recoup.errors import CatalogueError, UnreadableInput

__all__ = ["Derived", "derive", "main", "read_models"]

HERE = Path(__file__).parent
OPERATIONS, ENUMS = "operations.jsonl", "enums.json"

# Whose enum values are kept: External Fulfillment whole, and the states that programs everywhere branch on.
_ENUM_SOURCES = (
    "external-fulfillment/",
    "data-kiosk-api-model/",
    "feeds-api-model/",
    "listings-items-api-model/listingsItems_2021-08-01",
    "orders-api-model/",
    "reports-api-model/",
)


class Derived(msgspec.Struct, frozen=True):
    """What the models and the hand-written files give: the bytes of both data files, and remarks for a reader."""

    operations: bytes
    enums: bytes
    notes: tuple[str, ...] = ()


def read_models(folder: Path) -> dict[str, Model]:
    """Every Swagger file below `folder`, by its path there. Raises `UnreadableInput` where there is none."""
    models: dict[str, Model] = {}
    for file in sorted(folder.glob("*/*.json")):
        try:
            model = msgspec.json.decode(file.read_bytes())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableInput(f"{file} is not JSON: {error}") from error
        if not (isinstance(model, dict) and "swagger" in model and isinstance(model.get("paths"), dict)):
            raise UnreadableInput(f"{file} is not a Swagger 2.0 file: 'swagger' or 'paths' is missing")
        models[file.relative_to(folder).as_posix()] = model
    if not models:
        raise UnreadableInput(f"{folder} holds no */*.json: give the folder 'models' of selling-partner-api-models")
    return models


def derive(models: dict[str, Model], by_hand: Path = HERE) -> Derived:
    """The data files from the models and from the TOML files in the folder `by_hand`.

    Raises `CatalogueError` for what is written by hand and does not fit: an unknown field, a name without operation.
    """
    notes: list[str] = []
    table: dict[tuple[str, str], Operation] = {}
    for source, model in models.items():
        for item in operations_of(model, source):
            other = table.setdefault((item.method, item.path), item)
            if other is not item:
                raise UnreadableInput(f"{item.method} {item.path} stands in {other.source} and in {item.source}")
    for name in ("elsewhere.toml", "removed.toml"):
        for block in _blocks(by_hand / name, "operation"):
            item = _operation(block, by_hand / name, str(block.get("id", "?")))
            other = table.setdefault((item.method, item.path), item)
            if other is not item:
                notes.append(f"{name}: {item.id} is now in {other.source}, which wins; take it out")
    for name in ("overlay.toml", "roles.toml"):
        _patch(table, by_hand / name)
    rows = sorted(table.values(), key=lambda item: (item.path, item.method))
    return Derived(
        operations=msgspec.json.Encoder().encode_lines(rows),
        enums=_enums(models),
        notes=tuple(notes),
    )


def _enums(models: dict[str, Model]) -> bytes:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for source, model in models.items():
        if source.startswith(_ENUM_SOURCES):
            places = enum_values(model)
            for item in operations_of(model, source):
                if item.id in places:
                    found["/".join(item.key)] = places[item.id]
    ordered = {key: found[key] for key in sorted(found)}
    return msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n"


def _patch(table: dict[tuple[str, str], Operation], file: Path) -> None:
    for block in _blocks(file, "patch"):
        fields = block.get("set", {})
        unknown = set(block) - {"operations", "set", "why"}
        if unknown or not fields:
            raise CatalogueError(
                f"{file.name}: {block.get('operations')}: needs 'operations' and 'set', has {set(block)}"
            )
        for pattern in block["operations"]:
            keys = [at for at, item in table.items() if fnmatchcase("/".join(item.key), pattern)]
            if not keys:
                raise CatalogueError(f"{file.name}: {pattern}: no operation is called that")
            for at in keys:
                table[at] = _operation({**msgspec.to_builtins(table[at]), **fields}, file, pattern)


def _operation(fields: dict[str, Any], file: Path, name: str) -> Operation:
    unknown = set(fields) - set(Operation.__struct_fields__)
    if unknown:
        raise CatalogueError(f"{file.name}: {name}: no such field: {', '.join(sorted(unknown))}")
    try:
        return msgspec.convert(fields, Operation)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{file.name}: {name}: {error}") from error


def _blocks(file: Path, name: str) -> list[dict[str, Any]]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{file.name} is not TOML: {error}") from error
    if set(data) - {name}:
        raise CatalogueError(f"{file.name}: only [[{name}]] blocks belong here, not {sorted(set(data) - {name})}")
    blocks: list[dict[str, Any]] = data.get(name, [])
    return blocks


def difference(name: str, old: bytes, new: bytes) -> list[str]:
    """A unified diff without context, line by line."""
    before, after = (data.decode("utf-8").splitlines(keepends=True) for data in (old, new))
    return list(difflib.unified_diff(before, after, f"{name} (stands)", f"{name} (derived)", n=0))


def summary(old: bytes, new: bytes) -> str:
    """How many operations came, went and changed, and which fields differ."""
    before, after = (_by_route(data.splitlines()) for data in (old, new))
    added, removed = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    changed = sorted(route for route in before.keys() & after.keys() if before[route] != after[route])
    lines = [f"{len(after)} operations: {len(added)} added, {len(removed)} removed, {len(changed)} changed"]
    lines += [f"  added    {route}" for route in added]
    lines += [f"  removed  {route}" for route in removed]
    for route in changed:
        one, two = before[route], after[route]
        fields = sorted(field for field in {*one, *two} if one.get(field) != two.get(field))
        lines.append(f"  changed  {route}: {', '.join(fields)}")
    return "\n".join(lines)


def _by_route(lines: Iterable[bytes]) -> dict[str, dict[str, Any]]:
    rows = (msgspec.json.decode(line, type=dict[str, Any]) for line in lines if line)
    return {f"{row['method']} {row['path']}": row for row in rows}


def main(arguments: Sequence[str], out: TextIO, err: TextIO, by_hand: Path = HERE) -> int:
    """Run the command; its exit status: 0 well, 1 stale under --check, 2 unreadable input."""
    parser = argparse.ArgumentParser("python -m recoup.catalogue.facts.derive", description="Derive the fact tables.")
    parser.add_argument("models", type=Path, metavar="MODELS_DIR", help="the folder 'models' of Amazon's model files")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="end with 1 where the files that stand are stale")
    choice.add_argument("--write", action="store_true", help="store the result")
    options = parser.parse_args(arguments)
    try:
        derived = derive(read_models(options.models), by_hand)
    except (UnreadableInput, CatalogueError) as error:
        err.write(f"{error}\n")
        return 2
    stale, counts = False, ""
    for name, new in ((OPERATIONS, derived.operations), (ENUMS, derived.enums)):
        file = by_hand / name
        old = file.read_bytes() if file.exists() else b""
        out.writelines(difference(name, old, new))
        stale |= old != new
        if name == OPERATIONS:
            counts = summary(old, new)
        if options.write:
            file.write_bytes(new)
    out.write(f"{counts}\n")
    out.writelines(f"note: {note}\n" for note in derived.notes)
    if options.check and (stale or derived.notes):
        err.write("The fact tables are stale: derive them with --write, and read the difference.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))
