"""Timers of systemd: what they are set to, and how far apart their times are.

systemd-analyze of the same host says when a calendar expression comes true.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pytest_readiness.probes.hosts import commands, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_readiness.probes.hosts import Commanded
    from pytest_readiness.probes.look import Look

__all__ = ["Timer", "longest_gap", "timer"]

ITERATIONS = 1500
_CALENDAR = re.compile(
    r"^TimersCalendar=\{ OnCalendar=(.*?) ; next_elapse=", re.MULTILINE
)
_EVERY = re.compile(
    r"^TimersMonotonic=\{ OnUnit(?:In)?[Aa]ctiveUSec=(.*?) ;", re.MULTILINE
)
_TIME = re.compile(
    r"^\s*(?:Next elapse|Iter(?:ation|\.) #\d+): \w+ (\S+ \S+)", re.MULTILINE
)
_SPAN = re.compile(r"([\d.]+)(y|month|w|d|h|min|s|ms|us)\b")
_SECONDS = {
    "y": 31_557_600.0,
    "month": 2_629_800.0,
    "w": 604_800.0,
    "d": 86_400.0,
    "h": 3600.0,
    "min": 60.0,
    "s": 1.0,
    "ms": 0.001,
    "us": 0.000_001,
}
"""systemd.time(7)."""
_WEEK = dt.timedelta(days=8)
_OFF = frozenset({"disabled", "masked", "masked-runtime", "bad"})


@dataclass(frozen=True)
class Timer:
    """One timer, as systemd has loaded it."""

    calendars: tuple[str, ...]
    """When it elapses, in systemd's words; several hold together."""
    every: tuple[dt.timedelta, ...]
    """So long after its last run it elapses again."""
    enabled: bool
    """Whether it is running now, and will be after the next start of the machine."""

    @property
    def schedules(self) -> tuple[str, ...]:
        """What it is set to."""
        return (*self.calendars, *(f"every {span}" for span in self.every))


def timer(name: str, host: Commanded, look: Look) -> Timer:
    """Ask systemd for a timer.

    Raises:
        LookError: it does not tell.
    """
    said = host.said(commands.timer(name), look)
    known = dict(_pairs(said))
    if known.get("LoadState") == "not-found" or "ActiveState" not in known:
        return Timer((), (), enabled=False)
    return Timer(
        tuple(_CALENDAR.findall(said)),
        tuple(_span(text) for text in _EVERY.findall(said)),
        enabled=known["ActiveState"] == "active"
        and known.get("UnitFileState") not in _OFF,
    )


def longest_gap(one: Timer, host: Commanded, look: Look) -> dt.timedelta:
    """Give the longest time between two runs.

    Raises:
        LookError: systemd-analyze does not tell.
    """
    if one.every:
        # Each run begins the time anew, whatever else may elapse before.
        return min(one.every)
    moments: set[dt.datetime] = set()
    ends: list[dt.datetime] = []
    for calendar in one.calendars:
        said = host.said(commands.calendar(calendar, ITERATIONS), look)
        times = [dt.datetime.fromisoformat(text) for text in _TIME.findall(said)]
        moments |= set(times)
        if len(times) == ITERATIONS:
            ends.append(max(times))
    # What ends early would seem to pause while the others go on.
    if not ends:
        raise unseen("the timer does not elapse for ever")
    ordered = sorted(moment for moment in moments if moment <= min(ends))
    if ordered[-1] - ordered[0] < _WEEK and not _is_daily(one):
        raise unseen("the timer elapses too often to be told apart")
    return max(b - a for a, b in pairwise(ordered))


def _is_daily(one: Timer) -> bool:
    """Whether no expression names days: then one day is as any other."""
    return all(text.startswith("*-*-* ") for text in one.calendars)


def _pairs(said: str) -> Iterator[tuple[str, str]]:
    for line in said.splitlines():
        name, _, value = line.partition("=")
        yield name, value


def _span(text: str) -> dt.timedelta:
    parts = _SPAN.findall(text)
    return dt.timedelta(seconds=sum(float(n) * _SECONDS[unit] for n, unit in parts))
