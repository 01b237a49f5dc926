"""Percentiles by nearest rank, and what may be said of them."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.catalogue.observation import Unavailable
from pytest_readiness.probes.samples import Times, fewest, interval, nearest_rank


def slow(count: int, of: int = 100) -> Times:
    return Times((0.1,) * (of - count) + (3.0,) * count)


@pytest.mark.parametrize(
    ("count", "p95"), [(0, 0.1), (4, 0.1), (5, 0.1), (6, 3.0), (100, 3.0)]
)
def test_four_slow_of_a_hundred_pass_and_six_fail(count: int, p95: float) -> None:
    assert slow(count).percentile(0.95) == dt.timedelta(seconds=p95)


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=200),
    st.sampled_from([0.01, 0.5, 0.55, 0.95, 0.99, 1.0]),
)
def test_the_nearest_rank_is_the_smallest_with_enough_below(
    values: list[float], share: float
) -> None:
    found = nearest_rank(values, share)
    assert found in values
    count = sum(value <= found for value in values)
    assert count >= math.floor(share * len(values) + 1e-9)
    fewer = sum(value < found for value in values)
    assert fewer < math.ceil(round(share * len(values), 9)) or fewer == 0


def test_a_percentile_needs_samples_enough_to_claim_it() -> None:
    assert fewest(0.95) == 59
    few = Times((0.1,) * 58).percentile(0.95)
    assert isinstance(few, Unavailable)
    assert few.reason == "58 samples are too few for the 95% percentile, which takes 59"
    assert Times((0.1,) * 59).percentile(0.95) == dt.timedelta(seconds=0.1)
    assert isinstance(Times((0.1,) * 298).percentile(0.99), Unavailable)


@pytest.mark.parametrize(("count", "share"), [(59, 0.95), (100, 0.95), (1000, 0.5)])
def test_the_interval_holds_the_percentile_with_95_percent(
    count: int, share: float
) -> None:
    low, high = interval(count, share)
    assert low is not None

    def below(rank: int) -> float:
        """Give the chance that fewer than so many samples lie below the percentile."""
        return math.fsum(
            math.comb(count, k) * share**k * (1 - share) ** (count - k)
            for k in range(rank)
        )

    assert below(low) <= 0.025 < below(low + 1)
    if high is not None:
        assert below(high) >= 0.975 > below(high - 1)
    else:
        assert below(count) < 0.975


def test_the_words_say_what_a_percentile_rests_on() -> None:
    assert slow(4).words(0.95) == (
        "100 samples, 95 % sure from 100 ms to 3 s; p50 100 ms, p99 3 s, slowest 3 s"
    )
    assert "to above all samples" in Times((0.1,) * 59).words(0.95)
    assert "from below" in Times((0.1,)).words(0.5)
    assert Times(()).words(0.95) == "no samples"
