"""Instants in answers are texts of RFC 3339 in UTC, whatever the value's class and zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from webnet.api.vocabulary.scalars import write_instant


class Stamp(datetime):
    """What a library for data frames returns."""


@pytest.mark.parametrize("year", [1, 999, 1969, 2026, 9999])
@pytest.mark.parametrize("microsecond", [0, 1, 500_000, 999_999])
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-5, minutes=-30))])
@pytest.mark.parametrize("kind", [datetime, Stamp])
def test_an_instant_is_written_in_utc(kind: type[datetime], zone: timezone, microsecond: int, year: int) -> None:
    value = kind(year, 6, 2, 13, 4, 5, microsecond, tzinfo=zone)

    assert write_instant(value) == value.astimezone(UTC).isoformat().replace("+00:00", "Z")
