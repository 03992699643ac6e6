"""`recoup diagnose --probe`: it shows, asks, sends what was shown, and tells; without consent nothing leaves."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from recoup.cli.main import Streams, main
from recoup.sandbox import running
from recoup.sandbox.serving import Sandbox

PATH = "/externalFulfillment/2024-09-11/shipments?status=ACCEPTED"


class Terminal(io.BytesIO):
    """Standard input at which somebody sits and types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def paste(sandbox: Sandbox, tmp_path: Path) -> Path:
    """The refused call of an application that lacks the role, as raw HTTP."""
    sandbox.stage.drop_role("direct-to-consumer-shipping")
    return refused(sandbox, tmp_path)


def refused(sandbox: Sandbox, folder: Path, path: str = PATH) -> Path:
    form = {"grant_type": "refresh_token", "refresh_token": sandbox.refresh_token}
    form |= {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    token = httpx2.post(sandbox.token_url, data=form).json()["access_token"]
    headers = {"x-amz-access-token": token, "User-Agent": "test/1 (Language=Python)"}
    answer = httpx2.get(sandbox.endpoint + path, headers=headers)
    assert answer.status_code == 403
    host = sandbox.endpoint.partition("//")[2]
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test/1\r\nx-amz-access-token: {token}\r\n\r\n"
    fields = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    file = folder / "refused.http"
    file.write_bytes(f"{head}HTTP/1.1 403 Forbidden\r\n{fields}\r\n".encode() + answer.content)
    return file


def run(
    sandbox: Sandbox, *arguments: str, typed: bytes | None = None, stdin: bytes = b"", **environment: str
) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    given = {
        "RECOUP_CLIENT_ID": sandbox.client_id,
        "RECOUP_CLIENT_SECRET": sandbox.client_secret,
        "RECOUP_REFRESH_TOKEN": sandbox.refresh_token,
    }
    regions = [word for code, url in sandbox.endpoints.items() for word in ("--upstream", f"{code}={url}")]
    source = io.BytesIO(stdin) if typed is None else Terminal(typed)
    status = main(["diagnose", "--probe", *regions, *arguments], Streams(source, out, err), given | environment)
    for secret in (sandbox.client_secret, sandbox.refresh_token, "Atza|Iw", "Atza|w"):
        assert secret not in out.getvalue() + err.getvalue()
    return status, out.getvalue(), err.getvalue()


def asked(sandbox: Sandbox) -> int:
    """How many calls the sandbox has refused so far."""
    return len(list(sandbox.refusals(100)))


def test_what_is_agreed_to_is_sent_and_settles_the_tie(sandbox: Sandbox, paste: Path) -> None:
    status, out, err = run(sandbox, str(paste), typed=b"y\n" * 9)
    assert status == 1
    assert "This is sent, and nothing else" in err
    assert "x-amz-access-token: <the access token that the token request brings>" in err
    assert f"GET {sandbox.endpoint}/sellers/v1/marketplaceParticipations  200" in out
    assert "Settled: 403-missing-role." in out
    assert out.count("[403-missing-role]\n") >= 1
    assert "cannot tell" not in out.partition("Settled")[2]


@pytest.mark.parametrize("typed", [b"n\n", b"\n", b"", b"what?\n"])
def test_whoever_does_not_agree_sends_nothing(sandbox: Sandbox, paste: Path, typed: bytes) -> None:
    before = asked(sandbox)
    status, out, err = run(sandbox, str(paste), typed=typed)
    assert (status, asked(sandbox)) == (1, before)
    assert "Nothing was sent." in err
    assert "by hand" in out


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_without_a_terminal_it_wants_yes(sandbox: Sandbox, paste: Path, more: tuple[str, ...]) -> None:
    before = asked(sandbox)
    status, _, err = run(sandbox, str(paste), *more)
    assert (status, asked(sandbox)) == (2, before)
    assert "give --yes to send it, or leave --probe out" in err


def test_a_paste_on_standard_input_can_be_probed_with_yes(sandbox: Sandbox, paste: Path) -> None:
    status, out, _ = run(sandbox, "--yes", stdin=paste.read_bytes())
    assert (status, "Settled: 403-missing-role." in out) == (1, True)


def test_the_whole_course_is_in_the_data(sandbox: Sandbox, paste: Path) -> None:
    status, out, _ = run(sandbox, "--yes", "--json", str(paste))
    data: dict[str, Any] = json.loads(out)
    assert (status, data["id"], data["tied"]) == (1, "403-missing-role", [])
    probe = data["probe"]
    assert probe["settled"] is True
    assert "403-region-mismatch" in probe["before"]
    first = probe["checks"][0]
    assert first["sends"][0]["url"].endswith("/auth/o2/token")
    assert {each["status"] for each in first["sent"]} == {"200"}
    assert "403-region-mismatch" in first["told"][0]["disproves"]
    assert data["decision"]["fix"] == "request-role"


def test_what_a_person_knows_settles_what_no_request_can(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.stage.deactivate_account()
    file = refused(sandbox, tmp_path)
    _, out, err = run(sandbox, str(file), typed=b"y\ny\nn\nn\nn\n")
    assert "What is left no request can tell" in err
    assert "Settled: 403-account-suspended." in out


def test_another_seller_settles_it_too(sandbox: Sandbox, tmp_path: Path) -> None:
    other = sandbox.stage.add_partner(marketplaces=(sandbox.marketplace_id,))["refresh_token"]
    sandbox.stage.deactivate_account()
    file = refused(sandbox, tmp_path)
    _, out, _ = run(sandbox, str(file), "--yes", RECOUP_OTHER_REFRESH_TOKEN=other)
    assert "Settled: 403-account-suspended." in out
    assert other not in out


def test_a_body_alone_is_probed_with_the_operation_that_is_named(sandbox: Sandbox, paste: Path, tmp_path: Path) -> None:
    body = tmp_path / "body.txt"
    body.write_bytes(paste.read_bytes().rpartition(b"\r\n\r\n")[2])
    _, out, _ = run(sandbox, str(body), "--yes")
    assert "Not settled" in out
    assert "the input does not show which request was refused" in out
    _, out, _ = run(sandbox, str(body), "--yes", "--operation", PATH)
    assert "Settled: 403-missing-role." in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--operation", "createReport"], "changes something"),
        (["--operation", "getOrderz"], "no operation that is known"),
        (["--region", "XX"], "is not one of"),
        (["--report", "r.html"], "--probe looks into one failure"),
        (["--format", "jsonl"], "--probe looks into one failure"),
        (["--upstream", "http://127.0.0.1:1"], "give one URL alone, or REGION=URL"),
        (["--upstream", "EU=https://evil.example"], "refused"),
        (["--token-url", "https://evil.example/x"], "refused"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_sent(
    sandbox: Sandbox, paste: Path, arguments: list[str], says: str
) -> None:
    before = asked(sandbox)
    status, _, err = run(sandbox, str(paste), "--yes", *arguments)
    assert (status, says in err, asked(sandbox)) == (2, True, before), err


def test_options_of_the_probe_want_the_probe(paste: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert main(["diagnose", str(paste), "--yes"], Streams(io.BytesIO(), out, err), {}) == 2
    assert "belong to --probe" in err.getvalue()


def test_missing_credentials_are_named(paste: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert main(["diagnose", str(paste), "--probe", "--yes"], Streams(io.BytesIO(), out, err), {}) == 2
    assert "RECOUP_CLIENT_ID, RECOUP_CLIENT_SECRET, RECOUP_REFRESH_TOKEN: not set" in err.getvalue()


def test_one_clear_cause_needs_no_probe(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "clear.http"
    body = b'{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota for the requested resource."}]}'
    file.write_bytes(b"HTTP/1.1 429 Too Many Requests\r\n\r\n" + body)
    status, out, _ = run(sandbox, str(file), "--yes")
    assert (status, "there is nothing to probe" in out) == (1, True)
