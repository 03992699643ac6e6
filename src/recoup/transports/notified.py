"""What a notification of Amazon's means for the tokens: `recoup.notified`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_never

import msgspec

from recoup.errors import SettingsError
from recoup.login.notice import NORMAL, NewSecret, Notice, OtherNotice, SecretExpiry, StandingChanged, read_notice
from recoup.transports.login import Login

__all__ = ["Notified", "notified"]


class Notified(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of a notification: what it says, and which of the logins it concerned.

    `action` is `resumed`, `secret replaced`, `expiry noted`, or empty where there was nothing to do.
    """

    notice: Notice
    action: str = ""
    logins: tuple[Login, ...] = ()


def notified(
    notification: str | bytes | Mapping[str, Any], logins: Login | Iterable[Login], *, seller: str | None = None
) -> Notified:
    """Let the logins know what Amazon notified.

    ACCOUNT_STATUS_CHANGED to NORMAL resumes the seller, where it was parked; APPLICATION_OAUTH_CLIENT_NEW_SECRET goes
    on with the new secret, the old one beside it; APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY remembers the end. Everything
    else is read and left alone. `notification` is a message of the queue (its body, or the message with its `Body`) or
    an event of EventBridge, as text, bytes or parsed JSON. `logins` is one Login or several. Where several are given,
    `seller` says whose account it is, since a notification about an account need not say so: only the subscription
    through which it came tells. Does nothing that waits for the network, save for the logins' store.

    Raises UnreadableInput where it is no notification; SettingsError where it is not known whose account it is about.
    """
    notice = read_notice(notification)
    given = (logins,) if isinstance(logins, Login) else tuple(logins)
    match notice:
        case StandingChanged():
            found = _of_seller(given, notice, seller)
            if notice.current != NORMAL:
                return Notified(notice=notice, logins=found)
            for login in found:
                login.resume_seller()
            return Notified(notice=notice, action="resumed" if found else "", logins=found)
        case NewSecret():
            found = tuple(login for login in given if login.application == notice.client_id)
            for login in found:
                login.replace(client_secret=notice.client_secret, secret_expires_at=notice.expires_at)
            return Notified(notice=notice, action="secret replaced" if found else "", logins=found)
        case SecretExpiry():
            found = tuple(login for login in given if login.application == notice.client_id)
            for login in found:
                login.expects(secret_expires_at=notice.expires_at)
            return Notified(notice=notice, action="expiry noted" if found else "", logins=found)
        case OtherNotice():
            return Notified(notice=notice)
        case _:
            assert_never(notice)


def _of_seller(logins: Sequence[Login], notice: StandingChanged, seller: str | None) -> tuple[Login, ...]:
    wanted = seller if seller is not None else notice.seller
    if wanted is not None:
        return tuple(login for login in logins if login.seller == wanted)
    if len({login.seller for login in logins}) <= 1:
        return tuple(logins)
    raise SettingsError(
        "seller: ACCOUNT_STATUS_CHANGED does not say whose account it is, and logins of several sellers were given; "
        "give seller=, which the subscription tells, or only the logins of that seller"
    )
