"""How the server is set up for its machine, and how that works out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.postgres.reading import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.postgres.reading import Reader
    from pytest_readiness.probes.postgres.session import Rows

__all__ = [
    "MANY_ROWS",
    "RECORDER",
    "SETTINGS",
    "TUNING",
    "CacheReads",
    "Tuning",
    "read_tuning",
]

MANY_ROWS = 10_000
"""Rows from which on a table's dead rows count."""

SETTINGS = (
    "SELECT s.name, s.setting, COALESCE(s.unit, '') FROM pg_catalog.pg_settings s"
    " WHERE s.name IN ({names})"
)
_NAMES = (
    *("shared_buffers", "effective_cache_size", "work_mem", "max_connections"),
    *("superuser_reserved_connections", "reserved_connections"),
    *("max_wal_size", "autovacuum", "track_counts", "autovacuum_freeze_max_age"),
)
RECORDER = (
    "SELECT n.nspname FROM pg_catalog.pg_extension e"
    " JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace"
    " WHERE e.extname = 'pg_stat_statements'"
)
_RECORDED = "SELECT 1 FROM {schema}.pg_stat_statements LIMIT 1"
_READS = (
    "SELECT COALESCE(sum(blks_hit), 0), COALESCE(sum(blks_hit + blks_read), 0)"
    " FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()"
)
_DEAD = (
    "SELECT t.schemaname, t.relname,"
    " t.n_dead_tup::float8 / (t.n_live_tup + t.n_dead_tup)"
    " FROM pg_catalog.pg_stat_user_tables t"
    " WHERE t.n_live_tup + t.n_dead_tup > {many} ORDER BY 3 DESC LIMIT 1"
)
_OLDEST = (
    "SELECT d.datname, pg_catalog.age(d.datfrozenxid)"
    " FROM pg_catalog.pg_database d ORDER BY 2 DESC LIMIT 1"
)
TUNING = (SETTINGS, RECORDER, _RECORDED, _READS, _DEAD, _OLDEST)
"""What is sent; every role may read all of it."""

_UNITS = {"": 1, "B": 1, "kB": 1024, "8kB": 8192, "MB": 1 << 20, "GB": 1 << 30}
_NOT_LOADED = "the statement failed with SQLSTATE 55000"


@dataclass(frozen=True)
class CacheReads:
    """How many blocks were asked for, and how many were there already."""

    hits: int
    blocks: int

    @property
    def ratio(self) -> float:
        """Share of the hits; 1 where nothing was asked for."""
        return self.hits / self.blocks if self.blocks else 1.0

    def __str__(self) -> str:
        return f"{self.ratio:.1%} of {self.blocks} blocks"


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """Settings against the machine's memory, and the server's own statistics."""

    shared_buffers_share: Observed[float]
    """Of the machine's memory."""
    shared_buffers: Observed[int]
    effective_cache_size: Observed[int]
    """What the planner believes to be cached, in bytes."""
    work_memory_share: Observed[float]
    """``work_mem`` for every connection at once, of the machine's memory."""
    usable_connections: Observed[int]
    """``max_connections``, less those kept for superusers and maintenance."""
    max_wal_size: Observed[int]
    """Bytes of write-ahead log between two checkpoints."""
    autovacuum: Observed[bool]
    """Whether it is on, and the counts that it needs."""
    statements_recorded: Observed[bool]
    """Whether pg_stat_statements works in this database."""
    cache_reads: Observed[CacheReads]
    """Of this database, since its statistics were last reset."""
    dead_share: Observed[float]
    """The largest share of dead rows in a table of many rows; the detail names it."""
    xid_age_share: Observed[float]
    """The oldest database's transaction age, of ``autovacuum_freeze_max_age``."""


def read_tuning(reader: Reader, ram: int | None) -> dict[str, Observed[Any]]:
    """Read the facts of :class:`Tuning`."""
    names = ", ".join(map(reader.session.literal, _NAMES))
    settings = reader.rows(SETTINGS.format(names=names), "pg_settings").map(_settings)
    work = settings.map(lambda s: _value(s, "work_mem") * _value(s, "max_connections"))
    buffers = _bytes(settings, "shared_buffers")
    return {
        "shared_buffers": buffers,
        "shared_buffers_share": _share(reader, buffers, ram),
        "effective_cache_size": _bytes(settings, "effective_cache_size"),
        "work_memory_share": _share(reader, work, ram),
        "usable_connections": settings.map(
            lambda s: (
                _value(s, "max_connections")
                - _value(s, "superuser_reserved_connections")
                - _value(s, "reserved_connections")
            )  # since PostgreSQL 16
        ),
        "max_wal_size": _bytes(settings, "max_wal_size"),
        "autovacuum": settings.map(
            lambda s: s.get("autovacuum") == s.get("track_counts") == "on"
        ),
        "statements_recorded": _recorded(reader),
        "cache_reads": reader.rows(_READS, "pg_stat_database").map(
            lambda rows: CacheReads(int(rows[0][0]), int(rows[0][1]))
        ),
        "dead_share": _dead(reader),
        "xid_age_share": _oldest(reader, settings),
    }


def _settings(rows: Rows) -> Mapping[str, str]:
    """Give the settings by name, those with a unit in bytes."""
    return {
        name: str(int(value) * _UNITS[unit]) if unit in _UNITS and unit else value
        for name, value, unit in rows
    }


def _value(settings: Mapping[str, str], name: str) -> int:
    return int(settings.get(name, "0"))


def _bytes(settings: Observed[Mapping[str, str]], name: str) -> Observed[int]:
    return settings.map(lambda known: _value(known, name), unit="bytes")


def _share(reader: Reader, size: Observed[int], ram: int | None) -> Observed[float]:
    if not ram:
        return reader.unset("ram")
    return size.map(lambda value: value / ram, unit="ratio")


def _recorded(reader: Reader) -> Observed[bool]:
    def read() -> bool:
        rows = reader.session.read(RECORDER)
        if not rows:
            return False
        schema = reader.session.identifier(rows[0][0])
        try:
            reader.session.read(_RECORDED.format(schema=schema))
        except LookError as error:
            # The extension is there and its library was not loaded at the start.
            if error.unavailable.reason == _NOT_LOADED:
                return False
            raise
        return True

    return reader.look.observe(read, what="pg_stat_statements")


def _dead(reader: Reader) -> Observed[float]:
    rows = reader.rows(_DEAD.format(many=MANY_ROWS), "pg_stat_user_tables")
    found = rows.otherwise(())
    detail = named(*found[0][:2]) if found else f"no table of over {MANY_ROWS} rows"
    return reader.look.seen(
        rows.map(lambda rows: float(rows[0][2]) if rows else 0.0).value,
        unit="ratio",
        what="pg_stat_user_tables",
        detail=detail if rows.available else "",
        duration=rows.duration,
    )


def _oldest(reader: Reader, settings: Observed[Mapping[str, str]]) -> Observed[float]:
    rows = reader.rows(_OLDEST, "pg_database")
    limit = _value(settings.otherwise({}), "autovacuum_freeze_max_age")
    if not limit:
        nothing = Unavailable("autovacuum_freeze_max_age is not known", Cause.NO_ANSWER)
        return reader.look.seen(nothing, what="pg_database")
    found = rows.otherwise(())
    detail = f"{found[0][0]}, {found[0][1]} transactions" if found else ""
    return reader.look.seen(
        rows.map(lambda rows: int(rows[0][1]) / limit).value,
        unit="ratio",
        what="pg_database",
        detail=detail,
        duration=rows.duration,
    )
