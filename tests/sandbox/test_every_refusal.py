"""Every refusal that the sandbox's lines can raise has an answer in the catalogue, and gives what that answer names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import recoup.sandbox
from recoup.catalogue.loader import catalogue

ROOM = Path(recoup.sandbox.__file__).parent
GAP = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def refusals(source: str, name: str) -> Iterator[tuple[str, str, set[str] | None]]:
    """Place, fault and given parameters (None where they are handed on in a `**`) of each Refusal with a written id."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal" and node.args:
            fault = node.args[0]
            if isinstance(fault, ast.Constant) and isinstance(fault.value, str):
                given = {keyword.arg for keyword in node.keywords}
                named = None if None in given else {arg for arg in given if arg is not None}
                yield f"{name}:{node.lineno}", fault.value, named


def complaint(fault_id: str, given: set[str] | None) -> str:
    """What is wrong with this refusal; empty where nothing is."""
    fault = catalogue().get(fault_id)
    if fault is None or fault.answer is None:
        return f"the catalogue has no answer for {fault_id!r}"
    if given is not None and "wording" in given:
        return ""  # another of the entry's messages, whose parameters are its own
    lacking = sorted(set(GAP.findall(fault.answer.body)) - (given or set())) if given is not None else []
    return (
        f"the answer of {fault_id} names {', '.join(lacking)}: give Refusal(..., {lacking[0]}=...)" if lacking else ""
    )


ALL = [
    found
    for path in sorted(ROOM.rglob("*.py"))
    for found in refusals(path.read_text(encoding="utf-8"), str(path.relative_to(ROOM)))
]


def test_the_sandbox_raises_many_faults() -> None:
    assert len({fault for _, fault, _ in ALL}) > 40


@pytest.mark.parametrize(("place", "fault_id", "given"), ALL, ids=[f"{fault}-{place}" for place, fault, _ in ALL])
def test_a_refusal_can_be_answered(place: str, fault_id: str, given: set[str] | None) -> None:
    wrong = complaint(fault_id, given)
    if wrong:
        pytest.fail(f"src/recoup/sandbox/{place}: {wrong}", pytrace=False)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('Refusal("sc-30004-pickup-slot-expired", because="x")', ""),
        ('Refusal("sc-30004-pickup-slot", because="x")', "the catalogue has no answer for 'sc-30004-pickup-slot'"),
        ('Refusal("sc-20002-sequence-conflict", because="x", sequence=1)', "names existing: give Refusal"),
        ('Refusal("sc-20002-sequence-conflict", because="x", sequence=1, existing=2)', ""),
        ('Refusal("sc-20002-sequence-conflict", because="x", **parameters)', ""),
    ],
)
def test_a_wrong_refusal_is_found(line: str, says: str) -> None:
    ((_, fault_id, given),) = refusals(line, "here.py")
    wrong = complaint(fault_id, given)
    assert (says in wrong) if says else not wrong
