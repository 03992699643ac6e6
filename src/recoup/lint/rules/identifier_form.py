"""An identifier has not the form of what it should name.

Order ids have 3, 7 and 7 digits, order item ids are digits, an ASIN has ten letters and digits, a marketplace has an id
and not only a country. A report or a feed is not its document. Right in its form and wrong all the same cannot be seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from recoup.catalogue.facts import marketplaces
from recoup.lint.asked import Given, fault_of, given, is_fixed_word, is_hole, is_static_sandbox, reached
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "identifier-form"
FAULTS = ("400-wrong-identifier", "404-mistyped-id", "sc-00002-invalid-value")

_ORDER = re.compile(r"[A-Z0-9]\d{2}-\d{7}-\d{7}", re.ASCII)
_QUEUE = re.compile(r"arn:aws[\w\-]*:sqs:[a-z0-9\-]+:\d{12}:(?:[A-Za-z0-9_\-]{1,80}(?:\.fifo)?|http://\S+)", re.ASCII)
_CAPITALS = re.compile(r"[A-Z0-9_]+", re.ASCII)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_ORDER_DIGITS = re.compile(r"\d{17}", re.ASCII)
_ASIN = re.compile(r"[A-Z0-9]{10}", re.ASCII)
_NEARLY_ASIN = re.compile(r"(?i:B0[A-Z0-9]{6,11})|[A-Za-z0-9]{10}|\d{8,14}|(?i:https?://.*|.*/dp/.*)", re.ASCII)
_IN_CAPITALS = re.compile(r"[A-Z0-9]{10,20}", re.ASCII)
_DOCUMENT = re.compile(r"amzn1\.\w+\..+", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_WITH_ORDERS = frozenset({"orders", "messaging", "solicitations", "easy-ship", "merchant-fulfillment"})
_Said = tuple[str, str, str | None, bool]  # what is wrong, what to do, what to write, whether that is certain


def _order(value: str) -> _Said | None:
    if _ORDER.fullmatch(value):
        return None
    bare = re.sub(r"\D", "", value)
    right = f"{bare[:3]}-{bare[3:10]}-{bare[10:]}" if _ORDER_DIGITS.fullmatch(bare) else None
    return ("This is no order id of Amazon: it has 3, 7 and 7 digits.", "Send AmazonOrderId as it came.", right, True)


def _item(value: str) -> _Said | None:
    if _DIGITS.fullmatch(value) and len(value) >= 8:
        return None
    what = "is an order id" if _ORDER.fullmatch(value) else "has other characters than digits"
    if _DIGITS.fullmatch(value):
        return ("This is short for an order item id.", "Send OrderItemId as it came.", None, False)
    return (f"This is no order item id: it {what}.", "Send OrderItemId as it came, digits only.", None, True)


def _asin(value: str) -> _Said | None:
    if _ASIN.fullmatch(value) or not _NEARLY_ASIN.fullmatch(value):
        return None
    upper = value.upper() if _ASIN.fullmatch(value.upper()) else None
    if "/" in value:
        return ("This is an address, not an ASIN.", "Send the ten characters of the ASIN alone.", None, True)
    if _DIGITS.fullmatch(value):
        return ("This is no ASIN; it looks like an EAN or UPC.", "Look the ASIN up by its identifier.", None, True)
    said = "An ASIN is written in capitals." if upper else f"An ASIN has ten characters, not {len(value)}."
    return (said, "Send the ASIN as it came.", upper, True)


def _marketplace(value: str) -> _Said | None:
    if _IN_CAPITALS.fullmatch(value):
        return _nearly(value)
    known = marketplaces.by_country(value.strip()) if len(value.strip()) == 2 else None
    if known is None:
        folded = value.strip().upper()
        known = marketplaces.by_id(folded)
    if known is not None:
        said = (
            "A country stands where a marketplace id belongs."
            if len(value) == 2
            else "A marketplace id is in capitals."
        )
        return (said, f"{known.country} is {known.id}.", known.id, True)
    return ("This is no marketplace id.", "Take it from the table of marketplaces.", None, True)


def _nearly(value: str) -> _Said | None:
    """A known marketplace id that differs in one character or two; what is not known at all may be a new one."""
    if marketplaces.by_id(value) is not None:
        return None
    for known in marketplaces.marketplaces():
        wrong = [pair for pair in zip(known.id, value, strict=False) if pair[0] != pair[1]]
        if len(known.id) == len(value) and len(wrong) <= 2:
            said = f"No marketplace has this id; it is nearly that of {known.country}."
            return (said, f"{known.country} is {known.id}.", known.id, False)
    return None


def _queue(value: str) -> _Said | None:
    if _QUEUE.fullmatch(value):
        return None
    said = "This is not the ARN of a queue: arn:aws:sqs, region, twelve digits, name."
    return (said, "Copy the ARN from the queue.", None, True)


def _type(value: str) -> _Said | None:
    if _CAPITALS.fullmatch(value):
        return None
    return ("A type is written in capitals and underscores.", "Copy it from the table of types.", None, True)


def _account(value: str) -> _Said | None:
    if _DIGITS.fullmatch(value) and len(value) == 12:
        return None
    return ("An AWS account has twelve digits.", "Send them without hyphens.", None, True)


def _sku(value: str) -> _Said | None:
    if value and len(value) <= 40:
        return None
    said = f"A SKU has 1 to 40 characters, not {len(value)}."
    return (said, "Send the SKU as the listing has it.", None, True)


def _subscribed(value: str) -> _Said | None:
    if _UUID.fullmatch(value):
        return None
    return ("This has not the form of the id that its creation gave.", "Send that id.", None, False)


def _report(value: str) -> _Said | None:
    if not _DOCUMENT.match(value):
        return None
    said = "This is the id of a document, not of the report, feed or query that made it."
    return (said, "Send the id that its creation gave.", None, True)


def _document(value: str) -> _Said | None:
    if not _DIGITS.fullmatch(value):
        return None
    said = "This is the id of a report, feed or query, not of its document."
    return (said, "Ask for the report or feed first; its answer names the document.", None, True)


def _seller(value: str) -> _Said | None:
    if value.startswith("amzn1.") or "@" in value or value.lower() in ("me", "self", "seller"):
        said = "This is no seller id: it is the merchant token of the account, letters and digits."
        return (said, "Send the selling_partner_id that came with the consent.", None, True)
    return None


_KINDS: dict[str, tuple[Callable[[str], _Said | None], frozenset[str] | None]] = {
    "orderid": (_order, _WITH_ORDERS - {"merchant-fulfillment"}),
    "amazonorderid": (_order, _WITH_ORDERS),
    "amazonorderids": (_order, _WITH_ORDERS),
    "orderitemid": (_item, _WITH_ORDERS),
    "asin": (_asin, None),
    "asins": (_asin, None),
    "marketplaceid": (_marketplace, None),
    "marketplaceids": (_marketplace, None),
    "destinationmarketplaces": (_marketplace, None),
    "reportid": (_report, frozenset({"reports"})),
    "feedid": (_report, frozenset({"feeds"})),
    "reportdocumentid": (_document, frozenset({"reports"})),
    "feeddocumentid": (_document, frozenset({"feeds"})),
    "inputfeeddocumentid": (_document, frozenset({"feeds"})),
    "reporttype": (_type, frozenset({"reports"})),
    "reporttypes": (_type, frozenset({"reports"})),
    "feedtype": (_type, frozenset({"feeds"})),
    "feedtypes": (_type, frozenset({"feeds"})),
    "arn": (_queue, frozenset({"notifications"})),
    "accountid": (_account, frozenset({"notifications"})),
    "sku": (_sku, frozenset({"listings-items"})),
    "destinationid": (_subscribed, frozenset({"notifications"})),
    "subscriptionid": (_subscribed, frozenset({"notifications"})),
    "sellerid": (_seller, frozenset({"listings-items", "listings-restrictions"})),
}


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each value whose name says what it should be, and whose form says that it is not."""
    operation = reached(subject)
    if operation is None:
        return
    fault = fault_of(operation, FAULTS[0], FAULTS[2])
    fixed = is_static_sandbox(subject)
    for value in given(subject):
        kind = _KINDS.get(value.name.lower())
        if kind is None or (kind[1] is not None and operation.api not in kind[1]):
            continue
        if is_hole(value.value) or is_fixed_word(value.value) or value.value[:4].lower() == "test":
            continue
        said = kind[0](value.value.strip())
        if said is not None and (said[3] or not fixed):
            yield _found(value, fault, said)


def _found(value: Given, fault: str, said: _Said) -> Finding:
    text, fix, right, certain = said
    instead = None if right is None else (f'"{right}"' if value.part == "body" else right).encode()
    kind = FixKind.NEEDS_VALUE if right is None else FixKind.GUESS
    return found(RULE, fault, value.place, f"{value.name}: {text}", fix, kind, instead, certain=certain)
