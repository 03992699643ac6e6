"""The generated reference page and the schema for editors."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from recoup.catalogue.fault import (
    Action,
    Answer,
    Check,
    Contradiction,
    Fault,
    Kind,
    Mark,
    Message,
    MessageField,
    Recovery,
    Remedy,
    RetryClass,
    Sign,
    Source,
    Where,
    Who,
)
from recoup.catalogue.loader import Catalogue, load_sources
from recoup.catalogue.reference import MEANINGS, render, schema

FAULT = Fault(
    id="x-1",
    title="A title | with a bar",
    kind=Kind.CAUSE,
    where=[Where.FRONT_DOOR],
    status=400,
    code="InvalidInput",
    sc_code="SC_00001",
    cause="A <tag> and a *star* and some_name.",
    who=Who.SELLER,
    recovery=Recovery(retry=RetryClass.HUMAN),
    remedy=Remedy(
        action=Action.ASK_SELLER,
        text="Ask.",
        steps=["One.", "Two."],
        consoles={"Seller Central": ["Open it."]},
    ),
    source=Source(document="a-users-own", section="Part 1", row="Row 2"),
    messages=[
        Message(template="Value `{value:text}` is bad", mark=Mark.OBSERVED, field=MessageField.DETAILS, shared=True)
    ],
    signs=[Sign(status=400, header={"x-amzn-ErrorType": "Validation"}, note="seen once")],
    answer=Answer(mark=Mark.PROPOSED, status=400, body='{"a":"```"}'),
    check=Check(text="Look.", confirms="It is there.", refutes="It is not."),
    contradictions=[Contradiction(id="C-99", conflict="This and that.", resolution="This.")],
)

PAGE = """\
## a-users-own

| fault | status | code | title | recovery | who |
|---|---|---|---|---|---|
| [x-1](#x-1) | 400 | SC_00001 InvalidInput | A title \\| with a bar | HUMAN | seller |

<a id="x-1"></a>

### A title | with a bar

- id: `x-1`, a cause that the documents name
- answers with: HTTP 400, `SC_00001`, `InvalidInput`
- raised by: front-door
- who acts: seller
- source: a-users-own (Part 1, Row 2)

A &lt;tag> and a \\*star\\* and some_name.

Known by:

- ``Value `{value:text}` is bad`` (observed, in details, shared with other faults)
- HTTP 400, header `x-amzn-ErrorType` with `Validation` (observed): seen once

**Recovery: HUMAN.** A person has to change something outside the program.

**Remedy: ask-seller.** Ask.

1. One.
2. Two.

In Seller Central:

1. Open it.

**Next check.** Look.

- Confirms it: It is there.
- Speaks against it: It is not.

On the wire (proposed)

````text
HTTP 400
Content-Type: application/json

{"a":"```"}
````

Contradictions in the documents:

- C-99: This and that. *Resolved:* This.
"""


@pytest.fixture(scope="module")
def faults() -> list[Fault]:
    return load_sources()


@pytest.fixture(scope="module")
def page(faults: list[Fault]) -> str:
    return render(Catalogue(faults))


def test_one_entry_is_rendered_whole() -> None:
    assert render(Catalogue([FAULT])).endswith(PAGE)


def test_nothing_makes_a_page_without_entries() -> None:
    assert "<a id=" not in render(Catalogue([]))


def test_the_same_entries_give_the_same_page(faults: list[Fault], page: str) -> None:
    assert render(Catalogue(load_sources())) == page
    assert schema() == schema()


def test_every_fault_has_one_anchor_and_one_line_in_a_summary(faults: list[Fault], page: str) -> None:
    anchors = re.findall(r'<a id="([^"]+)"></a>', page)
    assert sorted(anchors) == sorted(fault.id for fault in faults)
    for fault in faults:
        assert page.count(f"\n| [{fault.id}](#{fault.id}) |") == 1


def test_every_link_leads_to_an_anchor(page: str) -> None:
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(re.findall(r'<a id="([^"]+)"></a>', page))


def test_everything_that_an_entry_says_is_on_the_page(faults: list[Fault], page: str) -> None:
    plain = page.replace("\\", "").replace("&lt;", "<").replace("&amp;", "&")
    for fault in faults:
        remedies = [fault.remedy, *(variant.remedy for variant in fault.variants)]
        texts = [fault.title, fault.cause, fault.note, fault.no_recipe, fault.source.section, fault.source.row]
        texts += [message.template for message in fault.messages]
        texts += [step for remedy in remedies for step in remedy.steps]
        texts += [step for remedy in remedies for steps in remedy.consoles.values() for step in steps]
        texts += [part for entry in fault.contradictions for part in (entry.id, entry.conflict, entry.resolution)]
        texts += [fault.answer.body, fault.answer.note] if fault.answer is not None else []
        texts += [fault.check.text, fault.check.confirms, fault.check.refutes] if fault.check is not None else []
        for text in texts:
            assert text.replace("\\", "") in plain, (fault.id, text)


def test_every_recovery_class_is_explained() -> None:
    assert set(MEANINGS) == set(RetryClass)


def test_causes_stand_before_the_fallbacks_of_their_document(page: str) -> None:
    assert page.index('<a id="sc-00005-max-retries">') < page.index('<a id="ef-InternalFailure">')


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft202012Validator:
    jsonschema_rs.meta.validate(schema())
    return jsonschema_rs.Draft202012Validator(schema())


def sources() -> list[tuple[str, dict[str, Any]]]:
    folder = files("recoup.catalogue").joinpath("faults")
    return [
        (item.name, tomllib.loads(item.read_text(encoding="utf-8")))
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".toml")
    ]


@pytest.mark.parametrize(("name", "data"), sources())
def test_the_files_fit_the_schema(
    validator: jsonschema_rs.Draft202012Validator, name: str, data: dict[str, Any]
) -> None:
    assert [(error.instance_path, error.message) for error in validator.iter_errors(data)] == []


GOOD = msgspec.to_builtins(FAULT)


@pytest.mark.parametrize(
    "data",
    [
        {"faults": [GOOD]},
        {"fault": GOOD},
        {"fault": [{**GOOD, "sevrity": "high"}]},
        {"fault": [{**GOOD, "who": "somebody"}]},
        {"fault": [{**GOOD, "recovery": {"retry": "SOMETIMES"}}]},
        {"fault": [{key: value for key, value in GOOD.items() if key != "remedy"}]},
        {"fault": [{**GOOD, "messages": [{"template": "x", "mark": "guessed"}]}]},
    ],
)
def test_the_schema_refuses(validator: jsonschema_rs.Draft202012Validator, data: dict[str, Any]) -> None:
    assert validator.is_valid({"fault": [GOOD]})
    assert not validator.is_valid(data)
