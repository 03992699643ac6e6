"""When part of a request failed: each part by itself, and a body that asks again for those that may be repeated."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Exchange, Request, Response
from recoup.recovery.advice import diagnose
from recoup.recovery.decision import action_of
from recoup.recovery.parts import AskAgain, ask_again, count_of_items, failed_items

HOST = "https://sellingpartnerapi-na.amazon.com"
STOCK = "/externalFulfillment/inventory/2024-09-11/inventories"
LABELS = "/externalFulfillment/2024-09-11/shipments/S1/shipLabels?operation=GENERATE"
OFFERS = "/batches/products/pricing/v0/itemOffers"
FEES = "/products/fees/v0/feesEstimate"

GOOD = {"status": {"statusCode": 200, "reasonPhrase": "Success"}, "body": {"actionableErrors": []}}
LIMITED = ("RateLimited", "Temporary failure occurred, retry operation after some time")
BUSY = ("ServiceUnavailable", "Temporary failure occurred, retry operation")
SEQUENCE = ("StateConflict", "7 is in conflict with existing client sequence number 9")
WRONG = ("InvalidInput", "Invalid input '-1' for parameter 'quantity'")
TAKEN = ("DuplicateRequest", "Duplicate clientToken exists for 'clientSequenceNumber' '7'")
DOWN = ("InternalFailure", "Internal failure occurred, contact Amazon support")


def refused(status: int, error: tuple[str, str], sku: str = "") -> dict[str, Any]:
    code, message = error
    body: dict[str, Any] = {"actionableErrors": [{"errorType": code, "errorSubType": message}]}
    return {"status": {"statusCode": status, "reasonPhrase": code}, "body": {**body, **({"skuId": sku} if sku else {})}}


def item(sku: str, quantity: object = 1) -> dict[str, Any]:
    return {
        "method": "POST",
        "uri": f"/inventory/update?locationId=L&skuId={sku}",
        "body": {"quantity": quantity, "clientSequenceNumber": 7},
    }


def answered(path: str, asked: object, status: int, answer: object, method: str = "POST") -> Diagnosis:
    body = asked if isinstance(asked, bytes) or asked is None else msgspec.json.encode(asked)
    response = Response(status=status, body=msgspec.json.encode(answer))
    return diagnose(Exchange(request=Request(method=method, url=HOST + path, body=body), response=response))


def stock(*answers: dict[str, Any], asked: object = None) -> Diagnosis:
    sent = {"requests": [item(f"sku{index}") for index in range(len(answers))]} if asked is None else asked
    return answered(STOCK, sent, 207, {"responses": list(answers)})


def again(diagnosis: Diagnosis, within: float | None = None) -> AskAgain | None:
    return ask_again(diagnosis, diagnosis.operation, within)


# --- which parts failed -----------------------------------------------------------------------------------------------


def test_each_failed_item_has_its_own_diagnosis_status_and_decision() -> None:
    whole = stock(
        GOOD, refused(429, LIMITED, "sku1"), GOOD, refused(409, SEQUENCE, "sku3"), refused(400, WRONG, "sku4")
    )
    found = [(part.index, part.name, part.fault, part.status, action_of(part.decision)) for part in failed_items(whole)]
    assert found == [
        (1, "sku1", "sc-00007-rate-limited", 429, "wait"),
        (3, "sku3", "sc-20002-sequence-conflict", 409, "resync"),
        (4, "sku4", "sc-00002-invalid-value", 400, "give_up"),
    ]
    assert count_of_items(whole) == 5


def test_several_errors_of_one_item_are_one_failed_item() -> None:
    two = refused(400, WRONG, "sku0")
    two["body"]["actionableErrors"].append({"errorType": "INVALID_SKU", "errorSubType": "There is no such SKU."})
    (part,) = failed_items(stock(two, GOOD))
    assert part.index == 0
    assert len(list(part.diagnosis.all)) == 2


@pytest.mark.parametrize(
    "diagnosis",
    [
        stock(GOOD, GOOD),
        answered(STOCK, {"requests": [item("a")]}, 400, {"errors": [{"code": "InvalidInput", "message": "x"}]}),
        answered("/listings/2021-08-01/items/A/S", {}, 200, {"status": "INVALID", "issues": [{"code": "1"}]}, "PUT"),
        None,
    ],
    ids=["all went well", "the call failed as a whole", "issues of one listing", "nothing was looked at"],
)
def test_what_is_no_partial_failure_has_no_failed_items(diagnosis: Diagnosis | None) -> None:
    assert failed_items(diagnosis) == ()
    assert diagnosis is None or again(diagnosis) is None


def test_plain_data_of_a_failed_item() -> None:
    (part,) = failed_items(stock(GOOD, refused(409, SEQUENCE, "someone@example.com")))
    data = part.as_dict()
    assert (data["index"], data["kind"], data["id"]) == (1, "item", "sc-20002-sequence-conflict")
    assert data["name"] == "<e-mail address>"
    assert data["decision"]["action"] == "resync"
    assert msgspec.json.encode(data)


# --- which of them leads ----------------------------------------------------------------------------------------------

LEADS = [
    # refused items, whose decision stands for the whole
    (((429, LIMITED), (400, WRONG)), "give_up"),
    (((400, WRONG), (429, LIMITED)), "give_up"),
    (((400, WRONG), (409, SEQUENCE)), "resync"),
    (((409, SEQUENCE), (500, DOWN), (429, LIMITED)), "resync"),
    (((429, LIMITED), (503, BUSY)), "wait"),
]


@pytest.mark.parametrize(("errors", "action"), LEADS)
def test_the_strictest_of_the_parts_leads(errors: tuple[tuple[int, tuple[str, str]], ...], action: str) -> None:
    whole = stock(GOOD, *(refused(*error) for error in errors))
    assert whole.decision is not None
    assert whole.decision["action"] == action
    assert len(failed_items(whole)) == len(errors)


def test_a_remark_beside_a_part_that_succeeded_never_leads() -> None:
    remark = {**GOOD, "body": {"actionableErrors": [{"errorType": WRONG[0], "errorSubType": WRONG[1]}]}}
    whole = stock(remark, refused(429, LIMITED))
    assert whole.id == "sc-00007-rate-limited"


# --- what is asked again ----------------------------------------------------------------------------------------------


def test_only_the_failed_items_that_may_be_repeated_are_asked_again() -> None:
    asked = {"requests": [item("a"), item("b", 12345678901234567890123), item("c"), item("d"), item("e"), item("f")]}
    whole = stock(
        GOOD,
        refused(429, LIMITED, "b"),
        refused(409, SEQUENCE, "c"),
        refused(400, WRONG, "d"),
        refused(503, BUSY, "e"),
        refused(409, TAKEN, "f"),
        asked={**asked, "more": 1.50},
    )
    found = again(whole)
    assert found
    assert found.indices == (1, 4)
    assert msgspec.json.decode(found.body, type=dict[str, msgspec.Raw])["more"] == msgspec.Raw(b"1.5")
    assert b"12345678901234567890123" in found.body  # the caller's own bytes
    assert [entry["uri"][-1] for entry in msgspec.json.decode(found.body)["requests"]] == ["b", "e"]
    assert [(left.index, left.reason) for left in found.left_out if left.index != 3] == [
        (2, "read the sequence first"),
        (5, "read the effect first"),
    ]
    assert all(left.reason for left in found.left_out)
    assert found.after >= 1.0


def test_parts_that_must_wait_too_long_are_left_out() -> None:
    whole = stock(refused(429, LIMITED), GOOD)
    assert again(whole, within=3600)
    none = again(whole, within=0.0)
    assert none is not None
    assert not none
    assert none.body == b""
    assert "not before" in none.left_out[0].reason


def test_where_no_part_may_be_repeated_there_is_nothing_to_send() -> None:
    none = again(stock(refused(400, WRONG), GOOD))
    assert none is not None
    assert not none
    assert (none.body, none.indices) == (b"", ())


UNCUT = [
    ("the answer has fewer parts", {"requests": [item("a"), item("b"), item("c")]}),
    ("the answer has more parts", {"requests": [item("a")]}),
    ("no list", {"requests": {}}),
    ("no object", [item("a"), item("b")]),
    ("no JSON", b"{"),
    ("no body", b""),
]


@pytest.mark.parametrize("asked", [row[1] for row in UNCUT], ids=[row[0] for row in UNCUT])
def test_a_request_that_does_not_fit_its_answer_is_not_cut(asked: object) -> None:
    assert again(stock(refused(429, LIMITED), GOOD, asked=asked)) is None


def test_an_answer_in_another_order_is_not_trusted() -> None:
    whole = stock(refused(429, LIMITED, "b"), GOOD, asked={"requests": [item("a"), item("b")]})
    found = again(whole)
    assert found is not None
    assert found.indices == ()
    assert found.left_out[0].reason == "the answer does not say which part of the request it is"


def test_a_sku_is_known_again_in_its_encoding() -> None:
    found = again(stock(refused(429, LIMITED, "A&1 ä"), GOOD, asked={"requests": [item("A%261%20%C3%A4"), item("b")]}))
    assert found is not None
    assert found.indices == (0,)


def label(package: str, code: str | None = None, message: str = "") -> dict[str, Any]:
    if code is None:
        return {"packageId": package, "status": "SUCCESS"}
    return {"packageId": package, "status": "FAILURE", "errorDetails": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (None, {}),  # all packages that have no label yet
        ({"packageIds": ["1", "2", "3"]}, {}),
        (
            {"packageIds": ["1", "2", "3"], "courierSupportedAttributes": {"carrierName": "x"}},
            {"courierSupportedAttributes": {"carrierName": "x"}},
        ),
    ],
)
def test_labels_are_asked_again_by_the_names_of_their_packages(asked: object, kept: dict[str, Any]) -> None:
    answer = {"packageShipLabelList": [label("1"), label("2", *LIMITED), label("3", *WRONG)]}
    whole = answered(LABELS, asked, 200, answer, "PUT")
    assert [(part.index, part.kind, part.name) for part in failed_items(whole)] == [
        (1, "package", "2"),
        (2, "package", "3"),
    ]
    found = again(whole)
    assert found is not None
    assert msgspec.json.decode(found.body) == {**kept, "packageIds": ["2"]}
    assert found.indices == (1,)
    assert [left.name for left in found.left_out] == ["3"]


def test_a_label_whose_body_was_no_object_is_not_cut() -> None:
    assert again(answered(LABELS, [1], 200, {"packageShipLabelList": [label("2", *LIMITED)]}, "PUT")) is None


def test_batches_of_prices_and_lists_of_fees_are_cut_too() -> None:
    errors = {"errors": [{"code": "QuotaExceeded", "message": "You exceeded your quota for the requested resource."}]}
    asked = {
        "requests": [{"uri": "/products/pricing/v0/items/A1/offers"}, {"uri": "/products/pricing/v0/items/A2/offers"}]
    }
    throttled = {"status": {"statusCode": 429, "reasonPhrase": "Too Many Requests"}, "body": errors}
    found = again(answered(OFFERS, asked, 200, {"responses": [GOOD, throttled]}))
    assert found is not None
    assert msgspec.json.decode(found.body) == {"requests": asked["requests"][1:]}
    fees = [{"IdValue": "A1"}, {"IdValue": "A2"}]
    failed = {"Status": "ServerError", "Error": {"Type": "Sender", "Code": "QuotaExceeded", "Message": "You exceeded."}}
    whole = answered(FEES, fees, 200, [failed, {"Status": "Success"}])
    assert [part.index for part in failed_items(whole)] == [0]
    cut = again(whole)
    assert cut is not None
    assert cut.indices == () or msgspec.json.decode(cut.body) == fees[:1]


BULK = "/easyShip/2022-03-23/packages/bulk"


def order(name: str, **more: Any) -> dict[str, Any]:
    return {"amazonOrderId": name, **more}


def test_rejected_orders_of_a_bulk_are_found_again_by_their_id() -> None:
    sent = [order("1-1"), order("1-2"), order("1-3"), order("1-3")]
    asked = {"marketplaceId": "M", "orderScheduleDetailsList": sent, "labelFormat": "PDF"}
    limited = {"code": LIMITED[0], "message": LIMITED[1]}
    rejected = [order(name, error=limited) for name in ("1-2", "1-3", "1-9")]
    answer = {"scheduledPackages": [{}], "rejectedOrders": [*rejected, order("1-1", error={"code": "InvalidInput"})]}
    whole = answered(BULK, asked, 200, answer)
    assert [(part.index, part.name) for part in failed_items(whole)] == [(0, "1-2"), (1, "1-3"), (2, "1-9"), (3, "1-1")]
    found = again(whole)
    assert found is not None
    assert msgspec.json.decode(found.body) == {**asked, "orderScheduleDetailsList": [order("1-2")]}
    assert [left.index for left in found.left_out] == [1, 2, 3]  # meant twice, never asked for, never works


@pytest.mark.parametrize("answer", [{"scheduledPackages": [{}]}, {"rejectedOrders": []}, {"rejectedOrders": None}, {}])
def test_a_bulk_in_which_nothing_was_rejected(answer: dict[str, Any]) -> None:
    assert not answered(BULK, {"orderScheduleDetailsList": [order("1-1")]}, 200, answer).failed


def test_an_operation_that_cannot_be_cut_says_none() -> None:
    whole = answered("/easyShip/2022-03-23/package", {}, 207, {"responses": [refused(429, LIMITED)]})
    assert failed_items(whole)
    assert again(whole) is None


_answers = st.lists(
    st.sampled_from(
        [
            GOOD,
            refused(429, LIMITED),
            refused(400, WRONG),
            refused(409, SEQUENCE),
            refused(503, BUSY),
            refused(500, DOWN),
        ]
    ),
    min_size=1,
    max_size=8,
)


@given(_answers, st.none() | st.floats(0, 100))
def test_every_failed_item_is_asked_again_or_left_out_with_a_reason(
    answers: list[dict[str, Any]], within: float | None
) -> None:
    whole = stock(*answers)
    bad = [index for index, answer in enumerate(answers) if answer is not GOOD]
    assert [part.index for part in failed_items(whole)] == bad
    found = again(whole, within)
    if not bad:
        assert found is None
        return
    assert found is not None
    assert sorted([*found.indices, *(left.index for left in found.left_out)]) == bad
    if found:
        sent = [entry["uri"] for entry in msgspec.json.decode(found.body)["requests"]]
        assert sent == [item(f"sku{index}")["uri"] for index in found.indices]
