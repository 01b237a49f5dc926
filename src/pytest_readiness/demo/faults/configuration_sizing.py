"""Configuration Management: pools and threads that do not fit, or are not set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.servers.engine import CONFIGURATION
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_ITEM = "configuration-management.performance-settings"
_TOUCHES = frozenset({"sizing"})


def _client(**sizes: object) -> Apply:
    """Have other numbers for the engine."""
    return lambda breakage: breakage.tables["sizing"]["clients"]["engine"].update(sizes)


def _settings(old: str, new: str) -> Apply:
    """Have another number in the engine's settings."""

    def apply(breakage: Breakage) -> None:
        settings = CONFIGURATION[0].read_text("utf-8").replace(old, new)
        path = breakage.write("configured/sizes.yaml", settings)
        breakage.set("sizing", settings=str(path))

    return apply


def _another(breakage: Breakage) -> None:
    """Have a second client; each alone would fit."""
    clients = breakage.tables["sizing"]["clients"]
    clients["engine"]["replicas"] = 8
    clients["reports"] = {"replicas": 2, "workers": 2, "pool_size": 5}


def _fault(name: str, summary: str, apply: Apply, state: State = State.FAILED) -> Fault:
    return Fault(f"sizing-{name}", summary, {_ITEM: state}, _TOUCHES, apply)


FAULTS = (
    _fault("too-many", "a pool is larger than the server", _client(pool_size=500)),
    _fault("overflow", "the overflow is too large", _client(max_overflow=500)),
    _fault("sum", "two clients together do not fit", _another),
    _fault("unset", "nobody set the pool's size", _settings("  pool_size: 4\n", "")),
    _fault("zero", "a pool of zero is one without a limit", _settings("e: 4", "e: 0")),
    _fault("unlimited", "the overflow has no limit", _client(max_overflow=-1)),
    _fault(
        *("pool-clients", "more clients than PgBouncer lets in"),
        _client(replicas=30, through_pool=True),
    ),
    _fault("threads", "more threads than the cores can work at", _client(threads=5000)),
    _fault(
        *("no-clients", "nobody says what connects"),
        lambda breakage: breakage.tables["sizing"].pop("clients"),
        State.UNCONFIGURED,
    ),
)
