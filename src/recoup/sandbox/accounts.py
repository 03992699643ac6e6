"""Who is who: applications with their secrets, selling partners, and the authorizations between them.

Plain mutable state of the sandbox. Generation is seeded: the same seed and the same calls give the same ids and
secrets. Secrets of this room open nothing but the sandbox; still no `repr` shows them.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from enum import StrEnum

import msgspec

from recoup.sandbox.settings import SandboxSettings

__all__ = [
    "DIRECT_TO_CONSUMER",
    "ROLES",
    "AccessToken",
    "Accounts",
    "Application",
    "Authorization",
    "PartnerStatus",
    "Registration",
    "Secret",
    "SellingPartner",
    "User",
]

DIRECT_TO_CONSUMER = "direct-to-consumer-shipping"  # the role of every External Fulfillment operation
_PEOPLE = (
    ("Robin Reyes", "Kim Sato"),
    ("Amara Okafor", "Jonas Weber"),
    ("Lucia Ferrari", "Noor Haddad"),
    ("Priya Nair", "Mateo Silva"),
    ("Elin Berg", "Tomasz Nowak"),
)
# As the table of operations spells them.
ROLES = (
    DIRECT_TO_CONSUMER,
    "amazon-fulfillment",
    "brand-analytics",
    "buyer-communication",
    "finance-and-accounting",
    "inventory-and-order-tracking",
    "pricing",
    "product-listing",
    "selling-partner-insights",
    "tax-invoicing",
    "tax-remittance",
)


class PartnerStatus(StrEnum):
    """Standing of a selling account. The two bad ones differ on the wire (contradiction C-36 of the documents)."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"  # the charge method failed; 400
    DEACTIVATED = "DEACTIVATED"  # enforcement; 403


class Secret(msgspec.Struct, kw_only=True):
    """One client secret. From `overdue_at` on the API refuses it, from `dead_at` on Login with Amazon does."""

    value: str
    created_at: float
    overdue_at: float
    dead_at: float | None = None

    def __repr__(self) -> str:
        return f"Secret(<{len(self.value)} characters>, created_at={self.created_at})"


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What the developer's console holds of an application: where it takes people back, and who may authorize it.

    `entities` are seller, vendor or both. An application has one such copy as it is edited, and one as it is published.
    """

    redirect_uris: tuple[str, ...] = ("https://app.example/callback",)
    login_uri: str = "https://app.example/login"  # empty: none
    entities: tuple[str, ...] = ("seller", "vendor")


class Application(msgspec.Struct, kw_only=True):
    """An application: who calls. `scopes` are the grantless ones that it may ask for.

    `draft` is what the console shows for editing, `published` what counts for everybody else; None: never published.
    """

    id: str
    client_id: str
    secrets: list[Secret]
    roles: set[str]
    scopes: set[str]
    name: str = "Sandbox Connector"
    draft: Registration = Registration()
    published: Registration | None = Registration()
    public: bool = True
    approved: bool = True  # the registration of its developer; until then tokens can be had, and open nothing
    listed: bool = True  # on the Appstore, which lifts the limit of authorizations by sellers

    @property
    def state(self) -> str:
        """Draft or Published."""
        return "Draft" if self.published is None else "Published"

    def secret(self, value: str, now: float) -> Secret | None:
        """The secret of that value, where Login with Amazon still takes it."""
        for secret in self.secrets:
            if secret.value == value and (secret.dead_at is None or now < secret.dead_at):
                return secret
        return None


class SellingPartner(msgspec.Struct, kw_only=True):
    """A selling account, which belongs to one region. `entity` is seller or vendor."""

    merchant_id: str
    entity: str
    region: str
    marketplaces: list[str]
    name: str = ""
    status: PartnerStatus = PartnerStatus.ACTIVE


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person who signs in to a selling account. Only its primary user may authorize applications."""

    id: str
    name: str
    merchant_id: str
    primary: bool


class Authorization(msgspec.Struct, kw_only=True):
    """What a selling partner granted an application: the roles that the application had at that moment."""

    refresh_token: str
    application_id: str
    merchant_id: str
    roles: frozenset[str]
    created_at: float
    by_consent: bool = False  # on the consent page; else the selling partner's own application, self-authorized
    revoked: bool = False

    def __repr__(self) -> str:
        return f"Authorization({self.application_id!r}, {self.merchant_id!r}, revoked={self.revoked})"


class AccessToken(msgspec.Struct, kw_only=True):
    """An issued access token: for a selling partner (`authorization`) or grantless (`scopes`).

    One for restricted data is good for the method and path of its `resources` only; others for whatever their roles
    open.
    """

    application: Application
    secret: Secret
    expires_at: float
    authorization: Authorization | None = None
    scopes: frozenset[str] = frozenset()
    resources: tuple[tuple[str, str], ...] | None = None
    revoked: bool = False


class Accounts:
    """All applications, selling partners, authorizations and access tokens, found by what a request carries."""

    def __init__(self, seed: int | str, settings: SandboxSettings) -> None:
        self._random = random.Random(f"{seed}:accounts")  # noqa: S311  made-up ids, the same for the same seed
        self._settings = settings
        self.applications: dict[str, Application] = {}  # by client id
        self.partners: dict[str, SellingPartner] = {}  # by merchant id
        self.on_standing: Callable[[SellingPartner, PartnerStatus, float], None] | None = None  # old one; instant
        self.users: dict[str, User] = {}  # by id
        self.authorizations: dict[str, Authorization] = {}  # by refresh token
        self.tokens: dict[str, AccessToken] = {}  # by access token, oldest first

    def hexadecimal(self, length: int) -> str:
        """That many random hexadecimal digits."""
        return f"{self._random.getrandbits(4 * length):0{length}x}"

    def _capitals(self, length: int) -> str:
        return "".join(self._random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=length))

    def _opaque(self, size: int) -> str:
        return base64.urlsafe_b64encode(self._random.randbytes(size)).decode("ascii").rstrip("=")

    def _guid(self) -> str:
        digits = self.hexadecimal(32)
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def new_application(self, now: float, roles: set[str], scopes: set[str]) -> Application:
        """Register an application with one fresh secret."""
        application = Application(
            id=f"amzn1.sp.solution.{self._guid()}",
            client_id=f"amzn1.application-oa2-client.{self.hexadecimal(32)}",
            secrets=[self.new_secret(now)],
            roles=roles,
            scopes=scopes,
        )
        self.applications[application.client_id] = application
        return application

    def new_secret(self, now: float) -> Secret:
        """A secret that is overdue after its lifetime (180 days)."""
        value = f"amzn1.oa2-cs.v1.{self.hexadecimal(64)}"
        return Secret(value=value, created_at=now, overdue_at=now + self._settings.secret_lifetime)

    def new_partner(self, entity: str, region: str, marketplaces: list[str]) -> SellingPartner:
        """Open a selling account, with a primary user and another one."""
        partner = SellingPartner(
            merchant_id=f"A{self._capitals(13)}",
            entity=entity,
            region=region,
            marketplaces=marketplaces,
            name=f"Sandbox {entity.capitalize()} {len(self.partners) + 1}",
        )
        self.partners[partner.merchant_id] = partner
        primary, secondary = _PEOPLE[(len(self.partners) - 1) % len(_PEOPLE)]
        self.new_user(partner, primary, primary=True)
        self.new_user(partner, secondary, primary=False)
        return partner

    def new_user(self, partner: SellingPartner, name: str, *, primary: bool) -> User:
        """Give the account another person who may sign in."""
        count = sum(user.merchant_id == partner.merchant_id for user in self.users.values())
        user = User(
            id=f"{partner.merchant_id}-{count + 1}", name=name, merchant_id=partner.merchant_id, primary=primary
        )
        self.users[user.id] = user
        return user

    def authorize(
        self, application: Application, partner: SellingPartner, now: float, *, by_consent: bool = False
    ) -> Authorization:
        """Let the partner authorize the application with the roles that it has now. Older grants stay as they are."""
        authorization = Authorization(
            refresh_token=f"Atzr|{self._opaque(240)}",
            application_id=application.id,
            merchant_id=partner.merchant_id,
            roles=frozenset(application.roles),
            created_at=now,
            by_consent=by_consent,
        )
        self.authorizations[authorization.refresh_token] = authorization
        return authorization

    def authorized(self, application: Application, now: float, *, by_consent: bool) -> set[str]:
        """The merchant ids of the accounts whose authorization is alive: all, or those by consent."""
        return {
            grant.merchant_id
            for grant in self.authorizations.values()
            if grant.application_id == application.id
            and not grant.revoked
            and now < grant.created_at + self._settings.refresh_token_lifetime
            and (grant.by_consent or not by_consent)
        }

    def issue(
        self,
        application: Application,
        secret: Secret,
        now: float,
        *,
        authorization: Authorization | None = None,
        scopes: frozenset[str] = frozenset(),
    ) -> str:
        """A new access token. Older ones stay valid until they expire."""
        prefix = "Atza|" if authorization is not None else "Atc|"
        token = prefix + self._opaque(240)
        while len(self.tokens) >= self._settings.kept_tokens:
            del self.tokens[next(iter(self.tokens))]
        self.tokens[token] = AccessToken(
            application=application,
            secret=secret,
            expires_at=now + self._settings.access_token_lifetime,
            authorization=authorization,
            scopes=scopes,
        )
        return token
