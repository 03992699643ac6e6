"""`recoup lint` from outside: what it reads, what it prints, what it never prints, and how it ends."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from recoup.cli.main import Streams, main

EU = "sellingpartnerapi-eu.amazon.com"
SECRET = "IwEBIJedGJVeryLongAndSecret"
TOKEN = f"Atza|{SECRET}"
GOOD = (
    f"GET /orders/2026-01-01/orders/026-1234567-1234567 HTTP/1.1\r\nHost: {EU}\r\n"
    f"x-amz-access-token: {TOKEN}\r\nUser-Agent: Stock/1\r\n\r\n"
)
BAD = GOOD.replace("x-amz-", "x-amzn-")


def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(["lint", *arguments], Streams(io.BytesIO(stdin.encode()), out, err), {})
    return status, out.getvalue(), err.getvalue()


def test_a_finding_is_shown_in_its_line_with_a_caret_under_it(tmp_path: Path) -> None:
    file = tmp_path / "request.http"
    file.write_bytes(BAD.encode())
    status, out, _ = run(str(file))
    assert status == 1
    lines = out.splitlines()
    head = next(index for index, line in enumerate(lines) if ": access-token-header" in line)
    assert lines[head] == f"{file}:3:1: access-token-header (403-missing-token)"
    assert lines[head + 1] == f"    x-amzn-access-token: <access token, {len(TOKEN)} characters>"
    assert lines[head + 2] == "    " + "^" * len("x-amzn-access-token")
    assert "Fix (safe): Send the access token in x-amz-access-token. Instead: x-amz-access-token" in out
    assert SECRET not in out


def test_a_place_inside_a_secret_is_told_by_its_offset() -> None:
    status, out, _ = run(stdin=GOOD.replace(TOKEN, TOKEN.replace("Very", "Ve ry")))
    assert status == 1
    assert "It stands at offset 17 of the secret, which is not shown." in out
    assert "^" * len(f"<access token, {len(TOKEN) + 1} characters>") in out
    assert not any(piece in out for piece in (SECRET[:12], "ryLong"))


SECRETS = [
    f"GET / HTTP/1.1\r\nHost: {EU}\r\nx-amz-access-token: Atzr|{SECRET}\r\n\r\n",
    f'GET / HTTP/1.1\r\nHost: {EU}\r\nx-amz-access-token: {SECRET}"\r\nX-My-Token: {SECRET}\r\n\r\n',
    f"curl https://{EU}/x -H 'Authorization: Bearer {TOKEN}' -u me:{SECRET}",
    f"curl https://{EU}/orders/v0/orders?access_token={SECRET}&x=1 -d client_secret={SECRET}",
    (
        f'{{"request": {{"method": "GET", "url": "https://{EU}/x", "headers": '
        f'[{{"name": "x-amz-access-token", "value": "\\"{SECRET}"}}]}}}}'
    ),
    f"https://{EU}/orders/v0/orders?x=a b&refresh_token={SECRET}",
]


@pytest.mark.parametrize("request_text", SECRETS)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_is_printed(request_text: str, form: tuple[str, ...]) -> None:
    status, out, err = run(*form, stdin=request_text)
    assert status == 1
    assert SECRET not in out + err


def test_json_is_one_object_a_request() -> None:
    script = f"curl https://{EU}/orders/v0/order\ncurl 'https://{EU}/orders/2026-01-01/orders/026-1234567-1234567'\n"
    status, out, _ = run("--json", stdin=script)
    assert status == 1
    first, second = (json.loads(line) for line in out.splitlines())
    assert (first["request"], first["form"], first["method"], first["operation"]) == (1, "curl", "GET", None)
    (finding,) = first["findings"]
    start, end = finding["start"], finding["end"]
    assert script[start:end] == "order"
    assert {"rule", "fault", "certain", "line", "column", "shown", "text", "fix", "fix_kind", "replacement"} <= set(
        finding
    )
    assert (second["operation"], second["findings"]) == ("getOrder", [])


def test_what_is_well_ends_with_0_and_says_so() -> None:
    status, out, _ = run(stdin=GOOD)
    assert (status, "Nothing is wrong with it, as far as its bytes show." in out) == (0, True)


def test_what_may_be_right_all_the_same_is_told_and_ends_with_0() -> None:
    status, out, _ = run(stdin=GOOD.replace("User-Agent", "Accept: text/html\r\nUser-Agent"))
    assert status == 0
    assert "accept, may be right all the same" in out


def test_fix_writes_the_mended_request_and_nothing_else() -> None:
    status, out, err = run("--fix", stdin=BAD)
    assert (status, out) == (0, GOOD)
    assert err == "recoup: standard input: 1 mended, 0 left\n"
    twisted = BAD.replace("/orders/2026", "/order/2026")
    status, out, _ = run("--fix", stdin=twisted)
    assert (status, out) == (1, GOOD.replace("/orders/2026", "/order/2026"))


def test_clocks_are_judged_where_the_time_is_given() -> None:
    late = GOOD.replace("User-Agent", "x-amz-date: 20260301T120000Z\r\nUser-Agent")
    assert "other-clock-skew" not in run(stdin=late)[1]
    assert "60 minutes behind" in run("--now", "2026-03-01T13:00:00Z", stdin=late)[1]
    assert run("--now", "soon", stdin=late)[0] == 2


def test_a_url_is_taken_from_the_command_line() -> None:
    status, out, _ = run(f"https://{EU}/orders/v0/orders?MarketplaceIds=ATVPDKIKX0DER&CreatedAfter=2026-01-01")
    assert status == 1
    assert "marketplace-of-another-region" in out


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        ((), "", "nothing to read"),
        ((), "hello", "there is no request in it"),
        (("--format", "curl"), "wget https://x", "there is no request in it"),
        (("no-such-file",), "", "no-such-file"),
        ((), '{"log": ', "no HAR file"),
        (("--format", "har"), "GET / HTTP/1.1", "line 1"),
    ],
)
def test_what_is_not_readable_ends_with_2_and_says_why(arguments: tuple[str, ...], stdin: str, said: str) -> None:
    status, out, err = run(*arguments, stdin=stdin)
    assert (status, out) == (2, "")
    assert said in err


def test_lines_that_end_as_in_an_editor_are_no_fault() -> None:
    status, out, _ = run(stdin=GOOD.replace("\r\n", "\n"))
    assert status == 0, out
