"""May this system go live? The production-readiness checklist's items are tests.

The names below are all that a suite needs; each is loaded on first use, so that an
installed but unused plugin costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from pytest_readiness.catalogue.marking import (
        attested,
        days,
        hours,
        item,
        rollup,
        section,
    )
    from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
    from pytest_readiness.catalogue.requirement import Bound, Check
    from pytest_readiness.plugin.attestation import Attestation
    from pytest_readiness.plugin.backup_rules import backup_rules
    from pytest_readiness.plugin.case_rules import case_rules
    from pytest_readiness.plugin.document_rules import document_rules, drill_rules
    from pytest_readiness.probes.alertmanager import Alertmanager
    from pytest_readiness.probes.alertmanager.page import Page
    from pytest_readiness.probes.artefacts.baseline import Baseline
    from pytest_readiness.probes.artefacts.calls import Calls
    from pytest_readiness.probes.artefacts.coverage import Coverage
    from pytest_readiness.probes.artefacts.junit import Junit
    from pytest_readiness.probes.artefacts.load_summary import LoadSummary, Recovery
    from pytest_readiness.probes.artefacts.scans import Scans
    from pytest_readiness.probes.backup import Backup
    from pytest_readiness.probes.backup.drill import Drill
    from pytest_readiness.probes.backup.runs import BackupRuns
    from pytest_readiness.probes.cdn import Cdn
    from pytest_readiness.probes.configuration import Configuration
    from pytest_readiness.probes.configuration.secrecy import Secrecy
    from pytest_readiness.probes.connections import Connections
    from pytest_readiness.probes.dependencies import Dependencies
    from pytest_readiness.probes.documents import Document
    from pytest_readiness.probes.documents.runbooks import Runbooks
    from pytest_readiness.probes.environment import Environment
    from pytest_readiness.probes.forge import Forge
    from pytest_readiness.probes.grafana import Grafana
    from pytest_readiness.probes.health import Health
    from pytest_readiness.probes.load import Load
    from pytest_readiness.probes.logs import Logs
    from pytest_readiness.probes.look import Facts, Look
    from pytest_readiness.probes.machine import Machine
    from pytest_readiness.probes.openapi import Openapi, Operation, Served
    from pytest_readiness.probes.pipeline import Pipeline
    from pytest_readiness.probes.postgres import Postgres
    from pytest_readiness.probes.postgres.contents import Contents
    from pytest_readiness.probes.postgres.database import Database, Live
    from pytest_readiness.probes.postgres.defences import Defences
    from pytest_readiness.probes.postgres.pgbouncer import Pgbouncer
    from pytest_readiness.probes.postgres.row_counts import RowCounts
    from pytest_readiness.probes.postgres.statements import Statements
    from pytest_readiness.probes.prometheus import Prometheus
    from pytest_readiness.probes.provider import Provider
    from pytest_readiness.probes.python import Python
    from pytest_readiness.probes.redis import Redis
    from pytest_readiness.probes.responses import Responses
    from pytest_readiness.probes.rota import Rota
    from pytest_readiness.probes.schedule import BackupSchedule
    from pytest_readiness.probes.service import Service
    from pytest_readiness.probes.sizing import Sizing
    from pytest_readiness.probes.sources import Sources
    from pytest_readiness.probes.tls import Tls
    from pytest_readiness.probes.upstream import Network
    from pytest_readiness.probes.web.authentication import Authentication
    from pytest_readiness.probes.web.authorization import (
        Authorization,
        AuthorizedWrites,
    )
    from pytest_readiness.probes.web.injection import Injection
    from pytest_readiness.probes.web.inputs import BodyInputs, Inputs
    from pytest_readiness.probes.web.leaks import Leaks
    from pytest_readiness.probes.web.pages import Pages
    from pytest_readiness.probes.web.rate_limit import RateLimit
    from pytest_readiness.probes.web.transport import Transport
    from pytest_readiness.target.blocks import Limits
    from pytest_readiness.target.model import Target

_HOME = {
    "Alertmanager": "probes.alertmanager",
    "Attestation": "plugin.attestation",
    "Authentication": "probes.web.authentication",
    "Authorization": "probes.web.authorization",
    "AuthorizedWrites": "probes.web.authorization",
    "Backup": "probes.backup",
    "BackupRuns": "probes.backup.runs",
    "BackupSchedule": "probes.schedule",
    "Baseline": "probes.artefacts.baseline",
    "BodyInputs": "probes.web.inputs",
    "Bound": "catalogue.requirement",
    "Calls": "probes.artefacts.calls",
    "Cause": "catalogue.observation",
    "Cdn": "probes.cdn",
    "Check": "catalogue.requirement",
    "Configuration": "probes.configuration",
    "Connections": "probes.connections",
    "Contents": "probes.postgres.contents",
    "Coverage": "probes.artefacts.coverage",
    "Database": "probes.postgres.database",
    "Defences": "probes.postgres.defences",
    "Dependencies": "probes.dependencies",
    "Document": "probes.documents",
    "Drill": "probes.backup.drill",
    "Environment": "probes.environment",
    "Facts": "probes.look",
    "Forge": "probes.forge",
    "Grafana": "probes.grafana",
    "Health": "probes.health",
    "Injection": "probes.web.injection",
    "Inputs": "probes.web.inputs",
    "Junit": "probes.artefacts.junit",
    "Leaks": "probes.web.leaks",
    "Limits": "target.blocks",
    "Live": "probes.postgres.database",
    "Load": "probes.load",
    "LoadSummary": "probes.artefacts.load_summary",
    "Logs": "probes.logs",
    "Look": "probes.look",
    "Machine": "probes.machine",
    "Network": "probes.upstream",
    "Observed": "catalogue.observation",
    "Openapi": "probes.openapi",
    "Operation": "probes.openapi",
    "Page": "probes.alertmanager.page",
    "Pages": "probes.web.pages",
    "Pgbouncer": "probes.postgres.pgbouncer",
    "Pipeline": "probes.pipeline",
    "Postgres": "probes.postgres",
    "Prometheus": "probes.prometheus",
    "Provider": "probes.provider",
    "Python": "probes.python",
    "RateLimit": "probes.web.rate_limit",
    "Recovery": "probes.artefacts.load_summary",
    "Redis": "probes.redis",
    "Responses": "probes.responses",
    "Rota": "probes.rota",
    "RowCounts": "probes.postgres.row_counts",
    "Runbooks": "probes.documents.runbooks",
    "Scans": "probes.artefacts.scans",
    "Secrecy": "probes.configuration.secrecy",
    "Served": "probes.openapi",
    "Service": "probes.service",
    "Sizing": "probes.sizing",
    "Sources": "probes.sources",
    "Statements": "probes.postgres.statements",
    "Target": "target.model",
    "Tls": "probes.tls",
    "Transport": "probes.web.transport",
    "Unavailable": "catalogue.observation",
    "attested": "catalogue.marking",
    "backup_rules": "plugin.backup_rules",
    "days": "catalogue.marking",
    "case_rules": "plugin.case_rules",
    "document_rules": "plugin.document_rules",
    "drill_rules": "plugin.document_rules",
    "hours": "catalogue.marking",
    "item": "catalogue.marking",
    "rollup": "catalogue.marking",
    "section": "catalogue.marking",
}

__all__ = [
    "Alertmanager",
    "Attestation",
    "Authentication",
    "Authorization",
    "AuthorizedWrites",
    "Backup",
    "BackupRuns",
    "BackupSchedule",
    "Baseline",
    "BodyInputs",
    "Bound",
    "Calls",
    "Cause",
    "Cdn",
    "Check",
    "Configuration",
    "Connections",
    "Contents",
    "Coverage",
    "Database",
    "Defences",
    "Dependencies",
    "Document",
    "Drill",
    "Environment",
    "Facts",
    "Forge",
    "Grafana",
    "Health",
    "Injection",
    "Inputs",
    "Junit",
    "Leaks",
    "Limits",
    "Live",
    "Load",
    "LoadSummary",
    "Logs",
    "Look",
    "Machine",
    "Network",
    "Observed",
    "Openapi",
    "Operation",
    "Page",
    "Pages",
    "Pgbouncer",
    "Pipeline",
    "Postgres",
    "Prometheus",
    "Provider",
    "Python",
    "RateLimit",
    "Recovery",
    "Redis",
    "Responses",
    "Rota",
    "RowCounts",
    "Runbooks",
    "Scans",
    "Secrecy",
    "Served",
    "Service",
    "Sizing",
    "Sources",
    "Statements",
    "Target",
    "Tls",
    "Transport",
    "Unavailable",
    "__version__",
    "attested",
    "backup_rules",
    "case_rules",
    "days",
    "document_rules",
    "drill_rules",
    "hours",
    "item",
    "rollup",
    "section",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{home}"), name)
