"""Reading the catalogue: every complaint names file, entry and field; a user's own file lies over the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from recoup.catalogue.fault import Fault
from recoup.catalogue.loader import Catalogue, check, load_sources, parse
from recoup.errors import CatalogueError

ENTRY = """
[[fault]]
id = "x-1"
title = "An entry"
kind = "cause"
where = ["front-door"]
cause = "A cause."
who = "nobody"
aliases = []
recovery = { retry = "NEVER" }
remedy = { action = "stop", text = "Stop.", steps = ["Stop."] }
source = { document = "a document" }
"""
VARIANT = """
[[fault.variants]]
name = "v"
title = "V"
cause = "C."
who = "nobody"
recovery = { retry = "NEVER" }
remedy = { action = "stop", text = "Stop.", steps = [] }
"""


def with_line(line: str) -> str:
    """The entry with one more line among its fields."""
    return ENTRY.replace("aliases = []", line)


def instead(old: str, new: str) -> str:
    assert old in ENTRY
    return ENTRY.replace(old, new)


# a broken text, and the beginning of what is said about it after the name of the file
BROKEN = [
    ("[[fault]", "not valid TOML: "),
    ('id = "x-1"', "unknown key 'id' at the top; every entry is a [[fault]] block"),
    ('[[faults]]\nid = "x-1"', "unknown key 'faults' at the top"),
    ('[fault]\nid = "x-1"', "entries are written as [[fault]], with two brackets"),
    ("fault = 1", "entries are written as [[fault]], with two brackets"),
    ("fault = [1]", "entry 1 (no id): Expected `object`, got `int`"),
    (ENTRY + "[[fault]]", "entry 2 (no id): id: the field is missing"),
    (instead('id = "x-1"', "id = 7"), "entry 1 (no id): id: Expected `str`, got `int`"),
    # a field is missing, unknown, or of another type
    (instead('kind = "cause"', ""), "x-1: kind: the field is missing"),
    (instead('text = "Stop.", ', ""), "x-1: remedy.text: the field is missing"),
    (with_line("colour = 1"), "x-1: colour: there is no such field"),
    (instead('retry = "NEVER"', 'retry = "NEVER", pol = "x"'), "x-1: recovery.pol: there is no such field"),
    (with_line('messages = [{ text = "a" }]'), "x-1: messages[0].text: there is no such field"),
    (with_line('status = "400"'), "x-1: status: Expected `int | null`, got `str`"),
    (instead('where = ["front-door"]', 'where = "front-door"'), "x-1: where: Expected `array`, got `str`"),
    (instead('steps = ["Stop."]', 'steps = ["Stop.", 3]'), "x-1: remedy.steps[1]: Expected `str`, got `int`"),
    # a word is none of the closed set: the set is told
    (instead('"cause"', '"bug"'), "x-1: kind: Invalid enum value 'bug'; use one of cause, fallback, troubleshooting, "),
    (instead('"front-door"', '"moon"'), "x-1: where[0]: Invalid enum value 'moon'; use one of external-fulfillment, "),
    (
        instead('"NEVER"', '"SOMETIMES"'),
        "x-1: recovery.retry: Invalid enum value 'SOMETIMES'; use one of NEVER, BACKOFF, ",
    ),
    (
        instead('"nobody"', '"me"'),
        "x-1: who: Invalid enum value 'me'; use one of nobody, developer, operator, seller, ",
    ),
    (
        with_line('answer = { mark = "x", status = 1 }'),
        "x-1: answer.mark: Invalid enum value 'x'; use one of documented, ",
    ),
    # too little is said
    (instead('steps = ["Stop."]', "steps = []"), "x-1: remedy.steps: at least one step is needed"),
    (instead('where = ["front-door"]', "where = []"), "x-1: where: at least one place is needed"),
    (ENTRY + VARIANT, "x-1: variants[0].remedy.steps: at least one step is needed"),
    # message templates
    (
        with_line('messages = [{ template = "a {b:colour}" }]'),
        "x-1: messages[0].template: parameter 'b' has the unknown type",
    ),
    (with_line('messages = [{ template = "a {b}" }]'), "x-1: messages[0].template: '{b}' is no parameter"),
    (
        with_line('messages = [{ template = "a {b:text} {b:text}" }]'),
        "x-1: messages[0].template: a parameter name stands twice",
    ),
    (
        with_line('messages = [{ template = "a" }, { template = "" }]'),
        "x-1: messages[1].template: '' has no fixed words",
    ),
    (with_line('messages = [{ template = "a", variant = "v" }]'), "x-1: messages[0].variant: there is no variant 'v'"),
    (
        with_line('answer = { mark = "proposed", status = 400, body = "a {b}" }'),
        "x-1: answer.body: no message has a parameter 'b'",
    ),
    # a retry class without what its decision needs
    (instead('"NEVER"', '"VERIFY"'), "x-1: recovery.resync: retry class VERIFY needs it"),
    (instead('"NEVER"', '"RESYNC"'), "x-1: recovery.resync: retry class RESYNC needs it"),
    (instead('"NEVER"', '"RESELECT"'), "x-1: recovery.resync: retry class RESELECT needs it"),
    (instead('"NEVER"', '"FIX_STATE"'), "x-1: recovery.resync: retry class FIX_STATE needs it"),
    (instead('"NEVER"', '"RESTART_PAGING"'), "x-1: recovery.resync: retry class RESTART_PAGING needs it"),
    (instead('"NEVER"', '"WAIT_STATE"'), "x-1: recovery.wait: retry class WAIT_STATE needs it"),
    (instead('"NEVER"', '"WAIT_STATE", wait = "entity"'), "x-1: recovery.poll: retry class WAIT_STATE needs it"),
    (instead('"NEVER"', '"FIX_OR_WAIT"'), "x-1: recovery.wait: retry class FIX_OR_WAIT needs it"),
    (instead('"NEVER"', '"LOCKOUT", wait = "call"'), "x-1: recovery.until: retry class LOCKOUT needs it"),
    (
        instead('"NEVER"', '"SCHEDULE", wait = "call"'),
        "x-1: recovery.until: retry class SCHEDULE needs it, or else poll",
    ),
    (instead('"NEVER"', '"NEVER", until = "b"'), "x-1: recovery.until: no message has a parameter 'b'"),
]


@pytest.mark.parametrize(("text", "complaint"), BROKEN)
def test_a_complaint_names_file_entry_and_field(text: str, complaint: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse(text, "mine.toml")
    assert str(caught.value).startswith(f"mine.toml: {complaint}")


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", ENTRY, with_line('aliases = ["one", "two"]')])
def test_a_good_text_gives_no_complaint(text: str) -> None:
    check(("mine.toml", fault) for fault in parse(text, "mine.toml"))


def entries(*texts: str) -> list[tuple[str, Fault]]:
    return [(f"{n}.toml", fault) for n, text in enumerate(texts, start=1) for fault in parse(text, f"{n}.toml")]


OTHER = instead("x-1", "x-2")
TOGETHER = [
    ((ENTRY, ENTRY), "2.toml: x-1: id: 'x-1' is taken by x-1 in 1.toml"),
    ((ENTRY + ENTRY,), "1.toml: x-1: id: 'x-1' is taken by x-1 in 1.toml"),
    ((ENTRY, OTHER.replace("[]", '["x-1"]', 1)), "2.toml: x-2: aliases: 'x-1' is taken by x-1 in 1.toml"),
    ((with_line('aliases = ["x-2"]'), OTHER), "2.toml: x-2: id: 'x-2' is taken by x-1 in 1.toml"),
    ((with_line('aliases = ["a", "a"]'),), "1.toml: x-1: aliases: 'a' is taken by x-1 in 1.toml"),
    ((ENTRY, OTHER.replace("aliases = []", 'same_as = ["x-3"]')), "2.toml: x-2: same_as: there is no entry 'x-3'"),
]


@pytest.mark.parametrize(("texts", "complaint"), TOGETHER)
def test_entries_are_held_against_one_another(texts: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        check(entries(*texts))
    assert str(caught.value) == complaint


def test_same_as_may_point_forward_and_at_an_alias() -> None:
    check(entries(with_line('same_as = ["later"]'), OTHER.replace("[]", '["later"]', 1)))


def catalogue(*texts: str) -> Catalogue:
    return Catalogue(fault for _, fault in entries(*texts))


def test_an_overlay_replaces_and_adds(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(instead("An entry", "My own") + instead("x-1", "x-9"), encoding="utf-8")
    shipped = catalogue(ENTRY, OTHER)
    laid_over = shipped.overlaid(mine)
    assert list(laid_over) == ["x-1", "x-2", "x-9"]
    assert laid_over["x-1"].title == "My own"
    assert laid_over["x-2"] == shipped["x-2"]
    assert shipped["x-1"].title == "An entry"
    assert "x-9" not in shipped


def test_an_overlay_may_take_an_alias_with_it(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(ENTRY, encoding="utf-8")
    laid_over = catalogue(with_line('aliases = ["old"]')).overlaid(mine)
    assert "old" not in laid_over


OVERLAYS = [
    (ENTRY + ENTRY, "x-1: id: 'x-1' is taken by x-1 in "),
    (with_line('same_as = ["x-3"]'), "x-1: same_as: there is no entry 'x-3'"),
    (
        instead("x-1", "x-7").replace("[]", '["x-2"]', 1),
        "x-7: aliases: 'x-2' is taken by x-2 in the catalogue that ships",
    ),
    (instead('kind = "cause"', ""), "x-1: kind: the field is missing"),
    ("[[fault]", "not valid TOML: "),
]


@pytest.mark.parametrize(("text", "complaint"), OVERLAYS)
def test_a_broken_overlay_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        catalogue(ENTRY, OTHER).overlaid(mine)
    assert str(caught.value).startswith(f"{mine}: {complaint}")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_an_overlay_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    mine = tmp_path / "mine.toml"
    if content is not None:
        mine.write_bytes(content)
    with pytest.raises(CatalogueError, match="cannot be read as UTF-8 text"):
        catalogue(ENTRY).overlaid(mine)


def test_a_catalogue_answers_by_id_and_by_alias() -> None:
    found = catalogue(with_line('aliases = ["old"]'), OTHER)
    assert found["old"] is found["x-1"]
    assert "old" in found
    assert list(found) == ["x-1", "x-2"]
    assert len(found) == 2
    assert "x-3" not in found
    with pytest.raises(KeyError):
        found["x-3"]


def test_the_shipped_sources_are_well_formed() -> None:
    faults = load_sources()
    assert len({fault.id for fault in faults}) == len(faults)
