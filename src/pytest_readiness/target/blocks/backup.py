"""``[target.NAME.backup]``: where the backups are, and how one is restored."""

import datetime as dt
from typing import Literal, Self

from pydantic import model_validator

from pytest_readiness.target.blocks.block import (
    Count,
    Duration,
    FilePath,
    Limit,
    LimitsBlock,
    ResourceBlock,
    Share,
    Size,
    Text,
    refuse,
    setting,
)

__all__ = ["BackupBlock", "BackupLimits"]


class BackupBlock(ResourceBlock):
    """Backups of the database: a folder of dumps or base backups, or pgBackRest's."""

    timeout: Duration = dt.timedelta(minutes=10)
    """How long reading the newest one to its end may take."""
    kind: Literal["dump", "basebackup", "pgbackrest"]
    """What made them: pg_dump (not its plain format), pg_basebackup, pgBackRest."""
    path: FilePath | None = None
    """Folder of the backups, of which the newest is looked at."""
    pattern: Text = "*"
    """Which of its files or folders are backups."""
    read_up_to: Size = 5 * 10**9
    """Of a larger one size and sha256 are held against the manifest instead."""
    manifest: FilePath | None = None
    """The job's checksums, as sha256sum writes them."""
    stanza: Text | None = None
    """Of pgBackRest."""
    config: FilePath | None = None
    """pgBackRest's configuration; else its own default."""
    binaries: FilePath | None = None
    """Folder of PostgreSQL's programs; else they are looked for."""
    database: Text | None = None
    """The database whose rows are counted after a restore of a whole server."""
    counts: FilePath | None = None
    """Rows by table when the backup was made, as JSON; else those of the database."""
    history: FilePath | None = None
    """The job's record of its runs, a line of JSON each; pgBackRest has its own."""
    drill_timeout: Duration = dt.timedelta(hours=4)
    """How long a restore drill may take before it is given up."""

    @model_validator(mode="after")
    def _place(self) -> Self:
        if self.kind == "pgbackrest":
            if self.stanza is None:
                raise refuse("misses stanza", "name the stanza of pgBackRest")
            if self.path is not None:
                raise refuse("sets path for pgBackRest", "its config has the path")
        elif self.path is None:
            raise refuse("misses path", "name the folder of the backups")
        elif self.stanza is not None or self.config is not None:
            raise refuse("sets stanza or config without pgBackRest", "leave them out")
        return self


class BackupLimits(LimitsBlock):
    """``[target.NAME.limits.backup]``."""

    interval: Limit[Duration] = setting(dt.timedelta(days=1))
    """Longest that a schedule may leave between two backups."""
    rpo: Limit[Duration] = setting(dt.timedelta(hours=26))
    """Oldest that the newest backup may be."""
    rto: Limit[Duration] = setting(dt.timedelta(hours=4))
    """Longest that a restore may take."""
    runs: Limit[Count] = setting(7)
    """How many of the last scheduled runs must have succeeded, each."""
    row_difference: Limit[Share] = setting(0.0)
    """Most by which a table's rows may differ: what changed since the backup."""
