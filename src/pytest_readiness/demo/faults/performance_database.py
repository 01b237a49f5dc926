"""Performance Optimization, by the database and its pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.database_pool import with_pool
from pytest_readiness.demo.faults.database_setup import LOOKS, sql
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_ITEM = "performance-optimization.database-optimization"
_ROWS = 2000
_MAKE = (
    "CREATE TABLE big (id int PRIMARY KEY, kind int)",
    "INSERT INTO big SELECT n, n % 7 FROM generate_series(1, 2000) AS n",
    "ANALYZE big",
)
_READS = 120


def _limits(apply: Apply, **limits: object) -> Apply:
    def both(breakage: Breakage) -> None:
        apply(breakage)
        known = breakage.tables["limits"]
        breakage.tables["limits"] = {**known, "postgres": limits}

    return both


_FORGET = (
    "SELECT pg_stat_statements_reset(userid, dbid, queryid) FROM pg_stat_statements"
    " WHERE query LIKE '%pg_sleep%'"
)


def _read(select: str) -> str:
    """Have it read so often in one session, which counts at its end."""
    return "; ".join([select] * _READS)


_slow = sql(
    "SET ROLE engine; " + "SELECT pg_sleep(0.12); " * 3 + "RESET ROLE",
    undo=(_FORGET,),
)
_slow_once = sql(
    "SET ROLE engine; SELECT pg_sleep(0.3); RESET ROLE",
    undo=(_FORGET,),
)
_alike = sql(
    "CREATE INDEX orders_again ON orders (symbol)", undo=("DROP INDEX orders_again",)
)
_unlike = sql(
    "CREATE INDEX orders_partly ON orders (symbol) WHERE quantity > 10",
    undo=("DROP INDEX orders_partly",),
)
_whole = sql(
    *_MAKE,
    _read("SELECT count(*) FROM big WHERE kind = 3"),
    undo=("DROP TABLE big",),
)
_idle = sql(
    *_MAKE,
    "CREATE INDEX big_by_kind ON big (kind)",
    _read("SELECT kind FROM big WHERE id = 7"),
    undo=("DROP TABLE big",),
)


def _fails(name: str, summary: str, apply: Apply) -> Fault:
    return Fault(name, summary, {_ITEM: State.FAILED}, LOOKS, apply)


def _good(name: str, summary: str, apply: Apply) -> Fault:
    return Fault(name, f"{summary}: good", {}, LOOKS, apply)


FAULTS = (
    _fails(
        *("statements-slow", "a statement takes long on average"),
        _limits(_slow, statement_mean="100ms", statement_calls=3),
    ),
    _good("statements-slow-once", "a statement took long once", _slow_once),
    _fails("indexes-alike", "two indexes are the same", _alike),
    _good("indexes-unlike", "one index is of some rows only", _unlike),
    _fails(
        *("indexes-idle", "an index has been of no use"),
        _limits(_idle, index_idle="0s", large_table=10 * _ROWS),
    ),
    _good(*("indexes-young", "an index of a moment ago has not been used yet"), _idle),
    _fails(
        *("tables-read-whole", "a large table is read as a whole"),
        _limits(_whole, large_table=_ROWS // 2),
    ),
    Fault(
        "pool-nearly-full",
        "most connections of the pool are in use",
        {"performance-optimization.connection-pooling": State.FAILED},
        frozenset({"pgbouncer"}),
        with_pool(active=17),
    ),
)
