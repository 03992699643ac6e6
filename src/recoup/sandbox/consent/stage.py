"""Setting the stage of the authorization workflow: what a developer does in the console, and other people's consents.

The console edits a draft copy of the application; what is published counts for everybody else. Checked before anything
changes, so that a wrong argument changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from recoup.sandbox.accounts import Accounts, Application, Registration, SellingPartner
from recoup.sandbox.consent.addresses import registrable

__all__ = ["ConsentStage"]

_MOST_ACCOUNTS = 1000
_Entity = Literal["seller", "vendor"]


class ConsentStage:
    """Outside forces on an application's registration, and on who has authorized it."""

    def __init__(
        self, accounts: Accounts, application: Application, partner: SellingPartner, now: Callable[[], float]
    ) -> None:
        self._accounts = accounts
        self._now = now
        self._application = application
        self._partner = partner

    def show_application(self) -> dict[str, Any]:
        """The application as the console shows it: its state, the draft copy and the published one."""
        application = self._application
        return {
            "application_id": application.id,
            "name": application.name,
            "state": application.state,
            "kind": "public" if application.public else "private",
            "listed": application.listed,
            "registration": "approved" if application.approved else "under review",
            "draft": msgspec.to_builtins(application.draft),
            "published": msgspec.to_builtins(application.published),
        }

    def edit_application(
        self,
        redirect_uris: tuple[str, ...] | None = None,
        login_uri: str | None = None,
        entities: tuple[_Entity, ...] | None = None,
    ) -> None:
        """The developer edits the draft copy; what is left out stays, an empty login URI is none."""
        draft = self._application.draft
        if redirect_uris is not None:
            draft = _replaced(draft, redirect_uris=tuple(registrable(uri) for uri in redirect_uris))
        if login_uri is not None:
            draft = _replaced(draft, login_uri=registrable(login_uri) if login_uri else "")
        if entities is not None:
            draft = _replaced(draft, entities=tuple(dict.fromkeys(entities)))
        self._application.draft = draft

    def publish_application(self) -> None:
        """The developer publishes the application as its draft copy is now."""
        self._application.published = self._application.draft

    def set_application(
        self,
        state: Literal["Draft", "Published"] | None = None,
        kind: Literal["public", "private"] | None = None,
        listed: bool | None = None,
        name: str | None = None,
    ) -> None:
        """The application is a draft or published, public or private, listed on the Appstore or not, and has a name."""
        application = self._application
        if name is not None and not name.strip():
            raise ValueError("an application has a name")
        if state == "Draft":
            application.published = None
        elif state == "Published" and application.published is None:
            application.published = application.draft
        if kind is not None:
            application.public = kind == "public"
        if listed is not None:
            application.listed = listed
        if name is not None:
            application.name = name.strip()

    def review_registration(self, approved: bool) -> None:
        """Amazon reviews the developer's registration anew, or approves it (other-dev-account-pending)."""
        self._application.approved = approved

    def authorized_by_others(self, count: int, entity: _Entity = "seller") -> dict[str, Any]:
        """So many other accounts authorize the application on the consent page; gives their merchant_ids."""
        if not 0 <= count <= _MOST_ACCOUNTS:
            raise ValueError(f"count must be from 0 to {_MOST_ACCOUNTS}, not {count}")
        region, marketplaces = self._partner.region, self._partner.marketplaces
        others = [self._accounts.new_partner(entity, region, list(marketplaces)) for _ in range(count)]
        for other in others:
            self._accounts.authorize(self._application, other, self._now(), by_consent=True)
        return {"merchant_ids": [other.merchant_id for other in others]}

    def users(self) -> list[dict[str, Any]]:
        """Everybody who can sign in, with the account and whether they are its primary user."""
        return [msgspec.to_builtins(user) for user in self._accounts.users.values()]

    def add_user(self, name: str, merchant_id: str | None = None, primary: bool = False) -> dict[str, Any]:
        """One more person for an account (the principal one where none is named); gives the user's id."""
        partner = self._partner if merchant_id is None else self._accounts.partners.get(merchant_id)
        if partner is None:
            raise ValueError(f"no selling partner has the id {merchant_id!r}")
        if not name.strip():
            raise ValueError("a person has a name")
        return {"user_id": self._accounts.new_user(partner, name.strip(), primary=primary).id}


def _replaced(registration: Registration, **changes: object) -> Registration:
    return msgspec.structs.replace(registration, **changes)
