"""The hand-written OpenAPI description held against Amazon's published Swagger files; RECOUP_MODELS names their folder.

What both know must agree: statuses, parameters, required fields, enums, types. The description may leave optional
fields out (the sandbox does not send them), and may not have any that Amazon does not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.models

DESCRIPTION = Path(__file__).parents[2] / "docs" / "reference" / "external-fulfillment.openapi.yaml"
FILES = [f"externalFulfillment{name}_2024-09-11.json" for name in ("Shipments", "Inventory", "Returns")]


def load(file: str) -> dict[str, Any]:
    folder = os.environ.get("RECOUP_MODELS")
    if folder is None:
        pytest.fail("RECOUP_MODELS does not name the folder of Amazon's model files")
    found: dict[str, Any] = json.loads((Path(folder) / "external-fulfillment" / file).read_text(encoding="utf-8"))
    return found


OURS: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))


def resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = found
    return value


def differences(ours: dict[str, Any], amazons: dict[str, Any], model: dict[str, Any], at: str) -> Iterator[str]:
    """Where our schema says something else than Amazon's."""
    ours, amazons = resolved(OURS, ours), resolved(model, amazons)
    if ours.get("type") != amazons.get("type"):
        yield f"{at}: {ours.get('type')}, not {amazons.get('type')}"
    if "enum" in ours and ours["enum"] != amazons.get("enum"):
        yield f"{at}: its values are {amazons.get('enum')}"
    if sorted(ours.get("required", [])) != sorted(amazons.get("required", [])) and "items" not in ours:
        yield f"{at}: required are {amazons.get('required', [])}"
    for name, schema in ours.get("properties", {}).items():
        theirs = amazons.get("properties", {}).get(name)
        if theirs is None:
            yield f"{at}.{name}: Amazon has no such field"
        else:
            yield from differences(schema, theirs, model, f"{at}.{name}")
    if "items" in ours:
        yield from differences(ours["items"], amazons["items"], model, f"{at}[]")


def of_a_response(response: dict[str, Any]) -> dict[str, Any] | None:
    content = resolved(OURS, response).get("content", {})
    found: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    return found


@pytest.mark.parametrize("file", FILES)
def test_what_both_know_agrees(file: str) -> None:
    model = load(file)
    found: list[str] = []
    for path, item in model["paths"].items():
        for method in item.keys() - {"parameters"}:
            theirs, ours = item[method], OURS["paths"][path][method]
            at = theirs["operationId"]
            assert ours["operationId"] == at
            assert set(ours["responses"]) == set(theirs["responses"]), at
            given = [resolved(model, each) for each in [*theirs.get("parameters", []), *item.get("parameters", [])]]
            wanted = {each["name"]: each.get("required", False) for each in given if each["in"] == "query"}
            said = {each["name"]: each.get("required", False) for each in ours.get("parameters", [])}
            assert said == wanted, at
            for status, response in ours["responses"].items():
                schema, body = of_a_response(response), theirs["responses"][status].get("schema")
                assert (schema is None) == (body is None), f"{at} {status}"
                if schema is not None:
                    found += differences(schema, body, model, f"{at} {status}")
            for each in given:
                if each["in"] == "body":
                    sent = ours["requestBody"]["content"]["application/json"]["schema"]
                    found += differences(sent, each["schema"], model, f"{at} body")
    assert found == []
