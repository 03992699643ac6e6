"""Document storage: what lies behind the presigned links that operations give out. It is no part of the API.

It knows neither tokens nor request ids of the API, answers in XML, and has an id of its own for every answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from recoup.exchange import Headers, Request, Response
from recoup.sandbox.front_door import decoded_query
from recoup.sandbox.operation import Refusal
from recoup.sandbox.trail import Trail, rule_of
from recoup.sandbox.world import World

__all__ = ["Read", "fetch"]

# The key that ends a link's path, its query decoded once, the virtual instant: Content-Type and content of the file.
# Raises the refusals of document storage.
Read = Callable[[str, Mapping[str, str], float], tuple[str, bytes]]
_ID = "x-amz-request-id"  # as the storage behind Amazon's links calls it


def fetch(world: World, request: Request, prefix: str, read: Read) -> Response:
    """The answer to a link below `prefix`, whose file `read` finds."""
    path, _, query = request.url.partition("?")
    with world.lock:
        now = world.clock.now()
        number = hashlib.sha256(f"{world.seed} {request.url} {now}".encode()).hexdigest()[:16].upper()
        try:
            kind, content = read(path[len(prefix) :], decoded_query(query), now)
        except Refusal as refusal:
            answer = world.answers.fill(refusal)
            world.keep_trail(
                Trail(
                    request_id=number,
                    at=now,
                    region="",
                    method=request.method,
                    path=path,
                    status=answer.status,
                    fault=refusal.fault,
                    because=refusal.because,
                    rule=rule_of(refusal),
                )
            )
            fields = ((_ID, number), ("Content-Type", answer.content_type), *answer.headers)
            return Response(status=answer.status, headers=Headers(fields), body=answer.body)
    return Response(status=200, headers=Headers([(_ID, number), ("Content-Type", kind)]), body=content)
