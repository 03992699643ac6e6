"""The authorization workflow, page by page: what the browser asks for, and what it is shown or where it is led.

The website's road:
    GET  /apps/authorize/consent?application_id&state[&redirect_uri][&version=beta]
    POST there    decision=confirm: the redirect URI gets spapi_oauth_code, state and selling_partner_id;
                  decision=cancel: error=access_denied and state
The Appstore's road:
    GET  /apps/store/dp/{application id}, then /apps/store/authorize/{application id}
    POST there    decision=confirm: the login URI gets amazon_callback_uri, amazon_state and selling_partner_id
    GET  /apps/authorize/confirm/{application id}?amazon_state&state[&redirect_uri]: the redirect URI, as above
Both: GET and POST /ap/signin, POST /ap/signout. Every form carries a token of the browser's session.
"""

from __future__ import annotations

from collections.abc import Callable

from recoup.exchange import Request
from recoup.sandbox.accounts import Accounts
from recoup.sandbox.answers import Answers
from recoup.sandbox.consent.addresses import APPSTORE, AUTHORIZE, CALLBACK, CONSENT
from recoup.sandbox.consent.asking import Asking
from recoup.sandbox.consent.notices import notice, refused
from recoup.sandbox.consent.pages import STYLE, Page, stylesheet
from recoup.sandbox.consent.sessions import Sessions
from recoup.sandbox.consent.sign_in import SIGN_IN, SIGN_OUT, SignIn
from recoup.sandbox.consent.visit import Unclear, Visit, read_visit
from recoup.sandbox.login import Login
from recoup.sandbox.operation import Refusal
from recoup.sandbox.settings import SandboxSettings

__all__ = ["ConsentRoom"]

_Handlers = dict[str, Callable[[Visit], Page]]


class ConsentRoom:
    """The pages over the sandbox's accounts."""

    def __init__(
        self, *, seed: int | str, accounts: Accounts, login: Login, answers: Answers, settings: SandboxSettings
    ) -> None:
        self._accounts = accounts
        self._answers = answers
        self._sessions = Sessions(seed, settings.consent)
        sign_in = SignIn(accounts, self._sessions)
        asking = Asking(accounts=accounts, login=login, answers=answers, settings=settings.consent)
        self._pages: dict[str, _Handlers] = {
            STYLE: {"GET": lambda _: stylesheet()},
            CONSENT: {"GET": asking.show, "POST": asking.decide},
            SIGN_IN: {"GET": sign_in.show, "POST": sign_in.enter},
            SIGN_OUT: {"POST": sign_in.leave},
        }
        self._below: dict[str, _Handlers] = {  # then the application's id
            CALLBACK: {"GET": asking.called_back},
            f"{APPSTORE}dp/": {"GET": asking.introduce},
            f"{APPSTORE}authorize/": {"GET": asking.show, "POST": asking.decide},
        }

    @staticmethod
    def serves(path: str) -> bool:
        """Whether this path is one of the pages'."""
        return path.startswith((AUTHORIZE, APPSTORE)) or path in (SIGN_IN, SIGN_OUT)

    def answer(self, request: Request, region: str, now: float, body_size: int) -> Page:
        """The page, or the redirection, that answers this request at the central of `region`."""
        visit: Visit | None = None
        try:
            visit = read_visit(request, region, now, body_size, accounts=self._accounts, sessions=self._sessions)
            return self._handler(visit)(visit)
        except Refusal as refusal:
            return refused(self._accounts, self._answers, visit, refusal)
        except Unclear as unclear:
            heading = "This page cannot be shown"
            return notice(self._accounts, visit, heading, str(unclear), unclear.status, headers=unclear.headers)

    def _handler(self, visit: Visit) -> Callable[[Visit], Page]:
        known = self._pages.get(visit.path)
        if known is None:
            known = next((found for prefix, found in self._below.items() if visit.path.startswith(prefix)), None)
        if known is None:
            raise Unclear("There is no such page.", 404)
        handler = known.get(visit.method)
        if handler is None:
            raise Unclear("This page is not made for that.", 405, headers=(("Allow", ", ".join(known)),))
        return handler
