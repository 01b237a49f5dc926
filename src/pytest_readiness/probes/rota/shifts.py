"""Shifts: spans of time in which somebody is on call, and the first gap between them.

A YAML rota has its shifts one by one, or a rotation that hands over at the same time of
the day every so many days, through changes of the clock::

    time_zone: America/New_York
    levels:
      - name: primary
        shifts:
          - {person: olga, start: 2030-01-07 09:00, end: 2030-01-14 09:00}
      - name: secondary
        rotation: {people: [deniz, bao], start: 2030-01-07 09:00, days: 7}
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.tree import Json, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Level", "Span", "first_gap", "levels_of"]

Span = tuple[dt.datetime, dt.datetime]
"""From and to, both with their zone; the end is no part of it."""

_SHIFTS = 10_000
_SHORT = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Level:
    """One level of the escalation."""

    name: str
    spans: tuple[Span, ...]


def first_gap(
    spans: Iterable[Span], start: dt.datetime, end: dt.datetime
) -> Span | None:
    """Give the first span between two moments in which there is no shift."""
    covered = start
    for begins, ends in sorted(spans):
        if begins > covered:
            return covered, min(begins, end)
        covered = max(covered, ends)
        if covered >= end:
            return None
    return (covered, end) if covered < end else None


def levels_of(
    document: object, zone: str, start: dt.datetime, end: dt.datetime
) -> tuple[Level, ...]:
    """Read a YAML rota, of which only what is between two moments counts.

    Raises:
        LookError: it is not of this form.
    """
    whole = table(document)
    own = whole.get("time_zone", zone)
    try:
        where = ZoneInfo(str(own))
    except (KeyError, OSError, ValueError):
        raise _wrong(f"{own} is no time zone") from None
    return tuple(
        Level(str(level.get("name") or f"level {number}"), tuple(spans))
        for number, one in enumerate(_members(whole.get("levels"), "levels"), start=1)
        for level in [table(one)]
        for spans in [_spans(level, where, start, end)]
    )


def _spans(
    level: Json, zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> list[Span]:
    spans = [
        _shift(table(one), zone)
        for one in _members(level.get("shifts", []), "shifts")[:_SHIFTS]
    ]
    if "rotation" in level:
        spans += _rotation(table(level["rotation"]), zone, start, end)
    if not spans:
        raise _wrong("a level has neither shifts nor a rotation")
    return spans


def _shift(shift: Json, zone: ZoneInfo) -> Span:
    if not str(shift.get("person") or "").strip():
        raise _wrong("a shift names no person")
    begins, ends = _time(shift, "start", zone), _time(shift, "end", zone)
    if ends <= begins:
        raise _wrong(f"the shift of {shift.get('start')} ends before it begins")
    return begins, ends


def _rotation(
    rotation: Json, zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> Iterator[Span]:
    """Give a rotation's turns around two moments: who it is does not matter here."""
    if not _members(rotation.get("people"), "people"):
        raise _wrong("a rotation has no people")
    days = rotation.get("days", 7)
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 366:  # noqa: PLR2004  # a year
        raise _wrong("a rotation hands over after a number of days, at most 366")
    first = _time(rotation, "start", zone)
    last = _time(rotation, "end", zone) if "end" in rotation else None
    step = dt.timedelta(days=days)
    turns = max(0, (start - first) // step - 1)
    local = first.astimezone(zone).replace(tzinfo=None) + turns * step
    # By the clock on the wall: a day on which it is changed has 23 or 25 hours.
    while (begins := _utc(local, zone)) < end:
        ends = _utc(local + step, zone)
        yield begins, min(ends, last) if last else ends
        if last and ends >= last:
            return
        local += step


def _time(table_: Json, name: str, zone: ZoneInfo) -> dt.datetime:
    text = str(table_.get(name) or "")
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        what = f"`{name}: {text[:40]}` is no time"
        raise _wrong(what) from None
    if _SHORT.fullmatch(text):
        found = found.replace(hour=0, minute=0)
    return found.astimezone(dt.UTC) if found.tzinfo else _utc(found, zone)


def _utc(local: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return local.replace(tzinfo=zone).astimezone(dt.UTC)


def _members(value: object, name: str) -> list[object]:
    if isinstance(value, list):
        return list(value)
    raise _wrong(f"`{name}` is no list")


def _wrong(what: str) -> LookError:
    remedy = "write it as the reference of the target file shows"
    return LookError(
        f"the rota cannot be read: {what}", Cause.LOCAL, remedy, final=True
    )
