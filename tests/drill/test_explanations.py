"""What a person must be told about each fault of the drill: the hand-written texts, held against the catalogue and
against what recoup prints.

The texts were written from the two documents. Where one of them and the catalogue part, one of the two is wrong, and a
person has to read the document again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest

from recoup.catalogue.fault import Fault
from recoup.catalogue.loader import catalogue
from recoup.diagnosis.explanation import explain, explain_fault
from recoup.drill.runner import expected_faults
from recoup.recovery.advice import diagnose
from recoup.redaction import redact_text

FOLDER = files("recoup.drill").joinpath("explanations")
PAGES = {page.name.removesuffix(".txt"): page.read_text(encoding="utf-8") for page in FOLDER.iterdir()}
FAULTS = catalogue()

ONCE = ["Cause", "Who acts", "First", "Source"]
# What the drill shows; that each has its text, and no text is without its fault: tests/test_whole_faults.py.
DRILLED = sorted({fault.id for fault in expected_faults()} & set(PAGES))
# How recoup introduces what a text calls by its label.
PRINTED = {"First": "1. ", "Names": ""}
# What the answer alone does not show: a failure in the caller's own model, a page that only its host tells apart, the
# words of a refusal, which travel in the address that the consent page leads back to, and what nobody answers at all.
UNSEEN = {"null-enum", "lwa-html-or-non-json", "lwa-access-denied", "other-network-tls"}
GAP = re.compile(r"\{([a-z][a-z0-9_]*)\}")
VALUES = {
    "count": "1",
    "dispatch_after": "2026-11-24T06:30:00Z",
    "existing": "3",
    "marketplace": "ATVPDKIKX0DER",
    "requested": "7",
    "seconds": "3600",
    "sequence": "41",
    "thing": "Order",
}


def statements(page: str) -> Iterator[tuple[str, str]]:
    """Label and text of each line."""
    for line in page.splitlines():
        label, _, text = line.partition(": ")
        yield label, text


def texts(fault_id: str, label: str) -> list[str]:
    return [text for name, text in statements(PAGES[fault_id]) if name == label]


def words(text: str) -> str:
    return " ".join(text.split())


def unsaid(page: str, said: str, values: dict[str, str]) -> list[str]:
    """The lines of a hand-written text that `said` does not hold, with the parameters filled in."""
    whole = words(said)
    filled = [(label, GAP.sub(lambda gap: values.get(gap[1], gap[0]), text)) for label, text in statements(page)]
    return [f"{label}: {text}" for label, text in filled if PRINTED.get(label, f"{label}: ") + words(text) not in whole]


def parameters(fault: Fault) -> set[str]:
    """The parameters of the message that the documented answer carries."""
    return set(GAP.findall(fault.answer.body)) if fault.answer is not None else set()


def filled_answer(fault: Fault) -> tuple[bytes, dict[str, str]]:
    """The answer of an entry as a pasted response, and the values that were put into its gaps."""
    answer = fault.answer
    assert answer is not None
    values = {name: VALUES.get(name, f"some{name.replace('_', '')}") for name in parameters(fault)}
    headers = {"Content-Type": answer.content_type, **answer.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    body = GAP.sub(lambda gap: values.get(gap[1], gap[0]), answer.body)
    return f"HTTP/1.1 {answer.status} Answer\r\n{head}\r\n{body}".encode(), values


@pytest.mark.parametrize("fault_id", DRILLED)
def test_a_text_has_each_label_once_and_no_other(fault_id: str) -> None:
    labels = [label for label, _ in statements(PAGES[fault_id])]
    assert [label for label in labels if label != "Names"] == ONCE
    assert all(text.strip() == text and text for _, text in statements(PAGES[fault_id]))


@pytest.mark.parametrize("fault_id", DRILLED)
def test_a_text_names_every_parameter_of_the_message_and_no_other(fault_id: str) -> None:
    """Each is written as recoup prints it: the name with blanks, a colon, the value."""
    named = texts(fault_id, "Names")
    assert sorted(named) == sorted(f"{name.replace('_', ' ')}: {{{name}}}" for name in parameters(FAULTS[fault_id]))


@pytest.mark.parametrize("fault_id", [fault.id for fault in FAULTS.values() if fault.sc_code])
def test_a_row_of_external_fulfillment_names_every_parameter_of_its_template(fault_id: str) -> None:
    """Here the document itself prints the message, so that the template must not have a gap more than the answer."""
    for message in FAULTS[fault_id].messages:
        assert {match[1] for match in re.finditer(r"\{(\w+):\w+\}", message.template)} == parameters(FAULTS[fault_id])


@pytest.mark.parametrize("fault_id", DRILLED)
def test_the_catalogue_tells_the_same(fault_id: str) -> None:
    page = "\n".join(line for line in PAGES[fault_id].splitlines() if not line.startswith("Names:"))
    assert unsaid(page, explain_fault(FAULTS[fault_id]), {}) == []


@pytest.mark.parametrize("fault", [fault for fault in FAULTS.values() if fault.no_recipe], ids=lambda fault: fault.id)
def test_what_is_left_out_of_the_drill_says_why(fault: Fault) -> None:
    said = words(explain_fault(fault))
    assert f"Drill: Left out. {words(fault.no_recipe)}" in said
    assert fault.no_recipe[0].isupper()


@pytest.mark.parametrize("fault_id", DRILLED)
def test_cause_and_first_step_are_whole(fault_id: str) -> None:
    """Not a part of what the catalogue says. Where its entry has variants, the sentence that they share is enough."""
    fault = FAULTS[fault_id]
    cause = texts(fault_id, "Cause")[0]
    assert cause.endswith(".")
    assert cause == fault.cause or (fault.variants and fault.cause.startswith(f"{cause} "))
    assert texts(fault_id, "First") == fault.remedy.steps[:1]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_nothing_that_the_catalogue_says_is_taken_for_a_secret(fault: Fault) -> None:
    """The words of an explanation pass the masking of secrets, and must come out of it as they were written."""
    said = explain_fault(fault)
    assert redact_text(said) == said


@pytest.mark.parametrize("fault_id", sorted(set(DRILLED) - UNSEEN))
def test_the_explanation_of_the_answer_tells_it(fault_id: str) -> None:
    """Where rivals share the answer, recoup explains the likeliest of them and names the others."""
    answer, values = filled_answer(FAULTS[fault_id])
    diagnosis = diagnose(answer)
    best = diagnosis.best
    assert best is not None
    if diagnosis.tied and best.fault.id != fault_id:
        assert fault_id in diagnosis.tied
        return
    assert best.fault.id == fault_id
    assert unsaid(PAGES[fault_id], explain(diagnosis), values) == []


DISPATCH = PAGES["sc-30005-dispatch-after-date"]


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("dispatch-after date", "pickup date", ["Cause"]),
        ("2026-11-24T06:30:00Z", "2026-11-25T06:30:00Z", ["Names"]),
        ("the program gets over it", "somebody gets over it", ["Who acts"]),
        ("1. Schedule", "2. Schedule", ["First"]),
        ("SC_30005", "SC_30004", ["Source"]),
        ("Cause:", "Reason:", ["Cause"]),
    ],
)
def test_an_explanation_that_leaves_something_out_is_found(old: str, new: str, missing: list[str]) -> None:
    answer, values = filled_answer(FAULTS["sc-30005-dispatch-after-date"])
    said = words(explain(diagnose(answer)))
    assert unsaid(DISPATCH, said, values) == []
    assert old in said
    assert [line.partition(":")[0] for line in unsaid(DISPATCH, said.replace(old, new), values)] == missing
