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
    "authentication": "pytest_readiness.probes.web.authentication:Authentication",
    "authorization": "pytest_readiness.probes.web.authorization:Authorization",
    "authorized_writes": "pytest_readiness.probes.web.authorization:AuthorizedWrites",
    "backup": "pytest_readiness.probes.backup:Backup",
    "backup_runs": "pytest_readiness.probes.backup.runs:BackupRuns",
    "baseline": "pytest_readiness.probes.artefacts.baseline:Baseline",
    "body_inputs": "pytest_readiness.probes.web.inputs:BodyInputs",
    "backup_schedule": "pytest_readiness.probes.schedule:BackupSchedule",
    "configuration": "pytest_readiness.probes.configuration:Configuration",
    "calls": "pytest_readiness.probes.artefacts.calls:Calls",
    "cdn": "pytest_readiness.probes.cdn:Cdn",
    "connections": "pytest_readiness.probes.connections:Connections",
    "contents": "pytest_readiness.probes.postgres.contents:Contents",
    "coverage": "pytest_readiness.probes.artefacts.coverage:Coverage",
    "database": "pytest_readiness.probes.postgres.database:Database",
    "defences": "pytest_readiness.probes.postgres.defences:Defences",
    "dependencies": "pytest_readiness.probes.dependencies:Dependencies",
    "document": "pytest_readiness.probes.documents:Document",
    "drill": "pytest_readiness.probes.backup.drill:Drill",
    "environment": "pytest_readiness.probes.environment:Environment",
    "forge": "pytest_readiness.probes.forge:Forge",
    "grafana": "pytest_readiness.probes.grafana:Grafana",
    "health": "pytest_readiness.probes.health:Health",
    "injection": "pytest_readiness.probes.web.injection:Injection",
    "inputs": "pytest_readiness.probes.web.inputs:Inputs",
    "junit": "pytest_readiness.probes.artefacts.junit:Junit",
    "leaks": "pytest_readiness.probes.web.leaks:Leaks",
    "live": "pytest_readiness.probes.postgres.database:Live",
    "load": "pytest_readiness.probes.load:Load",
    "load_summary": "pytest_readiness.probes.artefacts.load_summary:LoadSummary",
    "logs": "pytest_readiness.probes.logs:Logs",
    "machine": "pytest_readiness.probes.machine:Machine",
    "network": "pytest_readiness.probes.upstream:Network",
    "openapi": "pytest_readiness.probes.openapi:Openapi",
    "page": "pytest_readiness.probes.alertmanager.page:Page",
    "pages": "pytest_readiness.probes.web.pages:Pages",
    "pgbouncer": "pytest_readiness.probes.postgres.pgbouncer:Pgbouncer",
    "pipeline": "pytest_readiness.probes.pipeline:Pipeline",
    "postgres": "pytest_readiness.probes.postgres:Postgres",
    "prometheus": "pytest_readiness.probes.prometheus:Prometheus",
    "provider": "pytest_readiness.probes.provider:Provider",
    "python": "pytest_readiness.probes.python:Python",
    "rate_limit": "pytest_readiness.probes.web.rate_limit:RateLimit",
    "recovery": "pytest_readiness.probes.artefacts.load_summary:Recovery",
    "redis": "pytest_readiness.probes.redis:Redis",
    "responses": "pytest_readiness.probes.responses:Responses",
    "rota": "pytest_readiness.probes.rota:Rota",
    "row_counts": "pytest_readiness.probes.postgres.row_counts:RowCounts",
    "runbooks": "pytest_readiness.probes.documents.runbooks:Runbooks",
    "scans": "pytest_readiness.probes.artefacts.scans:Scans",
    "secrecy": "pytest_readiness.probes.configuration.secrecy:Secrecy",
    "served": "pytest_readiness.probes.openapi:Served",
    "service": "pytest_readiness.probes.service:Service",
    "sizing": "pytest_readiness.probes.sizing:Sizing",
    "sources": "pytest_readiness.probes.sources:Sources",
    "statements": "pytest_readiness.probes.postgres.statements:Statements",
    "tls": "pytest_readiness.probes.tls:Tls",
    "transport": "pytest_readiness.probes.web.transport:Transport",
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
