"""Exceptions travel: between processes, and into logs without secrets."""

from __future__ import annotations

import pickle

import pytest

from recoup import errors

FAULT_ERRORS = [errors.TryLater, errors.ReadBack, errors.FixRequest, errors.AskPerson, errors.OrderOver]


@pytest.mark.parametrize("kind", FAULT_ERRORS)
def test_every_fault_error_survives_pickling(kind: type[errors.FaultError]) -> None:
    error = kind("text", fault="sc-00000", request_id="r-1", diagnosis={"id": "x"}, decision={"action": "wait"})
    if isinstance(error, errors.TryLater):
        error.after = 3.5
    if isinstance(error, errors.AskPerson):
        error.who = "seller"
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert type(copy) is kind
    assert str(copy) == str(error) == "[request r-1] text"
    assert copy.__dict__ == error.__dict__


def test_without_a_request_id_the_text_stands_alone() -> None:
    assert str(errors.FixRequest("text")) == "text"


def test_all_of_them_are_caught_by_one_name() -> None:
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.RecoupError)


class OfTheirOwn(errors.TryLater):
    """As a user may write one."""

    def __init__(self, order: str, cause: errors.FaultError) -> None:
        super().__init__(f"{order}: {cause.message}", fault=cause.fault)
        self.order = order


def test_a_users_own_subclass_survives_pickling_whatever_its_constructor_takes() -> None:
    error = OfTheirOwn("S1", errors.TryLater("text", fault="sc-00001"))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert (type(copy), copy.order, copy.fault, str(copy), copy.args) == (
        OfTheirOwn,
        "S1",
        "sc-00001",
        "S1: text",
        error.args,
    )
