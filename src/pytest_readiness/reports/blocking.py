"""What blocks, grouped by who owns it: one order and one wording for all formats."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code as SignedCode
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.states import SEVERITY, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["Blocking", "Obstacle", "Owner", "blocking", "counted", "severity"]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing to do: an item, or several of one owner that one action closes."""

    items: tuple[ReportItem, ...]

    @property
    def first(self) -> ReportItem:
        """Give the item that stands for all."""
        return self.items[0]


@dataclass(frozen=True, slots=True)
class Owner:
    """A role and what waits for it, worst first."""

    role: str
    obstacles: tuple[Obstacle, ...]

    @property
    def items(self) -> tuple[ReportItem, ...]:
        """Give every item of the owner that blocks."""
        return tuple(item for obstacle in self.obstacles for item in obstacle.items)


@dataclass(frozen=True, slots=True)
class Blocking:
    """Everything that blocks.

    ``not_run`` stands apart from the owners: running again is nobody's repair.
    ``following`` are rollups that only repeat the others, and approvals that are
    bound to them.
    """

    not_run: tuple[Obstacle, ...]
    owners: tuple[Owner, ...]
    following: tuple[ReportItem, ...]


def blocking(report: Report) -> Blocking:
    """Group what blocks: owners with the worst items first."""
    open_ = [item for item in report.items if item.state.blocks]
    # An approval that did not know of an open item holds again once that is closed.
    follows = {str(Code.MEMBERS), str(SignedCode.STATE_CHANGED)}
    if all(item.code in follows for item in open_):
        follows.discard(SignedCode.STATE_CHANGED)
    own = [item for item in open_ if item.code not in follows]
    following = tuple(item for item in open_ if item.code in follows)
    not_run = _obstacles([item for item in own if item.state is State.NOT_RUN])
    by_owner: dict[str, list[ReportItem]] = {}
    for item in own:
        if item.state is not State.NOT_RUN:
            by_owner.setdefault(item.owner, []).append(item)
    owners = [Owner(role, _obstacles(items)) for role, items in by_owner.items()]
    owners.sort(key=lambda owner: (_weight(owner.items), owner.role))
    return Blocking(not_run, tuple(owners), following)


def severity(state: State) -> int:
    """Give the place of a state, worst first."""
    return -SEVERITY.index(state) if state in SEVERITY else 0


def counted(states: Iterable[State]) -> str:
    """Write counts in words, worst first: ``2 failed, 1 pending``."""
    found = Counter(states)
    order = sorted(found, key=severity)
    return ", ".join(f"{found[state]} {state}" for state in order)


def _weight(items: Sequence[ReportItem]) -> list[tuple[int, int]]:
    """Compare owners by their worst state, then by how many items are in it, and on."""
    found = Counter(item.state for item in items)
    return sorted((severity(state), -count) for state, count in found.items())


def _obstacles(items: Sequence[ReportItem]) -> tuple[Obstacle, ...]:
    groups: dict[tuple[str, ...], list[ReportItem]] = {}
    for item in items:
        lost = item.state is State.NOT_RUN
        action = "" if lost else item.command or item.remedy or item.id
        key = (item.state, item.code, item.reason, action)
        groups.setdefault(key, []).append(item)
    found = [Obstacle(tuple(group)) for group in groups.values()]
    return tuple(sorted(found, key=lambda obstacle: severity(obstacle.first.state)))
