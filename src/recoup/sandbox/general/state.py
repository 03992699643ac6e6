"""What the sandbox remembers for the general operations: plain mutable records, and one aggregate that holds them.

Instants are epoch seconds (UTC). The same seed and calls give the same ids. Nothing here decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import msgspec

from recoup.sandbox.accounts import Accounts, Application
from recoup.sandbox.general.settings import GeneralSettings
from recoup.sandbox.login import Login

__all__ = ["Destination", "General", "Listing", "Order", "OrderLine", "Report", "Subscription"]

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class OrderLine(msgspec.Struct, frozen=True):
    """One line of an order. `price` is that of one unit, in hundredths of the marketplace's currency."""

    id: str
    sku: str
    asin: str
    title: str
    quantity: int
    price: int


class Order(msgspec.Struct, kw_only=True):
    """An order as a buyer placed it. `status` is the fulfillmentStatus of the 2026 version."""

    id: str
    merchant_id: str
    marketplace_id: str
    created: float
    updated: float
    status: str
    fulfilled_by: str  # MERCHANT or AMAZON
    lines: tuple[OrderLine, ...]
    postal_code: str


class Listing(msgspec.Struct, kw_only=True):
    """A SKU in one marketplace. It can be read from `visible` on; a deleted one is remembered as such."""

    merchant_id: str
    marketplace_id: str
    sku: str
    asin: str
    product_type: str
    attributes: dict[str, Any]
    created: float
    updated: float
    visible: float
    deleted: bool = False


class Report(msgspec.Struct, kw_only=True):
    """A report that was asked for, and the instants at which it moves on by itself."""

    id: str
    document_id: str
    merchant_id: str
    kind: str
    marketplace_ids: list[str]
    created: float
    visible: float
    begins: float
    done: float
    since: str | None = None  # dataStartTime and dataEndTime as they were sent
    until: str | None = None
    cancelled: float | None = None


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Where an application wants its notifications: a queue by its ARN, or an event bus."""

    id: str
    application_id: str
    name: str
    resource: dict[str, Any]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One selling partner's notifications of one type, sent to one destination of the application."""

    id: str
    application_id: str
    merchant_id: str
    kind: str
    destination_id: str
    payload_version: str


class General:
    """The whole state. `settings` hold the figures, `random` the chance, which only an accepted call may draw from."""

    def __init__(self, settings: GeneralSettings, seed: int | str, accounts: Accounts, login: Login) -> None:
        self.settings = settings
        self.seed = seed
        self.accounts = accounts
        self.login = login
        self.random = random.Random(f"{seed}:general")  # noqa: S311  made-up ids, the same for the same seed
        self.document_base = ""
        self.arns_name_endpoints = True  # whether a caller may name a local endpoint in an ARN
        self.orders: dict[str, Order] = {}
        # A merchant's other orders, without their lines; and one of them, whole, by its id.
        self.shipped_elsewhere: Callable[[str], Iterator[Order]] = lambda _: iter(())
        self.shipped_order: Callable[[str], Order | None] = lambda _: None
        self.listings: dict[tuple[str, str, str], Listing] = {}  # merchant, marketplace, SKU
        self.reports: dict[str, Report] = {}
        self.destinations: dict[str, Destination] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.queues: dict[str, str] = {}  # ARN of a queue -> URL of the local endpoint that stands for it
        self.rotation_queue: dict[str, str] = {}  # application id -> ARN of the queue for its new secrets

    def orders_of(self, merchant_id: str) -> Iterator[Order]:
        """Every order of a selling partner; those that External Fulfillment ships are included, without their lines."""
        yield from (order for order in self.orders.values() if order.merchant_id == merchant_id)
        yield from self.shipped_elsewhere(merchant_id)

    def order_of(self, merchant_id: str, order_id: str) -> Order | None:
        """One order of a selling partner, whole."""
        order = self.orders.get(order_id) or self.shipped_order(order_id)
        return order if order is not None and order.merchant_id == merchant_id else None

    def guid(self) -> str:
        """A new id in the form of a UUID."""
        digits = f"{self.random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def digits(self, length: int) -> str:
        """That many random decimal digits, the first not a zero."""
        return str(self.random.randrange(10 ** (length - 1), 10**length))

    def asin(self) -> str:
        """A new ASIN."""
        return "B0" + "".join(self.random.choices(_CAPITALS, k=8))

    def order_id(self) -> str:
        """A new order id, in the form 3-7-7."""
        return f"{self.digits(3)}-{self.digits(7)}-{self.digits(7)}"

    def application(self, application_id: str) -> Application:
        """The application of that id, which the front door has proved to exist."""
        return next(item for item in self.accounts.applications.values() if item.id == application_id)

    def developer_id(self, application_id: str, region: str) -> str:
        """The developer id under which an application is registered in a region. Each region has its own."""
        digest = sha256(f"{self.seed}:{application_id}:{region}".encode()).digest()
        return "-".join(f"{1000 + int.from_bytes(digest[at : at + 4], 'big') % 9000}" for at in (0, 4, 8))
