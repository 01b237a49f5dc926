"""``[calendar]``: business days, holidays and freeze periods, in one time zone.

Instants are aware datetimes; days are the calendar's own. Used by every row that is due
on business days or must stay out of a freeze.
"""

import datetime as dt
import zoneinfo
from typing import Annotated, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from pytest_readiness.target.blocks.block import Block, Text, refuse, tupled, worded
from pytest_readiness.target.values import Mistake, near

__all__ = ["Calendar", "Freeze", "Weekday"]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[str, ...] = get_args(Weekday)
_MIDNIGHT = dt.time()
_DAY = dt.timedelta(days=1)


def _zone(name: str) -> dt.tzinfo:
    """Give a time zone; UTC needs no database of zones."""
    if name == "UTC":
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zones = zoneinfo.available_timezones()
    if not zones:
        what = "cannot be looked up: this machine has no time zones"
        raise Mistake(what, "install the tzdata package")
    meant = near(name, zones)
    what = "is no time zone"
    example = 'write it like "Europe/London"'
    raise Mistake(what, f"did you mean `{meant}`?" if meant else example)


def _zone_name(name: str) -> str:
    _zone(name)
    return name


def _day(value: object) -> dt.date:
    read = _moment(value)
    if isinstance(read, dt.datetime):
        raise refuse("is a time, not a day", "write it like 2026-12-25, without quotes")
    return read


def _moment(value: object) -> dt.date:
    """Accept TOML's dates and times, and the text of a reference."""
    if isinstance(value, dt.date):
        return value
    try:
        text = value if isinstance(value, str) else ""
        return dt.date.fromisoformat(text) if len(text) <= 10 else _instant(text)  # noqa: PLR2004  # a date's length
    except ValueError:
        remedy = "write it like 2026-12-24 or 2026-12-24T18:00:00, without quotes"
        raise refuse("is no date", remedy) from None


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


Day = Annotated[
    dt.date,
    PlainValidator(_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Moment = Annotated[
    dt.date,
    PlainValidator(_moment),
    WithJsonSchema(
        {"type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2}|\\$\\{)"}
    ),
]
"""A day, a local time or an instant; a day ends with its last moment."""


class Freeze(Block):
    """A period in which nothing is released."""

    begin: Moment
    """First day, or the time at which it begins."""
    end: Moment
    """Last day (it belongs to the freeze), or the time at which it ends."""
    reason: Text
    """Why, for the people who are told."""


class Calendar(Block):
    """Which days are worked, and when nothing is released."""

    time_zone: Annotated[str, AfterValidator(worded(_zone_name))] = "UTC"
    """Where the days begin and end; a name such as ``Europe/London``."""
    business_days: Annotated[tuple[Weekday, ...], BeforeValidator(tupled)] = (
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
    )
    """The days of the week that are worked."""
    holidays: Annotated[tuple[Day, ...], BeforeValidator(tupled)] = ()
    """Days that are not worked all the same."""
    freeze: Annotated[tuple[Freeze, ...], BeforeValidator(tupled)] = ()
    """Periods in which nothing is released."""

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if not self.business_days:
            raise refuse("is an empty list", "name at least one", key="business_days")
        for number, freeze in enumerate(self.freeze, start=1):
            begin, end = self._bounds(freeze)
            if end <= begin:
                what = f"number {number} ends before it begins"
                raise refuse(what, "exchange begin and end", key="freeze")
        return self

    @property
    def zone(self) -> dt.tzinfo:
        """The time zone."""
        return _zone(self.time_zone)

    def day(self, instant: dt.datetime) -> dt.date:
        """Give the day on which an aware instant falls here."""
        return instant.astimezone(self.zone).date()

    def is_business_day(self, day: dt.date) -> bool:
        """Whether the day is worked."""
        named = _WEEKDAYS[day.weekday()] in self.business_days
        return named and day not in self.holidays

    def next_business_day(self, day: dt.date) -> dt.date:
        """Give the first worked day after this one."""
        day += _DAY
        while not self.is_business_day(day):
            day += _DAY
        return day

    def previous_business_day(self, day: dt.date) -> dt.date:
        """Give the last worked day before this one."""
        day -= _DAY
        while not self.is_business_day(day):
            day -= _DAY
        return day

    def freeze_at(self, instant: dt.datetime) -> Freeze | None:
        """Give the freeze in which an aware instant lies; None where it is free."""
        for freeze in self.freeze:
            begin, end = self._bounds(freeze)
            if begin <= instant < end:
                return freeze
        return None

    def in_freeze(self, instant: dt.datetime) -> bool:
        """Whether an aware instant lies in a freeze."""
        return self.freeze_at(instant) is not None

    def _bounds(self, freeze: Freeze) -> tuple[dt.datetime, dt.datetime]:
        return self._edge(freeze.begin), self._edge(freeze.end, after=True)

    def _edge(self, moment: dt.date, *, after: bool = False) -> dt.datetime:
        """Make an instant of a day's edge, a local time or an instant."""
        if not isinstance(moment, dt.datetime):
            day = moment + _DAY if after else moment
            moment = dt.datetime.combine(day, _MIDNIGHT)
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
