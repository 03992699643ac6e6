"""From Amazon's Swagger 2.0 files to the shapes of requests.

    python -m recoup.lint.shaping MODELS_DIR [--write]

Without --write it says whether shapes.json stands as derived: exit status 0, else 1; 2 where nothing can be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

from recoup.lint.shapes import Asked, Shape, Shapes, shapes

__all__ = ["main", "read_folder", "shapes_of", "shapes_with"]

Model = Mapping[str, Any]
_METHODS = ("get", "put", "post", "patch", "delete")
_KINDS = frozenset({"object", "array", "string", "integer", "number", "boolean"})


def read_folder(folder: Path) -> list[tuple[str, Model]]:
    """The Swagger 2.0 files below a folder by their names; others are passed over. Raises OSError, ValueError."""
    found: list[tuple[str, Model]] = []
    for file in sorted(folder.rglob("*.json")):
        model = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(model, dict) and str(model.get("swagger", "")).startswith("2"):
            found.append((file.stem, model))
    if not found:
        raise ValueError(f"there is no Swagger 2.0 file in {folder}")
    return found


def shapes_with(folder: Path) -> Shapes:
    """The shapes that come with recoup, those of the models in a folder in their place where it has them.

    Raises OSError or ValueError where the folder cannot be read or holds no Swagger 2.0 file.
    """
    own, newer = shapes(), shapes_of(read_folder(folder))
    return Shapes(own.operations | newer.operations, own.definitions | newer.definitions)


def shapes_of(models: Iterable[tuple[str, Model]]) -> Shapes:
    """The shapes of all operations of these models."""
    operations: dict[str, Asked] = {}
    definitions: dict[str, dict[str, Shape]] = {}
    for name, model in models:
        used: set[str] = set()
        base = str(model.get("basePath", "")).rstrip("/")
        for template, item in model.get("paths", {}).items():
            for method in _METHODS:
                if isinstance(item.get(method), Mapping):
                    key = f"{method.upper()} {base}{template}"
                    operations[key] = _asked(name, model, item, item[method], used)
        waiting, known = list(used), dict[str, Shape]()
        while waiting:
            ref = waiting.pop()
            if ref not in known:
                more: set[str] = set()
                known[ref] = _shape(model, model.get("definitions", {}).get(ref, {}), more)
                waiting += more
        if known:
            definitions[name] = dict(sorted(known.items()))
    return Shapes(dict(sorted(operations.items())), definitions)


def _asked(name: str, model: Model, item: Model, operation: Model, used: set[str]) -> Asked:
    query: dict[str, Shape] = {}
    path: dict[str, Shape] = {}
    body: Shape | None = None
    required = False
    for parameter in _parameters(model, item, operation):
        where = parameter.get("in")
        if where == "body":
            body, required = _shape(model, parameter.get("schema", {}), used), bool(parameter.get("required"))
        elif where == "query":
            query[parameter["name"]] = _shape(model, parameter, used)
        elif where == "path":
            path[parameter["name"]] = _shape(model, parameter, used)
    return Asked(model=name, query=query, path=path, body=body, body_required=required)


def _parameters(model: Model, item: Model, operation: Model) -> Iterator[Model]:
    seen: set[tuple[object, object]] = set()
    for parameter in (*operation.get("parameters", ()), *item.get("parameters", ())):
        each = parameter
        if "$ref" in each:
            each = model.get("parameters", {}).get(each["$ref"].rpartition("/")[2], {})
        key = (each.get("name"), each.get("in"))
        if key not in seen:
            seen.add(key)
            yield each


def _shape(model: Model, node: Model, used: set[str]) -> Shape:
    reference = node.get("$ref")
    if isinstance(reference, str):
        name = reference.rpartition("/")[2]
        used.add(name)
        return Shape(ref=name)
    kind = node.get("type") if node.get("type") in _KINDS else ""
    fields = {name: _shape(model, child, used) for name, child in node.get("properties", {}).items()}
    required = list(node.get("required", ())) if isinstance(node.get("required"), list) else []
    for part in node.get("allOf", ()):
        merged = _whole(model, part, used)
        fields |= merged.fields
        required += merged.required
        kind = kind or merged.kind
    bounds = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}
    low, high = bounds.get(str(kind), ("minimum", "maximum"))
    extra = node.get("additionalProperties")
    plain = kind not in ("object", "array", "")
    values = node.get("enum")
    return Shape(
        kind=str(kind) or ("object" if fields else ""),
        required=tuple(dict.fromkeys(required)),
        fields=fields,
        items=_shape(model, node["items"], used) if isinstance(node.get("items"), Mapping) else None,
        least=_number(node.get(low)),
        most=_number(node.get(high)),
        values=tuple(str(value) for value in values) if plain and isinstance(values, list) else (),
        date=str(node.get("format")) if node.get("format") in ("date", "date-time") else "",
        open=bool(extra) or (kind == "object" and not fields),
    )


def _whole(model: Model, node: Model, used: set[str]) -> Shape:
    """A part of `allOf`, with what it refers to put in its place."""
    for _ in range(20):
        if "$ref" not in node:
            break
        node = model.get("definitions", {}).get(node["$ref"].rpartition("/")[2], {})
    return _shape(model, node, used)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def main(arguments: Sequence[str], out: TextIO, err: TextIO) -> int:
    """Run the command; see the module."""
    parser = argparse.ArgumentParser("python -m recoup.lint.shaping", description="Derive the shapes of requests.")
    parser.add_argument("models", type=Path, metavar="MODELS_DIR", help="the folder 'models' of Amazon's model files")
    parser.add_argument("--write", action="store_true", help="store the result")
    options = parser.parse_args(arguments)
    try:
        derived = shapes_of(read_folder(options.models))
    except (OSError, ValueError) as error:
        err.write(f"{error}\n")
        return 2
    file = Path(__file__).with_name("shapes.json")
    data = msgspec.json.encode(derived)
    lines = data.replace(b'},"', b'},\n"') + b"\n"
    same = file.exists() and file.read_bytes() == lines
    if options.write:
        file.write_bytes(lines)
    out.write(f"{len(derived.operations)} operations; shapes.json {'stands as derived' if same else 'differs'}\n")
    return 0 if same or options.write else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))
