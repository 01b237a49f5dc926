"""⚡ A restore drill: the newest backup, into a scratch server, rows counted."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.backup import Backup, store
from pytest_readiness.probes.backup.scratch import Scratch
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files
from pytest_readiness.target.values import is_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import Grant
    from pytest_readiness.target.blocks.backup import BackupBlock

__all__ = ["Drill"]


@dataclass(frozen=True, kw_only=True)
class Drill(Facts):
    """What came of restoring the newest backup."""

    block: ClassVar[str] = "backup"
    grant: ClassVar[Grant | None] = "restore"

    restored: Observed[bool]
    """Whether it could be restored; the detail says what went wrong."""
    took: Observed[dt.timedelta]
    """Time from an empty folder to a server that answers."""
    rows: Observed[Mapping[str, int]]
    """Rows of each table of the restored database."""
    counted: Observed[Mapping[str, int]]
    """Rows of each table when the backup was made, where the job wrote them down."""

    @classmethod
    def gather(cls, block: BackupBlock, look: Look) -> Self:
        """Restore it once."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: BackupBlock, look: Look) -> Self:
        backups = store(block)
        newest = backups.newest(look)
        if newest is None:
            nothing = backups.none()
            raise LookError(nothing.reason, nothing.cause, nothing.remedy, final=True)
        counted = look.observe(lambda: _counted(block.counts), what=f"{block.counts}")
        with Scratch(block.binaries, look) as scratch:
            began = time.monotonic()
            try:
                backups.restore(newest, scratch)
                took = dt.timedelta(seconds=time.monotonic() - began)
                rows = scratch.rows()
            except LookError as error:
                failure = error.unavailable
                if failure.cause is not Cause.NO_ANSWER:
                    raise
                facts = cls.unavailable(failure, look.source, look.now())
                failed = look.seen(False, detail=failure.reason)  # noqa: FBT003
                return cls(
                    restored=failed, took=facts.took, rows=facts.rows, counted=counted
                )
        return cls(
            restored=look.seen(True, what=newest.name),  # noqa: FBT003  # a value
            took=look.seen(took, what=newest.name),
            rows=look.seen(rows, what=newest.name),
            counted=counted,
        )

    def lost(
        self, live: Observed[Mapping[str, int]], tolerance: float
    ) -> Observed[tuple[str, ...]]:
        """Give the tables that are not as they were when the backup was made.

        ``live`` are the database's rows now; they stand in where the job counted none,
        and may then differ by ``tolerance``, a share of each table's.
        """
        value = self.counted.value
        unset = isinstance(value, Unavailable) and value.cause is Cause.UNCONFIGURED
        expected, may_differ = (live, tolerance) if unset else (self.counted, 0.0)

        def differing(rows: Mapping[str, int]) -> tuple[str, ...] | Unavailable:
            wanted = expected.value
            if isinstance(wanted, Unavailable):
                return wanted
            if not wanted:
                return Unavailable("there is no table to compare", Cause.LOCAL)
            return tuple(_differences(wanted, rows, may_differ))

        return self.rows.map(differing)

    @classmethod
    def limit(cls, block: BackupBlock) -> dt.timedelta:
        """Give a drill its own time."""
        return block.drill_timeout

    @classmethod
    def looks(cls, block: BackupBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is started: a server of its own, on a socket only."""
        restores = {
            "dump": ("initdb", "postgres", "pg_restore"),
            "basebackup": ("postgres",),
            "pgbackrest": ("pgbackrest restore", "postgres"),
        }
        note = "a scratch server in a temporary folder"
        return (
            *(
                PlannedLook("program", program, note=note, intrusive="restore")
                for program in restores[block.kind]
            ),
            *files(block.path, block.counts),
        )

    @staticmethod
    def source(block: BackupBlock) -> str:
        """Name the backups."""
        return f"restore drill of {Backup.source(block)}"


def _counted(file: Path | None) -> Mapping[str, int] | Unavailable:
    if file is None:
        return Unavailable("the target names no `counts`", Cause.UNCONFIGURED)
    try:
        said = json.loads(file.read_text("utf-8"))
        if not is_table(said):
            return Unavailable("counts is no table of rows")
        # A JSON number that is no whole one is no count.
        counted = {k.removeprefix("public."): v for k, v in said.items()}
        whole = {k: v for k, v in counted.items() if type(v) is int}
    except (OSError, ValueError, RecursionError) as error:
        return Unavailable(f"counts cannot be read ({type(error).__name__})")
    if len(whole) < len(counted):
        return Unavailable("counts holds what is no number of rows")
    return whole


def _differences(
    wanted: Mapping[str, int], rows: Mapping[str, int], tolerance: float
) -> list[str]:
    found: list[str] = []
    for table, expected in wanted.items():
        if table not in rows:
            found.append(f"{table}: not restored")
        elif abs(rows[table] - expected) > tolerance * expected:
            found.append(f"{table}: {rows[table]} rows of {expected}")
    return found
