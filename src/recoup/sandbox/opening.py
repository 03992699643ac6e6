"""How a sandbox looks when it opens: one application, one seller who authorized it, two locations, the services.

Done anew on every reset, from the seed: the same ids and secrets come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from recoup.exchange import Headers, Request, Response
from recoup.sandbox.accounts import ROLES
from recoup.sandbox.answers import Answers
from recoup.sandbox.clock import VirtualClock
from recoup.sandbox.consent.stage import ConsentStage
from recoup.sandbox.fulfillment.documents import DOCUMENT_PATH
from recoup.sandbox.fulfillment.service import OPERATIONS, READS, FulfillmentService
from recoup.sandbox.fulfillment.store import Shipment
from recoup.sandbox.general.delivery import Courier
from recoup.sandbox.general.reports import REPORT_PATH
from recoup.sandbox.general.service import GENERAL_READS, GeneralOperations
from recoup.sandbox.general.shipped_orders import order_behind, orders_behind
from recoup.sandbox.general.state import Order
from recoup.sandbox.general.tracking import Parcel
from recoup.sandbox.login import KNOWN_SCOPES
from recoup.sandbox.operation import OperationCall, Outcome
from recoup.sandbox.parts import Mounted
from recoup.sandbox.server import Handler
from recoup.sandbox.settings import SandboxSettings
from recoup.sandbox.stage import AccountStage, Principal
from recoup.sandbox.storage import fetch
from recoup.sandbox.world import World

__all__ = ["Opening", "open_world"]

# The first one is where the locations are. A seller of North America sells in all four.
_MARKETPLACES = ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8", "A2Q3Y263D00KWC")


class Opening:
    """A world and what was put into it at the start. `stages` are the objects whose public methods set the stage."""

    def __init__(
        self,
        *,
        seed: int,
        clock: VirtualClock,
        settings: SandboxSettings,
        answers: Answers | None,
        base_url: str,
        exposed: bool,
    ) -> None:
        self._base_url = base_url
        self._exposed = exposed
        self.pages: Mapping[str, Handler] = {DOCUMENT_PATH: self._document, REPORT_PATH: self._report}
        self.world = World(seed=seed, clock=clock, settings=settings, answers=answers, services=self._open)

    def _open(self, world: World) -> tuple[Mounted, ...]:
        now = world.clock.now()
        application = world.accounts.new_application(now, set(ROLES), set(KNOWN_SCOPES))
        partner = world.accounts.new_partner("seller", "NA", list(_MARKETPLACES))
        grant = world.accounts.authorize(application, partner, now)
        self.principal = Principal(application, partner, grant)
        self._fulfillment = FulfillmentService(world.settings.fulfillment, int(world.seed), world.clock.now)
        self._fulfillment.state.document_base = self._base_url
        self.location_ids = self._locations(now)
        consent = ConsentStage(world.accounts, application, partner, world.clock.now)
        self._general = self._open_general(world, now)
        self._fulfillment.state.on_status = self._announce
        self.stages: tuple[object, ...] = (
            AccountStage(world, self.principal),
            consent,
            self._fulfillment.stage,
            self._general.stage,
        )
        service = self._fulfillment
        return (
            Mounted("/externalFulfillment/", frozenset(OPERATIONS), service, READS, service.before),
            *(
                Mounted(prefix, frozenset(general.handlers), general, GENERAL_READS)
                for prefix, general in self._general.services.items()
            ),
        )

    @property
    def recorded_pages(self) -> dict[str, Handler]:
        """The pages that change something when they are asked for: all but the files behind presigned links."""
        return {prefix: page for prefix, page in self.pages.items() if prefix not in (DOCUMENT_PATH, REPORT_PATH)}

    def _open_general(self, world: World, now: float) -> GeneralOperations:
        principal, partner = self.principal, self.principal.partner
        general = GeneralOperations(
            world.settings.general,
            world.seed,
            world.accounts,
            world.login,
            merchant_id=partner.merchant_id,
            application_id=principal.application.id,
            overlap=world.settings.secret_overlap,
            find_parcel=self._parcel,
            muted=lambda: world.replaying,
        )
        general.state.document_base = self._base_url
        general.state.arns_name_endpoints = not self._exposed
        general.state.shipped_elsewhere = lambda merchant_id: orders_behind(
            self._fulfillment.state.shipments.values(), merchant_id
        )
        general.state.shipped_order = self._shipped_order
        general.open(partner.merchant_id, partner.marketplaces[0], world.settings.fulfillment.starting_skus, now)
        return general

    @property
    def courier(self) -> Courier:
        """What delivers notifications to local endpoints."""
        return self._general.courier

    def _announce(self, shipment: Shipment, now: float) -> None:
        if not self._general.state.subscriptions:
            return
        about = {
            "merchantId": shipment.merchant_id,
            "locationId": shipment.location_id,
            "channelName": str(shipment.channel),
            "shipmentId": shipment.id,
        }
        self._general.status_changed(shipment.merchant_id, about, str(shipment.state), now)

    def _shipped_order(self, order_id: str) -> Order | None:
        shipment = self._fulfillment.state.by_order.get(order_id)
        return None if shipment is None else order_behind(shipment)

    def _parcel(self, number: str) -> Parcel | None:
        for shipment in self._fulfillment.state.shipments.values():
            for package in shipment.packages.values():
                if package.label is not None and package.label.tracking_id == number:
                    return Parcel(package.label.carrier, number, str(package.state), package.label.created)
        return None

    def _locations(self, now: float) -> dict[str, str]:
        # Amazon's own sandbox operation: what a developer would call first.
        partner = self.principal.partner
        call = OperationCall(
            operation="createSandboxLocation",
            merchant_id=partner.merchant_id,
            application_id=self.principal.application.id,
            region=partner.region,
            path={},
            query={},
            body={
                "merchantIds": [partner.merchant_id],
                "marketplaceId": partner.marketplaces[0],
                "channels": ["FBA", "MFN"],
                "locationName": "Sandbox",
            },
            headers=Headers(),
            now=now,
        )
        outcome = self._fulfillment.handle(call)
        if not isinstance(outcome, Outcome):
            raise TypeError("creating a location takes no time")
        body: dict[str, Any] = msgspec.to_builtins(outcome.body)
        return dict(body["locationIds"])

    def _document(self, request: Request, _peer: str) -> Response:
        """A label file behind its presigned link."""

        def read(key: str, query: Mapping[str, str], now: float) -> tuple[str, bytes]:
            found = self._fulfillment.document(key, query, now)
            return found.content_type, found.content

        return fetch(self.world, request, DOCUMENT_PATH, read)

    def _report(self, request: Request, _peer: str) -> Response:
        """A report behind its presigned link."""

        def read(key: str, query: Mapping[str, str], now: float) -> tuple[str, bytes]:
            return "text/tab-separated-values;charset=UTF-8", self._general.document(key, query, now)

        return fetch(self.world, request, REPORT_PATH, read)


def open_world(
    *,
    seed: int,
    clock: VirtualClock,
    settings: SandboxSettings | None = None,
    answers: Answers | None = None,
    base_url: str = "https://documents.sandbox.invalid",
    exposed: bool = False,
) -> Opening:
    """A sandbox without sockets. `base_url` is where the links that it gives out point to; `exposed` says that other
    machines reach it: then no caller may name a local endpoint for notifications, only the stage.
    """
    chosen = settings or SandboxSettings()
    return Opening(seed=seed, clock=clock, settings=chosen, answers=answers, base_url=base_url, exposed=exposed)
