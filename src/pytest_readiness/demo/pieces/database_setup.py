"""Database Setup: what the engine's database must be like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.bench import COUNTS
from pytest_readiness.demo.pieces.environment_setup import DATABASE_PASSWORD
from pytest_readiness.demo.servers.postgres import DATABASE, RAM

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["EARLIER", "HEAD", "POOL_PASSWORD", "PRIVILEGES", "TABLES", "describe"]

POOL_PASSWORD = "READINESS_DEMO_POOL_PASSWORD"  # noqa: S105  # a name
"""A variable that the target file refers to."""
EARLIER = ("1b7d30a5c2f8", "5e92c4d80b17")
HEAD = "8c1f6b2d4e90"
"""The engine's migrations, as its schema has them."""

TABLES = {
    "contracts": ["symbol", "strike", "expiry"],
    "orders": ["id", "trader", "symbol", "quantity", "limit_price"],
}
"""Those that the release needs, with columns."""
PRIVILEGES = {"contracts": ["SELECT"], "orders": ["SELECT", "INSERT"]}
"""What the engine's role may do."""

_STRUCTURE = {
    "tables": TABLES,
    "indexes": ["orders_by_trader", "orders_by_symbol"],
    "head": "alembic",
    "revision": HEAD,
    "earlier": list(EARLIER),
}
_CONTENTS = {
    "rows": {"contracts": 4},
    "assertions": [
        {
            "name": "orders of contracts that have expired",
            "sql": "SELECT count(*) FROM orders JOIN contracts"
            " USING (symbol) WHERE placed_at::date > expiry",
            "equals": 0,
        },
        {
            "name": "underlyings with contracts",
            "sql": "SELECT count(DISTINCT underlying) FROM contracts",
            "at_least": 2,
        },
    ],
}


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:
    """Add what the database must be like, where its backups are, and its pool."""
    tables.setdefault("postgres", {}).update(
        {
            "ram": RAM,
            "access": {
                "role": "engine",
                "privileges": PRIVILEGES,
            },
            "structure": _STRUCTURE,
            "contents": _CONTENTS,
        }
    )
    tables.setdefault("allow", []).append("restore")
    tables["backup"] = {
        "kind": "dump",
        "path": str(bench.backups),
        "pattern": "*.dump",
        "counts": str(bench.backups / COUNTS),
        "binaries": str(bench.postgres.binaries),
        "timeout": "20s",
        "drill_timeout": "60s",
    }
    tables["pgbouncer"] = {
        "host": "127.0.0.1",
        "port": bench.pool_port,
        "user": "readiness",
        "password": f"${{env:{POOL_PASSWORD}}}",
        "ca_file": str(bench.ca_file),
        "interval": "50ms",
        "client": {
            "database": DATABASE,
            "user": "readiness",
            "password": f"${{env:{DATABASE_PASSWORD}}}",
        },
    }
    environ[POOL_PASSWORD] = bench.passwords["pool"]
