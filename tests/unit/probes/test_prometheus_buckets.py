"""Percentiles of buckets, and what lies above the last one."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.prometheus import Series
from pytest_readiness.probes.prometheus.buckets import latencies

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
TWO = dt.timedelta(seconds=2)


def bucket(le: str, value: float | Unavailable, **labels: str) -> Series:
    zero = Observed(dt.timedelta(), "q", NOW)
    seen: Observed[float] = Observed(value, "q", NOW)
    return Series({**labels, "le": le}, seen, zero, Observed(1.0, "q", NOW), ())


def p95(**counts: float) -> Observed[dt.timedelta]:
    """Give the percentile of buckets, whose edges have ``_`` for the point."""
    series = [
        bucket(edge.removeprefix("le").replace("_", "."), count)
        for edge, count in counts.items()
    ]
    ((_, found),) = latencies(series, TWO)
    return found


def test_within_a_bucket_times_are_spread_evenly() -> None:
    found = p95(le0_5=40, le1=90, le2_5=100, **{"le+Inf": 100})
    # 95 of 100: half of the ten between 1 s and 2.5 s.
    assert found.value == dt.timedelta(seconds=1.75)
    assert found.detail == "interpolated between 1 s and 2.5 s"
    assert p95(le1=100, **{"le+Inf": 100}).value == dt.timedelta(seconds=0.95)


def test_above_the_last_edge_a_time_is_known_only_if_that_edge_is_enough() -> None:
    above = p95(le1=40, le2=90, **{"le+Inf": 100})
    assert (above.value, above.detail) == (TWO, "above the last edge, 2 s")
    below = p95(le1=90, **{"le+Inf": 100}).value
    assert isinstance(below, Unavailable)
    assert below.cause is Cause.NO_ANSWER
    assert below.remedy == "add a bucket of 2 s or more"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"le1": 0.0, "le+Inf": 0.0}, "no request was counted"),
        ({"le1": 9.0, "le2": 9.0}, "the query gives no buckets with `le`"),
        ({"le+Inf": 9.0}, "the query gives no buckets with `le`"),
        ({"le": 9.0}, "the query gives no buckets with `le`"),
    ],
)
def test_what_are_no_buckets(counts: dict[str, float], words: str) -> None:
    found = p95(**counts).value
    assert isinstance(found, Unavailable)
    assert found.reason == words


def test_a_bucket_that_is_stale_leaves_its_route_unknown() -> None:
    stale = Unavailable("stale", Cause.NO_ANSWER)
    series = [
        *(bucket("1", 5.0, route="/a"), bucket("+Inf", 5.0, route="/a")),
        *(bucket("1", stale, route="/b"), bucket("+Inf", 5.0, route="/b")),
    ]
    found = dict(latencies(series, TWO))
    assert found["/a"].value == dt.timedelta(seconds=0.95)
    assert found["/b"].value == stale


def test_without_other_labels_it_is_of_all_routes() -> None:
    ((name, _),) = latencies([bucket("1", 1.0), bucket("+Inf", 1.0)], TWO)
    assert name == "all routes"
