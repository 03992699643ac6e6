"""Parks: what Login with Amazon refused for good is not asked again before somebody acted.

A park is a `governor.hold.Hold` without an end. It is filed under a fingerprint of the very refresh token or client
secret that was refused (see `governor.hold.HoldKey`), so that whoever brings another one is not held by it, whichever
process it is and whether it was restarted or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from recoup.catalogue.fault import Who
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import AskPerson, FaultError, FixRequest
from recoup.governor.hold import ANY, LOGIN, Hold, HoldKey
from recoup.governor.stores import Holds
from recoup.login.credentials import Credentials
from recoup.login.identity import fingerprint
from recoup.recovery.decision import GiveUp, StopReason, decision_as_dict
from recoup.redaction import redact_text

__all__ = ["Parks", "refused_secret", "why_parked"]

_SELLER = frozenset({"lwa-invalid-grant"})
_SECRET = "lwa-invalid-client"  # noqa: S105  the id of a fault
_APPLICATION = frozenset({_SECRET, "lwa-unauthorized-client"})
_LONGEST_REASON = 300  # characters


def refused_secret(fault: str | None) -> bool:
    """Whether another client secret may be accepted where this fault came."""
    return fault == _SECRET


class Parks:
    """The parks that concern one seller of one application, in a store that others may share."""

    def __init__(self, holds: Holds, application: str, seller: str) -> None:
        self._holds = holds
        self._application = application
        self._seller = seller

    @property
    def blocking(self) -> bool:
        """Whether the methods do input or output."""
        return self._holds.blocking

    def standing(self, versions: Sequence[Credentials], now: float) -> Hold | Sequence[Credentials]:
        """The park that keeps all these versions of the credentials from asking; else those that may ask."""
        held = self._held(_grant(versions[0]), now)
        if held is not None:
            return held
        free: list[Credentials] = []
        for version in versions:
            refused = self._held(_secret(version), now)
            held = refused or held
            if refused is None:
                free.append(version)
        return free if held is None or free else held

    def park(self, diagnosis: Diagnosis, refused: Sequence[Credentials], now: float) -> Hold | None:
        """Begin to hold back what this answer to these credentials is about; None where it is no matter of a park."""
        best = diagnosis.best
        if best is None or best.id not in _SELLER | _APPLICATION:
            return None
        whole = best.id in _APPLICATION and not (best.id != _SECRET and refused[0].grantless)
        marks = [_secret(version) for version in refused] if whole else [_grant(refused[0])]
        said = f": {redact_text(diagnosis.message)}" if diagnosis.message else ""
        found: Hold | None = None
        for mark in marks:
            found = Hold(
                key=HoldKey(self._application, ANY if whole else self._seller, LOGIN, mark),
                until=None,
                since=now,
                fault=best.id,
                reason=f"{best.title}{said}"[:_LONGEST_REASON],
                who=str(best.who),
                remedy=best.remedy.text,
            )
            self._holds.hold(found)
        return found

    def resume(self, versions: Sequence[Credentials], *, application: bool = True) -> Sequence[Hold]:
        """End the seller's parks and, with `application`, those of these versions of the client secret."""
        ended = list(self._holds.release(HoldKey(self._application, self._seller, LOGIN)))
        if application:
            for version in versions:
                ended += self._holds.release(HoldKey(self._application, ANY, LOGIN, _secret(version)))
        return ended

    def healed(self, version: Credentials, now: float) -> None:
        """These credentials work: end the parks that are about older ones of the same seller and application."""
        for hold in self._holds.holds(now=now):
            key = hold.key
            mine = key.application == self._application and key.operation == LOGIN
            if mine and key.seller in (self._seller, ANY):
                self._holds.release(key)

    def _held(self, mark: str, now: float) -> Hold | None:
        return self._holds.held(HoldKey(self._application, self._seller, LOGIN, mark), now=now)


def _grant(credentials: Credentials) -> str:
    return fingerprint(credentials.refresh_token or credentials.scope or "", "grant")


def _secret(credentials: Credentials) -> str:
    return fingerprint(credentials.client_secret, "secret")


def why_parked(hold: Hold) -> tuple[FaultError, GiveUp]:
    """The error and the decision for a call that is not sent because of this park."""
    who = Who(hold.who) if hold.who in list(Who) else Who.OPERATOR
    from recoup.catalogue.loader import catalogue  # late: only a refusal needs it

    known = catalogue()
    fix = known[hold.fault].remedy.action if hold.fault is not None and hold.fault in known else None
    decision = GiveUp(reason=StopReason.PERMANENT, fix=fix, who=who, text=hold.remedy)
    parked = "this application" if hold.key.seller == ANY else f"seller {hold.key.seller}"
    since = datetime.fromtimestamp(hold.since, UTC).isoformat(" ", "seconds").removesuffix("+00:00")
    said = f"no access token: {parked} is parked since {since} UTC ({hold.fault}). {hold.reason.rstrip('.')}."
    asks = who in (Who.OPERATOR, Who.SELLER, Who.AMAZON)
    kind = AskPerson if asks else FixRequest
    error = kind(f"{said} First: {hold.remedy}", fault=hold.fault, decision=decision_as_dict(decision))
    if isinstance(error, AskPerson):
        error.who = str(who)
    return error, decision
