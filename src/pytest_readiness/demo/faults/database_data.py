"""Tables without what the service starts from, and rules that were never checked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from pytest_readiness.demo.faults.database_setup import LOOKS, expects, sql, turned
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.verdict.states import State

__all__ = ["FAULTS"]

_fails = partial(turned, "data-validation")
_CONSISTENCY = "error-handling-and-recovery.data-consistency"


def _also(fault: Fault, state: State = State.FAILED) -> Fault:
    """Have a fault turn the item of what must always be true as well."""
    return replace(fault, turns={**fault.turns, _CONSISTENCY: state})


_EXPIRED = (
    "INSERT INTO orders (placed_at, trader, symbol, side, quantity, limit_price)"
    " VALUES (now() + interval '1 year', 'nobody', 'DEMO-C100', 'buy', 1, 1)"
)
_ORPHAN = (
    "ALTER TABLE orders DROP CONSTRAINT orders_symbol_fkey",
    (
        "INSERT INTO orders (trader, symbol, side, quantity, limit_price)"
        " VALUES ('nobody', 'NONE', 'buy', 1, 1)"
    ),
    (
        "ALTER TABLE orders ADD CONSTRAINT orders_symbol_fkey"
        " FOREIGN KEY (symbol) REFERENCES contracts NOT VALID"
    ),
)
_NO_ORPHAN = (
    "DELETE FROM orders WHERE trader = 'nobody'",
    "ALTER TABLE orders VALIDATE CONSTRAINT orders_symbol_fkey",
)
_MAKE = (
    "CREATE TABLE fees (venue text PRIMARY KEY)",
    "GRANT SELECT ON fees TO readiness",
)
"""A table that nobody asks for: without contracts other items would turn, too, as soon
as the quotes that the cache still has are too old."""


def _empty(breakage: Breakage) -> None:
    sql(*_MAKE, undo=("DROP TABLE fees",))(breakage)
    expects("contents", rows={"contracts": 4, "fees": 1})(breakage)


FAULTS = (
    _fails("data-empty", "a table that the service starts from is empty", _empty),
    _fails(
        *("data-orphan", "an order without its contract hides under NOT VALID"),
        sql(*_ORPHAN, undo=_NO_ORPHAN),
    ),
    _also(
        _fails(
            *("data-assertion", "one order came after its contract's end"),
            sql(_EXPIRED, undo=("DELETE FROM orders WHERE trader = 'nobody'",)),
        )
    ),
    Fault(
        *("data-floor", "a floor that is just met is good", {}, LOOKS),
        expects("contents", rows={"contracts": 4, "alembic_version": 1}),
    ),
    Fault(
        "data-no-assertions",
        "nobody says what must always be true",
        {_CONSISTENCY: State.UNCONFIGURED},
        LOOKS,
        expects("contents", assertions=[]),
    ),
)
