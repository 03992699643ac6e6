"""The body lacks a field or a nested object that the operation requires.

A nested object may be missing as a whole, be null, be empty, or be something else than an object. Which fields are
required stands in Amazon's model of the operation; `recoup lint --models` takes newer ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from recoup.lint.asked import asked_of, fault_of, is_static_sandbox, reached, shaped
from recoup.lint.bodies import document, place_of
from recoup.lint.finding import Finding, FixKind
from recoup.lint.json_text import Node
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.shapes import Asked, Describes, Shape
from recoup.lint.subject import Form, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "missing-field"
FAULTS = (
    "400-missing-required-field",
    "400-missing-child-object",
    "sc-00002-invalid-value",
    "sc-00002-mandatory-field",
)

_NESTED = ("object", "array")
# What the models leave open and the services ask for all the same: fields of the body, one of several children of an
# object, anything at all.
_ALSO = {
    "batchInventory": ("requests",),
    "getItemOffersBatch": ("requests",),
    "getListingOffersBatch": ("requests",),
    "getFeaturedOfferExpectedPriceBatch": ("requests",),
    "getMyFeesEstimateForASIN": ("FeesEstimateRequest",),
    "getMyFeesEstimateForSKU": ("FeesEstimateRequest",),
}
_ONE_OF = {("createDestination", "resourceSpecification"): ("sqs", "eventBridge")}
_SOMETHING = frozenset({"updatePackageStatus"})


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding in the object that lacks something, behind its last field; at a nested object that is empty or none."""
    known, operation = asked_of(subject, around), reached(subject)
    if known is None or operation is None or is_static_sandbox(subject):
        return
    shapes, asked = known
    if asked.body is None:
        return
    single = fault_of(operation, FAULTS[0], FAULTS[2])
    nested = fault_of(operation, FAULTS[1], FAULTS[2])
    read = document(subject)
    if read is None:
        empty = subject.body is not None and not subject.body.text.strip()
        announced = subject.field("content-type") is not None or subject.field("content-length") is not None
        if empty and asked.body_required and announced and subject.form is not Form.URL:
            place = subject.body.place() if subject.body is not None else Place(0, 0)
            yield found(RULE, nested, place, f"{operation.id} needs a body.", "Send one.", FixKind.NEEDS_VALUE)
        return
    if read.root is None or not read.whole:
        return  # what is missing may stand behind the place where reading ended
    if operation.id in _SOMETHING and read.root.kind == "object" and not read.root.members:
        place, said = place_of(subject, read.root), "The body says nothing; one field at least is needed."
        yield found(RULE, FAULTS[3], place, said, "Give it a field.", FixKind.NEEDS_VALUE)
    for at, name, node, shape in shaped(shapes, asked, read.root):
        choice = _ONE_OF.get((operation.id, name))
        if choice is not None and node.kind == "object" and not any(node.get(each) for each in choice):
            said = f"{at} holds none of {', '.join(choice)}."
            yield found(RULE, nested, place_of(subject, node), said, "Give it one.", FixKind.NEEDS_VALUE)
        elif shape.kind == "object" and node.kind == "object":
            more = () if at else _ALSO.get(operation.id, ())
            shape = msgspec.structs.replace(shape, required=(*shape.required, *more)) if more else shape
            yield from _in_object(subject, shapes, asked, node, shape, at, (single, nested))
        elif shape.kind in _NESTED and node.kind not in (shape.kind, "null"):
            what = "an object" if shape.kind == "object" else "a list"
            said = f"{at or 'The body'} is {what}, not {_article(node.kind)}."
            yield found(RULE, nested, place_of(subject, node), said, f"Send {what}.", FixKind.NEEDS_VALUE)
        elif shape.kind == "array" and node.kind == "array" and not node.elements and shape.least:
            said = f"The list {at or 'that is the body'} is empty."
            yield found(RULE, nested, place_of(subject, node), said, "Give it an element.", FixKind.NEEDS_VALUE)


def _in_object(
    subject: Subject, shapes: Describes, asked: Asked, node: Node, shape: Shape, place: str, faults: tuple[str, str]
) -> Iterator[Finding]:
    single, nested = faults
    if place and not node.members and shape.required:
        said = f"{place} is empty; it needs {', '.join(shape.required[:6])}."
        yield found(RULE, nested, place_of(subject, node), said, "Fill it.", FixKind.NEEDS_VALUE)
        return
    there = {member.name for member in node.members}
    folded = {name.lower(): name for name in there}
    for name in shape.required:
        child = shapes.resolved(asked, shape.fields.get(name, Shape()))
        fault = nested if child.kind in _NESTED else single
        at = f"{place}.{name}" if place else name
        value = node.get(name)
        if value is not None and not value.members and not value.elements and value.kind in _NESTED:
            if value.kind == child.kind and not child.least and not child.required:
                said = f"{at} is empty, and it is required."
                yield found(
                    RULE, fault, place_of(subject, value), said, f"Fill {at}.", FixKind.NEEDS_VALUE, certain=False
                )
        elif value is not None and value.kind == "null":
            said = f"{at} is null, and it is required."
            yield found(RULE, fault, place_of(subject, value), said, f"Give {at} a value.", FixKind.NEEDS_VALUE)
        elif value is not None and value.kind == "string" and not value.text.strip() and child.kind == "string":
            said = f"{at} is empty, and it is required."
            sure = bool(child.least) or not value.text
            yield found(
                RULE, fault, place_of(subject, value), said, f"Give {at} a value.", FixKind.NEEDS_VALUE, certain=sure
            )
        elif value is None and name.lower() in folded:
            wrong = next(member for member in node.members if member.name == folded[name.lower()])
            where = subject.body.place(wrong.start, wrong.end) if subject.body is not None else Place(0, 0)
            said = f"The required field is called {name}; upper and lower case count."
            yield found(RULE, fault, where, said, f"Write {name}.", FixKind.GUESS, f'"{name}"'.encode())
        elif value is None:
            yield _absent(subject, node, at, child, fault)


def _absent(subject: Subject, node: Node, at: str, child: Shape, fault: str) -> Finding:
    what = {"object": "object ", "array": "list "}.get(child.kind, "field ")
    end = max(node.end - 1, node.start)
    place = subject.body.place(end, end) if subject.body is not None else Place(0, 0)
    return found(RULE, fault, place, f"The required {what}{at} is missing.", f"Add {at}.", FixKind.NEEDS_VALUE)


def _article(kind: str) -> str:
    return {"array": "a list", "object": "an object"}.get(kind, f"a {kind}")
