"""The golden corpus: bytes written by hand from the documents, and what a diagnosis must make of them.

Nothing in tests/golden was rendered by this package: neither the catalogue nor the sandbox can leak its answers into
it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from golden_corpus import (
    GOLDEN,
    NEGATIVE,
    PASTED,
    Case,
    cases,
    complaints,
    exchange_of,
    folders,
    read_request,
    read_response,
    rows,
)
from recoup.diagnosis.engine import diagnose
from recoup.exchange import Exchange

# Every fault that the two documents, Login with Amazon and the front door know, written down by hand.
IDS = """
400-missing-required-field 400-invalid-date-format 400-get-with-body 400-wrong-content-type 400-invalid-next-token
400-wrong-url-encoding 400-missing-child-object 400-wrong-identifier 400-developer-id-not-associated
400-oauth-setup-missing 400-missing-role 400-inactive-account
400-malformed-http-body-in-get-or-head 400-malformed-http-content-length-unparseable
400-malformed-http-multiple-content-length 400-malformed-http-content-length-and-transfer-encoding
400-malformed-http-host-header 400-malformed-http-empty-header 400-malformed-http-multiline-header
400-malformed-http-header-termination 400-malformed-http-missing-colon 400-malformed-http-control-character
400-malformed-http-trailing-empty-line 400-malformed-http-no-uri 400-malformed-http-method
403-expired-token 403-missing-role 403-wrong-account-kind 403-region-mismatch 403-wrong-path-or-version
403-deprecated-endpoint 403-unsupported-marketplace 403-account-suspended 403-missing-token 403-invalid-signature
404-mistyped-id 404-unavailable-id 404-premature-poll 404-wrong-path 429-rate-limit null-enum
auth-MD1000 auth-MD5101 auth-MD5110 auth-MD9100 auth-SPDC8143 auth-SPSA0404 auth-CONSENT_LIMIT_REACHED
ef-http-207 ef-http-401 ef-InternalFailure ef-ServiceUnavailable ef-InvalidInput ef-NotFound ef-DuplicateRequest
ef-Forbidden ef-ServerBusy ef-OperationNotPermitted ef-StateConflict ef-OrderCancelled
sc-00000-internal-failure sc-00001-service-unavailable sc-00007-rate-limited sc-00002-invalid-value sc-00002-range
sc-00002-mandatory-field sc-00003-entity-not-found sc-00003-artifact-not-found sc-00004-duplicate-client-token
sc-00004-in-progress sc-00005-forbidden sc-10000-server-busy sc-10001-operation-not-permitted
sc-20000-quantity-exceeds-inventory sc-20002-sequence-conflict sc-00006-entity-version-conflict
sc-00006-order-cancelled sc-30001-shiplabel-generation-failure sc-30002-capacity-breached
sc-30003-incorrect-package-dimensions sc-30004-pickup-slot-expired sc-30005-dispatch-after-date
sc-40000-subscription-exists sc-30007-no-invoice sc-00005-max-retries
lwa-invalid-grant lwa-invalid-client lwa-unauthorized-client lwa-invalid-scope lwa-invalid-request
lwa-unsupported-grant-type lwa-access-denied lwa-server-error lwa-rate-limited lwa-html-or-non-json
lwa-temporarily-unavailable
other-500-internal other-503-unavailable other-504-timeout other-413-too-large other-415-unsupported-media
other-listing-issue other-presigned-url-expired other-presigned-signature
""".split()

CASES = cases()
NEGATIVES = rows(NEGATIVE / "negatives.toml", "row")
TEXTS = rows(PASTED / "expected.toml", "text")


def _label(case: Case) -> str:
    return case.label


def _file(row: dict[str, object]) -> str:
    return str(row["file"])


# ---------------------------------------------------------------- the corpus is whole


def test_every_fault_has_a_folder() -> None:
    assert sorted(IDS) == [folder.name for folder in folders()]


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_file_has_an_origin(folder: Path) -> None:
    blocks = rows(folder / "origin.toml", "file")
    named = [block[key] for block in blocks for key in ("name", "request", "wire_request") if key in block]
    assert sorted(named) == sorted(path.name for path in folder.iterdir() if path.name != "origin.toml")
    assert any(folder.name in _expected_ids(block["expected"]) for block in blocks)
    for block in blocks:
        assert block["origin"].strip()
        assert block.get("documented", "").strip() or block.get("assumed", "").strip()


def _expected_ids(expected: dict[str, object]) -> list[str]:
    out: list[str] = []
    for key in ("id", "any", "tied", "listed"):
        value = expected.get(key, [])
        out.extend([value] if isinstance(value, str) else [str(item) for item in value if item])  # type: ignore[attr-defined]
    return out


@pytest.mark.parametrize(("folder", "table"), [(NEGATIVE, "row"), (PASTED, "text")])
def test_every_negative_and_every_text_is_named_once(folder: Path, table: str) -> None:
    toml = next(folder.glob("*.toml"))
    named = [block[key] for block in rows(toml, table) for key in ("file", "request") if key in block]
    assert sorted(named) == sorted(path.name for path in folder.iterdir() if path.suffix != ".toml")


@pytest.mark.parametrize("case", [case for case in CASES if case.path.suffix == ".http"], ids=_label)
def test_a_file_is_named_after_its_status_and_its_bytes_are_a_whole_response(case: Case) -> None:
    raw = case.path.read_bytes()
    response = read_response(raw)
    assert case.path.name[:3] == str(response.status) == str(case.expected["http_status"])
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\n" not in head.replace(b"\r\n", b""), "every line of the head ends with CRLF"


# ---------------------------------------------------------------- what each shows


@pytest.mark.parametrize("case", CASES, ids=_label)
def test_response(case: Case) -> None:
    diagnosis = diagnose(exchange_of(case.path, case.block.get("request")))
    assert diagnosis.failed
    assert not complaints(diagnosis, case.expected, case.fault)


@pytest.mark.parametrize("case", [case for case in CASES if case.path.suffix == ".http"], ids=_label)
def test_the_request_id_is_found_and_everything_is_plain_data(case: Case) -> None:
    exchange = exchange_of(case.path, case.block.get("request"))
    diagnosis = diagnose(exchange)
    assert exchange.response is not None
    sent = exchange.response.headers.get("x-amzn-requestid")
    if sent is not None:
        assert diagnosis.request_id == sent
    text = json.dumps(diagnosis.as_dict())
    assert "GoldenExampleTokenOnly" not in text
    assert "GoldenRefreshOnly" not in text
    assert "oa2-cs.v1.golden0000" not in text


@pytest.mark.parametrize("case", [case for case in CASES if case.path.suffix == ".html"], ids=_label)
def test_a_saved_page_is_read_like_a_page_that_was_answered(case: Case) -> None:
    assert not complaints(diagnose(case.path.read_bytes()), {"id": case.fault})


@pytest.mark.parametrize("row", NEGATIVES, ids=_file)
def test_negative(row: dict[str, object]) -> None:
    request = row.get("request")
    diagnosis = diagnose(exchange_of(NEGATIVE / str(row["file"]), str(request) if request is not None else None))
    best = diagnosis.best.fault.id if diagnosis.best is not None else None
    verdict = "ok" if diagnosis.ok else (best or "unknown")
    alternatives = row.get("or", [])
    never = row.get("never", [])
    assert isinstance(alternatives, list)
    assert isinstance(never, list)
    assert verdict in [row["expect"], *alternatives], row["why"]
    assert not {best, *diagnosis.tied} & set(never), row["why"]


WRONG = [
    ("sc-30004-pickup-slot-expired/400.http", {"id": "sc-30003-incorrect-package-dimensions"}),
    ("sc-30004-pickup-slot-expired/400.http", {"any": ["ef-InvalidInput"]}),
    ("sc-30004-pickup-slot-expired/400.http", {"tied": ["sc-30004-pickup-slot-expired", "ef-InvalidInput"]}),
    ("sc-30004-pickup-slot-expired/400.http", {"listed": "sc-30005-dispatch-after-date"}),
    ("sc-30004-pickup-slot-expired/400.http", {"nothing": True}),
    ("sc-30004-pickup-slot-expired/400.http", {"status": 409}),
    ("sc-30004-pickup-slot-expired/400.http", {"sc_code": "SC_30003"}),
    ("sc-30004-pickup-slot-expired/400.http", {"parameters": {"slot": "1"}}),
    ("403-expired-token/403.http", {"variant": "client-secret-expired"}),
    ("403-missing-role/403.http", {"id": "403-missing-role"}),
    ("sc-20002-sequence-conflict/207-several.http", {"shows": ["sc-30005-dispatch-after-date"]}),
]


@pytest.mark.parametrize(("label", "expected"), WRONG)
def test_a_wrong_expectation_is_complained_of(label: str, expected: dict[str, object]) -> None:
    case = next(case for case in CASES if case.label == label)
    assert complaints(diagnose(exchange_of(case.path)), expected)


@pytest.mark.parametrize("row", TEXTS, ids=_file)
def test_pasted(row: dict[str, object]) -> None:
    expected = row["expected"]
    assert isinstance(expected, dict)
    raw = (PASTED / str(row["file"])).read_bytes()
    assert not complaints(diagnose(raw), expected)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return
    assert not complaints(diagnose(text), expected)


# ---------------------------------------------------------------- the requests that hold the malformed element

CRLF = b"\r\n"
# Condition -> what must be true of the raw bytes, so that the file shows that condition and not another one.
WIRE: dict[str, Callable[[bytes], object]] = {
    "body-in-get-or-head": lambda raw: raw.startswith(b"HEAD ") and b"transfer-encoding:" in raw,
    "content-length-unparseable": lambda raw: not _lengths(raw)[0].isdigit(),
    "multiple-content-length": lambda raw: len(_lengths(raw)) == 2,
    "content-length-and-transfer-encoding": lambda raw: len(_lengths(raw)) == 1 and b"transfer-encoding:" in raw,
    "host-header": lambda raw: b"host: sellingpartnerapi-na.amazon.com, sellingpartnerapi-na.amazon.com\r\n" in raw,
    "empty-header": lambda raw: re.search(rb"\r\nx-amzn-shipping-business-id:[ ]*\r\n", raw) is not None,
    "multiline-header": lambda raw: re.search(rb"\r\n[ \t]", raw) is not None,
    "header-termination": lambda raw: b"\n" in raw.partition(CRLF * 2)[0].replace(CRLF, b""),
    "missing-colon": lambda raw: any(
        b":" not in line for line in raw.partition(CRLF * 2)[0].split(CRLF)[1:] if not line.startswith(b" ")
    ),
    "control-character": lambda raw: b"\x00" in raw.split(CRLF)[0],
    "trailing-empty-line": lambda raw: (
        raw.endswith(CRLF) and len(raw.partition(CRLF * 2)[2]) == int(_lengths(raw)[0]) + 2
    ),
    "no-uri": lambda raw: len(raw.split(CRLF)[0].split(b" ")) == 2,
    "method": lambda raw: re.match(rb"[A-Z]+ ", raw) is None,
}


def _lengths(raw: bytes) -> list[bytes]:
    return re.findall(rb"\r\ncontent-length: ([^\r]*)", raw)


@pytest.mark.parametrize("condition", sorted(WIRE))
def test_the_malformed_request_holds_its_condition_and_no_other(condition: str) -> None:
    raw = (GOLDEN / f"400-malformed-http-{condition}" / "400.request.http").read_bytes()
    assert WIRE[condition](raw)
    others = {name for name, holds in WIRE.items() if name != condition and _safely(holds, raw)}
    assert others == set()


def _safely(holds: Callable[[bytes], object], raw: bytes) -> bool:
    try:
        return bool(holds(raw))
    except (IndexError, ValueError):  # no Content-Length, or one that is no number: that condition does not apply
        return False


# The conditions that a parsed request still shows: there the request decides what the shared answer leaves open.
SHOWN = {
    "400-get-with-body": ("400-get-with-body", "400-malformed-http-body-in-get-or-head"),
    "400-wrong-content-type": ("400-wrong-content-type", "400-malformed-http-host-header"),
    "400-malformed-http-body-in-get-or-head": ("400-get-with-body", "400-malformed-http-body-in-get-or-head"),
    "400-malformed-http-host-header": ("400-wrong-content-type", "400-malformed-http-host-header"),
    "400-malformed-http-content-length-unparseable": ("400-malformed-http-content-length-unparseable",),
    "400-malformed-http-multiple-content-length": ("400-malformed-http-multiple-content-length",),
    "400-malformed-http-content-length-and-transfer-encoding": (
        "400-malformed-http-content-length-and-transfer-encoding",
    ),
    "400-malformed-http-empty-header": ("400-malformed-http-empty-header",),
    "400-malformed-http-control-character": ("400-malformed-http-control-character",),
    "400-malformed-http-method": ("400-malformed-http-method",),
}


@pytest.mark.parametrize("fault", SHOWN)
def test_the_request_decides_what_the_html_page_does_not(fault: str) -> None:
    answered = exchange_of(GOLDEN / fault / "400.http")
    asked = read_request((GOLDEN / fault / "400.request.http").read_bytes())
    diagnosis = diagnose(Exchange(request=asked, response=answered.response, at=answered.at))
    assert diagnosis.best is not None
    assert diagnosis.best.fault.id in SHOWN[fault]
    assert set(diagnosis.tied) <= set(SHOWN[fault])
