"""A server that is not set up for its machine, or whose tables are in bad order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.database_setup import LOOKS, sql, turned
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAULTS"]

_fails = partial(turned, "performance-tuning")


def _set(**settings: str) -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        postgres = breakage.bench.postgres
        undo = dict.fromkeys(settings)
        breakage.stack.callback(lambda: postgres.configure(**undo))
        postgres.configure(**settings)

    return apply


def _limit(breakage: Breakage, **limits: object) -> None:
    breakage.tables["limits"] = {
        **breakage.tables.get("limits", {}),
        "postgres": limits,
    }


def _as_shipped(breakage: Breakage) -> None:
    _set(effective_cache_size="4GB", work_mem="4MB")(breakage)
    breakage.set("postgres", ram="16GB")


def _unknown_memory(breakage: Breakage) -> None:
    del breakage.tables["postgres"]["ram"]


def _ages(breakage: Breakage) -> None:
    # A server whose transactions really run out takes days to make.
    _limit(breakage, max_xid_age=0.000_000_001)


_MAKE = (
    "CREATE TABLE big (id int PRIMARY KEY, filler text) WITH (autovacuum_enabled = off)"
)
_bloated = sql(
    _MAKE,
    "INSERT INTO big SELECT n, '' FROM generate_series(1, 20000) AS n",
    "DELETE FROM big WHERE id % 4 = 0",
    undo=("DROP TABLE big",),
)
# Larger than a quarter of the cache, and written past it: so it is read past it too.
_reads = sql(
    "CREATE TABLE big WITH (autovacuum_enabled = off)"
    " AS SELECT n AS id, repeat('x', 1900) FROM generate_series(1, 18000) AS n",
    "ALTER TABLE big ADD PRIMARY KEY (id)",
    "SELECT pg_stat_reset()",
    *("SELECT count(*) FROM big WHERE id > 0",) * 2,
    undo=("DROP TABLE big", "SELECT pg_stat_reset()"),
)


def _missing(breakage: Breakage) -> None:
    _reads(breakage)
    _limit(breakage, cache_sample=1000)


FAULTS = (
    _fails(
        *("tuning-shipped-defaults", "a machine of 16 GB, and the settings as shipped"),
        _as_shipped,
    ),
    _fails(
        *("tuning-autovacuum-off", "nothing clears up dead rows"),
        _set(autovacuum="off"),
    ),
    _fails("tuning-bloat", "a quarter of a table's rows is dead", _bloated),
    _fails("tuning-cache-misses", "the cache is too small for what is read", _missing),
    _fails("tuning-wraparound", "transaction numbers run out", _ages),
    _fails(
        *("tuning-work-mem", "sorting alone may take more memory than there is"),
        _set(work_mem="64MB"),
    ),
    _fails(
        *("tuning-small-wal", "a checkpoint every few seconds under load"),
        _set(max_wal_size="64MB"),
    ),
    _fails(
        *("tuning-small-planner-cache", "the planner believes that nothing is cached"),
        _set(effective_cache_size="8MB"),
    ),
    _fails(
        *("tuning-no-statements", "nobody can see which statements are slow"),
        sql(
            "DROP EXTENSION pg_stat_statements",
            undo=("CREATE EXTENSION pg_stat_statements",),
        ),
    ).also("performance-optimization.database-optimization", State.UNKNOWN),
    Fault(
        "tuning-unknown-memory",
        "nobody says how much memory the server has",
        {"database-setup.performance-tuning": State.UNCONFIGURED},
        LOOKS,
        _unknown_memory,
    ),
)
