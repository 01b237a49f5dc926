"""Configuration Management: the engine's environment, and what it is configured by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.servers.engine import CONFIGURATION, ENV_EXAMPLE, LOGGING

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["CRONTAB", "describe"]

CRONTAB = """\
# Written for the demo; no cron reads it.
MAILTO=ops@trading.example
15 2 * * *  backup  pg_dump --format=custom --file=/srv/backups/trading.dump trading
"""


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the tables of the service's settings, and of its backups' schedule."""
    tables["environment"] = {
        "pid": bench.engine.pid,
        "example": str(ENV_EXAMPLE),
    }
    settings, schema = map(str, CONFIGURATION)
    tables["configuration"] = {
        "files": [
            {
                "path": settings,
                "schema_file": schema,
                "required": ["database.pool_size", "server.workers"],
            }
        ],
        "logging": str(LOGGING),
        "interpreter": str(bench.python),
        "secret_files": [str(bench.engine.key_file)],
    }
    tables["sizing"] = {
        "settings": settings,
        "clients": {
            "engine": {
                "workers": "server.workers",
                "pool_size": "database.pool_size",
                "max_overflow": "database.max_overflow",
                "threads": 2,
            }
        },
    }
    crontab = bench.folder / "cron.d" / "backup"
    crontab.parent.mkdir(exist_ok=True)
    crontab.write_text(CRONTAB, "utf-8")
    tables["backup_schedule"] = {"crontab": str(crontab), "command": "pg_dump"}
