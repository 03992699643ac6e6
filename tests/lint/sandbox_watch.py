"""A plugin for pytest: lint over every request that a sandbox answers well while other tests run.

What it finds it writes, a line each, into the file that RECOUP_WATCHED names; its last line is the count of requests.
Requests to stand-ins that take anything, and random ones, are no valid requests: they are passed over.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recoup.exchange import Request, Response
from recoup.lint.checking import check
from recoup.lint.finding import Finding
from recoup.lint.reading import from_request
from recoup.sandbox.parts import Pending
from recoup.sandbox.world import World

_AT_RANDOM = ("any_call", "any_bytes", "properties", "generated")
_NAMED_LIKE_THAT = ("encoded_once_arrives", "percent_encoding_of_its_own")  # SKUs that look encoded by themselves
_seen: set[tuple[str, str, bytes | None]] = set()
_found: list[str] = []
_handle = World.handle


def _watched(self: World, request: Request, region: str, *, body_size: int | None = None) -> Response | Pending:
    answer = _handle(self, request, region, body_size=body_size)
    name = os.environ.get("PYTEST_CURRENT_TEST", "")
    key = (request.method, request.url, request.body)
    fine = isinstance(answer, Response) and 200 <= answer.status < 300 and key not in _seen
    real = all(type(mounted.service).__module__.startswith("recoup.") for mounted in self.services)
    if fine and real and not any(part in name for part in (*_AT_RANDOM, *_NAMED_LIKE_THAT)):
        _seen.add(key)
        findings = check(from_request(request), now=self.clock.now())
        _found.extend(
            f"{name}: {request.method} {request.url}: {each.rule}: {each.text}" for each in findings if _counts(each)
        )
    return answer


def _counts(finding: Finding) -> bool:
    """A removal that is near is told, and is no fault yet."""
    return not (finding.rule == "removed-operation" and finding.fault is None)


World.handle = _watched  # type: ignore[method-assign]


def pytest_sessionfinish(session: pytest.Session) -> None:
    Path(os.environ["RECOUP_WATCHED"]).write_text("\n".join([*_found, str(len(_seen))]), encoding="utf-8")
