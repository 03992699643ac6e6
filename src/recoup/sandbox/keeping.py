"""Snapshots, and a sandbox that goes on where it was: the one place that puts a world back as it was."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from recoup.errors import SettingsError
from recoup.sandbox.actions import Actions
from recoup.sandbox.clock import LATEST, VirtualClock
from recoup.sandbox.opening import Opening, open_world
from recoup.sandbox.record import VERSION, Beginning, Record, Snapshot
from recoup.sandbox.replay import Diverged, replay
from recoup.sandbox.server import Handler
from recoup.sandbox.settings import SandboxSettings
from recoup.sandbox.state_file import Past, StateFile
from recoup.sandbox.world import World

__all__ = ["Keeping", "begin_or_resume", "keep_page"]

_MOST_SNAPSHOTS = 20


class Keeping:
    """What one sandbox remembers of its own past. `file` keeps it beyond the life of the process."""

    def __init__(self, opened: Opening, actions: Actions, base_url: str, beginning: Beginning, file: StateFile | None):
        self._opened = opened
        self._actions = actions
        self._base_url = base_url
        self._file = file
        self._snapshots: dict[str, Snapshot] = {}
        self._record = Record(opened.world, beginning, base_url, file)

    def start(self, past: Past | None) -> None:
        """Begin to keep, after `past` has happened again. Raises SettingsError where it cannot."""
        world = self._opened.world
        try:
            if past is not None:
                self._resume(world, past)
            elif self._file is not None:
                self._file.begin(self._record.beginning)
        except Diverged as error:
            line = past.lines[error.index] if past is not None else 0
            raise SettingsError(
                f"state: line {line} of {self._file.path if self._file else ''} came out otherwise than it once did "
                f"({error}); it was written by another recoup or changed since: take the recoup that wrote it, cut the "
                "file off before that line, or begin a new one"
            ) from error
        except OSError as error:
            raise SettingsError(f"state: the file cannot be written: {error}") from error
        world.recorder = self._record

    def _resume(self, world: World, past: Past) -> None:
        replay(world, self._actions, self._opened.recorded_pages, past.entries, self._base_url)
        world.clock.stand_at(past.resume_at(time.time()), frozen=past.frozen, moved=past.moved)
        generation = past.generation + 1
        world.number_requests_from(0, generation)
        self._record.resumed([msgspec.json.encode(entry) for entry in past.entries], generation)

    def snapshot(self) -> dict[str, Any]:
        """The world as it is now, as plain JSON. Raises ValueError where too much happened to be kept."""
        plain: dict[str, Any] = msgspec.to_builtins(self._record.snapshot())
        return plain

    def keep(self, name: str) -> str:
        """Keep a snapshot under a name, in memory. Raises ValueError where there are too many, or too much to keep."""
        if name not in self._snapshots and len(self._snapshots) >= _MOST_SNAPSHOTS:
            raise ValueError(f"{_MOST_SNAPSHOTS} snapshots are kept already; use one of their names again")
        self._snapshots[name] = self._record.snapshot()
        return name

    def kept(self, name: str) -> Snapshot:
        """The snapshot of that name. Raises ValueError where there is none."""
        if name not in self._snapshots:
            raise ValueError(f"no snapshot is called {name!r}; there are {', '.join(self._snapshots) or 'none'}")
        return self._snapshots[name]

    def restore(self, given: Mapping[str, Any] | Snapshot) -> None:
        """Put the world back to a snapshot. Raises ValueError, and nothing has changed, where that is not possible.

        What is in flight ends at once, in the world that it began in; fault plans stay.
        """
        snapshot = given if isinstance(given, Snapshot) else self._checked(given)
        world = self._opened.world
        with world.lock:
            self._try(snapshot)
            world.recorder = None
            try:
                world.clock.begin_at(snapshot.beginning.epoch, frozen=snapshot.beginning.frozen)
                world.reset(snapshot.beginning.seed)
                replay(world, self._actions, self._opened.recorded_pages, snapshot.entries, self._base_url)
                world.number_requests_from(snapshot.ids, snapshot.generation)
                world.clock.stand_at(snapshot.at, frozen=snapshot.frozen)
            finally:
                world.recorder = self._record
            self._record.restored(snapshot)

    def _checked(self, given: Mapping[str, Any]) -> Snapshot:
        version = (given.get("beginning") or {}).get("version") if isinstance(given.get("beginning"), dict) else None
        if version is not None and version != VERSION:
            raise ValueError(f"this snapshot has version {version} of the format, this recoup reads version {VERSION}")
        try:
            snapshot = msgspec.convert(given, type=Snapshot)
        except msgspec.ValidationError as error:
            raise ValueError(f"this is not a snapshot of a sandbox: {error}") from error
        if snapshot.beginning.settings != self._opened.world.settings:
            raise ValueError("this snapshot was taken of a sandbox with other settings")
        return snapshot

    def _try(self, snapshot: Snapshot) -> None:
        """Let it happen in a world of its own first, so that a snapshot that does not fit changes nothing."""
        clock = VirtualClock(snapshot.beginning.epoch, frozen=True)
        trial = open_world(
            seed=snapshot.beginning.seed, clock=clock, settings=snapshot.beginning.settings, base_url=self._base_url
        )
        actions = Actions(trial.world.lock, lambda: trial.stages, clock.now, trial.world.perform)
        try:
            replay(trial.world, actions, trial.recorded_pages, snapshot.entries, self._base_url)
        except Diverged as error:
            raise ValueError(f"entry {error.index + 1} of this snapshot comes out otherwise here: {error}") from error

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()


def keep_page(world: World, page: Handler) -> Handler:
    """A page whose visits are recorded and happen at one instant."""
    return lambda request, peer: world.visited(page, request, peer)


def begin_or_resume(
    file: StateFile | None,
    *,
    seed: int | None,
    epoch: float | None,
    frozen: bool,
    settings: SandboxSettings | None,
) -> tuple[Beginning, Past | None]:
    """How the world begins: as asked for, or as the file says. Raises SettingsError where the two contradict."""
    past = file.past() if file is not None else None
    if past is None or file is None:
        real = time.time()
        first = real if epoch is None else float(epoch)
        if not 0 <= first <= LATEST:
            raise SettingsError(f"epoch: seconds since 1970, up to the year 8999, not {epoch!r}")
        chosen = settings if settings is not None else SandboxSettings()
        return Beginning(seed=seed or 0, epoch=first, frozen=frozen, real=real, settings=chosen), None
    known = past.beginning
    for name, asked, allowed in (
        ("seed", seed, (known.seed, past.first_seed)),
        ("epoch", epoch, (known.epoch,)),
        ("settings", settings, (known.settings,)),
    ):
        if asked is not None and asked not in allowed:
            shown = "others" if name == "settings" else repr(allowed[0])
            raise SettingsError(
                f"{name}: {file.path} was begun with {shown}; leave it out to go on, or begin a new file"
            )
    return known, past
