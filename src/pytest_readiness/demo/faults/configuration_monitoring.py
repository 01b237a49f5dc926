"""Configuration Management: metrics without an alert, and rules that do not work."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]
    Rules = list[dict[str, Any]]

__all__ = ["FAULTS"]

_ITEM = "configuration-management.monitoring-configuration"
_ALERTS = "monitoring-and-alerting.alert-configuration"
_TOUCHES = frozenset({"prometheus"})


def _rules(change: Callable[[Rules], object]) -> Apply:
    """Have other rules loaded."""

    def apply(breakage: Breakage) -> None:
        prometheus = breakage.bench.prometheus
        before = prometheus.groups
        breakage.stack.callback(lambda: setattr(prometheus, "groups", before))
        groups: list[dict[str, Any]] = copy.deepcopy(before)
        change(groups[0]["rules"])
        prometheus.groups = groups

    return apply


def _without(name: str) -> Apply:
    def change(rules: Rules) -> None:
        rules[:] = [rule for rule in rules if rule["name"] != name]

    return _rules(change)


def _with(name: str, **changes: object) -> Apply:
    def change(rules: Rules) -> None:
        next(rule for rule in rules if rule["name"] == name).update(changes)

    return _rules(change)


def _fault(name: str, summary: str, apply: Apply, state: State = State.FAILED) -> Fault:
    return Fault(f"rules-{name}", summary, {_ITEM: state}, _TOUCHES, apply)


FAULTS = (
    _fault(
        *("metric-without-alert", "a metric that matters has no alert"),
        _without("DiskFills"),
    ).also(_ALERTS, State.FAILED),
    _fault(
        *("evaluation-error", "Prometheus cannot evaluate a rule"),
        _with("EngineSlow", health="err", lastError="found duplicate series"),
    ).also(_ALERTS, State.FAILED),
    _fault(
        *("no-threshold", "an alert compares its metric with nothing"),
        _with("DatabaseDown", query='pg_up{job="postgres"}'),
    ),
    _fault(
        *("at-once", "an alert fires at the first sample"),
        _with("DatabaseDown", duration=0),
    ),
    _fault(
        *("not-evaluated", "a rule has not been evaluated yet"),
        _with("EngineSlow", health="unknown"),
        State.UNKNOWN,
    ).also(_ALERTS, State.UNKNOWN),
    _fault(
        *("no-key-metrics", "nobody says which metrics matter"),
        lambda breakage: breakage.tables["prometheus"].pop("key_metrics"),
        State.UNCONFIGURED,
    ).also(_ALERTS, State.UNCONFIGURED),
)
