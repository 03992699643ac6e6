"""`recoup diagnose --probe`: the checks of a tie that a request can make, shown, agreed to and made; what they tell."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence
from typing import Any

from recoup.cli.main import Invocation
from recoup.cli.patients import agreed, answer, endpoints_of, patient_of
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import Engine
from recoup.diagnosis.explanation import explain
from recoup.diagnosis.separating import Separation
from recoup.doctor import sending
from recoup.doctor.checks import find_operation
from recoup.doctor.probing.case import Case, case_of, region_of_request
from recoup.doctor.probing.conclusion import Conclusion
from recoup.doctor.probing.course import Check, Course, Made
from recoup.errors import SettingsError
from recoup.exchange import Request
from recoup.redaction import redact_text

__all__ = ["Probe", "Probed"]

_WIDTH = 100
_INSTEAD = "leave --probe out to see the diagnosis alone"


class Probed:
    """What came of one case: the diagnosis as it is then, and the course as plain data; None where none was taken."""

    def __init__(self, diagnosis: Diagnosis, course: dict[str, Any] | None, text: str = "") -> None:
        self.diagnosis = diagnosis
        self.course = course
        self.text = text


class Probe:
    """The options of `--probe`. `sleep` waits so many seconds, `now` gives epoch seconds."""

    def __init__(
        self,
        invocation: Invocation,
        *,
        yes: bool,
        as_json: bool,
        region: str | None,
        upstreams: Sequence[str],
        token_url: str | None,
        operation: str | None,
        engine: Engine | None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._invocation = invocation
        self._yes, self._as_json = yes, as_json
        self._region, self._upstreams, self._token_url = region, upstreams, token_url
        self._asked = None if operation is None else _asked(operation)
        self._engine, self._now, self._sleep = engine, now, sleep
        self._everywhere, self._endpoints = endpoints_of(upstreams)

    def __call__(self, diagnosis: Diagnosis) -> Probed:
        """Look into a diagnosis. Raises SettingsError where credentials are missing or nobody is there to agree."""
        if len(diagnosis.tied) < 2:
            text = "One cause is clear: there is nothing to probe.\n" if diagnosis.failed else ""
            return Probed(diagnosis, None, text)
        case = self._case(diagnosis)
        with sending.over_httpx2() as send:
            course = Course(case, send, now=self._now, sleep=self._sleep, engine=self._engine)
            self._say(_looked(course))
            while (check := course.next()) is not None:
                if not self._may(course, check):
                    self._invocation.streams.stderr.write("Nothing was sent.\n")
                    break
                self._say(_made(course, course.make(check)))
            else:
                self._by_hand(course)
        self._say(_ending(course))
        text = explain(course.diagnosis) if course.diagnosis is not diagnosis else ""
        return Probed(course.diagnosis, course.as_dict(), text)

    def _case(self, diagnosis: Diagnosis) -> Case:
        request = None if diagnosis.exchange is None else diagnosis.exchange.request
        called = region_of_request(request, self._endpoints)
        region = self._region or called or next(iter(self._endpoints), None) or "NA"
        patient = patient_of(
            self._invocation, region=region, upstreams=self._upstreams, token_url=self._token_url, who="a probe"
        )
        return case_of(
            diagnosis, patient, asked=self._asked, other_seller=self._invocation.settings.other_refresh_token
        )

    def _say(self, text: str) -> None:
        if not self._as_json and text:
            self._invocation.streams.stdout.write(text)
            self._invocation.streams.stdout.flush()

    def _may(self, course: Course, check: Check) -> bool:
        """Whether the requests of a check may be sent, after they were shown."""
        if not self._as_json or not self._yes:
            self._invocation.streams.stderr.write(_shown(course, check))
            self._invocation.streams.stderr.flush()
        return self._yes or agreed(self._invocation, machine=self._as_json, instead=_INSTEAD)

    def _by_hand(self, course: Course) -> None:
        """What is left is asked of the person at the terminal, who may know it."""
        silent = self._yes or self._as_json or not self._invocation.streams.stdin.isatty()
        if silent or course.settled or course.known.login is not None:
            return
        self._invocation.streams.stderr.write("\nWhat is left no request can tell. Do you know how it is?\n")
        while (check := course.unanswered()) is not None:
            self._invocation.streams.stderr.write(_question(check))
            course.answer(check, answer(self._invocation, "    [y/n, Enter: not known] "))


def _asked(operation: str) -> Request:
    """What `--operation` names, as the request that was refused. Raises SettingsError where it is no read."""
    found = find_operation(operation)
    if isinstance(found, str):
        raise SettingsError(f"--operation: {found}")
    return Request(method="GET", url=found[1])


# -- what is printed --------------------------------------------------------------------------------------------------


def _shown(course: Course, check: Check) -> str:
    """The check, what is sent for it, and what each outcome would mean."""
    separation = check.separation
    lines = ["", *_wrapped(f"Next check [{separation.fault.id}]: {separation.check.text}")]
    lines += _wrapped(f"Yes: {separation.check.confirms}", 4) + _wrapped(f"No: {separation.check.refutes}", 4)
    lines.append("  This is sent, and nothing else; nothing of it changes anything at Amazon:")
    for ask in check.asks:
        data = ask.as_dict(course.known)
        when = f" ({data['only_if']})" if data["only_if"] else ""
        pause = f", after {ask.pause:g} seconds" if ask.pause else ""
        lines.append(f"    {data['method']} {data['url']}{pause}{when}")
        lines += [f"        {name}: {value}" for name, value in data["headers"].items()]
        if data["body"]:
            lines.append(f"        {data['body']}")
        lines += _wrapped(f"for {data['why']}", 8)
    return "\n".join(lines) + "\n"


def _looked(course: Course) -> str:
    told = [line for each in course.looked for line in _told(course, each)]
    return "\n".join(["", "A look at the request, for which nothing is sent:", *told]) + "\n" if told else ""


def _made(course: Course, made: Made) -> str:
    lines = [""]
    lines += [f"  {redact_text(line)}  {status}" for line, status in made.sent]
    lines += [line for each in made.told for line in _told(course, each)]
    if not made.told:
        lines.append("  It tells nothing.")
    if len(made.tied) > 1:
        lines += _wrapped(f"Left: {', '.join(made.tied)}", 2)
    return "\n".join(lines) + "\n"


def _told(course: Course, conclusion: Conclusion) -> list[str]:
    rivals = frozenset(course.first.tied)
    means = [f"proves {', '.join(sorted(conclusion.proves))}"] if conclusion.proves else []
    out = sorted(conclusion.disproves & rivals)
    means += [f"rules out {', '.join(out)}"] if out else []
    if not means and any(weight > 0 for name, weight in conclusion.hints.items() if name in rivals):
        likelier = [name for name, weight in conclusion.hints.items() if weight > 0 and name in rivals]
        means = [f"makes {', '.join(likelier)} likelier"]
    text = redact_text(conclusion.text).rstrip(".")
    return _wrapped(f"- {text}" + (f": {'; '.join(means)}." if means else "."), 2)


def _ending(course: Course) -> str:
    lines = [""]
    if course.known.login is not None:
        lines += ["Login with Amazon gave no token, so nothing more can be checked. Mend this first:", ""]
        return "\n".join(lines) + explain(course.known.login) + "\n"
    if course.case.why_not and not course.settled:
        lines += _wrapped(f"The request itself is not sent again: {course.case.why_not}.")
    if course.settled:
        lines.append(f"Settled: {course.diagnosis.id}.")
        return "\n".join(lines) + "\n\n"
    left = course.left()
    if left:
        lines.append("Not settled. To be done by hand, what tells most for its cost first:")
        for each in left[:6]:
            lines += _question(each).rstrip("\n").split("\n")
    return "\n".join(lines) + "\n\n"


def _question(separation: Separation) -> str:
    lines = _wrapped(f"- [{separation.fault.id}] {separation.check.text}", 2)
    lines += _wrapped(f"Yes: {separation.check.confirms}", 4) + _wrapped(f"No: {separation.check.refutes}", 4)
    return "\n".join(lines) + "\n"


def _wrapped(text: str, indent: int = 0) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
