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
    from pytest_readiness.probes.backup import Backup
    from pytest_readiness.probes.backup.drill import Drill
    from pytest_readiness.probes.cdn import Cdn
    from pytest_readiness.probes.connections import Connections
    from pytest_readiness.probes.dependencies import Dependencies
    from pytest_readiness.probes.load import Load
    from pytest_readiness.probes.look import Facts, Look
    from pytest_readiness.probes.machine import Machine
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
    from pytest_readiness.probes.service import Service
    from pytest_readiness.probes.tls import Tls
    from pytest_readiness.probes.upstream import Network
    from pytest_readiness.target.blocks import Limits
    from pytest_readiness.target.model import Target

_HOME = {
    "Attestation": "plugin.attestation",
    "Backup": "probes.backup",
    "Bound": "catalogue.requirement",
    "Cause": "catalogue.observation",
    "Cdn": "probes.cdn",
    "Check": "catalogue.requirement",
    "Connections": "probes.connections",
    "Contents": "probes.postgres.contents",
    "Database": "probes.postgres.database",
    "Defences": "probes.postgres.defences",
    "Dependencies": "probes.dependencies",
    "Drill": "probes.backup.drill",
    "Facts": "probes.look",
    "Limits": "target.blocks",
    "Live": "probes.postgres.database",
    "Load": "probes.load",
    "Look": "probes.look",
    "Machine": "probes.machine",
    "Network": "probes.upstream",
    "Observed": "catalogue.observation",
    "Pgbouncer": "probes.postgres.pgbouncer",
    "Postgres": "probes.postgres",
    "Prometheus": "probes.prometheus",
    "Provider": "probes.provider",
    "Python": "probes.python",
    "Redis": "probes.redis",
    "Responses": "probes.responses",
    "RowCounts": "probes.postgres.row_counts",
    "Service": "probes.service",
    "Statements": "probes.postgres.statements",
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
    "Attestation",
    "Backup",
    "Bound",
    "Cause",
    "Cdn",
    "Check",
    "Connections",
    "Contents",
    "Database",
    "Defences",
    "Dependencies",
    "Drill",
    "Facts",
    "Limits",
    "Live",
    "Load",
    "Look",
    "Machine",
    "Network",
    "Observed",
    "Pgbouncer",
    "Postgres",
    "Prometheus",
    "Provider",
    "Python",
    "Redis",
    "Responses",
    "RowCounts",
    "Service",
    "Statements",
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
