"""generateInvoice and retrieveInvoice: the seller makes the invoice, but in Brazil, where the marketplace does."""

from __future__ import annotations

import base64

from recoup.sandbox.fulfillment.checks import move
from recoup.sandbox.fulfillment.files import pdf
from recoup.sandbox.fulfillment.matrix import Action, State, rank
from recoup.sandbox.fulfillment.programs import BRAZIL
from recoup.sandbox.fulfillment.steps import Asked, Effect, Step
from recoup.sandbox.fulfillment.store import Fulfillment, Invoice, Shipment
from recoup.sandbox.fulfillment.validation import iso
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["GENERATE_INVOICE", "RETRIEVE_INVOICE", "make_available", "new_invoice"]


def _read_generate(state: Fulfillment, call: OperationCall) -> Asked:
    return Asked(Action.GENERATE_INVOICE)


def _plan_generate(state: Fulfillment, shipment: Shipment, asked: Asked, now: float) -> Effect:
    move(shipment, Action.GENERATE_INVOICE)
    _check_pending(shipment)

    def effect() -> Outcome:
        invoice = shipment.invoice
        if invoice is None:
            invoice = shipment.invoice = new_invoice(state, now, by_seller=True)
        shipment.invoice_status = "AVAILABLE"
        for package in shipment.packages.values():
            if rank(package.state) < rank(State.INVOICE_GENERATED):  # one that has its label already keeps it
                package.state = State.INVOICE_GENERATED
        state.settle(shipment, now)
        return _document(shipment, invoice)

    return effect


def _read_retrieve(state: Fulfillment, call: OperationCall) -> Asked:
    return Asked(Action.RETRIEVE_INVOICE)


def _plan_retrieve(state: Fulfillment, shipment: Shipment, asked: Asked, now: float) -> Effect:
    _check_pending(shipment)
    invoice = shipment.invoice
    if invoice is None:
        raise Refusal(
            "sc-00003-artifact-not-found", because=f"there is no invoice in state {shipment.state}", artifact="INVOICE"
        )
    return lambda: _document(shipment, invoice)


def _check_pending(shipment: Shipment) -> None:
    if shipment.marketplace_id == BRAZIL and shipment.invoice_status == "PENDING":
        raise Refusal(
            "sc-30007-no-invoice", because="the marketplace has not made the invoice yet", shipment=shipment.id
        )


def make_available(state: Fulfillment, shipment: Shipment, now: float) -> None:
    """The marketplace makes its invoice."""
    if shipment.invoice is None:
        shipment.invoice = new_invoice(state, now, by_seller=False)
    shipment.invoice_status = "AVAILABLE"


def new_invoice(state: Fulfillment, now: float, *, by_seller: bool) -> Invoice:
    """A new invoice with an id of its own."""
    return Invoice(f"IN-SBX-{state.random.randrange(10**8):08d}", now, by_seller)


def _document(shipment: Shipment, invoice: Invoice) -> Outcome:
    lines = [
        f"Invoice {invoice.id}",
        f"Date {iso(invoice.created)}",
        f"Order {shipment.order_id}",
        *(f"{line.open_units} x {line.sku}" for line in shipment.lines),
    ]
    content = base64.b64encode(pdf(lines)).decode("ascii")
    return Outcome(body={"document": {"format": "PDF", "content": content}})


GENERATE_INVOICE = Step(_read_generate, _plan_generate)
RETRIEVE_INVOICE = Step(_read_retrieve, _plan_retrieve, changes=False)
