"""Reads facts in a session: statements in, facts out, nothing raised."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.postgres.session import Rows, Session

__all__ = ["OURS", "Names", "Reader", "named", "select_on", "split_name"]

Names = tuple[str, ...]

OURS = (
    "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d"
    " WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
    " AND d.objid = c.oid AND d.deptype = 'e')"
)
"""What of ``pg_class c`` in ``pg_namespace n`` is no system's and no extension's."""


@dataclass(frozen=True)
class Reader:
    """One session's reader; ``table`` is where the target file says what to expect."""

    session: Session
    look: Look
    table: str

    def rows(self, statement: str, what: str, grant: str = "") -> Observed[Rows]:
        """Read rows; ``grant`` is what helps where ``{user}`` may not read them."""

        def read() -> Rows:
            try:
                return self.session.read(statement)
            except LookError as error:
                role = self.session.identifier(self.session.user)
                raise _with_grant(error, grant.replace("{user}", role)) from None

        return self.look.observe(read, what=what)

    def names(self, statement: str, what: str, grant: str = "") -> Observed[Names]:
        """Read objects: schema, name and details of each."""
        return self.rows(statement, what, grant).map(
            lambda rows: tuple(named(*row) for row in rows)
        )

    def values(self, rows: Iterable[Iterable[str]]) -> str:
        """Write rows of texts as a ``VALUES`` list."""
        quoted = (", ".join(map(self.session.literal, row)) for row in rows)
        return ", ".join(f"({row})" for row in quoted)

    def unset(self, key: str) -> Observed[Any]:
        """Give the fact that the target file does not say what to expect."""
        reason = f"the target does not say `{key}` in {self.table}"
        remedy = f"set `{key}` in {self.table}"
        return self.look.seen(Unavailable(reason, Cause.UNCONFIGURED, remedy))


def split_name(name: str) -> tuple[str, str]:
    """Give schema and name of what the target file calls ``orders`` or ``a.orders``."""
    schema, _, plain = name.rpartition(".")
    return schema or "public", plain


def select_on(table: str) -> str:
    """Give the grant for a table as the target file calls it; ``{user}`` is to fill in.

    >>> select_on("orders")
    'GRANT SELECT ON "public"."orders" TO {user}'
    """
    schema, name = split_name(table)
    usage = f'GRANT USAGE ON SCHEMA "{schema}" TO {{user}}; '
    select = f'GRANT SELECT ON "{schema}"."{name}" TO {{user}}'
    return select if schema == "public" else usage + select


def named(schema: str, name: str, *details: str) -> str:
    """Call an object as the target file does, with what else there is to say."""
    shown = name if schema == "public" else f"{schema}.{name}"
    return f"{shown}: {', '.join(details)}" if details else shown


def _with_grant(error: LookError, grant: str) -> LookError:
    failure = error.unavailable
    if failure.cause is not Cause.WITHHELD or not grant:
        return error
    told = replace(failure, reason=f"{failure.reason}: {grant}", remedy=grant)
    return LookError(told.reason, told.cause, told.remedy, final=True)
