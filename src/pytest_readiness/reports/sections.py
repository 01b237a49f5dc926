"""The summary's table: a line a section, a column a state that occurs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.reports.blocking import severity
from pytest_readiness.reports.style import colour_of
from pytest_readiness.reports.text import pad, wrap
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.reports.style import Style
    from pytest_readiness.store.document import Report

__all__ = ["MAX_SECTIONS", "READING_ORDER", "section_lines"]

MAX_SECTIONS = 24
"""Where there are more, only the worst are shown, the others counted."""
_WORST = 12

_NAME_MIN, _NAME_MAX = 14, 40

READING_ORDER = (
    State.NOT_RUN,
    State.FAILED,
    State.UNKNOWN,
    State.UNCONFIGURED,
    State.PENDING,
    State.WAIVED,
    State.NOT_APPLICABLE,
    State.ATTESTED,
    State.VERIFIED,
)
"""What a gate asks: what blocks, worst first, then what does not."""
_SHORT = {
    State.NOT_RUN: "norun",
    State.FAILED: "fail",
    State.UNKNOWN: "unkn",
    State.UNCONFIGURED: "uncf",
    State.PENDING: "pend",
    State.WAIVED: "waiv",
    State.NOT_APPLICABLE: "n/a",
    State.ATTESTED: "sign",
    State.VERIFIED: "seen",
}


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    counts: Counter[State]
    own: Counter[State]
    """Without rollups that only repeat what blocks elsewhere."""

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def open(self) -> int:
        return sum(count for state, count in self.counts.items() if state.blocks)

    @property
    def weight(self) -> tuple[tuple[int, int], ...]:
        """Sort by the worst state and how many items are in it."""
        blocking = [(s, n) for s, n in self.own.items() if s.blocks]
        return tuple(sorted((severity(state), -count) for state, count in blocking))


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    states: tuple[State, ...]

    def count(self, row: _Row) -> int:
        return sum(row.counts[state] for state in self.states)


def section_lines(report: Report, width: int, style: Style) -> list[str]:
    """Give the table's lines, and one for what is not in it."""
    rows, outside = _rows(report)
    shown, left = _fitting(rows)
    sums: Counter[State] = Counter()
    for row in rows:
        sums.update(row.counts)
    total = _Row("total", sums, Counter())
    columns = _columns(rows, total, width)
    lines = [
        style.bold(_line("section", [c.title for c in columns], columns, total, width))
    ]
    lines += [_painted(row, columns, total, width, style) for row in shown]
    if len(rows) > 1:
        lines.append(_painted(total, columns, total, width, style))
    return [*lines, *_notes(left, outside, width)]


def _rows(report: Report) -> tuple[list[_Row], list[_Row]]:
    rows: dict[str, _Row] = {}
    for item in report.items:
        row = rows.setdefault(item.section, _Row(item.section, Counter(), Counter()))
        row.counts[item.state] += 1
        if item.code != Code.MEMBERS:
            row.own[item.state] += 1
    asked = [row for row in rows.values() if set(row.counts) != {State.OUT_OF_GATE}]
    outside = [row for row in rows.values() if set(row.counts) == {State.OUT_OF_GATE}]
    return asked, outside


def _fitting(rows: Sequence[_Row]) -> tuple[list[_Row], list[_Row]]:
    """Keep the checklist's order; where there are too many, leave out the best."""
    if len(rows) <= MAX_SECTIONS:
        return list(rows), []
    # An empty weight sorts before all others, but has nothing of its own open.
    worst = sorted(rows, key=lambda row: (not row.weight, not row.open, row.weight))
    kept = {row.name for row in worst[:_WORST] if row.open}
    return (
        [row for row in rows if row.name in kept],
        [row for row in rows if row.name not in kept],
    )


def _columns(rows: Sequence[_Row], total: _Row, width: int) -> list[_Column]:
    """Choose the widest titles that leave room for the sections' names."""
    present = [state for state in READING_ORDER if total.counts[state]]
    longest = max((len(row.name) for row in rows), default=0)
    full = {state: str(state) for state in READING_ORDER}
    for titles, need in ((full, longest), (_SHORT, min(longest, _NAME_MIN))):
        columns = [_Column(titles[state], (state,)) for state in present]
        if need + sum(_width(column, total) + 1 for column in columns) <= width:
            return columns
    return [
        _Column("open", tuple(state for state in READING_ORDER if state.blocks)),
        _Column("ok", tuple(state for state in READING_ORDER if state.satisfies)),
    ]


def _width(column: _Column, total: _Row) -> int:
    return max(len(column.title), len(str(column.count(total))))


def _painted(
    row: _Row, columns: Sequence[_Column], total: _Row, width: int, style: Style
) -> str:
    cells = [str(column.count(row) or ".") for column in columns]
    worst = min(row.counts, key=severity, default=State.VERIFIED)
    line = _line(row.name, cells, columns, total, width)
    return style.paint(line, colour_of(worst)) if row.open else line


def _line(
    name: str, cells: Sequence[str], columns: Sequence[_Column], total: _Row, width: int
) -> str:
    widths = [_width(column, total) for column in columns]
    room = min(width - sum(widths) - len(widths), _NAME_MAX)
    right = "".join(
        f" {cell:>{size}}" for cell, size in zip(cells, widths, strict=True)
    )
    return pad(name, room) + right


def _notes(left: Sequence[_Row], outside: Sequence[_Row], width: int) -> list[str]:
    notes: list[str] = []
    if left:
        items, open_ = sum(row.total for row in left), sum(row.open for row in left)
        state = f"{open_} of their {items} items open" if open_ else "all satisfied"
        notes.append(f"and {len(left)} more sections, {state}")
    if outside:
        items = sum(row.total for row in outside)
        notes.append(
            f"not asked by this gate: {_many(len(outside), 'section')}, {items} items"
        )
    return [line for note in notes for line in wrap(note, width)]


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
