"""Alertmanager's time intervals: when a route is muted, and when it is active.

As in Alertmanager's documentation, "time_interval". Within a day an interval changes
only at the times that it names, so a year is judged by looking at those of each day.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pytest_readiness.probes.alertmanager.matchers import UnreadableError
from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Interval", "intervals", "moments"]

_DAYS = ("sunday", *(day.lower() for day in calendar.day_name[:6]))
_MONTHS = tuple(month.lower() for month in calendar.month_name)
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_MINUTES = 24 * 60
_AHEAD = 366
"""Days that are looked at: each day of a year."""
_MOST = 40
"""Different times of a day, beyond which a year takes too long to look at."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Interval:
    """One member of a named time interval; what it does not name is always."""

    times: tuple[Span, ...]
    """Minutes of the day, the second one excluded."""
    weekdays: tuple[Span, ...]
    """From Sunday, 0, to Saturday, 6."""
    days: tuple[Span, ...]
    """Of the month; negative ones from its end."""
    months: tuple[Span, ...]
    years: tuple[Span, ...]
    zone: ZoneInfo

    def holds(self, at: dt.datetime) -> bool:
        """Say whether a moment lies within."""
        local = at.astimezone(self.zone)
        minute = 60 * local.hour + local.minute
        if self.times and not any(a <= minute < b for a, b in self.times):
            return False
        weekday = (local.weekday() + 1) % 7
        named = ((weekday, self.weekdays), (local.month, self.months))
        for value, spans in (*named, (local.year, self.years)):
            if spans and not _within(value, spans):
                return False
        last = calendar.monthrange(local.year, local.month)[1]
        days = [(_of_month(a, last), _of_month(b, last)) for a, b in self.days]
        return not days or _within(local.day, days)

    def edges(self) -> Iterator[int]:
        """Give the minutes of a local day at which it may change."""
        yield 0
        for begin, end in self.times:
            yield from (begin, end % _MINUTES)


def moments(known: Iterable[Interval], now: dt.datetime) -> Iterator[dt.datetime]:
    """Give every moment of the coming year at which one of the intervals may change.

    Raises:
        UnreadableError: there are too many.
    """
    edges = {(one.zone, minute) for one in known for minute in one.edges()}
    if len(edges) > _MOST:
        msg = f"its time intervals have more than {_MOST} different times of the day"
        raise UnreadableError(msg)
    yield now
    for day in range(_AHEAD):
        ahead = (_at(now + dt.timedelta(days=day), *edge) for edge in edges)
        yield from sorted(at for at in ahead if at > now)


def _at(day: dt.datetime, zone: ZoneInfo, minute: int) -> dt.datetime:
    date, time = day.astimezone(zone).date(), dt.time(minute // 60, minute % 60)
    return dt.datetime.combine(date, time, tzinfo=zone)


def intervals(document: Mapping[str, object]) -> dict[str, tuple[Interval, ...]]:
    """Read the named intervals of a configuration.

    Raises:
        UnreadableError: one is not of the documented form.
    """
    found: dict[str, tuple[Interval, ...]] = {}
    for key in ("time_intervals", "mute_time_intervals"):
        for one in _list(document.get(key)):
            if not is_table(one) or not isinstance(one.get("name"), str):
                msg = "a time interval has no name"
                raise UnreadableError(msg)
            members = _list(one.get("time_intervals"))
            found[str(one["name"])] = tuple(map(_interval, members))
    return found


def _interval(said: object) -> Interval:
    if not is_table(said):
        msg = "a time interval is no table"
        raise UnreadableError(msg)
    try:
        return Interval(
            times=tuple(map(_times, _list(said.get("times")))),
            weekdays=_spans(said.get("weekdays"), _DAYS),
            days=_spans(said.get("days_of_month")),
            months=_spans(said.get("months"), _MONTHS),
            years=_spans(said.get("years")),
            zone=ZoneInfo(str(said.get("location") or "UTC")),
        )
    except (KeyError, ValueError, OSError, ZoneInfoNotFoundError):
        msg = "a time interval is not of the documented form"
        raise UnreadableError(msg) from None


def _times(said: object) -> Span:
    if not is_table(said):
        raise ValueError
    return _minute(said["start_time"]), _minute(said["end_time"])


def _minute(said: object) -> int:
    # YAML 1.1 reads 09:30 without quotes as a number to the base of sixty.
    if isinstance(said, int):
        return said
    found = _TIME.fullmatch(str(said))
    if found is None:
        raise ValueError
    return 60 * int(found[1]) + int(found[2])


def _spans(said: object, names: tuple[str, ...] = ()) -> tuple[Span, ...]:
    spans: list[Span] = []
    for text in _list(said):
        if isinstance(text, int):
            spans.append((text, text))
            continue
        begin, _, end = str(text).lower().partition(":")
        spans.append((_number(begin, names), _number(end or begin, names)))
    return tuple(spans)


def _number(text: str, names: tuple[str, ...]) -> int:
    word = text.strip()
    return names.index(word) if word in names else int(word)


def _of_month(day: int, last: int) -> int:
    return last + 1 + day if day < 0 else day


def _within(value: int, spans: Iterable[Span]) -> bool:
    return any(begin <= value <= end for begin, end in spans)


def _list(said: object) -> list[object]:
    if said is None:
        return []
    if is_list(said):
        return list(said)
    msg = "a list of its configuration is none"
    raise UnreadableError(msg)
