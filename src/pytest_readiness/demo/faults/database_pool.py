"""A pool that is down, does not fit its server, or lets clients wait."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.database_setup import POOL_PASSWORD
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.pgbouncer import pgbouncer
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

__all__ = ["FAULTS", "with_pool"]

_ITEM = "database-setup.connection-pooling"
_LOOKS = frozenset({"pgbouncer"})
_SHORT = "1s"


def _fails(name: str, summary: str, apply: Callable[[Breakage], None]) -> Fault:
    return Fault(name, summary, {_ITEM: State.FAILED}, _LOOKS, apply)


def _silent(name: str, summary: str, apply: Callable[[Breakage], None]) -> Fault:
    """Make a fault of a pool of which nothing is known."""
    item = "performance-optimization.connection-pooling"
    return _fails(name, summary, apply).also(item, State.UNKNOWN)


def with_pool(**settings: float) -> Callable[[Breakage], None]:
    """Have a pool of other sizes or waits."""

    def apply(breakage: Breakage) -> None:
        bench = breakage.bench
        context = bench.authority.issue().server_context(bench.folder, "other-pool")
        pool = replace(bench.pool, **settings)  # type: ignore[arg-type]  # by name
        port = breakage.enter(pgbouncer(pool, context)).port
        breakage.set("pgbouncer", port=port)

    return apply


def _elsewhere(
    opens: Callable[[], AbstractContextManager[int | Listener]],
) -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        opened = breakage.enter(opens())
        port = opened.port if isinstance(opened, Listener) else opened
        breakage.set("pgbouncer", port=port, timeout=_SHORT)

    return apply


def _closed(breakage: Breakage) -> None:
    """Have a server behind the pool that is not there."""
    gone = breakage.bench.folder / "no-such-socket"
    with_pool(backend=gone)(breakage)  # type: ignore[arg-type]  # a path this once


FAULTS = (
    _fails(
        *("pool-too-large", "the pool may open more than the server takes"),
        with_pool(size=60),
    ),
    _fails(
        *("pool-reserve-too-large", "its reserve makes the pool too large"),
        with_pool(size=40, reserve=20),
    ),
    _fails("pool-waits", "a client has waited for seconds", with_pool(waits=4.2)),
    _silent("pool-down", "the pool's port refuses", _elsewhere(hostile.refuses)),
    _silent("pool-hangs", "the pool never answers", _elsewhere(hostile.hangs)),
    _silent("pool-foreign", "a web server is there", _elsewhere(hostile.http)),
    _silent(
        *("pool-wrong-password", "the pool's console rejects the password"),
        lambda breakage: breakage.environ.update({POOL_PASSWORD: "not-it"}),
    ),
    _fails("pool-leads-nowhere", "no connection comes through the pool", _closed),
    Fault(
        *("pool-waits-a-moment", "somebody waits for a moment: good", {}, _LOOKS),
        with_pool(waits=0.4),
    ),
)
