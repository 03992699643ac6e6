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
    token = "-H 'x-amz-access-token: Atza|IwEB'"
    unknown, known = f"https://{EU}/orders/v0/order", f"'https://{EU}/orders/2026-01-01/orders/026-1234567-1234567'"
    script = f"curl {unknown} {token}\ncurl {known} {token}\n"
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


UNDESCRIBED = f"https://{EU}/promotions/2025-12-01/promotions/p1?language=de"
MODEL = {
    "swagger": "2.0",
    "info": {"version": "v0"},
    "paths": {
        "/promotions/2025-12-01/promotions/{promotionId}": {
            "get": {
                "operationId": "getPromotion",
                "parameters": [{"name": "Query", "in": "query", "type": "string", "required": True}],
                "responses": {"200": {}},
            }
        },
        "/kites/v1/kites": {"get": {"operationId": "getKites", "responses": {"200": {}}}},
    },
}


def test_what_is_not_known_is_said_and_a_model_tells_it(tmp_path: Path) -> None:
    status, out, _ = run(UNDESCRIBED)
    assert status == 0
    assert "requires is not known: no model describes it. Give one with --models." in out
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(MODEL), encoding="utf-8")
    for place in (tmp_path, file):
        status, out, _ = run(UNDESCRIBED, "--models", str(place))
        assert (status, "missing-parameter" in out, "is not known: no model" in out) == (1, True, False)
    status, out, _ = run(UNDESCRIBED, "--json")
    assert "no model describes it" in json.loads(out)["unknown"]


def test_an_operation_that_only_a_model_has_is_no_wrong_path(tmp_path: Path) -> None:
    (tmp_path / "kites.json").write_text(json.dumps(MODEL), encoding="utf-8")
    url = f"https://{EU}/kites/v1/kites"
    assert "unknown-operation" in run(url)[1]
    status, out, _ = run("--json", url, "--models", str(tmp_path))
    data = json.loads(out)
    assert (status, data["operation"], data["findings"], data["unknown"]) == (0, "getKites", [], None)


@pytest.mark.parametrize(("content", "says"), [(None, "there is no such folder or file"), (b"{", "this is no JSON")])
def test_bad_models_are_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    file = tmp_path / "models.json"
    if content is not None:
        file.write_bytes(content)
    status, out, err = run(UNDESCRIBED, "--models", str(file))
    assert (status, out) == (2, "")
    assert f"--models {file}: {says}" in err


def recording(*urls: str) -> str:
    entries = [{"request": {"method": "GET", "url": url, "headers": []}} for url in urls]
    return json.dumps({"log": {"entries": entries}}, indent=1)


def test_a_place_in_a_recording_is_that_of_the_whole_file() -> None:
    source = recording(f"https://{EU}/orders/v0/order", f"https://{EU}/orders/v0/oders")
    status, out, _ = run("--json", stdin=source)
    second = json.loads(out.splitlines()[1])
    (finding,) = second["findings"]
    assert (status, source[finding["start"] : finding["end"]]) == (1, "oders")
    line = source.splitlines()[finding["line"] - 1]
    assert line[finding["column"] - 1 :].startswith("oders")
    _, out, _ = run(stdin=source)
    assert f"standard input:{finding['line']}:{finding['column']}: unknown-operation" in out


def test_a_recording_is_mended_at_its_places() -> None:
    source = recording(f"https://{EU}/a").replace(
        '"headers": []', '"headers": [{"name": "x-amzn-access-token", "value": "Atza|x"}]'
    )
    _, out, err = run("--fix", stdin=source)
    assert out == source.replace("x-amzn-access-token", "x-amz-access-token")
    assert "1 mended" in err


def test_what_stands_before_a_break_is_told_and_the_break_is_named() -> None:
    source = recording(f"https://{EU}/orders/v0/order", f"https://{EU}/b")
    status, out, err = run(stdin=source[:-60])
    assert status == 2
    assert "unknown-operation" in out
    assert "no HAR file" in err


def test_fix_and_json_do_not_go_together() -> None:
    status, out, err = run("--fix", "--json", stdin=GOOD)
    assert (status, out) == (2, "")
    assert "leave --json out" in err


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("", True),
        (" -H 'accept: application/json'", True),
        (" -H 'x-amz-access-token: Atza|IwEB'", False),
        (" -H @fields.txt", False),
        (" -K settings.curlrc", False),
    ],
)
def test_a_command_without_a_token_may_have_lost_it_before_it_was_shown(fields: str, told: bool) -> None:
    command = f"curl https://{EU}/sellers/v1/marketplaceParticipations{fields}\n"
    _, out, _ = run("--json", stdin=command)
    (request,) = (json.loads(line) for line in out.splitlines())
    of_token = [each for each in request["findings"] if each["rule"] == "access-token-header"]
    assert len(of_token) == told
    assert all(not each["certain"] and each["fault"] == "403-missing-token" for each in of_token)


@pytest.mark.parametrize(
    ("account", "path", "certain"),
    [
        ("seller", "/vendor/orders/v1/purchaseOrders", True),
        ("vendor", "/vendor/orders/v1/purchaseOrders", None),
        (None, "/vendor/orders/v1/purchaseOrders", None),
        ("seller", "/orders/v0/orders/026-1234567-1234567", None),
        ("vendor", "/catalog/2022-04-01/items/B00EXAMPLE", None),
    ],
)
def test_whose_account_it_is_tells_operations_of_the_other_kind(
    account: str | None, path: str, certain: bool | None
) -> None:
    command = f"curl https://{EU}{path} -H 'x-amz-access-token: Atza|IwEB'\n"
    _, out, _ = run("--json", *(() if account is None else ("--account", account)), stdin=command)
    (request,) = (json.loads(line) for line in out.splitlines())
    found = [each for each in request["findings"] if each["rule"] == "operation-for-others"]
    assert [each["certain"] for each in found] == ([] if certain is None else [certain])
    for each in found:
        assert command[each["start"] : each["end"]] == path
        assert each["fault"] == "403-wrong-account-kind"
