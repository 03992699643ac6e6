"""Setting the stage: what outside forces do to accounts, applications and the front door.

Each method brings about one real cause, or mends it; none of them makes a request fail by itself. Checked before
anything changes, so that a wrong argument changes nothing. Instants are epoch seconds (UTC), durations seconds of
virtual time.
"""

from __future__ import annotations

from typing import Any, Literal

from recoup.catalogue.facts.marketplaces import region_of
from recoup.sandbox.accounts import ROLES, Application, Authorization, PartnerStatus, SellingPartner
from recoup.sandbox.login import KNOWN_SCOPES
from recoup.sandbox.world import REGIONS, World

__all__ = ["AccountStage", "Principal"]

_LOGIN_TROUBLE = {
    "overloaded": "lwa-temporarily-unavailable",
    "internal": "lwa-server-error",
    "throttled": "lwa-rate-limited",
    "intercepted": "lwa-html-or-non-json",
}


class Principal:
    """The application, the selling partner and the grant whose credentials the sandbox prints at its start."""

    def __init__(self, application: Application, partner: SellingPartner, authorization: Authorization) -> None:
        self.application = application
        self.partner = partner
        self.authorization = authorization


class AccountStage:
    """Outside forces on accounts. Where `merchant_id` is left out, the principal selling partner is meant."""

    def __init__(self, world: World, principal: Principal) -> None:
        self._world = world
        self._principal = principal

    # --- selling partners

    def deactivate_account(self, merchant_id: str | None = None) -> None:
        """Amazon deactivates the selling account (cause of 403-account-suspended)."""
        self._stand(merchant_id, PartnerStatus.DEACTIVATED)

    def inactivate_account(self, merchant_id: str | None = None) -> None:
        """The account's charge method fails (cause of 400-inactive-account)."""
        self._stand(merchant_id, PartnerStatus.INACTIVE)

    def activate_account(self, merchant_id: str | None = None) -> None:
        """The account is in good standing again."""
        self._stand(merchant_id, PartnerStatus.ACTIVE)

    def _stand(self, merchant_id: str | None, status: PartnerStatus) -> None:
        partner = self._partner(merchant_id)
        before, partner.status = partner.status, status
        told = self._world.accounts.on_standing
        if told is not None and before is not status:
            told(partner, before, self._world.clock.now())

    def add_partner(
        self, entity: Literal["seller", "vendor"] = "seller", region: str = "NA", marketplaces: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Open another account and let it authorize the application; gives merchant_id and refresh_token."""
        if region not in REGIONS:
            raise ValueError(f"region {region!r} is not one of {', '.join(REGIONS)}")
        for marketplace in marketplaces:
            if region_of(marketplace) != region:
                raise ValueError(f"marketplace {marketplace!r} does not belong to region {region}")
        accounts = self._world.accounts
        partner = accounts.new_partner(entity, region, list(marketplaces))
        authorization = accounts.authorize(self._principal.application, partner, self._world.clock.now())
        return {"merchant_id": partner.merchant_id, "refresh_token": authorization.refresh_token}

    # --- authorizations and tokens

    def revoke_authorization(self, merchant_id: str | None = None) -> None:
        """The selling partner withdraws every grant: refresh and access tokens stop working."""
        partner = self._partner(merchant_id)
        for authorization in self._grants(partner):
            authorization.revoked = True

    def authorize(self, merchant_id: str | None = None) -> dict[str, Any]:
        """The selling partner authorizes the application with its present roles; gives a new refresh_token."""
        partner = self._partner(merchant_id)
        grant = self._world.accounts.authorize(self._principal.application, partner, self._world.clock.now())
        if partner is self._principal.partner:
            self._principal.authorization = grant
        return {"refresh_token": grant.refresh_token}

    def authorization_code(self, merchant_id: str | None = None, redirect_uri: str | None = None) -> dict[str, Any]:
        """The selling partner consents; gives the code that the application exchanges for tokens."""
        world, now = self._world, self._world.clock.now()
        partner = self._partner(merchant_id)
        grant = world.accounts.authorize(self._principal.application, partner, now, by_consent=True)
        return {"code": world.login.new_code(grant, redirect_uri, now)}

    def revoke_access_tokens(self) -> None:
        """Every access token issued so far is revoked; the grants behind them stay."""
        for token in self._world.accounts.tokens.values():
            token.revoked = True

    # --- the application

    def overdue_secret(self) -> None:
        """The client secret is past its 180 days (Login with Amazon still takes it, the API does not)."""
        for secret in self._principal.application.secrets:
            secret.overdue_at = min(secret.overdue_at, self._world.clock.now())

    def rotate_secret(self) -> dict[str, Any]:
        """A new client secret; the old ones die at Login with Amazon after the overlap (7 days)."""
        world, application = self._world, self._principal.application
        dead_at = world.clock.now() + world.settings.secret_overlap
        for secret in application.secrets:
            secret.dead_at = dead_at if secret.dead_at is None else min(secret.dead_at, dead_at)
        fresh = world.accounts.new_secret(world.clock.now())
        application.secrets.insert(0, fresh)
        return {"client_secret": fresh.value, "old_secrets_dead_at": dead_at}

    def drop_role(self, role: str) -> None:
        """The application loses a role (cause of 403-missing-role)."""
        if role not in self._principal.application.roles:
            raise ValueError(f"the application has no role {role!r}; it has {self._roles()}")
        self._principal.application.roles.discard(role)

    def add_role(self, role: str) -> None:
        """The application gains a role; grants that are older than it do not have it."""
        if role not in ROLES:
            raise ValueError(f"no role is called {role!r}; known: {', '.join(ROLES)}")
        self._principal.application.roles.add(role)

    def set_scopes(self, scopes: tuple[str, ...]) -> None:
        """The grantless scopes that the application may ask for."""
        for scope in scopes:
            if scope not in KNOWN_SCOPES:
                raise ValueError(f"no scope is called {scope!r}; known: {', '.join(sorted(KNOWN_SCOPES))}")
        self._principal.application.scopes = set(scopes)

    # --- the front door and Login with Amazon

    def login_outage(
        self,
        seconds: float,
        kind: Literal["overloaded", "internal", "throttled", "intercepted"] = "overloaded",
        after: float = 0.0,
    ) -> None:
        """Login with Amazon is in trouble for so long, beginning `after` seconds; 0 ends it.

        It is overloaded, fails internally, throttles (others ask too often), or a page of something on the way comes.
        """
        login = self._world.login
        login.down_from, login.down_until = self._window(after, seconds)
        login.down_with = _LOGIN_TROUBLE[kind]

    def offer_api(self, api: str, marketplace_id: str, version: str | None = None, offered: bool = True) -> None:
        """An API (in all versions, or in one) is offered in a marketplace, or not (403-unsupported-marketplace)."""
        if region_of(marketplace_id) is None:
            raise ValueError(f"there is no marketplace {marketplace_id!r}")
        known = {item.version for item in self._world.door.operations.items if item.api == api}
        if not known or (version is not None and version not in known):
            raise ValueError(f"no API is called {api!r} {version or ''}; known versions: {', '.join(sorted(known))}")
        for name in known if version is None else {version}:
            change = self._world.door.withheld.discard if offered else self._world.door.withheld.add
            change((f"{api} {name}", marketplace_id))

    def front_door_outage(
        self, seconds: float, kind: Literal["unavailable", "internal"] = "unavailable", after: float = 0.0
    ) -> None:
        """The front door is unavailable, or fails internally, for so long, beginning `after` seconds; 0 ends it."""
        door = self._world.door
        door.down_from, door.down_until = self._window(after, seconds)
        door.down_with = "other-503-unavailable" if kind == "unavailable" else "other-500-internal"

    def use_up_quota(self, operation: str, merchant_id: str | None = None) -> None:
        """Other workers of the application use up the bucket of an operation."""
        found = self._world.door.operations.by_id(operation)
        if not found:
            raise ValueError(f"no operation is called {operation!r}")
        partner, application = self._partner(merchant_id), self._principal.application
        for known in found:
            key = (f"{known.api}:{known.version}:{known.id}", application.id, partner.merchant_id)
            self._world.door.buckets.empty(key, self._world.clock.now())

    def _window(self, after: float, seconds: float) -> tuple[float, float]:
        begins = self._until(after)
        self._until(seconds)
        return begins, begins + seconds

    def _until(self, seconds: float) -> float:
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"seconds must be a number from 0, not {seconds!r}")
        return self._world.clock.now() + seconds

    def _partner(self, merchant_id: str | None) -> SellingPartner:
        if merchant_id is None:
            return self._principal.partner
        partner = self._world.accounts.partners.get(merchant_id)
        if partner is None:
            known = ", ".join(self._world.accounts.partners)
            raise ValueError(f"no selling partner has the id {merchant_id!r}; there are {known}")
        return partner

    def _grants(self, partner: SellingPartner) -> list[Authorization]:
        grants = self._world.accounts.authorizations.values()
        return [grant for grant in grants if grant.merchant_id == partner.merchant_id]

    def _roles(self) -> str:
        return ", ".join(sorted(self._principal.application.roles))
