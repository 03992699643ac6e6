"""Access tokens for the transports: fetched when needed, shared by all calls, renewed when refused, never hammered.

One `Login` stands for one authorization (client id, secret, refresh token or scope). Any number of transports, threads
and event loops may share it: whoever first needs a token fetches it, and the others wait for that one answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import FaultError, FixRequest, RecoupError
from recoup.exchange import Exchange
from recoup.login.credentials import Credentials
from recoup.login.grant import TOKEN_URL, token_request
from recoup.login.token import AccessToken, read_token
from recoup.recovery.decision import Decision, GiveUp, StopReason
from recoup.redaction import redact_url
from recoup.transports.effects import Flow, WaitFor
from recoup.transports.outcome import fault_error

__all__ = ["Login", "LoginFailed"]


class LoginFailed(RecoupError):
    """Inside the transports: the token could not be had. `error` is what the caller gets to see."""

    def __init__(self, error: FaultError, decision: Decision, *, final: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.decision = decision
        self.final = final


class Login:
    """The credentials of one authorization, and the access token that they currently give.

    Give `refresh_token` for a selling partner's authorization, or `scope` for grantless operations. `token_url`
    defaults to Login with Amazon's. Raises SettingsError, naming the field, where a value cannot be what it should be
    (a swapped id and secret, a blank at the end of a token).

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
        self._lock = threading.Lock()  # guards the four below; never held while something is sent
        self._token: AccessToken | None = None
        self._fetching: Future[AccessToken] | None = None
        self._refused: LoginFailed | None = None
        self._generation = 0

    @property
    def token_url(self) -> str:
        """Where the tokens come from."""
        return self._token_url

    def replace(self, *, client_secret: str | None = None, refresh_token: str | None = None) -> None:
        """Go on with a new secret (after a rotation) or a new refresh token (after a re-authorisation)."""
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

    def issued(self, value: str) -> bool:
        """Whether this is the token that is cached now."""
        token = self._token
        return token is not None and token.value == value

    def fetch(self, *, stale: str | None, now: Callable[[], float], ask: Callable[[Any], Flow[Any]]) -> Flow[str]:
        """A flow that ends with an access token: the cached one, or a new one where it is `stale`, old or missing.

        `ask(request)` is a flow that sends the token request (an `exchange.Request`) and ends with its exchange,
        diagnosis and decision. Raises LoginFailed.
        """
        while True:
            with self._lock:
                if self._refused is not None:
                    raise self._refused
                token = self._token
                if token is not None and token.value != stale and token.usable(now()):
                    return token.value
                waiting = self._fetching
                if waiting is None:
                    mine: Future[AccessToken] = Future()
                    self._fetching, generation, credentials = mine, self._generation, self._credentials
            if waiting is not None:
                with suppress(LoginAbandoned):  # whoever fetched was cancelled: the next one of us fetches
                    yield WaitFor(waiting)  # raises what its fetcher raised
                continue
            break
        try:
            sent_at = now()
            exchange, diagnosis, decision = yield from ask(token_request(credentials, self._token_url))
            token = _read(exchange, sent_at, diagnosis, decision)
        except BaseException as error:  # also a cancelled task: whoever waits must not wait for ever
            self._settle(mine, generation, error=error)
            raise
        self._settle(mine, generation, token=token)
        return token.value

    def _settle(
        self,
        mine: Future[AccessToken],
        generation: int,
        *,
        token: AccessToken | None = None,
        error: BaseException | None = None,
    ) -> None:
        with self._lock:
            if (
                self._generation == generation
            ):  # else the credentials were replaced meanwhile: this answer is about the old ones
                self._fetching = None
                if token is not None:
                    self._token = token
                elif isinstance(error, LoginFailed) and error.final:
                    self._refused = error
        if token is not None:
            mine.set_result(token)
        else:
            mine.set_exception(error if isinstance(error, Exception) else LoginAbandoned())

    def __repr__(self) -> str:
        return f"Login({self._credentials!r})"


class LoginAbandoned(RecoupError):
    """The call that was fetching the token was cancelled; the next one fetches it."""


def _read(exchange: Exchange, sent_at: float, diagnosis: Diagnosis | None, decision: Decision) -> AccessToken:
    if diagnosis is not None and diagnosis.failed:
        final = isinstance(decision, GiveUp) and decision.reason is StopReason.PERMANENT
        raise LoginFailed(fault_error(diagnosis, decision), decision, final=final)
    token = read_token(exchange, sent_at)
    if isinstance(token, AccessToken):
        return token
    decision = GiveUp(reason=StopReason.UNKNOWN, text=token.reason)
    raise LoginFailed(
        FixRequest(f"no access token came from {redact_url(_url(exchange))}: {token.reason}"), decision, final=False
    )


def _url(exchange: Exchange) -> str:
    return exchange.request.url if exchange.request is not None else "the token URL"
