"""A fault is whole: after each step of CONTRIBUTING's "Add a fault" these lines say what the next one is.

make test ARGS="-k <id>"
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from golden_corpus import GOLDEN, folders, golden_gaps
from promised_ids import PROMISED
from recoup.catalogue.fault import Where
from recoup.catalogue.loader import catalogue, load_sources
from recoup.drill.recipe import RECIPES
from recoup.drill.runner import expected_faults

SOURCES = {fault.id: fault for fault in load_sources()}
COMPILED = catalogue()
DECISIONS = set(tomllib.loads((GOLDEN / "decisions.toml").read_text(encoding="utf-8")))
EXPLAINED = {
    page.name.removesuffix(".txt")
    for page in files("recoup.drill").joinpath("explanations").iterdir()
    if page.name.endswith(".txt")
}
DRILLED = {fault.id for fault in expected_faults()}
RAISED = set(RECIPES)  # all are loaded now
IDS = sorted({*SOURCES, *COMPILED, *DECISIONS, *EXPLAINED, *(folder.name for folder in folders())})


def gaps(fault_id: str) -> list[str]:
    """What is still to do for this fault, in the order of CONTRIBUTING's steps; empty where nothing is."""
    fault = SOURCES.get(fault_id)
    if fault is None:
        near = ", ".join(name for name in SOURCES if name[:8] == fault_id[:8]) or "none"
        return [f"step 1: no [[fault]] has this id, but golden bytes, a decision or an explanation do; similar: {near}"]
    out = []
    if fault_id not in PROMISED[fault.kind]:
        out.append(f"step 1: add {fault_id!r} to the ids of kind {fault.kind} in tests/promised_ids.py")
    if fault.answer is None and fault.where != [Where.CLIENT]:  # what arises before any answer has none
        out.append("step 1: add its [fault.answer]: what travels on the wire, and how well that is known")
    if COMPILED.get(fault_id) != fault:
        out.append("step 2: run 'make generate': what programs load is older than the TOML")
    out.extend(f"step 3: {gap}" for gap in golden_gaps(GOLDEN / fault_id))
    if fault_id not in DECISIONS:
        out.append("step 3: add its line to tests/golden/decisions.toml: what to do on the first attempt")
    if not fault.no_recipe and fault_id not in RAISED:
        out.append("step 5: write its recipe, or say in the entry's no_recipe why the sandbox cannot raise it")
    if fault.no_recipe and fault_id in RAISED:
        out.append("step 5: it has a recipe: take no_recipe, the reason why there is none, out of the entry")
    if fault.no_recipe and not fault.no_recipe.endswith("."):
        out.append("step 5: no_recipe is a sentence, and ends with a full stop")
    out.extend(
        f"step 5: no_recipe says that {named} is drilled, which has no recipe"
        for named in re.findall(r"\b(?:sc|other|lwa|auth|ef|4\d\d)-[\w-]+", fault.no_recipe)
        if named not in RAISED
    )
    if fault_id in DRILLED and fault_id not in EXPLAINED:
        out.append(f"step 5: write src/recoup/drill/explanations/{fault_id}.txt: what a person must be told")
    if fault_id in EXPLAINED and fault_id not in DRILLED:
        out.append("step 5: an explanation stands in src/recoup/drill/explanations, but the drill has no such fault")
    return out


@pytest.mark.parametrize("fault_id", IDS)
def test_nothing_is_missing(fault_id: str) -> None:
    missing = gaps(fault_id)
    if missing:
        pytest.fail(f"{fault_id} is not whole yet:\n" + "\n".join(f"  {line}" for line in missing), pytrace=False)


# ---------------------------------------------------------------- what the check says to whoever leaves something out

GOOD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"
ORIGIN = """
[[file]]
name = "400.http"
origin = "the document, its row"
documented = "everything"
expected.http_status = 400
expected.id = "own-fault"
"""


def write(folder: Path, origin: str | None = ORIGIN, **responses: bytes) -> Path:
    """A golden folder of the fault own-fault; `_400` is the content of 400.http."""
    own = folder / "own-fault"
    own.mkdir()
    if origin is not None:
        (own / "origin.toml").write_text(origin, encoding="utf-8")
    for name, raw in responses.items():
        (own / f"{name.removeprefix('_')}.http").write_bytes(raw)
    return own


def test_a_whole_folder_has_no_gaps(tmp_path: Path) -> None:
    assert golden_gaps(write(tmp_path, _400=GOOD)) == []


def test_without_a_folder_it_says_what_to_write(tmp_path: Path) -> None:
    assert "write tests/golden/own-fault/<status>.http" in golden_gaps(tmp_path / "own-fault")[0]


@pytest.mark.parametrize(
    ("origin", "responses", "says"),
    [
        (None, {"_400": GOOD}, "origin.toml is missing"),
        ("[[file]]\nname = 400.http", {"_400": GOOD}, "origin.toml is not valid TOML"),
        (ORIGIN.replace("origin =", "origen ="), {"_400": GOOD}, "block 1 lacks origin"),
        (ORIGIN.replace("documented =", "known ="), {"_400": GOOD}, "block 1 lacks documented (or assumed)"),
        (ORIGIN, {}, "names 400.http, which is not there"),
        (ORIGIN, {"_400": GOOD, "_400-legacy": GOOD}, "no [[file]] block for 400-legacy.http"),
        (ORIGIN.replace('"own-fault"', '"ownfault"'), {"_400": GOOD}, 'no block says expected.id = "own-fault"'),
        (ORIGIN, {"_400": GOOD.replace(b"\r\n", b"\n")}, "must end with CR and LF: sed -i"),
        (ORIGIN, {"_400": GOOD.replace(b" 2\r", b" 9\r")}, "Content-Length is 9, the body has 2 bytes"),
        (ORIGIN, {"_400": GOOD + b"\n"}, "Content-Length is 2, the body has 3 bytes"),
        (
            ORIGIN.replace("= 400", "= 409"),
            {"_400": GOOD.replace(b"400", b"409")},
            "its name must begin with its status, 409",
        ),
        (ORIGIN.replace("= 400", "= 200"), {"_400": GOOD}, "must say expected.http_status = 400"),
        (ORIGIN, {"_400": GOOD.replace(b"Content-Length:", b"Content-Length")}, "has no colon"),
        (ORIGIN, {"_400": b"400 Bad Request\r\n\r\n"}, "its first line is '400 Bad Request'"),
    ],
)
def test_a_gap_is_named_with_what_to_do(
    tmp_path: Path, origin: str | None, responses: dict[str, bytes], says: str
) -> None:
    found = golden_gaps(write(tmp_path, origin, **responses))
    assert len(found) == 1, found
    assert says in found[0]
