"""What the sandbox remembers of External Fulfillment: plain mutable records, and one aggregate that holds them all.

Instants are epoch seconds (UTC). Nothing here decides; the rules stand in `matrix`, `checks` and the operations' files.
A listing of 100,000 shipments costs what its page costs: shipments are kept sorted by last update for each merchant and
state, and for each location of theirs.
"""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

import msgspec

from recoup.sandbox.fulfillment.matrix import State, rank
from recoup.sandbox.fulfillment.programs import Program, program_of
from recoup.sandbox.fulfillment.settings import FulfillmentSettings, RateLimit

__all__ = [
    "Bucket",
    "Fulfillment",
    "InventoryItem",
    "Invoice",
    "Label",
    "Line",
    "Location",
    "Merchant",
    "Option",
    "Outage",
    "Package",
    "PackedLine",
    "Return",
    "Shipment",
]

ItemKey = tuple[str, str, str, str, str]  # merchant, location, SKU, marketplace, channel


class Merchant(msgspec.Struct):
    """A selling partner. `allowed`: Amazon's business team has put them on the list for External Fulfillment."""

    id: str
    allowed: bool = True


class Location(msgspec.Struct, frozen=True):
    """A place that ships, in one marketplace and channel. Several merchants share it in Multi-Seller Fulfillment."""

    id: str
    name: str
    marketplace_id: str
    channel: str
    merchant_ids: frozenset[str]


class Line(msgspec.Struct):
    """A line of a shipment. The four requirements are REQUIRED or DISALLOWED and bind what a package must say."""

    id: str
    sku: str
    units: int
    unit_price: int  # in hundredths of the currency
    serial_numbers: str = "DISALLOWED"
    hazmat_labels: str = "DISALLOWED"
    country_of_origin: str = "DISALLOWED"
    item_value: str = "DISALLOWED"
    gift_wrap: bool = False
    gift_message: bool = False
    cancelled: int = 0
    cancelled_at: float | None = None
    cancelled_by: str = ""
    cancel_reason: str = ""

    @property
    def open_units(self) -> int:
        """Units that are still to be shipped."""
        return self.units - self.cancelled


class PackedLine(msgspec.Struct, frozen=True):
    """How many units of a line are in a package."""

    line_id: str
    quantity: int


class Option(msgspec.Struct, frozen=True):
    """A shipping option as it was offered for a shipment's packages. `expires` is when it stops being usable."""

    id: str
    carrier: str
    ship_by: str
    start: float
    end: float
    expires: float


class Label(msgspec.Struct, frozen=True):
    """A ship label: `key` names its file behind the presigned link."""

    key: str
    carrier: str
    tracking_id: str
    option: Option | None
    created: float


class Package(msgspec.Struct):
    """A package as the seller described it (`wire`), and how far it is."""

    id: str
    wire: dict[str, object]
    sides_cm: tuple[float, float, float]
    weight_g: float
    lines: list[PackedLine]
    state: State = State.PACKAGE_CREATED
    options: dict[str, Option] = {}
    label: Label | None = None


class Invoice(msgspec.Struct, frozen=True):
    """An invoice of a shipment. `by_seller` is False where the marketplace made it, as in Brazil."""

    id: str
    created: float
    by_seller: bool = True


class Shipment(msgspec.Struct):
    """One shipment, from the order to the door."""

    id: str
    sequence: int  # rises with every shipment of the sandbox; breaks ties in listings
    merchant_id: str
    location_id: str
    marketplace_id: str
    channel: str
    shipping_type: str
    state: State
    lines: list[Line]
    number_of_units: int  # what the lines add up to; a record for which that is not so cannot be processed
    order_id: str
    shipment_type: str
    created: float
    updated: float
    earliest_pack: float
    expected_ship: float
    expected_pickup: float
    invoice_required: bool
    invoice_status: str  # PENDING, AVAILABLE or NOT_AVAILABLE
    postal_code: str
    rejectable: tuple[State, ...]
    source: str = "INTERNAL_PLATFORM"
    invoice: Invoice | None = None
    packages: dict[str, Package] = {}
    references: set[str] = set()  # referenceId of every rejection that was accepted
    sub_status: str = ""
    reason: str = ""
    reserved: bool = False
    busy: str = ""  # the action in flight, empty where there is none
    busy_until: float = float("inf")  # when what another application does with it ends by itself

    @property
    def program(self) -> Program:
        """Easy Ship, Self Ship or Seller Flex."""
        return program_of(self.channel, self.shipping_type)


class InventoryItem(msgspec.Struct):
    """Stock of one SKU at one location. `sellable` is derived; `version` and `stamp` serve the interface of 2021."""

    sku: str
    location_id: str
    marketplace_id: str
    channel: str
    quantity: int = 0
    reserved: int = 0
    sequence: int | None = None
    version: int = 1
    stamp: float = 0.0  # of the last If-Unmodified-Since that was taken, and how it was written
    stamp_text: str = ""
    poisoned: bool = False  # the record cannot be processed, until Amazon's support repairs it

    @property
    def sellable(self) -> int:
        """Units that can be bought: what is there less what is reserved, and never less than none."""
        return max(0, self.quantity - self.reserved)


class Return(msgspec.Struct):
    """A return item."""

    id: str
    sequence: int
    merchant_id: str
    shipment_id: str
    order_id: str
    location_id: str
    marketplace_id: str
    channel: str
    sku: str
    units: int
    status: str
    rma_id: str
    tracking_id: str
    reason: str
    created: float
    updated: float


class Outage(msgspec.Struct, frozen=True):
    """A window in which a dependency is down. `operation` None means all."""

    start: float
    until: float
    operation: str | None = None


class Bucket(msgspec.Struct):
    """A token bucket in virtual time."""

    limit: RateLimit
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        """Take one token at `now`; False where there is none."""
        self.tokens = min(self.limit.burst, self.tokens + max(0.0, now - self.at) * self.limit.rate)
        self.at = max(self.at, now)
        if self.tokens < 1.0 - self.limit.rate * 1e-5:  # ten microseconds do not count: an instant is no more exact
            return False
        self.tokens = max(0.0, self.tokens - 1.0)
        return True


class Fulfillment:
    """The whole state. `settings` hold the figures, `random` the chance: the same seed and calls give the same ids."""

    def __init__(self, settings: FulfillmentSettings, seed: int) -> None:
        self.settings = settings
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311  ids of a test world must repeat; they protect nothing
        self.now = 0.0  # the instant of the latest call
        self.document_base = settings.document_base
        self.merchants: dict[str, Merchant] = {}
        self.locations: dict[str, Location] = {}
        self.shipments: dict[str, Shipment] = {}
        self.items: dict[ItemKey, InventoryItem] = {}
        self.waiting: dict[ItemKey, dict[str, None]] = {}  # ids of shipments that wait for stock, the oldest first
        self.returns: dict[str, Return] = {}
        self.documents: dict[str, tuple[str, str]] = {}  # key of a label's file -> shipment id, package id
        self.carrier_capacity: dict[str, int] = {}  # remaining parcels; a carrier that is not here has no limit
        self.site_capacity: dict[str, int] = {}  # parcels a day; a location that is not here has no limit
        self.site_used: dict[tuple[str, int], int] = {}  # location, day of the expected pickup
        self.slot_used: dict[tuple[str, str, float], int] = {}  # location, carrier, start
        self.outages: list[Outage] = []
        self.durations: dict[str, float] = {}  # operation -> seconds that it takes
        self.limits: dict[str, RateLimit | None] = {}  # set on the stage, over the settings
        self.buckets: dict[tuple[str, str], Bucket] = {}
        self.failures: dict[tuple[str, str], list[float]] = {}  # shipment, operation -> instants of failed attempts
        self.newer_values: dict[str, dict[str, str]] = {}  # shipment id -> field -> a value newer than the models
        self.on_status: Callable[[Shipment, float], None] | None = None  # told of every new status
        self.by_order: dict[str, Shipment] = {}  # by the id of the order behind it
        self._by_sequence: dict[int, Shipment] = {}
        self._listings: dict[tuple[str, State, str], list[tuple[float, int]]] = {}

    def merchant(self, merchant_id: str) -> Merchant:
        """The merchant of that id. The front door has proved that they exist, so one not met before is new here."""
        found = self.merchants.get(merchant_id)
        if found is None:
            found = self.merchants[merchant_id] = Merchant(merchant_id)
        return found

    def add(self, shipment: Shipment) -> None:
        """Take a new shipment into the store and its listings."""
        self.shipments[shipment.id] = shipment
        self._by_sequence[shipment.sequence] = shipment
        self.by_order[shipment.order_id] = shipment
        for key in self._keys(shipment):
            insort(self._listings.setdefault(key, []), (shipment.updated, shipment.sequence))
        if self.on_status is not None:
            self.on_status(shipment, shipment.created)

    def touch(self, shipment: Shipment, now: float, state: State | None = None) -> None:
        """Note that a shipment changed at `now`, and its state where that is given; keeps the listings in order."""
        old = (shipment.updated, shipment.sequence)
        for key in self._keys(shipment):
            entries = self._listings[key]
            del entries[bisect_left(entries, old)]
        shipment.updated = max(shipment.updated, now)  # a clock set back must not disturb pages that were read
        changed = state is not None and state is not shipment.state
        if state is not None:
            shipment.state = state
        for key in self._keys(shipment):
            insort(self._listings.setdefault(key, []), (shipment.updated, shipment.sequence))
        if changed and self.on_status is not None:
            self.on_status(shipment, now)

    def settle(self, shipment: Shipment, now: float) -> None:
        """Give a shipment the state of its least advanced package."""
        states = [package.state for package in shipment.packages.values()]
        self.touch(shipment, now, min(states, key=rank) if states else None)

    def listing(
        self, merchant_id: str, state: State, location_id: str = "", after: tuple[float, int] = (float("-inf"), 0)
    ) -> Iterator[Shipment]:
        """Shipments in a state, the longest unchanged first, from the one behind `after` (last update, sequence) on."""
        entries = self._listings.get((merchant_id, state, location_id), [])
        for position in range(bisect_left(entries, (after[0], after[1] + 1)), len(entries)):
            yield self._by_sequence[entries[position][1]]

    @staticmethod
    def _keys(shipment: Shipment) -> tuple[tuple[str, State, str], tuple[str, State, str]]:
        merchant, state = shipment.merchant_id, shipment.state
        return ((merchant, state, ""), (merchant, state, shipment.location_id))
