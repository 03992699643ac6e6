"""The sandbox's reference page, drawn from its own tables: `python -m recoup.sandbox.reference [--check]`.

The state matrix, the operations that are simulated, every setting with its default and the comment beside it, and
every action of the stage. Written by `make generate`; `make check` says where it is stale.
"""

from __future__ import annotations

import io
import sys
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from recoup.sandbox.actions import Actions
from recoup.sandbox.clock import VirtualClock
from recoup.sandbox.fulfillment import matrix
from recoup.sandbox.opening import open_world
from recoup.sandbox.parts import Mounted
from recoup.sandbox.settings import SandboxSettings

__all__ = ["main", "render"]

_PAGE = Path(__file__).parents[3] / "docs" / "reference" / "sandbox.md"
_HEAD = """# The sandbox

Generated from the sandbox's own tables; run `make generate` after a change.

## What a shipment allows in which state

Rows are actions, columns are states. A cell says the state that follows, or why not: `not permitted` is SC_10001,
`done already` is SC_00004, `cancelled` is SC_00006 with status 422. A word in brackets is a trait that the shipment
must have; the docstring of `recoup.sandbox.fulfillment.matrix` says what each means.

"""


def render() -> str:
    """The whole page, as Markdown."""
    opened = open_world(seed=0, clock=VirtualClock(0.0, frozen=True))
    actions = Actions(opened.world.lock, lambda: opened.stages, opened.world.clock.now)
    return "".join(
        [
            _HEAD,
            matrix.render(),
            "\n",
            *_operations(opened.world.services),
            *_settings(SandboxSettings, "Settings"),
            *_actions(actions.describe()),
        ]
    )


def _operations(services: Sequence[Mounted]) -> Iterator[str]:
    yield "## Operations that are simulated\n\nAny other known operation passes the front door's checks and then gets "
    yield "a 501 that says so.\n\n| below | operations |\n|---|---|\n"
    for mounted in services:
        yield f"| `{mounted.prefix}` | {', '.join(sorted(mounted.operations))} |\n"
    yield "\n"


def _settings(kind: type[msgspec.Struct], title: str) -> Iterator[str]:
    notes = _comments(kind)
    yield f"## {title}: `{kind.__name__}`\n\n| setting | default | what it is |\n|---|---|---|\n"
    nested: list[tuple[str, type[msgspec.Struct]]] = []
    for field in msgspec.structs.fields(kind):
        default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        if isinstance(default, msgspec.Struct) and field.name in _GROUPS:
            nested.append((field.name, type(default)))
            shown = f"see `{type(default).__name__}` below"
        else:
            shown = f"`{_shown(default)}`"
        yield f"| `{field.name}` | {shown} | {notes.get(field.name, '')} |\n"
    yield "\n"
    for name, inner in nested:
        yield from _settings(inner, f"Settings under `{name}`")


_GROUPS = ("fulfillment", "general", "consent")


def _shown(value: object) -> str:
    if isinstance(value, frozenset | set):
        return ", ".join(sorted(map(str, value)))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(item)}" for name, item in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(_shown, value))
    if isinstance(value, msgspec.Struct):
        return ", ".join(f"{name} {_shown(item)}" for name, item in msgspec.structs.asdict(value).items())
    return f"{value:g}" if isinstance(value, float) and value < 1e6 else str(value)


def _comments(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Field -> its comment: on its own line, or the block of comments above it, which then goes for all until a gap."""
    module = sys.modules[kind.__module__]
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    body = source[source.index(f"class {kind.__name__}(") :]
    beside: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            beside[token.start[0]] = token.string.lstrip("# ").strip()
    first = source[: source.index(body)].count("\n") + 1
    names = set(kind.__struct_fields__)
    notes: dict[str, str] = {}
    above: list[str] = []
    follows = False  # whether the line before was a comment too
    for number, line in enumerate(body.splitlines(), start=first):
        stripped = line.strip()
        name = stripped.partition(":")[0]
        if not stripped:
            above = []
        elif stripped.startswith("#"):
            above = [*above, beside[number]] if follows else [beside[number]]
        elif name in names and name not in notes and line.startswith("    ") and not line.startswith("     "):
            notes[name] = beside.get(number) or " ".join(above)
        elif number > first and line and not line.startswith(" "):
            break
        follows = stripped.startswith("#")
    return notes


def _actions(described: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    yield "## Actions of the stage\n\n"
    yield '`sandbox.stage.<action>(…)` in Python, `POST /_sandbox/stage {"do": "<action>", …}` from anywhere.\n\n'
    yield "| action | arguments | what happens |\n|---|---|---|\n"
    for name, action in described.items():
        arguments = action["arguments"]
        shown = ", ".join(f"`{each}`" for each in arguments) if isinstance(arguments, Mapping) else ""
        yield f"| `{name}` | {shown} | {action['what']} |\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with `--check` say whether it is stale. Returns the exit status."""
    text = render()
    if _PAGE.exists() and _PAGE.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in arguments:
        print("docs/reference/sandbox.md is stale: run 'make generate' and commit it")  # noqa: T201
        return 1
    _PAGE.write_text(text, encoding="utf-8")
    print("wrote docs/reference/sandbox.md")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
