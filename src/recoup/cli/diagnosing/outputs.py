"""What is made of a trace beside what stands on the screen: a report, a support bundle, files that fail again."""

from __future__ import annotations

from pathlib import Path

from recoup.cli.main import Invocation
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import UnreadableInput
from recoup.traces.bundle import Bundle
from recoup.traces.summary import Summary
from recoup.traces.traced import Traced

__all__ = ["BundleOutput", "ReportOutput", "ReproOutput"]

_FORMS = (".html", ".md", ".json")


class ReportOutput:
    """`--report FILE`: the account of all that was read, in the form that the file's name asks for."""

    each = False

    def __init__(self, invocation: Invocation, path: str) -> None:
        self._invocation = invocation
        self._path = Path(path)
        if self._path.suffix.lower() not in _FORMS:
            raise UnreadableInput(f"--report {path}: a report is written as {', '.join(_FORMS)}; name such a file")
        if not self._path.parent.is_dir():
            raise UnreadableInput(f"--report {path}: there is no folder {self._path.parent}")

    def failure(self, traced: Traced, diagnosis: Diagnosis) -> None:
        """Nothing: a report is made of what everything comes to."""

    def finish(self, summary: Summary) -> None:
        """Write it."""
        from recoup.traces.report.account import account_of

        account = account_of(summary)
        form = self._path.suffix.lower()
        if form == ".html":
            from recoup.traces.report.page import as_page

            text = as_page(account)
        elif form == ".md":
            from recoup.traces.report.markdown import as_markdown

            text = as_markdown(account)
        else:
            from recoup.traces.report.data import as_json

            text = as_json(account)
        self._path.write_text(text, encoding="utf-8")
        self._invocation.streams.stderr.write(f"wrote {self._path}\n")


class BundleOutput:
    """`--bundle DIR`: a folder for each kind of failure, as Amazon's support asks for it."""

    each = True

    def __init__(self, invocation: Invocation, path: str) -> None:
        self._invocation = invocation
        self._path = Path(path)
        self._bundle = Bundle(self._path)

    def failure(self, traced: Traced, diagnosis: Diagnosis) -> None:
        """Keep it, or count it."""
        self._bundle.add(traced, diagnosis)

    def finish(self, summary: Summary) -> None:
        """Write the folders."""
        made = self._bundle.write()
        more = f"; {self._bundle.left_out} failures of further kinds are not in it" if self._bundle.left_out else ""
        self._invocation.streams.stderr.write(
            f"wrote {len(made)} case{'s' if len(made) != 1 else ''} to {self._path}{more}\n"
        )


class ReproOutput:
    """`--repro DIR`: for each fault a pytest file that fails for the same cause, where a sandbox can bring it about."""

    each = True
    most = 20

    def __init__(self, invocation: Invocation, path: str) -> None:
        self._invocation = invocation
        self._path = Path(path)
        self._first: dict[str, tuple[Traced, Diagnosis]] = {}

    def failure(self, traced: Traced, diagnosis: Diagnosis) -> None:
        """Keep the first of each fault; one that shows its request is kept before one that does not."""
        name = diagnosis.id
        if name is None:
            return
        known = self._first.get(name)
        better = known is not None and known[0].exchange.request is None and traced.exchange.request is not None
        if (known is None and len(self._first) < self.most) or better:
            self._first[name] = (traced, diagnosis)

    def finish(self, summary: Summary) -> None:
        """Try and write them."""
        from recoup.drill.repro import How, reproduce, write

        err = self._invocation.streams.stderr
        for name, (traced, diagnosis) in self._first.items():
            repro = reproduce(traced.exchange.request, diagnosis, place=str(traced.place))
            if repro is None:
                err.write(f"recoup: {name}: the sandbox cannot bring it about; no file is written\n")
                continue
            made = write(self._path, repro)
            if not made:
                err.write(f"recoup: {name}: its files are in {self._path} already, and are left as they are\n")
            for path in made:
                note = " (by its answer only: the sandbox has no such cause)" if repro.how is How.PLAN else ""
                err.write(f"wrote {path}{note}\n")
