"""``[target.NAME.backup_schedule]``: what makes the backups, again and again."""

from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from pytest_readiness.target.blocks.block import (
    FilePath,
    Text,
    exclusive,
    refuse,
    tupled,
)
from pytest_readiness.target.blocks.hosts import OnHost
from pytest_readiness.target.values import listed

__all__ = ["BackupScheduleBlock"]

Paths = Annotated[tuple[FilePath, ...], BeforeValidator(tupled)]
_SOURCES = ("crontab", "crontab_user", "timer", "manifests", "stanza")


class BackupScheduleBlock(OnHost):
    """The one schedule by which backups are made."""

    crontab: FilePath | None = None
    """A file of cron, such as ``/etc/cron.d/backup``."""
    crontab_user: Text | None = None
    """Whose crontab has the job, as ``crontab -l`` lists it."""
    command: Text | None = None
    """What the job's command contains, such as ``pgbackrest``."""
    timer: Text | None = None
    """A timer of systemd."""
    manifests: Paths = ()
    """Kubernetes manifests with the CronJob, on the machine that the run is on."""
    cron_job: Text | None = None
    """The CronJob's name."""
    stanza: Text | None = None
    """The stanza of a pgBackRest whose list of backups shows how often it runs."""
    config: FilePath | None = None
    """pgBackRest's configuration; else its own default."""

    @model_validator(mode="after")
    def _one_schedule(self) -> Self:
        found = exclusive({name: getattr(self, name) or None for name in _SOURCES})
        if len(found) != 1:
            what = f"sets {listed(found)}" if found else "names no schedule"
            raise refuse(what, f"keep one of {listed(_SOURCES)}")
        by_cron = self.crontab is not None or self.crontab_user is not None
        if by_cron != (self.command is not None):
            remedy = "say what the job's command contains"
            raise refuse("does not go with its command", remedy, key="command")
        if bool(self.manifests) != (self.cron_job is not None):
            remedy = "name the CronJob of the manifests"
            raise refuse("does not go with its manifests", remedy, key="cron_job")
        return self
