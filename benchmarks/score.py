"""How often the diagnosis is right, and how well its scores are calibrated, on labelled real cases.

    make score CORPUS=cases.jsonl

Each line of the file is a case: `raw` (what somebody pasted), `labels` (ids of faults), `label_mode` (single: one
cause; any: one of these; all: they hold together), `confidence`, `hard_negative`, and, where known, `status`,
`headers`, `body` and `request`. Twice over: `raw` alone goes to the same code as `recoup diagnose --json`; then what is
known of the exchange does. A case counts as right where the first id is a label, as found where one of the first three
is.

Three things are printed for each: accuracy by kind of case beside a plain baseline (the most frequent label of the same
status whose words overlap most, learned from the other groups); the Brier score of the first id's score; and a
reliability table. No weight is fitted to the cases: they are set by hand, concept by concept. What could be fitted is
how sharp the scores are; a temperature is fitted on all groups of sources but one and judged on that one, in turn, and
is printed beside the scores as they are. Exit status 1 where a promise does not hold.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from recoup.catalogue.fault import Kind
from recoup.catalogue.loader import catalogue
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.recovery.advice import diagnose

Case = dict[str, Any]
PROMISES = {"documented": (0.80, 0.93), "hard negatives": (0.65, 0.85)}


class Judged(NamedTuple):
    case: Case
    ranked: tuple[tuple[str, float], ...]

    @property
    def right(self) -> bool:
        return bool(self.ranked) and self.ranked[0][0] in self.case["labels"]

    @property
    def found(self) -> bool:
        return any(name in self.case["labels"] for name, _ in self.ranked[:3])


def from_raw(case: Case) -> Judged:
    return _judged(case, case["raw"])


def from_exchange(case: Case) -> Judged | None:
    """The case by its parts, where at least status and body or headers are known; else None."""
    if case.get("status") is None or (case.get("body") is None and case.get("headers") is None):
        return None
    asked = case.get("request")
    request = None
    if asked is not None and asked.get("url"):
        body = asked.get("body")
        request = Request(
            method=asked.get("method") or "",
            url=asked["url"],
            headers=Headers(asked.get("headers") or {}),
            body=body.encode() if isinstance(body, str) else None,
        )
    response = Response(
        status=case["status"], headers=Headers(case.get("headers") or {}), body=(case.get("body") or "").encode()
    )
    return _judged(case, Exchange(request=request, response=response))


def _judged(case: Case, given: str | Exchange) -> Judged:
    faults = diagnose(given).as_dict()["faults"]
    return Judged(case, tuple((fault["id"], fault["score"]) for fault in faults))


# -- the baseline ----------------------------------------------------------------------------------------------------


def baseline(cases: Sequence[Case], case: Case) -> bool:
    """Whether status and words alone, learned from the cases of other sources, name a label."""
    words = _words(case["raw"])
    votes: defaultdict[str, float] = defaultdict(float)
    for other in cases:
        if _group(other) == _group(case) or other.get("status") != case.get("status"):
            continue
        theirs = _words(other["raw"])
        overlap = len(words & theirs) / (len(words | theirs) or 1)
        votes[other["labels"][0]] += 0.01 + overlap**2
    return bool(votes) and max(votes, key=lambda name: votes[name]) in case["labels"]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", text.lower()))


def _group(case: Case) -> str:
    return str(case["id"]).partition("-")[0]


# -- calibration -----------------------------------------------------------------------------------------------------


def brier(judged: Sequence[Judged], temper: Callable[[Judged], float] = lambda each: each.ranked[0][1]) -> float:
    known = [each for each in judged if each.ranked]
    return sum((temper(each) - each.right) ** 2 for each in known) / (len(known) or 1)


def tempered(each: Judged, temperature: float) -> float:
    odds: list[float] = [max(score, 1e-6) ** (1 / temperature) for _, score in each.ranked]
    rest: float = max(1 - sum(score for _, score in each.ranked), 1e-6) ** (1 / temperature)
    return odds[0] / (math.fsum(odds) + rest)


def best_temperature(judged: Sequence[Judged]) -> float:
    def loss(temperature: float) -> float:
        total = 0.0
        for each in judged:
            if each.ranked:
                sure = min(max(tempered(each, temperature), 1e-4), 1 - 1e-4)
                total -= math.log(sure if each.right else 1 - sure)
        return total

    return min((0.25 * 1.1**step for step in range(32)), key=loss)


def cross_validated(judged: Sequence[Judged]) -> float:
    """The Brier score of each group's cases under the temperature that the other groups ask for."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        groups[_group(each.case)].append(each)
    total = count = 0.0
    for name, held in groups.items():
        temperature = best_temperature([each for other, rest in groups.items() if other != name for each in rest])
        known = [each for each in held if each.ranked]
        total += sum((tempered(each, temperature) - each.right) ** 2 for each in known)
        count += len(known)
    return total / (count or 1)


def reliability(judged: Sequence[Judged]) -> list[str]:
    bins: dict[int, list[Judged]] = defaultdict(list)
    for each in judged:
        if each.ranked:
            bins[min(int(each.ranked[0][1] * 10), 9)].append(each)
    lines = ["    score        cases   mean score   right"]
    for at in sorted(bins):
        inside = bins[at]
        mean = sum(each.ranked[0][1] for each in inside) / len(inside)
        right = sum(each.right for each in inside) / len(inside)
        lines.append(f"    {at / 10:.1f} to {(at + 1) / 10:.1f}   {len(inside):5}       {mean:.2f}      {right:.2f}")
    return lines


# -- the report ------------------------------------------------------------------------------------------------------


def _of_status(status: int) -> Callable[[Case], bool]:
    return lambda case: case.get("status") == status


def kinds(cases: Sequence[Case]) -> dict[str, Callable[[Case], bool]]:
    known = catalogue()

    def documented(case: Case) -> bool:
        first = known.get(case["labels"][0])
        return (
            first is not None
            and first.kind is not Kind.BEYOND
            and case["label_mode"] == "single"
            and case["confidence"] in ("high", "medium")
        )

    return {
        "documented": documented,
        "hard negatives": lambda case: bool(case.get("hard_negative")),
        "all": lambda case: True,
        **{f"status {status}": _of_status(status) for status in (400, 403, 404)},
    }


def main(path: str, *, show: bool) -> int:
    cases: list[Case] = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines() if line]
    failed = False
    for title, judge in (("raw text alone", from_raw), ("the exchange as far as it is known", from_exchange)):
        judged = [each for each in map(judge, cases) if each is not None]
        print(f"{title}: {len(judged)} cases")
        for name, belongs in kinds(cases).items():
            inside = [each for each in judged if belongs(each.case)]
            if not inside:
                continue
            first = sum(each.right for each in inside) / len(inside)
            three = sum(each.found for each in inside) / len(inside)
            plain = sum(baseline(cases, each.case) for each in inside) / len(inside)
            line = (
                f"  {name:16} {len(inside):4}   first {first:6.1%}   first three {three:6.1%}   baseline {plain:6.1%}"
            )
            if name in PROMISES and judge is from_raw:
                asked = PROMISES[name]
                holds = first >= asked[0] and three >= asked[1]
                failed = failed or not holds
                line += f"   promised {asked[0]:.0%} and {asked[1]:.0%}: {'holds' if holds else 'DOES NOT HOLD'}"
            print(line)
        named = sum(bool(each.ranked) for each in judged)
        print(f"  {named} of {len(judged)} get an answer at all")
        print(
            f"  Brier score of the first id: {brier(judged):.3f}; with a temperature fitted on the other groups: "
            f"{cross_validated(judged):.3f} (temperature over all: {best_temperature(judged):.2f})"
        )
        print("\n".join(reliability(judged)))
        if show:
            for each in judged:
                if not each.right:
                    ranked = ", ".join(f"{name} {score:.2f}" for name, score in each.ranked[:4])
                    print(f"    missed {each.case['id']}: {each.case['labels']} <- {ranked or 'nothing'}")
    return 1 if failed else 0


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "-v"]
    if len(arguments) != 1:
        sys.exit("say where the labelled cases are: make score CORPUS=cases.jsonl")
    sys.exit(main(arguments[0], show="-v" in sys.argv))
