"""What a request gives for each thing that its operation asks for: names, decoded values, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.lint.bodies import document, place_of
from recoup.lint.json_text import Node
from recoup.lint.mapped import Mapped, Place
from recoup.lint.rule import Around
from recoup.lint.shapes import Asked, Describes, Shape, shapes
from recoup.lint.subject import Form, Subject

__all__ = [
    "Given",
    "asked_of",
    "body_values",
    "fault_of",
    "given",
    "is_fixed_word",
    "is_hole",
    "is_static_sandbox",
    "of_fulfillment",
    "path_values",
    "query_known",
    "reached",
    "shaped",
    "split",
    "unknown_of",
]

_NOTHING = frozenset({"None", "null", "undefined", "nil", "NaN", "[object Object]"})
_MOST = 1000  # elements of a list
_LONGEST = 512  # characters of a value that are searched
# What the static sandbox of Amazon takes in place of values, and what a documentation writes for them.
_FIXED = re.compile(r"TEST_?[A-Z0-9_]*|Test\w+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|\w+[Cc]ase\d{3}\w*", re.ASCII)
_CASE = re.compile(r"\bTEST_CASE_|[a-z]Case\d{3}\b", re.ASCII)
_HOLE = re.compile(
    r"<[^>]*>|\$?\{[^}]*\}|\[[A-Za-z_ ]+\]|%s|^:[a-z]\w+$|\.{3}|\xe2\x80\xa6|\*{2,}|x{4,}|X{4,}|#{3,}"
    r"|(?i:your[-_ ]?\w*|filtered|redacted|masked|removed|hidden)",
    re.ASCII,
)


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A value that somebody gave: `name` as its operation calls it, `value` decoded, `part` query, path or body."""

    name: str
    value: str
    place: Place
    part: str
    kind: str = "string"


def reached(subject: Subject) -> Operation | None:
    """The operation that a request reaches, at Amazon or at a sandbox or proxy of this machine; None for others."""
    host = subject.host
    here = subject.is_api or "." not in host or host.startswith("127.")
    return subject.operation if here else None


def asked_of(subject: Subject, around: Around) -> tuple[Describes, Asked] | None:
    """What the operation of this request asks for; None where it is not known."""
    operation = reached(subject)
    if operation is None:
        return None
    known = around.shapes or shapes()
    asked = known.of(operation)
    return None if asked is None else (known, asked)


def unknown_of(subject: Subject, around: Around) -> str | None:
    """What the rules would need to judge parameters and body of this request, in a sentence; None where they know it.

    A note for the reader, no finding: no model that is known describes the operation.
    """
    operation = reached(subject)
    if operation is None or (around.shapes or shapes()).of(operation) is not None:
        return None
    route = f"{operation.method} {operation.path}"
    return f"What {operation.id} ({route}) requires is not known: no model describes it. Give one with --models."


def of_fulfillment(operation: Operation) -> bool:
    """Whether it belongs to External Fulfillment, which answers in words of its own."""
    return operation.path.startswith("/externalFulfillment/")


def fault_of(operation: Operation | None, general: str, fulfillment: str = "sc-00002-invalid-value") -> str:
    """The fault that something causes: `general`, or the one of External Fulfillment."""
    return fulfillment if operation is not None and of_fulfillment(operation) else general


def query_known(subject: Subject) -> bool:
    """Whether the absence of a query parameter means something: a bare path may have been cut from its query, and what
    stands in the place of a query or of one of its parameters may stand for any.
    """
    if any(is_hole(unquote(pair.name.text)) for pair in subject.parameters):
        return False
    return bool(len(subject.query) or subject.fields or subject.form in (Form.HTTP, Form.CURL, Form.HAR))


def is_hole(value: str) -> bool:
    """Whether this stands for a value that was left out or masked."""
    return not value or value in _NOTHING or _HOLE.search(value, 0, _LONGEST) is not None


def is_fixed_word(value: str) -> bool:
    """Whether this is a word of Amazon's static sandbox (`TEST_CASE_200`), not a value."""
    return len(value) <= _LONGEST and _FIXED.fullmatch(value) is not None


def is_static_sandbox(subject: Subject) -> bool:
    """Whether Amazon's static sandbox is asked: it compares a few arguments with its samples, and needs no others."""
    if subject.endpoint is not None and subject.endpoint.sandbox:
        return True
    body = subject.body.text[:65_536] if subject.body is not None else ""
    return _CASE.search(subject.target.text) is not None or _CASE.search(body) is not None


def split(text: Mapped) -> list[tuple[str, Mapped]]:
    """The elements of a comma-separated value as written, each decoded once; an encoded comma separates as well.

    Of a list that is longer than any that is taken only the beginning is given.
    """
    found: list[tuple[str, Mapped]] = []
    start = 0
    for match in re.finditer(r",|%2[Cc]|$", text.text):
        piece = text.cut(start, match.start())
        found.append((unquote(piece.text.replace("+", " "), errors="replace"), piece))
        start = match.end()
        if len(found) >= _MOST:
            break
    return found


def path_values(subject: Subject) -> Iterator[Given]:
    """The values of the path parameters, decoded once."""
    operation = subject.operation
    if operation is None:
        return
    at = 0
    sent = subject.path.text.split("/")
    for index, template in enumerate(operation.path.split("/")):
        if index >= len(sent):
            return
        end = at + len(sent[index])
        if template.startswith("{") and template.endswith("}"):
            value = unquote(sent[index], errors="replace")
            yield Given(name=template[1:-1], value=value, place=subject.path.place(at, end), part="path")
        at = end + 1


def given(subject: Subject) -> Iterator[Given]:
    """Every single value of query and path, lists taken apart, and every text or number of the body."""
    operation = subject.operation
    lists = (*operation.csv_query, *operation.multi_query) if operation is not None else ()
    for pair in subject.parameters:
        name = unquote(pair.name.text)
        if name in lists:
            for value, piece in split(pair.value):
                yield Given(name=name, value=value, place=piece.place(), part="query")
        else:
            yield Given(name=name, value=pair.decoded, place=pair.value.place(), part="query")
    yield from path_values(subject)
    yield from body_values(subject)


def body_values(subject: Subject) -> Iterator[Given]:
    """Every text or number of the body with the name of the field that holds it, or that holds its list."""
    found = document(subject)
    if found is None:
        return
    for name, node in found.nodes():
        if name and node.kind in ("string", "number"):
            yield Given(name=name, value=node.text, place=place_of(subject, node), part="body", kind=node.kind)


def shaped(known: Describes, asked: Asked, root: Node) -> Iterator[tuple[str, str, Node, Shape]]:
    """Every value of the body that its shape knows: its place (`a.b[0].c`), its field's name, itself, its shape."""
    if asked.body is None:
        return
    stack = [("", "", root, known.resolved(asked, asked.body))]
    while stack:
        place, name, node, shape = stack.pop()
        yield place, name, node, shape
        below: list[tuple[str, str, Node, Shape]] = []
        if node.kind == "object":
            for member in node.members:
                child = shape.fields.get(member.name)
                if child is not None:
                    at = f"{place}.{member.name}" if place else member.name
                    below.append((at, member.name, member.node, known.resolved(asked, child)))
        elif node.kind == "array" and shape.items is not None:
            item = known.resolved(asked, shape.items)
            below = [(f"{place}[{index}]", name, each, item) for index, each in enumerate(node.elements)]
        stack += reversed(below)
