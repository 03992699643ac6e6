"""Facts of a text held against each other and against the tables: what cannot be right together, as clues.

Calls to one region for a marketplace of another, a vendor's account with a seller's operation, a path that no operation
has, a token in a header field that nobody reads. Code and addresses weigh more than words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from recoup.catalogue.facts import deprecations
from recoup.catalogue.facts.operations import Operation, Party, operations
from recoup.diagnosis.clue import Clue, Symptom
from recoup.diagnosis.comparing import clues_of_calls, clues_of_marketplaces
from recoup.diagnosis.dates import days_told
from recoup.diagnosis.requested import TABLES_OF, in_force, is_in_force
from recoup.diagnosis.restricted import gives_personal_data
from recoup.diagnosis.told import Told
from recoup.exchange import Request

__all__ = ["clues_of_facts"]

_REGION, _KIND = "403-region-mismatch", "403-wrong-account-kind"
_PATH, _GONE = "403-wrong-path-or-version", "403-deprecated-endpoint"
_TOKEN, _GRANTLESS, _RDT = "403-missing-token", "other-grantless-required", "other-rdt-required"
_MISTYPED = "404-mistyped-id"
_NAMES = {"NA": "North America", "EU": "Europe", "FE": "the Far East"}
_HEADER = "x-amz-access-token"


def clues_of_facts(told: Told, symptom: Symptom, request: Request | None, text: str) -> Iterator[Clue]:
    """What the facts of `text` say under a symptom; `request` is what was read as the call, where there is one."""
    if symptom is not Symptom.DENIED:
        if symptom is Symptom.NOT_FOUND:
            yield from _of_paths(told, request)
            yield from _of_spellings(text)
        return
    yield from _of_regions(told)
    yield from clues_of_marketplaces(text)
    yield from _of_accounts(told)
    yield from _of_operations(told, text)
    yield from _of_paths(told, request)
    yield from _of_removals(told, text)
    yield from _of_headers(told)
    yield from _of_another_api(told)
    yield from clues_of_calls(text)


_NUMBERED = re.compile(r"(?<![\w/.\-%])(?=[A-Za-z_\-]{0,40}\d)[A-Za-z0-9][A-Za-z0-9_\-]{2,40}(?![\w/%=])")


def _of_spellings(text: str) -> Iterator[Clue]:
    """Two names with a number in them that differ by their case only: what is asked for is not what there is."""
    names = {found[0] for found in _NUMBERED.finditer(text[:8192])}
    folded: dict[str, str] = {}
    for name in sorted(names):
        other = folded.setdefault(name.lower(), name)
        if other != name and any(char.isdigit() for char in name):
            text = f"{name[:40]} and {other[:40]} differ by their case"
            yield Clue(text=text, weights={_MISTYPED: 4.6}, introduces=frozenset({_MISTYPED}))
            return


def _of_another_api(told: Told) -> Iterator[Clue]:
    reached = _reached(told)
    if reached and not any(operation.api.startswith("external-fulfillment") for operation in reached):
        text = f"{reached[0].id} is no operation of External Fulfillment"
        yield Clue(text=text, weights={"ef-Forbidden": -2.5, "ef-http-401": -2.0})


def _of_regions(told: Told) -> Iterator[Clue]:
    called, markets = told.called, told.markets
    if len(told.countries) > 1 and len(called | markets | told.named) == 1:
        text = f"all countries that are told of belong to {_listed(called | markets | told.named)}"
        yield Clue(text=text, weights={_REGION: -1.6, "403-unsupported-marketplace": 1.2})
    if called and markets and called.isdisjoint(markets):
        text = f"calls go to {_listed(called)}, and the marketplace belongs to {_listed(markets)}"
        yield Clue(text=text, weights={_REGION: 4.6}, introduces=frozenset({_REGION}))
        return
    code = called | markets
    if len(called) == 1 and markets and markets <= called and not told.spoken - called:
        yield Clue(
            text=f"host and marketplace both belong to {_listed(called)}",
            weights={_REGION: -1.5, "403-unsupported-marketplace": 0.5},
        )
        return
    if code and told.spoken and code.isdisjoint(told.spoken):
        text = f"the code names {_listed(code)}, and the words tell of {_listed(told.spoken)}"
        yield Clue(text=text, weights={_REGION: 3.6}, introduces=frozenset({_REGION}))
    elif len(code | told.spoken) > 1:
        yield Clue(
            text=f"several regions are told of: {_listed(code | told.spoken)}", weights={_REGION: 1.4 if code else 0.7}
        )


def _listed(codes: frozenset[str]) -> str:
    return " and ".join(_NAMES[code] for code in sorted(codes))


def _of_accounts(told: Told) -> Iterator[Clue]:
    sides = {operation.party for operation in _reached(told)}
    vendors, sellers = Party.VENDOR in sides or told.vendor_report, Party.SELLER in sides
    if told.seller and not told.vendor and vendors:
        text = "the account is a seller's, and the operation is for vendors"
        yield Clue(text=text, weights={_KIND: 4.2, _RDT: -1.0}, introduces=frozenset({_KIND}))
    elif told.vendor and sellers:
        text = "the account is a vendor's, and the operation is for sellers"
        yield Clue(text=text, weights={_KIND: 3.6, "403-missing-role": -0.5}, introduces=frozenset({_KIND}))
    elif told.seller and told.vendor and vendors:
        yield Clue(text="seller and vendor are told of, with an operation for vendors", weights={_KIND: 2.6})
    elif told.vendor and vendors:
        text = "a vendor calls an operation for vendors"
        yield Clue(text=text, weights={_KIND: -1.2, "403-missing-role": 0.7})
    elif told.vendor:
        yield Clue(text="a vendor's account is told of", weights={_KIND: 2.2}, introduces=frozenset({_KIND}))


def _reached(told: Told) -> tuple[Operation, ...]:
    """The operations of the paths that stand in the text; where there is none, those that it names."""
    table = operations()
    by_path = tuple(each for path in told.paths for each in table.find_any_method(path)[:1])
    return by_path or told.operations


_REFUSED = re.compile(
    r"(?<![A-Za-z0-9_])([a-z]{3,12}[A-Z][A-Za-z]{3,40})\b[^\n,;.]{0,50}\b(?:40[13]|denied|forbidden)\b"
)


def _of_operations(told: Told, text: str) -> Iterator[Clue]:
    reached = _reached(told)
    if not reached:
        return
    first = reached[0].grantless is not None
    grantless = {operation.grantless is not None for operation in reached[:3]}
    handed = "atc|" in told.token_prefixes
    if grantless == {True} and not handed:
        text = f"{reached[0].id} takes a grantless token only"
        yield Clue(text=text, weights={_GRANTLESS: 4.0}, introduces=frozenset({_GRANTLESS}))
    elif first and not handed:
        text = f"{reached[0].id} takes a grantless token only, and others are told of beside it"
        yield Clue(text=text, weights={_GRANTLESS: 3.0}, introduces=frozenset({_GRANTLESS}))
    elif grantless == {False} and handed:
        text = f"a grantless token is sent, and {reached[0].id} needs a selling partner's"
        yield Clue(text=text, weights={_GRANTLESS: 4.6}, introduces=frozenset({_GRANTLESS}))
    refused = {found[1] for found in _REFUSED.finditer(text)}
    for operation in reached[1:] if not first else ():
        if operation.grantless is not None and operation.id in refused and not handed:
            said = f"{operation.id} takes a grantless token only, and was refused"
            yield Clue(text=said, weights={_GRANTLESS: 4.0}, introduces=frozenset({_GRANTLESS}))
            break
    personal = next((operation for operation in reached if gives_personal_data(operation)), None)
    if personal is not None:
        text = f"{personal.id} gives personal data, to a restricted data token only"
        yield Clue(text=text, weights={_RDT: 2.6}, introduces=frozenset({_RDT}))


def _of_removals(told: Told, text: str) -> Iterator[Clue]:
    """What is called and is no more, by a path, by the id of an operation, or by an API's name with its version."""
    days = days_told(text)
    on = max(days, default=TABLES_OF)
    paths = [f"{path}/" for path in told.paths]
    ids = {operation.id for operation in told.operations}
    for item in deprecations.deprecations():
        if item.removed is None or item.removed > on:
            continue
        by_path = any(path.startswith(item.prefix) for path in paths) and (
            not item.operations or bool(_ids(item, paths))
        )
        by_id = bool(ids & set(item.operations)) and (_version(item) in told.versions or not _lives(ids, item))
        by_name = not paths and not item.operations and _version(item) in told.versions and _named(item, text)
        if by_path or by_id or by_name:
            said = f"{item.item} was removed on {item.removed.isoformat()}"
            yield Clue(text=said, weights={_GONE: 3.2}, introduces=frozenset({_GONE}))
            return


def _ids(item: deprecations.Deprecation, paths: list[str]) -> set[str]:
    table = operations()
    return {each.id for path in paths for each in table.find_any_method(path[:-1]) if each.id in item.operations}


def _lives(ids: set[str], item: deprecations.Deprecation) -> bool:
    """Whether one of these operations also stands below another version."""
    table = operations()
    return any(
        not each.path.startswith(item.prefix) for name in ids & set(item.operations) for each in table.by_id(name)
    )


def _version(item: deprecations.Deprecation) -> str:
    return item.prefix.strip("/").rpartition("/")[2].lower()


def _named(item: deprecations.Deprecation, text: str) -> bool:
    """Whether the API's name stands beside its version: "feeds 2020-09-04", "version 2020-09-04 of the Reports API"."""
    stem, version = item.prefix.strip("/").partition("/")[0].rstrip("s"), re.escape(_version(item))
    near = rf"\b{stem}s?\b[^\n]{{0,24}}{version}|{version}\b[^\n]{{0,24}}\b{stem}s?\b"
    return re.search(near, text, re.IGNORECASE) is not None


def _of_paths(told: Told, request: Request | None) -> Iterator[Clue]:
    """The first path that no operation has; one in a whole request is judged by lint."""
    table = operations()
    whole = request is not None and bool(request.method) and "sellingpartnerapi" in request.host
    if whole and request is not None and told.paths:
        reached = table.find(request.method, request.path)
        if reached is not None and is_in_force(reached):
            yield in_force(reached)
        return
    for path, method in zip(told.paths, told.methods, strict=True):
        known = table.find_any_method(path)
        reached = next((each for each in known if each.method == method), None)
        if reached is not None and len(told.paths) == 1 and is_in_force(reached):
            yield in_force(reached)
        if known and (not method or reached is not None):
            continue
        if known:
            said = f"{path} is known, but not for {method}"
        elif deprecations.of_path(path) is not None or _begins_a_known_one(path):
            continue
        else:
            near = table.nearest(method or "GET", path, 1)
            said = f"no operation has the path {path}" + (f"; the nearest one is {near[0].path}" if near else "")
        yield Clue(
            text=said, weights={_PATH: 3.4, "404-wrong-path": 2.4}, introduces=frozenset({_PATH, "404-wrong-path"})
        )
        return


def _begins_a_known_one(path: str) -> bool:
    """Whether a path is the beginning of a known one, or goes on where a known one has a parameter with slashes."""
    segments = [segment for segment in path.rstrip("/").split("/") if segment]
    for item in operations().items:
        parts = item.path.strip("/").split("/")
        if len(segments) < len(parts) and all(
            part == segment or part[:1] == "{" for part, segment in zip(parts, segments, strict=False)
        ):
            return True
    return len(segments) > 5 and segments[0] in ("listings", "products")


def _of_headers(told: Told) -> Iterator[Clue]:
    if _HEADER not in told.token_headers:
        wrong = sorted(name for name in told.token_headers if _is_near(name))
        if wrong:
            text = f"the token stands in {wrong[0]}, where {_HEADER} is read"
            yield Clue(text=text, weights={_TOKEN: 3.8}, introduces=frozenset({_TOKEN}))
        elif told.bearer:
            text = "the token stands in Authorization, which is not read"
            yield Clue(text=text, weights={_TOKEN: 3.8}, introduces=frozenset({_TOKEN}))
    if told.token_prefixes & {"atzr|", "amzn1.", "akia", "refreshtoken"}:
        text = f"what stands in {_HEADER} is no access token, by its beginning or its name"
        yield Clue(text=text, weights={"403-expired-token": 3.8}, introduces=frozenset({"403-expired-token"}))


def _is_near(name: str) -> bool:
    """Whether a name is that of the header field, misspelt: not merely the words "access token"."""
    return name.startswith("x") and SequenceMatcher(None, name, _HEADER).ratio() > 0.75
