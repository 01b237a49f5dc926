"""The schedule by which backups are made, and how far apart they can be."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.probes.configuration.reading import Malformed, parsed_yaml
from pytest_readiness.probes.hosts import Commanded, commands, entered, where
from pytest_readiness.probes.hosts.plans import planned, reached, read
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files
from pytest_readiness.probes.schedule import cron, systemd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import BackupScheduleBlock

__all__ = ["BackupSchedule"]

T = TypeVar("T")

_SYSTEM = ("/etc/crontab", "/etc/cron.d/")
"""Files of cron whose lines name a user, too."""
_LAST = dt.timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class BackupSchedule(Facts):
    """When backups are made."""

    block: ClassVar[str] = "backup_schedule"

    schedules: Observed[tuple[str, ...]]
    """The schedules that are there and can come true."""
    enabled: Observed[bool]
    """Whether they are in force."""
    longest_gap: Observed[dt.timedelta]
    """The longest time from one backup to the next."""
    by_results: Observed[bool]
    """Whether that was seen of the backups themselves, which take their time."""

    @classmethod
    def gather(cls, block: BackupScheduleBlock, look: Look) -> Self:
        """Read the schedule where it is."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: BackupScheduleBlock, look: Look) -> Self:
        if block.manifests:
            schedules, suspended = _of_manifests(block)
            return cls._of_cron(schedules, look, suspended=suspended)
        host = entered(block, look)
        if block.timer is not None:
            return cls._of_timer(block.timer, host, look)
        if block.stanza is not None:
            return cls._of_backups(_backups(block, host, look), look)
        return cls._of_cron(_of_crontab(block, host, look), look)

    @classmethod
    def _of_cron(
        cls, schedules: Sequence[str], look: Look, *, suspended: bool = False
    ) -> Self:
        good = tuple(one for one in schedules if cron.usable(one))
        bad = [one for one in schedules if one not in good]
        detail = f"never comes true: {', '.join(bad)}" if bad else ""
        return cls(
            schedules=look.seen(good, detail=detail),
            enabled=look.seen(bool(good) and not suspended),
            longest_gap=look.observe(lambda: cron.longest_gap(_some(good), look.now())),
            by_results=look.seen(False),  # noqa: FBT003  # a value
        )

    @classmethod
    def _of_timer(cls, name: str, host: Commanded, look: Look) -> Self:
        one = systemd.timer(name, host, look)
        return cls(
            schedules=look.seen(one.schedules),
            enabled=look.seen(one.enabled),
            longest_gap=look.observe(
                lambda: (
                    systemd.longest_gap(one, host, look)
                    if _some(one.schedules)
                    else dt.timedelta(0)
                )
            ),
            by_results=look.seen(False),  # noqa: FBT003  # a value
        )

    @classmethod
    def _of_backups(cls, ended: Sequence[dt.datetime], look: Look) -> Self:
        """Take the backups of the last days for the schedule that made them."""
        now = look.now()
        recent = [moment for moment in ended if moment > now - _LAST]
        days = f"{len(recent)} backup(s) in {_LAST.days} days"
        steps = pairwise([*sorted(recent), now])
        return cls(
            schedules=look.seen((days,) if recent else ()),
            enabled=look.seen(bool(recent)),
            longest_gap=look.observe(
                lambda: max(b - a for a, b in _some(tuple(steps))), detail=days
            ),
            by_results=look.seen(True),  # noqa: FBT003  # a value
        )

    @classmethod
    def looks(cls, block: BackupScheduleBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read, or which program is asked."""
        if block.manifests:
            return files(*block.manifests)
        if block.crontab is not None:
            path = str(block.crontab)
            return (*reached(block, path), *read(block, path))
        if block.crontab_user is not None:
            return planned(block, commands.crontab(block.crontab_user))
        if block.timer is not None:
            iterations = commands.calendar("{calendar}", systemd.ITERATIONS)
            return planned(block, commands.timer(block.timer), iterations)
        return planned(block, _info(block))

    @staticmethod
    def source(block: BackupScheduleBlock) -> str:
        """Name the file, the timer, the CronJob or the stanza."""
        stanza = f"pgbackrest {block.stanza}" if block.stanza else ""
        user = f"crontab of {block.crontab_user}" if block.crontab_user else ""
        named = block.crontab or block.timer or block.cron_job or stanza or user
        return f"{where(block)}{named}"


def _some(found: tuple[T, ...]) -> tuple[T, ...]:
    if found:
        return found
    raise LookError("there is no schedule", Cause.NO_ANSWER, final=True)


def _of_crontab(
    block: BackupScheduleBlock, host: Commanded, look: Look
) -> tuple[str, ...]:
    command = block.command or ""
    if block.crontab is None:
        text = host.crontab(block.crontab_user or "", look)
        return tuple(cron.jobs(text, command, with_user=False))
    path = str(block.crontab)
    text = host.read(path, look) or ""
    with_user = path.startswith(_SYSTEM) or block.crontab.parent.name == "cron.d"
    return tuple(cron.jobs(text, command, with_user=with_user))


def _of_manifests(block: BackupScheduleBlock) -> tuple[tuple[str, ...], bool]:
    for path in block.manifests:
        try:
            found = cron.cron_job(
                parsed_yaml(path.read_text("utf-8")), block.cron_job or ""
            )
        except OSError as error:
            reason = f"{path.name}: {error.strerror or 'cannot be read'}"
            raise LookError(reason, Cause.LOCAL, final=True) from None
        except UnicodeDecodeError:
            reason = f"{path.name}: it is no text file"
            raise LookError(reason, Cause.LOCAL, final=True) from None
        except Malformed as error:
            reason = f"{path.name}: {error}"
            raise LookError(reason, Cause.LOCAL, final=True) from None
        if found is not None:
            return (found[0],), found[1]
    return (), False


def _info(block: BackupScheduleBlock) -> commands.Command:
    config = None if block.config is None else str(block.config)
    return commands.pgbackrest(block.stanza or "", config)


def _backups(
    block: BackupScheduleBlock, host: Commanded, look: Look
) -> tuple[dt.datetime, ...]:
    """Give when each backup that went well ended."""
    said = host.said(_info(block), look)
    try:
        (stanza,) = json.loads(said[said.index("[") :])
        return tuple(
            dt.datetime.fromtimestamp(int(one["timestamp"]["stop"]), dt.UTC)
            for one in stanza["backup"]
            if not one.get("error")
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        reason = "pgbackrest does not tell of its backups"
        raise LookError(reason, Cause.LOCAL, final=True) from None
