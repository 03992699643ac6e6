"""What a recipe is: how to bring about the real cause of a fault, how to mend it, and what the client must do about it.

A recipe is a function of a `Stage` (a fresh sandbox and its clients) that sets the cause and returns an `Act`. It is
run twice: once under a bare client, to see the fault itself and its counterfactual, and once under recoup, to see what
recoup makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from recoup.drill.stage import Caller, Reply, Stage

__all__ = ["RECIPES", "Act", "Decided", "Expectation", "GivesUp", "Recipe", "Renewed", "Retried", "Settled", "recipe"]


class Retried(msgspec.Struct, frozen=True):
    """The transport repeats the request by itself and it ends right; `sends` is how often the sandbox saw it in all."""

    sends: int = 2


class Renewed(msgspec.Struct, frozen=True):
    """The transport renews the token, repeats the request once, and it ends right."""


class Decided(msgspec.Struct, frozen=True):
    """The transport hands up this decision (`wait` or `resync`) after sending the request `sends` times."""

    action: str
    fields: Mapping[str, Any] = {}
    sends: int = 1


class GivesUp(msgspec.Struct, frozen=True):
    """The transport hands up `give_up` after sending the request `sends` times."""

    fix: str
    who: str
    stop_order: bool = False
    sends: int = 1


Expectation = Retried | Renewed | Decided | GivesUp


class Settled(msgspec.Struct, frozen=True):
    """What the checks of a tie found out: the fault that is left, and what was seen."""

    fault: str
    evidence: str


class Act(msgspec.Struct, kw_only=True):
    """A cause that has been set, ready to be met.

    `send` makes the call that meets it; `mend` removes the cause; `again` (else `send`) repeats the call, whose answer
    must then have the status `proper`. `parameters` is what the message must name, `variant` the variant of the fault
    where it has several. `refresh_token` is that of the selling partner whose call it is, where it is another than the
    sandbox's own. `picks` takes the failing part out of an answer that is a success as a whole. `unanswered` belongs to
    a fault that nobody answers: it says what the recipe itself did on the way, or an empty text where that did not
    happen. `handle` is the call under recoup where it is not simply `send`. `close` ends what the recipe started.
    """

    cause: str
    send: Callable[[Caller], Reply]
    mend: Callable[[], object]
    proper: int
    again: Callable[[Caller], Reply] | None = None
    parameters: Mapping[str, str] = {}
    variant: str | None = None
    refresh_token: str | None = None
    picks: Callable[[Reply], tuple[int, Any]] | None = None
    unanswered: Callable[[], str] | None = None
    handle: Callable[[Caller], Reply] | None = None
    close: Callable[[], object] | None = None


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """One fault, how its cause is set, and what recoup must make of it. `epoch` is the first instant of its stage."""

    fault: str
    act: Callable[[Stage], Act]
    expects: Expectation
    basis: str
    epoch: float | None = None  # epoch seconds UTC; None: the present


RECIPES: dict[str, Recipe] = {}


def recipe(
    fault: str, *, expects: Expectation, basis: str = "message", epoch: float | None = None
) -> Callable[[Callable[[Stage], Act]], Callable[[Stage], Act]]:
    """Register the decorated function as the recipe of `fault`. `basis` is what the diagnosis must rest on.

    `epoch` is when it plays (epoch seconds UTC), where that matters: what is removed now still worked then.
    """

    def register(act: Callable[[Stage], Act]) -> Callable[[Stage], Act]:
        if fault in RECIPES:
            raise ValueError(f"{fault} has two recipes: {RECIPES[fault].act.__name__} and {act.__name__}")
        RECIPES[fault] = Recipe(fault=fault, act=act, expects=expects, basis=basis, epoch=epoch)
        return act

    return register
