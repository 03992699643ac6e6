"""From one of Amazon's Swagger 2.0 model files to operations and enum values. Pure: the parsed file in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from recoup.catalogue.facts.operations import Body, Operation, Party, PartyBasis, RateBasis

__all__ = ["Model", "enum_values", "operations_of"]

Model = Mapping[str, Any]

_METHODS = ("get", "put", "post", "patch", "delete", "head", "options")
_PAGE_TOKENS = frozenset({"nexttoken", "paginationtoken", "pagetoken"})
_MARKETPLACES = frozenset({"marketplaceid", "marketplaceids"})
_PLAN = re.compile(r"\|\s*(?:Default\s*\|\s*)?([0-9.]+|n)\s*\|\s*([0-9.]+|n)\s*\|", re.IGNORECASE)
_DATE_FORMATS = frozenset({"date", "date-time"})
_DATE_WORDS = re.compile(r"ISO[ -]?8601", re.IGNORECASE)
# ISO 8601 also writes times of day, durations and intervals: none of these is an instant or a date.
_NOT_A_DATE = re.compile(r"without date|\bduration\b|\binterval\b", re.IGNORECASE)


def operations_of(model: Model, source: str) -> list[Operation]:
    """The operations of one model file. `source` is its path below the folder of models, with forward slashes."""
    folder = source.partition("/")[0]
    api = folder.removesuffix("-model").removesuffix("-api")
    base = str(model.get("basePath", "")).rstrip("/")
    found = []
    for template, item in model["paths"].items():
        found += [
            _operation(model, api, source, base + template, method, item) for method in _METHODS if method in item
        ]
    return found


def _operation(model: Model, api: str, source: str, path: str, method: str, item: Mapping[str, Any]) -> Operation:
    body = item[method]
    parameters = list(_parameters(model, item, body))
    query = [p for p in parameters if p["in"] == "query"]
    bodies = [p for p in parameters if p["in"] == "body"]
    arrays = [p for p in query if p.get("type") == "array"]
    statuses = sorted(int(status) for status in body["responses"] if status.isdigit())
    rate, burst, basis = usage_plan(body.get("description", ""))
    vendor = path.startswith("/vendor/")
    return Operation(
        id=body["operationId"],
        api=api,
        version=str(model["info"]["version"]),
        method=method.upper(),
        path=path,
        source=f"model:{source}",
        rate=rate,
        burst=burst,
        rate_basis=basis,
        query=tuple(p["name"] for p in query),
        required_query=tuple(p["name"] for p in query if p.get("required")),
        date_query=tuple(p["name"] for p in query if _is_date(p)),
        csv_query=tuple(p["name"] for p in arrays if p.get("collectionFormat", "csv") == "csv"),
        multi_query=tuple(p["name"] for p in arrays if p.get("collectionFormat") == "multi"),
        max_items={p["name"]: p["maxItems"] for p in arrays if "maxItems" in p},
        headers=tuple(p["name"] for p in parameters if p["in"] == "header"),
        body=Body.NONE if not bodies else Body.REQUIRED if any(p.get("required") for p in bodies) else Body.OPTIONAL,
        body_dates=tuple(sorted({place for p in bodies for place in _date_places(model, p["schema"], "", ())})),
        page_token=tuple(p["name"] for p in query if p["name"].lower() in _PAGE_TOKENS),
        marketplace=tuple(p["name"] for p in query if p["name"].lower() in _MARKETPLACES),
        party=Party.VENDOR if vendor else Party.SELLER,
        party_basis=PartyBasis.PATH if vendor else PartyBasis.ASSUMED,
        success=tuple(status for status in statuses if status < 300),
        errors=tuple(status for status in statuses if status >= 400),
        deprecated=bool(body.get("deprecated", False)),
        sandbox_only="x-amzn-api-sandbox-only" in body or "x-amzn-api-sandbox-only" in item,
    )


def usage_plan(description: str) -> tuple[float | None, int | None, RateBasis]:
    """Rate (requests a second), burst and basis, read from the plan table in the description of an operation.

    Some models hold the table with escaped line ends, some a row of their default plan beside others, and some nothing
    but the placeholder "n".
    """
    text = description.replace("\\n", "\n")
    start = text.lower().find("usage plan")
    match = _PLAN.search(text, start) if start >= 0 else None
    if match is None:
        return (None, None, RateBasis.UNKNOWN)
    if match[1].lower() == "n" or match[2].lower() == "n":
        return (None, None, RateBasis.PLACEHOLDER)
    return (float(match[1]), int(float(match[2])), RateBasis.MODEL)


def _parameters(model: Model, item: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The parameters of an operation, those of its path included; its own win over these."""
    own = [_resolve(model, p) for p in body.get("parameters", ())]
    names = {(p["name"], p["in"]) for p in own}
    yield from (
        p for p in (_resolve(model, q) for q in item.get("parameters", ())) if (p["name"], p["in"]) not in names
    )
    yield from own


def _resolve(model: Model, node: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref")
    if reference is None:
        return node
    target: Any = model
    for step in reference.removeprefix("#/").split("/"):
        target = target[step]
    return _resolve(model, target)


def _is_date(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter or a field holds an instant or a date: by its format, or else by the words about it."""
    if schema.get("format") in _DATE_FORMATS:
        return True
    words = schema.get("description", "")
    plain = schema.get("type") == "string" and "enum" not in schema
    return plain and bool(_DATE_WORDS.search(words)) and not _NOT_A_DATE.search(words)


def _walk(
    model: Model, node: Mapping[str, Any], place: str, above: tuple[str, ...]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema below `node` with its place (`a.b[].c`), references resolved once on each way down."""
    reference = node.get("$ref")
    if reference is not None:
        if reference in above:
            return
        yield from _walk(model, _resolve(model, node), place, (*above, reference))
        return
    yield place, node
    for part in node.get("allOf", ()):
        yield from _walk(model, part, place, above)
    if isinstance(node.get("items"), Mapping):
        yield from _walk(model, node["items"], f"{place}[]", above)
    for name, child in node.get("properties", {}).items():
        yield from _walk(model, child, f"{place}.{name}" if place else name, above)
    extra = node.get("additionalProperties")
    if isinstance(extra, Mapping):
        yield from _walk(model, extra, f"{place}.*" if place else "*", above)


def _date_places(model: Model, schema: Mapping[str, Any], place: str, above: tuple[str, ...]) -> Iterator[str]:
    for at, node in _walk(model, schema, place, above):
        if _is_date(node):
            yield at


def enum_values(model: Model) -> dict[str, dict[str, tuple[str, ...]]]:
    """By operation id, by place in a successful response (`shipments[].status`): the values that the model knows."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for item in model["paths"].values():
        for method in _METHODS:
            body = item.get(method)
            if body is None:
                continue
            places: dict[str, tuple[str, ...]] = {}
            for status, response in body["responses"].items():
                schema = _resolve(model, response).get("schema")
                if status.startswith("2") and schema is not None:
                    for at, node in _walk(model, schema, "", ()):
                        if isinstance(node.get("enum"), list):
                            places[at] = tuple(sorted({*places.get(at, ()), *(str(value) for value in node["enum"])}))
            if places:
                found[body["operationId"]] = dict(sorted(places.items()))
    return found
