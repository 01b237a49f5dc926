"""The rota: how long from now on somebody is on call, and how many levels there are.

Who it is stands in no fact: names and numbers are nobody's business in a report.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self
from zoneinfo import ZoneInfo

from pytest_readiness.catalogue.observation import Observed, Unavailable
from pytest_readiness.probes.http import Client, Identity
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files, trust_files
from pytest_readiness.probes.program import absence
from pytest_readiness.probes.rota.calendars import COMMAND, MOST, spans_of
from pytest_readiness.probes.rota.shifts import Level, first_gap, levels_of
from pytest_readiness.probes.tree import parsed, read_bounded

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import RotaBlock, RotaLevel

__all__ = ["Rota"]

_HORIZON = dt.timedelta(days=62)
"""Beyond it nothing is looked at: no plan need be made for longer."""
_OK = 200
_NOTHING = Unavailable("there is no rota")
_JUDGED = 2
"""An escalation needs two levels that are there; what is beyond may be office hours."""


@dataclass(frozen=True, kw_only=True)
class Rota(Facts):
    """Who is on call, level by level."""

    block: ClassVar[str] = "rota"

    found: Observed[bool]
    """Whether there is a rota; the detail says what is there instead."""
    levels: Observed[int]
    """How many levels the escalation has."""
    covered: Observed[dt.timedelta]
    """For how long from now on there is no gap, in the first two levels; the detail
    names the first gap. At most two months are looked at."""

    @classmethod
    def gather(cls, block: RotaBlock, look: Look) -> Self:
        """Read the rota and find the first gap."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: RotaBlock, look: Look) -> Self:
        places = [block.path, *(level.path for level in block.levels)]
        for nothing in (absence(path) for path in places if path):
            if nothing:
                none = cls.unavailable(_NOTHING, look.source, look.now())
                found = look.seen(False, detail=nothing)  # noqa: FBT003  # a value
                return cls(found=found, levels=none.levels, covered=none.covered)
        now = look.now()
        levels = _levels(block, now, look)
        covered, gap = _covered(levels[:_JUDGED], now, ZoneInfo(block.time_zone))
        return cls(
            found=look.seen(True),  # noqa: FBT003  # a value
            levels=look.seen(len(levels), unit="levels"),
            covered=look.seen(covered, detail=gap),
        )

    @classmethod
    def looks(cls, block: RotaBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read, asked and started."""
        if block.path is not None:
            return files(block.path)
        hosts = dict.fromkeys(level.url for level in block.levels if level.url)
        return (
            *files(*(level.path for level in block.levels)),
            *(PlannedLook("request", "GET {feed}", where=url) for url in hosts),
            *(trust_files(block.ca_file) if hosts else ()),
            PlannedLook("program", " ".join(("python", *COMMAND))),
        )

    @staticmethod
    def source(block: RotaBlock) -> str:
        """Name the files and hosts; the path of a feed is a secret."""
        if block.path is not None:
            return str(block.path)
        return ", ".join(str(level.path or level.url) for level in block.levels)


def _levels(block: RotaBlock, now: dt.datetime, look: Look) -> tuple[Level, ...]:
    end = now + _HORIZON
    if block.path is not None:
        document = parsed(read_bounded(block.path), f"{block.path.name}.yaml")
        return levels_of(document, block.time_zone, now, end)
    return tuple(
        Level(
            level.name,
            spans_of(_data(block, level, look), block.time_zone, now, end, look),
        )
        for level in block.levels
    )


def _data(block: RotaBlock, level: RotaLevel, look: Look) -> bytes:
    if level.path is not None:
        return read_bounded(level.path, MOST)
    feed = level.feed
    identity = Identity(block.ca_file)
    with Client(level.url or "", look, identity, intake=MOST) as client:
        answer = client.get("/" + feed.reveal().lstrip("/") if feed else "/")
    if answer.status != _OK:
        reason = f"the feed of {level.name} answered {answer.status}"
        raise LookError(reason, remedy="check feed")
    return answer.body


def _covered(
    levels: tuple[Level, ...], now: dt.datetime, zone: ZoneInfo
) -> tuple[dt.timedelta, str]:
    gaps = [
        (gap, level.name)
        for level in levels
        if (gap := first_gap(level.spans, now, now + _HORIZON))
    ]
    if not levels:
        return dt.timedelta(0), "nobody is on call"
    if not gaps:
        return _HORIZON, "no gap in two months"
    (begins, ends), name = min(gaps)
    shown = [f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" for moment in (begins, ends)]
    return begins - now, f"{name}: nobody from {shown[0]} to {shown[1]} {zone.key}"
