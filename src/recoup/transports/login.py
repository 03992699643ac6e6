"""Access tokens for the transports: fetched when needed, shared by all calls, renewed when refused, never hammered.

One `Login` stands for one authorization (client id, secret, refresh token or scope). Any number of transports, threads
and event loops may share it: whoever first needs a token fetches it, and the others wait for that one answer. How it
is fetched is in `recoup.transports.fetching`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from weakref import WeakSet, WeakValueDictionary

import msgspec

from recoup.errors import SettingsError
from recoup.governor.hold import ANY
from recoup.governor.stores import Holds
from recoup.login.credentials import Credentials
from recoup.login.expiry import epoch
from recoup.login.grant import TOKEN_URL, token_request
from recoup.login.identity import NO_SELLER, seller_name
from recoup.login.keeping import Expiry, Tokens
from recoup.login.token import AccessToken
from recoup.redaction import token_kind
from recoup.storage.memory import MemoryStore
from recoup.telemetry.events import Held
from recoup.transports.effects import Flow, Shared, WaitFor
from recoup.transports.ending import Endings
from recoup.transports.fetching import Ask, Errand, LoginFailed, Obtained, Tell, obtain
from recoup.transports.parking import Parks

__all__ = ["Login", "LoginFailed", "LoginStore"]

_LOOK_AGAIN = 1.0  # seconds after which a park is looked up in the store again, before another call is refused


class LoginStore(Holds, Protocol):
    """What a Login needs of a store: holds, and tokens."""

    @property
    def tokens(self) -> Tokens:
        """Access tokens and ends."""


class _Fetch(Shared):
    """One request for a token under way. Its result is the token, or LoginFailed, or None where it was abandoned."""

    def __init__(self, versions: tuple[Credentials, ...], generation: int) -> None:
        super().__init__()
        self.versions = versions
        self.generation = generation


class _Refused(msgspec.Struct, frozen=True):
    """A final refusal, and when the store last confirmed it (epoch seconds)."""

    failed: LoginFailed
    at: float


class _Application:
    """What all Logins of one application in this process share, as long as there is one of them."""

    def __init__(self) -> None:
        self.holds = MemoryStore()
        self.told: set[tuple[Expiry, float]] = set()


_applications: WeakValueDictionary[tuple[str, str], _Application] = WeakValueDictionary()
_applications_lock = threading.Lock()


def _application(client_id: str, token_url: str) -> _Application:
    with _applications_lock:
        found = _applications.get((client_id, token_url))
        if found is None:
            found = _applications[client_id, token_url] = _Application()
        return found


class Login:
    """The credentials of one authorization, and the access token that they currently give.

    Give `refresh_token` for a selling partner's authorization, or `scope` for grantless operations. `seller` is your
    name for the selling partner (a merchant id, a label): logs, the status and `recoup resume` show it, and it stays
    the same when the refresh token changes; without it a fingerprint of the refresh token stands in its place. During
    a rotation give the new secret as `client_secret` and the old one as `previous_secret`: where one is refused, the
    other is tried once. `secret_expires_at` and `authorised_at` (epoch seconds, or datetimes with a time zone) let it
    warn 30 and 7 days before the secret, or the authorization after its 365 days, ends. `token_url` defaults to Login
    with Amazon's.

    A refusal that no repeat can heal parks the seller (`invalid_grant`) or the application (`invalid_client`,
    `unauthorized_client`): every further call that needs a new token fails at once with the same `AskPerson`, and
    nothing is sent to Login with Amazon, until other credentials come (`replace`, or another Login), `resume` says
    that the authorization was restored, or `recoup resume` says so to the `store`. Without a `store` a park lasts as
    long as any Login of the application lives in this process; with one (see `recoup.open_store`) as long as that, and
    tokens are shared where the store has a key to seal them with.

    Raises SettingsError, naming the field, where a value cannot be what it should be (a swapped id and secret, a blank
    at the end of a token, neither refresh token nor scope, an address in the clear).
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str | None = None,
        scope: str | None = None,
        previous_secret: str | None = None,
        seller: str | None = None,
        store: LoginStore | None = None,
        secret_expires_at: float | datetime | None = None,
        authorised_at: float | datetime | None = None,
        token_url: str = TOKEN_URL,
    ) -> None:
        first = Credentials(client_id=client_id, client_secret=client_secret, refresh_token=refresh_token, scope=scope)
        self._versions = _versions(first, previous_secret, "previous_secret")
        self._token_url = token_url
        token_request(first, token_url)  # complains now of what every call would fail for
        self._named = _checked_name(seller)
        self._seller = seller_name(first, self._named)
        self._application = _application(client_id, token_url)
        if store is not None and not hasattr(store, "tokens"):
            raise SettingsError(f"store: {type(store).__name__} is no store; give what recoup.open_store returns")
        self._tokens = store.tokens if store is not None else None
        self._parks = Parks(store if store is not None else self._application.holds, client_id, self._seller)
        self._endings = Endings(client_id, self._seller, self._application.told)
        self._endings.secret = epoch("secret_expires_at", secret_expires_at)
        self._endings.authorised = epoch("authorised_at", authorised_at)
        self._begin_process()
        self._token: AccessToken | None = None
        self._refused: _Refused | None = None
        self._generation = 0
        self._works = False  # whether these credentials have given a token
        _alive.add(self)

    def _begin_process(self) -> None:
        """What a process must not have of another one: the lock, the fetch under way, the name in leases."""
        self._lock = threading.Lock()  # guards the state; never held while something is sent or a store is asked
        self._fetching: _Fetch | None = None
        self._owner = os.urandom(8).hex()

    @property
    def token_url(self) -> str:
        """Where the tokens come from."""
        return self._token_url

    @property
    def application(self) -> str:
        """The client id."""
        return self._versions[0].client_id

    @property
    def seller(self) -> str:
        """How the selling partner is called: the name that was given, else a fingerprint of the first refresh token;
        `-` for grantless operations.
        """
        return self._seller

    def replace(
        self,
        *,
        client_secret: str | None = None,
        refresh_token: str | None = None,
        secret_expires_at: float | datetime | None = None,
        authorised_at: float | datetime | None = None,
    ) -> None:
        """Go on with a new secret (after a rotation) or a new refresh token (after a re-authorisation).

        The secret that worked until now is kept as the previous one. What was known about the end of what is replaced
        is forgotten, unless the new end is given. Calls that wait for an answer to the old credentials ask again with
        the new ones. Raises SettingsError as the constructor does, and then keeps what it had.
        """
        ends, begins = epoch("secret_expires_at", secret_expires_at), epoch("authorised_at", authorised_at)
        with self._lock:
            old = self._versions[0]
            first = Credentials(
                client_id=old.client_id,
                client_secret=old.client_secret if client_secret is None else client_secret,
                refresh_token=old.refresh_token if refresh_token is None else refresh_token,
                scope=old.scope,
            )
            # The one that worked until now comes next; where the new one is known already, the order changes at most.
            secrets = dict.fromkeys((first.client_secret, *(version.client_secret for version in self._versions)))
            self._versions = tuple(msgspec.structs.replace(first, client_secret=each) for each in list(secrets)[:2])
            if client_secret is not None or ends is not None:
                self._endings.secret = ends
            if refresh_token is not None or begins is not None:
                self._endings.authorised = begins
            self._works = False
            self._forget()

    def expects(self, *, secret_expires_at: float | datetime) -> None:
        """Remember when the client secret ends, as APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY says it."""
        self._endings.secret = epoch("secret_expires_at", secret_expires_at)

    def resume(self) -> None:
        """Try again with the same credentials: the authorization was restored. Asks the store, where there is one."""
        self._resume(application=True)

    def resume_seller(self) -> None:
        """The same for the seller alone: a park of the whole application stays."""
        self._resume(application=False)

    def _resume(self, *, application: bool) -> None:
        self._parks.resume(self._versions, application=application)
        with self._lock:
            refused = self._refused
            parked = refused.failed.parked if refused is not None else None
            if application or parked is None or parked.key.seller != ANY:
                self._forget()

    def _forget(self) -> None:
        self._token = None
        self._refused = None
        self._generation += 1
        self._fetching = None

    def cached(self, now: float) -> str | None:
        """The access token where there is one that is good for a minute more, without fetching."""
        token = self._token
        return token.value if token is not None and token.usable(now) else None

    def fetch(
        self,
        *,
        stale: str | None,
        now: Callable[[], float],
        ask: Ask,
        tell: Tell | None = None,
        deadline: float | None = None,
    ) -> Flow[str]:
        """A flow that ends with an access token: the cached one, or a new one where it is `stale`, old or missing.

        `ask(request)` is a flow that sends the token request (an `exchange.Request`) and ends with its exchange,
        diagnosis, decision and history. `tell` is told TokenAttemptEnded, TokenFetched, TokenRefused, Held and
        ExpiryNear, where anybody listens.
        `deadline` (epoch seconds) ends the wait for a token that another process fetches. Raises LoginFailed.
        """
        while True:
            with self._lock:
                token = self._token
                if token is not None and token.value != stale and token.usable(now()):
                    return token.value
                refused = self._refused
                if refused is not None and not self._to_look(refused, now()):
                    break
                fetch = self._fetching
                mine = fetch is None
                if fetch is None:
                    fetch = self._begin()
            if not mine:
                waited = yield WaitFor(fetch)
                if not waited:  # a synchronous call in the thread of the event loop that fetches: go alone
                    with self._lock:
                        fetch, mine = self._begin(), True
            if mine:
                yield from self._fetch(fetch, stale, now, ask, tell, deadline)
            found: AccessToken | LoginFailed | None = fetch.result()
            if found is None or fetch.generation != self._generation:
                continue  # abandoned, or an answer about credentials that were replaced since
            if isinstance(found, LoginFailed):
                raise found.again()
            if mine or found.value != stale:  # also where it lasts less than the margin: it is the newest there is
                return found.value
        failed = refused.failed
        if tell is not None:
            hold = failed.parked
            fault, reason = (failed.error.fault, str(failed)) if hold is None else (hold.fault, hold.reason)
            tell(Held(at=now(), seller=self._seller, until=None, fault=fault, reason=reason))
        raise failed.again()

    def _to_look(self, refused: _Refused, now: float) -> bool:
        """Whether the store is asked again if the park still stands; what is no park stands by itself."""
        if refused.failed.parked is None:
            return False
        return not self._parks.blocking or abs(now - refused.at) >= _LOOK_AGAIN

    def _begin(self) -> _Fetch:
        self._fetching = _Fetch(self._versions, self._generation)
        return self._fetching

    def _fetch(
        self,
        fetch: _Fetch,
        stale: str | None,
        now: Callable[[], float],
        ask: Ask,
        tell: Tell | None,
        deadline: float | None,
    ) -> Flow[None]:
        refused = self._refused
        errand = Errand(
            versions=fetch.versions,
            token_url=self._token_url,
            seller=self._seller,
            parks=self._parks,
            tokens=self._tokens,
            endings=self._endings,
            owner=self._owner,
            stale=stale,
            known=refused.failed if refused is not None else None,
            first=not self._works,
            deadline=deadline,
        )
        found: Obtained | LoginFailed | None = None
        try:
            found = yield from obtain(errand, now, ask, tell)
        finally:  # also of a cancelled task: whoever waits must not wait for ever
            with self._lock:
                if self._fetching is fetch:
                    self._fetching = None
                if self._generation == fetch.generation:
                    self._note(found, stale, now())
            fetch.set_result(found.token if isinstance(found, Obtained) else found)

    def _note(self, found: Obtained | LoginFailed | None, stale: str | None, now: float) -> None:
        if isinstance(found, Obtained):
            self._token, self._refused, self._works = found.token, None, True
            others = tuple(version for version in self._versions if version != found.version)
            self._versions = (found.version, *others)
        elif found is not None and found.final:
            self._refused = _Refused(found, now)
            if self._token is not None and self._token.value == stale:
                self._token = None  # refused, and there will be no other: nobody is to send it once more
        elif found is not None:  # the park is over, and now something else is wrong
            self._refused = None

    def __repr__(self) -> str:
        named = f", seller={self._named!r}" if self._named is not None else ""
        return f"Login({self._versions[0]!r}{named})"


def _versions(first: Credentials, other: str | None, name: str) -> tuple[Credentials, ...]:
    if other is None or other == first.client_secret:
        return (first,)
    try:
        return (first, msgspec.structs.replace(first, client_secret=other))
    except SettingsError as error:
        raise SettingsError(str(error).replace("client_secret", name)) from None


def _checked_name(seller: object) -> str | None:
    if seller is None:
        return None
    if not isinstance(seller, str) or not seller.strip() or seller.strip() != seller or not seller.isprintable():
        raise SettingsError("seller: must be a name, without blanks before or after it")
    if token_kind(seller) is not None:
        raise SettingsError(f"seller: is a {token_kind(seller)} by its prefix; give a name that may be shown")
    if seller in (ANY, NO_SELLER) or len(seller) > 100:
        raise SettingsError(f"seller: must be a name of at most 100 characters, other than {ANY} and {NO_SELLER}")
    return seller


_alive: WeakSet[Login] = WeakSet()


def _after_fork() -> None:
    """In the child: threads that held a lock or fetched a token are not there any more."""
    global _applications_lock  # the old one may be held for ever
    _applications_lock = threading.Lock()
    for login in list(_alive):
        login._begin_process()  # noqa: SLF001  of this module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
