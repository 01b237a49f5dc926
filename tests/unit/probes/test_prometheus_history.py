"""What windows of samples come to; :mod:`tests.faults` has them judged."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.prometheus import Sample, Series, history

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
STEP = dt.timedelta(minutes=5)
SIX_HOURS = dt.timedelta(hours=6)


def fact(value: object) -> Observed:  # type: ignore[type-arg]
    return Observed(value, "prometheus q", NOW, "ratio")


def one(
    value: Callable[[float], float | None],
    name: str = "a",
    window: dt.timedelta | None = SIX_HOURS,
) -> Series:
    """Make a series of values by the hours since the window's begin."""
    steps = (window or SIX_HOURS) // STEP
    at = [NOW - STEP * (steps - number) for number in range(steps + 1)]
    values = [value(number * STEP / dt.timedelta(hours=1)) for number in range(len(at))]
    samples = tuple(
        Sample(t, v) for t, v in zip(at, values, strict=True) if v is not None
    )
    last = samples[-1].value if samples else Unavailable("stale", Cause.NO_ANSWER)
    return Series(
        {"instance": name},
        fact(last),
        fact(dt.timedelta()),
        fact(1.0),
        samples,
        (window, STEP) if window else None,
    )


def many(*series: Series) -> Observed[tuple[Series, ...]]:
    return fact(series)


NONE = fact(Unavailable("the target has no query age", Cause.UNCONFIGURED))


def age(hours: float, name: str = "a") -> Observed[tuple[Series, ...]]:
    return many(one(lambda _: hours * 3600, name, None))


def why(seen: Observed[object]) -> Unavailable:
    assert isinstance(seen.value, Unavailable)
    return seen.value


def test_the_worst_series_counts_and_is_named() -> None:
    seen = history.worst(many(one(lambda _: 0.2), one(lambda _: 0.9, "b")))
    assert (seen.value, seen.unit) == (0.9, "ratio")
    assert seen.detail == '{instance="b"} of 2; '


def test_one_series_that_is_not_known_leaves_all_unknown() -> None:
    lost = one(lambda _: None, "b")
    for seen in (
        history.worst(many(one(lambda _: 0.2), lost)),
        history.total(many(one(lambda _: 0.2), lost)),
        history.percentile(many(one(lambda _: 0.2), lost), 0.95),
    ):
        assert why(seen).reason == '{instance="b"}: stale'


def test_no_series_is_nothing() -> None:
    assert why(history.worst(many())).reason == "there is no series"


def test_values_are_added_up() -> None:
    assert history.total(many(one(lambda _: 2.0), one(lambda _: 3.0))).value == 5.0


def test_a_percentile_is_of_the_whole_window() -> None:
    peaks = one(lambda hour: 1.0 if hour > 5.8 else 0.1)
    assert history.percentile(many(peaks), 0.95).value == 0.1
    assert history.percentile(many(peaks), 0.99).value == 1.0


def test_a_query_for_the_present_has_no_percentile() -> None:
    seen = history.percentile(many(one(lambda _: 0.2, window=None)), 0.95)
    assert why(seen).remedy == "give it a `window`"


def test_a_window_that_is_not_there_yet_is_too_early() -> None:
    young = one(lambda hour: 0.2 if hour >= 4 else None)
    reason = why(history.percentile(many(young), 0.95))
    assert reason.cause is Cause.TOO_EARLY
    assert reason.reason == (
        "2 h of 6 h are there, the rest will be at 2026-11-24 16:00 UTC"
    )


def test_gaps_leave_it_unknown() -> None:
    holes = one(lambda hour: None if 2 <= hour < 4 else 0.2)
    reason = why(history.percentile(many(holes), 0.95))
    assert (reason.cause, reason.reason) == (
        Cause.NO_ANSWER,
        "49 of 73 samples of the window are there",
    )


def noisy(rate: float, noise: float, seed: int = 0) -> Series:
    chance = random.Random(seed)  # noqa: S311  # the same noise each time
    return one(lambda hour: 100 * (1 + rate * hour + chance.gauss(0, noise)))


def test_growth_has_an_interval_around_the_true_rate() -> None:
    inside = 0
    for seed in range(200):
        seen = history.growth(many(noisy(0.02, 0.01, seed)), NONE, SIX_HOURS).value
        assert isinstance(seen, history.Growth)
        # Shares are of the mean, which is six percent above the beginning.
        inside += seen.low <= 0.02 / 1.06 <= seen.high
    assert 180 <= inside <= 198


def test_the_fastest_series_counts() -> None:
    both = many(noisy(0.001, 0.0), noisy(0.05, 0.0))
    seen = history.growth(both, NONE, SIX_HOURS).value
    assert isinstance(seen, history.Growth)
    assert seen.rate == pytest.approx(0.05 / 1.15)
    assert str(seen).startswith("+4.35% an hour (95 %: +4.35% to +4.35%) over 6 h")


def test_what_was_before_a_start_was_another_process() -> None:
    leaks = one(lambda hour: 100 + 10 * hour if hour < 3 else 100 + (hour - 3))
    seen = history.growth(many(leaks), age(3.0), dt.timedelta(hours=2)).value
    assert isinstance(seen, history.Growth)
    assert seen.rate == pytest.approx(1 / 101.5, rel=0.01)
    early = history.growth(many(leaks), age(3.0), SIX_HOURS)
    assert why(early).cause is Cause.TOO_EARLY


def test_an_age_that_is_not_known_says_nothing_of_growth() -> None:
    stale = many(one(lambda _: None, "a", None))
    for ages in (stale, fact(Unavailable("refused", Cause.NO_ANSWER))):
        assert why(history.growth(many(noisy(0.0, 0.1)), ages, SIX_HOURS)).reason in {
            "stale",
            "refused",
        }


def test_of_another_process_the_age_does_not_matter() -> None:
    seen = history.growth(many(noisy(0.0, 0.1)), age(1.0, "other"), SIX_HOURS)
    assert isinstance(seen.value, history.Growth)


def test_few_samples_make_no_line() -> None:
    two = one(lambda _: 5.0, window=dt.timedelta(minutes=10))
    reason = why(history.growth(many(two), NONE, dt.timedelta(minutes=10)))
    assert reason.reason == "3 samples are too few for a trend"
