"""From Swagger files to the fact tables: a small model by hand, and Amazon's own where they are at hand."""

import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from recoup.catalogue.facts import derive as command
from recoup.catalogue.facts.operations import Body, RateBasis, decode_operations
from recoup.catalogue.facts.swagger import enum_values, operations_of, usage_plan

PLAN = (
    "Does it.\n\n**Usage Plan:**\n\n| Rate (requests per second) | Burst |\n| ---- | ---- |\n"
    "| {rate} | {burst} |\n\nMore."
)
PLANS_BY_TYPE = (
    "**Usage Plans:**\n\n| Plan type | Rate (requests per second) | Burst |\n| ---- | ---- | ---- |\n"
    "|Default| 0.5 | 1 |\n|Selling partner specific| Variable | Variable |\n"
)


def model(**changes: Any) -> dict[str, Any]:
    operation = {
        "operationId": "listThings",
        "description": PLAN.format(rate="0.5", burst="30"),
        "parameters": [
            {"name": "kind", "in": "query", "type": "string", "required": True},
            {"name": "since", "in": "query", "type": "string", "format": "date-time"},
            {"name": "asOf", "in": "query", "type": "string", "description": "A date in ISO 8601 format."},
            {"name": "span", "in": "query", "type": "string", "description": "An ISO 8601 interval."},
            {"name": "marketplaceIds", "in": "query", "type": "array", "items": {"type": "string"}, "maxItems": 5},
            {"name": "skus", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"},
            {"name": "nextToken", "in": "query", "type": "string"},
            {"name": "x-amzn-thing", "in": "header", "type": "string"},
        ],
        "responses": {
            "200": {"description": "", "schema": {"$ref": "#/definitions/Things"}},
            "400": {"description": ""},
            "default": {"description": ""},
        },
    }
    operation.update(changes)
    return {
        "swagger": "2.0",
        "info": {"title": "Things", "version": "2030-01-01"},
        "paths": {
            "/things/2030-01-01/things": {"get": operation},
            "/things/2030-01-01/things/{thingId}": {
                "parameters": [{"name": "thingId", "in": "path", "type": "string", "required": True}],
                "put": {
                    "operationId": "putThing",
                    "parameters": [
                        {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Thing"}}
                    ],
                    "responses": {"204": {"description": ""}},
                },
            },
        },
        "definitions": {
            "Things": {
                "type": "object",
                "properties": {"things": {"type": "array", "items": {"$ref": "#/definitions/Thing"}}},
            },
            "Thing": {
                "type": "object",
                "properties": {
                    "state": {"type": "string", "enum": ["NEW", "OLD"]},
                    "made": {"type": "string", "format": "date-time"},
                    "part": {"$ref": "#/definitions/Thing"},
                },
            },
        },
    }


def test_an_operation_of_a_model() -> None:
    listing, put = operations_of(model(), "things-api-model/things.json")
    assert (listing.id, listing.api, listing.version, listing.method) == ("listThings", "things", "2030-01-01", "GET")
    assert listing.source == "model:things-api-model/things.json"
    assert (listing.rate, listing.burst, listing.rate_basis) == (0.5, 30, RateBasis.MODEL)
    assert listing.required_query == ("kind",)
    assert listing.date_query == ("since", "asOf")
    assert listing.csv_query == ("marketplaceIds",)
    assert listing.multi_query == ("skus",)
    assert listing.max_items == {"marketplaceIds": 5}
    assert listing.page_token == ("nextToken",)
    assert listing.marketplace == ("marketplaceIds",)
    assert listing.headers == ("x-amzn-thing",)
    assert (listing.success, listing.errors) == ((200,), (400,))
    assert listing.body is Body.NONE
    assert (put.rate, put.rate_basis) == (None, RateBasis.UNKNOWN)
    assert put.body is Body.REQUIRED
    assert put.body_dates == ("made",)  # a definition within itself is entered once


def test_enum_values_by_place() -> None:
    assert enum_values(model()) == {"listThings": {"things[].state": ("NEW", "OLD")}}


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (PLAN.format(rate="0.0167", burst="20"), (0.0167, 20, RateBasis.MODEL)),
        (PLAN.format(rate="5", burst="10").replace("Usage Plan:**", "Usage plan:**"), (5.0, 10, RateBasis.MODEL)),
        (PLAN.format(rate="2", burst="2").replace("\n", "\\n"), (2.0, 2, RateBasis.MODEL)),  # escaped line ends
        (PLAN.format(rate="n", burst="n"), (None, None, RateBasis.PLACEHOLDER)),
        (PLANS_BY_TYPE, (0.5, 1, RateBasis.MODEL)),
        ("", (None, None, RateBasis.UNKNOWN)),
        ("See [Usage Plans and Rate Limits](link).", (None, None, RateBasis.UNKNOWN)),
        ("| 3 | 4 |", (None, None, RateBasis.UNKNOWN)),  # a table of something else
    ],
)
def test_plan_tables(description: str, expected: tuple[float | None, int | None, RateBasis]) -> None:
    assert usage_plan(description) == expected


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of models with one model, and a folder of hand-written files that suit it."""
    models, by_hand = tmp_path / "models", tmp_path / "facts"
    (models / "things-api-model").mkdir(parents=True)
    by_hand.mkdir()
    (models / "things-api-model" / "things.json").write_text(json.dumps(model()), encoding="utf-8")
    (by_hand / "overlay.toml").write_text(
        '[[patch]]\noperations = ["things/*/putThing"]\nset = { rate = 2.0, rate_basis = "documented" }\n',
        encoding="utf-8",
    )
    (by_hand / "elsewhere.toml").write_text(
        '[[operation]]\nid = "getThing"\napi = "things"\nversion = "2030-01-01"\nmethod = "GET"\n'
        'path = "/things/2030-01-01/things/{thingId}"\nsource = "sdk:some"\n',
        encoding="utf-8",
    )
    for name in ("roles.toml", "removed.toml"):
        (by_hand / name).write_text("", encoding="utf-8")
    return models, by_hand


def run(folders: tuple[Path, Path], *options: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = command.main([str(folders[0]), *options], out, err, folders[1])
    return status, out.getvalue(), err.getvalue()


def test_the_first_run_shows_everything_and_stores_nothing(folders: tuple[Path, Path]) -> None:
    status, out, _ = run(folders)
    assert status == 0
    assert "3 operations: 3 added, 0 removed, 0 changed" in out
    assert not (folders[1] / "operations.jsonl").exists()


def test_check_is_red_until_the_result_is_stored_and_green_after(folders: tuple[Path, Path]) -> None:
    assert run(folders, "--check")[0] == 1
    assert run(folders, "--write")[0] == 0
    status, out, err = run(folders, "--check")
    assert (status, err) == (0, "")
    assert out == "3 operations: 0 added, 0 removed, 0 changed\n"
    stored = {item.id: item for item in decode_operations((folders[1] / "operations.jsonl").read_bytes())}
    assert (stored["putThing"].rate, stored["putThing"].rate_basis) == (2.0, RateBasis.DOCUMENTED)
    assert stored["getThing"].source == "sdk:some"


def test_a_change_of_the_model_is_one_line_of_the_difference(folders: tuple[Path, Path]) -> None:
    run(folders, "--write")
    changed = model(description=PLAN.format(rate="9", burst="9"))
    (folders[0] / "things-api-model" / "things.json").write_text(json.dumps(changed), encoding="utf-8")
    status, out, err = run(folders, "--check")
    assert status == 1
    assert "changed  GET /things/2030-01-01/things: burst, rate" in out
    assert len([line for line in out.splitlines() if line.startswith(("-{", "+{"))]) == 2
    assert "--write" in err


def test_where_a_model_comes_to_describe_what_stood_elsewhere_the_model_wins(folders: tuple[Path, Path]) -> None:
    both = model()
    both["paths"]["/things/2030-01-01/things/{thingId}"]["get"] = {"operationId": "getThing", "responses": {"200": {}}}
    (folders[0] / "things-api-model" / "things.json").write_text(json.dumps(both), encoding="utf-8")
    run(folders, "--write")
    status, out, _ = run(folders, "--check")
    assert status == 1
    assert "elsewhere.toml: getThing is now in model:things-api-model/things.json" in out


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("overlay.toml", '[[patch]]\noperations = ["things/*/nope"]\nset = { rate = 1.0 }\n', "things/*/nope"),
        ("overlay.toml", '[[patch]]\noperations = ["things/*/putThing"]\nset = { rates = 1.0 }\n', "rates"),
        ("overlay.toml", '[[patch]]\noperations = ["things/*/putThing"]\nset = { rate = "fast" }\n', "putThing"),
        ("overlay.toml", '[[patch]]\noperations = ["things/*/putThing"]\n', "'set'"),
        ("overlay.toml", "[[patches]]\n", "patches"),
        ("overlay.toml", "[[patch\n", "overlay.toml"),
        ("elsewhere.toml", '[[operation]]\nid = "x"\n', "elsewhere.toml: x"),
    ],
)
def test_a_mistake_in_a_hand_written_file_is_named(
    folders: tuple[Path, Path], name: str, text: str, complaint: str
) -> None:
    (folders[1] / name).write_text(text, encoding="utf-8")
    status, _, err = run(folders)
    assert status == 2
    assert name in err
    assert complaint in err


@pytest.mark.parametrize(("content", "complaint"), [(None, "holds no"), ("{", "not JSON"), ("{}", "not a Swagger")])
def test_what_are_no_models_is_refused(folders: tuple[Path, Path], content: str | None, complaint: str) -> None:
    shutil.rmtree(folders[0] / "things-api-model")
    if content is not None:
        (folders[0] / "a").mkdir()
        (folders[0] / "a" / "b.json").write_text(content, encoding="utf-8")
    status, _, err = run(folders)
    assert status == 2
    assert complaint in err


@pytest.mark.models
def test_the_files_that_stand_are_what_amazons_models_give() -> None:
    folder = os.environ.get("RECOUP_MODELS")
    assert folder, "set RECOUP_MODELS to the folder 'models' of amzn/selling-partner-api-models"
    derived = command.derive(command.read_models(Path(folder)))
    assert derived.notes == ()
    assert derived.operations == (command.HERE / command.OPERATIONS).read_bytes()
    assert derived.enums == (command.HERE / command.ENUMS).read_bytes()
