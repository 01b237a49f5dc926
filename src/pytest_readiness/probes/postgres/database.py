"""One database, as its catalogs tell it: everything in one read-only session.

Beside :class:`~pytest_readiness.probes.postgres.Postgres`, which says whether it
answers at all: these facts are read only where an item asks for one of them.
:data:`STATEMENTS` is all that is ever sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Observed, Unavailable
from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.postgres import Postgres, session_looks
from pytest_readiness.probes.postgres.access import ACCESS, Access, read_access
from pytest_readiness.probes.postgres.reading import Reader
from pytest_readiness.probes.postgres.refusals import NO_DATABASE
from pytest_readiness.probes.postgres.session import BEGIN, END, TIMEOUT, Session
from pytest_readiness.probes.postgres.settings import connection_settings
from pytest_readiness.probes.postgres.structure import (
    STRUCTURE,
    Structure,
    read_structure,
    structure_looks,
)
from pytest_readiness.probes.postgres.tuning import TUNING, Tuning, read_tuning

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import PostgresBlock

__all__ = ["STATEMENTS", "Database", "Live"]

STATEMENTS = (BEGIN, TIMEOUT, *ACCESS, *STRUCTURE, *TUNING, END)
"""Every statement that this probe sends; names in braces are filled in, quoted."""


@dataclass(frozen=True, kw_only=True)
class Database(Access, Structure, Tuning, Facts):
    """One database of one PostgreSQL server."""

    block: ClassVar[str] = "postgres"

    exists: Observed[bool]
    """Whether the server has a database of that name."""

    @classmethod
    def gather(cls, block: PostgresBlock, look: Look) -> Self:
        """Open one session and read the catalogs, a round trip each."""
        facts = cls.tried(look, block.retries, lambda look: cls._once(block, look))
        nothing = facts.exists.value
        if isinstance(nothing, Unavailable) and nothing.reason == NO_DATABASE:
            missing = look.seen(False, detail=nothing.reason)  # noqa: FBT003  # a value
            return replace(facts, exists=missing)
        return facts

    @classmethod
    def _once(cls, block: PostgresBlock, look: Look) -> Self:
        with Session.open(connection_settings(block), look) as session:
            where = f"[target.{look.environment}.postgres]"
            reader = Reader(session, look, where)
            return cls(
                exists=look.seen(True),  # noqa: FBT003  # a value, not a switch
                **read_access(reader, block.access),
                **read_structure(reader, block.structure),
                **read_tuning(reader, block.ram),
            )

    @classmethod
    def looks(cls, block: PostgresBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is sent; names are filled in then."""
        return session_looks(
            block,
            *(PlannedLook("statement", statement) for statement in STATEMENTS),
            *structure_looks(block.structure),
        )

    @staticmethod
    def source(block: PostgresBlock) -> str:
        """Name the database: ``postgresql://db.example:5432/app``."""
        return Postgres.source(block)


@dataclass(frozen=True, kw_only=True)
class Live(Database):
    """The database of the target itself, also where the candidate is looked at."""

    view_of: ClassVar[str] = "database"
