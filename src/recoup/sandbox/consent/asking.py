"""Asking for consent and carrying out the answer, on the website's road and on the Appstore's.

A redirection leads to a registered URI and nowhere else.
"""

from __future__ import annotations

from collections import OrderedDict
from urllib.parse import parse_qsl

import msgspec

from recoup.sandbox.accounts import Accounts, Application, User
from recoup.sandbox.answers import Answers
from recoup.sandbox.consent import addresses
from recoup.sandbox.consent.addresses import APPSTORE, CALLBACK, CONSENT
from recoup.sandbox.consent.checks import CHECKS, RETURN_CHECKS, Asked, application_known
from recoup.sandbox.consent.notices import PLACES, notice
from recoup.sandbox.consent.pages import Page, moved, rendered
from recoup.sandbox.consent.roles import role_texts
from recoup.sandbox.consent.settings import ConsentSettings
from recoup.sandbox.consent.sign_in import to_sign_in
from recoup.sandbox.consent.visit import Unclear, Visit
from recoup.sandbox.login import Login
from recoup.sandbox.operation import Refusal

__all__ = ["Asking"]

_REGIONS = {"NA": "North America", "EU": "Europe", "FE": "Far East"}
_MOST_STATES = 1000  # people on their way from the Appstore through a login URI


class _Errand(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that was given at the Appstore, while the person is at the application's login URI."""

    application_id: str
    user_id: str
    until: float


class Asking:
    """What a person is asked, and what comes of the answer."""

    def __init__(self, *, accounts: Accounts, login: Login, answers: Answers, settings: ConsentSettings) -> None:
        self._accounts = accounts
        self._login = login
        self._answers = answers
        self._settings = settings
        self._errands: OrderedDict[str, _Errand] = OrderedDict()  # by amazon_state

    def show(self, visit: Visit) -> Page:
        """Ask the person, where every check lets it come to that. Raises Refusal or Unclear."""
        application = self._application(visit)
        appstore = visit.path != CONSENT
        if not appstore and not visit.query.get("state"):
            raise Unclear("The address lacks its state, which leads the answer back to you.")
        if visit.session is None or visit.user is None:
            return moved(to_sign_in(visit.target))
        asked = self._asked(visit, application, visit.user)
        for check in CHECKS:
            check(asked)
        visit.session.show(visit.target, visit.now)
        return rendered(
            "consent.html",
            because="every check of the consent passed; the person is asked",
            merchant_id=asked.partner.merchant_id,
            place=PLACES[asked.partner.entity],
            user=visit.user,
            partner=asked.partner,
            token=visit.session.token,
            return_to=visit.target,
            application=application,
            beta=asked.beta,
            region=_REGIONS[visit.region],
            back=asked.registration.login_uri if appstore else asked.target.partition("?")[0],
            roles=role_texts(application.roles),
        )

    def decide(self, visit: Visit) -> Page:
        """Carry out what the person chose. Raises Refusal or Unclear."""
        application = self._application(visit)
        if visit.user is None:
            return moved(to_sign_in(visit.target), status=303)
        session = visit.vouched()
        shown = session.shown.get(visit.target)
        if shown is None or visit.now >= shown + self._settings.lifetime:
            raise Unclear("Too much time has passed. Begin again at the application that you want to authorize.")
        asked = self._asked(visit, application, visit.user)
        for check in CHECKS:  # once more: a lot can happen while a person thinks
            check(asked)
        decision = visit.form.get("decision")
        if decision not in ("confirm", "cancel"):
            raise Unclear("Say whether you confirm or cancel.")
        del session.shown[visit.target]
        if decision == "cancel":
            return self._cancelled(visit, asked)
        if asked.appstore:
            return self._to_login_uri(visit, asked)
        return self._granted(asked, visit.query["state"])

    def _application(self, visit: Visit) -> Application:
        if visit.path == CONSENT:
            return application_known(self._accounts, visit.query.get("application_id", ""))
        return application_known(self._accounts, visit.path.rpartition("/")[2])

    def _asked(self, visit: Visit, application: Application, user: User) -> Asked:
        appstore = visit.path.startswith(APPSTORE)
        return Asked(
            accounts=self._accounts,
            settings=self._settings,
            now=visit.now,
            application=application,
            user=user,
            partner=self._accounts.partners[user.merchant_id],
            beta=visit.query.get("version") == "beta",
            redirect_uri=None if appstore else visit.query.get("redirect_uri") or None,
            appstore=appstore,
        )

    def _granted(self, asked: Asked, state: str) -> Page:
        authorization = self._accounts.authorize(asked.application, asked.partner, asked.now, by_consent=True)
        default_uri = asked.target if asked.redirect_uri is None else None
        code = self._login.new_code(authorization, asked.redirect_uri, asked.now, default_uri=default_uri)
        merchant = asked.partner.merchant_id
        pairs = [("spapi_oauth_code", code), ("state", state), ("selling_partner_id", merchant)]
        because = f"{merchant} authorized {asked.application.id}"
        return moved(addresses.with_query(asked.target, pairs), because=because, merchant_id=merchant)

    def _cancelled(self, visit: Visit, asked: Asked) -> Page:
        refusal = Refusal("lwa-access-denied", because="the person chose Cancel")
        if asked.appstore or not self._settings.cancel_redirects:
            text = "You did not authorize the application. Nothing has changed."
            return notice(self._accounts, visit, "Not authorized", text, 200, refusal=refusal)
        answer = self._answers.fill(refusal)
        said = parse_qsl(answer.body.decode("ascii"))
        location = addresses.with_query(asked.target, [*said, ("state", visit.query["state"])])
        return moved(location, status=answer.status, refusal=refusal, merchant_id=asked.partner.merchant_id)

    # --- the Appstore's road

    def introduce(self, visit: Visit) -> Page:
        """The application in the Appstore, where the other road begins. Raises Refusal."""
        application = self._application(visit)
        beta = visit.query.get("version") == "beta"
        registration = application.draft if beta or application.published is None else application.published
        begin = f"{APPSTORE}authorize/{application.id}" + ("?version=beta" if beta else "")
        return rendered(
            "appstore.html",
            place="Appstore",
            user=None,
            application=application,
            beta=beta,
            entities=" and ".join(f"{entity}s" for entity in registration.entities) or "nobody yet",
            begin=begin,
        )

    def _to_login_uri(self, visit: Visit, asked: Asked) -> Page:
        while len(self._errands) >= _MOST_STATES:
            self._errands.popitem(last=False)
        amazon_state = self._accounts.hexadecimal(32)
        self._errands[amazon_state] = _Errand(
            application_id=asked.application.id,
            user_id=asked.user.id,
            until=visit.now + self._settings.appstore_lifetime,
        )
        pairs = [
            ("amazon_callback_uri", f"{visit.origin}{CALLBACK}{asked.application.id}"),
            ("amazon_state", amazon_state),
            ("selling_partner_id", asked.partner.merchant_id),
            *([("version", "beta")] if asked.beta else []),
        ]
        because = "consent was given at the Appstore; the application's login URI comes next"
        location = addresses.with_query(asked.registration.login_uri, pairs)
        return moved(location, because=because, merchant_id=asked.partner.merchant_id)

    def called_back(self, visit: Visit) -> Page:
        """Back from the login URI: the consent stands, now the answer goes out. Raises Refusal or Unclear."""
        application = self._application(visit)
        if visit.user is None:
            return moved(to_sign_in(visit.target))
        errand = self._errands.get(visit.query.get("amazon_state", ""))
        known = errand is not None and errand.application_id == application.id and errand.user_id == visit.user.id
        if errand is None or not known or visit.now >= errand.until:
            raise Unclear("This authorization is unknown or too old. Begin again at the Appstore.")
        if not visit.query.get("state"):
            raise Unclear("The address lacks its state, which leads the answer back to you.")
        asked = Asked(
            accounts=self._accounts,
            settings=self._settings,
            now=visit.now,
            application=application,
            user=visit.user,
            partner=self._accounts.partners[visit.user.merchant_id],
            beta=visit.query.get("version") == "beta",
            redirect_uri=visit.query.get("redirect_uri") or None,
        )
        for check in RETURN_CHECKS:
            check(asked)
        del self._errands[visit.query["amazon_state"]]
        return self._granted(asked, visit.query["state"])
