"""What changed the world, written down in its order, so that the same world can be made again.

The sandbox is deterministic: the same seed, the same first instant and the same changes at the same instants give the
same state. So a line for each change is all that a snapshot or a state file needs: calls that an operation accepted or
counted, tokens that were given out, actions on the stage, and moves of the clock. Reads are not written down; a quota
that they used up is full again afterwards. Fault plans are no part of the state.

Each line carries a digest of what came of it, by which a world that comes out otherwise is noticed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Protocol

import msgspec

from recoup.exchange import Headers, Request, Response
from recoup.sandbox.consent.sessions import own_cookie
from recoup.sandbox.parts import Answered
from recoup.sandbox.settings import SandboxSettings
from recoup.sandbox.world import World

__all__ = [
    "FORMAT",
    "VERSION",
    "Acted",
    "Beginning",
    "Called",
    "Entry",
    "Lines",
    "Moved",
    "Record",
    "Restored",
    "Resumed",
    "Snapshot",
    "StartedOver",
    "Step",
    "Visited",
    "digest",
    "request_of",
]

FORMAT = "recoup sandbox"
VERSION = 1  # of the lines; another version is another language
# What operations and pages read of a call, beside the cookie of the sandbox's own pages, which says who is signed in.
# Nothing else is written down: a client may send secrets of its own that are none of the sandbox's business.
_KEPT = frozenset(
    {
        "content-type",
        "host",
        "if-match",
        "if-unmodified-since",
        "sec-fetch-site",
        "user-agent",
        "x-amz-access-token",
        "x-amz-date",
    }
)


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="did", omit_defaults=True, forbid_unknown_fields=True):
    """Base of all lines. Instants: `at` by the sandbox's clock, `real` by the machine's; epoch seconds (UTC)."""


class Called(_Line, frozen=True, kw_only=True, tag="call"):
    """A call. `ids`: how many request ids had been given out. `body`: bytes as Latin-1. `status` None: in flight."""

    at: float
    ids: int
    region: str
    method: str
    url: str
    headers: list[tuple[str, str]] = []
    body: str = ""
    size: int | None = None
    status: int | None = None
    answer: str = ""


class Visited(_Line, frozen=True, kw_only=True, tag="page"):
    """A page beside the API was asked for."""

    at: float
    method: str
    url: str
    headers: list[tuple[str, str]] = []
    body: str = ""
    status: int


class Acted(_Line, frozen=True, kw_only=True, tag="action"):
    """An action on the stage."""

    at: float
    action: str
    arguments: dict[str, Any] = {}
    result: str = ""


class Moved(_Line, frozen=True, kw_only=True, tag="clock"):
    """Time was moved, frozen or let go; this is how it stood then."""

    at: float
    real: float
    frozen: bool


class StartedOver(_Line, frozen=True, kw_only=True, tag="reset"):
    """The world began anew at its first instant: nothing before it counts any more."""

    real: float
    seed: int


class Resumed(_Line, frozen=True, kw_only=True, tag="resumed"):
    """A sandbox took the file up again. Request ids are of another generation from here on."""

    at: float
    real: float
    frozen: bool
    generation: int


Step = Called | Visited | Acted | Moved | Resumed
"""What can happen again, one after the other."""


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """What a world is made of before anything happens. `ports` are where it answered, by region."""

    format: str = FORMAT
    version: int = VERSION
    seed: int
    epoch: float
    frozen: bool
    real: float
    settings: SandboxSettings
    ports: dict[str, int] = {}


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A world at one instant: its beginning and all that changed it. Plain JSON."""

    beginning: Beginning
    entries: list[Step]
    at: float
    frozen: bool
    ids: int
    generation: int


class Restored(_Line, frozen=True, kw_only=True, tag="restored"):
    """The world was put back to a snapshot: nothing before it counts any more."""

    real: float
    snapshot: Snapshot


Entry = Step | StartedOver | Restored
_decode = msgspec.json.Decoder(list[Step]).decode


class Lines(Protocol):
    """Where lines are kept beyond the life of the process."""

    def append(self, line: bytes) -> None:
        """Keep a line; it has no line feed. Raises OSError where it cannot be kept."""
        ...


def digest(content: bytes, base_url: str) -> str:
    """A short digest of an answer. The address of the sandbox, which may change, does not count."""
    return blake2b(content.replace(base_url.encode(), b""), digest_size=8).hexdigest()


def _kept(headers: Headers) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in headers if name.lower() in _KEPT]
    session = own_cookie("; ".join(headers.get_all("cookie"))) if "cookie" in headers else ""
    return [*kept, ("cookie", session)] if session else kept


class Record:
    """Writes down what changes `world`: in memory, for snapshots, and in `lines` where there are any.

    In memory only the first `settings.kept_changes` changes are kept; beyond, a snapshot needs a state file.
    """

    def __init__(self, world: World, beginning: Beginning, base_url: str, lines: Lines | None = None) -> None:
        self._world = world
        self._base_url = base_url
        self._lines = lines
        self.beginning = beginning
        self._kept: list[bytes] | None = []

    # --- what happens, as the world tells it

    def request(
        self, request: Request, region: str, body_size: int | None, at: float, ids: int, answer: Answered
    ) -> None:
        """A call that changed something, or began to."""
        self._add(
            Called(
                at=at,
                ids=ids,
                region=region,
                method=request.method,
                url=request.url,
                headers=_kept(request.headers),
                body=(request.body or b"").decode("latin-1"),
                size=body_size,
                status=answer.status if isinstance(answer, Response) else None,
                answer=digest(answer.body, self._base_url) if isinstance(answer, Response) else "",
            )
        )

    def action(self, name: str, arguments: Mapping[str, Any], at: float, run: Callable[[], Any]) -> Any:
        """Let the stage act, and write it down. Raises ValueError where its arguments are not plain finite values."""
        try:
            plain = json.loads(json.dumps(msgspec.to_builtins(dict(arguments)), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: its arguments cannot be written down as JSON: {error}") from error
        result = run()
        content = msgspec.json.encode(result)
        self._add(Acted(at=at, action=name, arguments=plain, result=digest(content, self._base_url)))
        return result

    def page(self, request: Request, at: float, response: Response) -> None:
        """A page beside the API was asked for."""
        self._add(
            Visited(
                at=at,
                method=request.method,
                url=request.url,
                headers=_kept(request.headers),
                body=(request.body or b"").decode("latin-1"),
                status=response.status,
            )
        )

    def clock(self) -> None:
        """Time was moved, frozen or let go."""
        clock = self._world.clock
        self._add(Moved(at=clock.now(), real=time.time(), frozen=clock.mode == "frozen"))

    def reset(self) -> None:
        """The world began anew."""
        self.beginning = msgspec.structs.replace(self.beginning, seed=int(self._world.seed), real=time.time())
        self._kept = []
        self._write(StartedOver(real=self.beginning.real, seed=self.beginning.seed))

    def resumed(self, entries: list[bytes], generation: int) -> None:
        """The world was made again from these lines, and goes on. Raises OSError where the file cannot be written."""
        self._kept = entries if len(entries) < self._world.settings.kept_changes else None
        clock = self._world.clock
        frozen = clock.mode == "frozen"
        self._add(Resumed(at=clock.now(), real=time.time(), frozen=frozen, generation=generation))

    def restored(self, snapshot: Snapshot) -> None:
        """The world was put back to this snapshot."""
        self.beginning = snapshot.beginning
        self._kept = [msgspec.json.encode(entry) for entry in snapshot.entries]
        self._write(Restored(real=time.time(), snapshot=snapshot))

    # --- what it gives

    def snapshot(self) -> Snapshot:
        """The world as it is now. Raises ValueError where too much happened to be kept in memory."""
        world = self._world
        with world.lock:
            if self._kept is None:
                most = world.settings.kept_changes
                raise ValueError(
                    f"more than {most} changes happened since the last reset, which is all that is kept (kept_changes)"
                )
            return Snapshot(
                beginning=self.beginning,
                entries=_decode(b"[" + b",".join(self._kept) + b"]"),
                at=world.clock.now(),
                frozen=world.clock.mode == "frozen",
                ids=world.numbered,
                generation=world.generation,
            )

    def _add(self, entry: Entry) -> None:
        line = self._write(entry)
        if self._kept is not None:
            self._kept.append(line)
            if len(self._kept) > self._world.settings.kept_changes:
                self._kept = None

    def _write(self, entry: Entry) -> bytes:
        line = msgspec.json.encode(entry)
        if self._lines is not None:
            self._lines.append(line)
        return line


def request_of(entry: Called | Visited) -> Request:
    """The request that a line stands for."""
    return Request(
        method=entry.method, url=entry.url, headers=Headers(entry.headers), body=entry.body.encode("latin-1")
    )
