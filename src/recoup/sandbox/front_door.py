"""What every call passes before it reaches a service: the checks of the front door, in their order.

Each check is one small function over a `Visit`. It reads what the earlier ones found, notes what the later ones need,
and raises a `Refusal` for its one reason. Amazon does not state the order; this one agrees with what was observed:
form, agent, route, removal date, token, secret, party, region, availability, registration, role, personal data,
standing, static sandbox, rate, content type, size, fields, JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from recoup.catalogue.facts.deprecations import removed_on
from recoup.catalogue.facts.marketplaces import region_of
from recoup.catalogue.facts.operations import Body, Operation, OperationTable, Party
from recoup.exchange import Headers
from recoup.sandbox.accounts import AccessToken, Accounts, PartnerStatus, SellingPartner
from recoup.sandbox.availability import offered
from recoup.sandbox.buckets import Buckets, usage_plan
from recoup.sandbox.operation import Outcome, Refusal
from recoup.sandbox.personal_data import OPENED_BY, given_by, plain_token_is_enough
from recoup.sandbox.settings import SandboxSettings
from recoup.sandbox.static_sandbox import described, is_static_host, static_answer

__all__ = ["CHECKS", "Door", "Visit", "decoded_query"]


class Door(msgspec.Struct, kw_only=True):
    """What the checks look things up in."""

    settings: SandboxSettings
    operations: OperationTable
    accounts: Accounts
    buckets: Buckets
    down_from: float = float("-inf")  # epoch seconds
    down_until: float = float("-inf")
    down_with: str = "other-503-unavailable"  # the fault that a front door in trouble answers
    withheld: set[tuple[str, str]] = msgspec.field(default_factory=set)  # api and version, marketplace: not offered yet


class Visit(msgspec.Struct, kw_only=True):
    """One call on its way through the front door: what was sent, and what the checks found out so far.

    `path` and `query` are as sent. `body_size` counts also what was not read because it was too much.
    """

    door: Door
    region: str
    now: float
    method: str
    path: str
    query_string: str
    headers: Headers
    body: bytes
    body_size: int
    operation: Operation | None = None
    plan: tuple[float, float] | None = None
    token: AccessToken | None = None
    partner: SellingPartner | None = None
    query: dict[str, str] = {}
    bucket_left: float | None = None
    json: Any = None
    static: bool = False  # it named one of Amazon's static sandboxes as its host
    sample: Outcome | None = None  # what a static sandbox has for it
    changing: bool = False  # it reached an operation that may change something
    before: dict[str, str] = {}
    request_id: str | None = None  # drawn early where the operation is in flight

    @property
    def known(self) -> Operation:
        """The operation, once the route was checked."""
        if self.operation is None:
            raise AssertionError("the route is checked first")
        return self.operation

    @property
    def caller(self) -> AccessToken:
        """The access token, once it was checked."""
        if self.token is None:
            raise AssertionError("the token is checked before whatever needs it")
        return self.token


def decoded_query(query_string: str) -> dict[str, str]:
    """Query parameters decoded once. A repeated one is an array, which Amazon's models write with commas."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def form(visit: Visit) -> None:
    """A read has neither body nor Content-Length nor Transfer-Encoding."""
    if visit.method in ("GET", "HEAD"):
        for name in ("content-length", "transfer-encoding"):
            if name in visit.headers:
                raise Refusal("400-get-with-body", because=f"a {visit.method} carries {name}")


def agent(visit: Visit) -> None:
    """The User-Agent is not longer than is accepted."""
    longest = visit.door.settings.longest_user_agent
    if len(visit.headers.get("user-agent") or "") > longest:
        raise Refusal("other-user-agent", because=f"the User-Agent has more than {longest} characters", limit=longest)


def health(visit: Visit) -> None:
    """The front door itself is in order."""
    if visit.door.down_from <= visit.now < visit.door.down_until:
        raise Refusal(visit.door.down_with, because=f"the front door is out of order until {visit.door.down_until}")


def route(visit: Visit) -> None:
    """Method and path are those of a known operation. An unknown path is a 403, not a 404 (contradiction C-34)."""
    visit.operation = visit.door.operations.find(visit.method, visit.path)
    if visit.operation is None:
        if visit.path.startswith(_SAYS_404):
            raise Refusal("404-wrong-path", because="no operation has this path, and this API says so itself")
        others = ", ".join(other.method for other in visit.door.operations.find_any_method(visit.path))
        hint = f"the path takes {others}" if others else "no operation has this path"
        raise Refusal("403-wrong-path-or-version", because=f"{visit.method} is not known here: {hint}")


# APIs whose own gateway answers a path that it does not know, with the 404 of their model (contradiction C-34).
_SAYS_404 = ("/tracking/2026-01-30/",)


def removal_date(visit: Visit) -> None:
    """The operation is not removed yet."""
    removed: date | None = removed_on(visit.known)
    if removed is not None and datetime.fromtimestamp(visit.now, UTC).date() >= removed:
        raise Refusal("403-deprecated-endpoint", because=f"{visit.known.id} was removed on {removed}")


def token_present(visit: Visit) -> None:
    """There is an access token, in the header that is made for it."""
    if not (visit.headers.get("x-amz-access-token") or "").strip():
        raise Refusal("403-missing-token", because="there is no x-amz-access-token, or it is empty")


def token_valid(visit: Visit) -> None:
    """The access token was issued here, is not revoked, and is not past its hour."""
    value = (visit.headers.get("x-amz-access-token") or "").strip()
    token = visit.door.accounts.tokens.get(value) if len(value) <= visit.door.settings.longest_token else None
    visit.token = token
    if token is None:
        raise Refusal(
            "403-expired-token", because="no such access token was issued, or it was altered", variant="token-revoked"
        )
    if token.revoked or (token.authorization is not None and token.authorization.revoked):
        raise Refusal("403-expired-token", because="the authorization behind it was revoked", variant="token-revoked")
    if visit.now >= token.expires_at:
        because = f"the access token expired at {token.expires_at}"
        raise Refusal("403-expired-token", because=because, variant="access-token-expired")


def secret_age(visit: Visit) -> None:
    """The client secret that the token was fetched with is not overdue (contradiction C-33)."""
    secret = visit.caller.secret
    if visit.now >= secret.overdue_at:
        because = f"the client secret is overdue since {secret.overdue_at}"
        raise Refusal("403-expired-token", because=because, variant="client-secret-expired")


def grant(visit: Visit) -> None:
    """A grantless operation is called with a grantless token of its scope, any other with a selling partner's."""
    token, wanted = visit.caller, visit.known.grantless
    if token.authorization is not None:
        visit.partner = visit.door.accounts.partners[token.authorization.merchant_id]
    if wanted is not None and wanted not in token.scopes:
        because = f"{visit.known.id} needs a grantless token with the scope {wanted}"
        raise Refusal("other-grantless-required", because=because)
    if wanted is None and visit.partner is None:
        because = f"{visit.known.id} needs a selling partner's token, not a grantless one"
        raise Refusal("other-grantless-required", because=because)
    if token.resources is not None and not any(_covers(visit, *resource) for resource in token.resources):
        because = "the token for restricted data was given for other resources"
        raise Refusal("other-rdt-required", because=because)


def _covers(visit: Visit, method: str, path: str) -> bool:
    """A resource names its path as it is called, or with its parameters in braces, which stand for any value."""
    if method != visit.method:
        return False
    return path == visit.path or ("{" in path and visit.door.operations.find(method, path) is visit.known)


def party(visit: Visit) -> None:
    """A seller calls seller operations, a vendor vendor operations."""
    wanted = visit.known.party
    if visit.partner is not None and wanted is not Party.BOTH and visit.partner.entity != wanted:
        because = f"{visit.known.id} is for a {wanted.value}, the token is a {visit.partner.entity}'s"
        raise Refusal("403-wrong-account-kind", because=because)


def region(visit: Visit) -> None:
    """The account, and every marketplace that the query names, belong to the region of this endpoint."""
    visit.query = decoded_query(visit.query_string)
    if visit.partner is not None and visit.partner.region != visit.region:
        because = f"the account belongs to {visit.partner.region}, this endpoint to {visit.region}"
        raise Refusal("403-region-mismatch", because=because)
    for name in visit.known.marketplace:
        for value in visit.query.get(name, "").split(","):
            found = region_of(value) if value else None
            if found is not None and found != visit.region:
                raise Refusal(
                    "403-region-mismatch", because=f"{value} belongs to {found}, this endpoint to {visit.region}"
                )


def availability(visit: Visit) -> None:
    """The API is offered in every marketplace that the query names."""
    operation = visit.known
    for name in operation.marketplace:
        for value in filter(None, visit.query.get(name, "").split(",")):
            late = (f"{operation.api} {operation.version}", value) in visit.door.withheld
            if late or not offered(operation.api, value):
                because = f"{operation.api} {operation.version} is not offered in {value}"
                raise Refusal("403-unsupported-marketplace", because=because)


def registration(visit: Visit) -> None:
    """The developer's registration was approved. Login with Amazon gives tokens before that."""
    if not visit.caller.application.approved:
        raise Refusal("other-dev-account-pending", because="the developer's registration is under review")


def role(visit: Visit) -> None:
    """The application has a role that opens the operation, and had it when the selling partner consented."""
    roles = visit.known.roles
    if not roles or visit.caller.authorization is None:
        return  # not known which roles open it, or grantless: its scope opens it
    application, authorization = visit.caller.application, visit.caller.authorization
    if application.roles.isdisjoint(roles):
        raise Refusal("403-missing-role", because=f"the application has none of the roles {', '.join(roles)}")
    if authorization.roles.isdisjoint(roles):
        raise Refusal("403-missing-role", because=f"the grant is older than the role: {', '.join(roles)}")


def personal_data(visit: Visit) -> None:
    """What gives personal data takes a token for restricted data, and roles that open it."""
    element, caller = given_by(visit.known), visit.caller
    if element is None:
        return
    if caller.resources is None:
        if not plain_token_is_enough(visit.known):
            raise Refusal("other-rdt-required", because=f"{visit.known.id} gives {element}, to a restricted token only")
        return
    granted = caller.authorization.roles if caller.authorization is not None else frozenset()
    if OPENED_BY[element].isdisjoint(granted & caller.application.roles):
        because = f"{visit.known.id} gives {element}, which none of the application's roles opens"
        raise Refusal("other-pii-restricted", because=because)


def standing(visit: Visit) -> None:
    """The selling account is active. Billing and enforcement answer differently (contradiction C-36)."""
    if visit.partner is not None and visit.partner.status is PartnerStatus.INACTIVE:
        raise Refusal("400-inactive-account", because="the account is inactive: its charge method failed")
    if visit.partner is not None and visit.partner.status is PartnerStatus.DEACTIVATED:
        raise Refusal("403-account-suspended", because="the account is deactivated")


def static_host(visit: Visit) -> None:
    """On a host of Amazon's static sandbox: its model describes the operation there."""
    visit.static = is_static_host(visit.headers.get("host"))
    if visit.static and not described(visit.known):
        raise Refusal("other-sandbox-unsupported", because=f"the model of {visit.known.id} describes no sandbox")


def rate(visit: Visit) -> None:
    """The bucket of this operation, application and selling partner has a request left."""
    door, operation = visit.door, visit.known
    visit.plan = usage_plan(operation, door.settings)
    if visit.static:
        visit.plan = (door.settings.unknown_rate, door.settings.unknown_rate_burst)
    merchant = visit.partner.merchant_id if visit.partner is not None else ""
    key = (f"{operation.api}:{operation.version}:{operation.id}", visit.caller.application.id, merchant)
    allowed = door.buckets.take(key, *visit.plan, visit.now)
    visit.bucket_left = door.buckets.left(key)
    if not allowed:
        because = f"the bucket of {operation.id} holds {visit.bucket_left:.3f}, refilled with {visit.plan[0]} a second"
        raise Refusal("429-rate-limit", because=because)


def content_type(visit: Visit) -> None:
    """A body is JSON, and says so. What is no type at all is a 400, an unsupported one a 415 (contradiction C-37)."""
    if not visit.body_size or visit.known.body is Body.NONE:
        return
    given = visit.headers.get("content-type")
    if given is None:
        return
    kind = given.partition(";")[0].strip().lower()
    if "/" not in kind.strip("/"):
        raise Refusal("400-wrong-content-type", because="Content-Type is not of the form type/subtype")
    if kind != "application/json":
        raise Refusal("other-415-unsupported-media", because=f"the operation takes application/json, not {kind[:80]!r}")


def size(visit: Visit) -> None:
    """The body is not larger than the largest accepted."""
    if visit.body_size > visit.door.settings.largest_body:
        because = f"{visit.body_size} bytes are more than {visit.door.settings.largest_body}"
        raise Refusal("other-413-too-large", because=because)


def required_header(visit: Visit) -> None:
    """The date of the request is there, where the settings demand it (contradiction C-42: Amazon was seen not to)."""
    if visit.door.settings.date_required and not (visit.headers.get("x-amz-date") or "").strip():
        raise Refusal("400-missing-required-field", because="there is no x-amz-date", parameter="x-amz-date")


def required_query(visit: Visit) -> None:
    """Required query parameters are there, and dates are ISO 8601. External Fulfillment says so in its own words."""
    operation = visit.known
    if visit.static or operation.path.startswith("/externalFulfillment/"):
        return
    for name in operation.required_query:
        if not visit.query.get(name):
            raise Refusal("400-missing-required-field", because=f"the query lacks {name}", parameter=name)
    for name in operation.date_query:
        value = visit.query.get(name)
        if value is not None and not _is_instant(value):
            because = f"{name} is not an ISO 8601 instant or date"
            raise Refusal("400-invalid-date-format", because=because, parameter=name, value=value)


def _is_instant(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return len(value) >= len("2026-01-31") and value[4] == "-"


def json_syntax(visit: Visit) -> None:
    """The body is JSON."""
    if not visit.body or visit.known.body is Body.NONE:
        return
    try:
        visit.json = msgspec.json.decode(visit.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = visit.body[:40].decode("utf-8", "replace")
        fault = "400-missing-required-field"
        if visit.known.path.startswith("/externalFulfillment/"):
            fault = "sc-00002-invalid-value"
        raise Refusal(fault, because=f"the body is not JSON: {error}", value=shown, parameter="body") from error


def static_sample(visit: Visit) -> None:
    """On a host of Amazon's static sandbox: the arguments equal those of a sample."""
    if visit.static:
        parameters = {**visit.query, **visit.door.operations.parameters(visit.known, visit.path)}
        visit.sample = static_answer(visit.known, parameters, visit.json)


CHECKS: tuple[Callable[[Visit], None], ...] = (
    form,
    agent,
    health,
    route,
    removal_date,
    token_present,
    token_valid,
    secret_age,
    grant,
    party,
    region,
    availability,
    registration,
    role,
    personal_data,
    standing,
    static_host,
    rate,
    content_type,
    size,
    required_header,
    required_query,
    json_syntax,
    static_sample,
)
