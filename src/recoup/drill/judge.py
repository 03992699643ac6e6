"""The four judgements, each a function of what was seen: raised, recognised, handled, explained.

Each returns its judgement and, where that is not green, what was expected and what was there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, assert_never

from recoup.catalogue.fault import Fault
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.drill.recipe import Act, Decided, Expectation, GivesUp, Recipe, Renewed, Retried, Settled
from recoup.drill.row import Judgement
from recoup.drill.stage import Reply
from recoup.recovery.decision import decision_as_dict

__all__ = ["explained", "handled", "raised", "recognised"]

Verdict = tuple[Judgement, str]
GREEN: Verdict = (Judgement.GREEN, "")
_TAG = re.compile(r"<[^<>]*>")
_GAP = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def _red(text: str) -> Verdict:
    return (Judgement.RED, text)


def raised(fault: Fault, act: Act, reply: Reply, trail: Mapping[str, Any] | None, again: Reply) -> Verdict:
    """By its cause (the sandbox's own trail says so), with the catalogue's wire answer, and gone when the cause is
    mended.
    """
    if act.unanswered is not None:
        return _nobody_answered(act.unanswered(), act, reply, again)
    if fault.answer is None:
        return _red("the catalogue has no wire answer for it")
    if trail is None or not {fault.id, *fault.same_as} & _causes(trail):
        return _red(f"the sandbox names another cause: {trail}")
    response = reply.exchange.response
    if response is None:
        return _red("there was no response")
    status, body = (response.status, _decoded(response.body)) if act.picks is None else act.picks(reply)
    if status != fault.answer.status:
        return _red(f"status {status} in the place of {fault.answer.status}")
    expected = _filled(fault.answer.body, act.parameters)
    for message in fault.messages:
        if act.variant is not None and message.variant == act.variant:
            expected["errors"][0]["details"] = message.template.rstrip(".") + "."
    if act.picks is not None:
        expected = _picked(expected)
    if _comparable(body) != _comparable(expected):
        ungiven = sorted(set(_GAP.findall(fault.answer.body)) - set(act.parameters))
        hint = f"; the recipe's Act gives no parameter {', '.join(ungiven)}" if ungiven else ""
        return _red(f"the answer is {_short(body)}, the catalogue's is {_short(expected)}{hint}")
    if act.picks is None or fault.answer.content_type == "text/html":
        content_type = (response.headers.get("content-type") or "").partition(";")[0].strip().lower()
        if fault.answer.body and content_type != fault.answer.content_type.partition(";")[0].lower():
            return _red(f"Content-Type {content_type!r} in the place of {fault.answer.content_type!r}")
        for name, value in fault.answer.headers.items():
            if response.headers.get(name) != value:
                return _red(f"{name} is {response.headers.get(name)!r} in the place of {value!r}")
    return _mended(act, again)


def _mended(act: Act, again: Reply) -> Verdict:
    if again.status != act.proper:
        said = _short(again.body)
        return _red(f"with the cause mended the same call answered {again.status} in the place of {act.proper}: {said}")
    return GREEN


def _nobody_answered(done: str, act: Act, reply: Reply, again: Reply) -> Verdict:
    """Of what happens on the way the sandbox knows nothing: the recipe's own account stands for its trail."""
    if not done:
        return _red("what the recipe put in the way did nothing")
    if reply.exchange.no_response is None:
        return _red(f"there was a response, {reply.status}, where nobody should have answered")
    return _mended(act, again)


def _picked(expected: Any) -> Any:
    """What `picks` must find: of a batch a part, with code and message in fields of its own; of a page its words."""
    if isinstance(expected, dict):
        error = next((expected[name][0] for name in ("errors", "issues") if name in expected), None)
        return {name: error[name] for name in ("code", "message")} if error is not None else expected
    page = str(expected)
    return _words(_TAG.sub(" ", page.partition("<body>")[2])) if "<body>" in page else page


def _causes(trail: Mapping[str, Any]) -> set[str]:
    """The faults that the sandbox says it raised: the call's own, or those of parts of a batch."""
    return {str(trail.get("fault")), *(str(part.get("fault")) for part in trail.get("parts", ()))}


def recognised(
    recipe: Recipe, fault: Fault, act: Act, diagnosis: Diagnosis, settle: Callable[[Diagnosis], Settled | None]
) -> Verdict:
    """Right id first with the right basis and every parameter; or among the tied, and the checks of `settle` leave it
    alone.
    """
    same = {fault.id, *fault.same_as}
    best = diagnosis.best
    if best is None:
        return _red("no fault was recognised")
    if set(diagnosis.tied) - same:  # what the documents name twice is one cause
        if not same & set(diagnosis.tied):
            return _red(f"tied between {', '.join(diagnosis.tied)}, which are all wrong")
        mine = next(match for match in diagnosis.faults if match.id in same)
        if not mine.check:
            return _red("tied, and the diagnosis names no next check")
        settled = settle(diagnosis)
        if settled is None:
            return (Judgement.TIED, f"shares its exchange with {len(diagnosis.tied) - 1} more; no check settles which")
        if settled.fault not in same:
            return _red(f"the checks settled for {settled.fault}: {settled.evidence}")
        return (Judgement.GREEN, f"tied by this exchange; settled by checks: {settled.evidence}")
    if best.id not in same:
        return _red(f"taken for {best.id}")
    if best.basis != recipe.basis:
        return _red(f"recognised by its {best.basis} in the place of its {recipe.basis}")
    for name, value in act.parameters.items():
        if diagnosis.parameters.get(name) != value:
            return _red(f"parameter {name} read as {diagnosis.parameters.get(name)!r} in the place of {value!r}")
    return GREEN


def handled(
    expects: Expectation, reply: Reply, sends: int, proper: int, settled: Mapping[str, Any] | None = None
) -> Verdict:
    """The decision of the table, the right number of sends, and for what the transport carries out a right end.

    `settled` is the decision once the named check has settled a tie: of rivals with one exchange the transport cannot
    know which it is, and must only not repeat the call.
    """
    decision = _decision(reply)
    match expects:
        case Retried():
            return _ended_right(reply, proper, sends, expects.sends)
        case Renewed():
            return _ended_right(reply, proper, sends, 2)
        case Decided():
            if sends != expects.sends:
                return _red(f"sent {sends} times in the place of {expects.sends}")
            wrong = _differences({"action": expects.action, **expects.fields}, settled or decision)
            note = "decided once the check had settled it" if settled else ""
            return _red(wrong) if wrong else (Judgement.DECIDED, note)
        case GivesUp():
            if sends != expects.sends:
                return _red(f"sent {sends} times in the place of {expects.sends}")
            wanted: dict[str, Any] = {"action": "give_up"}
            if settled is not None or not _tied(reply):
                wanted |= {"fix": expects.fix, "who": expects.who}
            if expects.stop_order:
                wanted["stop_order"] = True
            wrong = _differences({"action": "give_up"}, decision) or _differences(wanted, settled or decision)
            return _red(wrong) if wrong else GREEN
        case _:
            assert_never(expects)


def _tied(reply: Reply) -> bool:
    diagnosis = reply.outcome.diagnosis if reply.outcome is not None else None
    return diagnosis is not None and bool(diagnosis.tied)


def _ended_right(reply: Reply, proper: int, sends: int, wanted: int) -> Verdict:
    if reply.status != proper:
        return _red(f"ended with {reply.status or reply.error} in the place of {proper}")
    if sends != wanted:
        return _red(f"sent {sends} times in the place of {wanted}")
    return GREEN


def _decision(reply: Reply) -> dict[str, Any]:
    if reply.outcome is not None:
        return decision_as_dict(reply.outcome.decision)
    return dict(getattr(reply.error, "decision", {}))


def _differences(wanted: Mapping[str, Any], got: Mapping[str, Any]) -> str:
    wrong = [
        f"{name} {got.get(name)!r} in the place of {value!r}"
        for name, value in wanted.items()
        if got.get(name) != value
    ]
    return "decided " + ", ".join(wrong) if wrong else ""


def explained(fault: Fault, act: Act, explanation: str) -> Verdict:
    """It says the cause, names every parameter, says who acts, the first step and the source, as written by hand."""
    page = Path(__file__).parent / "explanations" / f"{fault.id}.txt"
    if not page.is_file():
        return _red("nobody has written down what a person must be told about it")
    said = _words(explanation)
    named = set()
    for line in page.read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition(":")
        wanted = _words(_GAP.sub(lambda gap: str(act.parameters.get(gap[1], gap[0])), text))
        if not wanted:
            continue
        if label == "Names":
            named.update(_GAP.findall(text))
        if f"{_PRINTED.get(label, label + ': ')}{wanted}" not in said:
            return _red(f"the explanation does not say, under {label}: {wanted}")
    unnamed = set(act.parameters) - named
    return _red(f"what was written by hand does not name {', '.join(sorted(unnamed))}") if unnamed else GREEN


# How the explanation introduces what a golden text calls by its label.
_PRINTED = {"First": "1. ", "Names": ""}


def _words(text: str) -> str:
    return " ".join(text.split())


def _filled(body: str, parameters: Mapping[str, str]) -> Any:
    text = _GAP.sub(lambda gap: json.dumps(str(parameters.get(gap[1], gap[0])), ensure_ascii=False)[1:-1], body)
    return _decoded(text.encode())


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _comparable(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _short(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else text[:400] + "…"
