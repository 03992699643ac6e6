"""What is personal in a text: names, addresses, phone numbers, gift messages, tax numbers of buyers and recipients.

Told by the name of the field (those of Amazon's models, in any spelling: `AddressLine1`, `address_line_1`,
`addressLine1`) in JSON, literals of any language, XML, forms and header lines; and by form, in free text, where that
is safe: e-mail addresses, phone numbers, streets with a house number. Countries, marketplaces and ids stay.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache

__all__ = ["AMBIGUOUS", "FIELDS", "key_of", "near_address", "without_personal"]

SIGN = "<personal data>"

# Field names without signs, in lower case.
FIELDS = frozenset(
    """
    addressline1 addressline2 addressline3 addressline4 addressinstructions additionaladdressnotes streetname
    streetnumber streetaddress housenumber postalcode postalorzipcode zipcode city county district districtorcounty
    stateorregion buyername buyerfirstname buyerlastname buyercompanyname buyerlegalcompanyname buyercounty
    buyerbusinessaddress buyertaxoffice buyertaxregistrationid recipientname recipientfirstname recipientlastname
    requestername firstname lastname middlename fullname legalname companyname companylegalname nonlatinname
    accountholdername bankaccountholdername payeefirstname payeelastname payeemiddlename contactname phone phonenumber
    mobilephone telephone carrierphonenumber fax faxnumber email emailaddress buyeremail giftmessage giftmessagetext
    taxregistrationnumber federaltaxid regiontaxid taxid vatnumber companytaxidentificationnumber
    companyregistrationnumber vehiclelicenseplate deliveryinstructions dateofbirth birthdate ipaddress
    shippingaddressname billingaddressname
    """.split()  # noqa: SIM905 - a list of single literals would be three pages
)
"""Fields whose value is personal wherever they stand."""

AMBIGUOUS = frozenset({"name", "attention"})
"""Fields that are personal beside an address or a person, and many other things elsewhere."""

# Words of everyday language: in a text without quotes they are fields only where an equals sign or an arrow follows.
_PLAIN = frozenset({"phone", "city", "county", "district", "email", "fax", "telephone", "name", "attention", "zipcode"})
_STEMS = (
    "address", "street", "housenumber", "postal", "zip", "city", "county", "district", "stateorregion",
    "state_or_region", "buyer", "recipient", "requester", "first", "last", "full", "legal", "company", "latin",
    "holder", "payee", "contact", "phone", "fax", "mail", "gift", "tax", "vat", "vehicle", "delivery", "birth",
    "middle", "customer", "consignee", )  # fmt: skip
_NAME = r"(?<![A-Za-z0-9_$])(?P<name>[A-Za-z][A-Za-z0-9_\-]{2,44}+)"
_KEY = re.compile(
    _NAME
    + r"(?P<close>\\{0,3}[\"'`]?)\]?(?P<sep>[ \t]{0,4}(?:=>|=(?!=)|:(?!//))[ \t\r\n]{0,20}(?:string\(\d{1,6}\) )?)"
)
_VALUE = re.compile(
    r"(?P<open>\\{0,3}[\"'`])(?P<quoted>(?:(?!(?P=open))[^\r\n]){1,2000})"
    r"|(?P<bare>[^\s\"'`<>{}\[\](),;&|\\][^\r\n\"'`<>{}\[\](),;&|\\]{0,200})"
)
_ELEMENT = re.compile(
    r"<(?:\w{1,20}:)?(?P<name>[A-Za-z][A-Za-z0-9_\-]{2,44})(?:\s[^<>]{0,200})?>(?P<value>[^<>]{1,2000})<"
)
_PAIRED = re.compile(
    r"[\"']name[\"']\s{0,3}:\s{0,3}[\"']"
    r"(?P<name>[A-Za-z][A-Za-z0-9_\-]{2,44})[\"']\s{0,3},\s{0,20}[\"']value[\"']\s{0,3}:\s{0,3}[\"']"
    r"(?P<value>[^\"'\r\n]{1,2000})",
    re.IGNORECASE,
)
_VALUE_NEXT = re.compile(r"\\{0,3}[\"'`]\s{0,3},\s{0,20}\\{0,3}[\"'`]value\b", re.IGNORECASE)
_SIGNS = re.compile(r"[^a-z0-9]")
_BESIDE = re.compile(
    r"address_?-?line|postal_?-?(?:or_?)?(?:zip|code)|phone|shipping_?address|ship_?to|ship_?from|recipient"
    r"|buyer_?info|state_?or_?region"
    r"|delivery_?address|billing_?address|party_?id"
    r"|(?:buyer|customer|consignee|e_?-?mail)\\{0,3}[\"'`]?\]?[ \t]{0,4}(?:=>|[:=])",
    re.IGNORECASE,
)
_REACH = 400
_NOTHING = frozenset({"null", "none", "nil", "undefined", "true", "false", "array", "nan"})

# -- by form ----------------------------------------------------------------------------------------------------------

# The sign as it stands, percent-encoded once or more (`%40`, `%2540`), or escaped as in JSON and HTML.
_AT = re.compile(r"@|%(?:25){0,3}40|(?<!\\)\\++u0040|&#64;")
_LETTER = "A-Za-z0-9\u00c0-\u1fff"  # letters of every alphabet; the signs of East Asia would take a sentence along
_LOCAL = rf"{_LETTER}._%+\-"
_ESCAPED = r"\\+u[0-9a-fA-F]{4}"
_EMAIL = re.compile(
    rf"(?<![{_LOCAL}])(?!(?<=\\)(?:\\|u[0-9a-fA-F]{{4}}))(?:(?<![A-Za-z])[OoDdLl]')?(?:[{_LOCAL}]|{_ESCAPED})+(?:{_AT.pattern})"
    rf"(?:[{_LETTER}\-]|{_ESCAPED}){{1,63}}(?:\.(?:[{_LETTER}\-]|{_ESCAPED}){{1,63}}){{1,6}}"
)
_PHONE = re.compile(
    r"(?<![\w/+=.%\-])\+[1-9]\d{0,2}[ .\-/]?(?:\(0?\d{1,4}\)[ .\-/]?)?\d(?:[ .\-/]?\d){6,11}(?![\w\-+/=])"
    r"|(?<![\w.\-/+=])(?:\(\d{3}\) ?|\d{3}[\-.])\d{3}[\-.]\d{4}(?![\w.\-])"
)
_CALLED = re.compile(
    r"(?P<word>\b(?:tel(?:efon|ephone|\.)?|phone(?: ?(?:number|no\.?))?|mobil(?:e|telefon)?|handy|fax)\b[.:]{0,2}"
    r"(?: (?:is|was|number|no\.?))?[ :]{1,3})(?P<value>\+?\(?\d[\d ()./\-]{5,18}\d)(?![\w\-])",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"(?<![\w.\-])\d{1,5}[A-Za-z]? (?:[NSEW]\.? )?(?:[A-Z][A-Za-z'\u2019.]{1,20} ){1,3}"
    r"(?:Street|Road|Avenue|Lane|Drive|Boulevard|Court|Crescent|Terrace|St\.|Rd\.|Ave\.|Blvd\.|Ln\.)(?!\w)"
    r"|(?<!\w)[A-Z\u00c4\u00d6\u00dc][\w\u00e4\u00f6\u00fc\u00df\-]{2,30}(?:stra(?:\u00df|ss)e|str\.|weg|platz"
    r"|allee|gasse|ufer|damm)"
    r" \d{1,4} ?[a-z]?(?![\w\-])"
    r"|(?<!\w)\d{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|chemin|impasse|quai|via|calle|corso) (?:de la |[dl]e?[ "
    r"'\u2019]|des |du |la )?[A-Z]\w{2,20}(?: [A-Z]\w{2,20}){0,2}"
)
_STREET_WORDS = (
    "street", "road", "avenue", "lane", "drive", "boulevard", "court", "crescent", "terrace", "st.", "rd.", "ave.",
    "blvd.", "ln.", "stra", "str.", "weg", "platz", "allee", "gasse", "ufer", "damm", "rue", "chemin", "impasse",
    "quai", "via ", "calle", "corso",
)  # fmt: skip
_PHONE_WORDS = ("tel", "phone", "mobil", "handy", "fax")
_DIGITS = re.compile(r"\d{3}[\-.)]|\+[1-9]")


@lru_cache(maxsize=2048)
def key_of(name: str) -> str:
    """The name of a field without signs and in lower case: `address_line_1` and `AddressLine1` are one."""
    return _SIGNS.sub("", name.lower())


def near_address(names: frozenset[str] | set[str]) -> bool:
    """Whether fields of these names (as `key_of` gives them) describe a person or an address."""
    return bool(names & FIELDS)


def without_personal(text: str, lowered: str) -> str:
    """`text` with what is personal in it masked; `lowered` is it in lower case, before."""
    if _AT.search(text) is not None:
        text = _EMAIL.sub("<e-mail address>", text)
    if any(stem in lowered for stem in _STEMS):
        text = _masked_keys(text)
        if "</" in text:
            beside = _Beside(text)
            text = _ELEMENT.sub(lambda found: _masked_element(found, beside), text)
        if "value" in lowered:
            text = _PAIRED.sub(_masked_pair, text)
    if _DIGITS.search(text) is not None:
        text = _PHONE.sub("<phone number>", text)
    if any(word in lowered for word in _PHONE_WORDS):
        text = _CALLED.sub(lambda found: found["word"] + "<phone number>", text)
    if any(word in lowered for word in _STREET_WORDS):
        text = _STREET.sub("<street address>", text)
    return text


class _Beside:
    """Where in a text words of addresses and persons stand; looked for once, when first asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: list[int] | None = None

    def is_near(self, start: int, end: int) -> bool:
        """Whether such a word stands near this span, outside of it."""
        if self._places is None:
            self._places = [found.start() for found in _BESIDE.finditer(self._text)]
        before = bisect_left(self._places, start)
        if before and self._places[before - 1] > start - _REACH:
            return True
        after = bisect_left(self._places, end)
        return after < len(self._places) and self._places[after] < end + _REACH


def _is_personal(name: str, beside: _Beside, found: re.Match[str]) -> bool:
    return name in FIELDS or (name in AMBIGUOUS and beside.is_near(found.start(), found.end()))


def _masked_keys(text: str) -> str:
    beside = _Beside(text)
    parts: list[str] = []
    done = 0
    for found in _KEY.finditer(text):
        if found.start() < done or not _is_personal(key_of(found["name"]), beside, found):
            continue
        span = _value_of(found, beside)
        if span is not None:
            parts += (text[done : span[0]], SIGN)
            done = span[1]
    return "".join((*parts, text[done:])) if parts else text


def _value_of(found: re.Match[str], beside: _Beside) -> tuple[int, int] | None:
    """Where the value stands that is to be masked; None where there is none, or it is masked already."""
    text = found.string
    value = _VALUE.match(text, found.end())
    if value is None:
        return None
    name = key_of(found["name"])
    if value["quoted"] is not None:
        named = name in AMBIGUOUS and _VALUE_NEXT.match(text, value.end()) is not None
        return None if named or _is_masked(value["quoted"]) else value.span("quoted")
    bare = value["bare"].rstrip()
    if _is_masked(bare) or bare.lower() in _NOTHING:
        return None
    if name in _PLAIN and not found["close"] and ":" in found["sep"]:
        start = found.start()
        line = text[text.rfind("\n", max(0, start - 40), start) + 1 : start]
        if line.strip() or start == 0 or not beside.is_near(start, found.end()):
            return None  # a word of a sentence
    return value.start(), value.start() + len(bare)


def _masked_element(found: re.Match[str], beside: _Beside) -> str:
    value = found["value"].strip()
    if not value or _is_masked(value) or not _is_personal(key_of(found["name"]), beside, found):
        return found[0]
    return found[0][: found.start("value") - found.start()] + SIGN + "<"


def _masked_pair(found: re.Match[str]) -> str:
    if key_of(found["name"]) not in FIELDS or _is_masked(found["value"]):
        return found[0]
    return found[0][: found.start("value") - found.start()] + SIGN


def _is_masked(value: str) -> bool:
    return value.startswith("<") and value.endswith(">")
