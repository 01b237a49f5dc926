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
    from pytest_readiness.probes.artefacts.baseline import Baseline
    from pytest_readiness.probes.artefacts.calls import Calls
    from pytest_readiness.probes.artefacts.coverage import Coverage
    from pytest_readiness.probes.artefacts.junit import Junit
    from pytest_readiness.probes.artefacts.load import Load, Recovery
    from pytest_readiness.probes.artefacts.scans import Scans
    from pytest_readiness.probes.backup import Backup
    from pytest_readiness.probes.backup.drill import Drill
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
    from pytest_readiness.probes.service import Service
    from pytest_readiness.probes.tls import Tls
    from pytest_readiness.probes.upstream import Network
    from pytest_readiness.target.blocks import Limits
    from pytest_readiness.target.model import Target

_HOME = {
    "Alertmanager": "probes.alertmanager",
    "Attestation": "plugin.attestation",
    "Backup": "probes.backup",
    "Baseline": "probes.artefacts.baseline",
    "Bound": "catalogue.requirement",
    "Calls": "probes.artefacts.calls",
    "Cause": "catalogue.observation",
    "Check": "catalogue.requirement",
    "Contents": "probes.postgres.contents",
    "Coverage": "probes.artefacts.coverage",
    "Database": "probes.postgres.database",
    "Defences": "probes.postgres.defences",
    "Dependencies": "probes.dependencies",
    "Drill": "probes.backup.drill",
    "Environment": "probes.environment",
    "Facts": "probes.look",
    "Health": "probes.health",
    "Junit": "probes.artefacts.junit",
    "Limits": "target.blocks",
    "Live": "probes.postgres.database",
    "Load": "probes.artefacts.load",
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
    "Recovery": "probes.artefacts.load",
    "Redis": "probes.redis",
    "RowCounts": "probes.postgres.row_counts",
    "Scans": "probes.artefacts.scans",
    "Served": "probes.openapi",
    "Service": "probes.service",
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
    "Baseline",
    "Bound",
    "Calls",
    "Cause",
    "Check",
    "Contents",
    "Coverage",
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
    "Load",
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
    "Recovery",
    "Redis",
    "RowCounts",
    "Scans",
    "Served",
    "Service",
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
