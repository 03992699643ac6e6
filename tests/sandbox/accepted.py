"""What the sandbox's services accept is held against lint: a valid request has no finding.

The front door of every world is tapped while a test of the services runs. A request that was answered 2xx is linted as
if it had gone to the endpoint that the world stands for, at the virtual clock's time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from recoup.catalogue.facts import marketplaces
from recoup.catalogue.facts.marketplaces import Endpoint
from recoup.exchange import Request, Response
from recoup.lint.checking import check
from recoup.lint.reading import from_request
from recoup.sandbox.world import World

__all__ = ["findings_of_accepted"]


@contextmanager
def findings_of_accepted(found: list[str]) -> Iterator[None]:
    """While it lasts, what lint finds in accepted requests is added to `found`."""
    handle = World.handle

    def tapped(self: World, request: Request, region: str, **options: Any) -> Any:
        answer = handle(self, request, region, **options)
        known = marketplaces.region(region)
        if known is not None and isinstance(answer, Response) and 200 <= answer.status < 300:
            subject = from_request(request, endpoint=Endpoint(region=known, sandbox=False))
            # A call that works is told of its end a month ahead: no fault, and nothing that the caller did wrong.
            wrong = [each for each in check(subject, now=self.clock.now()) if each.rule != "removed-operation"]
            found.extend(f"{finding.rule}: {request.method} {request.url}: {finding.text}" for finding in wrong)
        return answer

    with patch.object(World, "handle", tapped):
        yield
