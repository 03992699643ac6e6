"""The general operations as one object: what stands behind which path, and how it looks when the sandbox opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from recoup.sandbox.accounts import Accounts, PartnerStatus, SellingPartner
from recoup.sandbox.general.accounts_and_tokens import AUTHORIZATION, SELLERS, TOKENS, new_secret
from recoup.sandbox.general.delivery import Courier
from recoup.sandbox.general.listings import LISTINGS
from recoup.sandbox.general.notifications import NOTIFICATIONS, send_new_secret, send_standing, send_status
from recoup.sandbox.general.orders import ORDERS_2026, ORDERS_V0
from recoup.sandbox.general.reports import REPORTS, report_document
from recoup.sandbox.general.settings import GeneralSettings
from recoup.sandbox.general.stage import GeneralStage, make_order
from recoup.sandbox.general.state import General, Listing
from recoup.sandbox.general.tracking import Parcel, track
from recoup.sandbox.login import Login
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["GENERAL_READS", "GeneralOperations", "GeneralService"]

Handler = Callable[[General, OperationCall], Outcome]

# What only reads.
GENERAL_READS = frozenset(
    {
        *(name for table in (ORDERS_2026, ORDERS_V0, SELLERS) for name in table),
        *(name for table in (LISTINGS, REPORTS, NOTIFICATIONS) for name in table if name.startswith(("get", "search"))),
        "getShipmentTracking",
    }
)
# A failed charge method is no matter of the account's health, and is not announced.
_STANDING = {
    PartnerStatus.ACTIVE: "NORMAL",
    PartnerStatus.INACTIVE: "NORMAL",
    PartnerStatus.DEACTIVATED: "DEACTIVATED",
}
_HOUR = 3600.0
_OPENING_STATUSES = ("UNSHIPPED", "SHIPPED", "UNSHIPPED", "SHIPPED", "CANCELLED", "PENDING")


class GeneralService:
    """The operations of one version of one API."""

    def __init__(self, state: General, handlers: Mapping[str, Handler]) -> None:
        self._state = state
        self.handlers = handlers

    def handle(self, call: OperationCall) -> Outcome:
        """Answer a call. Raises Refusal for a fault."""
        return self.handlers[call.operation](self._state, call)


class GeneralOperations:
    """All of them: `services` by path prefix, `stage` for the outside forces, `courier` for what is sent out.

    `overlap` is how long an old client secret lives on after a rotation (seconds), `find_parcel` finds a labelled
    package of External Fulfillment by its carrier's number, `muted` says when nothing may be delivered.
    """

    def __init__(
        self,
        settings: GeneralSettings,
        seed: int | str,
        accounts: Accounts,
        login: Login,
        *,
        merchant_id: str,
        application_id: str,
        overlap: float,
        find_parcel: Callable[[str], Parcel | None],
        muted: Callable[[], bool] = lambda: False,
    ) -> None:
        self.state = General(settings, seed, accounts, login)
        self.courier = Courier(
            seed,
            duplicates=settings.duplicates,
            reordering=settings.reordering,
            timeout=settings.delivery_timeout,
            muted=muted,
        )
        self.stage = GeneralStage(self.state, self.courier, merchant_id, application_id)
        self._overlap = overlap
        accounts.on_standing = self._standing_changed
        tables: dict[str, Mapping[str, Handler]] = {
            "/orders/2026-01-01/": ORDERS_2026,
            "/orders/v0/": ORDERS_V0,
            "/listings/2021-08-01/": LISTINGS,
            "/reports/2021-06-30/": REPORTS,
            "/notifications/v1/": NOTIFICATIONS,
            "/sellers/v1/": SELLERS,
            "/tokens/2021-03-01/": TOKENS,
            "/applications/2023-11-30/": {"rotateApplicationClientSecret": self._rotate},
            "/authorization/v1/": AUTHORIZATION,
            "/tracking/2026-01-30/": {"getShipmentTracking": track(find_parcel)},
        }
        self.services = {prefix: GeneralService(self.state, table) for prefix, table in tables.items()}

    def open(self, merchant_id: str, marketplace_id: str, skus: tuple[str, ...], now: float) -> None:
        """What the first seller has at the start: listings of its stock, and orders of the last days."""
        for sku in skus:
            self.state.listings[(merchant_id, marketplace_id, sku)] = Listing(
                merchant_id=merchant_id,
                marketplace_id=marketplace_id,
                sku=sku,
                asin=self.state.asin(),
                product_type="PRODUCT",
                attributes={"item_name": [{"value": sku, "marketplace_id": marketplace_id}]},
                created=now - 30 * 24 * _HOUR,
                updated=now - 30 * 24 * _HOUR,
                visible=now - 30 * 24 * _HOUR,
            )
        count = self.state.settings.opening_orders
        for position in range(count):
            status = _OPENING_STATUSES[position % len(_OPENING_STATUSES)]
            make_order(self.state, merchant_id, marketplace_id, now - (count - position) * 5 * _HOUR, status)

    def document(self, key: str, query: Mapping[str, str], now: float) -> bytes:
        """The report behind a presigned link. Raises the refusals of document storage."""
        return report_document(self.state, key, query, now)

    def status_changed(self, merchant_id: str, shipment: Mapping[str, str], status: str, now: float) -> None:
        """A shipment of External Fulfillment has a new status: tell the merchant's subscriber."""
        send_status(
            self.state, self.courier, merchant_id=merchant_id, payload=dict(shipment), shipment_status=status, now=now
        )

    def _standing_changed(self, partner: SellingPartner, before: PartnerStatus, now: float) -> None:
        old, new = _STANDING[before], _STANDING[partner.status]
        if old != new:
            send_standing(self.state, self.courier, partner.merchant_id, old, new, now)

    def _rotate(self, state: General, call: OperationCall) -> Outcome:
        if call.application_id not in state.rotation_queue:
            because = "no queue is registered in the developer's console for the application's new secrets"
            raise Refusal("other-validation-business", because=because)
        content = new_secret(state, state.application(call.application_id), call.now, self._overlap)
        send_new_secret(state, self.courier, call.application_id, content, call.now)
        return Outcome(status=204)
