"""Browsers that the pages know again: a cookie, who is signed in behind it, and the token that their forms carry."""

from __future__ import annotations

import hmac
import random
from collections import OrderedDict

import msgspec

from recoup.sandbox.consent.settings import ConsentSettings

__all__ = ["COOKIE", "Session", "Sessions", "own_cookie"]

COOKIE = "sandbox-session"
_MOST_SHOWN = 20  # consents that one browser has open


def own_cookie(cookies: str) -> str:
    """The one pair of a Cookie field that is these pages', as name=value; empty where there is none."""
    pairs = (pair.strip() for pair in cookies.split(";"))
    return next((pair for pair in pairs if pair.startswith(f"{COOKIE}=")), "")


class Session(msgspec.Struct, kw_only=True):
    """One browser. `token` stands in every form that it gets; `shown` says when it was shown which consent."""

    id: str
    token: str
    expires_at: float
    user_id: str | None = None
    shown: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"Session(user_id={self.user_id!r}, expires_at={self.expires_at})"

    def vouches(self, token: str) -> bool:
        """True where a form carries this session's token, so that it came from one of its own pages."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def show(self, target: str, now: float) -> None:
        """Note that this browser is shown the consent at `target`."""
        self.shown.pop(target, None)
        while len(self.shown) >= _MOST_SHOWN:
            del self.shown[next(iter(self.shown))]
        self.shown[target] = now


class Sessions:
    """The browsers of one sandbox; ids and tokens come from its seed."""

    def __init__(self, seed: int | str, settings: ConsentSettings) -> None:
        self._random = random.Random(f"{seed}:sessions")  # noqa: S311  made-up accounts, the same for the same seed
        self._settings = settings
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def find(self, cookies: str, now: float) -> Session | None:
        """The session that a Cookie field names, unless it is over."""
        session = self._sessions.get(own_cookie(cookies).partition("=")[2])
        return session if session is not None and now < session.expires_at else None

    def start(self, now: float, user_id: str | None = None) -> Session:
        """A new session, signed in where `user_id` is given."""
        while len(self._sessions) >= self._settings.kept_sessions:
            self._sessions.popitem(last=False)
        session = Session(
            id=f"{self._random.getrandbits(128):032x}",
            token=f"{self._random.getrandbits(128):032x}",
            expires_at=now + self._settings.signed_in,
            user_id=user_id,
        )
        self._sessions[session.id] = session
        return session

    def end(self, session: Session) -> None:
        """Forget a session: its cookie opens nothing any more."""
        self._sessions.pop(session.id, None)
