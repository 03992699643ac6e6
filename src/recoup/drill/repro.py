"""A failure of one's own, made again: a sandbox scenario and a pytest file that fails for the same cause.

The file is tried before it is handed out: first the request as it stands in the trace, since many causes are in the
request itself; then with the cause set on the sandbox's stage; and only if neither brings the fault about, with a fault
plan that answers as Amazon did, which the file then says. Where a line sets the cause, the file is tried without it
too, and must pass. The call is a seller's of the region that was called (a vendor's for a vendor's path); what does not
do there is tried in the sandbox's own region. It sends by a bare client, so that nothing is recovered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from recoup.catalogue.facts import marketplaces
from recoup.catalogue.facts.operations import operations
from recoup.catalogue.loader import catalogue
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import FaultError
from recoup.exchange import Headers, Request
from recoup.lint.checking import check
from recoup.lint.reading import from_request
from recoup.redaction import redact_headers, redact_text
from recoup.sandbox import running
from recoup.sandbox.serving import Sandbox

__all__ = ["How", "Repro", "reproduce", "write"]

_LEFT_OUT = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "host",
        "transfer-encoding",
        "x-amz-access-token",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
    }
)
_WRONG_HEADER = "403-missing-token"
_TOKEN_FIELD = re.compile(rb"(?i)(x-amz-access-token:[ \t]*)[^\r\n]+")
_NAME = re.compile(r"[^a-z0-9]+")
_HOME = "NA"  # where the account is that a sandbox opens with, and one of its marketplaces
_HOME_MARKETPLACE = "ATVPDKIKX0DER"
_VALUES = re.compile(r"[^A-Za-z0-9]+")
MAX_BODY = 65_536


class How(StrEnum):
    """What brings the fault about in the file."""

    REQUEST = "request"  # the request as it stands
    CAUSE = "cause"  # a state of the sandbox's world
    PLAN = "plan"  # the answer alone: the sandbox has no such cause


class _Seller(msgspec.Struct, frozen=True):
    """An account that the file opens: that of the call is of another kind or region than the sandbox's own."""

    entity: str
    region: str
    marketplaces: tuple[str, ...]


class Repro(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was tried: its text, and the scenario that it plays, as plain data."""

    fault: str
    how: How
    text: str
    scenario: dict[str, Any]


def reproduce(request: Request | None, diagnosis: Diagnosis, *, place: str = "", seed: int = 1) -> Repro | None:
    """A file whose test fails with this diagnosis' first fault; None where the sandbox cannot bring it about."""
    fault = diagnosis.id
    entry = catalogue().get(fault) if fault is not None else None
    if fault is None or entry is None:
        return None
    tries = [(how, *way) for how in How for way in _ways(request, how)]
    if request is not None and request.url:  # what the sandbox does not serve: any call instead, at last
        tries += [(how, None, None) for how in (How.CAUSE, How.PLAN)]
    for how, asked, seller in tries:
        text = _text(asked, diagnosis, fault, how, place, seller)
        if _fails_with(text, fault, seed) and (how is How.REQUEST or _passes(_mended(text), seed)):
            return Repro(fault=fault, how=how, text=text, scenario=_scenario(asked, fault, how, seed, seller))
    return None


def write(folder: Path, repro: Repro) -> list[Path]:
    """Write the test and its scenario; the paths. An existing file of the same name is left alone and not written."""
    folder.mkdir(parents=True, exist_ok=True)
    name = _NAME.sub("_", repro.fault.lower()).strip("_")
    made = []
    for path, text in (
        (folder / f"test_{name}.py", repro.text),
        (folder / f"{name}.scenario.json", json.dumps(repro.scenario, indent=2) + "\n"),
    ):
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            made.append(path)
    return made


def _ways(request: Request | None, how: How) -> Iterator[tuple[Request | None, _Seller | None]]:
    """Whose call it may be, the likeliest first: of an account where it went, of the sandbox's own; and where the cause
    is not in the request, the same call at home.
    """
    if request is None or not request.url:
        yield request, None
        return
    endpoint = marketplaces.by_host(request.host)
    region = endpoint.region.code if endpoint is not None else _HOME
    entity = "vendor" if request.path.startswith("/vendor/") else "seller"
    named = [value for value in _VALUES.split(request.url) if marketplaces.region_of(value) is not None]
    if region != _HOME or entity != "seller":
        of_region = tuple(dict.fromkeys(value for value in named if marketplaces.region_of(value) == region))
        yield request, _Seller(entity, region, of_region)
    yield request, None
    if how is How.REQUEST:
        return
    home = marketplaces.region(_HOME)
    if region != _HOME and home is not None:
        url = request.url.replace(request.host, home.host, 1)
        for value in named:
            url = url.replace(value, _HOME_MARKETPLACE)
        fields = [(name, home.host if name.lower() == "host" else value) for name, value in request.headers]
        yield msgspec.structs.replace(request, url=url, headers=Headers(fields)), None


def _mended(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if "# MEND" not in line)


def _passes(text: str, seed: int) -> bool:
    """Whether the test in this file passes."""
    names: dict[str, Any] = {}
    exec(compile(text, "<repro>", "exec"), names)  # noqa: S102  as below
    with running(seed=seed) as sandbox:
        try:
            names["test_the_call_works"](sandbox)
        except (FaultError, AssertionError):
            return False
    return True


def _fails_with(text: str, fault: str, seed: int) -> bool:
    """Whether the test in this file fails with that fault, in a sandbox of its own."""
    names: dict[str, Any] = {}
    exec(compile(text, "<repro>", "exec"), names)  # noqa: S102  the text is ours: what came from the trace is a literal
    with running(seed=seed) as sandbox:
        try:
            names["test_the_call_works"](sandbox)
        except FaultError as error:
            tied = error.diagnosis.get("tied") or ()
            return error.fault == fault or (fault in tied and _refused_for(sandbox, fault))
        except AssertionError as error:
            return str(error).partition("\n")[0] == fault or _refused_for(sandbox, fault)
        except ValueError:  # the stage has no such cause, or no such plan
            return False
    return False


def _refused_for(sandbox: Sandbox, fault: str) -> bool:
    """Whether the sandbox's own account of its latest refusal names the fault: of rivals with one answer it knows."""
    return any(refusal.get("fault") == fault for refusal in sandbox.refusals(1))


# -- the file ---------------------------------------------------------------------------------------------------------


def _text(
    request: Request | None, diagnosis: Diagnosis, fault: str, how: How, place: str, seller: _Seller | None
) -> str:
    if request is not None and request.raw is not None and how is How.REQUEST:
        return _raw_text(request.raw, diagnosis, fault, place, seller)
    entry = catalogue()[fault]
    method, path, region, headers, body = _parts(request, fault)
    of_login = fault.startswith("lwa-")
    shipment = "{shipment_id}" in path
    lines = [
        f'"""{fault}: {entry.title}.',
        "",
        _seen(diagnosis, place),
        f"{_comment(entry.cause)}",
        "",
        f"{_MENDS[how]}",
        '"""',
        "",
        "import httpx2",
        "import recoup",
        "",
        f"FAULT = {fault!r}",
        f"METHOD = {method!r}",
        f"PATH = {path!r}",
        f"HEADERS = {headers!r}",
        f"BODY = {body!r}",
        "",
        *_told(request, how),
        "",
        "def test_the_call_works(recoup_sandbox):",
        "    sandbox = recoup_sandbox",
    ]
    lines += _opened(seller)
    if shipment:
        lines.append('    shipment_id = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])')
    asked = "FAULT" + (", shipment_id=shipment_id" if shipment else "") + f", how={how.value!r}"
    # Time stands still from then on: a quota that is used up would fill again before the call on a slow machine.
    still = "    sandbox.clock.freeze()"
    cause = f"    sandbox.raise_fault({asked})  # MEND: take this line out, and the cause is gone"
    if of_login and how is not How.REQUEST:
        lines += [still, cause]
    lines += [
        "    form = {",
        '        "grant_type": "refresh_token",',
        f'        "refresh_token": {_REFRESH if seller is None else _OPENED},',
        '        "client_id": sandbox.client_id,',
        '        "client_secret": sandbox.client_secret,',
        "    }",
        "    answer = httpx2.post(sandbox.token_url, data=form)",
        "    recoup.raise_for_fault(answer)",
        '    token = answer.json()["access_token"]',
    ]
    if not of_login and how is not How.REQUEST:
        lines += [still, cause]
    token = "HEADERS" if fault == _WRONG_HEADER and how is How.REQUEST else '{**HEADERS, "x-amz-access-token": token}'
    filled = ".replace('{shipment_id}', shipment_id)" if shipment else ""
    lines += [
        f'    url = sandbox.as_dict()["endpoints"][{region!r}] + PATH{filled}',
        f"    response = httpx2.request(METHOD, url, headers={token}, content=BODY)",
        "    recoup.raise_for_fault(response)",
        "",
    ]
    return "\n".join(lines)


_REFRESH, _OPENED = "sandbox.refresh_token", 'seller["refresh_token"]'


def _opened(seller: _Seller | None) -> list[str]:
    if seller is None:
        return []
    return [f"    seller = sandbox.stage.add_partner({seller.entity!r}, {seller.region!r}, {seller.marketplaces!r})"]


def _raw_text(raw: bytes, diagnosis: Diagnosis, fault: str, place: str, seller: _Seller | None) -> str:
    """The file for a request of which the bytes are known: they are sent as they are, with the sandbox's token."""
    entry = catalogue()[fault]
    shown_raw = redact_text(raw[:MAX_BODY].decode("latin-1")).encode("latin-1", "replace")
    masked = _TOKEN_FIELD.sub(rb"\1TOKEN", shown_raw)
    shown = [f"# {_comment(each.text)} {_comment(each.fix)}"[:118] for each in check(from_request(_as_raw(raw)))]
    return "\n".join(
        [
            f'"""{fault}: {entry.title}.',
            "",
            _seen(diagnosis, place),
            f"{_comment(entry.cause)}",
            "",
            "The cause is in the bytes of the request: mend RAW below, and the test passes.",
            '"""',
            "",
            "import socket",
            "from urllib.parse import urlsplit",
            "",
            "import httpx2",
            "import recoup",
            "",
            f"RAW = {masked!r}",
            "",
            *shown,
            "",
            "",
            "def test_the_call_works(recoup_sandbox):",
            "    sandbox = recoup_sandbox",
            *_opened(seller),
            "    form = {",
            '        "grant_type": "refresh_token",',
            f'        "refresh_token": {_REFRESH if seller is None else _OPENED},',
            '        "client_id": sandbox.client_id,',
            '        "client_secret": sandbox.client_secret,',
            "    }",
            '    token = httpx2.post(sandbox.token_url, data=form).json()["access_token"]',
            f'    place = urlsplit(sandbox.as_dict()["endpoints"][{_HOME if seller is None else seller.region!r}])',
            "    with socket.create_connection((place.hostname, place.port), timeout=5) as connection:",
            '        connection.sendall(RAW.replace(b"TOKEN", token.encode()))',
            "        connection.shutdown(socket.SHUT_WR)",
            '        answer = b"".join(iter(lambda: connection.recv(65536), b""))',
            "    found = recoup.diagnose(answer)",
            "    assert found.ok, found.id",
            "",
        ]
    )


def _seen(diagnosis: Diagnosis, place: str) -> str:
    where = f"Seen at {_comment(place)}, request" if place else "Request"
    return f"{where} id {_comment(diagnosis.request_id or 'unknown')}."


def _as_raw(raw: bytes) -> Request:
    return Request(method="", url="", raw=raw)


_MENDS = {
    How.REQUEST: "The cause is in the request: mend PATH, HEADERS or BODY below, and the test passes.",
    How.CAUSE: "The cause is a state of the world: the line marked MEND sets it, and without it the test passes.",
    How.PLAN: "The sandbox has no such cause: the line marked MEND lets it answer once as Amazon did.",
}


def _told(request: Request | None, how: How) -> list[str]:
    """What lint finds in the request, as comments above the test."""
    if request is None or how is not How.REQUEST:
        return [""]
    found = check(from_request(request))
    return ["", *(f"# {_comment(finding.text)} {_comment(finding.fix)}"[:118] for finding in found), ""]


def _parts(request: Request | None, fault: str) -> tuple[str, str, str, dict[str, str], bytes | None]:
    if request is None or not request.url:
        return "GET", _somewhere(fault), "NA", {}, None
    endpoint = marketplaces.by_host(request.host)
    region = endpoint.region.code if endpoint is not None else "NA"
    path = _path(request)
    headers = {
        name: value
        for name, value in redact_headers(request.headers)
        if name.lower() not in _LEFT_OUT and value.isascii() and value.isprintable()
    }
    body = request.body
    if body is not None:
        body = redact_text(body[:MAX_BODY].decode("utf-8", "replace")).encode()
    return request.method or "GET", path, region, headers, body


def _path(request: Request) -> str:
    """Path and query as sent, secrets masked; the id of a shipment gives way to one of the sandbox's."""
    parts = urlsplit(request.url) if "://" in request.url else None
    path = request.path if parts is None else parts.path
    query = request.url.partition("?")[2]
    operation = operations().find(request.method, path)
    if operation is not None and "{shipmentId}" in operation.path:
        own = operations().parameters(operation, path).get("shipmentId")
        if own:
            path = path.replace(own, "{shipment_id}", 1)
    return redact_text(path + (f"?{query}" if query else ""))


def _somewhere(fault: str) -> str:
    """A call that meets the fault where the trace does not show its own."""
    if fault.startswith(("sc-", "ef-")) or fault in ("403-missing-role", "429-rate-limit"):
        return "/externalFulfillment/2024-09-11/shipments/{shipment_id}"
    return "/sellers/v1/marketplaceParticipations"


def _scenario(request: Request | None, fault: str, how: How, seed: int, seller: _Seller | None) -> dict[str, Any]:
    method, path, region, _, _ = _parts(request, fault)
    step = {} if how is How.REQUEST else {"raise_fault": {"fault": fault, "how": how.value}}
    opened = {} if seller is None else {"add_partner": msgspec.to_builtins(seller)}
    return {
        "seed": seed,
        "region": region,
        **opened,
        **step,
        "call": {"method": method, "path": path},
        "fails_with": fault,
    }


def _comment(text: str) -> str:
    """A text that stays inside its comment or docstring."""
    return redact_text(text).replace("\\", "/").replace('"""', "'''").replace("\n", " ").replace("\r", " ")
