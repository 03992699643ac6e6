"""What is known here of Amazon's static sandbox, held against the models that describe it."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from recoup.catalogue.facts.operations import operations
from recoup.sandbox.static_sandbox import described, samples_of

pytestmark = pytest.mark.models

METHODS = ("get", "put", "post", "delete", "patch")


@cache
def models() -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation of Amazon's models by method and path, with what its path says for all of its methods."""
    folder = os.environ.get("RECOUP_MODELS")
    if folder is None:
        pytest.fail("RECOUP_MODELS does not name the folder of Amazon's model files")
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for file in sorted(Path(folder).glob("*/*.json")):
        for path, methods in json.loads(file.read_text(encoding="utf-8")).get("paths", {}).items():
            shared = methods.get("x-amzn-api-sandbox")
            for method in METHODS:
                if method in methods:
                    found[(method.upper(), path)] = {"x-amzn-api-sandbox": shared, **methods[method]}
    return found


def statics(method: str, path: str) -> list[dict[str, Any]]:
    """The described requests of an operation: their parameters."""
    responses = models()[(method, path)].get("responses", {}).values()
    described = [one for response in responses for one in (response.get("x-amzn-api-sandbox") or {}).get("static", [])]
    return [(one.get("request") or {}).get("parameters", {}) for one in described]


def has_sandbox(operation: dict[str, Any]) -> bool:
    responses = operation.get("responses", {}).values()
    return bool(operation.get("x-amzn-api-sandbox")) or any(one.get("x-amzn-api-sandbox") for one in responses)


def test_what_is_not_described_is_what_the_models_leave_out() -> None:
    table = {(one.method, one.path): one for one in operations().items}
    wrong = {
        key: has_sandbox(model)
        for key, model in models().items()
        if key in table and described(table[key]) != has_sandbox(model)
    }
    assert wrong == {}
    assert sum(not has_sandbox(model) for model in models().values()) > 20


@pytest.mark.parametrize(("method", "path"), sorted(samples_of()))
def test_the_samples_are_those_of_the_models(method: str, path: str) -> None:
    told = []
    for parameters in statics(method, path):
        values = {name: one["value"] for name, one in parameters.items() if isinstance(one, dict) and "value" in one}
        told.append({name: plain(name, value) for name, value in values.items()})
    for sample in samples_of()[(method, path)]:
        assert dict(sample) in told


def plain(name: str, value: Any) -> str:
    """A value as it arrives: an array with commas, a body as JSON with sorted names."""
    if name == "body":
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    return ",".join(value) if isinstance(value, list) else str(value)
