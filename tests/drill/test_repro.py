"""A failure made again: the file fails for the same cause as it stands, and passes once its cause is taken away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.diagnosis import Diagnosis, Match
from recoup.drill.repro import How, Repro, reproduce, write
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.recovery.advice import diagnose

HOST = "https://sellingpartnerapi-na.amazon.com"
DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
TOKEN = "Atza|IwEBIplantedplantedplanted"
HEADERS = {"x-amz-access-token": TOKEN, "user-agent": "Shop/1.0", "accept": "application/json"}


NO_TOKEN = {"host": "sellingpartnerapi-na.amazon.com", "user-agent": "Shop/1.0", "accept": "*/*"}


def of(fault: str) -> Diagnosis:
    """A diagnosis of this fault, without an exchange."""
    return Diagnosis(faults=(Match(fault=catalogue()[fault], score=1.0, basis="message"),))


def seen(method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> Exchange:
    request = Request(method=method, url=url, headers=Headers(headers), body=body)
    return Exchange(request=request, response=Response(status=403, body=DENIED))


def made(exchange: Exchange) -> Repro:
    repro = reproduce(exchange.request, diagnose(exchange), place="calls.jsonl:7")
    assert repro is not None
    return repro


def passes(folder: Path, text: str) -> bool:
    path = folder / "test_it.py"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode == 0


def mended(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "# MEND" not in line) + "\n"


# ---------------------------------------------------------------- causes in the request


@pytest.mark.parametrize(
    ("exchange", "fault", "mend"),
    [
        (
            seen("GET", f"{HOST}/sellers/v1/marketplaceParticipation", HEADERS),
            "403-wrong-path-or-version",
            ("marketplaceParticipation'", "marketplaceParticipations'"),
        ),
        (
            seen("GET", f"{HOST}/sellers/v1/marketplaceParticipations", NO_TOKEN),
            "403-missing-token",
            ("headers=HEADERS", 'headers={**HEADERS, "x-amz-access-token": token}'),
        ),
    ],
    ids=["path", "token"],
)
def test_a_cause_in_the_request_is_made_by_the_request(
    tmp_path: Path, exchange: Exchange, fault: str, mend: tuple[str, str]
) -> None:
    repro = made(exchange)
    assert (repro.fault, repro.how) == (fault, How.REQUEST)
    assert not passes(tmp_path, repro.text)
    assert passes(tmp_path, repro.text.replace(*mend))


def test_bytes_that_are_no_http_are_sent_as_they_are(tmp_path: Path) -> None:
    raw = (
        b"GET /sellers/v1/marketplaceParticipations HTTP/1.1\r\nHost: sellingpartnerapi-na.amazon.com\r\n"
        b"User-Agent: Shop/1.0\r\nX-Empty:\r\nx-amz-access-token: " + TOKEN.encode() + b"\r\n\r\n"
    )
    request = Request(method="GET", url=f"{HOST}/sellers/v1/marketplaceParticipations", raw=raw)
    repro = reproduce(request, of("400-malformed-http-empty-header"))
    assert repro is not None
    assert repro.how is How.REQUEST
    assert not passes(tmp_path, repro.text)
    assert passes(tmp_path, repro.text.replace("X-Empty:\\r\\n", ""))


# ---------------------------------------------------------------- calls of other regions

EU_HOST = "https://sellingpartnerapi-eu.amazon.com"
FE_HOST = "https://sellingpartnerapi-fe.amazon.com"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        (f"{EU_HOST}/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01", "429-rate-limit"),
        (f"{FE_HOST}/sellers/v1/marketplaceParticipations", "403-missing-role"),
        (f"{EU_HOST}/externalFulfillment/2024-09-11/shipments/SHIP-1", "sc-00005-forbidden"),
        (f"{EU_HOST}/vendor/orders/v1/purchaseOrders", "other-500-internal"),
        (f"{EU_HOST}/support/2025-02-01/cases/7", "other-500-internal"),
    ],
)
def test_a_call_of_another_region_passes_once_its_cause_is_taken_away(tmp_path: Path, url: str, fault: str) -> None:
    request = Request(method="GET", url=url, headers=Headers(HEADERS))
    repro = reproduce(request, of(fault))
    assert repro is not None
    assert repro.how is not How.REQUEST
    assert not passes(tmp_path, repro.text)
    assert passes(tmp_path, mended(repro.text))


def test_a_path_that_was_misspelt_in_another_region_is_mended_there(tmp_path: Path) -> None:
    query = "?MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01T00:00:00Z"
    repro = made(seen("GET", f"{EU_HOST}/orders/v0/order{query}", HEADERS))
    assert (repro.fault, repro.how, repro.scenario["region"]) == ("403-wrong-path-or-version", How.REQUEST, "EU")
    assert list(repro.scenario["add_partner"]["marketplaces"]) == ["A1PA6795UKMFR9"]
    assert not passes(tmp_path, repro.text)
    assert passes(tmp_path, repro.text.replace("/order?", "/orders?"))


# ---------------------------------------------------------------- causes in the world


@pytest.mark.parametrize(
    "fault",
    [
        "403-missing-role",
        "403-expired-token",
        "429-rate-limit",
        "lwa-invalid-grant",
        "other-503-unavailable",
        "sc-00005-forbidden",
    ],
)
def test_a_cause_in_the_world_is_set_on_the_stage_and_taken_away(tmp_path: Path, fault: str) -> None:
    request = None
    if fault.startswith(("sc-", "429", "403-missing-role")):
        url = f"{HOST}/externalFulfillment/2024-09-11/shipments/SHIP-1"
        request = Request(method="GET", url=url, headers=Headers(HEADERS))
    repro = reproduce(request, of(fault))
    assert repro is not None
    assert repro.how is How.CAUSE
    assert not passes(tmp_path, repro.text)
    assert passes(tmp_path, mended(repro.text))


def test_where_there_is_only_the_answer_the_file_says_so(tmp_path: Path) -> None:
    repro = reproduce(None, of("other-504-timeout"))
    assert repro is not None
    assert repro.how is How.PLAN
    assert "has no such cause" in repro.text
    assert not passes(tmp_path, repro.text)
    assert passes(tmp_path, mended(repro.text))


@pytest.mark.long
@pytest.mark.parametrize(
    "fault",
    [
        "400-inactive-account",
        "403-account-suspended",
        "lwa-html-or-non-json",
        "lwa-rate-limited",
        "lwa-server-error",
        "lwa-temporarily-unavailable",
        "other-500-internal",
        "sc-00001-service-unavailable",
        "sc-10000-server-busy",
        "429-rate-limit",
        "ef-NotFound",
        "404-wrong-path",
    ],
)
def test_other_faults_are_made_again_too_by_cause_or_by_answer(tmp_path: Path, fault: str) -> None:
    repro = reproduce(None, of(fault))
    assert repro is not None
    assert not passes(tmp_path, repro.text)
    if repro.how is not How.REQUEST:
        assert passes(tmp_path, mended(repro.text))


def test_what_the_sandbox_cannot_bring_about_gets_no_file() -> None:
    assert reproduce(None, of("auth-MD1000")) is None
    assert reproduce(None, Diagnosis()) is None


# ---------------------------------------------------------------- what is in the files


def test_the_file_is_of_the_users_own_request_and_holds_no_secret(tmp_path: Path) -> None:
    body = b'{"refreshToken":"Atzr|plantedplanted","buyerEmail":"buyer@example.com"}'
    exchange = seen("POST", f"{HOST}/sellers/v1/marketplaceParticipation?a=1", HEADERS, body)
    repro = made(exchange)
    assert "/sellers/v1/marketplaceParticipation?a=1" in repro.text
    assert "calls.jsonl:7" in repro.text
    for secret in (TOKEN, "planted", "buyer@example.com"):
        assert secret not in repro.text
        assert secret not in str(repro.scenario)


@pytest.mark.parametrize("evil", ['"""\nimport os\n"""', "\\", "'; raise SystemExit", "{shipment_id}", "\r\n"])
def test_what_a_trace_holds_stays_a_literal(tmp_path: Path, evil: str) -> None:
    exchange = seen("GET", f"{HOST}/sellers/v1/x{evil}", {**HEADERS, "x-odd": f"a{evil}"})
    repro = reproduce(exchange.request, diagnose(exchange), place=f"file{evil}:1")
    assert repro is None or compile(repro.text, "x", "exec") is not None


def test_files_of_the_users_are_left_alone(tmp_path: Path) -> None:
    repro = made(seen("GET", f"{HOST}/sellers/v1/marketplaceParticipation", HEADERS))
    first = write(tmp_path, repro)
    assert sorted(path.name for path in first) == [
        "403_wrong_path_or_version.scenario.json",
        "test_403_wrong_path_or_version.py",
    ]
    first[0].write_text("mine", encoding="utf-8")
    assert write(tmp_path, repro) == []
    assert first[0].read_text(encoding="utf-8") == "mine"
