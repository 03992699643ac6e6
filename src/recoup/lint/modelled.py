"""Amazon's Swagger files that the user points to: what their operations ask for, read when a request needs it.

All files are looked through for their routes, which takes milliseconds; read as a whole is only the file of an
operation that a request reaches, once. Where such a file describes an operation that recoup knows too, the file counts:
it may be newer.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.catalogue.facts.routes import Routes
from recoup.catalogue.facts.swagger import operations_of
from recoup.errors import UnreadableInput
from recoup.lint.shapes import Asked, Shape, Shapes, shapes
from recoup.lint.shaping import shapes_of
from recoup.lint.subject import Subject

__all__ = ["Models"]

_MOST_FILES = 2_000
_LARGEST = 64 << 20  # bytes of a file
_METHODS = frozenset({"get", "put", "post", "patch", "delete"})
_PARAMETER = re.compile(r"\{[^}]*\}")
# What the file tells of an operation; the rest (roles, kind of token, party) stays as recoup knows it.
_OF_THE_FILE = (
    "source", "path", "query", "required_query", "date_query", "csv_query", "multi_query", "max_items", "body",
    "body_dates", "page_token", "marketplace", "headers",
)  # fmt: skip


class _Head(msgspec.Struct):
    """The routes of a file, and nothing of what stands below them."""

    paths: dict[str, dict[str, msgspec.Raw]]
    swagger: str
    basePath: str = ""  # noqa: N815  as the file calls it


class _Version(msgspec.Struct):
    swagger: str = ""


class _Model(msgspec.Struct, frozen=True):
    """One file, read as a whole: its shapes, and its operations by `METHOD path`."""

    shapes: Shapes
    operations: dict[str, Operation]


_HEADS = msgspec.json.Decoder(_Head)
_VERSIONS = msgspec.json.Decoder(_Version)


class Models:
    """The Swagger 2.0 files of a folder, or one file; in the place of `Shapes` wherever these are asked.

    Raises UnreadableInput, naming folder or file, where there is nothing to read, or what is there cannot be read: at
    once, or of the inside of a file when an operation of it is asked for.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._files: dict[str, Path] = {}  # by METHOD and path, its parameters without names
        self._routes: Routes[Path] = Routes()
        self._read: dict[Path, _Model] = {}
        for file in self._found(place):
            self._index(file)
        if not self._files:
            raise UnreadableInput(f"--models {place}: there is no Swagger 2.0 file in it")

    def __len__(self) -> int:
        return len(self._files)

    # -- as the rules ask

    def of(self, operation: Operation) -> Asked | None:
        """What an operation asks for: as its file says, else as recoup knows it; None where neither does."""
        file = self._files.get(_key(operation.method, operation.path))
        if file is None:
            return shapes().of(operation)
        model = self._model(file).shapes.operations
        exact = model.get(f"{operation.method} {operation.path}")
        if exact is not None:
            return exact
        wanted = _key(operation.method, operation.path)  # the same route, with other names for its parameters
        return next((asked for name, asked in model.items() if _key(*name.split(" ", 1)) == wanted), None)

    def resolved(self, asked: Asked, shape: Shape) -> Shape:
        """The shape itself, where a reference stands for it."""
        file = Path(asked.model)
        known = self._read.get(file)
        return (shapes() if known is None else known.shapes).resolved(asked, shape)

    def reached(self, subject: Subject) -> Operation | None:
        """The operation of the folder that a request reaches, with what recoup knows of it besides; None for others."""
        path = subject.path.text
        known = [] if subject.method.text else list(self._routes.find_methods(path))
        method = subject.method.text or (known[0] if len(known) == 1 else "GET")  # a URL alone is taken for a read
        file = self._routes.find(method, path)
        if file is None:
            return None
        own = subject.operation
        route = _key(own.method, own.path) if own is not None else ""
        found = self._model(file).operations
        match = next((item for name, item in found.items() if _key(*name.split(" ", 1)) == route), None)
        if match is None:
            match = next((item for item in found.values() if _matches(item, method, path)), None)
        if match is None or own is None:
            return match
        return msgspec.structs.replace(own, **{name: getattr(match, name) for name in _OF_THE_FILE})

    # -- files

    def _found(self, place: Path) -> list[Path]:
        try:
            if place.is_file():
                return [place]
            if not place.is_dir():
                raise UnreadableInput(f"--models {place}: there is no such folder or file")
            files = list(islice(place.rglob("*.json"), _MOST_FILES + 1))
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL
            raise UnreadableInput(f"--models {place}: {getattr(error, 'strerror', None) or error}") from error
        if len(files) > _MOST_FILES:
            raise UnreadableInput(f"--models {place}: more than {_MOST_FILES} files; name the folder of the models")
        return sorted(file for file in files if file.is_file())

    def _index(self, file: Path) -> None:
        data = self._bytes(file)
        try:
            head = _HEADS.decode(data)
        except msgspec.ValidationError as error:  # other JSON, or a Swagger file that is none
            if _is_swagger(data):
                raise UnreadableInput(f"--models {file}: its operations cannot be read: {error}") from error
            if file == self._place:
                raise UnreadableInput(f"--models {file}: this is no Swagger 2.0 file") from error
            return
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnreadableInput(f"--models {file}: this is no JSON: {error}") from error
        if not head.swagger.startswith("2"):
            return
        base = head.basePath.rstrip("/")
        for template, item in head.paths.items():
            for method in _METHODS & item.keys():
                key = _key(method.upper(), base + template)
                if key not in self._files:
                    self._files[key] = file
                    self._routes.add(method.upper(), base + template, file)

    def _bytes(self, file: Path) -> bytes:
        try:
            if file.stat().st_size > _LARGEST:
                raise UnreadableInput(f"--models {file}: more than {_LARGEST >> 20} MiB")
            return file.read_bytes()
        except OSError as error:
            raise UnreadableInput(f"--models {file}: {error.strerror or error}") from error

    def _model(self, file: Path) -> _Model:
        known = self._read.get(file)
        if known is None:
            known = self._read[file] = _parsed(file, self._bytes(file))
        return known


def _parsed(file: Path, data: bytes) -> _Model:
    try:
        model: Any = msgspec.json.decode(data)
        listed = operations_of(model, file.name)
        return _Model(shapes_of([(str(file), model)]), {f"{item.method} {item.path}": item for item in listed})
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        said = f"{type(error).__name__}: {error}"
        raise UnreadableInput(f"--models {file}: this Swagger file is not as Amazon writes them ({said})") from error


def _is_swagger(data: bytes) -> bool:
    try:
        return _VERSIONS.decode(data).swagger.startswith("2")
    except (msgspec.DecodeError, RecursionError):
        return False


def _key(method: str, path: str) -> str:
    return f"{method} {_PARAMETER.sub('{}', path)}"


def _matches(item: Operation, method: str, path: str) -> bool:
    routes: Routes[bool] = Routes()
    routes.add(item.method, item.path, True)
    return routes.find(method, path) is True
