"""The entries of External Fulfillment, held against its document: every row below was copied by hand from there."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.catalogue.fault import Fault, Kind, Mark, RetryClass, Where
from recoup.catalogue.loader import load_sources
from recoup.catalogue.template import PARAMETER_TYPES, Parameter

FAULTS = {fault.id: fault for fault in load_sources()}

# "API Error Codes & Remediation Steps", in the document's order: status, SC number, short code, message. Then what
# recoup makes of the row: its id, its retry class, and who must act.
ROWS = [
    (500, "SC_00000", "InternalFailure", "Internal failure occurred, contact Amazon support",
     "sc-00000-internal-failure", "NEVER", "amazon"),
    (503, "SC_00001", "ServiceUnavailable", "Temporary failure occurred, retry operation",
     "sc-00001-service-unavailable", "BACKOFF", "nobody"),
    (429, "SC_00007", "RateLimited", "Temporary failure occurred, retry operation after some time",
     "sc-00007-rate-limited", "RATE", "nobody"),
    (400, "SC_00002", "InvalidInput", "Invalid input '%s' for parameter '%s'",
     "sc-00002-invalid-value", "FIX_INPUT", "developer"),
    (400, "SC_00002", "InvalidInput", "Invalid input, '%s': '%s' can't be higher than '%s'",
     "sc-00002-range", "FIX_INPUT", "developer"),
    (400, "SC_00002", "InvalidInput", "At least one field is mandatory in the input payload",
     "sc-00002-mandatory-field", "FIX_INPUT", "developer"),
    (404, "SC_00003", "NotFound", "Requested Entity with '%s' '%s' is not found",
     "sc-00003-entity-not-found", "FIX_INPUT", "developer"),
    (404, "SC_00003", "NotFound", "Requested artifact of type '%s' not found",
     "sc-00003-artifact-not-found", "FIX_INPUT", "developer"),
    (409, "SC_00004", "DuplicateRequest", "Duplicate clientToken exists for '%s' '%s'",
     "sc-00004-duplicate-client-token", "VERIFY", "nobody"),
    (409, "SC_00004", "DuplicateRequest", "Requested operation is already in progress for '%s' '%s'",
     "sc-00004-in-progress", "WAIT_STATE", "nobody"),
    (403, "SC_00005", "Forbidden", "Request is forbidden",
     "sc-00005-forbidden", "HUMAN", "operator"),
    (409, "SC_10000", "ServerBusy",
     "Requested operation will be ignored as workflow is already processing other request(s)",
     "sc-10000-server-busy", "BACKOFF_SERIAL", "nobody"),
    (400, "SC_10001", "OperationNotPermitted", "Requested operation is not permitted in the current order state",
     "sc-10001-operation-not-permitted", "FIX_STATE", "developer"),
    (400, "SC_20000", "InvalidInput", "Requested quantity '%s' is more than existing inventory quantity '%s'",
     "sc-20000-quantity-exceeds-inventory", "FIX_INPUT", "developer"),
    (409, "SC_20002", "StateConflict", "%s is in conflict with existing client sequence number %s",
     "sc-20002-sequence-conflict", "RESYNC", "nobody"),
    (412, "SC_00006", "StateConflict", "Entity Version '%s' is in conflict with existing entity version '%s'",
     "sc-00006-entity-version-conflict", "RESYNC", "nobody"),
    (422, "SC_00006", "OrderCancelled", "Cannot process the request because the order is already cancelled",
     "sc-00006-order-cancelled", "TERMINAL", "nobody"),
    (400, "SC_30001", "ShiplabelGenerationFailure",
     ("Cannot process the request because either package dimensions are incorrect or the carrier capacity has been "
      "completely utilized"),
     "sc-30001-shiplabel-generation-failure", "FIX_OR_WAIT", "seller"),
    (400, "SC_30002", "TransCapacityBreachedFailure", "The capacity for the site is breached",
     "sc-30002-capacity-breached", "SCHEDULE", "nobody"),
    (400, "SC_30003", "IncorrectPackageDimensionsFailure", "Package dimensions or weight is incorrect",
     "sc-30003-incorrect-package-dimensions", "FIX_INPUT", "seller"),
    (400, "SC_30004", "InvalidInput", "The given pickup-slot is no longer available and is expired",
     "sc-30004-pickup-slot-expired", "RESELECT", "nobody"),
    (400, "SC_30005", "StateConflict", "Dispatch-after-date '%s' of the order is greater than the current time",
     "sc-30005-dispatch-after-date", "SCHEDULE", "nobody"),
    (409, "SC_40000", "DuplicateRequest", "An event subscription already exists for the merchant",
     "sc-40000-subscription-exists", "VERIFY", "nobody"),
    (400, "SC_30007", "OperationNotPermitted", "No invoice available for shipment '%s'",
     "sc-30007-no-invoice", "WAIT_STATE", "nobody"),
    # The document prints the literal 3600; the entry reads any number of seconds there.
    (400, "SC_00005", "InvalidInput",
     "Maximum number of retry reached for order '%s' or on a operation of order, Please try after '3600' seconds.",
     "sc-00005-max-retries", "LOCKOUT", "developer"),
]  # fmt: skip

# The names by which the parameters of a message are known everywhere: sandbox, diagnosis, explanation.
PARAMETERS = {
    "sc-00002-invalid-value": [("value", "text"), ("parameter", "text")],
    "sc-00002-range": [("parameter", "text"), ("value", "text"), ("limit", "text")],
    "sc-00003-entity-not-found": [("entity", "text"), ("id", "text")],
    "sc-00003-artifact-not-found": [("artifact", "text")],
    "sc-00004-duplicate-client-token": [("entity", "text"), ("id", "text")],
    "sc-00004-in-progress": [("entity", "text"), ("id", "text")],
    "sc-20000-quantity-exceeds-inventory": [("requested", "integer"), ("existing", "integer")],
    "sc-20002-sequence-conflict": [("sequence", "integer"), ("existing", "integer")],
    "sc-00006-entity-version-conflict": [("version", "text"), ("existing", "text")],
    "sc-30005-dispatch-after-date": [("dispatch_after", "instant")],
    "sc-30007-no-invoice": [("shipment", "text")],
    "sc-00005-max-retries": [("order", "text"), ("seconds", "seconds")],
}

# The status table and the short-code table: status, code, retry class.
FALLBACKS = {
    "ef-http-207": (207, None, "VERIFY"),
    "ef-http-401": (401, "Unauthorized", "REAUTH"),
    "ef-InternalFailure": (500, "InternalFailure", "NEVER"),
    "ef-ServiceUnavailable": (503, "ServiceUnavailable", "BACKOFF"),
    "ef-InvalidInput": (400, "InvalidInput", "FIX_INPUT"),
    "ef-NotFound": (404, "NotFound", "FIX_INPUT"),
    "ef-DuplicateRequest": (409, "DuplicateRequest", "VERIFY"),
    "ef-Forbidden": (403, "Forbidden", "HUMAN"),
    "ef-ServerBusy": (409, "ServerBusy", "BACKOFF_SERIAL"),
    "ef-OperationNotPermitted": (400, "OperationNotPermitted", "FIX_STATE"),
    "ef-StateConflict": (409, "StateConflict", "RESYNC"),
    "ef-OrderCancelled": (422, "OrderCancelled", "TERMINAL"),
}

# SC numbers that mean more than one thing.
AMBIGUOUS = {
    "SC_00002": ["sc-00002-invalid-value", "sc-00002-range", "sc-00002-mandatory-field"],
    "SC_00003": ["sc-00003-entity-not-found", "sc-00003-artifact-not-found"],
    "SC_00004": ["sc-00004-duplicate-client-token", "sc-00004-in-progress"],
    "SC_00005": ["sc-00005-forbidden", "sc-00005-max-retries"],
    "SC_00006": ["sc-00006-entity-version-conflict", "sc-00006-order-cancelled"],
}

# Rows whose decision reads or waits: (what is read again, what a wait holds back, what is polled, which parameter
# says until when). The rows that are not here need none of them.
RECOVERY = {
    "sc-00004-duplicate-client-token": ("effect", None, None, None),
    "sc-00004-in-progress": (None, "entity", "shipment", None),
    "sc-10000-server-busy": (None, None, "shipment", None),
    "sc-10001-operation-not-permitted": ("state", None, None, None),
    "sc-20002-sequence-conflict": ("sequence", None, None, None),
    "sc-00006-entity-version-conflict": ("version", None, None, None),
    "sc-30001-shiplabel-generation-failure": (None, "order-operation", None, None),
    "sc-30002-capacity-breached": (None, "order-operation", "shipment", None),
    "sc-30004-pickup-slot-expired": ("shipping-options", None, None, None),
    "sc-30005-dispatch-after-date": (None, "order-operation", None, "dispatch_after"),
    "sc-40000-subscription-exists": ("effect", None, None, None),
    "sc-30007-no-invoice": (None, "entity", "shipment", None),
    "sc-00005-max-retries": (None, "order-operation", None, "seconds"),
    "ef-http-207": ("effect", None, None, None),
    "ef-DuplicateRequest": ("effect", None, None, None),
    "ef-ServerBusy": (None, None, "shipment", None),
    "ef-OperationNotPermitted": ("state", None, None, None),
    "ef-StateConflict": ("sequence", None, None, None),
}

# Which conflicts of the document each row records (the numbers are those of the catalogue's contradictions).
CONTRADICTIONS = {
    "sc-00000-internal-failure": {"C-01"},
    "sc-00004-duplicate-client-token": {"C-02", "C-03", "C-09", "C-28"},
    "sc-00004-in-progress": {"C-02", "C-03"},
    "sc-00005-forbidden": {"C-07", "C-16", "C-23"},
    "sc-10000-server-busy": {"C-02", "C-04", "C-05"},
    "sc-20000-quantity-exceeds-inventory": {"C-18"},
    "sc-20002-sequence-conflict": {"C-02", "C-08", "C-09", "C-22"},
    "sc-00006-entity-version-conflict": {"C-06", "C-08", "C-12"},
    "sc-00006-order-cancelled": {"C-06", "C-17"},
    "sc-30001-shiplabel-generation-failure": {"C-12", "C-13", "C-20"},
    "sc-30004-pickup-slot-expired": {"C-10"},
    "sc-30005-dispatch-after-date": {"C-08"},
    "sc-40000-subscription-exists": {"C-02", "C-19"},
    "sc-30007-no-invoice": {"C-11"},
    "sc-00005-max-retries": {"C-07", "C-10", "C-29"},
}

SC_IDS = [row[4] for row in ROWS]
SAMPLE = {"text": "A1-b/2", "integer": "12", "seconds": "3600", "instant": "2026-11-23T10:00:00Z"}


def as_in_the_document(template: str) -> str:
    return re.sub(r"\{[a-z_]+:[a-z]+\}", "%s", template)


def filled(fault: Fault) -> str:
    template = fault.messages[0].compiled
    return template.fill({parameter.name: SAMPLE[parameter.type] for parameter in template.parameters})


def test_the_25_rows_stand_in_the_order_of_the_document() -> None:
    assert len(ROWS) == 25, "where the document has grown, correct the number here and in the words of docs"
    assert [name for name in FAULTS if name.startswith("sc-")] == SC_IDS, "a new row: copy it into ROWS above, by hand"


def test_the_fallbacks_are_the_ones_that_the_two_tables_name() -> None:
    assert [name for name in FAULTS if name.startswith("ef-")] == list(FALLBACKS)


@pytest.mark.parametrize(("status", "sc_code", "code", "message", "name", "retry", "who"), ROWS, ids=SC_IDS)
def test_row(status: int, sc_code: str, code: str, message: str, name: str, retry: str, who: str) -> None:
    fault = FAULTS[name]
    assert (fault.status, fault.sc_code, fault.code) == (status, sc_code, code)
    assert [as_in_the_document(item.template) for item in fault.messages] == [message.replace("3600", "%s")]
    assert fault.messages[0].mark is Mark.DOCUMENTED
    assert fault.messages[0].compiled.match(message.replace("%s", "7")) is not None
    assert (fault.recovery.retry, fault.who) == (retry, who)
    assert (fault.kind, fault.where) == (Kind.CAUSE, [Where.EXTERNAL_FULFILLMENT])
    assert fault.source.document == "external-fulfillment-error-handling"
    assert fault.source.section == "API Error Codes & Remediation Steps"
    assert fault.source.row.startswith(f"{sc_code} {code}")


@pytest.mark.parametrize("name", SC_IDS)
def test_parameters_have_their_agreed_names_and_types(name: str) -> None:
    expected = [Parameter(*pair) for pair in PARAMETERS.get(name, [])]
    assert list(FAULTS[name].messages[0].compiled.parameters) == expected


@pytest.mark.parametrize("name", FALLBACKS)
def test_fallback(name: str) -> None:
    fault = FAULTS[name]
    assert (fault.status, fault.code, fault.recovery.retry) == FALLBACKS[name]
    assert (fault.kind, fault.sc_code) == (Kind.FALLBACK, None)
    assert Where.EXTERNAL_FULFILLMENT in fault.where
    assert fault.source.document == "external-fulfillment-error-handling"


def test_a_401_may_come_from_the_front_door_too() -> None:
    assert FAULTS["ef-http-401"].where == [Where.EXTERNAL_FULFILLMENT, Where.FRONT_DOOR]


def test_which_sc_numbers_mean_more_than_one_thing() -> None:
    by_number: dict[str, list[str]] = {}
    for fault in FAULTS.values():
        if fault.sc_code is not None:
            by_number.setdefault(fault.sc_code, []).append(fault.id)
    assert {number: names for number, names in by_number.items() if len(names) > 1} == AMBIGUOUS


@pytest.mark.parametrize("name", [name for names in AMBIGUOUS.values() for name in names])
def test_a_row_that_shares_its_number_says_how_to_tell_it_apart(name: str) -> None:
    check = FAULTS[name].check
    assert check is not None
    assert check.text
    assert check.confirms
    assert check.refutes


def test_no_two_rows_share_number_status_and_message() -> None:
    keys = Counter(
        (fault.sc_code, fault.status, fault.messages[0].template) for fault in map(FAULTS.get, SC_IDS) if fault
    )
    assert set(keys.values()) == {1}


@pytest.mark.parametrize("name", SC_IDS)
def test_a_message_is_recognised_as_its_own_row_and_no_other(name: str) -> None:
    text = filled(FAULTS[name])
    assert [other for other in SC_IDS if FAULTS[other].messages[0].compiled.match(text) is not None] == [name]


@pytest.mark.parametrize("name", [*SC_IDS, *FALLBACKS])
def test_recovery_has_what_its_decision_needs(name: str) -> None:
    recovery = FAULTS[name].recovery
    expected = RECOVERY.get(name, (None, None, None, None))
    assert (recovery.resync, recovery.wait, recovery.poll, recovery.until) == expected


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_conflicts_of_the_document_are_recorded_with_their_resolution(name: str) -> None:
    recorded = FAULTS[name].contradictions
    assert {item.id for item in recorded} == CONTRADICTIONS[name]
    assert all(item.conflict and item.resolution for item in recorded)


@pytest.mark.parametrize("name", SC_IDS)
def test_the_wire_answer_is_short_code_message_and_sc_number(name: str) -> None:
    fault = FAULTS[name]
    assert fault.answer is not None
    assert (fault.answer.mark, fault.answer.status) == (Mark.PROPOSED, fault.status)
    body = fault.answer.body
    for parameter in fault.messages[0].compiled.parameters:
        body = body.replace("{" + parameter.name + "}", SAMPLE[parameter.type])
    assert json.loads(body) == {
        "errors": [{"code": fault.code, "message": filled(fault), "details": fault.sc_code}],
    }


@pytest.mark.parametrize("name", ["sc-20002-sequence-conflict", "sc-00004-duplicate-client-token"])
def test_inventory_conflicts_travel_inside_a_207(name: str) -> None:
    answer = FAULTS[name].answer
    assert answer is not None
    assert "inside an item of a 207" in answer.note


@pytest.mark.parametrize("name", FALLBACKS)
def test_the_wire_answer_of_a_fallback_holds_no_text_of_a_row(name: str) -> None:
    fault = FAULTS[name]
    assert fault.answer is not None
    assert fault.answer.status == fault.status
    document = json.loads(fault.answer.body)
    for error in document.get("errors", []):
        assert error["code"] == fault.code
        assert not any(FAULTS[row].messages[0].compiled.match(error["message"]) is not None for row in SC_IDS)


@pytest.mark.parametrize("name", [*SC_IDS, *FALLBACKS])
def test_an_entry_is_complete(name: str) -> None:
    fault = FAULTS[name]
    assert fault.title
    assert fault.cause
    assert fault.remedy.text
    assert len(fault.remedy.steps) >= 2, "say in remedy.steps what to do first, and what then"
    assert (fault.recovery.retry in {RetryClass.HUMAN, RetryClass.NEVER}) <= (fault.who != "nobody")


def values(kind: str) -> st.SearchStrategy[str]:
    """What may stand in a gap of that type: no quotes, since they end a parameter, and no blanks at its ends."""
    assert kind in PARAMETER_TYPES
    if kind in {"integer", "seconds"}:
        return st.integers(0, 2**63 - 1).map(str)
    if kind == "instant":
        return st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    return st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9_./:+#=-]{0,30}[A-Za-z0-9])?", fullmatch=True)


@pytest.mark.parametrize("name", PARAMETERS)
@given(data=st.data())
def test_a_filled_message_gives_its_parameters_back(name: str, data: st.DataObject) -> None:
    template = FAULTS[name].messages[0].compiled
    given_values = {parameter.name: data.draw(values(parameter.type)) for parameter in template.parameters}
    assert template.match(template.fill(given_values)) == given_values
