"""Percentiles of what is counted in buckets: a histogram of Prometheus.

As ``histogram_quantile`` does it: within a bucket times are taken to be spread evenly.
What lies above the last edge has no time at all.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.catalogue.rendering import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_readiness.probes.prometheus.series import Series

__all__ = ["latencies"]

_SHARE = 0.95
_Buckets = list[tuple[float, float]]
"""Upper edges in seconds, and how many requests took no longer."""


def latencies(
    series: Iterable[Series], edge: dt.timedelta
) -> tuple[tuple[str, Observed[dt.timedelta]], ...]:
    """Give the 95th percentile for each set of labels beside ``le``."""
    groups: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    for one in series:
        labels = {k: v for k, v in one.labels.items() if k not in {"le", "__name__"}}
        groups.setdefault(tuple(sorted(labels.items())), []).append(one)
    return tuple(
        (_name(labels), _percentile(group, edge)) for labels, group in groups.items()
    )


def _name(labels: Sequence[tuple[str, str]]) -> str:
    return " ".join(value for _, value in labels) or "all routes"


def _percentile(group: list[Series], edge: dt.timedelta) -> Observed[dt.timedelta]:
    fact = group[0].value
    value, detail = _value(group, edge)
    return Observed(value, fact.source, fact.at, "", fact.duration, detail)


def _value(
    group: list[Series], edge: dt.timedelta
) -> tuple[dt.timedelta | Unavailable, str]:
    counts = _counts(group)
    if isinstance(counts, Unavailable):
        return counts, ""
    edges = [upper for upper, _ in counts if math.isfinite(upper)]
    total = counts[-1][1] if counts else 0.0
    if not edges or math.isfinite(counts[-1][0]):
        return _nothing("the query gives no buckets with `le`"), ""
    if total <= 0:
        return _nothing("no request was counted"), ""
    wanted = _SHARE * total
    index = next(i for i, (_, count) in enumerate(counts) if count >= wanted)
    upper, count = counts[index]
    lower, before = counts[index - 1] if index else (0.0, 0.0)
    if not math.isfinite(upper):
        last = dt.timedelta(seconds=edges[-1])
        if last >= edge:
            return last, f"above the last edge, {duration(last)}"
        return _nothing(
            f"more than 5 % took longer than the last edge, {duration(last)}",
            f"add a bucket of {duration(edge)} or more",
        ), ""
    inside = (wanted - before) / (count - before) if count > before else 1.0
    seconds = lower + (upper - lower) * inside
    between = f"{lower:g} s and {upper:g} s"
    return dt.timedelta(seconds=seconds), f"interpolated between {between}"


def _counts(group: list[Series]) -> _Buckets | Unavailable:
    counts: _Buckets = []
    for one in group:
        value = one.value.value
        if isinstance(value, Unavailable):
            return value
        try:
            counts.append((float(one.labels.get("le", "")), value))
        except ValueError:
            return _nothing("the query gives no buckets with `le`")
    return sorted(counts)


def _nothing(reason: str, remedy: str = "correct the query") -> Unavailable:
    return Unavailable(reason, Cause.NO_ANSWER, remedy)
