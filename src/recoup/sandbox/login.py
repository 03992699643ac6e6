"""Login with Amazon: the token endpoint, with its three grants.

POST /auth/o2/token, form-encoded. Errors have Login with Amazon's own shape: the catalogue's `lwa-*` entries.
An overdue client secret still gets tokens here; it is the API that refuses them (contradiction C-33 of the documents).
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec

from recoup.exchange import Request
from recoup.sandbox.accounts import Accounts, Application, Authorization, Secret
from recoup.sandbox.operation import Outcome, Refusal
from recoup.sandbox.settings import SandboxSettings

__all__ = ["TOKEN_PATH", "AuthorizationCode", "Login"]

TOKEN_PATH = "/auth/o2/token"
# What may be asked for without a selling partner, and what is documented for it.
KNOWN_SCOPES = frozenset(
    {
        "sellingpartnerapi::notifications",
        "sellingpartnerapi::client_credential:rotation",
        "sellingpartnerapi::shipments:track",
        "sellingpartnerapi::migration",
        "sellingpartnerapi::authorization",
    }
)
_MOST_FIELDS = 50
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class AuthorizationCode(msgspec.Struct, kw_only=True):
    """A code that the consent page gave out: lives for minutes and is taken once."""

    authorization: Authorization
    redirect_uri: str | None
    expires_at: float
    default_uri: str | None = None  # where the code was sent, where the consent named no redirect URI
    used: bool = False


class Login:
    """The token endpoint over the sandbox's accounts."""

    def __init__(self, accounts: Accounts, settings: SandboxSettings) -> None:
        self._accounts = accounts
        self._settings = settings
        self.codes: dict[str, AuthorizationCode] = {}
        self.down_from = float("-inf")  # epoch seconds
        self.down_until = float("-inf")
        self.down_with = "lwa-temporarily-unavailable"  # or another lwa-* fault without a known cause

    def new_code(
        self, authorization: Authorization, redirect_uri: str | None, now: float, *, default_uri: str | None = None
    ) -> str:
        """A code for that authorization. `redirect_uri` is the one that the consent was asked with, where it was; else
        the code was sent to `default_uri`, which may be named or left out when the code is exchanged.
        """
        while len(self.codes) >= self._settings.kept_tokens:
            del self.codes[next(iter(self.codes))]
        value = "AN" + self._accounts.hexadecimal(18)
        expires_at = now + self._settings.code_lifetime
        self.codes[value] = AuthorizationCode(
            authorization=authorization, redirect_uri=redirect_uri, expires_at=expires_at, default_uri=default_uri
        )
        return value

    def answer(self, request: Request, now: float) -> Outcome:
        """The tokens that this request asks for. Raises Refusal with one of the `lwa-*` faults."""
        if self.down_from <= now < self.down_until:
            raise Refusal(self.down_with, because=f"Login with Amazon is out of order until {self.down_until}")
        form = _form(request)
        grant = form.get("grant_type", "")
        if grant not in ("refresh_token", "authorization_code", "client_credentials"):
            raise Refusal("lwa-unsupported-grant-type", because="grant_type is missing or none of the three")
        application, secret = self._client(form, now)
        if grant == "client_credentials":
            return self._grantless(form, application, secret, now)
        if "scope" in form:
            raise _invalid_request("scope", f"{grant} and scope contradict one another")
        if grant == "refresh_token":
            authorization = self._refresh(form, application, now)
        else:
            authorization = self._code(form, application, now)
        token = self._accounts.issue(application, secret, now, authorization=authorization)
        return self._tokens(token, authorization.refresh_token)

    def _client(self, form: dict[str, str], now: float) -> tuple[Application, Secret]:
        for field in ("client_id", "client_secret"):
            if not form.get(field):
                raise _invalid_request(field, f"{field} is missing")
        application = self._accounts.applications.get(form["client_id"])
        if application is None:
            raise Refusal("lwa-invalid-client", because="no application has this client_id")
        secret = application.secret(form["client_secret"], now)
        if secret is None:
            raise Refusal("lwa-invalid-client", because="the client_secret is not one of the application's living ones")
        return application, secret

    def _refresh(self, form: dict[str, str], application: Application, now: float) -> Authorization:
        value = form.get("refresh_token", "")
        if not value:
            raise _invalid_request("refresh_token", "refresh_token is missing")
        authorization = self._accounts.authorizations.get(value)
        if authorization is None:
            because = "no authorization has this refresh token"
        elif authorization.application_id != application.id:
            because = "the refresh token belongs to another application"
        elif authorization.revoked:
            because = "the selling partner revoked the authorization"
        elif now >= authorization.created_at + self._settings.refresh_token_lifetime:
            because = f"the authorization of {authorization.created_at} is past its lifetime"
        else:
            return authorization
        raise Refusal("lwa-invalid-grant", because=because, variant="refresh-token")

    def _code(self, form: dict[str, str], application: Application, now: float) -> Authorization:
        value = form.get("code", "")
        if not value:
            raise _invalid_request("code", "code is missing")
        code = self.codes.get(value)
        if code is None:
            because = "no consent gave out this code"
        elif code.authorization.application_id != application.id:
            because = "the code belongs to another application"
        elif code.authorization.revoked:
            because = "the selling partner revoked the authorization"
        elif code.used:
            because = "the code was used before"
        elif now >= code.expires_at:
            because = f"the code expired at {code.expires_at}"
        elif code.redirect_uri is not None and form.get("redirect_uri") != code.redirect_uri:
            because = "redirect_uri is not the one of the consent"
        elif code.default_uri is not None and form.get("redirect_uri", code.default_uri) != code.default_uri:
            because = "redirect_uri is not the one that the code was sent to"
        else:
            code.used = True
            return code.authorization
        raise Refusal("lwa-invalid-grant", because=because, variant="authorization-code")

    def _grantless(self, form: dict[str, str], application: Application, secret: Secret, now: float) -> Outcome:
        if "refresh_token" in form:
            raise _invalid_request("refresh_token", "client_credentials and refresh_token contradict one another")
        scopes = form.get("scope", "").split()
        if not scopes:
            raise _invalid_request("scope", "scope is missing")
        if not application.scopes:
            raise Refusal("lwa-unauthorized-client", because="the application has no right to grantless calls")
        for scope in scopes:
            if scope not in KNOWN_SCOPES:
                raise Refusal("lwa-invalid-scope", because=f"no scope is called {scope[:80]!r}", scope=scope)
            if scope not in application.scopes:
                raise Refusal("lwa-invalid-scope", because=f"the application was not given {scope!r}", scope=scope)
        return self._tokens(self._accounts.issue(application, secret, now, scopes=frozenset(scopes)), None)

    def _tokens(self, access_token: str, refresh_token: str | None) -> Outcome:
        body: dict[str, object] = {"access_token": access_token}
        if refresh_token is not None:
            body["refresh_token"] = refresh_token
        body["token_type"] = "bearer"
        body["expires_in"] = int(self._settings.access_token_lifetime)
        return Outcome(body=body, headers=_NO_STORE)


def _form(request: Request) -> dict[str, str]:
    """The form fields. A body of another type has none, which is how a JSON body becomes an unsupported grant."""
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if request.method != "POST" or kind != "application/x-www-form-urlencoded":
        return {}
    text = (request.body or b"").decode("utf-8", "replace")
    if text.count("&") > _MOST_FIELDS:
        raise _invalid_request("grant_type", "a form with that many fields asks for no token")
    pairs = parse_qsl(text, keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in {other for other, _ in pairs[:index]})
        raise _invalid_request(twice[:80], f"{twice[:80]!r} is given more than once")
    return form


def _invalid_request(parameter: str, because: str) -> Refusal:
    return Refusal("lwa-invalid-request", because=because, parameter=parameter)
