"""What the faults of the service's security have in common: a front that spoils it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.standins.front import front
from pytest_readiness.target.values import is_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.demo.bench import Bench
    from pytest_readiness.demo.faults.fault import Breakage, Fault
    from pytest_readiness.demo.standins.front import Change

    Apply = Callable[[Breakage], None]

__all__ = ["EVERY_LOOK", "FAULTS", "behind", "replaced", "section"]

FAULTS: tuple[Fault, ...] = ()
"""None here: the items have modules of their own."""

EVERY_LOOK = frozenset(
    {
        "authentication",
        "authorization",
        "authorized_writes",
        "body_inputs",
        "injection",
        "inputs",
        "leaks",
        "rate_limit",
        "pages",
        "service",
        "transport",
    }
)
"""Every look at the service."""


def section(item: str) -> str:
    """Give an item's id."""
    return f"security-implementation.{item}"


def behind(change: Callable[[Bench], Change]) -> Apply:
    """Put a front before the engine, where the target looks for it."""

    def apply(breakage: Breakage) -> None:
        bench = breakage.bench
        context = bench.authority.issue().server_context(bench.folder, "front")
        spoiled = front(bench.engine.port, bench.ca_file, context, change(bench))
        port = breakage.enter(spoiled).port
        breakage.set("service", url=f"https://127.0.0.1:{port}")

    return apply


def replaced(breakage: Breakage, table: str, **settings: object) -> None:
    """Change settings of a table below ``service``; None takes one out."""
    before = breakage.tables["service"][table]
    changed = {**before, **settings} if is_table(before) else settings
    kept = {key: value for key, value in changed.items() if value is not None}
    breakage.tables["service"][table] = kept
