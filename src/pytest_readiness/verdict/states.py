"""The states an item can be in, and their order."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SEVERITY", "State", "worst"]


class State(StrEnum):
    """An item's state; every item of the lock is in exactly one."""

    VERIFIED = "verified"
    ATTESTED = "attested"
    NOT_APPLICABLE = "not-applicable"
    WAIVED = "waived"
    FAILED = "failed"
    PENDING = "pending"
    UNCONFIGURED = "unconfigured"
    UNKNOWN = "unknown"
    NOT_RUN = "not-run"
    OUT_OF_GATE = "out-of-gate"

    @property
    def satisfies(self) -> bool:
        """Whether the item is no obstacle to going live."""
        return self in _SATISFYING

    @property
    def blocks(self) -> bool:
        """Whether the item stands in the way of this gate."""
        return self is not State.OUT_OF_GATE and not self.satisfies


_SATISFYING = frozenset(
    {State.VERIFIED, State.ATTESTED, State.NOT_APPLICABLE, State.WAIVED}
)

SEVERITY = (
    State.VERIFIED,
    State.ATTESTED,
    State.WAIVED,
    State.PENDING,
    State.UNCONFIGURED,
    State.UNKNOWN,
    State.FAILED,
    State.NOT_RUN,
)
"""From best to worst; not-applicable and out-of-gate have no place in it."""


def worst(states: Iterable[State]) -> State | None:
    """Give the worst state of an item's parts; None where there are none."""
    return max(states, key=SEVERITY.index, default=None)
