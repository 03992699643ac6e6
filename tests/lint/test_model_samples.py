"""Amazon's own samples of requests are without findings, and the shapes of requests stand as its models have them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from model_samples import folder, samples

from recoup.catalogue.facts.operations import operations
from recoup.lint.checking import check
from recoup.lint.modelled import Models
from recoup.lint.reading import from_http
from recoup.lint.shapes import shapes
from recoup.lint.shaping import main, read_folder, shapes_of

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def models() -> Path:
    named = folder()
    if named is None:
        pytest.fail("RECOUP_MODELS does not name the folder of Amazon's model files")
    return named


def test_a_sample_that_is_answered_well_is_without_a_finding(models: Path) -> None:
    found = [
        (name, status, finding.rule, finding.text)
        for name, status, raw in samples(models)
        if status < 300
        for finding in check(from_http(raw))
    ]
    assert found == []


def test_a_sample_is_without_a_finding_where_the_models_are_pointed_to_as_well(models: Path) -> None:
    known = Models(models)
    found = []
    for name, _, raw in [sample for sample in samples(models) if sample[1] < 300]:
        subject = from_http(raw)
        operation = known.reached(subject)
        assert operation is not None, name
        subject.reaching(operation)
        found += [(name, finding.rule, finding.text) for finding in check(subject, shapes=known)]
    assert found == []


def test_there_are_samples(models: Path) -> None:
    assert sum(status < 300 for _, status, _ in samples(models)) > 300


def test_the_shapes_stand_as_derived(models: Path) -> None:
    out = io.StringIO()
    assert main([str(models)], out, io.StringIO()) == 0, out.getvalue()
    assert shapes_of(read_folder(models)) == shapes()


def test_every_operation_of_the_models_has_a_shape(models: Path) -> None:
    known = shapes()
    assert [
        item.path for item in operations().items if item.source.startswith("model:") and known.of(item) is None
    ] == []
