"""Last step for an item: a waiver covers what is not satisfied, and shows what it was.

The probe has run, whatever was waived. A waiver never makes anything better than
*waived*, and what it was before stands beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from pytest_readiness.attest.result import WaiverInfo
    from pytest_readiness.verdict.settling import Outcome

__all__ = ["waive"]


def waive(outcome: Outcome, waiver: WaiverInfo | None) -> Outcome:
    """Apply the waiver that holds for an item, where there is one.

    A veto is never waived, nor a state that the waiver does not cover; an item that
    is satisfied needs none. ``reason`` and ``code`` stay those of the raw state.
    """
    if waiver is None or not outcome.state.blocks:
        return outcome
    if outcome.code == Code.REJECTED or not waiver.covers(outcome.state):
        return outcome
    return replace(outcome, state=State.WAIVED)
