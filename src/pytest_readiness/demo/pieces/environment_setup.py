"""Environment Setup: interpreter, database, cache, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.servers.postgres import DATABASE

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["CACHE_PASSWORD", "DATABASE_PASSWORD", "describe"]

DATABASE_PASSWORD = "READINESS_DEMO_DATABASE_PASSWORD"  # noqa: S105  # a name
CACHE_PASSWORD = "READINESS_DEMO_CACHE_PASSWORD"  # noqa: S105  # a name
"""Variables that the target file refers to."""


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:
    """Add the tables ``python``, ``postgres``, ``redis`` and ``tls``."""
    ca_file = str(bench.ca_file)
    tables["python"] = {"interpreter": str(bench.python)}
    tables.setdefault("postgres", {}).update(
        {
            "host": "127.0.0.1",
            "port": bench.postgres.port,
            "database": DATABASE,
            "user": "readiness",
            "password": f"${{env:{DATABASE_PASSWORD}}}",
            "ca_file": ca_file,
        }
    )
    tables["redis"] = {
        "host": "127.0.0.1",
        "port": bench.cache_front.port,
        "username": "readiness",
        "password": f"${{env:{CACHE_PASSWORD}}}",
        "tls": True,
        "ca_file": ca_file,
        "role": "cache",
    }
    # A busy machine answers late at times; a cache that is slow is later than that.
    tables.setdefault("limits", {})["redis"] = {"round_trip": "15ms"}
    tables["tls"] = {
        "endpoints": [
            {"name": "engine", "host": "127.0.0.1", "port": bench.engine.port},
            {
                "name": "database",
                "host": "127.0.0.1",
                "port": bench.postgres.port,
                "starttls": "postgres",
            },
            {"name": "cache", "host": "127.0.0.1", "port": bench.cache_front.port},
        ],
        "ca_file": ca_file,
    }
    environ[DATABASE_PASSWORD] = bench.passwords["database"]
    environ[CACHE_PASSWORD] = bench.passwords["cache"]
