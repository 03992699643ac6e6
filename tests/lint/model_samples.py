"""The requests that Amazon's published models show as samples, as subjects for lint.

The folder of the models comes from the environment variable RECOUP_MODELS; without it there are none.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

from recoup.catalogue.facts.marketplaces import region_of
from recoup.catalogue.facts.operations import operations

TOKEN = "IwEBIJexampleexampleexampleexampleexample"


def folder() -> Path | None:
    """Where the models are, or None."""
    named = os.environ.get("RECOUP_MODELS")
    return Path(named) if named else None


def samples(models: Path) -> Iterator[tuple[str, int, bytes]]:
    """For each sample its operation, the status that it is answered with, and the bytes of its request."""
    for file in sorted(models.rglob("*.json")):
        model = json.loads(file.read_text(encoding="utf-8"))
        for template, item in model.get("paths", {}).items():
            for method, operation in item.items():
                if not isinstance(operation, dict) or "operationId" not in operation:
                    continue
                declared = [
                    _resolved(model, each) for each in (*operation.get("parameters", ()), *item.get("parameters", ()))
                ]
                for holder in (operation, item, *operation.get("responses", {}).values()):
                    status = next((code for code, each in operation["responses"].items() if each is holder), "200")
                    for sample in holder.get("x-amzn-api-sandbox", {}).get("static", ()):
                        given = (sample.get("request") or {}).get("parameters") or {}
                        values = {name: each["value"] for name, each in given.items() if "value" in each}
                        base = str(model.get("basePath", "")).rstrip("/") + template
                        if status.isdigit():
                            raw = _request(method.upper(), base, declared, values)
                            yield f"{operation['operationId']} in {file.stem}", int(status), raw


def _resolved(model: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in parameter:
        parameter = model["parameters"][parameter["$ref"].rpartition("/")[2]]
    return parameter


def _request(method: str, path: str, declared: list[dict[str, Any]], values: dict[str, Any]) -> bytes:
    query: list[tuple[str, str]] = []
    body: bytes | None = None
    names = {each["name"]: each for each in declared}
    bodies = [each["name"] for each in declared if each["in"] == "body"]
    for name, value in values.items():
        where = names.get(name, {}).get("in")
        if where == "path":
            path = path.replace("{" + name + "}", quote(_text(value), safe=""))
        elif where == "query" and isinstance(value, list) and names[name].get("collectionFormat") == "multi":
            query += [(name, _text(each)) for each in value]
        elif where == "query":
            query.append((name, ",".join(map(_text, value)) if isinstance(value, list) else _text(value)))
        elif where == "body" or (where is None and len(bodies) == 1 and name in ("body", "request")):
            body = json.dumps(value).encode()
    target = path + ("?" + urlencode(query, safe=",") if query else "")
    operation = operations().find(method, path)
    kind = "Atc" if operation is not None and operation.grantless else "Atza"
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {_host(target + (body or b'').decode())}",
        f"x-amz-access-token: {kind}|{TOKEN}",
        "User-Agent: App/1 (Language=Python)",
    ]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


def _host(text: str) -> str:
    """The endpoint of the marketplaces of a request; this machine where they are of several regions."""
    found = {region_of(word) for word in re.findall(r"[A-Z0-9]{10,15}", text)} - {None} or {"NA"}
    return f"sandbox.sellingpartnerapi-{str(found.pop()).lower()}.amazon.com" if len(found) == 1 else "localhost"


def _text(value: object) -> str:
    """As in a URL, before it is encoded: some samples stand encoded in the model."""
    return str(value).lower() if isinstance(value, bool) else unquote(str(value))
