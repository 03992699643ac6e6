"""A browser without a screen: cookies and forms, and no redirection followed by itself."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2

from recoup.sandbox.serving import Sandbox

CONSENT = "/apps/authorize/consent"
CALLBACK = "https://app.example/callback"
LOGIN_URI = "https://app.example/login"
STATE = "a b/ü+&=#%20"


class Browser:
    """One browser at one of the sandbox's centrals."""

    def __init__(self, sandbox: Sandbox, *, region: str = "NA") -> None:
        self.sandbox = sandbox
        self._client = httpx2.Client(base_url=sandbox.endpoints[region], timeout=10)

    def get(self, target: str) -> httpx2.Response:
        return self._client.get(target)

    def post(self, target: str, fields: Mapping[str, str], **headers: str) -> httpx2.Response:
        return self._client.post(target, data=dict(fields), headers=headers)

    def raw(self, method: str, target: str, body: bytes, content_type: str) -> httpx2.Response:
        return self._client.request(method, target, content=body, headers={"content-type": content_type})

    def follow(self, answer: httpx2.Response) -> httpx2.Response:
        """Go where a redirection to the sandbox itself leads."""
        assert answer.status_code in (302, 303), answer.text
        location = answer.headers["location"]
        assert location.startswith("/"), location
        return self.get(location)

    def press(self, page: httpx2.Response, **button: str) -> httpx2.Response:
        """Send the last form of a page by one of its buttons."""
        form = page.text.rpartition('<form method="post"')[2]
        action = re.search(r'action="([^"]*)"', form)
        assert action is not None, page.text
        return self.post(html.unescape(action[1]), hidden(form) | button)

    def sign_in(self, target: str, user: str) -> httpx2.Response:
        """Open a page, sign in on the way, and come back to it."""
        page = self.follow(self.get(target))
        return self.follow(self.press(page, user=user))

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def link(sandbox: Sandbox, **query: str) -> str:
    """The link to the consent that an application gives a seller; a value of '-' leaves a field out."""
    fields = {"application_id": sandbox.application_id, "state": STATE, **query}
    return f"{CONSENT}?{urlencode({name: value for name, value in fields.items() if value != '-'})}"


def user(sandbox: Sandbox, *, primary: bool = True, merchant_id: str | None = None) -> str:
    """The id of a person of an account, the principal one where none is named."""
    merchant = merchant_id or sandbox.merchant_id
    people = sandbox.stage.users()
    return next(str(p["id"]) for p in people if p["merchant_id"] == merchant and p["primary"] is primary)


def asked(page: httpx2.Response) -> bool:
    """Whether the page asks for consent."""
    return page.status_code == 200 and ">Confirm</button>" in page.text


def code_on(page: httpx2.Response) -> str | None:
    """The code that an error page shows."""
    found = re.search(r"Error Code: ([A-Z0-9_]+)", page.text)
    return found[1] if found is not None else None


def given(answer: httpx2.Response) -> dict[str, str]:
    """What a redirection carries."""
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query, keep_blank_values=True))


def exchange(sandbox: Sandbox, code: str, **fields: str) -> httpx2.Response:
    """The application's call of the token endpoint."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        **fields,
    }
    return httpx2.post(sandbox.token_url, data=form)


def why(sandbox: Sandbox, answer: httpx2.Response) -> dict[str, object]:
    """The causal trail of an answer."""
    trail = sandbox.why(answer.headers["x-amzn-requestid"])
    assert trail is not None
    return trail
