"""Everything that is generated from the catalogue's sources: `python -m recoup.catalogue.generate [--check]`.

Writes the compiled catalogue, the schema for editors and the reference page; with `--check` it writes nothing, names
what is stale and exits 1. Run by `make generate` and `make check`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from recoup.catalogue.loader import COMPILED, Catalogue, load_sources
from recoup.errors import CatalogueError

__all__ = ["main"]

_HERE = Path(__file__).parent
_PROJECT = _HERE.parents[2]


def _generated() -> Iterator[tuple[Path, str]]:
    from recoup.catalogue.reference import render, schema

    faults = load_sources()
    compiled = b"[\n" + b",\n".join(msgspec.json.encode(fault) for fault in faults) + b"\n]\n"
    yield _HERE / COMPILED, compiled.decode("utf-8")
    yield _HERE / "faults" / "fault.schema.json", json.dumps(schema(), indent=1, sort_keys=True) + "\n"
    yield _PROJECT / "docs" / "reference" / "faults.md", render(Catalogue(faults))


def main(arguments: Sequence[str]) -> int:
    """Write the generated files, or with `--check` say which are stale. Returns the exit status."""
    checking = "--check" in arguments
    stale = 0
    try:
        for path, text in _generated():
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            stale += 1
            if not checking:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            name = path.relative_to(_PROJECT)
            print(f"{name} is stale: run 'make generate' and commit it" if checking else f"wrote {name}")  # noqa: T201
    except CatalogueError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 1 if checking and stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
