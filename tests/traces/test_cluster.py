"""The same over a cluster, of which a worker is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from recoup.traces import files
from recoup.traces.bulk import examine, gather
from recoup.traces.cluster import examine_on, work_on
from recoup.traces.files import parts_of
from recoup.traces.parts import Found, Part
from recoup.traces.pool import whole_part

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("default")]

QUOTA = '{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota for the requested resource."}]}'


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "PART", 40_000)
    made = tmp_path / "calls.jsonl"
    with made.open("w", encoding="utf-8") as file:
        for number in range(20_000):
            status = 429 if number % 20 == 7 else 200
            record: dict[str, Any] = {"time": 1_790_000_000 + number, "method": "GET", "status": status, "seller": "S"}
            record |= {"url": f"/orders/v0/orders/{number}", "body": QUOTA if status == 429 else ""}
            file.write(json.dumps(record) + "\n")
    return made


def slowly(part: Part, fields: dict[str, tuple[str, ...]], every: bool) -> list[Found]:
    time.sleep(0.05)
    return whole_part(part, fields, every)


def test_a_cluster_finds_the_same_and_a_killed_worker_loses_and_doubles_nothing(log: Path) -> None:
    import distributed  # here: the shorter tier collects this file, and does not bring the library

    alone = examine([log]).as_dict()
    with (
        distributed.LocalCluster(n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert examine_on(client, [log]).as_dict() == alone
        victim = next(iter(client.run(os.getpid).values()))
        found = work_on(client, list(parts_of([log])), read=slowly)
        pieces = [next(found)]
        os.kill(victim, signal.SIGKILL)
        pieces += found
        assert gather(pieces).as_dict() == alone
