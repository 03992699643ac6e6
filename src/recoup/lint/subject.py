"""What a rule looks at: one request, each of its parts with its place in the user's own bytes.

However the request was given (raw HTTP, a curl command line, an entry of a HAR file, a URL, a value), a rule sees the
same parts. A part that the input cannot carry is None or empty, and `complete` says whether the header fields are all
there: a rule that misses something must ask it first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar, overload
from urllib.parse import unquote

from recoup.catalogue.facts import marketplaces
from recoup.catalogue.facts.marketplaces import Endpoint
from recoup.catalogue.facts.operations import Operation, operations
from recoup.exchange import Headers, Request
from recoup.lint.mapped import Mapped, Place

__all__ = ["Form", "Pair", "Subject"]


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,15}://")
_MOST_OF_A_NAME = 1000
_NOT_OF_THE_API = ("/auth/o2/", "/apps/authorize/", "/ap/oa")  # Login with Amazon, and the consent workflow
_BARE_HOST = re.compile(r"[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+(?::\d+)?(?=[/?#]|$)")


T = TypeVar("T")


class _once(Generic[T]):  # noqa: N801  used like a decorator of the standard library
    """A property that is worked out when it is asked for first. That of functools takes a lock, which costs more than
    most of what is worked out here; two threads that ask at once only do the same work twice.
    """

    def __init__(self, work: Callable[[Any], T]) -> None:
        self._work = work
        self.__doc__ = work.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> _once[T]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object, owner: type) -> T | _once[T]:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._work(instance)
        return value


class Form(StrEnum):
    """How the request was given."""

    HTTP = "http"  # the bytes of the wire
    TEXT = "text"  # a request written down as HTTP has it; the endings of its lines say nothing
    CURL = "curl"
    HAR = "har"
    URL = "url"  # a URL alone, as a consent link is
    VALUE = "value"  # made by a program: there are no bytes of a user, places are those of a rendering


class Pair:
    """A name and a value, as written: a query parameter (still percent-encoded), or a header field."""

    __slots__ = ("_decoded", "name", "value", "whole")

    def __init__(self, name: Mapped, value: Mapped, whole: Place) -> None:
        self.name = name
        self.value = value
        self.whole = whole
        self._decoded: str | None = None

    @property
    def key(self) -> str:
        """The name in lower case, as header fields are compared."""
        return self.name.text.strip().lower()

    @property
    def decoded(self) -> str:
        """The value of a query parameter, decoded once: a plus is a blank there."""
        if self._decoded is None:
            self._decoded = unquote(self.value.text.replace("+", " "), errors="replace")
        return self._decoded


class Subject:
    """One request to be checked. `target` is the URL or path as written; `body` is None where it is not known.

    `complete` says that all header fields are known. `cut` is where a shell ends the command before its author meant it
    to end. `endpoint` is given where the host is one that stands for an endpoint of Amazon's: a proxy, a sandbox; or
    `stands_for_api`, where nobody knows for which.
    """

    def __init__(
        self,
        *,
        source: bytes,
        form: Form,
        method: Mapped,
        target: Mapped,
        fields: tuple[Pair, ...] = (),
        body: Mapped | None = None,
        complete: bool = False,
        cut: Place | None = None,
        endpoint: Endpoint | None = None,
        stands_for_api: bool = False,
    ) -> None:
        self.source = source
        self.form = form
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
        self.complete = complete
        self.cut = cut
        self._endpoint = endpoint
        self._stands_for_api = stands_for_api or endpoint is not None

    # -- the target, taken apart ------------------------------------------------------------------------------------

    @_once
    def _split(self) -> tuple[int, int, int, int]:
        """Where in the target the authority begins and ends, and where path and query begin (query: its first `?`)."""
        text = self.target.text
        scheme = _SCHEME.match(text)
        if scheme is not None or (self.form is not Form.HTTP and _BARE_HOST.match(text)):
            start = 0 if scheme is None else scheme.end()
            ends = [at for at in (text.find(mark, start) for mark in "/?#") if at >= 0]
            stop = min(ends, default=len(text))
        else:
            start = stop = 0
        fragment = text.find("#", stop)
        limit = fragment if fragment >= 0 else len(text)
        question = text.find("?", stop, limit)
        return start, stop, stop, question if question >= 0 else limit

    @property
    def scheme(self) -> str:
        """`https`, `http`, or empty where the target is a path."""
        found = _SCHEME.match(self.target.text)
        return "" if found is None else found[0][:-3].lower()

    @property
    def target_start(self) -> int:
        """Where in the target the path begins."""
        return self._split[2]

    @_once
    def authority(self) -> Mapped:
        """Host and port of the URL; empty where the target is a path."""
        start, stop, _, _ = self._split
        return self.target.cut(start, stop)

    @_once
    def path(self) -> Mapped:
        """The path as written, still percent-encoded."""
        _, _, start, end = self._split
        return self.target.cut(start, end)

    @_once
    def query(self) -> Mapped:
        """What stands behind the first question mark, as written, without a fragment."""
        *_, question = self._split
        fragment = self.target.text.find("#", question)
        end = fragment if fragment >= 0 else len(self.target.text)
        return self.target.cut(min(question + 1, end), end)

    @_once
    def fragment(self) -> Mapped | None:
        """What stands behind `#`, with it; None where there is none."""
        at = self.target.text.find("#", self._split[1])
        return self.target.cut(at) if at >= 0 else None

    @_once
    def parameters(self) -> tuple[Pair, ...]:
        """The query parameters in their order, as written."""
        found: list[Pair] = []
        text, at = self.query.text, 0
        for part in text.split("&"):
            end = at + len(part)
            if part:
                equals = text.find("=", at, end)
                middle = equals if equals >= 0 else end
                value = self.query.cut(min(middle + 1, end), end)
                found.append(Pair(self.query.cut(at, middle), value, self.query.place(at, end)))
            at = end + 1
        return tuple(found)

    def parameter(self, name: str) -> Pair | None:
        """The first query parameter of exactly this name."""
        return next((pair for pair in self.parameters if pair.name.text == name), None)

    # -- header fields ------------------------------------------------------------------------------------------------

    @_once
    def _index(self) -> dict[str, tuple[Pair, ...]]:
        index: dict[str, tuple[Pair, ...]] = {}
        for pair in self.fields:
            key = pair.key
            index[key] = (*index.get(key, ()), pair) if len(index.get(key, ())) < _MOST_OF_A_NAME else index[key]
        return index

    def named(self, name: str) -> tuple[Pair, ...]:
        """The header fields of this name, given in lower case; the first thousand of them."""
        return self._index.get(name, ())

    def field(self, name: str) -> Pair | None:
        """The first header field of this name, given in lower case."""
        found = self._index.get(name)
        return found[0] if found else None

    @property
    def end_of_fields(self) -> Place:
        """Behind the last header field (else behind the target): where a missing one belongs."""
        end = max((field.whole.end for field in self.fields), default=self.target.place().end)
        return Place(end, end)

    # -- what the tables know -----------------------------------------------------------------------------------------

    @_once
    def host(self) -> str:
        """The host in lower case, without a port: the URL's, else the Host field's; empty where neither tells."""
        text = self.authority.text.rpartition("@")[2]
        if not text:
            field = self.field("host")
            text = field.value.text.strip() if field is not None else ""
        return text.rsplit(":", 1)[0].lower() if not text.startswith("[") else text.lower()

    @_once
    def endpoint(self) -> Endpoint | None:
        """The endpoint of the Selling Partner API that the host is, or None."""
        return self._endpoint or marketplaces.by_host(self.host)

    @_once
    def is_api(self) -> bool:
        """Whether this goes to the Selling Partner API, as far as can be told: to its host, or to no host at all with a
        path of its kind. A host that only stands for an endpoint may stand for Login with Amazon too.
        """
        if not self._stands_for_api and self.endpoint is not None:
            return True
        if not self._stands_for_api and self.host:
            return False
        return self.path.text.startswith("/") and not self.path.text.startswith(_NOT_OF_THE_API)

    @_once
    def operation(self) -> Operation | None:
        """The operation that method and path reach, or None; where no method is known, the only one of that path."""
        path = self.path.text
        if not path.startswith("/"):
            return None
        if self.method.text:
            return operations().find(self.method.text, path)
        known = operations().find_any_method(path)
        return known[0] if len(known) == 1 else None

    def reaching(self, operation: Operation) -> None:
        """Somebody who knows more than the table, or has asked it, says which operation this reaches."""
        self.__dict__["operation"] = operation

    @_once
    def request(self) -> Request:
        """The same request as a value."""
        return Request(
            method=self.method.text,
            url=self.target.text,
            headers=Headers([(pair.name.text, pair.value.text) for pair in self.fields]),
            body=None if self.body is None else self.body.text.encode("latin-1", "replace"),
            raw=self.source if self.form is Form.HTTP else None,
        )
