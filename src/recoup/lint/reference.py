"""The reference page of the rules, drawn from their own docstrings: `python -m recoup.lint.reference [--check]`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from recoup.lint import wire
from recoup.lint.rules import RULES
from recoup.lint.wire.inspection import RULES as WIRE_RULES

__all__ = ["main", "render"]

_PAGE = Path(__file__).parents[3] / "docs" / "reference" / "lint.md"
_HEAD = """# Lint rules

Generated from the rules themselves; run `make generate` after a change.

`recoup lint` applies all of them and shows every finding at once: its rule, the bytes that it is about, what is wrong,
and a fix. The fix is *safe* (a program may apply it: `--fix` does), *needs a value* that only the sender knows, or is a
*guess*. A finding that may be right all the same says so; it speaks for its fault and proves nothing. What a request
cannot show (a role, an account, whose token it is) no rule guesses.

"""


def render() -> str:
    """The whole page, as Markdown."""
    return "".join([_HEAD, *_api(), *_wire()])


def _api() -> Iterator[str]:
    yield "## Requests to the Selling Partner API\n\n"
    for rule in sorted(RULES, key=lambda each: each.RULE):
        yield f"### {rule.RULE}\n\n{inspect.cleandoc(rule.__doc__ or '')}\n\n"
        if rule.FAULTS:
            yield "Causes: " + ", ".join(f"[`{fault}`](faults.md#{fault})" for fault in rule.FAULTS) + "\n\n"


def _wire() -> Iterator[str]:
    yield f"## Bytes on the wire\n\n{inspect.cleandoc(wire.__doc__ or '').splitlines()[0]}\n\n"
    yield "| rule | what it finds | causes |\n|---|---|---|\n"
    for name, check in WIRE_RULES.items():
        module = inspect.getmodule(check)
        if not isinstance(module, ModuleType):
            raise TypeError(f"the rule {name} stands in no module")
        text = " ".join(inspect.cleandoc(module.__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")
        fault = getattr(module, "FAULT", None)
        yield f"| `{name}` | {text} | {f'[`{fault}`](faults.md#{fault})' if fault else ''} |\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with `--check` say whether it is stale. Returns the exit status."""
    text = render()
    if _PAGE.exists() and _PAGE.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in arguments:
        print("docs/reference/lint.md is stale: run 'make generate' and commit it")  # noqa: T201
        return 1
    _PAGE.write_text(text, encoding="utf-8")
    print("wrote docs/reference/lint.md")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
