"""One request of a browser, read: its query, its form, and who is signed in behind it."""

from __future__ import annotations

import msgspec

from recoup.exchange import Request
from recoup.sandbox.accounts import Accounts, User
from recoup.sandbox.consent import addresses
from recoup.sandbox.consent.sessions import Session, Sessions

__all__ = ["Unclear", "Visit", "read_visit"]

_LARGEST_FORM = 65_536  # bytes


class Unclear(Exception):
    """The request is none that the workflow knows; the text and `status` go to the person."""

    def __init__(self, text: str, status: int = 400, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a browser. `target` is path and query as sent, `origin` how the browser calls this server."""

    region: str
    now: float
    method: str
    path: str
    target: str
    query: dict[str, str]
    form: dict[str, str]
    session: Session | None
    user: User | None
    origin: str

    def vouched(self) -> Session:
        """The session, where the form came from one of its own pages. Raises Unclear where it did not."""
        if self.session is None or not self.session.vouches(self.form.get("anti_forgery", "")):
            raise Unclear("The page that you came from is too old, or it was not ours. Go back and begin again.", 403)
        return self.session


def read_visit(
    request: Request, region: str, now: float, body_size: int, *, accounts: Accounts, sessions: Sessions
) -> Visit:
    """The request as the pages need it. Raises Unclear where its query or form cannot be read."""
    target, host = request.url, request.headers.get("host") or ""
    if not target.startswith("/"):  # absolute form
        host, slash, rest = target.partition("://")[2].partition("/")
        target = slash + rest
    path, _, query = target.partition("?")
    session = sessions.find("; ".join(request.headers.get_all("cookie")), now)
    user = accounts.users.get(session.user_id or "") if session is not None else None
    if user is not None and accounts.partners[user.merchant_id].region != region:
        user = None  # a browser sends one cookie to the centrals of all regions
    try:
        found = addresses.fields(query.encode("latin-1", "replace"))
        form = addresses.fields(_form(request, body_size))
    except ValueError as error:
        raise Unclear(f"The address could not be understood: {error}.") from error
    return Visit(
        region=region,
        now=now,
        method="GET" if request.method == "HEAD" else request.method,
        path=path,
        target=target,
        query=found,
        form=form,
        session=session,
        user=user,
        origin=f"http://{host}",
    )


def _form(request: Request, body_size: int) -> bytes:
    if request.method != "POST":
        return b""
    if body_size > _LARGEST_FORM:
        raise Unclear("The form is too large.", 413)
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Unclear("The form could not be read.", 415)
    if request.headers.get("sec-fetch-site") not in (None, "same-origin", "none"):
        raise Unclear("The form was sent by another site.", 403)
    return request.body or b""
