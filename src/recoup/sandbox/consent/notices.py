"""Pages that say that something is not to be: with a code of Amazon's, or without one."""

from __future__ import annotations

from recoup.sandbox.accounts import Accounts
from recoup.sandbox.answers import Answers
from recoup.sandbox.consent import addresses
from recoup.sandbox.consent.pages import Page, rendered
from recoup.sandbox.consent.visit import Visit
from recoup.sandbox.operation import Refusal

__all__ = ["PLACES", "notice", "refused"]

PLACES = {"seller": "Seller Central", "vendor": "Vendor Central"}


def refused(accounts: Accounts, answers: Answers, visit: Visit | None, refusal: Refusal) -> Page:
    """The page that shows the fault's code, and nothing that tells more than Amazon's does."""
    answer = answers.fill(refusal)
    return notice(
        accounts,
        visit,
        "This application cannot be authorized",
        "The authorization was stopped before anything was shared.",
        answer.status,
        code=_words(answer.body.decode("utf-8")),
        refusal=refusal,
    )


def notice(
    accounts: Accounts,
    visit: Visit | None,
    heading: str,
    text: str,
    status: int,
    *,
    headers: tuple[tuple[str, str], ...] = (),
    code: str = "",
    refusal: Refusal | None = None,
) -> Page:
    """A page with a heading and a text. Whoever is signed in may sign out on it, and come back as somebody else."""
    user = visit.user if visit is not None else None
    partner = accounts.partners[user.merchant_id] if user is not None else None
    back = addresses.local(visit.target) if visit is not None else None
    return rendered(
        "error.html",
        status=status,
        headers=headers,
        refusal=refusal,
        because=text,
        merchant_id=partner.merchant_id if partner is not None else None,
        place=PLACES[partner.entity] if partner is not None else "Authorization",
        user=user if back is not None else None,
        partner=partner,
        token=visit.session.token if visit is not None and visit.session is not None else "",
        return_to=back,
        heading=heading,
        text=text,
        code=code,
    )


def _words(page: str) -> str:
    """The text in the one paragraph of the catalogue's page."""
    return page.partition("<p>")[2].partition("</p>")[0]
