"""A request to Login with Amazon's token endpoint: its fields, wherever they stand, with their places."""

from __future__ import annotations

from urllib.parse import unquote_plus

import msgspec

from recoup.lint.json_text import read_json
from recoup.lint.mapped import Mapped, Place
from recoup.lint.subject import Form, Subject

__all__ = ["Field", "TokenRequest", "token_request"]

_PATH = "/auth/o2/token"
_LARGEST = 65_536
_MOST = 50


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field: `value` is decoded once; `place` that of the value, `whole` with its name."""

    name: str
    value: str
    written: str
    place: Place
    whole: Place


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. `form` is form, json or empty; `fields` are those of the body, `query` those of the URL."""

    form: str
    fields: tuple[Field, ...]
    query: tuple[Field, ...]
    known: bool  # whether the body can be read, so that what is missing is missing

    def get(self, name: str) -> Field | None:
        """The first field of that name, in the body or else in the query."""
        return next((field for field in (*self.fields, *self.query) if field.name == name), None)


def token_request(subject: Subject) -> TokenRequest | None:
    """The token request that this is, or None."""
    if subject.path.text.rstrip("/") != _PATH:
        return None
    query = tuple(
        Field(
            name=pair.name.text,
            value=pair.decoded,
            written=pair.value.text,
            place=pair.value.place(),
            whole=pair.whole,
        )
        for pair in subject.parameters
    )
    body = subject.body
    if body is None or not body.text.strip() or len(body) > _LARGEST:
        return TokenRequest(form="", fields=(), query=query, known=subject.form is Form.HTTP and subject.complete)
    text = body.text.strip()
    if text.startswith(("{", "[")):
        return TokenRequest(form="json", fields=_of_json(body), query=query, known=True)
    if text[0] in "@<":
        return TokenRequest(form="", fields=(), query=query, known=False)
    return TokenRequest(form="form", fields=_of_form(body), query=query, known="=" in text)


def _of_json(body: Mapped) -> tuple[Field, ...]:
    root = read_json(body.text).root
    members = root.members if root is not None else []
    return tuple(
        Field(
            name=member.name,
            value=member.node.text,
            written=member.node.text,
            place=body.place(member.node.start, member.node.end),
            whole=body.place(member.start, member.node.end),
        )
        for member in members[:_MOST]
    )


def _of_form(body: Mapped) -> tuple[Field, ...]:
    found: list[Field] = []
    text, at = body.text, 0
    for part in text.split("&")[:_MOST]:
        end = at + len(part)
        name, equals, value = part.partition("=")
        if name.strip():
            middle = at + len(name) + len(equals)
            found.append(
                Field(
                    name=unquote_plus(name.strip()),
                    value=unquote_plus(value.rstrip("\r\n")),
                    written=value,
                    place=body.place(middle, end),
                    whole=body.place(at, end),
                )
            )
        at = end + 1
    return tuple(found)
