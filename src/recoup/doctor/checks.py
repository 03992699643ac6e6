"""The checks, each of them a few lines: what it asks, what it sends, and what the answer means.

They run in this order, which is that of their cost: what needs no network comes first, one request is cheaper than
three. A check that fails ends the examination where those behind it could only fail for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

from recoup.catalogue.facts import deprecations, marketplaces
from recoup.catalogue.facts.operations import Operation, operations
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.doctor.patient import Patient
from recoup.doctor.result import Outcome, Result
from recoup.errors import SettingsError
from recoup.exchange import Exchange, Headers, Request
from recoup.login.credentials import Credentials, problems
from recoup.login.grant import token_request
from recoup.login.token import TOKEN_HEADER, AccessToken, read_token
from recoup.recovery.advice import diagnose

__all__ = ["Send", "Visit", "find_operation"]

Send = Callable[[Request], Exchange]
"""Sends one request once and gives what came of it; raises nothing."""

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
USER_AGENT = "recoup-doctor/1.0 (Language=Python)"
_SKEW = 60.0  # seconds that a clock may be off before it is said


class Visit:
    """One examination: what was learned so far, and the checks that learn more."""

    def __init__(self, patient: Patient, send: Send, now: Callable[[], float]) -> None:
        self.patient = patient
        self._send = send
        self._now = now
        self._token: AccessToken | None = None
        self._marketplaces: tuple[str, ...] = ()
        self._quota: tuple[str, float] | None = None  # operation and rate, from the latest answer that told one

    # -- 1: without the network ---------------------------------------------------------------------------------------

    def credentials(self) -> Result:
        """Whether the three values can be what they are called."""
        wrong = problems(self.patient.client_id, self.patient.client_secret, self.patient.refresh_token)
        if wrong:
            return Result(
                check="credentials",
                outcome=Outcome.FAILED,
                text=" ".join(f"{each}." for each in wrong),
                who="developer",
            )
        return Result(
            check="credentials", outcome=Outcome.OK, text="The three values have the form that they should have."
        )

    # -- 2: Login with Amazon -----------------------------------------------------------------------------------------

    def token(self) -> Result:
        """Whether Login with Amazon gives an access token, how long it lasts, and whether the clock agrees."""
        request = self._token_request(refresh_token=self.patient.refresh_token)
        began = self._now()
        exchange = self._send(request)
        diagnosis = diagnose(exchange, now=self._now())
        if diagnosis.failed:
            return self._failed("token", diagnosis, (_line(request),))
        token = read_token(exchange, began)
        if not isinstance(token, AccessToken):
            return Result(
                check="token", outcome=Outcome.FAILED, text=token.reason, sent=(_line(request),), who="developer"
            )
        self._token = token
        lasts = round(token.expires_at - began)
        kind = token.kind or "token of an unknown kind"
        text = f"Login with Amazon gave an {kind} for {lasts} seconds."
        skew = _skew(exchange, began)
        if skew is not None and abs(skew) > _SKEW:
            side = "ahead of" if skew > 0 else "behind"
            text += f" This machine's clock is {abs(skew):.0f} seconds {side} Amazon's: set it."
            return Result(
                check="token", outcome=Outcome.NOTE, text=text, sent=(_line(request),), fault="other-clock-skew"
            )
        return Result(check="token", outcome=Outcome.OK, text=text, sent=(_line(request),), status=200)

    def scope(self) -> Result:
        """Whether Login with Amazon gives a grantless token of the scope."""
        if self.patient.scope is None:
            return Result(check="scope", outcome=Outcome.SKIPPED, text="No scope was named (--scope).")
        request = self._token_request(scope=self.patient.scope)
        exchange = self._send(request)
        diagnosis = diagnose(exchange, now=self._now())
        if diagnosis.failed:
            return self._failed("scope", diagnosis, (_line(request),))
        text = f"A grantless token of {self.patient.scope} was given."
        return Result(check="scope", outcome=Outcome.OK, text=text, sent=(_line(request),), status=200)

    # -- 3: the region and its marketplaces
    # -----------------------------------------------------------------------------

    def region(self) -> Result:
        """Whether the seller is known at the region's endpoint; if not, at which other one."""
        if self._token is None:
            return _not_reached("region", "there is no access token")
        request = self._api(PARTICIPATIONS)
        exchange = self._send(request)
        diagnosis = diagnose(exchange, now=self._now())
        sent = [_line(request)]
        if not diagnosis.failed:
            self._note_quota(exchange, "getMarketplaceParticipations")
            return self._participations(exchange, sent)
        if exchange.response is None or exchange.response.status != 403:
            return self._failed("region", diagnosis, tuple(sent))
        for other in marketplaces.regions():
            if other.code == self.patient.region or not self.patient.reaches(other.code):
                continue
            request = self._api(PARTICIPATIONS, region=other.code)
            sent.append(_line(request))
            answer = self._send(request)
            if answer.response is not None and answer.response.status == 200:
                return Result(
                    check="region",
                    outcome=Outcome.FAILED,
                    text=f"The authorization is one of {other.code}, not of {self.patient.region}.",
                    sent=tuple(sent),
                    fault="403-region-mismatch",
                    who="developer",
                    remedy=(
                        f"Call https://{other.host}.",
                        "A grant is valid for one region: keep one refresh token a region.",
                    ),
                    status=403,
                )
        return self._failed("region", diagnosis, tuple(sent))

    def _participations(self, exchange: Exchange, sent: list[str]) -> Result:
        assert exchange.response is not None  # noqa: S101  a success has a response
        try:
            found = msgspec.json.decode(exchange.response.body)
        except (msgspec.DecodeError, RecursionError):
            found = None
        entries = found.get("payload") if isinstance(found, dict) else None
        known: list[str] = []
        said: list[str] = []
        suspended: list[str] = []
        for entry in entries if isinstance(entries, list) else []:
            place = entry.get("marketplace") if isinstance(entry, dict) else None
            standing = entry.get("participation") if isinstance(entry, dict) else None
            if not isinstance(place, dict) or not isinstance(place.get("id"), str):
                continue
            name = f"{place['id']} ({place.get('countryCode') or '?'})"
            standing = standing if isinstance(standing, dict) else {}
            if standing.get("isParticipating") is False:
                name += ", not participating"
            else:
                known.append(place["id"])
            if standing.get("hasSuspendedListings") is True:
                suspended.append(place["id"])
                name += ", suspended listings"
            said.append(name)
        self._marketplaces = tuple(known)
        if not known:
            return Result(
                check="region",
                outcome=Outcome.FAILED,
                text="The seller participates in no marketplace of this region.",
                sent=tuple(sent),
                fault="403-unsupported-marketplace",
                who="seller",
                remedy=("Sign the account up for the marketplace, or call the region in which it sells.",),
                status=200,
            )
        text = f"{self.patient.region} knows the seller in {len(known)} marketplaces: {'; '.join(said)}."
        outcome = Outcome.NOTE if suspended else Outcome.OK
        return Result(check="region", outcome=outcome, text=text, sent=tuple(sent), status=200)

    # -- 4: one operation
    # -----------------------------------------------------------------------------------------------

    def operation(self) -> Result:
        """Whether the operation may be called: its role, its path, its removal."""
        wanted = self.patient.operation
        if wanted is None:
            return Result(check="operation", outcome=Outcome.SKIPPED, text="No operation was named (--operation).")
        if self._token is None:
            return _not_reached("operation", "there is no access token")
        found = find_operation(wanted)
        if isinstance(found, str):
            return Result(check="operation", outcome=Outcome.FAILED, text=found, who="developer")
        operation, path = found
        if path == PARTICIPATIONS and self._marketplaces:
            text = f"{wanted} may be called: it answered a moment ago."
            return Result(check="operation", outcome=Outcome.OK, text=text, status=200)
        gone = deprecations.of(operation) if operation is not None else deprecations.of_path(path)
        today = datetime.fromtimestamp(self._now(), UTC).date()
        if gone is not None and gone.removed is not None and today >= gone.removed:
            instead = (f"Use {gone.instead}.",) if gone.instead else ()
            return Result(
                check="operation",
                outcome=Outcome.FAILED,
                text=f"{gone.item} was removed on {gone.removed.isoformat()}; nothing was sent.",
                fault="403-deprecated-endpoint",
                who="developer",
                remedy=instead,
            )
        request = self._api(self._with_required(operation, path))
        exchange = self._send(request)
        self._note_quota(exchange, operation.id if operation is not None else path)
        diagnosis = diagnose(exchange, now=self._now())
        if not diagnosis.failed:
            return Result(
                check="operation",
                outcome=Outcome.OK,
                text=f"{wanted} may be called.",
                sent=(_line(request),),
                status=200,
            )
        status = diagnosis.http_status
        if status is not None and status in (400, 404):
            text = f"{wanted} may be called: it answered {status} to a call without a real id, which is past the door."
            return Result(
                check="operation", outcome=Outcome.OK, text=text, sent=(_line(request),), status=status,
                request_id=diagnosis.request_id,
            )  # fmt: skip
        roles = f" It needs one of the roles {', '.join(operation.roles)}." if operation and operation.roles else ""
        made = self._failed("operation", diagnosis, (_line(request),))
        if diagnosis.http_status == 403 and diagnosis.tied and self._marketplaces:
            # The same token opens another operation: what is left is the role, or the kind of account.
            return msgspec.structs.replace(
                made,
                fault="403-missing-role",
                text=f"The token opens other operations, and {wanted} is refused: the role is missing.{roles}",
                tied=(),
                remedy=_remedy(diagnosis, "403-missing-role"),
            )
        return made

    def _with_required(self, operation: Operation | None, path: str) -> str:
        """The path with what the operation requires: marketplaces of the seller, a day that has passed, a made-up
        id.
        """
        if operation is None:
            return path
        parts = []
        for name in operation.required_query:
            if name in operation.marketplace:
                parts.append(f"{name}={(self._marketplaces or ('ATVPDKIKX0DER',))[0]}")
            elif name in operation.date_query:
                day = datetime.fromtimestamp(self._now(), UTC) - timedelta(days=1)
                parts.append(f"{name}={day.strftime('%Y-%m-%dT%H:%M:%SZ')}")
            else:
                parts.append(f"{name}=1")
        return path + ("?" + "&".join(parts) if parts else "")

    # -- 5: the quota
    # ---------------------------------------------------------------------------------------------------

    def quota(self) -> Result:
        """What the answers told of the quota, beside the plan that is published."""
        if self._quota is None:
            return _not_reached("quota", "no answer told a rate")
        name, rate = self._quota
        known = operations().by_id(name)
        plan = known[0].rate if known else None
        text = f"{name}: {rate:g} requests a second are allowed"
        if plan is None:
            return Result(check="quota", outcome=Outcome.OK, text=f"{text}; no plan is published for it.")
        said = "as published" if plan == rate else f"where {plan:g} are published"
        return Result(check="quota", outcome=Outcome.OK, text=f"{text}, {said}.")

    def _note_quota(self, exchange: Exchange, name: str) -> None:
        told = exchange.response.headers.get("x-amzn-RateLimit-Limit") if exchange.response is not None else None
        try:
            rate = float(told) if told is not None and len(told) < 20 else None
        except ValueError:
            rate = None
        if rate is not None and 0 < rate < 1e6:
            self._quota = (name, rate)

    # -- parts
    # ----------------------------------------------------------------------------------------------------------

    def _token_request(self, *, refresh_token: str | None = None, scope: str | None = None) -> Request:
        credentials = Credentials(
            client_id=self.patient.client_id,
            client_secret=self.patient.client_secret,
            refresh_token=refresh_token,
            scope=scope,
        )
        return token_request(credentials, self.patient.token_url)

    def _api(self, path: str, region: str | None = None) -> Request:
        if self._token is None:
            raise SettingsError("there is no access token to call with")
        headers = Headers(
            ((TOKEN_HEADER, self._token.value), ("User-Agent", USER_AGENT), ("Accept", "application/json"))
        )
        return Request(method="GET", url=self.patient.endpoint(region) + path, headers=headers)

    def _failed(self, check: str, diagnosis: Diagnosis, sent: tuple[str, ...]) -> Result:
        best = diagnosis.best
        status = diagnosis.http_status
        if best is None:
            seen = f"HTTP {status}" if status is not None else "no answer"
            text = f"{seen}: {diagnosis.message or 'nothing that is known'}"
            return Result(check=check, outcome=Outcome.FAILED, text=text, sent=sent, status=status, who="developer")
        return Result(
            check=check,
            outcome=Outcome.FAILED,
            text=f"{best.title}: {best.cause}",
            sent=sent,
            fault=best.id,
            tied=diagnosis.tied,
            who=str(best.who),
            remedy=tuple(best.remedy.steps),
            status=status,
            request_id=diagnosis.request_id,
        )


def find_operation(wanted: str) -> tuple[Operation | None, str] | str:
    """The operation and the path to call, or why it cannot be called."""
    if wanted.startswith("/"):
        path = wanted.partition("?")[0]
        return operations().find("GET", path), wanted
    known = operations().by_id(wanted)
    if not known:
        return f"{wanted} is no operation that is known; give an id such as getOrders, or a path"
    reads = [item for item in known if item.method == "GET" and not item.writes]
    if not reads:
        return f"{wanted} changes something: a doctor only reads. Name a read of the same API and role"
    operation = reads[0]
    path = operation.path
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = f"{path[:start]}0{path[end + 1 :]}"
    return operation, path


def _remedy(diagnosis: Diagnosis, fault_id: str) -> tuple[str, ...]:
    found = next((match for match in diagnosis.faults if match.id == fault_id), None)
    return () if found is None else tuple(found.remedy.steps)


def _skew(exchange: Exchange, now: float) -> float | None:
    """Seconds by which this machine's clock is ahead of the one that answered, where the answer tells its time."""
    told = exchange.response.headers.get("date") if exchange.response is not None else None
    if told is None:
        return None
    try:
        return now - parsedate_to_datetime(told).timestamp()
    except (ValueError, OverflowError):
        return None


def _not_reached(check: str, why: str) -> Result:
    return Result(check=check, outcome=Outcome.SKIPPED, text=f"Not reached: {why}.")


def _line(request: Request) -> str:
    return f"{request.method} {request.url}"
