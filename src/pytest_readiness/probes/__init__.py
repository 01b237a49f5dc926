"""What can be seen: one module a system; facts, no judgement.

A probe's module, and with it its driver, is loaded when a run needs it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Facts

__all__ = ["REGISTRY", "probe"]

REGISTRY: Mapping[str, str] = {
    "alertmanager": "pytest_readiness.probes.alertmanager:Alertmanager",
    "baseline": "pytest_readiness.probes.artefacts.baseline:Baseline",
    "calls": "pytest_readiness.probes.artefacts.calls:Calls",
    "coverage": "pytest_readiness.probes.artefacts.coverage:Coverage",
    "junit": "pytest_readiness.probes.artefacts.junit:Junit",
    "load": "pytest_readiness.probes.artefacts.load:Load",
    "recovery": "pytest_readiness.probes.artefacts.load:Recovery",
    "scans": "pytest_readiness.probes.artefacts.scans:Scans",
    "backup": "pytest_readiness.probes.backup:Backup",
    "contents": "pytest_readiness.probes.postgres.contents:Contents",
    "database": "pytest_readiness.probes.postgres.database:Database",
    "defences": "pytest_readiness.probes.postgres.defences:Defences",
    "drill": "pytest_readiness.probes.backup.drill:Drill",
    "live": "pytest_readiness.probes.postgres.database:Live",
    "dependencies": "pytest_readiness.probes.dependencies:Dependencies",
    "health": "pytest_readiness.probes.health:Health",
    "environment": "pytest_readiness.probes.environment:Environment",
    "machine": "pytest_readiness.probes.machine:Machine",
    "network": "pytest_readiness.probes.upstream:Network",
    "openapi": "pytest_readiness.probes.openapi:Openapi",
    "pgbouncer": "pytest_readiness.probes.postgres.pgbouncer:Pgbouncer",
    "postgres": "pytest_readiness.probes.postgres:Postgres",
    "prometheus": "pytest_readiness.probes.prometheus:Prometheus",
    "provider": "pytest_readiness.probes.provider:Provider",
    "python": "pytest_readiness.probes.python:Python",
    "redis": "pytest_readiness.probes.redis:Redis",
    "row_counts": "pytest_readiness.probes.postgres.row_counts:RowCounts",
    "served": "pytest_readiness.probes.openapi:Served",
    "service": "pytest_readiness.probes.service:Service",
    "tls": "pytest_readiness.probes.tls:Tls",
}
"""Where each probe's class is, by the name of its fixture."""


def probe(name: str) -> type[Facts]:
    """Give a probe's class.

    Raises:
        KeyError: no probe has this name.
    """
    module, _, attribute = REGISTRY[name].partition(":")
    kind: type[Facts] = getattr(import_module(module), attribute)
    return kind
