"""Dashboards and logs: what is not there, is old, or is there for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.standins import hostile
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_HOUR = 3600.0


def _grafana(**attributes: object) -> Apply:
    def apply(breakage: Breakage) -> None:
        for name, value in attributes.items():
            breakage.enter(mock.patch.object(breakage.bench.grafana, name, value))

    return apply


def _loki(**attributes: object) -> Apply:
    def apply(breakage: Breakage) -> None:
        for name, value in attributes.items():
            breakage.enter(mock.patch.object(breakage.bench.loki, name, value))

    return apply


def _down(table: str) -> Apply:
    def apply(breakage: Breakage) -> None:
        port = breakage.enter(hostile.refuses())
        breakage.set(table, url=f"https://127.0.0.1:{port}")

    return apply


def _dashboard(
    name: str, summary: str, apply: Apply, state: State = State.FAILED
) -> Fault:
    turns = {"monitoring-and-alerting.dashboard": state}
    return Fault(f"dashboard-{name}", summary, turns, frozenset({"grafana"}), apply)


def _logs(name: str, summary: str, apply: Apply, state: State = State.FAILED) -> Fault:
    turns = {"monitoring-and-alerting.log-monitoring": state}
    return Fault(f"logs-{name}", summary, turns, frozenset({"logs"}), apply)


FAULTS = (
    _dashboard(
        *("missing", "a dashboard is not there"),
        _grafana(dashboards={"engine-orders": 6}),
    ),
    _dashboard(
        *("empty", "a dashboard shows nothing"),
        _grafana(dashboards={"engine-overview": 0, "engine-orders": 6}),
    ),
    _dashboard(
        *("open", "everybody may look at the dashboards"), _grafana(anonymous=True)
    ),
    _dashboard(
        *("ill", "Grafana does not reach its database"), _grafana(database="failing")
    ),
    _dashboard(
        *("down", "nothing answers where Grafana should be"),
        _down("grafana"),
        State.UNKNOWN,
    ),
    _logs("old", "the newest line is an hour old", _loki(age=_HOUR)),
    _logs("none", "there is no line of the service", _loki(age=None)),
    _logs("not-ready", "the log store is not ready", _loki(ready=False)),
    _logs(
        *("down", "nothing answers where the log store should be"),
        _down("logs"),
        State.UNKNOWN,
    ),
)
