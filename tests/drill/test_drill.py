"""The main job, run for real: a sandbox on real sockets, bare and with recoup under the client."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recoup.catalogue.fault import Kind
from recoup.catalogue.loader import catalogue
from recoup.cli.main import Streams, main
from recoup.drill.recipe import RECIPES
from recoup.drill.runner import expected_faults
from recoup.drill.stage import stage

COLUMNS = {"raised", "recognised", "handled", "explained"}
ROW = COLUMNS | set("id documented cause status http_status code message decision attempts note".split())


def drill(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(["drill", *arguments], Streams(io.BytesIO(), out, err), {})
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], str]:
    folder = tmp_path_factory.mktemp("drill")
    status, _, _ = drill("--json", str(folder / "d.json"), "--html", str(folder / "d.html"))
    data = json.loads((folder / "d.json").read_text(encoding="utf-8"))
    return status, data, (folder / "d.html").read_text(encoding="utf-8")


def test_every_fault_that_has_a_recipe_comes_out_right(whole: tuple[int, dict[str, Any], str]) -> None:
    status, data, _ = whole
    wrong = {
        row["id"]: row["note"]
        for row in data["rows"]
        if row["id"] in RECIPES and not {row[c] for c in COLUMNS} <= {"green", "decided"}
    }
    assert wrong == {}
    assert status == 0
    assert data["summary"]["green"] == len(RECIPES)


def test_at_least_twenty_of_the_sc_rows_are_raised(whole: tuple[int, dict[str, Any], str]) -> None:
    _, data, _ = whole
    raised = [row["id"] for row in data["rows"] if row["id"].startswith("sc-") and row["raised"] == "green"]
    assert len(raised) >= 20


def test_the_json_has_the_fields_that_programs_rely_on(whole: tuple[int, dict[str, Any], str]) -> None:
    _, data, _ = whole
    assert set(data) == {"rows", "summary"}
    for row in data["rows"]:
        assert set(row) == ROW
    assert {row["id"] for row in data["rows"]} == {fault.id for fault in expected_faults()}
    summary = data["summary"]
    assert summary["green"] + summary["tied"] + summary["red"] + summary["missing"] == summary["faults"]


def test_what_stands_in_neither_document_is_shown_apart(whole: tuple[int, dict[str, Any], str]) -> None:
    _, data, page = whole
    beyond = [row["id"] for row in data["rows"] if not row["documented"]]
    assert data["summary"]["beyond"] == len(beyond) >= 19
    assert all(name.startswith("other-") for name in beyond)
    assert [row["id"] for row in data["rows"]][-len(beyond) :] == beyond
    apart = page.index("<h2>Seen in public, not in the two documents</h2>")
    assert max(page.index(f'id="{row["id"]}"') for row in data["rows"] if row["documented"]) < apart
    assert apart < min(page.index(f'id="{name}"') for name in beyond)


def test_the_table_has_a_heading_for_what_is_in_neither_document() -> None:
    _, out, _ = drill("sc-00005-forbidden", "other-conflict", "other-user-agent")
    before, heading, after = out.partition("-- seen in public, not in the two documents --")
    assert heading
    assert "sc-00005-forbidden" in before
    assert "other-conflict" in after
    assert "seen in public" not in after.partition("3 of 3 faults")[0]
    assert "2 of the 3 seen in public, not in the two documents" in after


def test_what_was_left_out_is_counted(whole: tuple[int, dict[str, Any], str]) -> None:
    _, data, _ = whole
    assert {row["id"] for row in data["rows"]} == {fault.id for fault in catalogue().values() if not fault.no_recipe}


def test_a_fault_that_is_left_out_is_refused_with_its_reason() -> None:
    status, _, err = drill("other-aws-sts")
    assert status == 2
    said = " ".join(err.split())
    assert f"other-aws-sts is not drilled. {catalogue()['other-aws-sts'].no_recipe}" in said


def test_what_must_not_be_repeated_was_sent_once(whole: tuple[int, dict[str, Any], str]) -> None:
    _, data, _ = whole
    for row in data["rows"]:
        if row["handled"] in ("green", "decided") and row["decision"].get("action") not in ("retry", "renew_token"):
            assert row["attempts"] == 1, row["id"]


def test_the_page_shows_every_row_and_no_secret(whole: tuple[int, dict[str, Any], str]) -> None:
    _, data, page = whole
    for row in data["rows"]:
        assert row["id"] in page
    assert not re.search(r"(?:Atza|Atzr|Atc)(?:\||%7C)[\w-]{8}|oa2-cs\.v1\.[0-9a-f]{8}", page)


def test_a_missing_recipe_fails_the_drill_unless_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = next(fault.id for fault in expected_faults() if fault.kind is Kind.CAUSE)
    monkeypatch.delitem(RECIPES, missing)
    status, out, _ = drill(missing)
    assert status == 1
    assert f"without a recipe yet: {missing}" in out
    assert drill(missing, "--allow-missing")[0] == 0


def test_json_to_standard_output_is_json_and_nothing_else() -> None:
    status, out, err = drill("sc-10000-server-busy", "--json", "-")
    assert status == 0
    assert json.loads(out)["rows"][0]["handled"] == "green"
    assert "1 of 1 faults green" in err


def test_the_same_seed_gives_the_same_rows() -> None:
    first, second = (drill("sc-30004-pickup-slot-expired", "--json", "-", "--seed", "7")[1] for _ in range(2))
    assert json.loads(first)["rows"] == json.loads(second)["rows"]


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    status, _, err = drill("sc-00005-forbidden", "--html", str(tmp_path / "file" / "d.html"))
    assert status == 2
    assert "cannot be written" in err


def test_a_recipe_may_play_at_its_own_date() -> None:
    early = datetime(2024, 3, 26, 12, tzinfo=UTC).timestamp()
    with stage(seed=0, recoup_under=False, epoch=early) as scene:
        assert scene.now == early
    assert RECIPES["400-developer-id-not-associated"].epoch == early
    assert RECIPES["sc-00005-forbidden"].epoch is None
