"""The catalogue holds every fault that the two documents and Login with Amazon name, under exactly the promised ids."""

from __future__ import annotations

import pytest

from promised_ids import EXTERNAL_FULFILLMENT_CAUSES, PROMISED, SP_API_CAUSES
from recoup.catalogue.fault import Fault, Kind
from recoup.catalogue.loader import load_sources


@pytest.fixture(scope="module")
def faults() -> list[Fault]:
    return load_sources()


def test_the_documents_name_sixty_eight_causes() -> None:
    counted = (len(SP_API_CAUSES), len(EXTERNAL_FULFILLMENT_CAUSES))
    assert counted == (43, 25), "where a document has grown, correct the numbers here and in the words of docs"


@pytest.mark.parametrize("kind", Kind)
def test_exactly_these_ids_are_there(faults: list[Fault], kind: Kind) -> None:
    there = {fault.id for fault in faults if fault.kind is kind}
    gone = sorted(set(PROMISED[kind]) - there)
    new = sorted(there - set(PROMISED[kind]))
    assert not gone, (
        f"ids are never renamed nor removed (use aliases, same_as), yet no entry of kind {kind} has: {gone}"
    )
    assert not new, f"add to the ids of kind {kind} in tests/promised_ids.py: {new}"


def test_the_front_doors_own_answers_are_there(faults: list[Fault]) -> None:
    # 401 has its entry among the fallbacks of External Fulfillment, the only document that names it.
    statuses = {fault.status for fault in faults if fault.kind is Kind.BEYOND}
    assert statuses >= {413, 415, 500, 503, 504}


def test_every_entry_says_where_it_is_written(faults: list[Fault]) -> None:
    assert [fault.id for fault in faults if not fault.source.document] == []
