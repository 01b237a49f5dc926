"""What a system's monitoring covers: which instances, which routes, in which form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Observed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pytest_readiness.probes.prometheus.loaded import Rule
    from pytest_readiness.probes.prometheus.series import Result, Series

__all__ = ["critical", "histogram", "lacking", "routes", "without"]

_INSTANCE = "instance"
_INFINITE = ("+Inf", "inf", "Inf")


def lacking(of: Result, result: Result) -> Observed[tuple[str, ...]]:
    """Give the instances that one query knows, and that another has no series of.

    Series without the label are about all instances.
    """
    known = of.series.map(lambda series: tuple(_values(series, _INSTANCE)))
    if result.count.value == 0:
        return known
    there = result.series

    def missing(names: tuple[str, ...]) -> tuple[str, ...] | Unavailable:
        series = there.value
        if isinstance(series, Unavailable):
            return series
        if any(_INSTANCE not in one.labels for one in series):
            return ()
        found = set(_values(series, _INSTANCE))
        return tuple(name for name in names if name not in found)

    return known.map(missing)


def histogram(result: Result) -> Observed[bool]:
    """Say whether the series are a histogram's: buckets, with one for all of it."""
    if result.count.value == 0:
        return result.count.map(lambda _: False)
    return result.series.map(lambda series: _has_buckets([s.labels for s in series]))


def critical(rules: Iterable[Rule], severities: Collection[str]) -> tuple[str, ...]:
    """Give the names of the alerts with one of the severities."""
    return tuple(
        rule.name for rule in rules if rule.labels.get("severity") in severities
    )


def without(rules: Iterable[Rule], what: str) -> tuple[str, ...]:
    """Give the alerts that have no severity, or no runbook."""
    alerts = (rule for rule in rules if rule.kind == "alerting")
    return tuple(
        rule.name
        for rule in alerts
        if not (rule.runbook if what == "runbook" else rule.labels.get(what))
    )


def routes(result: Result, label: str) -> Observed[tuple[str, ...]]:
    """Give the routes that a query's series are about."""
    if result.count.value == 0:
        return result.count.map(lambda _: ())
    return result.series.map(lambda series: tuple(_values(series, label)))


def _values(series: Iterable[Series], label: str) -> Iterable[str]:
    values = (one.labels.get(label, "") for one in series)
    return dict.fromkeys(value for value in values if value)


def _has_buckets(labels: list[Mapping[str, str]]) -> bool:
    bounds = {one.get("le", "") for one in labels}
    return "" not in bounds and bool(bounds & set(_INFINITE)) and len(bounds) > 1
