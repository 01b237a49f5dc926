"""Schedules as cron writes them (crontab(5)), and how far apart their times are."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from pytest_readiness.probes.configuration.reading import at
from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["cron_job", "jobs", "longest_gap", "usable"]

_VARIABLE = re.compile(r"\s*\w+\s*=")
_FIELDS = 5
_DAY = dt.timedelta(days=1)
_SPAN = dt.timedelta(days=400)
"""Longer than a year: what happens on one day of it is seen."""


def jobs(text: str, command: str, *, with_user: bool) -> Iterator[str]:
    """Give the schedules of the lines whose command contains a text.

    Files of the system have a user between schedule and command.
    """
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#") or _VARIABLE.match(line):
            continue
        fields = 1 if words[0].startswith("@") else _FIELDS
        rest = words[fields + with_user :]
        if command in " ".join(rest):
            yield " ".join(words[:fields])


def cron_job(documents: Sequence[Any], name: str) -> tuple[str, bool] | None:
    """Give the schedule of a Kubernetes CronJob, and whether it is suspended."""
    waiting: list[object] = list(documents)
    while waiting:
        one = waiting.pop()
        if is_list(one):
            waiting += one
        elif is_table(one):
            if one.get("kind") == "CronJob" and at(one, "metadata.name") == name:
                return str(at(one, "spec.schedule")), bool(at(one, "spec.suspend"))
            waiting += [one.get("items")]
    return None


def usable(schedule: str) -> bool:
    """Whether cron understands a schedule, and it has a time at all."""
    # Loaded where a schedule is one of cron.
    from croniter import croniter  # noqa: PLC0415
    from croniter.croniter import CroniterError  # noqa: PLC0415

    try:
        croniter(schedule, dt.datetime(2026, 1, 1)).get_next()  # noqa: DTZ001  # cron's clock has no zone
    except (CroniterError, ValueError):
        return False
    # A sixth field would be seconds, which cron does not know.
    return len(schedule.split()) in {1, _FIELDS}


def longest_gap(schedules: Sequence[str], now: dt.datetime) -> dt.timedelta:
    """Give the longest time between two runs, by all schedules together.

    The clock is cron's own, without a zone: a day is a day also when summer begins.
    """
    from croniter import croniter  # noqa: PLC0415  # as above

    def after(moment: dt.datetime) -> dt.datetime:
        return min(croniter(s, moment).get_next(dt.datetime) for s in schedules)

    def before(moment: dt.datetime) -> dt.datetime:
        return max(croniter(s, moment).get_prev(dt.datetime) for s in schedules)

    moment = after(now.replace(tzinfo=None))
    longest, end = dt.timedelta(0), moment + _SPAN
    while moment < end:
        following = after(moment)
        longest = max(longest, following - moment)
        # On to the last one within a day: what runs often is as often later that day.
        moment = max(following, before(moment + _DAY))
    return longest
