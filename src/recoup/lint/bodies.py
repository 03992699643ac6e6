"""The body of a request as JSON with places, read once for all rules."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from recoup.lint.json_text import JsonText, Node, read_json
from recoup.lint.mapped import Place
from recoup.lint.subject import Form, Subject

__all__ = ["LARGEST", "document", "place_of"]

LARGEST = 1 << 20  # bytes of a body that is looked at

_READ: WeakKeyDictionary[Subject, JsonText] = WeakKeyDictionary()


def document(subject: Subject) -> JsonText | None:
    """The body as JSON, with its flaws; None where there is none that can be read here.

    A body that travels in chunks or compressed, that is another file (`@file` of curl), that somebody masked or cut
    with dots, or that is larger than a megabyte, is not looked at.
    """
    known = _READ.get(subject)
    if known is not None:
        return known
    body = subject.body
    if body is None or len(body) > LARGEST:
        return None
    text = body.text.strip()
    if not text or text[0] == "<" or (subject.form is Form.CURL and text[0] == "@"):
        return None
    for name in ("transfer-encoding", "content-encoding"):
        field = subject.field(name)
        if field is not None and field.value.text.strip().lower() != "identity":
            return None
    found = read_json(body.text)
    if any(_masked(body.text, flaw.start) for flaw in found.flaws):
        return None
    _READ[subject] = found
    return found


def place_of(subject: Subject, node: Node) -> Place:
    """Where a value stands in the user's own bytes."""
    return subject.body.place(node.start, node.end) if subject.body is not None else Place(0, 0)


def _masked(text: str, at: int) -> bool:
    """Whether what stands there was put in by whoever showed the request: dots, an ellipsis, asterisks."""
    around = text[max(at - 3, 0) : at + 12]
    return "..." in around or "\xe2\x80\xa6" in around or "***" in around
