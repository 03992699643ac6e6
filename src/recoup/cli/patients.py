"""Whose credentials a command examines and where, from its options and the environment; and whether somebody agrees."""

from __future__ import annotations

from collections.abc import Sequence

from recoup.cli.main import Invocation
from recoup.doctor.patient import Patient
from recoup.errors import SettingsError
from recoup.transports.origins import token_url_of, upstream_of

__all__ = ["agreed", "answer", "endpoints_of", "patient_of"]

_REGIONS = ("NA", "EU", "FE")
_CREDENTIALS = {
    "client_id": "RECOUP_CLIENT_ID",
    "client_secret": "RECOUP_CLIENT_SECRET",
    "refresh_token": "RECOUP_REFRESH_TOKEN",
}


def endpoints_of(given: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """What `--upstream` names: one URL for every region, or REGION=URL for single ones. Raises SettingsError."""
    everywhere: str | None = None
    endpoints: dict[str, str] = {}
    for each in given:
        code, equals, url = each.partition("=")
        if equals and code.upper() in _REGIONS:
            endpoints[code.upper()] = url
        elif everywhere is not None:
            raise SettingsError(
                f"--upstream {each}: one URL is given already; name the region of each, as in EU={each}"
            )
        else:
            everywhere = each
    if everywhere is not None and endpoints:
        raise SettingsError("--upstream: give one URL alone, or REGION=URL for each region")
    return everywhere, endpoints


def patient_of(
    invocation: Invocation,
    *,
    region: str,
    upstreams: Sequence[str],
    token_url: str | None,
    who: str,
    operation: str | None = None,
    scope: str | None = None,
) -> Patient:
    """The patient of a command. `who` is what examines what stands in the environment. Raises SettingsError."""
    settings = invocation.settings
    missing = [name for field, name in _CREDENTIALS.items() if not getattr(settings, field)]
    if missing:
        raise SettingsError(f"{', '.join(missing)}: not set in the environment; {who} examines what stands there")
    everywhere, endpoints = endpoints_of(upstreams)
    here = everywhere or endpoints.get(region.upper())
    return Patient(
        client_id=settings.client_id or "",
        client_secret=settings.client_secret or "",
        refresh_token=settings.refresh_token or "",
        region=region.upper(),
        operation=operation,
        scope=scope,
        upstream=everywhere,
        endpoints=endpoints,
        token_url=token_url_of(token_url, None if here is None else upstream_of(here)),
    )


def agreed(invocation: Invocation, *, machine: bool, instead: str) -> bool:
    """Whether the person at the terminal agrees to send what was shown. `machine`: the output is for a program.

    Raises SettingsError where nobody is there to be asked; `instead` says what can be done without sending.
    """
    if machine or not invocation.streams.stdin.isatty():
        raise SettingsError(f"nobody is there to agree: give --yes to send it, or {instead}")
    return answer(invocation, "Send it? [y/N] ") is True


def answer(invocation: Invocation, question: str) -> bool | None:
    """Yes, no, or None for anything else, from the person at the terminal."""
    err = invocation.streams.stderr
    err.write(question)
    err.flush()
    said = invocation.streams.stdin.readline().strip().lower()
    return True if said in (b"y", b"yes") else False if said in (b"n", b"no") else None
