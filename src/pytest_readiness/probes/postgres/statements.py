"""How the database is used: slow statements, indexes without use, sequential reads.

All of it from the server's own statistics; what they cannot tell yet is left out, and
the details say so. Statements are shown as pg_stat_statements keeps them, their
constants taken out.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.probes.look import Facts, LookError, noted
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.postgres import Postgres, session_looks
from pytest_readiness.probes.postgres.reading import OURS, Reader, named
from pytest_readiness.probes.postgres.session import BEGIN, END, TIMEOUT, Session
from pytest_readiness.probes.postgres.settings import connection_settings
from pytest_readiness.probes.postgres.tuning import RECORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.postgres.session import Rows
    from pytest_readiness.target.blocks import PostgresBlock

__all__ = ["STATEMENTS", "Reads", "Statement", "Statements"]

_SEEN = "GRANT pg_read_all_stats TO {user}"
"""Whose statements are not the role's own, it may not read without this."""
_SLOWEST = (
    "SELECT s.queryid, s.calls, s.{mean}, pg_catalog.left(s.query, 120)"
    " FROM {schema}.pg_stat_statements s"
    " JOIN pg_catalog.pg_database d ON d.oid = s.dbid"
    " JOIN pg_catalog.pg_roles r ON r.oid = s.userid"
    " WHERE d.datname = pg_catalog.current_database() AND ({role} IN ('', r.rolname))"
    " AND (s.queryid IS NULL"
    " OR s.query ~* '^[[:space:](]*(select|insert|update|delete|merge|with)')"
    " ORDER BY s.queryid IS NULL DESC, s.{mean} DESC LIMIT 2000"
)
_DUPLICATES = (
    "SELECT n.nspname, t.relname, pg_catalog.string_agg(c.relname, ' and '"
    " ORDER BY c.relname) FROM pg_catalog.pg_index i"
    " JOIN pg_catalog.pg_class t ON t.oid = i.indrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace"
    " JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
    f" WHERE i.indisvalid AND {OURS}"
    " GROUP BY n.nspname, t.relname, i.indrelid, c.relam, i.indnkeyatts,"
    " i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text,"
    " pg_catalog.pg_get_expr(i.indexprs, i.indrelid),"
    " pg_catalog.pg_get_expr(i.indpred, i.indrelid)"
    " HAVING pg_catalog.count(*) > 1 ORDER BY 1, 2, 3 LIMIT 100"
)
# What enforces something is used by that, and a foreign key's index by its deletes.
_INDEXES = (
    "SELECT s.schemaname, s.indexrelname, s.idx_scan"
    " FROM pg_catalog.pg_stat_user_indexes s"
    " JOIN pg_catalog.pg_index i ON i.indexrelid = s.indexrelid"
    " JOIN pg_catalog.pg_class c ON c.oid = s.indexrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_catalog.pg_stat_user_tables t ON t.relid = s.relid"
    " WHERE i.indisvalid AND NOT i.indisunique AND NOT i.indisexclusion"
    " AND NOT i.indisreplident AND NOT i.indisclustered"
    f" AND t.seq_scan + COALESCE(t.idx_scan, 0) >= 100 AND {OURS}"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k"
    " WHERE k.conrelid = i.indrelid AND k.contype = 'f'"
    " AND k.conkey[1] = i.indkey[0])"
    " ORDER BY 1, 2 LIMIT 5000"
)
_TABLES = (
    "SELECT t.schemaname, t.relname, GREATEST(c.reltuples, t.n_live_tup)::bigint,"
    " t.seq_scan, COALESCE(t.idx_scan, 0) FROM pg_catalog.pg_stat_user_tables t"
    " JOIN pg_catalog.pg_class c ON c.oid = t.relid"
    " WHERE GREATEST(c.reltuples, t.n_live_tup) > 1000 ORDER BY 3 DESC LIMIT 1000"
)
_SINCE = (
    "SELECT EXTRACT(epoch FROM pg_catalog.now()"
    " - COALESCE(d.stats_reset, pg_catalog.pg_postmaster_start_time()))"
    " FROM pg_catalog.pg_stat_database d"
    " WHERE d.datname = pg_catalog.current_database()"
)
STATEMENTS = (
    *(BEGIN, TIMEOUT, RECORDER, _SLOWEST, _DUPLICATES),
    *(_INDEXES, _TABLES, _SINCE, END),
)
"""Every statement that this probe sends; names in braces are filled in, quoted."""

_RENAMED = 130_000
"""Since PostgreSQL 13 planning and executing are told apart."""
_ENOUGH = 100
"""Reads of a table from which on their kind says something."""


@dataclass(frozen=True)
class Statement:
    """One statement of the service, as often as it was called."""

    text: str
    calls: int
    mean: dt.timedelta


class Reads(NamedTuple):
    """How a table was read."""

    rows: int
    sequential: int
    indexed: int


@dataclass(frozen=True, kw_only=True)
class Statements(Facts):
    """The server's statistics of one database."""

    block: ClassVar[str] = "postgres"

    statements: Observed[tuple[Statement, ...]]
    """The service's reading and writing statements, the slowest first."""
    duplicates: Observed[tuple[str, ...]]
    """Indexes of one table that are alike in everything."""
    indexes: Observed[Mapping[str, int]]
    """How often each index was used that enforces nothing, replicas included."""
    tables: Observed[Mapping[str, Reads]]
    """How tables of over 1,000 rows were read, replicas included."""
    age: Observed[dt.timedelta]
    """Since when the server has counted."""

    def slowest(self, calls: int) -> Observed[dt.timedelta]:
        """Give the longest mean of the statements that were called so often."""
        often = [s for s in self.statements.otherwise(()) if s.calls >= calls]
        if not often:
            reason = f"no statement was called {calls} times yet"
            nothing = Unavailable(reason, Cause.TOO_EARLY)
            return self.statements.map(lambda _: nothing)
        fact = self.statements.map(lambda _: often[0].mean)
        return noted(fact, f"{often[0].calls} calls of {often[0].text}")

    def unused(self, least: dt.timedelta) -> Observed[tuple[str, ...]]:
        """Give the indexes that nobody used in ``least`` time; none before."""
        age = self.age.value
        if isinstance(age, Unavailable):
            return self.indexes.map(lambda _: age)
        if age < least:
            young = f"counted for {duration(age)}, judged after {duration(least)}"
            return noted(self.indexes.map(lambda _: ()), young)
        return self.indexes.map(
            lambda scans: tuple(name for name, count in scans.items() if not count)
        )

    def sequential(self, rows: int, share: float) -> Observed[tuple[str, ...]]:
        """Give the tables of more than ``rows`` rows that are often read as a whole."""

        def often(one: Reads) -> bool:
            reads = one.sequential + one.indexed
            enough = one.rows > rows and reads >= _ENOUGH
            return enough and one.sequential > share * reads

        return self.tables.map(
            lambda tables: tuple(
                f"{name}: {one.sequential} of {one.sequential + one.indexed} reads"
                for name, one in tables.items()
                if often(one)
            )
        )

    @classmethod
    def gather(cls, block: PostgresBlock, look: Look) -> Self:
        """Read the statistics in one session, and one for each replica."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: PostgresBlock, look: Look) -> Self:
        settings = connection_settings(block)
        where = f"[target.{look.environment}.postgres]"
        with Session.open(settings, look) as session:
            reader = Reader(session, look, where)
            own = _indexes(reader), _tables(reader)
            statements = _statements(reader, block)
            duplicates = reader.names(_DUPLICATES, "pg_index")
            age = reader.rows(_SINCE, "pg_stat_database").map(
                lambda rows: dt.timedelta(seconds=float(rows[0][0]))
            )
        indexes, tables = own
        for host in block.replicas:
            other = {**settings, "host": host, "hostaddr": ""}
            with Session.open(other, look) as session:
                reader = Reader(session, look, where)
                indexes = _added(indexes, _indexes(reader))
                tables = _joined(tables, _tables(reader))
        return cls(
            statements=statements,
            duplicates=duplicates,
            indexes=indexes,
            tables=tables,
            age=age,
        )

    @classmethod
    def looks(cls, block: PostgresBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is sent; names are filled in then."""
        grants = {_SLOWEST: _SEEN}
        recorded = "where pg_stat_statements is installed"
        return (
            *session_looks(
                block,
                *(
                    PlannedLook(
                        "statement",
                        one,
                        grant=grants.get(one, ""),
                        note=recorded if one in grants else "",
                    )
                    for one in STATEMENTS
                ),
            ),
            *(
                PlannedLook("connection", "session as above", host)
                for host in block.replicas
            ),
        )

    @staticmethod
    def source(block: PostgresBlock) -> str:
        """Name the database: ``postgresql://db.example:5432/app``."""
        return Postgres.source(block)


def _statements(
    reader: Reader, block: PostgresBlock
) -> Observed[tuple[Statement, ...]]:
    role = block.access.role if block.access is not None else None
    session = reader.session

    def read() -> tuple[Statement, ...] | Unavailable:
        found = session.read(RECORDER)
        if not found:
            return Unavailable(
                "pg_stat_statements is not there",
                Cause.NO_ANSWER,
                "load it at the start, and CREATE EXTENSION pg_stat_statements",
            )
        mean = "mean_exec_time" if session.server_version >= _RENAMED else "mean_time"
        rows = session.read(
            _SLOWEST.format(
                schema=session.identifier(found[0][0]),
                mean=mean,
                role=session.literal(role or ""),
            )
        )
        if any(not queryid for queryid, *_ in rows):
            grant = _SEEN.replace("{user}", session.identifier(session.user))
            reason = f"the role may not see others' statements: {grant}"
            raise LookError(reason, Cause.WITHHELD, grant, final=True)
        return tuple(map(_statement, rows))

    return reader.look.observe(read, what="pg_stat_statements")


def _statement(row: tuple[str, ...]) -> Statement:
    queryid, calls, mean, text = row
    shown = " ".join(text.split())
    return Statement(
        f"{queryid} ({shown})", int(calls), dt.timedelta(milliseconds=float(mean))
    )


def _indexes(reader: Reader) -> Observed[Mapping[str, int]]:
    def counts(rows: Rows) -> Mapping[str, int]:
        return {named(schema, name): int(scans) for schema, name, scans in rows}

    return reader.rows(_INDEXES, "pg_stat_user_indexes").map(counts)


def _tables(reader: Reader) -> Observed[Mapping[str, Reads]]:
    def reads(rows: Rows) -> Mapping[str, Reads]:
        return {named(*row[:2]): Reads(*map(int, row[2:])) for row in rows}

    return reader.rows(_TABLES, "pg_stat_user_tables").map(reads)


def _added(
    one: Observed[Mapping[str, int]], other: Observed[Mapping[str, int]]
) -> Observed[Mapping[str, int]]:
    more = other.value
    if isinstance(more, Unavailable):
        return one.map(lambda _: more)

    def both(counts: Mapping[str, int]) -> Mapping[str, int]:
        total = Counter(more)
        total.update(counts)
        return dict(total)

    return one.map(both)


def _joined(
    one: Observed[Mapping[str, Reads]], other: Observed[Mapping[str, Reads]]
) -> Observed[Mapping[str, Reads]]:
    more = other.value
    if isinstance(more, Unavailable):
        return one.map(lambda _: more)

    def both(reads: Mapping[str, Reads]) -> Mapping[str, Reads]:
        names = dict.fromkeys((*reads, *more))
        return {name: _sum(reads.get(name), more.get(name)) for name in names}

    return one.map(both)


def _sum(*reads: Reads | None) -> Reads:
    there: Iterable[Reads] = [one for one in reads if one is not None]
    return Reads(
        max(one.rows for one in there),
        sum(one.sequential for one in there),
        sum(one.indexed for one in there),
    )
