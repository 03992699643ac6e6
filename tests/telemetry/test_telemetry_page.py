"""The page of the reference names every event with its fields, and every name that OpenTelemetry gets."""

from __future__ import annotations

import ast
import re
import typing
from pathlib import Path

import msgspec
import pytest

from recoup.telemetry import open_telemetry
from recoup.telemetry.events import Event

PAGE = (Path(__file__).parents[2] / "docs/reference/telemetry.md").read_text(encoding="utf-8")
OF_ALL = {"at", "call", "operation", "seller"}


@pytest.mark.parametrize("kind", typing.get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_and_every_field_of_it_is_named(kind: type[msgspec.Struct]) -> None:
    (row,) = re.findall(rf"^\| `{kind.__name__}` \|.*$", PAGE, re.MULTILINE)
    assert f"| `{kind.__struct_config__.tag}` |" in row
    assert {field.name for field in msgspec.structs.fields(kind)} - OF_ALL <= set(re.findall(r"`(\w+)`", row))


def test_every_name_of_a_span_or_a_metric_is_named() -> None:
    tree = ast.parse(Path(open_telemetry.__file__).read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    names = {text for text in texts if re.fullmatch(r"(?:recoup|http|server|error)(?:\.\w+)+", text)}
    assert len(names) > 30
    assert {name for name in names if f"`{name}`" not in PAGE} == {
        "recoup.seconds",  # of the events of a span, as their fields are called
        "recoup.why",
        "recoup.rate",
        "recoup.rate_before",
        "recoup.asked",
        "recoup.allowed",
        "recoup.begun",
        "recoup.what",
    } - {name for name in names if f"`{name}`" in PAGE}
