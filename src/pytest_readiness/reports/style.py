"""Colour for a terminal, laid over finished lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.verdict.decision import Verdict
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from pytest_readiness.store.document import Report

__all__ = ["Style", "colour_of"]

_RED, _GREEN, _YELLOW = 31, 32, 33
_BOLD = 1

_VERDICTS = {
    Verdict.READY: _GREEN,
    Verdict.READY_WITH_WAIVERS: _YELLOW,
    Verdict.NOT_READY: _RED,
    Verdict.INCOMPLETE: _RED,
}
_RED_STATES = frozenset({State.FAILED, State.UNKNOWN, State.NOT_RUN})


def colour_of(state: State) -> int:
    """Give the colour of a state: red was looked at or lost, yellow waits."""
    if state in _RED_STATES:
        return _RED
    return _YELLOW if state.blocks or state is State.WAIVED else _GREEN


@dataclass(frozen=True, slots=True)
class Style:
    """Paints lines, or leaves them alone."""

    on: bool = False

    def paint(self, text: str, *codes: int) -> str:
        """Lay SGR codes over a text."""
        if not self.on or not codes:
            return text
        return f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m"

    def bold(self, text: str) -> str:
        """Make a line stand out."""
        return self.paint(text, _BOLD)

    def verdict(self, text: str, report: Report) -> str:
        """Paint the verdict."""
        return self.paint(text, _BOLD, _VERDICTS[report.verdict])
