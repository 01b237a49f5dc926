"""Rollups: items computed from the other items of the same run.

They are decided after all others, in the order that :func:`in_order` gives, because a
rollup may cover rollups.
"""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.item import Rollup
from pytest_readiness.errors import ConfigError
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.judging import Body
from pytest_readiness.verdict.states import SEVERITY, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.verdict.settling import Outcome

__all__ = ["NAMED", "in_order", "members", "roll_up"]

NAMED = 3
"""How many of the worst members a reason names."""

_COUNTED_AS_VERIFIED = frozenset({State.WAIVED, State.NOT_APPLICABLE})


def members(item: Item, ids: Iterable[str]) -> tuple[str, ...]:
    """Give the ids that a rollup covers, itself never among them."""
    rule = item.rollup or Rollup(())
    return tuple(
        id_
        for id_ in ids
        if id_ != item.id
        and any(fnmatchcase(id_, pattern) for pattern in rule.over)
        and not any(fnmatchcase(id_, pattern) for pattern in rule.excluding)
    )


def in_order(rollups: Sequence[Item], ids: Iterable[str]) -> list[Item]:
    """Sort rollups so that each comes after those that it covers.

    Raises:
        ConfigError: rollups cover each other in a circle.
    """
    by_id = {item.id: item for item in rollups}
    known = list(ids)
    graph = {
        item.id: [id_ for id_ in members(item, known) if id_ in by_id]
        for item in rollups
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ConfigError(
            "suite",
            f"rollups cover each other: {circle}",
            "add `excluding` to one of them",
        ) from None
    return [by_id[id_] for id_ in order]


def roll_up(item: Item, outcomes: Mapping[str, Outcome], *, raw: bool = False) -> Body:
    """Give the worst state among the members that the gate asks for.

    Args:
        item: the rollup.
        outcomes: every item of the lock (:func:`.accounting.complete`), so that a
            member without a record counts as not run.
        raw: roll up the states before waivers.
    """
    states = {
        id_: outcomes[id_].raw_state if raw else outcomes[id_].state
        for id_ in members(item, outcomes)
    }
    asked = {id_: s for id_, s in states.items() if s is not State.OUT_OF_GATE}
    if not asked:
        why = "it covers no item that this gate asks for"
        return Body(State.UNKNOWN, Code.NO_MEMBERS, why)
    worst = max((_effective(state) for state in asked.values()), key=SEVERITY.index)
    counts: Counter[State] = Counter(asked.values())
    if not worst.blocks:
        return Body(worst, "", f"{_counted(counts)}, of {len(asked)}")
    named = [id_ for id_, state in asked.items() if state is worst]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    open_: Counter[State] = Counter(
        {state: n for state, n in counts.items() if state.blocks}
    )
    reason = f"{_counted(open_)}, of {len(asked)}: {', '.join(named[:NAMED])}{more}"
    return Body(worst, Code.MEMBERS, reason)


def _effective(state: State) -> State:
    return State.VERIFIED if state in _COUNTED_AS_VERIFIED else state


def _counted(counts: Counter[State]) -> str:
    """Write counts, worst first: ``3 failed, 12 pending``."""
    order = {state: place for place, state in enumerate(reversed(SEVERITY))}
    known = sorted(counts, key=lambda state: order.get(state, len(order)))
    return ", ".join(f"{counts[state]} {state}" for state in known)
