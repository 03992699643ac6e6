"""What a text tells of a call beside its answer, as facts: regions, kinds of account, operations, paths, header fields.

Excerpts of code, settings, log lines and plain words all say such things in their own manner; here they become values
that can be held against the tables of operations and marketplaces. Nothing is judged here. Bounded in time and memory.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import cache

import msgspec

from recoup.catalogue.facts import marketplaces
from recoup.catalogue.facts.operations import Operation, Party, operations

__all__ = ["LONGEST", "Told", "told", "without_noise"]

LONGEST = 16_384  # characters of a text that are looked at
_MOST = 60  # finds of one kind


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a text. Regions are codes: NA, EU, FE."""

    called: frozenset[str] = frozenset()  # regions of hosts and settings: where calls go
    markets: frozenset[str] = frozenset()  # regions of marketplaces in code: ids, enumerations
    spoken: frozenset[str] = frozenset()  # regions of countries and marketplaces in plain words
    vendor: bool = False  # a vendor's account, console or credentials
    seller: bool = False  # a seller's
    operations: tuple[Operation, ...] = ()  # named by id, in the order of the text
    paths: tuple[str, ...] = ()  # paths that look like those of the API, without query
    methods: tuple[str, ...] = ()  # the method in front of each of them, or ""
    token_headers: frozenset[str] = frozenset()  # names of header fields that are said to hold the access token
    bearer: bool = False  # a bearer token in Authorization
    token_prefixes: frozenset[str] = frozenset()  # kinds of token by their first characters
    sandbox: bool = False  # a sandbox host
    countries: frozenset[str] = frozenset()  # countries that are named at all, by their codes
    named: frozenset[str] = frozenset()  # and the regions of these
    vendor_report: bool = False  # a type of report for vendors
    versions: frozenset[str] = frozenset()  # v0, 2021-06-30


# -- what is not the writer's own words -----------------------------------------------------------------------------

_FRAME = re.compile(
    r"^[ \t]*(?:at [\w$.<>\[\] ]{1,160}\([^()\n]{0,200}\)|at (?:async |new )?[\w$./:\\-]{3,240}|#\d{1,3}\s[^\n]{0,400}"
    r"|File \"[^\"\n]{1,300}\", line \d{1,6}[^\n]{0,120}|from /[^\n]{0,300}:\d+:in [^\n]{0,200})$",
    re.MULTILINE,
)
_STAMP = re.compile(
    r"^[\[(]?\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?[\])]?(?=[ \t:|\]])",
    re.MULTILINE,
)
_HTTP_DATE = re.compile(r"^[<*\s]{0,4}date: [^\n]{0,60}$", re.MULTILINE | re.IGNORECASE)


def without_noise(text: str) -> str:
    """The text without stack frames and the time stamps of log lines: they say nothing about the cause."""
    return _HTTP_DATE.sub("", _STAMP.sub("", _FRAME.sub("", text)))


# -- regions --------------------------------------------------------------------------------------------------------

_HOST = re.compile(r"\b(sandbox\.)?sellingpartnerapi-(na|eu|fe)\b", re.IGNORECASE)
_SETTING = re.compile(
    r"\b(?:aws_?)?(?:region|endpoint)(?:_?(?:code|name|id))?['\"]?\]?\s{0,3}(?:=>|:=|==?|:|,|is)\s{0,3}['\"`]?"
    r"(?:SellingPartner)?(?:API)?(?:Regions?|Endpoints?)?(?:\.|::)?['\"]?"
    r"(na|eu|fe|us-east-1|eu-west-1|us-west-2|north[ _]?america|europe|far[ _]?east)\b"
    r"|\b(?:sp_?api_?)?(?:endpoints?|regions?)(?:\.|::)(na|eu|fe|north_?america|europe|far_?east)\b"
    r"|\b(na|eu|fe|north american|european|far[ -]east(?:ern)?|us-east-1|eu-west-1|us-west-2)"
    r"[ -](?:end ?point|region|host|url)\b",
    re.IGNORECASE,
)
_REGIONS = {
    "na": "NA", "us-east-1": "NA", "northamerica": "NA", "northamerican": "NA",
    "eu": "EU", "eu-west-1": "EU", "europe": "EU", "european": "EU",
    "fe": "FE", "us-west-2": "FE", "fareast": "FE", "fareastern": "FE",
}  # fmt: skip
_ID = re.compile(r"(?<![A-Za-z0-9])A[A-Z0-9]{9,14}(?![A-Za-z0-9])")
_ENUMERATED = re.compile(r"\bmarket_?places?(?:_?ids?)?(?:\.|::|->|\[['\"])([A-Z]{2})\b", re.IGNORECASE)
_SITE = re.compile(
    r"\b(?:amazon|sellercentral(?:\.amazon)?|vendorcentral(?:\.amazon)?)\.(com\.au|com\.mx|com\.br|com\.tr|com\.be|co\.uk"
    r"|co\.jp|com|ca|de|fr|it|es|nl|se|pl|ie|eg|sa|ae|in|sg)\b(?!/auth)",
    re.IGNORECASE,
)
_SITE_REGIONS = {
    "com": "NA", "ca": "NA", "com.mx": "NA", "com.br": "NA",
    "co.jp": "FE", "com.au": "FE", "sg": "FE",
}  # fmt: skip
_COUNTRIES = {
    "NA": r"united states|usa|u\.s\.|american?|canad(?:a|ian)|mexic(?:o|an)|brazil(?:ian)?",
    "EU": r"united kingdom|u\.k\.|brit(?:ain|ish)|german[y]?|fr(?:ance|ench)|ital(?:y|ian)|spa(?:in|nish)"
    r"|netherlands|dutch"
    r"|belgi(?:um|an)|swed(?:en|ish)|pol(?:and|ish)|irish|ireland|turk(?:ey|ish)|egypt(?:ian)?|saudi(?: arabian?)?"
    r"|emirates|uae|indian?|south african?|european?",
    "FE": r"japan(?:ese)?|austral(?:ia|ian)|singapore(?:an)?",
}
_NOUN = r"(?:amazon|(?:store|shop|seller|vendor|merchant|customer|client|account|market|marketplace|site)s?)"
_COUNTRY = {
    code: re.compile(
        rf"\b(?:{names})\b[ -]{{1,2}}(?:\w{{1,12}} ){{0,2}}{_NOUN}\b"
        rf"|\b{_NOUN} (?:\w{{1,12}} ){{0,4}}?(?:in|from|of|for) (?:the )?(?:{names})\b",
        re.IGNORECASE,
    )
    for code, names in _COUNTRIES.items()
}


_COUNTRY_CODES = {
    "united states": "US", "usa": "US", "us": "US", "american": "US", "canada": "CA", "canadian": "CA",
    "mexico": "MX", "mexican": "MX", "brazil": "BR", "brazilian": "BR",
    "uk": "GB", "united kingdom": "GB", "british": "GB", "germany": "DE", "german": "DE", "france": "FR",
    "french": "FR", "italy": "IT", "italian": "IT", "spain": "ES", "spanish": "ES", "netherlands": "NL", "dutch": "NL",
    "belgium": "BE", "belgian": "BE", "sweden": "SE", "swedish": "SE", "poland": "PL", "polish": "PL",
    "ireland": "IE", "irish": "IE", "turkey": "TR", "turkish": "TR", "egypt": "EG", "saudi arabia": "SA", "india": "IN",
    "indian": "IN", "japan": "JP", "japanese": "JP", "australia": "AU", "australian": "AU", "singapore": "SG",
}  # fmt: skip
_NAMED_COUNTRY = re.compile(
    r"\b(?-i:US|UK)\b|\b(?:"
    + "|".join(sorted((name for name in _COUNTRY_CODES if len(name) > 2), reverse=True))
    + r")\b",
    re.IGNORECASE,
)


def _regions(text: str) -> tuple[frozenset[str], frozenset[str], frozenset[str], bool]:
    called: set[str] = set()
    sandbox = False
    for found in _take(_HOST, text):
        called.add(found[2].upper())
        sandbox = sandbox or found[1] is not None
    for found in _take(_SETTING, text):
        name = next(group for group in found.groups() if group is not None)
        called.add(_REGIONS[re.sub(r"[ _]", "", name.lower()).replace("far-east", "fareast")])
    markets = {region for found in _take(_ID, text) if (region := marketplaces.region_of(found[0])) is not None}
    for found in _take(_ENUMERATED, text):
        market = marketplaces.by_country(found[1])
        if market is not None:
            markets.add(market.region)
    spoken = {_SITE_REGIONS.get(found[1].lower(), "EU") for found in _take(_SITE, text) if not _api_host(text, found)}
    spoken |= {code for code, pattern in _COUNTRY.items() if pattern.search(text) is not None}
    return frozenset(called), frozenset(markets), frozenset(spoken), sandbox


def _api_host(text: str, found: re.Match[str]) -> bool:
    """Whether the site is the end of a host that is no marketplace's: the API itself, the token endpoint."""
    before = text[max(0, found.start() - 28) : found.start()].lower()
    return before.endswith(("-na.", "-eu.", "-fe.", "api.", "docs.", "developer.", "ml.", "advertising-api.", "@"))


def _take(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [found for found, _ in zip(pattern.finditer(text), range(_MOST), strict=False)]


# -- who calls ------------------------------------------------------------------------------------------------------

_VENDOR = re.compile(
    r"\bvendor[ -](?:central|account|code|group|credential|login|portal|user|seller account|refresh|token|app|api)"
    r"|\b(?:as|am|are|is|we.re|i.m|being) (?:an? )?(?:amazon |1p )?vendors?\b"
    r"|\b(?:our|my|your|the|an?|for|of) vendors?(?=[\s.,'\u2019]|$)|\bvendors? (?:who|that|in|of|from|and)\b"
    r"|\baccount[ _-]?(?:type|kind)\b[^\n]{0,12}\bvendor|\b1p\b|\bvendorcentral\.",
    re.IGNORECASE,
)
_SELLER = re.compile(
    r"\bseller[ -](?:central|account|credential|login|token|refresh|app)|\bas (?:an? )?(?:amazon )?sellers?\b"
    r"|\b(?:am|are|is|.m) (?:just |only |still )?(?:an? )?(?:\w{1,12}[ -]){0,2}sellers?\b"
    r"|\bthird[- ]party sellers?\b|\b3p\b"
    r"|\b(?:our|my|the|an?) (?:sellers?|merchants?)(?! (?:id|fulfil|in vendor))\b|\bsellercentral\.",
    re.IGNORECASE,
)

# -- operations and paths -------------------------------------------------------------------------------------------

_WORD = re.compile(
    r"(?<![A-Za-z0-9_])(?:[a-z]{2,12}(?:[A-Z][a-z0-9]{1,20}){1,6}|[a-z]{2,10}(?:_[a-z0-9]{2,16}){1,5})(?![A-Za-z0-9_])"
)
_PATH = re.compile(
    r"(?:^|(?<=[\s'\"`(=,+])|(?<=\.amazon\.com)|(?<=\}))/([A-Za-z][A-Za-z]{2,24}(?:/[^\s'\"`<>?#,;()\[\]\\]{1,160}){1,2})"
)
_METHOD = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE)\b[^A-Za-z/\n]{0,12}(?:https?://[\w.-]{3,80})?$")
_VERSION_WORD = re.compile(r"(?<![\w.-])(?:[vV]\d{1,2}|20\d\d-\d\d-\d\d)(?![\w.-]|T\d)")
_VERSION = re.compile(r"v\d{1,2}|\d{4}-\d\d-\d\d|[Vv]\d{4}-\d\d-\d\d")


@cache
def _first_segments() -> frozenset[str]:
    return frozenset(item.path.split("/")[1] for item in operations().items)


@cache
def _ids() -> dict[str, str]:
    """Operation ids by their letters alone, in lower case: get_orders, getOrders, GetOrders are one."""
    return {item.id.lower(): item.id for item in operations().items if len(item.id) > 7}


def _operations(text: str) -> tuple[Operation, ...]:
    known = _ids()
    names: dict[str, None] = {}
    for found in _take(_WORD, text):
        name = known.get(found[0].replace("_", "").lower())
        if name is not None:
            names[name] = None
    return tuple(_likeliest(operations().by_id(name)) for name in list(names)[:12])


def _likeliest(items: list[Operation]) -> Operation:
    """Of operations with one id, the newest that is not a vendor's, for these are called more often."""
    return next((item for item in items if item.party is not Party.VENDOR), items[0])


def _paths(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    paths: list[str] = []
    methods: list[str] = []
    for found in _take(_PATH, text):
        path = "/" + found[1].rstrip(".:|*")
        if path in paths or not _like_api(path):
            continue
        before = _METHOD.search(text[max(0, found.start() - 100) : found.start()])
        paths.append(path)
        methods.append(before[1] if before is not None else "")
    return tuple(paths[:8]), tuple(methods[:8])


def _like_api(path: str) -> bool:
    """Whether a path is meant for the API: its first segment is one of the API's, or nearly, or a version follows."""
    segments = path.split("/")[1:]
    first = segments[0]
    known = _first_segments()
    if first in known:
        return len(segments) > 1 and segments[1] not in ("", "index.php")
    near = any(SequenceMatcher(None, first.lower(), each.lower()).ratio() >= 0.8 for each in known)
    return near and any(_VERSION.fullmatch(segment) for segment in segments)


# -- header fields and tokens ---------------------------------------------------------------------------------------

_TOKEN_FIELD = re.compile(
    r"\bx[-_]?(?:am[a-z]{0,4}[-_]?)?(?:lwa[-_])?a?c{1,2}es{1,2}[-_ ]?token\b|\bx-amz-token\b", re.IGNORECASE
)
_BEARER = re.compile(
    r"\bauthorization\b[^\n]{0,24}\bbearer\b|\bBearer (?:token )?(?:auth|Atza|\$|\{|<|\.\.\.|header)"
    r"|\bsetBearerAuth\b|AuthenticationHeaderValue\(\s?\"Bearer"
    r"|\bbearer token\b|\bwithToken\(|\bBearer['\"]?\s?[,.+]",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"x-amz-access-token['\"]?\]?\s{0,3}(?:=>|[:=,])\s{0,3}['\"`]?(Atza\||Atzr\||Atc\||amzn1\.|AKIA|Bearer )"
    r"|x-amz-access-token['\"]?\]?\s{0,3}(?:=>|[:=,])[^\n]{0,32}(refresh_?-?token)",
    re.IGNORECASE,
)


_DENIED = re.compile(r"\b(?:no|not an?|without an?|n.t (?:have )?an?|never)\s$", re.IGNORECASE)


def _is_told(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a pattern is found where it is not denied: "no vendor central" tells of none."""
    return any(
        _DENIED.search(text[max(0, found.start() - 12) : found.start()]) is None for found in _take(pattern, text)
    )


def told(text: str) -> Told:
    """The facts of a text, of its first characters where it is long."""
    text = text[:LONGEST]
    called, markets, spoken, sandbox = _regions(text)
    paths, methods = _paths(text)
    countries = frozenset(_COUNTRY_CODES[found[0].lower()] for found in _take(_NAMED_COUNTRY, text))
    prefixes = {(found[1] or found[2]).lower().replace("_", "") for found in _take(_PREFIX, text)}
    return Told(
        called=called,
        markets=markets,
        spoken=spoken,
        vendor=_is_told(_VENDOR, text),
        seller=_SELLER.search(text) is not None,
        operations=_operations(text),
        paths=paths,
        methods=methods,
        token_headers=frozenset(found[0].lower() for found in _take(_TOKEN_FIELD, text)),
        bearer=_BEARER.search(text) is not None,
        token_prefixes=frozenset(prefixes),
        countries=countries,
        named=frozenset(market.region for code in countries if (market := marketplaces.by_country(code)) is not None),
        vendor_report="GET_VENDOR_" in text,
        sandbox=sandbox,
        versions=frozenset(found[0].lower() for found in _take(_VERSION_WORD, text)),
    )
