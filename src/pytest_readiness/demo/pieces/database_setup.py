"""Database Setup: what the engine's database must be like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.bench import COUNTS
from pytest_readiness.demo.servers.postgres import RAM

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["EARLIER", "HEAD", "describe"]

EARLIER = ("1b7d30a5c2f8", "5e92c4d80b17")
HEAD = "8c1f6b2d4e90"
"""The engine's migrations, as its schema has them."""


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add what the database must be like, and where its backups are."""
    tables.setdefault("postgres", {}).update(
        {
            "ram": RAM,
            "access": {
                "role": "engine",
                "privileges": {"contracts": ["SELECT"], "orders": ["SELECT", "INSERT"]},
            },
            "structure": {
                "tables": {
                    "contracts": ["symbol", "strike", "expiry"],
                    "orders": ["id", "trader", "symbol", "quantity", "limit_price"],
                },
                "indexes": ["orders_by_trader", "orders_by_symbol"],
                "head": "alembic",
                "revision": HEAD,
                "earlier": list(EARLIER),
            },
            "contents": {
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
            },
        }
    )
    tables["allow"] = ["restore"]
    tables["backup"] = {
        "kind": "dump",
        "path": str(bench.backups),
        "pattern": "*.dump",
        "counts": str(bench.backups / COUNTS),
        "binaries": str(bench.postgres.binaries),
        "timeout": "20s",
        "drill_timeout": "60s",
    }
