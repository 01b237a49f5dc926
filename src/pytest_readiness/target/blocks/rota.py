"""``[target.NAME.rota]``: who is on call, as the team's own plan says."""

import datetime as dt
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, model_validator

from pytest_readiness.target.blocks.block import (
    Block,
    Count,
    Duration,
    FilePath,
    Limit,
    LimitsBlock,
    ResourceBlock,
    SecretText,
    Text,
    Url,
    refuse,
    setting,
    tupled,
    worded,
)
from pytest_readiness.target.values import Mistake

__all__ = ["RotaBlock", "RotaLevel", "RotaLimits"]


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, OSError, ValueError):
        what = "is no time zone"
        raise Mistake(what, 'write it like "America/New_York"') from None
    return text


class RotaLevel(Block):
    """One level of the escalation: a calendar (iCalendar), a file or a feed."""

    name: Text
    """How it is called."""
    path: FilePath | None = None
    """The calendar, where it is a file."""
    url: Url | None = None
    """The host of the calendar's feed, such as ``https://rota.example.com``."""
    feed: SecretText | None = None
    """The feed's path on that host; whoever knows it can read it."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise refuse("names no calendar, or two", "set path, or url and feed")
        if (self.url is None) != (self.feed is None):
            raise refuse("sets one of url and feed", "set both")
        return self


class RotaBlock(ResourceBlock):
    """The rota: a YAML file of all levels, or one calendar each."""

    timeout: Duration = dt.timedelta(seconds=20)
    """How long reading it may take."""
    path: FilePath | None = None
    """The file of all levels, YAML."""
    levels: Annotated[tuple[RotaLevel, ...], BeforeValidator(tupled)] = ()
    """The calendars, the first level first."""
    time_zone: Annotated[str, AfterValidator(worded(_zone))] = "UTC"
    """Zone of the times that name none."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.path is None) == (not self.levels):
            raise refuse("has no rota, or two", "set path, or levels")
        return self


class RotaLimits(LimitsBlock):
    """``[target.NAME.limits.rota]``."""

    ahead: Limit[Duration] = setting(dt.timedelta(days=14))
    """For so long somebody must be on call without a gap, from now on."""
    min_levels: Limit[Count] = setting(2)
    """How many levels an escalation has at least."""
