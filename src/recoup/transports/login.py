"""Access tokens for the transports: fetched when needed, shared by all calls, renewed when refused, never hammered.

One `Login` stands for one authorization (client id, secret, refresh token or scope). Any number of transports, threads
and event loops may share it: whoever first needs a token fetches it, and the others wait for that one answer.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import FaultError, FixRequest, RecoupError
from recoup.exchange import Exchange
from recoup.login.credentials import Credentials
from recoup.login.grant import TOKEN_URL, token_request
from recoup.login.token import AccessToken, read_token
from recoup.recovery.decision import Decision, GiveUp, StopReason
from recoup.redaction import redact_url
from recoup.transports.effects import Flow, Shared, WaitFor
from recoup.transports.outcome import fault_error

__all__ = ["Login", "LoginFailed"]


class LoginFailed(RecoupError):
    """Inside the transports: the token could not be had. `error` is what the caller gets to see.

    `final` says that no repeat can heal it, as long as the credentials stay what they are.
    """

    def __init__(self, error: FaultError, decision: Decision, *, final: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.decision = decision
        self.final = final

    def again(self) -> LoginFailed:
        """A copy to raise. One instance raised by many calls would gather all their tracebacks, and never let go."""
        return LoginFailed(copy.copy(self.error), self.decision, final=self.final)


class _Fetch(Shared):
    """One request for a token under way. Its result is the token, or LoginFailed, or None where it was abandoned."""

    def __init__(self, credentials: Credentials, generation: int) -> None:
        super().__init__()
        self.credentials = credentials
        self.generation = generation


class Login:
    """The credentials of one authorization, and the access token that they currently give.

    Give `refresh_token` for a selling partner's authorization, or `scope` for grantless operations. `token_url`
    defaults to Login with Amazon's. Raises SettingsError, naming the field, where a value cannot be what it should be
    (a swapped id and secret, a blank at the end of a token, neither refresh token nor scope, an address in the clear).

    A refusal that no repeat can heal (`invalid_grant`, `invalid_client`, ...) is remembered: every further call fails
    at once with the same `AskPerson`, and nothing is sent to Login with Amazon, until `replace` brings new credentials
    or `resume` says that the authorization was restored.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str | None = None,
        scope: str | None = None,
        token_url: str = TOKEN_URL,
    ) -> None:
        self._credentials = Credentials(
            client_id=client_id, client_secret=client_secret, refresh_token=refresh_token, scope=scope
        )
        self._token_url = token_url
        token_request(self._credentials, token_url)  # complains now of what every call would fail for
        self._lock = threading.Lock()  # guards the four below; never held while something is sent
        self._token: AccessToken | None = None
        self._fetching: _Fetch | None = None
        self._refused: LoginFailed | None = None
        self._generation = 0

    @property
    def token_url(self) -> str:
        """Where the tokens come from."""
        return self._token_url

    def replace(self, *, client_secret: str | None = None, refresh_token: str | None = None) -> None:
        """Go on with a new secret (after a rotation) or a new refresh token (after a re-authorisation).

        Calls that wait for an answer to the old ones ask again with the new ones. Raises SettingsError as the
        constructor does, and then keeps what it had.
        """
        with self._lock:
            old = self._credentials
            self._credentials = Credentials(
                client_id=old.client_id,
                client_secret=old.client_secret if client_secret is None else client_secret,
                refresh_token=old.refresh_token if refresh_token is None else refresh_token,
                scope=old.scope,
            )
            self._forget()

    def resume(self) -> None:
        """Try again with the same credentials: the authorization was restored."""
        with self._lock:
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

    def fetch(self, *, stale: str | None, now: Callable[[], float], ask: Callable[[Any], Flow[Any]]) -> Flow[str]:
        """A flow that ends with an access token: the cached one, or a new one where it is `stale`, old or missing.

        `ask(request)` is a flow that sends the token request (an `exchange.Request`) and ends with its exchange,
        diagnosis and decision. Raises LoginFailed.
        """
        while True:
            with self._lock:
                if self._refused is not None:
                    raise self._refused.again()
                token = self._token
                if token is not None and token.value != stale and token.usable(now()):
                    return token.value
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
                yield from self._fetch(fetch, now, ask)
            found: AccessToken | LoginFailed | None = fetch.result()
            if found is None or fetch.generation != self._generation:
                continue  # abandoned, or an answer about credentials that were replaced since
            if isinstance(found, LoginFailed):
                raise found.again()
            if mine or found.value != stale:  # also where it lasts less than the margin: it is the newest there is
                return found.value

    def _begin(self) -> _Fetch:
        self._fetching = _Fetch(self._credentials, self._generation)
        return self._fetching

    def _fetch(self, fetch: _Fetch, now: Callable[[], float], ask: Callable[[Any], Flow[Any]]) -> Flow[None]:
        found: AccessToken | LoginFailed | None = None
        try:
            sent_at = now()
            exchange, diagnosis, decision = yield from ask(token_request(fetch.credentials, self._token_url))
            found = _read(exchange, sent_at, diagnosis, decision)
        finally:  # also of a cancelled task: whoever waits must not wait for ever
            with self._lock:
                if self._fetching is fetch:
                    self._fetching = None
                if self._generation == fetch.generation:
                    if isinstance(found, AccessToken):
                        self._token = found
                    elif found is not None and found.final:
                        self._refused = found
            fetch.set_result(found)

    def __repr__(self) -> str:
        return f"Login({self._credentials!r})"


def _read(
    exchange: Exchange, sent_at: float, diagnosis: Diagnosis | None, decision: Decision
) -> AccessToken | LoginFailed:
    if diagnosis is not None and diagnosis.failed:
        # Only what Login with Amazon says itself is final: a page or a bare status may come from anything on the way.
        said = diagnosis.best is not None and diagnosis.best.basis in ("message", "code")
        final = said and isinstance(decision, GiveUp) and decision.reason is StopReason.PERMANENT
        return LoginFailed(fault_error(diagnosis, decision, "no access token: "), decision, final=final)
    token = read_token(exchange, sent_at)
    if isinstance(token, AccessToken):
        return token
    decision = GiveUp(reason=StopReason.UNKNOWN, text=token.reason)
    url = exchange.request.url if exchange.request is not None else "the token URL"
    return LoginFailed(
        FixRequest(f"no access token came from {redact_url(url)}: {token.reason}"), decision, final=False
    )
