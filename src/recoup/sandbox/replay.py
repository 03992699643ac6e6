"""Making a world again from what changed it, and noticing where it comes out otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from recoup.exchange import Response
from recoup.sandbox.actions import Actions
from recoup.sandbox.record import Acted, Called, Moved, Resumed, Step, Visited, digest, request_of
from recoup.sandbox.server import Handler
from recoup.sandbox.world import World

__all__ = ["Diverged", "replay"]


class Diverged(Exception):
    """A change came out otherwise than it once did. `index` is that of the entry, from 0."""

    def __init__(self, index: int, text: str) -> None:
        super().__init__(text)
        self.index = index


def replay(
    world: World, actions: Actions, pages: Mapping[str, Handler], entries: Sequence[Step], base_url: str
) -> None:
    """Let everything happen again, each at its instant, in a world that stands at its beginning.

    The clock is left standing at the last instant. Raises Diverged.
    """
    world.replaying = True
    try:
        for index, entry in enumerate(entries):
            world.clock.stand_at(entry.at)
            try:
                wrong = _again(world, actions, pages, entry, base_url)
            except (ValueError, LookupError, TypeError) as error:
                raise Diverged(index, f"{_name(entry)} is not possible any more: {error}") from error
            if wrong:
                raise Diverged(index, f"{_name(entry)}: {wrong}")
    finally:
        world.replaying = False


def _again(world: World, actions: Actions, pages: Mapping[str, Handler], entry: Step, base_url: str) -> str:
    """Empty where the entry came out as it once did, else how not."""
    match entry:
        case Called():
            return _call(world, entry, base_url)
        case Visited():
            handler = next((page for prefix, page in pages.items() if entry.url.startswith(prefix)), None)
            if handler is None:
                return "there is no such page any more"
            status = world.visited(handler, request_of(entry), "127.0.0.1").status
            return "" if status == entry.status else f"answered {entry.status} then and {status} now"
        case Acted():
            result = digest(msgspec.json.encode(actions.again(entry.action, entry.arguments)), base_url)
            return "" if result == entry.result else "its result is another one"
        case Resumed():
            world.number_requests_from(0, entry.generation)
        case Moved():
            pass
    return ""


def _call(world: World, entry: Called, base_url: str) -> str:
    while world.numbered < entry.ids:
        world.request_id()
    if world.numbered != entry.ids:
        return f"more than {entry.ids} requests came before it"
    answer = world.handle(request_of(entry), entry.region, body_size=entry.size)
    if not isinstance(answer, Response):
        return "" if entry.status is None else f"answered {entry.status} then, and takes time now"
    if answer.status != entry.status:
        return f"answered {entry.status or 'later'} then and {answer.status} now"
    return "" if digest(answer.body, base_url) == entry.answer else f"answered {answer.status} with another body"


def _name(entry: Step) -> str:
    if isinstance(entry, (Called, Visited)):
        return f"{entry.method} {entry.url.partition('?')[0]}"
    return entry.action if isinstance(entry, Acted) else "the clock"
