"""How many rows each table has: what a restored backup is held against.

It reads every table whole, so it is made only where a restore drill is allowed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.postgres import Postgres, session_looks
from pytest_readiness.probes.postgres.reading import OURS, named, select_on
from pytest_readiness.probes.postgres.session import BEGIN, END, TIMEOUT, Session
from pytest_readiness.probes.postgres.settings import connection_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import Grant, PostgresBlock

__all__ = ["STATEMENTS", "RowCounts", "count_rows"]

_TABLES = (
    "SELECT n.nspname, c.relname,"
    " pg_catalog.has_table_privilege(c.oid, 'SELECT')"
    " AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    " FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE c.relkind = 'r' AND {OURS} ORDER BY 1, 2 LIMIT 5000"
)
_COUNT = "SELECT count(*) FROM {table}"
STATEMENTS = (BEGIN, TIMEOUT, _TABLES, _COUNT, END)
"""What is sent, the count once for each table."""
_GRANT = "GRANT SELECT ON ALL TABLES IN SCHEMA {schemas} TO {user}"
_LIMIT = dt.timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class RowCounts(Facts):
    """The rows of a database, table by table."""

    block: ClassVar[str] = "postgres"
    grant: ClassVar[Grant | None] = "restore"

    rows: Observed[Mapping[str, int]]
    """By table; partitions stand for their table."""

    @classmethod
    def gather(cls, block: PostgresBlock, look: Look) -> Self:
        """Count in one session."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: PostgresBlock, look: Look) -> Self:
        settings = connection_settings(block)
        with Session.open(settings, look, look.brief(block.timeout)) as session:
            return cls(rows=look.observe(lambda: count_rows(session), what="rows"))

    @classmethod
    def limit(cls, block: PostgresBlock) -> dt.timedelta:
        """Give it longer than other looks: tables are read whole."""
        return max(block.timeout, _LIMIT)

    @classmethod
    def looks(cls, block: PostgresBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is sent."""
        return session_looks(
            block,
            *(
                PlannedLook(
                    "statement",
                    statement,
                    grant=_GRANT if statement == _COUNT else "",
                    note="where a restore drill is allowed",
                    intrusive="restore",
                )
                for statement in STATEMENTS
            ),
        )

    @staticmethod
    def source(block: PostgresBlock) -> str:
        """Name the database: ``postgresql://db.example:5432/app``."""
        return Postgres.source(block)


def count_rows(session: Session) -> Mapping[str, int]:
    """Count the rows of every table that is no system's.

    Raises:
        LookError: a table may not be read, or there is no answer.
    """
    tables = session.read(_TABLES)
    closed = [named(*row[:2]) for row in tables if row[2] != "t"][:5]
    if closed:
        reason = f"the role may not read {', '.join(closed)}"
        role = session.identifier(session.user)
        grants = "; ".join(map(select_on, closed)).replace("{user}", role)
        raise LookError(reason, Cause.WITHHELD, grants, final=True)
    return {
        named(schema, name): int(
            session.read(
                _COUNT.format(
                    table=f"{session.identifier(schema)}.{session.identifier(name)}"
                )
            )[0][0]
        )
        for schema, name, _ in tables
    }
