"""What the tables hold: row floors, the target's own SELECTs, unchecked constraints.

A look of its own: it may take longer than the catalogs do, and may ask a replica. What
the target's SELECTs cost is asked first; one that costs too much is not run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.postgres import Postgres, quoted, session_looks
from pytest_readiness.probes.postgres.reading import Reader, select_on, split_name
from pytest_readiness.probes.postgres.session import BEGIN, END, TIMEOUT, Session
from pytest_readiness.probes.postgres.settings import connection_settings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import PostgresBlock
    from pytest_readiness.target.blocks.database import Assertion, ContentsTable

__all__ = ["STATEMENTS", "Contents", "Expectation"]

_ROWS = "SELECT count(*) FROM (SELECT FROM {table} LIMIT {floor}) AS counted"
_GRANT = "GRANT SELECT ON {tables} TO {user}"
"""For the target's own SELECTs, whose tables are not known."""
_COST = "EXPLAIN (FORMAT JSON) {select}"
_UNVALIDATED = (
    "SELECT n.nspname, c.relname, k.conname FROM pg_catalog.pg_constraint k"
    " JOIN pg_catalog.pg_class c ON c.oid = k.conrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT k.convalidated ORDER BY 1, 2, 3 LIMIT 100"
)
STATEMENTS = (BEGIN, TIMEOUT, _UNVALIDATED, END)
"""What is always sent; beside it, rows are counted and the target's SELECTs asked."""


@dataclass(frozen=True)
class Expectation:
    """One thing that the target expects of the contents."""

    name: str
    value: Observed[str]
    """What the database gave, as it writes it."""
    required: str
    holds: Callable[[str], bool]
    """Whether a value meets it."""
    invariant: bool = False
    """Whether it is an assertion, which holds at any time."""


@dataclass(frozen=True, kw_only=True)
class Contents(Facts):
    """What one database holds."""

    block: ClassVar[str] = "postgres"

    expectations: Observed[tuple[Expectation, ...]]
    """The target's row floors and assertions, each with what was seen.

    Rows are counted up to the floor, however many there are.
    """
    unvalidated: Observed[tuple[str, ...]]
    """Foreign keys and checks that old rows were never held against (NOT VALID)."""

    @property
    def invariants(self) -> Observed[tuple[Expectation, ...]]:
        """The target's assertions alone, which hold whatever happened before."""
        return self.expectations.map(
            lambda several: tuple(one for one in several if one.invariant)
        )

    @classmethod
    def gather(cls, block: PostgresBlock, look: Look) -> Self:
        """Count and ask in one session, on the replica where one is named."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: PostgresBlock, look: Look) -> Self:
        settings = connection_settings(block)
        table = block.contents
        if table is not None and table.host is not None:
            settings |= {"host": table.host, "hostaddr": ""}
        if table is not None and table.port is not None:
            settings["port"] = str(table.port)
        where = f"[target.{look.environment}.postgres]"
        with Session.open(settings, look, look.brief(block.timeout)) as session:
            reader = Reader(session, look, where)
            return cls(
                expectations=_expectations(reader, table),
                unvalidated=reader.names(_UNVALIDATED, "pg_constraint"),
            )

    @classmethod
    def limit(cls, block: PostgresBlock) -> dt.timedelta:
        """Give the contents' own time, where the target names one."""
        own = block.contents.timeout if block.contents else block.timeout
        return max(own, block.timeout)

    @classmethod
    def looks(cls, block: PostgresBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is sent, the target's own SELECTs as they stand."""
        return session_looks(
            block,
            *(PlannedLook("statement", statement) for statement in STATEMENTS),
            *(_table_looks(block.contents) if block.contents else ()),
        )

    @staticmethod
    def source(block: PostgresBlock) -> str:
        """Name the database, or its replica."""
        if block.contents is None or block.contents.host is None:
            return Postgres.source(block)
        _, port, database = block.location
        host = block.contents.host
        shown = f"[{host}]" if ":" in host else host
        return f"postgresql://{shown}:{block.contents.port or port}/{database}"


def _table_looks(table: ContentsTable) -> Iterator[PlannedLook]:
    """Say how rows are counted, and what the assertions ask, their cost first."""
    for name, floor in table.rows.items():
        counting = _ROWS.format(table=_quoted(name), floor=floor)
        yield PlannedLook("statement", counting, grant=select_on(name))
    note = f"where the planner's cost is at most {table.max_cost:.0f}"
    for one in table.assertions:
        yield PlannedLook("statement", _COST.format(select=one.sql), grant=_GRANT)
        yield PlannedLook("statement", one.sql, grant=_GRANT, note=note)


def _quoted(table: str) -> str:
    return ".".join(map(quoted, split_name(table)))


def _expectations(
    reader: Reader, table: ContentsTable | None
) -> Observed[tuple[Expectation, ...]]:
    if table is None:
        return reader.unset("contents")
    floors = (_floor(reader, name, floor) for name, floor in table.rows.items())
    claims = (_claim(reader, one, table.max_cost) for one in table.assertions)
    return reader.look.seen((*floors, *claims), what="contents")


def _floor(reader: Reader, table: str, floor: int) -> Expectation:
    counting = _ROWS.format(table=_quoted(table), floor=floor)
    rows = reader.rows(counting, table, select_on(table))
    return Expectation(
        f"rows of {table}",
        rows.map(lambda rows: rows[0][0]),
        f"at least {floor}",
        lambda seen: int(seen) >= floor,
    )


def _claim(reader: Reader, assertion: Assertion, max_cost: float) -> Expectation:
    def read() -> str | Unavailable:
        plan = reader.session.read_foreign(_COST.format(select=assertion.sql))
        cost = _cost(plan[0][0])
        if cost > max_cost:
            reason = f"not run: the planner expects a cost of {cost:.0f}"
            remedy = f"max_cost is {max_cost:.0f}: raise it, or ask for less"
            return Unavailable(f"{reason}, more than {max_cost:.0f}", remedy=remedy)
        rows = reader.session.read_foreign(assertion.sql)
        if len(rows) != 1 or len(rows[0]) != 1:
            return Unavailable("the SELECT does not give just one value", Cause.LOCAL)
        return rows[0][0]

    seen = reader.look.observe(read, what=f"assertion {assertion.name!r}")
    required, holds = assertion.required, assertion.holds
    return Expectation(assertion.name, seen, required, holds, invariant=True)


def _cost(plan: str) -> float:
    """Read the planner's total cost: of its own units, a page read being 1."""
    try:
        return float(json.loads(plan)[0]["Plan"]["Total Cost"])
    except (ValueError, LookupError, TypeError):
        raise LookError("the planner names no cost", Cause.LOCAL) from None
