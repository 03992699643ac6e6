"""An examination: what it would send, and its results one by one as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recoup.catalogue.facts import marketplaces
from recoup.doctor.checks import PARTICIPATIONS, Send, Visit
from recoup.doctor.patient import Patient
from recoup.doctor.result import Outcome, Result

__all__ = ["examine", "plan"]


def plan(patient: Patient) -> tuple[str, ...]:
    """What an examination sends at most, in order, for a person to read before it is sent."""
    lines = [f"POST {patient.token_url}  (refresh token, client id, client secret: for an access token)"]
    lines.append(f"GET {patient.endpoint()}{PARTICIPATIONS}")
    if any(patient.reaches(each.code) for each in marketplaces.regions() if each.code != patient.region):
        lines.append("and where that is refused, the same GET at the two other regions")
    if patient.operation is not None:
        lines.append(f"one GET for {patient.operation}, with a made-up id where it needs one")
    if patient.scope is not None:
        lines.append(f"POST {patient.token_url}  (client id, client secret, scope {patient.scope})")
    return tuple(lines)


def examine(patient: Patient, send: Send, now: Callable[[], float]) -> Iterator[Result]:
    """Every check's result, in order. What cannot be reached any more is said too."""
    visit = Visit(patient, send, now)
    checks: tuple[tuple[str, Callable[[], Result]], ...] = (
        ("credentials", visit.credentials),
        ("token", visit.token),
        ("region", visit.region),
        ("operation", visit.operation),
        ("quota", visit.quota),
        ("scope", visit.scope),
    )
    stopped: str | None = None
    for name, check in checks:
        if stopped is not None:
            yield Result(check=name, outcome=Outcome.SKIPPED, text=f"Not reached: {stopped} failed.")
            continue
        result = check()
        yield result
        if result.outcome is Outcome.FAILED and name in ("credentials", "token"):
            stopped = name
