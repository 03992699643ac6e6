"""Signing in and out: a picker of made-up people, without passwords."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from recoup.sandbox.accounts import Accounts, User
from recoup.sandbox.consent import addresses
from recoup.sandbox.consent.pages import Page, moved, rendered
from recoup.sandbox.consent.sessions import COOKIE, Session, Sessions
from recoup.sandbox.consent.visit import Unclear, Visit

__all__ = ["SIGN_IN", "SIGN_OUT", "SignIn", "to_sign_in"]

SIGN_IN = "/ap/signin"
SIGN_OUT = "/ap/signout"
_RETURN_TO = "openid.return_to"


def to_sign_in(back: str) -> str:
    """Where a person signs in, and comes back from to `back` (path and query of one of the pages)."""
    return f"{SIGN_IN}?{urlencode([(_RETURN_TO, back)], quote_via=quote, safe='')}"


class SignIn:
    """The pages on which a browser becomes a person."""

    def __init__(self, accounts: Accounts, sessions: Sessions) -> None:
        self._accounts = accounts
        self._sessions = sessions

    def show(self, visit: Visit) -> Page:
        """The people who can sign in at the central of this region."""
        back = _back(visit.query)
        session = visit.session or self._sessions.start(visit.now)
        headers = () if visit.session is not None else _cookie(session)
        accounts = [
            {"partner": partner, "users": self._users(partner.merchant_id)}
            for partner in self._accounts.partners.values()
            if partner.region == visit.region
        ]
        return rendered(
            "sign_in.html",
            headers=headers,
            because="nobody is signed in",
            place="Sign-in",
            user=None,
            token=session.token,
            return_to=back,
            accounts=accounts,
        )

    def enter(self, visit: Visit) -> Page:
        """Sign in as the chosen person, and go on to the page that asked for it."""
        session, back = visit.vouched(), _back(visit.form)
        user = self._accounts.users.get(visit.form.get("user", ""))
        if user is None or self._accounts.partners[user.merchant_id].region != visit.region:
            raise Unclear("There is no such account in this region.")
        self._sessions.end(session)  # a new one, so that nobody can have set it beforehand
        fresh = self._sessions.start(visit.now, user.id)
        because = f"signed in as {user.id}, the account's {'primary' if user.primary else 'secondary'} user"
        return moved(back, status=303, headers=_cookie(fresh), because=because, merchant_id=user.merchant_id)

    def leave(self, visit: Visit) -> Page:
        """Sign out, and offer the page to somebody else."""
        session, back = visit.vouched(), _back(visit.form)
        self._sessions.end(session)
        gone = (("Set-Cookie", f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),)
        return moved(to_sign_in(back), status=303, headers=gone, because="signed out")

    def _users(self, merchant_id: str) -> list[User]:
        return [user for user in self._accounts.users.values() if user.merchant_id == merchant_id]


def _back(given: dict[str, str]) -> str:
    back = addresses.local(given.get(_RETURN_TO, ""))
    if back is None:
        raise Unclear("Begin at the application that you want to authorize.")
    return back


def _cookie(session: Session) -> tuple[tuple[str, str], ...]:
    # Lax: the application's link to the consent must find the person signed in, another site's form must not.
    return (("Set-Cookie", f"{COOKIE}={session.id}; Path=/; HttpOnly; SameSite=Lax"),)
