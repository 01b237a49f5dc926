"""The pictures, as SVG in the page: no attribute but geometry, colours by class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from pytest_readiness.reports.blocking import counted
from pytest_readiness.reports.sections import READING_ORDER
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_readiness.store.document import Report

__all__ = ["ORDER", "bar", "left_bar", "ring", "trend"]

ORDER: Final = (*READING_ORDER, State.OUT_OF_GATE)
"""Worst first, as tables and pictures have them."""

_RADIUS: Final = 52
_AROUND: Final = 2 * math.pi * _RADIUS
_GAP: Final = 1.5
_FOUR_DIGITS: Final = 1000
_WIDE: Final = 120
_COLUMN, _TALL = 14, 80


def ring(counts: Mapping[State, int]) -> Markup:
    """Draw how much of what the gate asks is satisfied, by state."""
    asked: dict[State, int] = {
        s: n for s, n in counts.items() if n and s is not State.OUT_OF_GATE
    }
    total = sum(asked.values())
    good = sum(count for state, count in asked.items() if state.satisfies)
    drawn = "".join(
        f'<circle class="arc {state}" cx="64" cy="64" r="{_RADIUS}"'
        f' stroke-dasharray="{max(share * _AROUND - gap, 0.8):.2f} {_AROUND:.2f}"'
        f' stroke-dashoffset="{-start * _AROUND:.2f}"/>'
        for state, start, share, gap in _shares(asked, total)
    )
    words = counted(state for state, count in asked.items() for _ in range(count))
    label = f"{good} of {total} items satisfied: {words or 'none is asked'}"
    return Markup(
        '<svg class="ring" viewBox="0 0 128 128" role="img" aria-label="{label}">'
        '<circle class="track" cx="64" cy="64" r="{radius}"/>{arcs}'
        '<text x="64" y="66" class="{size}">{good}</text>'
        '<text x="64" y="84" class="small">of {total}</text></svg>'
    ).format(
        label=label,
        radius=_RADIUS,
        size="big" if good < _FOUR_DIGITS else "wide",
        arcs=Markup(drawn),  # noqa: S704  # numbers and our states
        good=good,
        total=total,
    )


def _shares(
    counts: Mapping[State, int], total: int
) -> Iterator[tuple[State, float, float, float]]:
    gap = _GAP if len(counts) > 1 else 0.0
    start = 0.0
    # From the top and clockwise what is satisfied, so that the gap is what is open.
    for state in reversed(ORDER):
        if state in counts:
            share = counts[state] / total
            yield state, start, share, gap
            start += share


def bar(counts: Mapping[State, int]) -> Markup:
    """Draw the shares of a section's states; its table says the numbers."""
    total = sum(counts.values())
    left = 0.0
    parts: list[str] = []
    for state in ORDER:
        if counts.get(state):
            width = counts[state] / total * _WIDE
            parts.append(
                f'<rect class="{state}" x="{left:.1f}" width="{width:.1f}" height="8"/>'
            )
            left += width
    return Markup(  # noqa: S704  # numbers and our states
        f'<svg class="bar" viewBox="0 0 {_WIDE} 8" aria-hidden="true"'
        f' preserveAspectRatio="none">{"".join(parts)}</svg>'
    )


def left_bar(share: float) -> Markup:
    """Draw how long something still holds; the table says until when."""
    width = max(share * _WIDE, 1.0)
    return Markup(  # noqa: S704  # a number
        f'<svg class="bar" viewBox="0 0 {_WIDE} 8" aria-hidden="true"'
        f' preserveAspectRatio="none"><rect class="left" width="{width:.1f}"'
        ' height="8"/></svg>'
    )


def trend(report: Report) -> Markup:
    """Draw the runs before this one and this one; nothing where there was none."""
    if not report.trend:
        return Markup()
    runs = [
        *((run.at, run.verdict, run.counts) for run in report.trend),
        (report.run.ended, report.verdict, report.counts.after),
    ]
    most = max(_asked(counts) for _, _, counts in runs) or 1
    columns = Markup().join(
        _column(number, f"{at:%Y-%m-%d %H:%M} UTC {verdict}", counts, most)
        for number, (at, verdict, counts) in enumerate(runs)
    )
    first, last = runs[0], runs[-1]
    label = (
        f"{len(runs)} runs since {first[0]:%d %b %Y}: "
        f"{_open(first[2])} open then, {_open(last[2])} now"
    )
    return Markup(
        '<section class="trend" aria-labelledby="trend"><h2 id="trend">Trend</h2>'
        '<p class="quiet">{label}.</p><svg viewBox="0 0 {wide} {tall}" role="img"'
        ' aria-label="{label}">{columns}</svg></section>'
    ).format(
        label=label, wide=max(len(runs), 20) * _COLUMN, tall=_TALL, columns=columns
    )


def _asked(counts: Mapping[State, int]) -> int:
    return sum(count for state, count in counts.items() if state != State.OUT_OF_GATE)


def _open(counts: Mapping[State, int]) -> int:
    return sum(count for state, count in counts.items() if state.blocks)


def _column(number: int, title: str, counts: Mapping[State, int], most: int) -> Markup:
    top = float(_TALL)
    parts: list[str] = []
    for state in reversed(READING_ORDER):
        height = counts.get(state, 0) / most * _TALL
        top -= height
        if height:
            parts.append(
                f'<rect class="{state}" x="{number * _COLUMN}" y="{top:.1f}"'
                f' width="{_COLUMN - 3}" height="{height:.1f}"/>'
            )
    drawn = Markup("".join(parts))  # noqa: S704  # numbers and our states
    return Markup("<g><title>{title}</title>{drawn}</g>").format(
        title=title, drawn=drawn
    )
