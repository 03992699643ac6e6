"""Runs what the documentation shows: Python blocks, and console blocks of the command.

Python: the blocks of a page run one after the other in one namespace. A `print(...)  # text` must print that text (`…`
stands for anything). Console: `$ recoup ...` runs the command, and the lines under it must stand in its output in that
order, blanks aside; `$ cat FILE` shows what FILE holds, and makes it. Other lines with `$` are not run.
"""

from __future__ import annotations

import ast
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recoup.cli.main import Streams, main

__all__ = ["DOCS", "blocks", "complaints_of_console", "prints_of", "run_python"]

DOCS = Path(__file__).parents[2] / "docs"
_FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of one language of a page, given by its path under docs."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [found[2] for found in _FENCE.finditer(text) if found[1] == language]


def prints_of(source: str) -> list[str]:
    """What the `print(...)` lines of a block say that they print."""
    last_lines = {
        node.end_lineno or node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    lines = source.splitlines()
    said = (lines[number - 1].partition("  # ")[2] for number in sorted(last_lines))
    return [text for text in said if text]


def run_python(page: str, namespace: dict[str, Any]) -> Iterator[str]:
    """Run the page's Python blocks, one after the other; gives each when it has run."""
    for source in blocks(page, "python"):
        exec(compile(source, f"docs/{page}", "exec"), namespace)  # noqa: S102  our own pages
        yield source


def _steps(block: str) -> Iterator[tuple[str, list[str]]]:
    command, shown = "", list[str]()
    for line in block.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        else:
            shown.append(line)
    if command:
        yield command, shown


def complaints_of_console(page: str, folder: Path) -> list[str]:
    """What the console blocks of a page show and the command does not print."""
    out: list[str] = []
    for block in blocks(page, "console"):
        for command, shown in _steps(block):
            words = shlex.split(command, comments=True)
            if words[0] == "cat":
                (folder / words[1]).write_text("\n".join(shown) + "\n", encoding="utf-8")
            elif words[0] == "recoup" and words[1:2] != ["sandbox"]:
                arguments = [str(folder / word) if (folder / word).is_file() else word for word in words[1:]]
                printed, errors = io.StringIO(), io.StringIO()
                main(arguments, Streams(io.BytesIO(), printed, errors), {})
                out.extend(f"{page}: $ {command}: {line}" for line in _missing(shown, printed.getvalue()))
    return out


def _missing(shown: list[str], printed: str) -> Iterator[str]:
    rest = " ".join(printed.split())
    for line in shown:
        for part in line.split("…"):
            wanted = " ".join(part.split())
            if wanted and wanted not in rest:
                yield f"does not print {wanted!r} after what came before"
            elif wanted:
                rest = rest.partition(wanted)[2]
