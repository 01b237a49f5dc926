"""What a window of samples comes to: percentiles, and growth with its interval.

Of several series the worst one counts. A window that is not there yet is too early to
judge; one with gaps says nothing.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.probes.samples import nearest_rank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_readiness.probes.prometheus.series import Sample, Series

__all__ = ["Growth", "growth", "percentile", "total", "worst"]

T = TypeVar("T")
Many = Observed[tuple["Series", ...]]

_PRESENT = 0.95
"""Share of a window's steps that must have a sample."""
_FEWEST = 30
"""Samples from which on a line through them has an interval worth telling."""
_TWO_SIDED = 1.96
"""Of a normal distribution, for 95 %."""


@dataclass(frozen=True)
class Growth:
    """How fast a series grows in an hour, as shares of its mean: a least-squares line.

    ``low`` and ``high`` bound the 95 % interval of the rate.
    """

    rate: float
    low: float
    high: float
    over: dt.timedelta

    def __str__(self) -> str:
        low, high = f"{self.low:+.2%}", f"{self.high:+.2%}"
        over = duration(self.over)
        return f"{self.rate:+.2%} an hour (95 %: {low} to {high}) over {over}"


def worst(series: Many) -> Observed[float]:
    """Give the greatest present value; unavailable where one of them is."""
    return _worst(series, lambda one: one.value.value, float)


def total(series: Many) -> Observed[float]:
    """Give the sum of the present values; unavailable where one of them is."""
    seen = _each(series, lambda one: one.value.value)
    return seen.map(lambda found: math.fsum(value for _, value in found))


def percentile(series: Many, share: float) -> Observed[float]:
    """Give the percentile of a window's samples, by nearest rank."""

    def of(one: Series) -> float | Unavailable:
        if not isinstance(one.value.value, float):
            return one.value.value
        lacking = _lacking(one)
        return lacking or nearest_rank([s.value for s in one.samples], share)

    return _worst(series, of, float)


def growth(series: Many, age: Many, least: dt.timedelta) -> Observed[Growth]:
    """Give the growth of the series that grows fastest.

    ``age`` is that of the processes: what was before their start was another one's, and
    without ``least`` of time since then nothing is said. Where nobody asks for it, the
    window counts as it is.
    """
    started = age.value
    ages: tuple[Series, ...] = ()
    if isinstance(started, Unavailable):
        if started.cause is not Cause.UNCONFIGURED:
            return series.map(lambda _: started)
    else:
        ages = started

    def of(one: Series) -> Growth | Unavailable:
        samples = _since(one, ages)
        if isinstance(samples, Unavailable):
            return samples
        return _lacking(one, least, samples) or _line(samples)

    return _worst(series, of, lambda found: found.rate)


def _since(one: Series, ages: Sequence[Series]) -> Sequence[Sample] | Unavailable:
    """Give the samples of the process that runs now."""
    for other in ages:
        if other.labels.get("instance") == one.labels.get("instance"):
            seconds = other.value.value
            if isinstance(seconds, Unavailable):
                return seconds
            began = one.samples[-1].at - dt.timedelta(seconds=seconds)
            return [sample for sample in one.samples if sample.at >= began]
    return one.samples


def _lacking(
    one: Series,
    least: dt.timedelta | None = None,
    samples: Sequence[Sample] | None = None,
) -> Unavailable | None:
    """Say what a window lacks, None where it is whole."""
    steps = one.steps
    kept = one.samples if samples is None else samples
    if not kept or steps is None:
        return Unavailable(
            "the query is asked for the present only",
            Cause.LOCAL,
            "give it a `window`",
        )
    window, step = steps
    wanted = window if least is None else max(least, dt.timedelta())
    there = kept[-1].at - kept[0].at
    # A step at the front may be missing: windows rarely begin with a sample.
    if there + 2 * step < wanted:
        due = kept[0].at + wanted
        return Unavailable(
            f"{duration(there)} of {duration(wanted)} are there,"
            f" the rest will be at {due:%Y-%m-%d %H:%M} UTC",
            Cause.TOO_EARLY,
        )
    expected = there // step + 1
    if len(kept) < _PRESENT * expected:
        return Unavailable(
            f"{len(kept)} of {expected} samples of the window are there",
            Cause.NO_ANSWER,
            "look at how it is scraped",
        )
    return None


def _line(samples: Sequence[Sample]) -> Growth | Unavailable:
    """Put a line through the samples, by least squares."""
    count = len(samples)
    hours = [(s.at - samples[0].at).total_seconds() / 3600 for s in samples]
    middle = math.fsum(hours) / count
    mean = math.fsum(s.value for s in samples) / count
    spread = math.fsum((hour - middle) ** 2 for hour in hours)
    if count < _FEWEST or mean <= 0 or not spread:
        return Unavailable(
            f"{count} samples are too few for a trend", Cause.NO_ANSWER, "shorten step"
        )
    pairs = list(zip(hours, (s.value for s in samples), strict=True))
    slope = math.fsum((h - middle) * (v - mean) for h, v in pairs) / spread
    left = math.fsum((v - mean - slope * (h - middle)) ** 2 for h, v in pairs)
    error = math.sqrt(left / (count - 2) / spread)
    # Student's t is a little wider than the normal distribution: Fisher's first term.
    wide = _TWO_SIDED * (1 + (1 + _TWO_SIDED**2) / (4 * (count - 2)))
    return Growth(
        slope / mean,
        (slope - wide * error) / mean,
        (slope + wide * error) / mean,
        samples[-1].at - samples[0].at,
    )


def _each(
    series: Many, of: Callable[[Series], T | Unavailable]
) -> Observed[tuple[tuple[Series, T], ...]]:
    def all_of(
        found: tuple[Series, ...],
    ) -> tuple[tuple[Series, T], ...] | Unavailable:
        values: list[tuple[Series, T]] = []
        for one in found:
            value = of(one)
            if isinstance(value, Unavailable):
                reason = f"{one.name}: {value.reason}" if len(found) > 1 else ""
                return replace(value, reason=reason or value.reason)
            values.append((one, value))
        return tuple(values)

    seen = series.map(all_of)
    units = [one.value.unit for one in series.otherwise(())]
    return replace(seen, unit=units[0]) if units else seen


def _worst(
    series: Many, of: Callable[[Series], T | Unavailable], key: Callable[[T], float]
) -> Observed[T]:
    """Give the greatest; the detail names the series, where there are several."""
    each = _each(series, of)
    found = each.value
    if isinstance(found, Unavailable):
        return each.map(lambda _: found)
    if not found:
        nothing = Unavailable("there is no series", Cause.NO_ANSWER)
        return each.map(lambda _: nothing)
    one, value = max(found, key=lambda pair: key(pair[1]))
    detail = f"{one.name} of {len(found)}; " if len(found) > 1 else ""
    return replace(each.map(lambda _: value), detail=f"{detail}{one.value.detail}")
