"""What is the same for all calls of one operation for one seller in one region, worked out once and kept."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from os import urandom
from urllib.parse import unquote

from recoup.catalogue.facts.operations import Operation, operations
from recoup.catalogue.facts.routes import segments
from recoup.governor.hold import HoldKey
from recoup.governor.plan import BucketKey
from recoup.transports.hosts import Place
from recoup.transports.library import Target

__all__ = ["UNKNOWN", "Course", "Courses"]

UNKNOWN = "-"
"""In the place of an application or a seller that is not known."""

_MOST_REMEMBERED = 10_000  # courses; with tokens of the caller's own there is a new one for every token
_ORDERS = frozenset({"{shipmentId}", "{orderId}", "{amazonOrderId}"})
_PROCESS = urandom(16)  # so that nobody can try out tokens against what stands in a log or a store


class Course:
    """An operation, whose bucket it draws from, and what may be held back of it."""

    __slots__ = ("_greedy", "_places", "bucket", "name", "operation")

    def __init__(self, operation: Operation, bucket: BucketKey) -> None:
        self.operation = operation
        self.bucket = bucket
        self.name = bucket.operation
        parts = segments(operation.path)
        places = [index for index, part in enumerate(parts) if part.startswith("{")]
        # An order rests as a whole, whichever of its packages the path goes on to.
        self._places = tuple(places[:1] if places and parts[places[0]] in _ORDERS else places)
        self._greedy = operation.greedy

    def hold_key(self, path: str) -> HoldKey:
        """What a hold must be on to hold back a call of this path: application, seller, operation, and the order or
        other resource that the path names; an empty entity where it names none.
        """
        entity = ""
        if self._places:
            parts = segments(path)
            if self._greedy:
                last = self._places[-1]
                parts[last:] = ["/".join(parts[last:])]
            entity = parts[self._places[0]] if len(self._places) == 1 else "/".join(parts[i] for i in self._places)
            if "%" in entity:
                entity = unquote(entity)
        bucket = self.bucket
        return HoldKey(bucket.application, bucket.seller, self.name, entity)


class Courses:
    """The courses of one client's calls. `application` is the client id, `seller` whose calls they are, where either
    is known. Safe to share between threads: the worst that a race can do is to work one out twice.
    """

    def __init__(self, application: str | None, seller: str | None) -> None:
        self._application = application or UNKNOWN
        self._seller = seller
        self._known: dict[tuple[int, str, str], Course] = {}
        self._met: dict[tuple[str, str, str, str], Course] = {}  # by method and ground (`_ground`), region, seller
        self._latest: tuple[str, str] = ("", UNKNOWN)  # a token, and the name that stands for it

    def find(self, target: Target, place: Place, token: str | None) -> Course | None:
        """The course of a call with `token`, the caller's own; None where the path is no operation's."""
        seller = self._seller
        if seller is None:
            latest = self._latest
            seller = latest[1] if token and token == latest[0] else self._named(token)
        method, path, region = target.method, target.path, place.region
        before = path[: path.rfind("/") + 1]
        if before != path:
            course = self._met.get((method, before, region, seller)) or self._met.get((method, path, region, seller))
            if course is not None:
                return course
        operation = operations().find(method, path)
        if operation is None:
            return None
        key = (id(operation), region, seller)  # the table is never thrown away, and so never an id given twice
        course = self._known.get(key)
        if course is None:
            course = Course(operation, BucketKey(self._application, seller, region, "/".join(operation.key)))
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
                self._met.clear()
            self._known[key] = course
            ground = _ground(operation)
            if ground is not None:
                self._met[operation.method, ground, region, seller] = course
        return course

    def _named(self, token: str | None) -> str:
        """A name for whoever a token stands for: the same for the same token in this process, telling nothing of it."""
        if not token:
            return UNKNOWN
        name = "token-" + blake2b(token.encode("utf-8", "replace"), digest_size=8, key=_PROCESS).hexdigest()
        self._latest = (token, name)
        return name


def _ground(operation: Operation) -> str | None:
    """What tells the operation's paths without walking through all that are known: the path itself where its template
    is one; or the path up to its last segment, with the slash, where whatever follows that belongs to it. Else None.
    """
    before, _, last = operation.path.rpartition("/")
    if operation.greedy or "{" in before:
        return None
    if not last.startswith("{"):
        return operation.path
    return f"{before}/" if before not in _with_words() else None


@cache
def _with_words() -> frozenset[str]:
    """The paths under which an operation has a last segment of its own."""
    split = (operation.path.rpartition("/") for operation in operations().items)
    return frozenset(before for before, _, last in split if not last.startswith("{"))
