"""A state file: the beginning of a world in its first line, and one line of JSON for each change, only ever appended.

A line is written, in one go, before its answer leaves the sandbox: whoever got an answer finds its effect after a
`kill -9`. It is not forced onto the disk each time (that happens when the sandbox closes), so what a failing machine
had in its memory is lost. A last line that was cut off is dropped: nobody had an answer for it.

The file holds the sandbox's own made-up secrets (they follow from its seed), and of each call that changed something
the target, the body and the headers that an operation reads. Nobody but its owner may read it.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from recoup.errors import SettingsError
from recoup.sandbox.record import (
    FORMAT,
    VERSION,
    Acted,
    Beginning,
    Called,
    Entry,
    Moved,
    Restored,
    Resumed,
    StartedOver,
    Step,
    Visited,
)

if sys.platform != "win32":
    import fcntl

__all__ = ["Past", "StateFile"]


class Past(msgspec.Struct):
    """What a state file tells: changes, the line in which each stands, and how the clock stood at the end."""

    beginning: Beginning
    at: float
    frozen: bool
    entries: list[Step] = []
    lines: list[int] = []
    moved: bool = False
    generation: int = 0
    first_seed: int = 0
    _real: float = 0.0
    _shown: float = 0.0

    def take(self, line: int, entry: Entry) -> None:
        """One more line, in order."""
        match entry:
            case StartedOver():
                self._begin(msgspec.structs.replace(self.beginning, seed=entry.seed), entry.real)
            case Restored():
                self._begin(entry.snapshot.beginning, entry.real)
                self.entries = list(entry.snapshot.entries)
                self.lines = [line] * len(self.entries)
                self._time(entry.snapshot.at, entry.real, entry.snapshot.frozen)
                self.moved = True
            case Called() | Visited() | Acted():
                self._keep(line, entry)
            case Moved() | Resumed():
                self._keep(line, entry)
                self._time(entry.at, entry.real, entry.frozen)
                self.moved = self.moved or isinstance(entry, Moved)
        if isinstance(entry, Resumed):
            self.generation = max(self.generation, entry.generation)

    def _begin(self, beginning: Beginning, real: float) -> None:
        self.beginning, self.entries, self.lines, self.moved = beginning, [], [], False
        self._time(beginning.epoch, real, beginning.frozen)

    def _time(self, at: float, real: float, frozen: bool) -> None:
        self.at = self._shown = at
        self._real, self.frozen = real, frozen

    def _keep(self, line: int, entry: Step) -> None:
        self.entries.append(entry)
        self.lines.append(line)
        self.at = max(self.at, entry.at)

    def resume_at(self, real: float) -> float:
        """The instant to go on at when the machine's clock shows `real`: time that ran has run on meanwhile."""
        return self.at if self.frozen else max(self.at, self._shown + (real - self._real))


class StateFile:
    """The one writer of a state file. Raises SettingsError where it cannot be, or where the file is not one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._broken: OSError | None = None
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        except OSError as error:
            raise SettingsError(f"state: {path} cannot be opened: {error.strerror}") from error
        try:
            self._lock()
            self._lines = self._whole(path.read_bytes())
            if sys.platform != "win32" and stat.S_ISREG(os.fstat(self._file).st_mode):
                os.fchmod(self._file, 0o600)
        except BaseException:
            os.close(self._file)
            raise
        self._size = os.lseek(self._file, 0, os.SEEK_END)

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(f"state: {self.path} is in use by another sandbox") from error

    def _whole(self, content: bytes) -> list[bytes]:
        """The lines that are complete. What was cut off is dropped, once the file has proved to be one of ours."""
        *lines, cut = content.split(b"\n")
        begins = f'{{"format":"{FORMAT}"'.encode()
        if lines:
            self._check_version(lines[0])
        elif cut[: len(begins)] != begins[: len(cut)]:
            raise self._foreign()
        if cut:
            os.ftruncate(self._file, len(content) - len(cut))
        return lines

    def _check_version(self, line: bytes) -> None:
        try:
            known = msgspec.json.decode(line, type=_Version)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._foreign() from error
        if known.format != FORMAT:
            raise self._foreign()
        if known.version != VERSION:
            raise SettingsError(
                f"state: {self.path} has version {known.version} of the format, this recoup reads version {VERSION}: "
                "take the recoup that wrote it, or begin a new file"
            )

    def _foreign(self) -> SettingsError:
        return SettingsError(f"state: {self.path} is not a state file of the sandbox, and is left as it is")

    def past(self) -> Past | None:
        """What happened so far, or None where the file is new."""
        if not self._lines:
            return None
        number, decode = 1, msgspec.json.Decoder(Entry).decode
        try:
            beginning = msgspec.json.decode(self._lines[0], type=Beginning)
            past = Past(beginning=beginning, at=beginning.epoch, frozen=beginning.frozen, first_seed=beginning.seed)
            past.take(1, StartedOver(real=beginning.real, seed=beginning.seed))
            for number, line in enumerate(self._lines[1:], start=2):
                past.take(number, decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SettingsError(
                f"state: line {number} of {self.path} is broken ({error}), so what follows it cannot be told: put a "
                "copy of the file back, cut it off before that line, or begin a new one"
            ) from error
        return past

    def begin(self, beginning: Beginning) -> None:
        """Write the first line. Raises OSError where that is not possible."""
        self.append(msgspec.json.encode(beginning))

    def append(self, line: bytes) -> None:
        """Write a line. Raises OSError where it cannot be written whole; nothing is written any more from then on."""
        if self._broken is not None:
            raise OSError(f"{self.path} could not be written: {self._broken}") from self._broken
        data = line + b"\n"
        try:
            _write(self._file, data)
        except OSError as error:
            self._broken = error
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)

    def close(self) -> None:
        """Force all of it onto the disk and let the file go. May be called twice."""
        if self._file < 0:
            return
        try:
            with suppress(OSError):  # a pipe or the like cannot be synchronised
                os.fsync(self._file)
        finally:
            os.close(self._file)
            self._file = -1


def _write(file: int, data: bytes) -> None:
    written = os.write(file, data)
    if written != len(data):
        raise OSError(f"only {written} of {len(data)} bytes were written")


class _Version(msgspec.Struct):
    format: str = ""
    version: int = 0
