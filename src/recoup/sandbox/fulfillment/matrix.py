"""THE state matrix of a shipment: what each action does in each state, as one table.

Read a row from left to right. `stay` leaves the state as it is; `to(X)` leads to X; `no` is SC_10001 (not permitted
in the current state); `twice` is SC_00004 (this was done already); `same` is `twice` where the request equals the
first one and `no` where it does not; `over` is SC_00006, 422 (the order was cancelled). `only(trait, X)` leads to X
where the shipment has that trait, and is `no` where it has not:

    mfn        the channel is MFN
    flex       the program is Seller Flex
    invoiced   the workflow has an invoice step (all but Easy Ship outside India and Brazil)
    plain      no invoice is required
    plainflex  no invoice is required, and the program is Seller Flex
    readable   the marketplace made the invoice (Brazil), so that it is there before any step of the seller
    eligible   the state is one of the shipment's orderStatesEligibleForRejection
    own        the seller delivers (Self Ship)

retrieveInvoice only reads: where the table says no, or the trait is missing, its answer is SC_00003 (no such
artifact), and a cancelled shipment is no obstacle. Actions on a package are looked up with the package's own state,
the others with the shipment's.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["ACTIONS", "MATRIX", "Action", "Cell", "State", "rank", "render"]


class State(StrEnum):
    """The states of a shipment, in the order in which it passes them; CANCELLED can follow any but the last two."""

    CREATED = "CREATED"
    ACCEPTED = "ACCEPTED"
    CONFIRMED = "CONFIRMED"
    PACKAGE_CREATED = "PACKAGE_CREATED"
    PICKUP_SLOT_RETRIEVED = "PICKUP_SLOT_RETRIEVED"
    INVOICE_GENERATED = "INVOICE_GENERATED"
    SHIPLABEL_GENERATED = "SHIPLABEL_GENERATED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"


_RANK = {state: position for position, state in enumerate(State)}


def rank(state: State) -> int:
    """How far along a state is."""
    return _RANK[state]


class Action(StrEnum):
    """What a workflow operation asks for; two operations ask for different things by their parameters."""

    CONFIRM = "CONFIRM"
    REJECT = "REJECT"
    CREATE_PACKAGES = "createPackages"
    UPDATE_PACKAGE = "updatePackage"
    OPTIONS = "retrieveShippingOptions"
    GENERATE_INVOICE = "generateInvoice"
    RETRIEVE_INVOICE = "retrieveInvoice"
    GENERATE_LABELS = "GENERATE"
    REGENERATE_LABELS = "REGENERATE"
    SHIP = "SHIPPED"
    DELIVER = "delivery status"


class Cell(msgspec.Struct, frozen=True):
    """What an action does in a state: `next` is the state after it; `refusal` says why not; `when` is a trait."""

    next: State | None = None
    refusal: str = ""
    when: str = ""


stay = Cell()
no = Cell(refusal="not permitted")
twice = Cell(refusal="done already")
same = Cell(refusal="done already if equal")
over = Cell(refusal="cancelled")


def to(state: State) -> Cell:
    """Leads to `state`."""
    return Cell(next=state)


def only(trait: str, state: State | None) -> Cell:
    """Leads to `state` (None: stays) where the shipment has the trait, and is not permitted where it has not."""
    return Cell(next=state, when=trait)


conf, conf_mfn = to(State.CONFIRMED), only("mfn", State.CONFIRMED)
rej = only("eligible", State.CANCELLED)
pack, slot = to(State.PACKAGE_CREATED), to(State.PICKUP_SLOT_RETRIEVED)
inv_flex, inv_step = only("flex", State.INVOICE_GENERATED), only("invoiced", State.INVOICE_GENERATED)
read_br = only("readable", None)
lab, lab_plain = to(State.SHIPLABEL_GENERATED), only("plain", State.SHIPLABEL_GENERATED)
lab_flex = only("plainflex", State.SHIPLABEL_GENERATED)
ship, deliver = to(State.SHIPPED), only("own", None)

# fmt: off
_TABLE: dict[Action, tuple[Cell, ...]] = {
    #                          CREATED
    #                          |         ACCEPTED
    #                          |         |        CONFIRMED
    #                          |         |        |        PACKAGE_CREATED
    #                          |         |        |        |         PICKUP_SLOT_RETRIEVED
    #                          |         |        |        |         |          INVOICE_GENERATED
    #                          |         |        |        |         |          |      SHIPLABEL_GENERATED
    #                          |         |        |        |         |          |      |     SHIPPED
    #                          |         |        |        |         |          |      |     |        DELIVERED
    #                          |         |        |        |         |          |      |     |        |     CANCELLED
    Action.CONFIRM:           (conf_mfn, conf,    twice,   no,       no,        no,    no,   no,      no,   over),
    Action.REJECT:            (rej,      rej,     rej,     rej,      rej,       rej,   rej,  no,      no,   over),
    Action.CREATE_PACKAGES:   (no,       no,      pack,    same,     no,        no,    no,   no,      no,   over),
    Action.UPDATE_PACKAGE:    (no,       no,      no,      pack,     pack,      pack,  no,   no,      no,   over),
    Action.OPTIONS:           (no,       no,      no,      slot,     stay,      stay,  no,   no,      no,   over),
    Action.GENERATE_INVOICE:  (no,       no,      no,      inv_flex, inv_step,  twice, no,   no,      no,   over),
    Action.RETRIEVE_INVOICE:  (read_br,  read_br, read_br, read_br,  read_br,   stay,  stay, stay,    stay, read_br),
    Action.GENERATE_LABELS:   (no,       no,      no,      lab_flex, lab_plain, lab,   no,   no,      no,   over),
    Action.REGENERATE_LABELS: (no,       no,      no,      no,       no,        no,    stay, no,      no,   over),
    Action.SHIP:              (no,       no,      no,      no,       no,        no,    ship, no,      no,   over),
    Action.DELIVER:           (no,       no,      no,      no,       no,        no,    no,   deliver, no,   over),
}
# fmt: on

ACTIONS = tuple(_TABLE)
MATRIX: dict[tuple[Action, State], Cell] = {
    (action, state): cell for action, row in _TABLE.items() for state, cell in zip(State, row, strict=True)
}


def render() -> str:
    """The matrix as a Markdown table, for the reference pages."""
    lines = ["| action | " + " | ".join(State) + " |", "|---" * (len(State) + 1) + "|"]
    for action in ACTIONS:
        cells = " | ".join(_text(MATRIX[action, state]) for state in State)
        lines.append(f"| {action} | {cells} |")
    return "\n".join(lines) + "\n"


def _text(cell: Cell) -> str:
    if cell.refusal:
        return cell.refusal
    text = cell.next or "stays"
    return f"{text} ({cell.when})" if cell.when else text
