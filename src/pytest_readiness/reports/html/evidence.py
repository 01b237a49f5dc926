"""Evidence as a table for pages that others make: pytest-html's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from pytest_readiness.catalogue.rendering import duration, printable
from pytest_readiness.catalogue.requirement import Judged
from pytest_readiness.verdict.remedy import remedy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.requirement import Judgement
    from pytest_readiness.verdict.settling import Outcome

__all__ = ["cell", "evidence", "lines"]

_HEAD = Markup(
    "<table><tr><th>What</th><th>Observed</th><th>Required</th><th></th>"
    "<th>Source</th><th>Time</th></tr>"
)
_ROW = Markup(
    "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
)


def cell(text: str) -> str:
    """Make one line of a text from outside, which no browser shows as another one."""
    return printable(" ".join(text.split()))


def lines(*texts: str) -> Markup:
    """Set texts one below the other; those that are empty are left out."""
    return Markup("<br>").join(cell(text) for text in texts if text)


def evidence(item: Item, outcome: Outcome, judgements: Sequence[Judgement]) -> Markup:
    """Give what an item claims, what it came to, and what that rests on."""
    code = f"{outcome.state} {outcome.code}".rstrip()
    todo = remedy(item, outcome, judgements)
    roles = " and ".join(todo.roles)
    words = lines(
        item.claim,
        f"{code}: {outcome.reason}" if outcome.reason else code,
        f"Why: {item.why}",
        f"Fix: {todo.text or item.fix}",
        f"Sign ({roles}): {todo.command}" if todo.command else "",
    )
    rows = [_row(judgement) for judgement in judgements]
    table = _HEAD + Markup().join(rows) + Markup("</table>") if rows else Markup()
    # In an element of its own: pytest-html paints what begins with an E red.
    return Markup("<div>{}{}</div>").format(words, table)


def _row(one: Judgement) -> Markup:
    why = f": {one.reason}" if one.reason else ""
    judged = "" if one.judged is Judged.MET else f"{one.judged}{why}"
    at = f"{one.at:%Y-%m-%d %H:%M:%S} UTC" if one.at else ""
    took = f", took {duration(one.duration)}" if one.duration else ""
    told = (one.label, one.observed, one.required, judged, one.source, at + took)
    return _ROW.format(*map(cell, told))
