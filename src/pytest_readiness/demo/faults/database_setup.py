"""What the looks at the demo's database have in common when one of them is broken."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.servers.postgres import DATABASE
from pytest_readiness.errors import ConfigError
from pytest_readiness.target.values import is_table
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS", "LOOKS", "SILENT", "change", "expects", "sql", "turned"]

FAULTS: tuple[Fault, ...] = ()
"""None here: each item has a module of its own."""

LOOKS = frozenset({"postgres", "database", "contents", "defences", "statements"})
"""Every look at the database server."""

SILENT: Mapping[str, State] = {
    "database-setup.database-creation": State.UNKNOWN,
    "database-setup.schema-migration": State.UNKNOWN,
    "database-setup.data-validation": State.UNKNOWN,
    "database-setup.performance-tuning": State.UNKNOWN,
    "database-setup.security": State.UNKNOWN,
    # Whether the pool fits a server that does not answer is a matter of reaching it.
    "database-setup.connection-pooling": State.FAILED,
    "configuration-management.performance-settings": State.UNKNOWN,
    "error-handling-and-recovery.data-consistency": State.UNKNOWN,
    "security-implementation.https": State.UNKNOWN,
    "performance-optimization.database-optimization": State.UNKNOWN,
}
"""What is not known where the database gives no answer."""


def turned(item: str, name: str, summary: str, apply: Apply, **more: State) -> Fault:
    """Make the fault that fails one item of the section, and others as named."""
    turns = {f"database-setup.{item}": State.FAILED}
    turns |= {f"database-setup.{other}": state for other, state in more.items()}
    return Fault(name, summary, turns, LOOKS, apply)


def sql(*statements: str, undo: tuple[str, ...]) -> Apply:
    """Change the database by SQL, and back again; some of it may be meant to fail."""

    def apply(breakage: Breakage) -> None:
        postgres = breakage.bench.postgres

        def mend() -> None:
            postgres.execute(DATABASE, *undo)

        breakage.stack.callback(mend)
        for statement in statements:
            with contextlib.suppress(ConfigError):
                postgres.execute(DATABASE, statement)

    return apply


def expects(table: str, **settings: object) -> Apply:
    """Have the target file say something else in a table below ``postgres``."""
    return lambda breakage: change(breakage, table, **settings)


def change(breakage: Breakage, table: str, **settings: object) -> None:
    """Change settings of a table below ``postgres``; None takes one out."""
    before = breakage.tables["postgres"][table]
    if is_table(before):
        changed = {**before, **settings}
        kept = {key: value for key, value in changed.items() if value is not None}
        breakage.tables["postgres"][table] = kept
