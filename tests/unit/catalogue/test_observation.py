from __future__ import annotations

import datetime as dt

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable

NOON = dt.datetime(2026, 10, 10, 12, tzinfo=dt.UTC)
SEEN = Observed(5, "redis://c", NOON, "kB", dt.timedelta(seconds=1), "detail")
GONE: Observed[int] = Observed(
    Unavailable("refused", Cause.NO_ANSWER), "redis://c", NOON
)


def test_a_fact_has_a_value_or_a_reason() -> None:
    assert SEEN.available
    assert not GONE.available
    assert (SEEN.otherwise(7), GONE.otherwise(7)) == (5, 7)
    assert str(GONE.value) == "refused"
    assert Unavailable("no route").cause is Cause.LOCAL


def test_a_derived_fact_keeps_where_and_when() -> None:
    derived = SEEN.map(lambda value: value * 1000, unit="bytes")
    assert derived == Observed(
        5000, "redis://c", NOON, "bytes", dt.timedelta(seconds=1), "detail"
    )
    assert SEEN.map(str).unit == "kB"


def test_nothing_is_derived_from_nothing() -> None:
    assert GONE.map(lambda value: value / 0).value == GONE.value


@pytest.mark.parametrize(
    ("value", "configured"),
    [
        (1, True),
        (Unavailable("down", Cause.NO_ANSWER), True),
        (Unavailable("no table", Cause.UNCONFIGURED), False),
    ],
)
def test_whether_the_target_says_where_to_look(
    value: object, *, configured: bool
) -> None:
    fact = Observed(value, "here", dt.datetime.now(dt.UTC))
    assert fact.configured is configured
