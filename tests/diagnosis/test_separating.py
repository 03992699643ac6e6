"""What to look at next, what would disprove a cause, and what an input does not show."""

from __future__ import annotations

import pytest

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import diagnose
from recoup.diagnosis.explanation import explain
from recoup.diagnosis.separating import next_check, wanting
from recoup.exchange import Exchange, Headers, Request, Response

DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied."}]}'
URL = "https://sellingpartnerapi-na.amazon.com/finances/v0/financialEvents"
ID = Headers([("x-amzn-RequestId", "1"), ("Date", "Mon, 02 Mar 2026 12:00:00 GMT")])


def _denied(request: Request | None = None, headers: Headers | None = None) -> Diagnosis:
    return diagnose(Exchange(request=request, response=Response(status=403, headers=headers or Headers(), body=DENIED)))


def test_of_tied_rivals_one_check_comes_first_and_costs_little() -> None:
    diagnosis = _denied()
    check = next_check(diagnosis)
    assert check is not None
    assert check.fault.id in diagnosis.tied
    assert check.fault.who.value in {"developer", "operator"}  # and not a seller, nor Amazon
    data = diagnosis.as_dict()
    assert data["next_check"] == check.as_dict()
    assert set(data["next_check"]) == {"fault", "text", "confirms", "refutes"}
    assert check.check.text[:40] in explain(diagnosis).replace("\n          ", " ")


def test_where_nothing_is_tied_there_is_nothing_to_separate() -> None:
    diagnosis = diagnose("SC_30002")
    assert not diagnosis.tied
    assert next_check(diagnosis) is None
    assert wanting(diagnosis) == ()
    assert "next_check" not in diagnosis.as_dict()


@pytest.mark.parametrize(
    ("request_", "headers", "asked"),
    [
        (None, None, ["the request:", "header fields of the answer", "details"]),
        (Request(method="GET", url=URL), None, ["fields of the request", "fields of the answer", "details"]),
        (Request(method="", url=URL), ID, ["the method", "header fields of the request", "details"]),
        (Request(method="GET", url="/finances/v0/financialEvents"), ID, ["the host", "header fields", "details"]),
        (Request(method="GET", url=URL, headers=Headers([("user-agent", "x")])), ID, ["details"]),
    ],
)  # fmt: skip
def test_an_input_is_asked_for_exactly_what_it_lacks(
    request_: Request | None, headers: Headers | None, asked: list[str]
) -> None:
    wanted = wanting(_denied(request_, headers))
    assert len(wanted) == len(asked)
    assert all(part in line for part, line in zip(asked, wanted, strict=True))


def test_a_cause_says_what_speaks_against_it_and_what_would_disprove_it() -> None:
    diagnosis = diagnose(
        '403 {"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied."}]}\n'
        f"GET {URL}. All other operations work."
    )
    path = next(match for match in diagnosis.faults if match.id == "403-wrong-path-or-version")
    assert any("is not among those that were removed" in line for line in path.against)
    assert path.disproof
    (data,) = (fault for fault in diagnosis.as_dict()["faults"] if fault["id"] == path.id)
    assert data["against"]
    assert data["disproof"] == path.disproof


def test_what_stands_in_no_document_says_so() -> None:
    assert "In neither of the two documents" in " ".join(explain(diagnose("the consent page shows MD4100")).split())


@pytest.mark.parametrize("text", ["403 Access to requested resource is denied", "MD1000", "SC_00005", "HTTP 500"])
def test_the_same_input_gives_the_same_text_and_never_a_bare_status(text: str) -> None:
    page = explain(diagnose(text))
    assert page == explain(diagnose(text))
    assert page.splitlines()[1].startswith("Now:")
