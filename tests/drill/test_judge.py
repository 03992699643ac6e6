"""The judge must be able to say no: each judgement, held against an exchange that is wrong in one way."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.catalogue import catalogue
from recoup.catalogue.fault import Action, ResyncTarget, WaitSubject, Who
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.drill import judge
from recoup.drill.recipe import Act, Decided, Expectation, GivesUp, Recipe, Renewed, Retried, Settled
from recoup.drill.row import Judgement
from recoup.drill.stage import Reply
from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Response
from recoup.recovery.advice import diagnose
from recoup.recovery.decision import Decision, Done, GiveUp, Resync, StopReason, Wait
from recoup.transports.outcome import Outcome

FAULT = catalogue()["sc-20000-quantity-exceeds-inventory"]
BODY = (
    b'{"errors":[{"code":"InvalidInput","message":"Requested quantity \'5\' is more than existing inventory quantity '
    b'\'1\'","details":"SC_20000"}]}'
)
PARAMETERS = {"requested": "5", "existing": "1"}


def reply(
    status: int = 400, body: bytes = BODY, content_type: str = "application/json", decision: Decision | None = None
) -> Reply:
    response = Response(status=status, headers=Headers({"content-type": content_type}), body=body)
    outcome = None if decision is None else Outcome(decision=decision)
    return Reply(exchange=Exchange(response=response), outcome=outcome)


def act(**changes: Any) -> Act:
    fields: dict[str, Any] = {
        "cause": "x", "send": lambda caller: reply(), "mend": lambda: None, "proper": 204, "parameters": PARAMETERS,
    }  # fmt: skip
    return Act(**(fields | changes))


TRAIL = {"fault": FAULT.id}
MENDED = reply(204, b"")


@pytest.mark.parametrize(
    ("seen", "trail", "again", "says"),
    [
        (reply(), None, MENDED, "another cause"),
        (reply(), {"fault": "sc-00002-invalid-value"}, MENDED, "another cause"),
        (reply(status=409), TRAIL, MENDED, "status 409"),
        (reply(body=BODY.replace(b"'5'", b"'6'")), TRAIL, MENDED, "the answer is"),
        (reply(body=BODY.replace(b"SC_20000", b"SC_20001")), TRAIL, MENDED, "the answer is"),
        (reply(body=b"<html></html>"), TRAIL, MENDED, "the answer is"),
        (reply(content_type="text/html"), TRAIL, MENDED, "Content-Type"),
        (reply(), TRAIL, reply(400), "with the cause mended"),
    ],
)
def test_raised_says_no(seen: Reply, trail: dict[str, Any] | None, again: Reply, says: str) -> None:
    verdict, note = judge.raised(FAULT, act(), seen, trail, again)
    assert verdict is Judgement.RED
    assert says in note


def unanswered(seen: bool = True) -> Reply:
    missing = NoResponse(kind=NoResponseKind.RESET, text="ReadError") if seen else None
    return Reply(exchange=Exchange(no_response=missing, response=None if seen else reply().exchange.response))


@pytest.mark.parametrize(
    ("done", "seen", "again", "says"),
    [
        ("the line reset 1 connection", unanswered(), MENDED, ""),
        ("", unanswered(), MENDED, "did nothing"),
        ("the line reset 1 connection", unanswered(seen=False), MENDED, "there was a response, 400"),
        ("the line reset 1 connection", unanswered(), reply(400), "with the cause mended"),
    ],
)
def test_what_nobody_answers_is_told_by_the_recipe(done: str, seen: Reply, again: Reply, says: str) -> None:
    fault = catalogue()["other-network-tls"]
    verdict, note = judge.raised(fault, act(unanswered=lambda: done), seen, None, again)
    assert (verdict is Judgement.GREEN) is (says == "")
    assert says in note


PAGE = b"<!doctype html><html><body><h1>Stopped</h1><p class='code'>Error Code: %b</p></body></html>"


@pytest.mark.parametrize(
    ("code", "content_type", "says"),
    [
        (b"MD5101", "text/html; charset=utf-8", ""),
        (b"MD5110", "text/html; charset=utf-8", "the answer is"),
        (b"MD5101", "text/plain", "Content-Type"),
    ],
)
def test_of_a_page_the_words_count(code: bytes, content_type: str, says: str) -> None:
    def words(seen: Reply) -> tuple[int, str]:
        return seen.status, seen.body.decode().partition("'code'>")[2].partition("</p>")[0]

    page = reply(body=PAGE % code, content_type=content_type)
    fault = catalogue()["auth-MD5101"]
    verdict, note = judge.raised(fault, act(picks=words, parameters={}), page, {"fault": fault.id}, MENDED)
    assert verdict is (Judgement.RED if says else Judgement.GREEN)
    assert says in note


def test_a_parameter_that_the_recipe_does_not_give_is_named() -> None:
    _, note = judge.raised(FAULT, act(parameters={"requested": "5"}), reply(), TRAIL, MENDED)
    assert note.endswith("; the recipe's Act gives no parameter existing")


def test_raised_says_yes() -> None:
    assert judge.raised(FAULT, act(), reply(), TRAIL, MENDED) == (Judgement.GREEN, "")


def recipe(basis: str = "message", expects: Expectation | None = None) -> Recipe:
    return Recipe(fault=FAULT.id, act=lambda stage: act(), expects=expects or Retried(), basis=basis)


def unsettled(diagnosis: Diagnosis) -> Settled | None:
    """Checks that leave a tie as it is."""
    return None


def test_recognised_says_yes() -> None:
    assert judge.recognised(recipe(), FAULT, act(), diagnose(reply().exchange), unsettled) == (Judgement.GREEN, "")


@pytest.mark.parametrize(
    ("wanted", "basis", "parameters", "body", "says"),
    [
        ("sc-20002-sequence-conflict", "message", PARAMETERS, BODY, "taken for sc-20000"),
        (FAULT.id, "code", PARAMETERS, BODY, "by its message"),
        (FAULT.id, "message", {"requested": "7"}, BODY, "parameter requested"),
        (FAULT.id, "message", PARAMETERS, b"", "tied|taken for|no fault"),
    ],
)
def test_recognised_says_no(wanted: str, basis: str, parameters: dict[str, str], body: bytes, says: str) -> None:
    verdict, note = judge.recognised(
        recipe(basis), catalogue()[wanted], act(parameters=parameters), diagnose(reply(body=body).exchange), unsettled
    )
    assert verdict is not Judgement.GREEN
    assert any(word in note for word in says.split("|"))


DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'


@pytest.mark.parametrize(
    ("settled", "judgement"),
    [
        (None, Judgement.TIED),
        (Settled("403-missing-role", "looked"), Judgement.GREEN),
        (Settled("403-account-suspended", "looked"), Judgement.RED),
    ],
)
def test_a_tie_is_green_only_where_checks_settled_it(settled: Settled | None, judgement: Judgement) -> None:
    diagnosis = diagnose(reply(403, DENIED).exchange)
    fault = catalogue()["403-missing-role"]
    verdict, note = judge.recognised(recipe(), fault, act(parameters={}), diagnosis, lambda seen: settled)
    assert verdict is judgement
    assert note


FIX = GiveUp(reason=StopReason.PERMANENT, fix=Action.FIX_VALUE, who=Who.DEVELOPER)
OVER = GiveUp(reason=StopReason.PERMANENT, fix=Action.STOP, who=Who.NOBODY, stop_order=True)
WAIT = Wait(subject=WaitSubject.ORDER_OPERATION, after=3600.0)


@pytest.mark.parametrize(
    ("expects", "seen", "sends", "judgement"),
    [
        (Retried(2), reply(204, decision=Done()), 2, Judgement.GREEN),
        (Retried(2), reply(204, decision=Done()), 3, Judgement.RED),
        (Retried(2), reply(503, decision=WAIT), 2, Judgement.RED),
        (Renewed(), reply(204, decision=Done()), 2, Judgement.GREEN),
        (Renewed(), reply(204, decision=Done()), 1, Judgement.RED),
        (Decided("wait", {"after": 3600.0}), reply(decision=WAIT), 1, Judgement.DECIDED),
        (Decided("wait", {"after": 60.0}), reply(decision=WAIT), 1, Judgement.RED),
        (Decided("wait"), reply(decision=WAIT), 2, Judgement.RED),
        (Decided("resync"), reply(decision=WAIT), 1, Judgement.RED),
        (
            Decided("resync", {"target": "state"}),
            reply(decision=Resync(target=ResyncTarget.STATE)),
            1,
            Judgement.DECIDED,
        ),
        (GivesUp("fix-value", "developer"), reply(decision=FIX), 1, Judgement.GREEN),
        (GivesUp("fix-value", "developer"), reply(decision=FIX), 2, Judgement.RED),
        (GivesUp("fix-value", "seller"), reply(decision=FIX), 1, Judgement.RED),
        (GivesUp("stop", "nobody", stop_order=True), reply(decision=OVER), 1, Judgement.GREEN),
        (GivesUp("fix-value", "developer", stop_order=True), reply(decision=FIX), 1, Judgement.RED),
        (GivesUp("fix-value", "developer"), reply(), 1, Judgement.RED),
    ],
)
def test_handled(expects: Expectation, seen: Reply, sends: int, judgement: Judgement) -> None:
    assert judge.handled(expects, seen, sends, 204)[0] is judgement


WAITS = {"action": "wait", "subject": "entity"}
ASKS = {"action": "give_up", "fix": "ask-seller", "who": "seller"}


@pytest.mark.parametrize(
    ("expects", "seen", "settled", "judgement"),
    [
        (Decided("wait", {"subject": "entity"}), reply(decision=FIX), WAITS, Judgement.DECIDED),
        (Decided("wait", {"subject": "entity"}), reply(decision=FIX), ASKS, Judgement.RED),
        (Decided("wait", {"subject": "entity"}), reply(decision=FIX), None, Judgement.RED),
        (GivesUp("ask-seller", "seller"), reply(decision=FIX), ASKS, Judgement.GREEN),
        (GivesUp("ask-seller", "seller"), reply(decision=FIX), WAITS, Judgement.RED),
        (GivesUp("ask-seller", "seller"), reply(decision=Done()), ASKS, Judgement.RED),
    ],
)
def test_what_a_check_settled_counts_for_a_tie(
    expects: Expectation, seen: Reply, settled: dict[str, Any] | None, judgement: Judgement
) -> None:
    assert judge.handled(expects, seen, 1, 204, settled)[0] is judgement


def test_a_part_that_was_picked_is_held_against_the_whole_answer_where_that_names_no_errors() -> None:
    fault = catalogue()["null-enum"]
    ok = Response(status=200, headers=Headers({"content-type": "application/json"}), body=b'{"status":"NEW","id":"1"}')
    seen = Reply(exchange=Exchange(response=ok))
    picked = act(parameters={"value": "NEW"}, picks=lambda found: (found.status, {"status": found.json()["status"]}))
    trail = {"fault": None, "parts": [{"fault": "null-enum"}]}
    assert judge.raised(fault, picked, seen, trail, reply(204, b"")) == (Judgement.GREEN, "")
    other = act(parameters={"value": "OLD"}, picks=picked.picks)
    assert judge.raised(fault, other, seen, trail, reply(204, b""))[0] is Judgement.RED


def test_explained_says_no_to_a_text_that_lacks_something() -> None:
    from recoup.diagnosis.explanation import explain

    whole = explain(diagnose(reply().exchange))
    assert judge.explained(FAULT, act(), whole) == (Judgement.GREEN, "")
    for label in ("Cause:", "Who acts:", "Source:", "1."):
        assert label in whole
        verdict, note = judge.explained(FAULT, act(), whole.replace(label, "…"))
        assert verdict is Judgement.RED
        assert note
    assert judge.explained(FAULT, act(), whole.replace("5", "6"))[0] is Judgement.RED
    assert judge.explained(FAULT, act(parameters=PARAMETERS | {"sku": "A"}), whole)[0] is Judgement.RED
