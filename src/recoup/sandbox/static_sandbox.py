"""Amazon's static sandbox, as far as it fails in ways of its own: it answers samples, and nothing else.

Amazon's hosts that begin with `sandbox.` have no state. Their models describe, for most operations, a few requests; a
request whose parameters equal one of these gets the answer that stands beside it, any other is refused, and an
operation without such a description cannot be called there. A call that names such a host in its Host field is treated
so here: with the samples of a few operations, which are those of Amazon's models, and answers of our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.sandbox.general.order_views import order_v0
from recoup.sandbox.general.state import Order, OrderLine
from recoup.sandbox.operation import Outcome, Refusal

__all__ = ["described", "is_static_host", "samples_of", "static_answer"]

_US = "ATVPDKIKX0DER"
# What Amazon's models describe no sandbox for: whole APIs, and single paths of others.
_NOT_DESCRIBED = (
    "/aplus/2020-11-01/",
    "/shipping/v2/carrierAccountFormInputs",
    "/shipping/v2/carrierAccounts",
    "/shipping/v2/collectionForms",
    "/shipping/v2/unmanifestedShipments",
    "/uploads/2020-11-01/",
    "/vendor/shipping/v1/",
    "/vendor/transactions/v1/",
)
# What they describe one for all the same, below these paths.
_DESCRIBED = frozenset(
    {("POST", "/shipping/v2/carrierAccounts/{carrierId}"), ("POST", "/vendor/shipping/v1/shipmentConfirmations")}
)


class _Sample(msgspec.Struct, frozen=True):
    """One described request: its parameters as they are decoded, and the status and body of its answer."""

    parameters: Mapping[str, str]
    status: int
    body: Any


def _sample_order() -> dict[str, Any]:
    line = OrderLine("68828574383266", "SAMPLE-SKU", "B000000000", "Sample", 1, 1100)
    return order_v0(
        Order(
            id="902-1845936-5435065",
            merchant_id="",
            marketplace_id=_US,
            created=1_485_907_200.0,
            updated=1_485_993_600.0,
            status="UNSHIPPED",
            fulfilled_by="MERCHANT",
            lines=(line,),
            postal_code="98052",
        )
    )


_REFUSED = {"errors": [{"code": "InvalidInput", "message": "Invalid Input"}]}
_REPORT = {
    "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
    "dataStartTime": "2024-03-10T20:11:24.000Z",
    "marketplaceIds": ["A1PA6795UKMFR9", _US],
}
_SAMPLES: Mapping[tuple[str, str], tuple[_Sample, ...]] = {
    ("GET", "/sellers/v1/marketplaceParticipations"): (_Sample({}, 200, {"payload": []}),),
    ("GET", "/orders/v0/orders"): (
        _Sample(
            {"CreatedAfter": "TEST_CASE_200", "MarketplaceIds": _US},
            200,
            {"payload": {"Orders": [_sample_order()], "CreatedBefore": "1.569521782042E9"}},
        ),
        _Sample({"CreatedAfter": "TEST_CASE_400"}, 400, _REFUSED),
    ),
    ("GET", "/orders/v0/orders/{orderId}"): (
        _Sample({"orderId": "TEST_CASE_200"}, 200, {"payload": _sample_order()}),
        _Sample({"orderId": "TEST_CASE_400"}, 400, _REFUSED),
    ),
    ("POST", "/reports/2021-06-30/reports"): (
        _Sample({"body": msgspec.json.encode(_REPORT, order="sorted").decode()}, 202, {"reportId": "ID323"}),
    ),
}


def samples_of() -> Mapping[tuple[str, str], tuple[Mapping[str, str], ...]]:
    """The parameters of the samples that are known here, by method and path of the operation."""
    return {key: tuple(sample.parameters for sample in samples) for key, samples in _SAMPLES.items()}


def is_static_host(host: str | None) -> bool:
    """Whether a Host field names one of Amazon's static sandboxes."""
    return host is not None and host.strip().lower().startswith("sandbox.sellingpartnerapi-")


def described(operation: Operation) -> bool:
    """Whether Amazon's model of the operation describes a sandbox for it."""
    if (operation.method, operation.path) in _DESCRIBED:
        return True
    return not operation.path.startswith(_NOT_DESCRIBED)


def static_answer(operation: Operation, parameters: Mapping[str, str], body: Any) -> Outcome | None:
    """The answer of the sample that the call equals; None where its samples are not known here.

    A sample is met where all of its own parameters have its values; one without any is met always. Raises Refusal
    where the call equals none.
    """
    samples = _SAMPLES.get((operation.method, operation.path))
    if samples is None:
        return None
    given = dict(parameters)
    if body is not None:
        given["body"] = msgspec.json.encode(body, order="sorted").decode()
    for sample in samples:
        if all(given.get(name) == value for name, value in sample.parameters.items()):
            return Outcome(status=sample.status, body=sample.body)
    because = f"the arguments of {operation.id} equal none of the {len(samples)} samples of its model"
    raise Refusal("other-sandbox-no-match", because=because)
