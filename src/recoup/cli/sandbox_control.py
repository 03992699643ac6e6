"""One request to the control room of a running sandbox, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import click

__all__ = ["ask", "asked_for"]

_ROOM = "/_sandbox/"
_PATIENCE = 60.0  # seconds; putting back a large snapshot takes a while
_ALWAYS_WRITTEN = ("reset", "restore")
_WITH_REST = ("why",)  # places that are followed by a name, which may be given as a word of its own


def asked_for(place: str, values: Sequence[str], *, end: bool) -> tuple[str, str, Any]:
    """Method, path and body of what was typed. Raises click.UsageError where it means nothing."""
    values = list(values)
    path = place.strip("/")
    if path in _WITH_REST and len(values) == 1 and "=" not in values[0]:
        path = f"{path}/{values.pop()}"
    if end:
        if values:
            raise click.UsageError("--end takes no values")
        return "DELETE", path, None
    if len(values) == 1 and values[0].startswith("@"):
        return "POST", path, _file(Path(values[0][1:]))
    if not values:
        return ("POST", path, {}) if path in _ALWAYS_WRITTEN else ("GET", path, None)
    body: dict[str, Any] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{value!r} is not of the form name=value")
        try:
            body[name] = json.loads(text)
        except ValueError:
            body[name] = text
    return "POST", path, body


def _file(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise click.UsageError(f"{path} is not JSON: {error}") from error


def ask(url: str, method: str, path: str, body: Any, key: str | None) -> Any:
    """What the control room answers. Raises click.ClickException with its complaint, or where nobody answers."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise click.UsageError(f"{url!r} is not the address of a sandbox: {error}") from error
    if parts.scheme != "http" or not host:
        raise click.UsageError(f"{url!r} is not the address of a sandbox, like http://127.0.0.1:8080")
    headers = {"content-type": "application/json"} if body is not None else {}
    if key:
        headers["x-sandbox-key"] = key
    content = None if body is None else json.dumps(body).encode()
    connection = HTTPConnection(host, port or 80, timeout=_PATIENCE)
    try:
        connection.request(method, _ROOM + quote(path, safe="/?=&"), body=content, headers=headers)
        response = connection.getresponse()
        status, answered = response.status, response.read()
    except (OSError, HTTPException) as error:
        raise click.ClickException(f"no sandbox answers at {url}: {error}") from error
    finally:
        connection.close()
    try:
        answer = json.loads(answered)
    except ValueError as error:
        raise click.ClickException(f"what answers at {url} is no sandbox of recoup") from error
    if status >= 400:
        raise click.ClickException(str(answer.get("error", answer) if isinstance(answer, dict) else answer))
    return answer
