"""Many inputs, in one process and in several."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from recoup.cli.main import Streams, main
from recoup.diagnosis.context import Context
from recoup.errors import UnreadableInput
from recoup.traces import files, parts
from recoup.traces.bulk import examine, gather
from recoup.traces.fields import PARTS
from recoup.traces.files import parts_of
from recoup.traces.parts import Found, Part
from recoup.traces.pool import whole_part, work
from recoup.traces.summary import Summary

DENIED = '{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
QUOTA = '{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota for the requested resource."}]}'


def record(number: int) -> dict[str, Any]:
    status, body = {3: (403, DENIED), 7: (429, QUOTA)}.get(number % 20, (200, ""))
    return {
        "timestamp": f"2026-11-23T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        "method": "GET",
        "url": f"https://sellingpartnerapi-eu.amazon.com/orders/v0/orders/{number:09}",
        "status": status,
        "body": body,
        "seller": f"S{number % 3}",
    }


def log(*numbers: int) -> bytes:
    return b"".join(json.dumps(record(number)).encode() + b"\n" for number in numbers)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "PART", 10_000)
    made = tmp_path / "logs"
    (made / "sub" / ".hidden").mkdir(parents=True)
    (made / "a.jsonl").write_bytes(log(*range(400)))
    (made / "b.jsonl.gz").write_bytes(gzip.compress(log(*range(400, 500))))
    (made / "sub" / "c.log").write_bytes(log(*range(500, 600)) + b"oops\n" + log(*range(600, 700)))
    (made / "sub" / ".hidden" / "d").write_bytes(log(3))
    return made


def told(inputs: list[str], **more: Any) -> tuple[Summary, list[tuple[str, int]]]:
    out: list[tuple[str, int]] = []

    def failure(traced: Any, _: object) -> None:
        out.append((Path(traced.place.file).name, traced.place.line))

    return examine(inputs, on_failure=failure, **more), out


def test_everything_is_read_once_in_the_order_of_the_inputs(folder: Path) -> None:
    summary, failures = told([str(folder)])
    assert (summary.exchanges, summary.failures, summary.unread) == (700, 70, 1)
    places = {(number % 400, number // 400) for number in range(700)}
    assert len(places) == 700
    assert failures[:3] == [("a.jsonl", 4), ("a.jsonl", 8), ("a.jsonl", 24)]
    assert [name for name, _ in failures] == ["a.jsonl"] * 40 + ["b.jsonl.gz"] * 10 + ["c.log"] * 20
    lines = [line for name, line in failures if name == "a.jsonl"]
    assert lines == [number + 1 for number in range(400) if number % 20 in (3, 7)]
    assert str(summary.unread_examples[0].place).endswith("c.log:101")


def test_parts_of_a_file_hold_each_line_once(folder: Path) -> None:
    made = list(parts_of([folder / "a.jsonl"]))
    assert len(made) > 3
    assert [part.start for part in made[1:]] == [part.end for part in made[:-1]]
    whole = examine([folder / "a.jsonl"]).as_dict()
    found = [whole_part(part, dict(PARTS), False) for part in made]
    assert gather(piece for pieces in found for piece in pieces).as_dict() == whole
    for size in (1, 50, 999, 70_000):
        cuts = [*range(0, made[-1].end or 0, max(size, 200)), made[-1].end]
        pieces = [
            Part(path=made[0].path, size=1, form="jsonl", start=start, end=end)
            for start, end in pairwise(cuts)
            if start is not None
        ]
        counted = gather(piece for part in pieces for piece in whole_part(part, dict(PARTS), False))
        assert counted.as_dict() == whole


def test_several_processes_find_the_same_as_one(folder: Path) -> None:
    one = told([str(folder)])
    several = told([str(folder)], jobs=2)
    assert several[0].as_dict() == one[0].as_dict()
    assert several[1] == one[1]
    assert examine([str(folder)], jobs=2).as_dict() == examine([str(folder)]).as_dict()


def test_few_may_wait_for_what_the_others_did(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "WAITING", 3)
    monkeypatch.setattr("recoup.traces.bulk.MOST_WAITING", 4)
    summary, failures = told([str(folder)])
    assert (summary.exchanges, summary.failures, len(failures)) == (700, 70, 70)
    assert failures == sorted(failures)


def dies_once(part: Part, fields: dict[str, tuple[str, ...]], every: bool) -> list[Found]:
    mark = Path(part.path).with_name("died")
    if part.path.endswith("b.jsonl.gz") and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return whole_part(part, fields, every)


def dies_always(part: Part, fields: dict[str, tuple[str, ...]], every: bool) -> list[Found]:
    if part.path.endswith("b.jsonl.gz"):
        os.kill(os.getpid(), signal.SIGKILL)
    return whole_part(part, fields, every)


def test_a_process_that_dies_loses_nothing_and_counts_nothing_twice(folder: Path) -> None:
    deaths: list[Part] = []
    found = work(list(parts_of([folder])), PARTS, jobs=2, on_death=deaths.append, read=dies_once)
    assert gather(found).as_dict() == examine([folder]).as_dict()
    assert deaths


def test_a_part_that_kills_its_process_twice_is_said_to_be_unread(folder: Path) -> None:
    summary = gather(work(list(parts_of([folder])), PARTS, jobs=2, read=dies_always))
    assert (summary.exchanges, summary.unread) == (600, 2)
    assert any("died, twice" in each.reason for each in summary.unread_examples)


def test_what_other_calls_did_is_known_however_they_are_cut(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Context] = []
    original = Context.merge

    def merge(self: Context, other: Context) -> None:
        original(self, other)
        seen.append(self)

    monkeypatch.setattr(Context, "merge", merge)
    examine([folder])
    calls = seen[-1].sellers["S1"]
    assert calls.worked + calls.denied + calls.failed == len([n for n in range(700) if n % 3 == 1])


def test_an_input_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="nowhere"):
        examine([tmp_path / "nowhere"])


def test_a_folder_is_read_though_some_of_it_cannot_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere").symlink_to(folder / "gone")
    os.mkfifo(folder / "pipe")
    (folder / "empty.jsonl").touch()
    (folder / "binary").write_bytes(bytes(64) + bytes(range(256)) * 20)
    opening = Path.open

    def refused(self: Path, *arguments: Any, **more: Any) -> Any:
        if self.name == "a.jsonl":
            raise PermissionError(13, "Permission denied")
        return opening(self, *arguments, **more)

    monkeypatch.setattr(Path, "open", refused)
    summary = examine([folder])
    assert (summary.exchanges, summary.failures) == (300, 30)
    reasons = {Path(each.place.file).name: each.reason for each in summary.unread_examples}
    assert (reasons["a.jsonl"], reasons["binary"]) == ("Permission denied", "this is no text")
    assert set(reasons) == {"a.jsonl", "binary", "c.log"}


# --- the command


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(arguments, Streams(io.BytesIO(stdin), out, err), {})
    return status, out.getvalue(), err.getvalue()


def test_the_failures_of_a_folder_are_printed_as_json_with_their_places(folder: Path) -> None:
    status, out, err = run("diagnose", str(folder), "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (status, len(rows)) == (1, 70)
    assert rows[0]["place"] == {"file": str(folder / "a.jsonl"), "line": 4, "offset": rows[0]["place"]["offset"]}
    assert (rows[0]["seller"], rows[0]["at"]) == ("S0", "2026-11-23T00:00:03+00:00")
    assert {row["id"] for row in rows} >= {"429-rate-limit"}
    assert err == f"recoup: {folder / 'sub' / 'c.log'}:101: not read: the line is not a JSON object\n"


def test_a_log_on_standard_input_is_counted(folder: Path) -> None:
    status, out, _ = run("diagnose", stdin=(folder / "b.jsonl.gz").read_bytes())
    assert status == 1
    assert "10 of 100" in out
    assert "429-rate-limit" in out


@pytest.mark.parametrize(
    ("stdin", "arguments", "status", "says"),
    [
        (log(1, 2), [], 0, ""),
        (log(3), [], 1, ""),
        (log(1) + b"oops\n" + log(2), [], 2, "standard input:2: not read"),
        (b'{"level":"info","time":1,"msg":"x"}\n' * 3, [], 2, "none of 3 records tells of an exchange"),
        (log(1), ["--field", "status"], 2, "NAME=PLACE"),
        (log(1).replace(b'"status"', b'"outcome"'), ["--field", "status=outcome", "--format", "jsonl"], 0, ""),
        (b"{}", ["--format", "har"], 2, 'no list of "entries"'),
    ],
)
def test_the_exit_status_says_what_was_found(stdin: bytes, arguments: list[str], status: int, says: str) -> None:
    found, _, err = run("diagnose", *arguments, stdin=stdin)
    assert found == status
    assert says in err
    assert "Traceback" not in err


def test_a_few_failures_are_explained_each_with_its_place() -> None:
    _, out, _ = run("diagnose", stdin=log(1, 3))
    assert out.startswith("standard input:2\n")
    assert "1 of 2" in out


def test_no_secret_of_a_log_is_printed() -> None:
    line = {**record(3), "request_headers": {"x-amz-access-token": "Atza|planted-1"}, "seller": "joe@planted.example"}
    data = json.dumps(line).encode() + b"\n" + log(1)
    for arguments in ([], ["--json"]):
        _, out, err = run("diagnose", *arguments, stdin=data)
        assert "planted" not in out + err


def test_the_first_few_failures_are_told_as_all_of_them_are(folder: Path) -> None:
    every: list[tuple[str, Any]] = []
    few: list[tuple[str, Any]] = []
    whole = examine([folder], on_failure=lambda traced, found: every.append((str(traced.place), found.as_dict())))
    for jobs in (1, 2):
        few.clear()
        counted = examine(
            [folder],
            jobs=jobs,
            first=3,
            on_failure=lambda traced, found: few.append((str(traced.place), found.as_dict())),
        )
        assert few == every[:3]
        assert counted.as_dict() == whole.as_dict()


def test_one_process_reads_parts_that_follow_each_other_as_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apart = list(parts_of([folder]))
    together = list(files.joined(apart))
    assert [Path(part.path).name for part in together] == ["a.jsonl", "b.jsonl.gz", "c.log"]
    assert sum(part.size for part in together) == sum(part.size for part in apart)
    assert len(apart) > len(together)
    summary = examine([folder]).as_dict()
    monkeypatch.setattr(files, "JOINED", 25_000)
    assert len(together) < len(list(files.joined(apart))) < len(apart)
    assert examine([folder]).as_dict() == summary
