"""The pages of the authorization workflow, asked for in every way there is: a page comes back, and the same one."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_world import FORM, Hall

from recoup.exchange import Headers, Request, Response

CONSENT = "/apps/authorize/consent"
HALL = Hall()


def hidden(answer: Response) -> dict[str, str]:
    found = re.findall(rb'<input type="hidden" name="([^"]*)" value="([^"]*)">', answer.body)
    return {name.decode(): value.decode() for name, value in found}


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("PUT", CONSENT, 405), ("DELETE", "/ap/signin", 405), ("GET", "/ap/signout", 405),
        ("GET", "/apps/authorize/x", 404),
        ("GET", "/apps/store/other/x", 404), ("POST", "/apps/store/dp/x", 405), ("GET", "/apps/store/dp/unknown", 400),
        ("GET", f"{CONSENT}?state=a&state=b", 400), ("GET", f"{CONSENT}?" + "a&" * 60, 400),
        ("POST", f"{CONSENT}?application_id=x", 400), ("POST", "/ap/signin", 403), ("HEAD", f"{CONSENT}?state=x", 400),
        ("OPTIONS", CONSENT, 405),
    ],
)  # fmt: skip
def test_what_is_no_request_of_the_workflow_is_said_plainly(method: str, target: str, status: int) -> None:
    hall = Hall()
    answer = hall.send(method, target, token=None, headers={"content-type": FORM})
    assert answer.status == status
    assert b"Traceback" not in answer.body
    assert (answer.headers.get("allow") is not None) is (status == 405)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "HEAD", "PUT"]),
    st.sampled_from(
        [CONSENT, "/ap/signin", "/ap/signout", "/apps/authorize/confirm/x", "/apps/store/dp/x", "/apps/store/"]
    ),
    st.text(st.characters(max_codepoint=255), max_size=60),
    st.binary(max_size=60),
    st.text(st.characters(max_codepoint=255), max_size=60),
)
def test_any_request_gets_a_page(method: str, path: str, query: str, body: bytes, cookie: str) -> None:
    hall = HALL
    headers = Headers({"content-type": FORM, "cookie": f"sandbox-session={cookie}", "host": "127.0.0.1"})
    answer = hall.world.handle(Request(method=method, url=f"{path}?{query}", headers=headers, body=body), "NA")
    assert isinstance(answer, Response)
    assert answer.status in (302, 400, 403, 404, 405)
    if answer.status == 302:
        assert (answer.headers.get("location") or "").startswith("/ap/signin?")


def test_the_same_seed_and_clicks_give_the_same_bytes() -> None:
    def walk() -> list[tuple[int, bytes, object]]:
        hall = Hall()
        seen: list[tuple[int, bytes, object]] = []
        target = f"{CONSENT}?application_id={hall.principal.application.id}&state=x"
        cookie: str | None = None
        fields: dict[str, str] = {}
        steps = [
            ("GET", "/ap/signin?openid.return_to=" + quote(target, safe="")),
            ("POST", "/ap/signin"),
            ("GET", target),
        ]
        for method, url in [*steps, ("POST", target)]:
            body = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
            headers = {"content-type": FORM} | ({"cookie": cookie} if cookie else {})
            answer = hall.send(method, url, token=None, headers=headers, body=body.encode())
            cookie = (answer.headers.get("set-cookie") or cookie or "").partition(";")[0]
            shown = hidden(answer)
            fields = {"anti_forgery": shown.get("anti_forgery", ""), "decision": "confirm"}
            fields |= {"user": next(iter(hall.world.accounts.users)), "openid.return_to": target}
            seen.append((answer.status, answer.body, answer.headers.items()))
        return seen

    first = walk()
    assert [status for status, _, _ in first] == [200, 303, 200, 302]
    assert walk() == first
