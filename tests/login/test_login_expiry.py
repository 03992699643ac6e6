"""When the end of a secret or an authorization is announced."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recoup.errors import SettingsError
from recoup.login.expiry import AUTHORISATION_LIFE, epoch, remedy_of, threshold
from recoup.login.keeping import Expiry

DAY = 86_400.0
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("days", "reached"),
    [(400, None), (30.01, None), (30, 30), (8, 30), (7, 7), (1, 7), (0.001, 7), (0, 0), (-5, 0)],
)
def test_an_end_is_announced_30_and_7_days_ahead_and_when_it_has_come(days: float, reached: float | None) -> None:
    expiry = Expiry(application="a", seller="*", what="client secret", expires_at=NOW + days * DAY)
    assert threshold(expiry, NOW) == (None if reached is None else reached * DAY)


def test_an_authorization_lasts_365_days() -> None:
    assert AUTHORISATION_LIFE == 365 * DAY


@pytest.mark.parametrize("what", ["client secret", "authorization"])
def test_every_end_has_a_remedy(what: str) -> None:
    assert remedy_of(what).endswith(".")


def test_instants_are_epoch_seconds_or_datetimes_with_a_zone() -> None:
    assert epoch("x", None) is None
    assert epoch("x", 1_800_000_000) == NOW
    assert epoch("x", datetime(2027, 1, 15, 8, tzinfo=UTC)) == NOW


@pytest.mark.parametrize("value", [datetime(2027, 1, 15), "2027-01-15", True, -1, float("nan"), 1e300])  # noqa: DTZ001
def test_what_is_no_instant_is_refused_by_name(value: object) -> None:
    with pytest.raises(SettingsError, match="secret_expires_at: "):
        epoch("secret_expires_at", value)
