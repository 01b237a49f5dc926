"""The checklist's sections in its order, with what each came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_readiness.reports.html.pictures import bar

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from markupsafe import Markup

    from pytest_readiness.store.document import Observation, ReportItem
    from pytest_readiness.verdict.states import State

__all__ = ["Section", "sections_of", "spanned"]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the checklist."""

    name: str
    title: str
    items: tuple[ReportItem, ...]
    counts: Counter[State]

    @property
    def open(self) -> int:
        """Give how many of its items block."""
        return sum(count for state, count in self.counts.items() if state.blocks)

    @property
    def stage(self) -> str:
        """Give the stage of its items; empty where they are of several."""
        stages = {item.stage for item in self.items}
        return str(self.items[0].stage) if len(stages) == 1 else ""

    @property
    def bar(self) -> Markup:
        """Draw the shares of its states."""
        return bar(self.counts)


def sections_of(items: Iterable[ReportItem]) -> list[Section]:
    """Group the items; a section stands where its first item does."""
    found: dict[str, list[ReportItem]] = {}
    for item in items:
        found.setdefault(item.section, []).append(item)
    return [
        Section(
            name,
            members[0].section_title,
            tuple(members),
            Counter(item.state for item in members),
        )
        for name, members in found.items()
    ]


def spanned(
    observations: Iterable[Observation],
) -> Iterator[tuple[Observation, int, float]]:
    """Give each line of evidence with its source's cell: rows, and longest duration.

    No rows where the cell of a row above is its, too: one look sees many facts.
    """
    for _, group in groupby(observations, key=_look):
        rows = list(group)
        yield rows[0], len(rows), max(row.duration_seconds for row in rows)
        for row in rows[1:]:
            yield row, 0, 0.0


def _look(row: Observation) -> tuple[str, dt.datetime | None]:
    return row.source, row.at.replace(microsecond=0) if row.at else None
