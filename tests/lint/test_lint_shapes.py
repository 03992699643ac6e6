"""The shapes of requests: what comes with recoup, other models in their place, and what to say where there is none."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from planting import get, sent

from recoup.catalogue.facts.operations import operations
from recoup.lint.asked import unknown_of
from recoup.lint.checking import check
from recoup.lint.reading import from_http
from recoup.lint.rule import Around
from recoup.lint.shapes import Shape, shapes
from recoup.lint.shaping import main, shapes_with

MODEL = {
    "swagger": "2.0",
    "info": {"version": "2021-06-30"},
    "paths": {
        "/reports/2021-06-30/reports": {
            "post": {
                "operationId": "createReport",
                "parameters": [{"$ref": "#/parameters/body"}],
                "responses": {},
            }
        }
    },
    "parameters": {"body": {"in": "body", "name": "body", "required": True, "schema": {"$ref": "#/definitions/Wish"}}},
    "definitions": {
        "Wish": {
            "allOf": [{"$ref": "#/definitions/Base"}],
            "properties": {"more": {"type": "array", "items": {"$ref": "#/definitions/Wish"}, "maxItems": 2}},
        },
        "Base": {"type": "object", "required": ["newField"], "properties": {"newField": {"type": "string"}}},
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reports.json").write_text(json.dumps(MODEL))
    (tmp_path / "other.json").write_text(json.dumps({"openapi": "3.0.0"}))
    return tmp_path


def test_other_models_stand_in_the_place_of_recoups_own(folder: Path) -> None:
    newer = shapes_with(folder)
    raw = sent("POST", "/reports/2021-06-30/reports", '{"more": [{"newField": "a"}, {}, {"newField": "b"}]}').encode()
    found = [(finding.rule, finding.text) for finding in check(from_http(raw), shapes=newer)]
    assert ("missing-field", "The required field newField is missing.") in found
    assert ("missing-field", "more[1] is empty; it needs newField.") in found
    assert ("too-many", "The list more has 3 elements; at most 2 are taken.") in found
    assert len(newer.operations) == len(shapes().operations)


def test_a_definition_may_hold_itself(folder: Path) -> None:
    newer = shapes_with(folder)
    asked = newer.operations["POST /reports/2021-06-30/reports"]
    assert newer.resolved(asked, Shape(ref="Wish")).fields["more"].items == Shape(ref="Wish")
    assert newer.resolved(asked, Shape(ref="Nothing")) == Shape()


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no Swagger"):
        shapes_with(tmp_path)
    err = io.StringIO()
    assert main([str(tmp_path)], io.StringIO(), err) == 2
    assert "no Swagger" in err.getvalue()


def test_what_no_model_describes_is_said_and_not_judged() -> None:
    unknown = next(item for item in operations().items if not item.source.startswith("model:") and "{" not in item.path)
    subject = from_http(get(unknown.path).replace("GET", unknown.method, 1).encode())
    assert unknown_of(subject, Around()) is not None
    assert unknown_of(from_http(get("/sellers/v1/marketplaceParticipations").encode()), Around()) is None
    assert unknown_of(from_http(get("/nowhere").encode()), Around()) is None


def test_no_shape_names_what_it_does_not_have() -> None:
    known = shapes()
    for asked in known.operations.values():
        for shape in (*asked.query.values(), *asked.path.values(), *((asked.body,) if asked.body else ())):
            resolved = known.resolved(asked, shape)
            assert not resolved.ref
            assert resolved.open or not resolved.fields or set(resolved.required) <= set(resolved.fields)
