"""Running the recipes: each fault on two fresh stages, bare and under recoup, and one row of it all."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import structs

from recoup.catalogue.fault import Fault, Kind
from recoup.catalogue.loader import catalogue
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.explanation import explain
from recoup.drill import judge, recipes
from recoup.drill.recipe import RECIPES, Act, Recipe, Settled
from recoup.drill.row import Event, Judgement, Row
from recoup.drill.settling import settle
from recoup.drill.stage import Caller, Reply, Stage, stage
from recoup.recovery.advice import diagnose
from recoup.recovery.decision import decision_as_dict
from recoup.recovery.judgement import advise
from recoup.redaction import redact_text

__all__ = ["drill", "expected_faults"]

_TOLD = ("target", "subject", "entity", "after", "fix", "who")  # of a decision, in the timeline
_EXCERPT = 2000  # characters of a body in the report


def expected_faults() -> list[Fault]:
    """The faults that the drill is complete with: all but those that the catalogue gives a reason for leaving out.

    In the catalogue's order, and those that stand in neither document behind all others.
    """
    recipes.load()
    drilled = [fault for fault in catalogue().values() if fault.id in RECIPES or not fault.no_recipe]
    return sorted(drilled, key=lambda fault: fault.kind is Kind.BEYOND)


def drill(faults: Iterable[Fault], *, seed: int, begun: Callable[[Fault], object] | None = None) -> Iterator[Row]:
    """Run the recipe of each fault and give its row, one after the other; `begun` is told before each."""
    recipes.load()
    for fault in faults:
        if begun is not None:
            begun(fault)
        recipe = RECIPES.get(fault.id)
        if recipe is None:
            yield _missing(fault)
            continue
        try:
            yield _run(fault, recipe, seed)
        except Exception as error:  # noqa: BLE001  one broken recipe must not hide what the others found
            yield _broken(fault, error)


def _missing(fault: Fault) -> Row:
    return _without_judgement(fault, Judgement.MISSING, "the sandbox does not raise it yet")


def _broken(fault: Fault, error: Exception) -> Row:
    where = traceback.extract_tb(error.__traceback__)[-1]
    said = redact_text(f"{type(error).__name__}: {error}")
    return _without_judgement(fault, Judgement.RED, f"the recipe broke in {where.name}, line {where.lineno}: {said}")


def _without_judgement(fault: Fault, judgement: Judgement, note: str) -> Row:
    return Row(
        id=fault.id,
        title=fault.title,
        raised=judgement,
        recognised=judgement,
        handled=judgement,
        explained=judgement,
        documented=fault.kind is not Kind.BEYOND,
        status=fault.status,
        code=fault.code,
        note=note,
    )


def _run(fault: Fault, recipe: Recipe, seed: int) -> Row:
    act, reply, diagnosis, verdicts = _bare(fault, recipe, seed)
    verdicts["handled"], sends, timeline = _under_recoup(recipe, seed)
    notes = [f"{column}: {text}" for column, (_, text) in verdicts.items() if text]
    return Row(
        id=fault.id,
        title=fault.title,
        documented=fault.kind is not Kind.BEYOND,
        cause=act.cause,
        status=diagnosis.status,
        http_status=diagnosis.http_status,
        code=diagnosis.code,
        message=redact_text(diagnosis.message) if diagnosis.message else None,
        decision_data=_first_decision(diagnosis),
        attempts=sends,
        note="; ".join(notes),
        request=_request_text(reply),
        response=_response_text(reply),
        explanation=explain(diagnosis),
        timeline=timeline,
        **{column: verdict for column, (verdict, _) in verdicts.items()},
    )


def _first_decision(diagnosis: Diagnosis) -> dict[str, object]:
    return dict(diagnosis.decision or {})


def _bare(fault: Fault, recipe: Recipe, seed: int) -> tuple[Act, Reply, Diagnosis, dict[str, tuple[Judgement, str]]]:
    """The fault itself, its counterfactual, and what the diagnosis says of it."""
    with stage(seed=seed, recoup_under=False, epoch=recipe.epoch) as scene:
        act = recipe.act(scene)
        try:
            reply = act.send(scene.caller)
            trail = _trail(scene, reply)
            diagnosis = diagnose(reply.exchange)
            recognised = judge.recognised(recipe, fault, act, diagnosis, partial(settle, scene, act))
            if diagnosis.tied and recognised[0] is Judgement.GREEN:
                diagnosis = _settled(fault, diagnosis)
            explained = judge.explained(fault, act, explain(diagnosis))
            if recognised[0] is Judgement.TIED:  # which of the rivals is to be explained is what nothing settled
                explained = (Judgement.TIED, "")
            verdicts = {"recognised": recognised, "explained": explained}
            act.mend()
            again = (act.again or act.send)(scene.caller)
            verdicts["raised"] = judge.raised(fault, act, reply, trail, again)
        finally:
            _close(act)
    return act, reply, diagnosis, verdicts


def _trail(scene: Stage, reply: Reply) -> dict[str, Any] | None:
    """Why the sandbox answered so. Malformed HTTP is told by its connection; of a page it is the newest refusal."""
    if reply.request_id or reply.connection:
        return scene.sandbox.why(reply.request_id or reply.connection)
    return next(iter(scene.sandbox.refusals(1)), None)


def _settled(fault: Fault, diagnosis: Diagnosis) -> Diagnosis:
    """The diagnosis as it is once the named check has settled which of the tied faults it is."""
    same = (fault.id, *fault.same_as)
    match = min((match for match in diagnosis.faults if match.id in same), key=lambda match: same.index(match.id))
    return advise(structs.replace(diagnosis, faults=(match,), tied=(), decision=None))


def _under_recoup(recipe: Recipe, seed: int) -> tuple[tuple[Judgement, str], int, tuple[Event, ...]]:
    """The same cause on a fresh stage, met by a client with recoup under it."""
    with stage(seed=seed, recoup_under=True, epoch=recipe.epoch) as scene:
        act = recipe.act(scene)
        try:
            reply = (act.handle or act.send)(scene.caller)
            sends, events = _sends(scene.caller, reply), scene.caller.events
            at = events[-1].at if events else 0.0
            found = _once_settled(scene, act, reply)
            verdict = judge.handled(recipe.expects, reply, sends, act.proper, None if found is None else found[1])
            return verdict, sends, (*events, *_decisions(at, reply, found))
        finally:
            _close(act)


def _once_settled(scene: Stage, act: Act, reply: Reply) -> tuple[Settled, Mapping[str, Any]] | None:
    """What the checks found of a tie of faults, and what is decided then; None where nothing was tied or settles it."""
    diagnosis = reply.outcome.diagnosis if reply.outcome is not None else None
    if diagnosis is None or not diagnosis.tied:
        return None
    settled = settle(scene, act, diagnosis)
    match = next((match for match in diagnosis.faults if settled is not None and match.id == settled.fault), None)
    if settled is None or match is None:
        return None
    decision = advise(structs.replace(diagnosis, faults=(match,), tied=(), decision=None)).decision
    return settled, decision or {}


def _sends(caller: Caller, reply: Reply) -> int:
    request = reply.exchange.request
    return 0 if request is None else caller.sends(request.method, request.path)


def _close(act: Act) -> None:
    if act.close is not None:
        act.close()


def _decisions(at: float, reply: Reply, found: tuple[Settled, Mapping[str, Any]] | None) -> list[Event]:
    """What the transport decided; and where that was a tie, what the check showed and what follows from it."""
    if reply.outcome is not None:
        decision: Mapping[str, Any] = decision_as_dict(reply.outcome.decision)
    else:
        decision = dict(getattr(reply.error, "decision", {}))
    events = [Event(at=at, kind="decided", text=_told(decision))]
    if found is not None:
        settled, then = found
        events.append(Event(at=at, kind="checked", text=f"{settled.evidence}: it is {settled.fault}"))
        events.append(Event(at=at, kind="decided", text=_told(then)))
    return events


def _told(decision: Mapping[str, Any]) -> str:
    details = ", ".join(f"{name} {decision[name]}" for name in _TOLD if decision.get(name))
    action = str(decision.get("action", "nothing")).replace("_", " ")
    return f"{action} ({details})" if details else action


def _request_text(reply: Reply) -> str:
    request = reply.exchange.request
    if request is None:
        return ""
    if request.raw is not None:
        return redact_text(_visible(request.raw))[:_EXCERPT].rstrip()
    lines = [f"{request.method} {request.url}", *(f"{name}: {value}" for name, value in request.headers)]
    return redact_text("\n".join(lines) + "\n\n" + (request.body or b"").decode("utf-8", "replace"))[:_EXCERPT].rstrip()


def _visible(raw: bytes) -> str:
    """Bytes as text, a sign in the place of each that nobody would see; a proper line ending is a new line."""
    lines = raw.decode("latin-1").split("\r\n")
    return "\n".join("".join(chr(0x2400 + ord(c)) if c < " " else c for c in line) for line in lines)


def _response_text(reply: Reply) -> str:
    response = reply.exchange.response
    if response is None:
        return ""
    lines = [f"HTTP/1.1 {response.status}", *(f"{name}: {value}" for name, value in response.headers)]
    return redact_text("\n".join(lines) + "\n\n" + response.body.decode("utf-8", "replace"))[:_EXCERPT].rstrip()
