"""Typing examples: what a suite's author writes, and what the checkers must refuse.

Never run: `make types` has mypy and basedpyright read it. A line with an ignore is an
error on purpose; an ignore that is no longer needed is an error, too.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import datetime as dt
from typing import assert_type

from pytest_readiness import (
    Bound,
    Cause,
    Check,
    Limits,
    Observed,
    Postgres,
    Prometheus,
    Redis,
    Unavailable,
    attested,
    days,
    hours,
    item,
    rollup,
    section,
)

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)

pytestmark = section("database-setup", stage="pre-production")


@item("replication", owner="dba", core=True)
@attested(role=("dba", "ops-lead"), scope="environment", max_age=days(90))
def test_replication(check: Check, postgres: Postgres, limits: Limits) -> None:
    """An item takes probes, limits and `check`, and returns nothing."""
    check("version", postgres.version).at_least(limits.postgres.min_version)


@item("everything", owner="project-manager")
@rollup(over=("database-setup.*", "monitoring.*"), excluding="monitoring.alerts")
def test_everything() -> None:
    """A rollup has no body."""


@attested(role="dba", scope="release", when="unconfigured", max_age=hours(2))
def test_word_of_when() -> None:
    """`when` knows two words."""


@attested(role="dba", scope="release", when="sometimes")  # type: ignore[arg-type]
def test_wrong_word_of_when() -> None:
    """Another word is refused."""


def facts(check: Check, redis: Redis) -> None:
    """A fact carries its type from the probe to the requirement."""
    assert_type(redis.round_trip, Observed[dt.timedelta])
    assert_type(redis.round_trip.value, dt.timedelta | Unavailable)
    assert_type(redis.maxmemory.otherwise(0), int)
    assert_type(redis.maxmemory.map(str), Observed[str])
    check("memory", redis.maxmemory).above(0).at_most(redis.maxmemory)
    check("memory", redis.maxmemory).above("1 MB")  # type: ignore[arg-type]
    check("round trip", redis.round_trip).below(dt.timedelta(milliseconds=5))
    check("round trip", redis.round_trip).below(5)  # type: ignore[arg-type]


def metrics(check: Check, prometheus: Prometheus) -> None:
    """A query gives numbers, and an age that its limit fits."""
    assert_type(prometheus.value("p95"), Observed[float])
    check("age", prometheus.age("p95")).at_most(prometheus.freshness)
    check("series", prometheus.count("p95")).at_least(1)
    for series in check.each("p95", prometheus.series("p95")):
        check(series.name, series.value).below(2.0)


def bounds(check: Check, left: Observed[dt.timedelta], names: Observed[str]) -> None:
    """A bound is a value, a limit of the target, or another fact of the same type."""
    check("left", left).at_least(Bound(days(30), floor=days(1)))
    check("left", left).at_least(Bound(30))  # type: ignore[arg-type]
    check("left", left).between(hours(1), days(1))
    check("left", left).at_least(left)
    check("left", left).at_least(names)  # type: ignore[arg-type]
    check("names", names).one_of({"a", "b"})
    check("names", names).is_true()  # type: ignore[misc]


def lists(check: Check, hosts: Observed[tuple[str, ...]]) -> None:
    """`each` gives the members and records that there are none."""
    for host in check.each("hosts", hosts):
        assert_type(host, str)
    check("hosts", hosts).contains("a").empty()


def values(fact: Observed[int]) -> int:
    """Unavailable has to be handled before a value can be used."""
    fact.value + 1  # type: ignore[operator]
    if isinstance(fact.value, Unavailable):
        assert_type(fact.value.cause, Cause)
        return 0
    return fact.value


def made() -> Observed[int]:
    """A probe's author makes facts of values or of reasons."""
    _good = Observed(1, "db.example", NOW, unit="bytes")
    return Observed(Unavailable("no answer", Cause.NO_ANSWER), "db.example", NOW)
