"""Metrics in Prometheus' text format 0.0.4."""

from __future__ import annotations

import copy
import threading
from collections import Counter as Tally
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from pytest_readiness.demo.engine.process import Process
from pytest_readiness.demo.engine.routing import Call, Route

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Counter", "Histogram", "Metrics"]

_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the latency buckets, in seconds."""
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Counter:
    """Counts events by the values of its labels."""

    def __init__(self, name: str, what: str, *labels: str) -> None:
        self._name = name
        self._what = what
        self._labels = labels
        self._lock = threading.Lock()
        self._counts: Tally[tuple[str, ...]] = Tally()

    def add(self, *values: str) -> None:
        """Count one event."""
        with self._lock:
            self._counts[values] += 1

    def lines(self) -> Iterator[str]:
        """Write the counter down."""
        yield from _head(self._name, self._what, "counter")
        with self._lock:
            counts = sorted(self._counts.items())
        for values, count in counts:
            yield f"{self._name}{_labelled(self._labels, values)} {count}"


@dataclass
class _Durations:
    """Those of one set of label values."""

    buckets: list[int] = field(default_factory=lambda: [0] * len(_BOUNDS))
    count: int = 0
    total: float = 0.0


class Histogram:
    """Sorts durations into buckets."""

    def __init__(self, name: str, what: str, *labels: str) -> None:
        self._name = name
        self._what = what
        self._labels = labels
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], _Durations] = {}

    def observe(self, seconds: float, *values: str) -> None:
        """Record one duration, by the values of the labels."""
        with self._lock:
            known = self._known.setdefault(values, _Durations())
            known.count += 1
            known.total += seconds
            for index, bound in enumerate(_BOUNDS):
                known.buckets[index] += seconds <= bound

    def lines(self) -> Iterator[str]:
        """Write the histogram down; buckets are cumulative."""
        yield from _head(self._name, self._what, "histogram")
        with self._lock:
            known = copy.deepcopy(self._known)
        for values, one in sorted(known.items()):
            bounds = [*map(str, _BOUNDS), "+Inf"]
            for bound, inside in zip(bounds, [*one.buckets, one.count], strict=True):
                labels = _labelled((*self._labels, "le"), (*values, bound))
                yield f"{self._name}_bucket{labels} {inside}"
            labels = _labelled(self._labels, values)
            yield f"{self._name}_sum{labels} {one.total:.6f}"
            yield f"{self._name}_count{labels} {one.count}"


class Metrics:
    """What the engine counts, and the route that tells it."""

    def __init__(self, version: str) -> None:
        self.requests = Counter(
            *("engine_requests_total", "Requests answered", "method", "route", "status")
        )
        self.seconds = Histogram(
            "engine_request_seconds", "Time to answer a request", "route"
        )
        self.orders = Counter("engine_orders_total", "Orders taken", "side")
        self.lookups = Counter(
            "engine_quote_lookups_total", "Quotes looked up in the cache", "result"
        )
        self._version = version
        self._process = Process()
        self.routes = (
            Route(
                *("GET", "/metrics", "Metrics for Prometheus", self.show), gives=_TYPE
            ),
        )

    def show(self, _call: Call) -> Response:
        """Write all metrics down."""
        lines = [
            *_head("engine_build_info", "The release that runs", "gauge"),
            f'engine_build_info{{version="{self._version}"}} 1',
        ]
        for metric in (self.requests, self.seconds, self.orders, self.lookups):
            lines += metric.lines()
        lines += self._process.lines()
        return Response("\n".join(lines) + "\n", content_type=_TYPE)


def _head(name: str, what: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {what}."
    yield f"# TYPE {name} {kind}"


def _labelled(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    # No value that is counted here holds a quote, a backslash or a line feed.
    if not names:
        return ""
    pairs = zip(names, values, strict=True)
    return "{" + ",".join(f'{name}="{value}"' for name, value in pairs) + "}"
