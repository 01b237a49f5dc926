"""Performance Optimization, by its metrics: too much used, leaking, collecting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.prometheus import TOLD, promql
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Value = float | Callable[[float], float | None]

__all__ = ["FAULTS"]

_LOOKS = frozenset({"prometheus"})
_HOUR = 3600.0
_USAGE, _WORKERS = "resource-usage", "parallel-processing"
_MEMORY, _GARBAGE = "memory-management", "garbage-collection"


def _told(query: str, value: Value) -> Callable[[Breakage], None]:
    """Have the metrics say something else."""

    def apply(breakage: Breakage) -> None:
        told = TOLD[query]._replace(value=value)
        breakage.enter(breakage.bench.prometheus.telling(promql(query), told))

    return apply


def _since(seconds: float, value: float) -> Value:
    """Have been measured only since then."""
    began = time.time() - seconds
    return lambda at: value if at >= began else None


def _every(count: int, value: float, otherwise: float | None) -> Value:
    """Be so in one minute of several."""
    return lambda at: value if int(at / 60) % count == 0 else otherwise


def _grows(share: float) -> Value:
    """Grow by a share of 300 MB each hour."""
    began = time.time()
    return lambda at: 300e6 * (1 + share * (at - began) / _HOUR)


def _fault(
    item: str,
    state: State | None,
    words: tuple[str, str],
    apply: Callable[[Breakage], None],
) -> Fault:
    turns = {} if state is None else {f"performance-optimization.{item}": state}
    return Fault(*words, turns, _LOOKS, apply)


FAULTS = (
    _fault(
        *(_USAGE, State.FAILED, ("usage-busy-core", "the CPU has been busy for long")),
        _told("cpu-history", 0.93),
    ),
    _fault(
        *(_USAGE, State.FAILED, ("usage-memory-full", "memory has been nearly full")),
        _told("memory-history", 0.91),
    ),
    _fault(
        *(_USAGE, State.FAILED, ("usage-full-disk", "a disk is nearly full")),
        _told("disk-used", 0.95),
    ),
    _fault(
        *(_USAGE, State.UNKNOWN, ("usage-gaps", "every other sample is missing")),
        _told("cpu-history", _every(2, 0.3, None)),
    ),
    _fault(
        *(_USAGE, State.PENDING, ("usage-young", "measured for ten minutes only")),
        _told("cpu-history", _since(_HOUR / 6, 0.3)),
    ),
    _fault(
        *(_USAGE, None, ("usage-peaks", "busy in one minute of thirty: good")),
        _told("cpu-history", _every(30, 1.0, 0.3)),
    ),
    _fault(
        *(_WORKERS, State.FAILED, ("workers-one", "one worker on eight cores")),
        _told("workers", 1.0),
    ),
    _fault(
        *(_MEMORY, State.FAILED, ("memory-leak", "memory grows by 3 % an hour")),
        _told("resident-memory", _grows(0.03)),
    ),
    _fault(
        *(_MEMORY, State.PENDING, ("memory-young", "the process is an hour old")),
        _told("process-age", _HOUR),
    ),
    _fault(
        *(_MEMORY, None, ("memory-grows-little", "0.3 % an hour is no leak: good")),
        _told("resident-memory", _grows(0.003)),
    ),
    _fault(
        *(_GARBAGE, State.FAILED, ("gc-storm", "twelve full collections a second")),
        _told("gc-collections", 12.0),
    ),
    _fault(
        *(_GARBAGE, State.FAILED, ("gc-pauses", "a fifth of the time in pauses")),
        _told("gc-pauses", 0.2),
    ),
)
