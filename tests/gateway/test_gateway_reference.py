"""The gateway's reference page says everything that the gateway says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/gateway.md").read_text(encoding="utf-8")
SOURCES = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src/recoup/gateway").glob("*.py")))
DOCUMENTED = set(re.findall(r"^\| `(x-recoup-[a-z-]+)` \|", PAGE, re.MULTILINE))


def test_every_field_of_an_answer_has_its_row() -> None:
    said = {f"x-recoup-{name}" for name in re.findall(r"\bfield\(\s*\"([a-z-]+)\"", SOURCES)}
    said |= set(re.findall(r"b\"(x-recoup-[a-z-]+)\"", SOURCES))
    said |= {f"x-recoup-{name}" for name in ("reason", "who", "fix")}
    assert said == DOCUMENTED


@pytest.mark.parametrize(
    "status", sorted({int(text) for text in re.findall(r"(?:Refused|own|refusal)\((\d{3})", SOURCES)})
)
def test_every_status_of_its_own_has_its_row(status: int) -> None:
    assert re.search(rf"^\|[^|]*\b{status}\b[^|]*\|", PAGE, re.MULTILINE)


def test_every_code_of_its_own_has_its_row() -> None:
    codes = {"TryLater", "AskPerson", "ReadBack", "OrderOver", "FixRequest", "Unreachable", "NoAnswer", "Stopped"}
    codes |= {"RefusedByGateway", "GatewayError"}
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()
    assert set(re.findall(r"own\(\s*\d{3}, \"(\w+)\"", SOURCES)) <= codes
