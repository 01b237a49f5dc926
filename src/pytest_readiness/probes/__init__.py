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
    "backup": "pytest_readiness.probes.backup:Backup",
    "backup_schedule": "pytest_readiness.probes.schedule:BackupSchedule",
    "configuration": "pytest_readiness.probes.configuration:Configuration",
    "contents": "pytest_readiness.probes.postgres.contents:Contents",
    "database": "pytest_readiness.probes.postgres.database:Database",
    "defences": "pytest_readiness.probes.postgres.defences:Defences",
    "drill": "pytest_readiness.probes.backup.drill:Drill",
    "live": "pytest_readiness.probes.postgres.database:Live",
    "junit": "pytest_readiness.probes.artefacts.junit:Junit",
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
    "secrecy": "pytest_readiness.probes.configuration.secrecy:Secrecy",
    "served": "pytest_readiness.probes.openapi:Served",
    "service": "pytest_readiness.probes.service:Service",
    "sizing": "pytest_readiness.probes.sizing:Sizing",
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
