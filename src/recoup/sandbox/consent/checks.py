"""What a consent passes before a person is asked: one small function for each reason to refuse it, in their order.

Amazon does not state the order; this one agrees with what was observed. Each check reads what is `Asked` and raises a
`Refusal` for its one cause. Redirect URIs are compared as texts, character by character.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from recoup.sandbox.accounts import Accounts, Application, Registration, SellingPartner, User
from recoup.sandbox.consent.settings import ConsentSettings
from recoup.sandbox.operation import Refusal

__all__ = ["CHECKS", "RETURN_CHECKS", "Asked", "application_known"]


class Asked(msgspec.Struct, kw_only=True):
    """One request for consent: by which application, of whom, and where the answer is to go.

    `redirect_uri` is None where the request names none: then the first registered one counts. `appstore` is the road
    that begins at the Appstore, where the application's login URI is visited first.
    """

    accounts: Accounts
    settings: ConsentSettings
    now: float
    application: Application
    user: User
    partner: SellingPartner
    beta: bool = False
    redirect_uri: str | None = None
    appstore: bool = False

    @property
    def registration(self) -> Registration:
        """The copy of the application's entries that counts here: the draft for a draft, else the published one."""
        application = self.application
        if application.published is None or (self.beta and self.settings.beta_when_published):
            return application.draft
        return application.published

    @property
    def target(self) -> str:
        """The redirect URI that counts; empty where there is none."""
        uris = self.registration.redirect_uris
        return self.redirect_uri if self.redirect_uri is not None else (uris[0] if uris else "")


def application_known(accounts: Accounts, application_id: str) -> Application:
    """The application with that id. A wrong id was observed to show the same page as a draft does."""
    for application in accounts.applications.values():
        if application.id == application_id:
            return application
    raise Refusal("auth-MD1000", because="no application has this application_id")


def primary_user(asked: Asked) -> None:
    """The account's primary user is the one who authorizes."""
    if not asked.user.primary:
        because = f"{asked.user.id} is not the primary user of {asked.partner.merchant_id}"
        raise Refusal("auth-SPDC8143", because=because)


def has_addresses(asked: Asked) -> None:
    """The application has a login URI and a redirect URI, as far as this road needs them."""
    registration = asked.registration
    if asked.appstore and not registration.login_uri:
        raise Refusal("auth-MD9100", because="the Appstore's road needs a login URI, and none is entered")
    if not registration.login_uri and not registration.redirect_uris:
        raise Refusal("auth-MD9100", because="neither a login URI nor a redirect URI is entered for the application")
    if not asked.target:
        raise Refusal("auth-MD9100", because="no redirect URI is entered, and the request names none")


def draft(asked: Asked) -> None:
    """A draft is authorized with version=beta, a published application without it."""
    if asked.application.published is None and not asked.beta:
        raise Refusal("auth-MD1000", because="the application is a draft, and version=beta is missing")
    if asked.application.published is not None and asked.beta and not asked.settings.beta_when_published:
        raise Refusal("auth-MD1000", because="the application is published, and version=beta asks for a draft")


def fragment(asked: Asked) -> None:
    """The redirect URI has no fragment (RFC 6749, section 3.1.2)."""
    if "#" in asked.target:
        raise Refusal("auth-MD5110", because="the redirect URI has a fragment")


def registered(asked: Asked) -> None:
    """The redirect URI is one of the application's, in the copy that counts."""
    if asked.target not in asked.registration.redirect_uris:
        unpublished = asked.target in asked.application.draft.redirect_uris
        more = ": it is in the draft, which is not published" if unpublished else ""
        raise Refusal("auth-MD5101", because=f"the redirect URI is not registered{more}")


def entity(asked: Asked) -> None:
    """The application is for sellers, or vendors, like this one."""
    if asked.partner.entity not in asked.registration.entities:
        known = " and ".join(asked.registration.entities) or "nobody"
        because = f"the application is for {known}, the account is a {asked.partner.entity}'s"
        raise Refusal("auth-SPSA0404", because=because)


def limit(asked: Asked) -> None:
    """There is room for one more account, or this one is among those counted already."""
    application, now = asked.application, asked.now
    counted = asked.accounts.authorized(application, now, by_consent=application.public)
    if asked.partner.merchant_id in counted:
        return
    if not application.public:
        most, kind = asked.settings.private_accounts, "a private application"
    elif asked.partner.entity == "seller" and not application.listed:
        most, kind = asked.settings.unlisted_sellers, "an application that is not listed on the Appstore"
        counted = {merchant for merchant in counted if asked.accounts.partners[merchant].entity == "seller"}
    else:
        return
    if len(counted) >= most:
        because = f"{len(counted)} accounts authorized {kind}, which {most} may"
        raise Refusal("auth-CONSENT_LIMIT_REACHED", because=because)


CHECKS: tuple[Callable[[Asked], None], ...] = (
    primary_user,
    has_addresses,
    draft,
    fragment,
    registered,
    entity,
    limit,
)
# On the way back from the login URI the person has consented already; what is new is where the answer shall go.
RETURN_CHECKS: tuple[Callable[[Asked], None], ...] = (draft, fragment, registered)
