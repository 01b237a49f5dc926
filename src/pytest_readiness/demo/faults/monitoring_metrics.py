"""Monitoring by metrics: what is not scraped, is stale, or is not told at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.prometheus import ROUTES, SEVERAL, TOLD, promql
from pytest_readiness.demo.standins.prometheus import Told
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_LOOKS = frozenset({"prometheus"})
_STALE = 420.0
"""Seconds: longer than a sample counts."""
_SYSTEM, _APPLICATION = "system-monitoring", "application-monitoring"
_DATABASE, _API, _UPTIME = "database-monitoring", "api-monitoring", "uptime-monitoring"


def _says(query: str, *series: Told) -> Apply:
    """Have a query give other series; none at all where none is given."""
    return lambda breakage: breakage.enter(
        breakage.bench.prometheus.telling(promql(query), *series)
    )


def _told(query: str, value: float) -> Apply:
    return _says(query, TOLD[query]._replace(value=value))


def _stale(query: str) -> Apply:
    return _says(query, TOLD[query]._replace(age=_STALE))


def _one_machine_less() -> Apply:
    """Have a second machine that tells nothing of its network."""
    second = {**TOLD["node-up"].labels, "instance": "trading-2:9100"}
    up = TOLD["node-up"]
    more = {
        name: TOLD[name]._replace(labels={**TOLD[name].labels, **_of(second)})
        for name in ("cpu-used", "memory-used", "disk-used")
    }

    def apply(breakage: Breakage) -> None:
        _says("node-up", up, up._replace(labels=second))(breakage)
        for name, told in more.items():
            _says(name, TOLD[name], told)(breakage)

    return apply


def _of(labels: dict[str, str]) -> dict[str, str]:
    return {"instance": labels["instance"]}


def _fault(item: str, name: str, summary: str, apply: Apply) -> Fault:
    turns = {f"monitoring-and-alerting.{item}": State.FAILED}
    return Fault(name, summary, turns, _LOOKS, apply)


FAULTS = (
    _fault(
        *(_SYSTEM, "monitoring-node-down", "a machine's exporter is down"),
        _told("node-up", 0.0),
    ),
    _fault(
        *(_SYSTEM, "monitoring-node-stale", "a machine tells nothing new of itself"),
        _stale("network-received"),
    ),
    _fault(
        *(_SYSTEM, "monitoring-node-series", "nothing tells of the network"),
        _says("network-received"),
    ),
    _fault(
        *(_SYSTEM, "monitoring-node-lacks", "one machine of two tells less"),
        _one_machine_less(),
    ),
    _fault(
        *(_APPLICATION, "monitoring-service-down", "the service is not scraped"),
        _told("service-up", 0.0),
    ),
    _fault(
        *(_APPLICATION, "monitoring-metric-missing", "the request rate is not told"),
        _says("request-rate"),
    ),
    _fault(
        *(_DATABASE, "monitoring-pg-up-0", "the exporter cannot reach the database"),
        _told("postgres-up", 0.0),
    ),
    _fault(
        *(_DATABASE, "monitoring-pg-up-gone", "nobody scrapes the database's exporter"),
        _says("postgres-up"),
    ),
    _fault(
        *(_API, "monitoring-no-histogram", "latency is told as an average"),
        _says("latency-by-route", *(Told({"route": one}, 0.2) for one in ROUTES)),
    ),
    _fault(
        *(_API, "monitoring-no-latency", "nothing tells of latency"),
        _says("latency-by-route"),
    ),
    _fault(
        *(_API, "monitoring-no-errors", "nothing counts the errors"),
        _says("errors-by-route"),
    ),
    _fault(
        *(_API, "monitoring-one-route", "errors are counted for one route only"),
        _says("errors-by-route", SEVERAL["errors-by-route"][0]),
    ),
    _fault(
        *(_UPTIME, "monitoring-unreachable", "the public address does not answer"),
        _told("probe-success", 0.0),
    ),
    _fault(
        *(_UPTIME, "monitoring-unprobed", "nobody has probed it for minutes"),
        _stale("probe-success"),
    ),
)
