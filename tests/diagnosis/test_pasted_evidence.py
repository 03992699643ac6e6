"""What people paste and tell, as a specification: each text with the cause that the diagnosis must put first, or among
its first three, and texts whose words must not sway it.

The texts in pasted/*.toml were written from the causes, checks and remedies of the documents: many clients, many words.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.engine import diagnose

FILES = sorted(Path(__file__).with_name("pasted").glob("*.toml"))
CASES: dict[str, dict[str, Any]] = {
    f"{path.stem}-{number}": case
    for path in FILES
    for number, case in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["case"], start=1)
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_pasted_text_has_its_cause_among_the_first(case: dict[str, Any]) -> None:
    ranked = [match.fault.id for match in diagnose(case["text"].strip("\n")).faults]
    if "first" in case:
        assert ranked[:1] == [case["first"]], ranked[:4]
    if "three" in case:
        assert case["three"] in ranked[:3], ranked[:6]
    if case.get("nothing"):
        assert ranked == []
    for name in case.get("never", ()):
        assert ranked[:1] != [name], ranked[:4]


def test_every_row_expects_something_and_names_faults_of_the_catalogue() -> None:
    for case in CASES.values():
        assert set(case) <= {"text", "first", "three", "never", "nothing"}
        named = {case.get("first"), case.get("three"), *case.get("never", ())} - {None}
        assert bool(named) is not bool(case.get("nothing"))
        assert named <= set(catalogue())
