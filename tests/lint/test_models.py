"""Amazon's Swagger files that a user points to: what they ask for is asked for, and a bad one is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recoup.errors import UnreadableInput
from recoup.lint.checking import check
from recoup.lint.modelled import Models
from recoup.lint.reading import from_http, from_url
from recoup.lint.subject import Subject

HOST = "sellingpartnerapi-na.amazon.com"


def model(**changes: Any) -> dict[str, Any]:
    """A small API of a kind that no table knows."""
    made: dict[str, Any] = {
        "swagger": "2.0",
        "info": {"title": "Kites", "version": "2030-01-01"},
        "basePath": "/kites/2030-01-01",
        "paths": {
            "/kites/{kiteId}": {
                "parameters": [{"name": "kiteId", "in": "path", "type": "string", "required": True}],
                "get": {
                    "operationId": "getKite",
                    "parameters": [
                        {
                            "name": "marketplaceIds",
                            "in": "query",
                            "type": "array",
                            "items": {"type": "string"},
                            "required": True,
                        },
                        {"name": "wind", "in": "query", "type": "string", "enum": ["CALM", "STRONG"]},
                        {"name": "height", "in": "query", "type": "integer", "maximum": 300},
                    ],
                    "responses": {"200": {"description": "A kite."}},
                },
                "put": {
                    "operationId": "putKite",
                    "parameters": [
                        {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Kite"}}
                    ],
                    "responses": {"204": {"description": "Flown."}},
                },
            }
        },
        "definitions": {
            "Kite": {
                "type": "object",
                "required": ["colour", "tail"],
                "properties": {
                    "colour": {"type": "string", "enum": ["RED", "BLUE"]},
                    "tail": {"$ref": "#/definitions/Tail"},
                },
            },
            "Tail": {"type": "object", "required": ["length"], "properties": {"length": {"type": "number"}}},
        },
    }
    return made | changes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "models" / "kites-api-model"
    place.mkdir(parents=True)
    (place / "kites_2030-01-01.json").write_text(json.dumps(model()), encoding="utf-8")
    (place / "package.json").write_text('{"name": "no model"}', encoding="utf-8")
    return tmp_path / "models"


def get(target: str) -> Subject:
    return from_url(f"https://{HOST}{target}")


def put(body: str) -> Subject:
    head = (
        f"PUT /kites/2030-01-01/kites/7 HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: t/1\r\nx-amz-access-token: Atza|x\r\n"
    )
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return from_http((head + body).encode())


def found(models: Models, subject: Subject) -> list[tuple[str, str]]:
    """Rules with the bytes at which they found something."""
    operation = models.reached(subject)
    assert operation is not None
    subject.reaching(operation)
    findings = check(subject, shapes=models)
    return [(each.rule, subject.source[each.start : each.end].decode()) for each in findings]


REQUESTS = [
    (get("/kites/2030-01-01/kites/7?marketplaceIds=ATVPDKIKX0DER&wind=CALM&height=300"), []),
    (get("/kites/2030-01-01/kites/7?wind=CALM"), [("missing-parameter", "")]),
    (get("/kites/2030-01-01/kites/7?marketplaceIds=ATVPDKIKX0DER&wind=BRISK"), [("unknown-value", "BRISK")]),
    (get("/kites/2030-01-01/kites/7?marketplaceIds=ATVPDKIKX0DER&height=301"), [("value-out-of-range", "301")]),
    (get("/kites/2030-01-01/kites/7?marketplaceIds=ATVPDKIKX0DER&weather=x"), [("parameter-name", "weather")]),
    (put('{"colour":"RED","tail":{"length":2}}'), []),
    (put('{"colour":"PINK","tail":{"length":2}}'), [("unknown-value", '"PINK"')]),
    (put('{"colour":"RED","tail":{}}'), [("missing-field", "{}")]),
    (put('{"colour":"RED"}'), [("missing-field", "")]),
]


@pytest.mark.parametrize(("subject", "expected"), REQUESTS)
def test_a_request_is_held_against_the_file(folder: Path, subject: Subject, expected: list[tuple[str, str]]) -> None:
    rules = [
        (rule, text)
        for rule, text in found(Models(folder), subject)
        if rule in {name for name, _ in expected} or not expected
    ]
    assert [rule for rule, _ in rules] == [rule for rule, _ in expected]
    for (_, text), (_, wanted) in zip(rules, expected, strict=True):
        assert text == wanted


def test_one_file_is_enough_and_what_no_file_describes_stays_as_recoup_knows_it(folder: Path) -> None:
    models = Models(next(folder.rglob("kites*.json")))
    assert len(models) == 2
    subject = get("/orders/v0/orders?CreatedAfter=2026-01-01T00:00:00Z")
    assert models.reached(subject) is None
    assert "missing-parameter" in [finding.rule for finding in check(subject, shapes=models)]


def test_a_newer_file_counts_for_an_operation_that_recoup_knows(tmp_path: Path) -> None:
    newer = model(
        basePath="/orders/v0",
        paths={
            "/orders": {
                "get": {
                    "operationId": "getOrders",
                    "parameters": [{"name": "Moon", "in": "query", "type": "string", "required": True}],
                    "responses": {"200": {"description": ""}},
                }
            }
        },
    )
    (tmp_path / "ordersV9.json").write_text(json.dumps(newer), encoding="utf-8")
    models = Models(tmp_path)
    subject = get("/orders/v0/orders?MarketplaceIds=ATVPDKIKX0DER")
    operation = models.reached(subject)
    assert operation is not None
    assert operation.query == ("Moon",)
    assert operation.roles  # which no Swagger file tells
    assert ("missing-parameter", "") in found(models, subject)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (None, None, "there is no such folder or file"),
        ("a.txt", b"x", "there is no Swagger 2.0 file in it"),
        ("a.json", b"{}", "there is no Swagger 2.0 file in it"),
        ("a.json", b'{"openapi": "3.0.0", "paths": {}}', "there is no Swagger 2.0 file in it"),
        ("a.json", b'{"swagger": "2.0", "paths": {}}', "there is no Swagger 2.0 file in it"),
        ("a.json", b'{"swagger": ', "a.json: this is no JSON"),
        ("a.json", b"\xff\xfe{", "a.json: this is no JSON"),
        ("a.json", b"[" * 100_000, "there is no Swagger 2.0 file in it"),
        ("a.json", b'{"swagger": "2.0", "paths": []}', "a.json: its operations cannot be read"),
    ],
)
def test_a_bad_folder_or_file_is_named(tmp_path: Path, name: str | None, content: bytes | None, says: str) -> None:
    place = tmp_path / "models"
    if name is not None and content is not None:
        place.mkdir()
        (place / name).write_bytes(content)
    with pytest.raises(UnreadableInput) as error:
        Models(place)
    assert says in str(error.value)
    assert str(place) in str(error.value)


ODD = [
    {"parameters": 1},
    {"parameters": [1]},
    {"parameters": [{"name": "x"}]},
    {"parameters": [{"$ref": "#/nowhere/x"}]},
    {"operationId": 7, "responses": []},
    {"responses": {"200": None}},
]


@pytest.mark.parametrize("operation", ODD)
def test_the_inside_of_a_file_that_is_odd_is_named_when_it_is_asked(tmp_path: Path, operation: dict[str, Any]) -> None:
    inner = {"operationId": "getKite", "responses": {"200": {}}} | operation
    (tmp_path / "odd.json").write_text(json.dumps(model(paths={"/odd": {"get": inner}})), encoding="utf-8")
    models = Models(tmp_path)
    subject = get("/kites/2030-01-01/odd")
    said = ""
    try:
        models.reached(subject)
    except UnreadableInput as error:
        said = str(error)
    assert not said or "odd.json: this Swagger file is not as Amazon writes them" in said
    models.reached(get("/orders/v0/orders"))  # what does not need the file is judged all the same


def test_only_the_file_that_is_needed_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "broken-inside.json").write_text(
        json.dumps(model(basePath="/other", paths={"/x": {"get": {"parameters": 1}}})), encoding="utf-8"
    )
    models = Models(folder)
    assert found(models, get("/kites/2030-01-01/kites/7?marketplaceIds=ATVPDKIKX0DER")) == []


def test_too_many_files_are_no_folder_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoup.lint.modelled._MOST_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UnreadableInput, match="name the folder of the models"):
        Models(tmp_path)
