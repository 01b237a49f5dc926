"""The runs of the backup's job: when it succeeded, and which runs are missing.

pgBackRest knows its backups; any other job writes a line of JSON each time::

    {"ended": "2030-01-07T02:14:09Z", "result": "success"}
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.backup.pgbackrest import PgBackRest
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files
from pytest_readiness.probes.tree import read_bounded, table

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks.backup import BackupBlock

__all__ = ["BackupRuns", "missed"]

_SUCCESS = "success"
_GRACE = dt.timedelta(hours=2)
"""What a scheduled run may be late."""
_NO_HISTORY = Unavailable(
    "the target does not say where the runs of the backup's job are recorded",
    Cause.UNCONFIGURED,
    "set history in [target.NAME.backup]",
)


@dataclass(frozen=True, kw_only=True)
class BackupRuns(Facts):
    """When backups were made."""

    block: ClassVar[str] = "backup"

    successes: Observed[tuple[dt.datetime, ...]]
    """The ends of the runs that went well, in order."""

    def missed(self, interval: dt.timedelta, runs: int) -> Observed[tuple[str, ...]]:
        """Give the spans in which a scheduled run is missing, of the last ``runs``."""
        now = self.successes.at
        return self.successes.map(lambda ended: missed(ended, now, interval, runs))

    @classmethod
    def gather(cls, block: BackupBlock, look: Look) -> Self:
        """Read the record."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: BackupBlock, look: Look) -> Self:
        if block.history is not None:
            path = block.history
            return cls(successes=look.observe(lambda: _recorded(path), what=path.name))
        if block.kind == "pgbackrest":
            store = PgBackRest(block)
            return cls(successes=look.observe(lambda: store.ended(look), what="info"))
        return cls(successes=look.seen(_NO_HISTORY))

    @classmethod
    def looks(cls, block: BackupBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read, or started."""
        if block.history is None and block.kind == "pgbackrest":
            return (PlannedLook("program", PgBackRest.programs[0]),)
        return files(block.history)

    @staticmethod
    def source(block: BackupBlock) -> str:
        """Name the record, or the stanza."""
        return str(block.history or block.stanza or block.path)


def missed(
    ended: tuple[dt.datetime, ...], now: dt.datetime, interval: dt.timedelta, runs: int
) -> tuple[str, ...]:
    """Give the spans that are longer than an interval and two hours.

    As if there had been a success before the first of the last ``runs`` intervals.
    """
    start = now - runs * interval
    within = sorted(moment for moment in ended if start < moment <= now)
    edges = [start, *within, now]
    return tuple(
        f"none from {before:%Y-%m-%d %H:%M} to {after:%Y-%m-%d %H:%M} UTC"
        for before, after in pairwise(edges)
        if after - before > interval + _GRACE
    )


def _recorded(path: Path) -> tuple[dt.datetime, ...]:
    found: list[dt.datetime] = []
    text = read_bounded(path).decode(errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = table(json.loads(line))
            ended = dt.datetime.fromisoformat(str(record["ended"]))
        except (ValueError, KeyError, RecursionError):
            reason = f"{path} line {number} is no record of a run"
            remedy = 'write lines like {"ended": "2030-01-07T02:14:09Z", "result": ...}'
            raise LookError(reason, Cause.LOCAL, remedy, final=True) from None
        if record.get("result") == _SUCCESS:
            found.append(ended if ended.tzinfo else ended.replace(tzinfo=dt.UTC))
    return tuple(sorted(found))
