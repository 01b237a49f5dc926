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
    from pytest_readiness.probes.alertmanager import Alertmanager
    from pytest_readiness.probes.artefacts.junit import Junit
    from pytest_readiness.probes.backup import Backup
    from pytest_readiness.probes.backup.drill import Drill
    from pytest_readiness.probes.configuration import Configuration
    from pytest_readiness.probes.configuration.secrecy import Secrecy
    from pytest_readiness.probes.dependencies import Dependencies
    from pytest_readiness.probes.environment import Environment
    from pytest_readiness.probes.health import Health
    from pytest_readiness.probes.look import Facts, Look
    from pytest_readiness.probes.machine import Machine
    from pytest_readiness.probes.openapi import Openapi, Operation, Served
    from pytest_readiness.probes.postgres import Postgres
    from pytest_readiness.probes.postgres.contents import Contents
    from pytest_readiness.probes.postgres.database import Database, Live
    from pytest_readiness.probes.postgres.defences import Defences
    from pytest_readiness.probes.postgres.pgbouncer import Pgbouncer
    from pytest_readiness.probes.postgres.row_counts import RowCounts
    from pytest_readiness.probes.prometheus import Prometheus
    from pytest_readiness.probes.provider import Provider
    from pytest_readiness.probes.python import Python
    from pytest_readiness.probes.redis import Redis
    from pytest_readiness.probes.schedule import BackupSchedule
    from pytest_readiness.probes.service import Service
    from pytest_readiness.probes.sizing import Sizing
    from pytest_readiness.probes.tls import Tls
    from pytest_readiness.probes.upstream import Network
    from pytest_readiness.target.blocks import Limits
    from pytest_readiness.target.model import Target

_HOME = {
    "Alertmanager": "probes.alertmanager",
    "Attestation": "plugin.attestation",
    "Backup": "probes.backup",
    "BackupSchedule": "probes.schedule",
    "Bound": "catalogue.requirement",
    "Cause": "catalogue.observation",
    "Check": "catalogue.requirement",
    "Configuration": "probes.configuration",
    "Contents": "probes.postgres.contents",
    "Database": "probes.postgres.database",
    "Defences": "probes.postgres.defences",
    "Dependencies": "probes.dependencies",
    "Drill": "probes.backup.drill",
    "Environment": "probes.environment",
    "Facts": "probes.look",
    "Junit": "probes.artefacts.junit",
    "Health": "probes.health",
    "Limits": "target.blocks",
    "Live": "probes.postgres.database",
    "Look": "probes.look",
    "Machine": "probes.machine",
    "Network": "probes.upstream",
    "Observed": "catalogue.observation",
    "Openapi": "probes.openapi",
    "Operation": "probes.openapi",
    "Pgbouncer": "probes.postgres.pgbouncer",
    "Postgres": "probes.postgres",
    "Prometheus": "probes.prometheus",
    "Provider": "probes.provider",
    "Python": "probes.python",
    "Redis": "probes.redis",
    "RowCounts": "probes.postgres.row_counts",
    "Secrecy": "probes.configuration.secrecy",
    "Served": "probes.openapi",
    "Service": "probes.service",
    "Sizing": "probes.sizing",
    "Target": "target.model",
    "Tls": "probes.tls",
    "Unavailable": "catalogue.observation",
    "attested": "catalogue.marking",
    "days": "catalogue.marking",
    "hours": "catalogue.marking",
    "item": "catalogue.marking",
    "rollup": "catalogue.marking",
    "section": "catalogue.marking",
}

__all__ = [
    "Alertmanager",
    "Attestation",
    "Backup",
    "BackupSchedule",
    "Bound",
    "Cause",
    "Check",
    "Configuration",
    "Contents",
    "Database",
    "Defences",
    "Dependencies",
    "Drill",
    "Environment",
    "Facts",
    "Health",
    "Junit",
    "Limits",
    "Live",
    "Look",
    "Machine",
    "Network",
    "Observed",
    "Openapi",
    "Operation",
    "Pgbouncer",
    "Postgres",
    "Prometheus",
    "Provider",
    "Python",
    "Redis",
    "RowCounts",
    "Secrecy",
    "Served",
    "Service",
    "Sizing",
    "Target",
    "Tls",
    "Unavailable",
    "__version__",
    "attested",
    "days",
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
