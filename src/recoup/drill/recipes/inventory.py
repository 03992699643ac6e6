"""Stock: sequence numbers of batchInventory, and the entity versions of the interface before it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from recoup.drill.recipe import Act, Decided, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_BATCH = "/externalFulfillment/inventory/2024-09-11/inventories"
_LEGACY = "/externalFulfillment/inventory/2021-01-06/locations"
_SKU = "SANDBOX-SKU-1"


def _update(caller: Caller, location: str, *, quantity: int, sequence: int) -> Reply:
    uri = f"/inventory/update?locationId={quote(location)}&skuId={quote(_SKU)}"
    body = {"quantity": quantity, "clientSequenceNumber": sequence}
    return caller.call("POST", _BATCH, body={"requests": [{"method": "POST", "uri": uri, "body": body}]})


def _item(reply: Reply) -> tuple[int, Any]:
    """The one item of the batch: its own status, and what it says in the words of an error."""
    item = reply.json()["responses"][0]
    errors = item["body"].get("actionableErrors") or [{}]
    return item["status"]["statusCode"], {"code": errors[0].get("errorType"), "message": errors[0].get("errorSubType")}


@recipe("sc-20002-sequence-conflict", expects=Decided("resync", {"target": "sequence"}))
def a_number_older_than_the_newest(stage: Stage) -> Act:
    location = stage.sandbox.location_ids["MFN"]
    _update(stage.hand, location, quantity=10, sequence=42)
    return Act(
        cause="The update carries a sequence number that is lower than the one stored for this stock.",
        send=lambda caller: _update(caller, location, quantity=9, sequence=41),
        mend=lambda: None,
        again=lambda caller: _update(caller, location, quantity=9, sequence=43),
        proper=207,
        parameters={"sequence": "41", "existing": "42"},
        picks=_item,
    )


@recipe("sc-00006-entity-version-conflict", expects=Decided("resync", {"target": "version"}))
def an_outdated_version(stage: Stage) -> Act:
    path = f"{_LEGACY}/{quote(stage.sandbox.location_ids['MFN'])}/skus/{quote(_SKU)}"

    def put(caller: Caller, version: str) -> Reply:
        return caller.call("PUT", path, query={"quantity": "7"}, headers={"if-match": version})

    def version(reply: Reply) -> str:
        response = reply.exchange.response
        return (response.headers.get("etag") or "") if response is not None else ""

    old = version(stage.hand.call("GET", path))
    put(stage.hand, old)
    newest = version(stage.hand.call("GET", path))
    return Act(
        cause="The stock was changed by somebody else since this version of it was read.",
        send=lambda caller: put(caller, old),
        mend=lambda: None,
        again=lambda caller: put(caller, newest),
        proper=200,
        parameters={"version": old.strip('"'), "existing": newest.strip('"')},
    )
