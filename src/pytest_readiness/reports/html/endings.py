"""What the verdict rests on ends some day: what ends first, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.reports.html.pictures import left_bar
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from markupsafe import Markup

    from pytest_readiness.store.document import Report

__all__ = ["Ending", "endings"]

_MOST: Final = 25
_SOON_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends at one moment, and the items that rest on it."""

    until: dt.datetime
    what: str
    items: tuple[str, ...]
    left: str
    tone: str
    bar: Markup


def endings(report: Report) -> list[Ending]:
    """Give what ends, the first to end first."""
    groups: dict[tuple[dt.datetime, str], list[str]] = {}
    for until, what, item in _all(report):
        # To the minute: signatures of one sitting end within seconds of each other.
        key = (until.replace(second=0, microsecond=0), what)
        groups.setdefault(key, []).extend([item] if item else [])
    shown = sorted(groups.items())[:_MOST]
    now = report.run.ended
    longest = max((until - now for (until, _), _ in shown), default=now - now)
    return [
        _ending(until, what, tuple(items), now, longest)
        for (until, what), items in shown
    ]


def _all(report: Report) -> Iterator[tuple[dt.datetime, str, str]]:
    if report.trust.expires:
        yield report.trust.expires, "the trust file", ""
    for item in report.items:
        signed = item.signed
        if signed is None:
            continue
        if signed.waiver and item.state is State.WAIVED:
            yield signed.waiver.until, "waiver", item.id
        elif item.state in {State.ATTESTED, State.NOT_APPLICABLE} and signed.expires:
            yield signed.expires, "signatures", item.id


def _ending(
    until: dt.datetime,
    what: str,
    items: tuple[str, ...],
    now: dt.datetime,
    longest: dt.timedelta,
) -> Ending:
    left = until - now
    over = left.total_seconds() <= 0
    soon = left.days < _SOON_DAYS
    share = 0.0 if over or not longest else left / longest
    number = f"{len(items)} " if len(items) > 1 else ""
    return Ending(
        until=until,
        what=f"{number}{what}" if items else what,
        items=items,
        left="over" if over else _in_words(left),
        tone="bad" if over else "warn" if soon else "",
        bar=left_bar(share),
    )


def _in_words(left: dt.timedelta) -> str:
    return f"{left.days} days" if left.days > 1 else duration(left)
