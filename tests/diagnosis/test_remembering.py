"""Rankings are remembered: that must change nothing but the time it takes, and must stay bounded."""

from __future__ import annotations

import pytest

from golden_corpus import Case, cases, exchange_of
from recoup.catalogue.loader import catalogue
from recoup.diagnosis.engine import Engine
from recoup.exchange import Exchange, Headers, Response

ENGINE = Engine(catalogue().values())
DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
VALUE = b'{"errors":[{"code":"InvalidInput","message":"Invalid input \'%d\' for parameter \'status\'"}]}'


def _answer(body: bytes, status: int = 400, **headers: str) -> Exchange:
    named = Headers([(name.replace("_", "-"), value) for name, value in headers.items()])
    return Exchange(response=Response(status=status, headers=named, body=body))


@pytest.mark.parametrize(
    "case", [each for each in cases() if each.path.suffix == ".http"], ids=lambda case: f"{case.fault}/{case.path.name}"
)
def test_what_is_remembered_is_what_would_be_found_anew(case: Case) -> None:
    exchange = exchange_of(case.path, case.block.get("request"))
    ENGINE.diagnose(exchange)
    again = ENGINE.diagnose(exchange)
    ENGINE.index.rankings.clear()
    assert again == ENGINE.diagnose(exchange)


@pytest.mark.parametrize("fault", catalogue().values(), ids=lambda fault: fault.id)
def test_a_header_field_that_tells_is_not_forgotten(fault: object) -> None:
    """Two answers that differ in one telling field only, in both orders."""
    for sign in getattr(fault, "signs", ()):
        for name, value in sign.header.items():
            plain = _answer(DENIED, sign.status or 403)
            telling = _answer(DENIED, sign.status or 403, **{name: value})
            first = [ENGINE.diagnose(plain), ENGINE.diagnose(telling)]
            ENGINE.index.rankings.clear()
            second = [ENGINE.diagnose(telling), ENGINE.diagnose(plain)]
            assert first == second[::-1]


def test_memory_stays_bounded() -> None:
    engine = Engine(catalogue().values())
    for number in range(1500):
        assert engine.diagnose(_answer(VALUE % number)).parameters["value"] == str(number)
    assert 0 < len(engine.index.rankings) <= 512
    engine.index.rankings.clear()
    engine.diagnose(_answer(b'{"errors":[{"message":"%s"}]}' % (b"x" * 1000)))
    assert not engine.index.rankings  # long texts are not kept


def test_what_a_caller_does_with_one_diagnosis_does_not_reach_the_next() -> None:
    first = ENGINE.diagnose(_answer(VALUE % 1))
    first.parameters["value"] = "spoilt"
    assert ENGINE.diagnose(_answer(VALUE % 1)).parameters["value"] == "1"
