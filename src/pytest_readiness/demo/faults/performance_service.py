"""Performance Optimization, by the service itself: slow, stalling, shedding."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.performance import ASSET, LOADED, TIMED, warm
from pytest_readiness.demo.pieces.prometheus import QUERIES
from pytest_readiness.demo.standins.cdn import cdn
from pytest_readiness.demo.standins.front import front
from pytest_readiness.demo.standins.manners import Manners
from pytest_readiness.demo.standins.prometheus import Told
from pytest_readiness.target.values import is_table
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_LOOKS = frozenset({"service", "responses", "connections", "load"})
_RESPONSES, _LOAD, _CACHING = "response-times", "throughput", "caching"
_CONNECTIONS, _CDN = "connection-pooling", "cdn"
_FEW, _MANY = 60, 100
_SLOW = 1.2
_LATER = 30
"""Requests that are past before the load begins, those of other looks."""
_LATENCIES = "order-latencies"
_BUCKETS = 'sum by (route, le) (rate(engine_order_seconds_bucket{job="engine"}[1h]))'


def _through(manners: Manners, **limits: object) -> Apply:
    """Have the service be reached through something that has its own manners."""

    def apply(breakage: Breakage) -> None:
        bench = breakage.bench
        context = bench.authority.issue().server_context(bench.folder, "front")
        change = manners.change()
        opened = front(bench.engine.port, bench.ca_file, context, change)
        port = breakage.enter(opened).port
        breakage.set("service", url=f"https://127.0.0.1:{port}")
        _limit(breakage, **limits)

    return apply


def _limit(breakage: Breakage, **limits: object) -> None:
    known = breakage.tables["limits"]
    breakage.tables["limits"] = {**known, "service": {**known["service"], **limits}}


def _set(table: str, **settings: object) -> Apply:
    """Have the target file say something else in a table below ``service``."""

    def apply(breakage: Breakage) -> None:
        before = breakage.tables["service"][table]
        if is_table(before):
            breakage.set("service", **{table: {**before, **settings}})

    return apply


def _both(*applies: Apply) -> Apply:
    def apply(breakage: Breakage) -> None:
        for one in applies:
            one(breakage)

    return apply


def _stall(seconds: float) -> Callable[[int], float]:
    """Stand still once, for all that come meanwhile."""
    began: list[float] = []

    def delay(number: int) -> float:
        if number < _FEW // 10:
            began.clear()  # another run of it stands still again
            return 0.0
        began[:] = began or [time.monotonic()]
        return max(began[0] + seconds - time.monotonic(), 0.0)

    return delay


def _tail(slow: int) -> Apply:
    """Have so many of a hundred be slow; the first one of all is no sample."""
    manners = Manners(TIMED, lambda number: _SLOW if 0 < number <= slow else 0.0)
    many = _set("routes", samples=_MANY, parallel=8)
    return _both(many, _through(manners, p95="1s"))


def _recorded(buckets: Mapping[str, float]) -> Apply:
    """Have Prometheus know the latencies of a route that writes."""

    def apply(breakage: Breakage) -> None:
        _set("routes", recorded=_LATENCIES)(breakage)
        queries = {**QUERIES, _LATENCIES: {"promql": _BUCKETS}}
        breakage.set("prometheus", queries=queries)
        series = (
            Told({"route": "POST /orders", "le": edge}, count)
            for edge, count in buckets.items()
        )
        breakage.enter(breakage.bench.prometheus.telling(_BUCKETS, *series))

    return apply


def _cache(*, misses: int) -> Apply:
    """Have the cache's counters say something else."""

    def apply(breakage: Breakage) -> None:
        bench = breakage.bench

        def mend() -> None:
            bench.valkey.forget_lookups()
            warm(bench)

        breakage.stack.callback(mend)
        bench.valkey.forget_lookups()
        if misses:
            bench.valkey.look_up(misses, hits=False)

    return apply


def _cdn(control: str = "", *, keeps: bool = True, path: str = ASSET) -> Apply:
    def apply(breakage: Breakage) -> None:
        bench = breakage.bench
        context = bench.authority.issue().server_context(bench.folder, "cdn-2")
        port = breakage.enter(cdn(context, control, keeps=keeps)).port
        breakage.set("cdn", assets=[f"https://127.0.0.1:{port}{path}"])

    return apply


def _forbidden(breakage: Breakage) -> None:
    breakage.tables["allow"].remove("load")


def _fault(
    item: str,
    state: State | None,
    words: tuple[str, str],
    apply: Apply,
    looks: frozenset[str] = _LOOKS,
) -> Fault:
    turns = {} if state is None else {f"performance-optimization.{item}": state}
    return Fault(*words, turns, looks, apply)


_KEPT = frozenset({"redis"})
_METRICS = _LOOKS | {"prometheus"}
_BAD, _GOOD = State.FAILED, None

FAULTS = (
    _fault(
        *(_RESPONSES, _BAD, ("responses-slow-route", "one route is slow")),
        _both(
            _set("routes", parallel=20),
            _through(Manners(TIMED, lambda _: 0.2), p95="150ms"),
        ),
    ),
    _fault(
        *(_RESPONSES, _BAD, ("responses-slow-tail", "6 of 100 answers are slow")),
        _tail(6),
    ),
    _fault(
        *(_RESPONSES, _GOOD, ("responses-few-slow", "4 of 100 are slow: good")),
        _tail(4),
    ),
    _fault(
        *(_RESPONSES, _BAD, ("responses-errors", "a tenth of the answers are errors")),
        _through(Manners(TIMED, sheds=lambda n: n % 10 == 0, status=500)),
    ),
    _fault(
        *(_RESPONSES, State.UNKNOWN, ("responses-no-route", "a route is not there")),
        _set("routes", timed=["/quotes/NOBODY", "/version"]),
    ),
    _fault(
        *(_RESPONSES, _BAD, ("responses-recorded-slow", "a route that writes is slow")),
        _recorded({"0.5": 40.0, "2.5": 90.0, "5": 99.0, "+Inf": 100.0}),
        _METRICS,
    ),
    _fault(
        *(
            *(_RESPONSES, State.UNKNOWN),
            ("responses-short-buckets", "the buckets end before two seconds"),
        ),
        _recorded({"0.5": 40.0, "1": 90.0, "+Inf": 100.0}),
        _METRICS,
    ),
    _fault(
        *(_RESPONSES, _GOOD, ("responses-recorded", "recorded latencies: good")),
        _recorded({"0.5": 40.0, "1": 99.0, "2.5": 100.0, "+Inf": 100.0}),
        _METRICS,
    ),
    _fault(
        *(_LOAD, _BAD, ("load-stalls", "under load it stands still for a while")),
        _through(Manners(LOADED, _stall(1.2)), p95="1s"),
    ),
    _fault(
        *(_LOAD, _BAD, ("load-sheds", "under load it turns requests away")),
        _through(Manners(LOADED, sheds=lambda n: n >= _LATER and n % 2 == 0)),
    ),
    _fault(
        *(_LOAD, _BAD, ("load-cannot-keep-up", "it answers one after the other")),
        _through(Manners(LOADED, lambda _: 0.06, in_turn=True), rate=3000.0),
    ),
    _fault(
        *(_LOAD, _BAD, ("load-too-short", "a load of 0.6 s where 60 s are asked")),
        lambda breakage: _limit(breakage, load="60s"),
    ),
    _fault(
        *(
            *(_LOAD, State.UNCONFIGURED),
            ("load-forbidden", "nobody may put it under load"),
        ),
        _forbidden,
    ),
    _fault(
        *(_LOAD, State.UNKNOWN, ("load-saturated", "the generator itself is late")),
        _set("load", late="0s"),
    ),
    _fault(
        *(_CACHING, _BAD, ("caching-cold", "nine lookups of ten find nothing")),
        _both(_cache(misses=10_000), lambda breakage: warm(breakage.bench)),
        _KEPT,
    ),
    _fault(
        *(_CACHING, State.PENDING, ("caching-young", "hardly anything looked up yet")),
        _cache(misses=0),
        _KEPT,
    ),
    _fault(
        *(_CACHING, _BAD, ("caching-no-etag", "an answer comes without a validator")),
        _through(Manners(drops=frozenset({"etag"}))),
    ),
    _fault(
        *(_CACHING, _BAD, ("caching-always-whole", "validators are ignored")),
        _through(Manners(drops=frozenset({"if-none-match"}))),
    ),
    _fault(
        *(_CONNECTIONS, _BAD, ("connections-closed", "each answer ends a connection")),
        _through(Manners(closes=True)),
    ),
    _fault(
        *(_CDN, _BAD, ("cdn-no-header", "a file may be kept by nobody")),
        _cdn(""),
        frozenset({"cdn"}),
    ),
    _fault(
        *(_CDN, _BAD, ("cdn-misses", "every read goes to the origin")),
        _cdn("public, max-age=600", keeps=False),
        frozenset({"cdn"}),
    ),
)
