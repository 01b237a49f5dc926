"""A schema that is not the release's, or not whole."""

from __future__ import annotations

from functools import partial

from pytest_readiness.demo.faults.database_setup import (
    LOOKS,
    change,
    expects,
    sql,
    turned,
)
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.database_setup import (
    EARLIER,
    HEAD,
    PRIVILEGES,
    TABLES,
)
from pytest_readiness.verdict.states import State

__all__ = ["FAULTS"]

_fails = partial(turned, "schema-migration")


def _head(revision: str) -> str:
    return f"UPDATE alembic_version SET version_num = '{revision}'"  # noqa: S608  # ours


_keyless = sql(
    "CREATE TABLE ticks_1 (price numeric)",
    undo=("DROP TABLE ticks_1",),
)


def _log(breakage: Breakage) -> None:
    _keyless(breakage)
    change(breakage, "structure", no_primary_key=["ticks_*"])


def _no_table(breakage: Breakage) -> None:
    """Need a table more: without one of its own the service itself would fail."""
    change(breakage, "structure", tables={**TABLES, "fees": ["venue"]})
    change(breakage, "access", privileges={**PRIVILEGES, "fees": ["SELECT"]})
    change(breakage, "contents", rows={"contracts": 4, "fees": 1})


FAULTS = (
    _fails(
        *("schema-table-missing", "a table that the release needs is not there"),
        _no_table,
        **{"database-creation": State.FAILED, "data-validation": State.UNKNOWN},
    ),
    _fails(
        *("schema-column-missing", "a column that the release needs is not there"),
        expects("structure", tables={**TABLES, "orders": ["id", "venue"]}),
    ),
    _fails(
        *("schema-index-missing", "an index that the release needs is not there"),
        sql(
            "ALTER INDEX orders_by_symbol RENAME TO elsewhere",
            undo=("ALTER INDEX elsewhere RENAME TO orders_by_symbol",),
        ),
    ),
    _fails(
        *("schema-index-invalid", "the build of an index failed and left it invalid"),
        sql(
            "CREATE UNIQUE INDEX CONCURRENTLY broken ON contracts (underlying)",
            undo=("DROP INDEX broken",),
        ),
    ),
    _fails("schema-no-key", "a table has no primary key", _keyless),
    _fails(
        *("schema-behind", "the last migration did not run"),
        sql(_head(EARLIER[-1]), undo=(_head(HEAD),)),
    ),
    _fails(
        *("schema-ahead", "a migration ran that the release does not know"),
        sql(_head("f00dfeedbeef"), undo=(_head(HEAD),)),
    ),
    Fault(
        *("schema-log", "a log without a primary key, declared so: good", {}, LOOKS),
        _log,
    ),
)
