"""recoup under the three SDKs: one call of `recoup.clients` for each, and the SDK's own calls and exceptions.

What a call came to is asked of the exception, with `recoup.outcome`. Of what hides in a success the SDKs make nothing:
that is told to a listener. What was lost is read back through the SDK.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import recoup
from recoup.telemetry.events import CallEnded
from side_by_side.bare import LOGIN
from side_by_side.caller import Contestant, Ended, Said
from side_by_side.plan import Planned
from side_by_side.sdks import AmznSellingPartner, AmznSpApi, PythonAmazonSpApi, Sdk

__all__ = ["SDKS_WITH_RECOUP"]


class Under(Sdk):
    """An SDK with recoup under it."""

    latest: Any = None  # the end of the latest call

    def more(self) -> dict[str, Any]:
        """What `attach` is told beside the client: where tokens come from, no usage plans to keep, and a listener."""
        tokens = self.address + "/auth/o2/token"
        return {"token_url": tokens, "governor": recoup.Governor.unlimited(), "listeners": [self.listen]}

    def listen(self, event: object) -> None:
        """Keep how the latest call ended."""
        if isinstance(event, CallEnded):
            self.latest = event

    def call(self, planned: Planned) -> Ended:
        operation, marker = planned.operation, planned.marker
        try:
            body = self.operation(operation.name)(marker, operation.body(marker))
        except (recoup.FaultError, *self.refused, *self.lost) as error:  # type: ignore[misc]
            made = recoup.outcome(error)
            why = type(error).__name__ if made is None else f"{made.decision!r}"[:100]
            unknown = made is not None and isinstance(made.decision, recoup.Resync) and made.history.outcome_unknown
            return Ended(Said.LOST if unknown else Said.FAILED, why=why)
        if self.latest.failed_items:
            unknown = self.latest.unknown and self.latest.decision == "resync"
            return Ended(Said.LOST if unknown else Said.FAILED, body, f"parts failed: {self.latest.decision}")
        return Ended(Said.WORKED, body)


class PythonAmazonSpApiUnder(Under, PythonAmazonSpApi):
    def open(self) -> None:
        super().open()
        for client in (self._shipping, self._stock):
            recoup.clients.python_amazon_sp_api.attach(client, **self.more())


class AmznSpApiUnder(Under, AmznSpApi):
    def connected(self) -> Any:
        config = import_module("spapi").SPAPIConfig(**LOGIN)
        return recoup.clients.amzn_sp_api.connect(config, endpoint=self.address, **self.more())


class AmznSellingPartnerUnder(Under, AmznSellingPartner):
    def open(self) -> None:
        super().open()
        recoup.clients.amzn_selling_partner.attach(self.client, **self.more())


def _make(name: str, kind: type[Sdk]) -> Callable[[str], Contestant]:
    return lambda address: kind(name, address)


SDKS_WITH_RECOUP: dict[str, Callable[[str], Contestant]] = {
    f"recoup under {name}": _make(f"recoup under {name}", kind)
    for name, package, kind in (
        ("python-amazon-sp-api", "sp_api", PythonAmazonSpApiUnder),
        ("amzn-sp-api", "spapi", AmznSpApiUnder),
        ("amzn-selling-partner", "amzn_selling_partner", AmznSellingPartnerUnder),
    )
    if find_spec(package) is not None
}
