"""What a person is told: cause, parameters, remedy, who acts, source; and how things are looked up."""

from __future__ import annotations

import pytest

from recoup.catalogue.loader import Catalogue, load_sources
from recoup.diagnosis.engine import diagnose
from recoup.diagnosis.explanation import explain, explain_fault, explain_many
from recoup.diagnosis.search import lookup, suggest
from recoup.exchange import Response

CATALOGUE = Catalogue(load_sources())
LOCKED = (
    b'{"errors":[{"code":"InvalidInput","message":"Maximum number of retry reached for order \'O-77\' or on a '
    b"operation of order, Please try after '3600' seconds.\"}]}"
)
DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'


ANSWERED = [f for f in CATALOGUE.values() if f.answer and f.answer.body and f.answer.status >= 400]


def plain(text: str) -> str:
    """`text` without its line breaks."""
    return " ".join(text.split())


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_entry_is_explained_whole(fault) -> None:  # type: ignore[no-untyped-def]
    told = plain(explain_fault(fault))
    assert fault.id in told
    assert plain(fault.cause) in told
    assert plain(fault.remedy.text) in told
    assert all(plain(step) in told for step in fault.remedy.steps)
    assert "Who acts:" in told
    assert "Source:" in told
    assert all(contradiction.id in told for contradiction in fault.contradictions)
    assert all(variant.title in told for variant in fault.variants)


@pytest.mark.parametrize("fault", ANSWERED, ids=lambda f: f.id)
def test_every_answer_is_explained_by_what_is_known_of_it(fault) -> None:  # type: ignore[no-untyped-def]
    diagnosis = diagnose(Response(status=fault.answer.status, body=fault.answer.body.encode()))
    told = plain(explain(diagnosis))
    best = diagnosis.best
    assert best is not None
    for part in (best.title, best.cause, best.remedy.text, best.remedy.steps[0], "Who acts:", "Source:"):
        assert plain(part) in told
    for name in diagnosis.parameters:
        assert f"{name.replace('_', ' ')}:" in told


def test_parameters_are_named_with_their_values() -> None:
    told = plain(explain(diagnose(Response(status=400, body=LOCKED))))
    assert "order: O-77" in told
    assert "seconds: 3600" in told
    assert (
        told.index("Now:") < told.index("Seen:") < told.index("Cause:") < told.index("Remedy:") < told.index("Source:")
    )


def test_a_tie_says_so_and_names_the_next_check() -> None:
    diagnosis = diagnose(Response(status=403, body=DENIED))
    told = plain(explain(diagnosis))
    assert f"cannot tell {len(diagnosis.tied)} causes apart" in told
    assert all(name in told for name in diagnosis.tied)
    assert diagnosis.best is not None
    assert plain(diagnosis.best.check) in told


def test_the_same_input_gives_the_same_text() -> None:
    assert explain(diagnose(Response(status=403, body=DENIED))) == explain(diagnose(Response(status=403, body=DENIED)))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 418, 422, 429, 451, 500, 501, 502, 503, 504, 599])
def test_never_a_bare_status(status: int) -> None:
    told = explain(diagnose(Response(status=status)))
    assert len(told.splitlines()) >= 3
    assert any(word in told for word in ("Remedy:", "Next:"))


def test_a_success_is_said_in_one_line() -> None:
    assert explain(diagnose(Response(status=200))) == "Nothing failed (HTTP 200).\n"


def test_a_message_cannot_steer_a_terminal() -> None:
    told = explain(diagnose(Response(status=400, body=b'{"errors":[{"code":"X","message":"\\u001b[2Jgone\\u0007"}]}')))
    assert "\x1b" not in told
    assert "\x07" not in told
    assert "gone" in told


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("sc-10000-server-busy", ["sc-10000-server-busy"]),
        ("SC_00005", ["sc-00005-forbidden", "sc-00005-max-retries"]),
        ("00005", ["sc-00005-forbidden", "sc-00005-max-retries"]),
        ("sc_00005", ["sc-00005-forbidden", "sc-00005-max-retries"]),
        ("SC_00006", ["sc-00006-entity-version-conflict", "sc-00006-order-cancelled"]),
        ("MD1000", ["auth-MD1000"]),
        ("md1000", ["auth-MD1000"]),
        ("invalid_grant", ["lwa-invalid-grant"]),
        ("OrderCancelled", ["sc-00006-order-cancelled", "ef-OrderCancelled"]),
        ("422", ["sc-00006-order-cancelled", "ef-OrderCancelled"]),
        ("HTTP 412", ["sc-00006-entity-version-conflict"]),
        ("The capacity for the site is breached", ["sc-30002-capacity-breached"]),
        ("Requested artifact of type 'INVOICE' not found", ["sc-00003-artifact-not-found"]),
        ("pickup slot", ["sc-30004-pickup-slot-expired"]),
        ("nothing like it at all", []),
        ("", []),
    ],
)
def test_lookup(words: str, found: list[str]) -> None:
    assert sorted(fault.id for fault in lookup(CATALOGUE, words)) == sorted(found)


@pytest.mark.parametrize(
    ("word", "near"),
    [("SC_0005", "SC_00005"), ("QuotaExceded", "QuotaExceeded"), ("sc-1000-server-busy", "sc-10000-server-busy")],
)
def test_suggestions(word: str, near: str) -> None:
    assert lookup(CATALOGUE, word) == []
    assert near in suggest(CATALOGUE, word)


def test_nothing_near_suggests_nothing() -> None:
    assert suggest(CATALOGUE, "zzzzzzzzzzzz") == []
    assert suggest(CATALOGUE, "") == []


def test_both_faults_of_a_number_and_what_tells_them_apart() -> None:
    told = plain(explain_many(lookup(CATALOGUE, "SC_00005")))
    assert "2 faults answer to this" in told
    assert "sc-00005-forbidden 403, Forbidden, “Request is forbidden”" in told
    assert "sc-00005-max-retries 400, InvalidInput, “Maximum number of retry reached" in told
