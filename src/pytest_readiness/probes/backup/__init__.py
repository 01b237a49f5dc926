"""The newest backup: how old it is, and whether it can be read to its end.

Its age is what the backup itself says: a file that was copied looks new. Nothing is
believed for its table of contents alone, which stands at the front.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.probes.backup.archive import Archive
from pytest_readiness.probes.backup.base_backup import BaseBackup
from pytest_readiness.probes.backup.pgbackrest import PgBackRest
from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.planned import PlannedLook, files

if TYPE_CHECKING:
    import datetime as dt

    from pytest_readiness.catalogue.observation import Observed
    from pytest_readiness.probes.backup.store import Store
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks.backup import BackupBlock

__all__ = ["Backup", "store"]


@dataclass(frozen=True, kw_only=True)
class Backup(Facts):
    """The newest of the backups that the target names."""

    block: ClassVar[str] = "backup"

    found: Observed[bool]
    """Whether there is any; the detail names the newest."""
    age: Observed[dt.timedelta]
    """Time since it was made, as it says itself."""
    intact: Observed[bool]
    """Whether it can be read to its end; the detail says how that was seen."""

    @classmethod
    def gather(cls, block: BackupBlock, look: Look) -> Self:
        """Find the newest and read it."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: BackupBlock, look: Look) -> Self:
        backups = store(block)
        newest = backups.newest(look)
        if newest is None:
            none = look.seen(False, detail=backups.where)  # noqa: FBT003  # a value
            facts = cls.unavailable(backups.none(), look.source, look.now())
            return cls(found=none, age=facts.age, intact=facts.intact)
        made = look.observe(lambda: backups.made(newest, look), what=newest.name)
        return cls(
            found=look.seen(True, detail=newest.name),  # noqa: FBT003  # a value
            age=made.map(lambda then: look.now() - then),
            intact=backups.intact(newest, look),
        )

    @classmethod
    def looks(cls, block: BackupBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand which programs are started, and which files are read."""
        return (
            *(PlannedLook("program", program) for program in store(block).programs),
            *files(block.path, block.manifest, block.config),
        )

    @staticmethod
    def source(block: BackupBlock) -> str:
        """Name the folder, or the stanza."""
        return store(block).where


def store(block: BackupBlock) -> Store:
    """Give what knows the target's kind of backup."""
    kinds: dict[str, type[Store]] = {
        "dump": Archive,
        "basebackup": BaseBackup,
        "pgbackrest": PgBackRest,
    }
    return kinds[block.kind](block)
