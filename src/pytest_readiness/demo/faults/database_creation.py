"""The service's role with too much, too little, or in bad company."""

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
from pytest_readiness.verdict.states import State

__all__ = ["FAULTS"]

_fails = partial(turned, "database-creation")
_GROUP = ("CREATE ROLE operators SUPERUSER", "GRANT operators TO engine")
_OWN_TABLE = (
    "CREATE TABLE drafts (id bigint PRIMARY KEY)",
    "ALTER TABLE drafts OWNER TO engine",
)


def _migrates(breakage: Breakage) -> None:
    _owns(breakage)
    change(breakage, "access", migrates=True)


_owns = sql(*_OWN_TABLE, undo=("DROP TABLE drafts",))

FAULTS = (
    *(
        _fails(
            f"role-{power}",
            f"the service's role {summary}",
            sql(
                f"ALTER ROLE engine {power.upper()}",
                undo=(f"ALTER ROLE engine NO{power.upper()}",),
            ),
        )
        for power, summary in {
            "superuser": "is a superuser",
            "createrole": "may create roles",
            "createdb": "may create databases",
            "replication": "may copy the whole server",
            "bypassrls": "passes by row security",
        }.items()
    ),
    *(
        _fails(
            name,
            f"the service's role may {summary}",
            sql(f"GRANT {group} TO engine", undo=(f"REVOKE {group} FROM engine",)),
        )
        for name, group, summary in (
            ("role-writes-files", "pg_write_server_files", "write the server's files"),
            ("role-runs-programs", "pg_execute_server_program", "run programs there"),
        )
    ),
    _fails(
        *("role-through-group", "a group makes the service's role a superuser"),
        sql(*_GROUP, undo=("DROP ROLE operators",)),
    ),
    _fails(
        *("role-lacks-grant", "the service's role may not add orders"),
        sql(
            "REVOKE INSERT ON orders FROM engine",
            undo=("GRANT INSERT ON orders TO engine",),
        ),
    ),
    _fails(
        *("role-exceeds", "the service's role may delete orders"),
        sql(
            "GRANT DELETE ON orders TO engine",
            undo=("REVOKE DELETE ON orders FROM engine",),
        ),
    ),
    _fails("role-owns", "the service's role owns a table", _owns),
    # Who is not there has called no statement so far.
    _fails(
        *("role-missing", "there is no role of the service's name"),
        expects("access", role="nobody_there"),
    ).also("performance-optimization.database-optimization", State.PENDING),
    _fails(
        *("public-creates", "everybody may create tables in the schema public"),
        sql(
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
            undo=("REVOKE CREATE ON SCHEMA public FROM PUBLIC",),
        ),
    ),
    Fault(
        *("role-migrates", "a role that migrates owns its tables: good", {}, LOOKS),
        _migrates,
    ),
)
