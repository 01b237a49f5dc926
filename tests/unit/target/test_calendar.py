"""Business days and freezes, in the calendar's own time zone."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.calendar import Calendar

if TYPE_CHECKING:
    from tests.unit.target.conftest import Load

NEW_YORK = Calendar.model_validate(
    {
        "time_zone": "America/New_York",
        "holidays": [dt.date(2026, 12, 25)],
        "freeze": [
            {
                "begin": dt.date(2026, 12, 19),
                "end": dt.date(2027, 1, 3),
                "reason": "year",
            },
            {
                "begin": dt.datetime(2026, 6, 1, 18),  # noqa: DTZ001  # local on purpose
                "end": dt.datetime(2026, 6, 2, 6, tzinfo=dt.UTC),
                "reason": "audit",
            },
        ],
    }
)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]  # ints


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (dt.date(2026, 12, 24), True),
        (dt.date(2026, 12, 25), False),
        (dt.date(2026, 12, 26), False),
        (dt.date(2026, 12, 28), True),
    ],
)
def test_business_days_are_the_weeks_without_the_holidays(
    day: dt.date,
    worked: bool,  # noqa: FBT001  # a parameter
) -> None:
    assert NEW_YORK.is_business_day(day) is worked


def test_the_next_and_the_previous_business_day_leave_out_what_is_not_worked() -> None:
    assert NEW_YORK.next_business_day(dt.date(2026, 12, 24)) == dt.date(2026, 12, 28)
    assert NEW_YORK.previous_business_day(dt.date(2026, 12, 28)) == dt.date(
        2026, 12, 24
    )


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)))
def test_the_day_before_the_next_business_day_is_today_or_not_worked(
    day: dt.date,
) -> None:
    following = NEW_YORK.next_business_day(day)
    assert NEW_YORK.is_business_day(following)
    assert NEW_YORK.previous_business_day(following) <= day < following


@pytest.mark.parametrize(
    ("instant", "reason"),
    [
        (utc(2026, 12, 19, 4, 59), None),
        (utc(2026, 12, 19, 5), "year"),
        (utc(2027, 1, 4, 4, 59, 59), "year"),
        (utc(2027, 1, 4, 5), None),
        (utc(2026, 6, 1, 21, 59), None),
        (utc(2026, 6, 1, 22), "audit"),
        (utc(2026, 6, 2, 6), None),
    ],
)
def test_a_freeze_lasts_from_its_first_to_its_last_moment(
    instant: dt.datetime, reason: str | None
) -> None:
    freeze = NEW_YORK.freeze_at(instant)
    assert (freeze.reason if freeze else None) == reason
    assert NEW_YORK.in_freeze(instant) is (reason is not None)


def test_a_day_is_the_calendars_own() -> None:
    assert NEW_YORK.day(utc(2026, 1, 1, 4)) == dt.date(2025, 12, 31)
    assert Calendar().day(utc(2026, 1, 1, 4)) == dt.date(2026, 1, 1)


def test_a_targets_calendar_goes_before_the_systems(load_text: Load) -> None:
    text = """
    [calendar]
    time_zone = "Europe/London"
    holidays = [2026-12-25]
    [target.production]
    [target.staging.calendar]
    time_zone = "UTC"
    [[target.staging.calendar.freeze]]
    begin = 2026-12-24T12:00:00Z
    end = 2026-12-25
    reason = "eve"
    """
    config = load_text(text)
    assert config.select("production").calendar.time_zone == "Europe/London"
    staging = config.select("staging").calendar
    assert staging.time_zone == "UTC"
    assert staging.holidays == (dt.date(2026, 12, 25),)
    assert staging.in_freeze(utc(2026, 12, 25, 23, 59))


@pytest.mark.parametrize(
    ("text", "frozen"), [("2026-12-24", True), ("2026-12-24T12:00:00+00:00", False)]
)
def test_a_reference_can_give_a_day_or_an_instant(
    load_text: Load,
    text: str,
    frozen: bool,  # noqa: FBT001  # a parameter
) -> None:
    config = load_text(
        '[[calendar.freeze]]\nbegin = "${env:BEGIN}"\nend = 2026-12-25\nreason = "x"\n'
        "[target.production]\n",
        {"BEGIN": text},
    )
    assert config.select().calendar.in_freeze(utc(2026, 12, 24, 11)) is frozen


def test_utc_needs_no_database_of_zones_and_others_say_so(
    monkeypatch: pytest.MonkeyPatch, load_text: Load
) -> None:
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    monkeypatch.setattr(zoneinfo, "ZoneInfo", _without_database)
    monkeypatch.setattr(zoneinfo, "available_timezones", frozenset)
    assert Calendar().zone is dt.UTC
    with pytest.raises(ConfigError) as caught:
        load_text('[calendar]\ntime_zone = "Europe/Paris"\n[target.production]\n')
    assert str(caught.value) == (
        "readiness.toml [calendar] time_zone: cannot be looked up: "
        "this machine has no time zones; install the tzdata package"
    )


def _without_database(key: str) -> zoneinfo.ZoneInfo:
    raise zoneinfo.ZoneInfoNotFoundError(key)
