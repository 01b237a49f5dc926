"""Two reports held against each other: what is better, worse, new, gone, or ends soon.

Nothing here excuses anything: a comparison says what changed, never that it is fine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_readiness.attest.codes import Code
from pytest_readiness.verdict.decision import Verdict
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import datetime as dt

    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["Change", "Comparison", "Ending", "compare"]

_RANK: Final = {
    State.VERIFIED: 0,
    State.ATTESTED: 0,
    State.NOT_APPLICABLE: 0,
    State.OUT_OF_GATE: 0,
    State.WAIVED: 1,
    State.PENDING: 2,
    State.UNCONFIGURED: 3,
    State.UNKNOWN: 4,
    State.FAILED: 5,
    State.NOT_RUN: 6,
}
_VERDICTS: Final = tuple(Verdict)
_STALE: Final = frozenset(
    {
        Code.EXPIRED,
        Code.ITEM_CHANGED,
        Code.EVIDENCE_CHANGED,
        Code.STATE_CHANGED,
        Code.TARGET_CHANGED,
        Code.WRONG_TARGET,
    }
)
"""Codes of what was signed once and does not count any more."""


@dataclass(frozen=True, slots=True)
class Change:
    """An item then and now; None where it was not asked."""

    then: ReportItem | None
    now: ReportItem | None

    @property
    def id(self) -> str:
        """The item."""
        found = self.now or self.then
        return found.id if found else ""


@dataclass(frozen=True, slots=True)
class Ending:
    """An item that is satisfied, and will not be after a moment."""

    item: ReportItem
    at: dt.datetime
    waiver: bool
    """Whether it is a waiver that ends, not a signature."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of every item that changed."""

    then: Report
    now: Report
    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    stale: tuple[Change, ...]
    """Was signed, and the signature does not count any more."""
    new: tuple[Change, ...]
    gone: tuple[Change, ...]
    """Is asked no longer: taken off the checklist, or out of the gate."""
    expiring: tuple[Ending, ...]

    @property
    def is_worse(self) -> bool:
        """Whether anybody must look: an item that is gone is no progress."""
        fell = _VERDICTS.index(self.now.verdict) > _VERDICTS.index(self.then.verdict)
        added = any(one.now is not None and one.now.state.blocks for one in self.new)
        return bool(self.worse or self.stale or self.gone or fell or added)


def compare(then: Report, now: Report, within: dt.timedelta) -> Comparison:
    """Hold a report against an earlier one.

    Args:
        then: the earlier report.
        now: the later one.
        within: how soon after the later run something must end to be expiring.
    """
    before, after = _asked(then), _asked(now)
    both = [Change(before[id_], item) for id_, item in after.items() if id_ in before]
    worse = [one for one in both if _weight(one.now) > _weight(one.then)]
    return Comparison(
        then=then,
        now=now,
        better=tuple(one for one in both if _weight(one.now) < _weight(one.then)),
        worse=tuple(one for one in worse if not _is_stale(one)),
        stale=tuple(one for one in worse if _is_stale(one)),
        new=tuple(Change(None, after[id_]) for id_ in after if id_ not in before),
        gone=tuple(Change(before[id_], None) for id_ in before if id_ not in after),
        expiring=_expiring(now, within),
    )


def _asked(report: Report) -> dict[str, ReportItem]:
    return {
        item.id: item for item in report.items if item.state is not State.OUT_OF_GATE
    }


def _weight(item: ReportItem | None) -> tuple[int, int]:
    """Compare states, and of waived items what is under the waiver."""
    return (_RANK[item.state], _RANK[item.raw_state]) if item else (0, 0)


def _is_stale(change: Change) -> bool:
    then, now = change.then, change.now
    return (
        then is not None
        and now is not None
        and then.state.satisfies
        and now.state is State.PENDING
        and now.code in _STALE
    )


def _expiring(now: Report, within: dt.timedelta) -> tuple[Ending, ...]:
    last = now.run.ended + within
    found: list[Ending] = []
    for item in now.items:
        signed = item.signed
        if signed is None or not item.state.satisfies:
            continue
        waiver = signed.waiver if item.state is State.WAIVED else None
        at = waiver.until if waiver else signed.expires
        if at is not None and at <= last:
            found.append(Ending(item, at, waiver=waiver is not None))
    return tuple(sorted(found, key=lambda one: (one.at, one.item.id)))
