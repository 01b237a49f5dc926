"""What one query gave: series of numbers, each with its age or the reason for none."""

from __future__ import annotations

import datetime as dt
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.probes.prometheus.ages import FAR, ages
from pytest_readiness.probes.prometheus.api import Window
from pytest_readiness.probes.prometheus.forms import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.prometheus.api import Api
    from pytest_readiness.probes.prometheus.forms import Points, Vector
    from pytest_readiness.target.blocks import PrometheusQuery

__all__ = ["Query", "Result", "Sample", "Series"]

T = TypeVar("T")

_LONGEST_NAME = 120
_NO_SERIES = "no series: the query gives nothing"


class Sample(NamedTuple):
    """One value and its time."""

    at: dt.datetime
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer."""

    labels: Mapping[str, str]
    value: Observed[float]
    """Its newest value; unavailable where that is stale, or no number."""
    age: Observed[dt.timedelta]
    """How old the newest sample is that the value was made of."""
    present: Observed[float]
    """Share of the window's steps that have a number; 1 where there is no window."""
    samples: tuple[Sample, ...]
    """Every number of the window, oldest first."""
    steps: tuple[dt.timedelta, dt.timedelta] | None = None
    """The window and its step; None where only the present was asked for."""

    @property
    def name(self) -> str:
        """The labels as people read them."""
        pairs = [f'{k}="{v}"' for k, v in self.labels.items() if k != "__name__"]
        text = f"{self.labels.get('__name__', '')}{{{', '.join(sorted(pairs))}}}"
        bounded = text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}..."
        return "".join(c if c.isprintable() else "?" for c in bounded)


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one query."""

    series: Observed[tuple[Series, ...]]
    """Its series; unavailable where there are none."""
    count: Observed[int]
    """How many there are; none is an observation."""
    age: Observed[dt.timedelta]
    """Age of the series whose newest sample is the oldest."""


@dataclass(frozen=True)
class Query:
    """One query of a target, and how it is asked."""

    name: str
    query: PrometheusQuery
    freshness: dt.timedelta
    look: Look

    def ask(self, api: Api, now: float) -> Result:
        """Ask it, and how old its samples are; ``now`` is the server's time.

        Raises:
            LookError: no answer, and why.
        """
        began = time.perf_counter()
        query = self.query
        if query.window is None:
            answer = api.instant(query.promql)
        else:
            past, step = query.window.total_seconds(), query.step.total_seconds()
            answer = api.over(query.promql, Window(now - past, now, step))
        answer = tuple((labels, points) for labels, points in answer if points)
        olds = self._ages(answer, api)
        took = dt.timedelta(seconds=time.perf_counter() - began)
        if not answer:
            return self._empty(olds[0], took)
        series = tuple(
            self._series(labels, points, old, now, took)
            for (labels, points), old in zip(answer, olds, strict=True)
        )
        age = max((one.age for one in series), key=_worst)
        return Result(self._seen(series, took), self._seen(len(series), took), age)

    def unavailable(self, reason: Unavailable) -> Result:
        """Give what stands for the answer where there was none."""
        none = dt.timedelta(0)
        return Result(*(self._seen(reason, none) for _ in range(3)))

    def _ages(self, answer: Vector, api: Api) -> list[float | None]:
        """Give each series' age; where there is no series, of what should be one."""
        answers = [labels for labels, _ in answer] or [{}]
        if not self.query.samples:
            return [0.0] * len(answers)
        return ages(self.query.samples, answers, api)

    def _empty(self, old: float | None, took: dt.timedelta) -> Result:
        age: dt.timedelta | Unavailable
        if old is None:
            age = reason = Unavailable(
                f"{_NO_SERIES}, and has had no sample for {FAR}",
                Cause.NO_ANSWER,
                "check that it is scraped, and the labels of the query",
            )
        else:
            age = dt.timedelta(seconds=max(old, 0.0))
            reason = self._stale(age) or Unavailable(_NO_SERIES, Cause.NO_ANSWER)
        return Result(
            self._seen(reason, took), self._seen(0, took), self._seen(age, took)
        )

    def _series(
        self,
        labels: Mapping[str, str],
        points: Points,
        old: float | None,
        now: float,
        took: dt.timedelta,
    ) -> Series:
        at, last = points[-1]
        age: dt.timedelta | Unavailable
        if old is None:
            age = Unavailable(f"no sample for {FAR}", Cause.NO_ANSWER)
            value: float | Unavailable = age
        else:
            # The last steps of a window may be missing: that too is age.
            missing = now - at if self.query.window is not None else 0.0
            age = dt.timedelta(seconds=max(old, missing, 0.0))
            value = self._stale(age) or _number(last)
        sampled = _moment(at) - (
            age if isinstance(age, dt.timedelta) else dt.timedelta()
        )
        numbers = tuple(Sample(_moment(t), v) for t, v in points if math.isfinite(v))
        return Series(
            labels,
            self._seen(value, took, sampled),
            self._seen(age, took, sampled),
            self._seen(min(len(numbers) / self._steps, 1.0), took, unit="ratio"),
            numbers,
            (self.query.window, self.query.step) if self.query.window else None,
        )

    @property
    def _steps(self) -> int:
        if self.query.window is None:
            return 1
        return self.query.window // self.query.step + 1

    def _stale(self, age: dt.timedelta) -> Unavailable | None:
        if age <= self.freshness:
            return None
        return Unavailable(
            f"the newest sample is {duration(age)} old, allowed are"
            f" {duration(self.freshness)}",
            Cause.NO_ANSWER,
            "check that it is scraped",
        )

    def _seen(
        self,
        value: T | Unavailable,
        took: dt.timedelta,
        at: dt.datetime | None = None,
        unit: str | None = None,
    ) -> Observed[T]:
        if unit is None:
            number = isinstance(value, float)
            unit = (self.query.unit or "") if number else ""
        return Observed(
            value,
            f"{self.look.source} {self.name}",
            at or self.look.now(),
            unit,
            took,
            self.look.redact(shown(self.query.promql)),
        )


def _worst(age: Observed[dt.timedelta]) -> dt.timedelta:
    """Order ages: what is not known counts as the oldest."""
    return age.otherwise(dt.timedelta.max)


def _number(value: float) -> float | Unavailable:
    if math.isfinite(value):
        return value
    words = "NaN" if math.isnan(value) else f"{value:+}".replace("inf", "Inf")
    why = ", as of nothing divided by nothing" if math.isnan(value) else ""
    return Unavailable(f"its value is {words}{why}", Cause.NO_ANSWER)


def _moment(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)
