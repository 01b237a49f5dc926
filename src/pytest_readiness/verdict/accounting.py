"""Accounting: every item of the lock is in exactly one state, whatever was run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pytest_readiness.errors import ConfigError
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_readiness.catalogue.item import Stage
    from pytest_readiness.verdict.gate import Gate

__all__ = ["Accounted", "complete"]


class Accounted(Protocol):
    """What accounting needs to know about an item of the lock."""

    @property
    def id(self) -> str:
        """Give the item's id."""
        ...

    @property
    def stage(self) -> Stage:
        """Give the stage, which decides whether the gate asks for it."""
        ...


def complete(
    items: Iterable[Accounted],
    outcomes: Mapping[str, Outcome],
    gate: Gate,
    left_out: Mapping[str, str] | None = None,
) -> dict[str, Outcome]:
    """Give the outcome of every item of the lock, in the lock's order.

    An item that the gate does not ask is out-of-gate, also where something was recorded
    for it; one that it asks and that nobody recorded is not-run, for the reason that
    ``left_out`` has for it by id.

    Raises:
        ConfigError: something was recorded for an item that the lock does not have.
    """
    reasons = left_out or {}
    accounted = {
        item.id: _outcome(item, outcomes.get(item.id), gate, reasons.get(item.id, ""))
        for item in items
    }
    strange = sorted(outcomes.keys() - accounted.keys())
    if strange:
        raise ConfigError(
            "suite.lock",
            f"has no item {strange[0]}, which this run recorded",
            "run `readiness check --write`",
        )
    return accounted


def _outcome(
    item: Accounted, recorded: Outcome | None, gate: Gate, reason: str
) -> Outcome:
    if not gate.asks(item.stage):
        why = f"gate {gate.name} does not ask stage {item.stage}"
        return Outcome.plain(item.id, State.OUT_OF_GATE, Code.OUT_OF_GATE, why)
    # A record that says out-of-gate of an item that is in it is no record.
    if recorded is None or State.OUT_OF_GATE in {recorded.state, recorded.raw_state}:
        why = reason or "this run recorded nothing for it"
        return Outcome.plain(item.id, State.NOT_RUN, Code.NOT_RECORDED, why)
    return recorded
