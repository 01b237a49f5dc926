"""Backups of pgBackRest, as it tells of them itself."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, ClassVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.backup.programs import Finished, run
from pytest_readiness.probes.backup.store import Newest, Store
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from pytest_readiness.probes.backup.scratch import Scratch
    from pytest_readiness.probes.look import Look

__all__ = ["PgBackRest"]

_STATUS = re.compile(r"^status: (\w+)", re.MULTILINE)
_BROKEN = re.compile(r"^ +(?:backup|archiveId): .*", re.MULTILINE)


class PgBackRest(Store):
    """One stanza of pgBackRest."""

    programs: ClassVar[tuple[str, ...]] = (
        "pgbackrest info --output=json",
        "pgbackrest verify --output=text --verbose",
    )

    @property
    def where(self) -> str:
        """Name the stanza."""
        return f"pgbackrest {self.block.stanza}"

    def newest(self, look: Look) -> Newest | None:
        """Ask which backup came last."""
        backups = self._backups(look)
        return Newest(max(backups)[1]) if backups else None

    def made(self, newest: Newest, look: Look) -> dt.datetime | Unavailable:
        """Ask when it ended."""
        for ended, label in self._backups(look):
            if label == newest.name:
                return dt.datetime.fromtimestamp(ended, dt.UTC)
        return Unavailable("it is gone")

    def ended(self, look: Look) -> tuple[dt.datetime, ...]:
        """Ask when each backup ended that went well.

        Raises:
            LookError: it does not tell.
        """
        ends = sorted(ended for ended, _ in self._backups(look))
        return tuple(dt.datetime.fromtimestamp(ended, dt.UTC) for ended in ends)

    def intact(self, newest: Newest, look: Look) -> Observed[bool]:
        """Have every file of the repository read.

        It ends with 0 whatever it finds: what it says is what counts.
        """
        ended = look.observe(
            lambda: self._run(look, "verify", "--output=text", "--verbose"),
            what=newest.name,
        )

        def whole(done: Finished) -> bool | Unavailable:
            status = _STATUS.search(done.said)
            if status is None:
                return Unavailable(f"pgbackrest does not say: {done.last_line}")
            return status[1] == "ok" and done.code == 0

        seen = ended.map(whole)
        lines = _BROKEN.findall(ended.map(lambda done: done.said).otherwise(""))
        detail = "; ".join(line.strip() for line in lines)
        return look.seen(
            seen.value, what=newest.name, detail=detail, duration=seen.duration
        )

    def restore(self, newest: Newest, scratch: Scratch) -> None:
        """Have it restored into a folder, and start a server there."""
        if self.block.database is None:
            reason = "the target does not say which `database` to count in"
            raise LookError(reason, Cause.UNCONFIGURED, "set database", final=True)
        scratch.data.mkdir(mode=0o700)
        done = self._run(
            scratch.look,
            "restore",
            f"--set={newest.name}",
            f"--pg1-path={scratch.data}",
            *("--archive-mode=off", "--type=immediate", "--target-action=promote"),
        )
        if done.code:
            reason = f"pgbackrest restore: {done.last_line}"
            raise LookError(reason, Cause.NO_ANSWER, final=True)
        scratch.start(self.block.database)

    def _backups(self, look: Look) -> list[tuple[int, str]]:
        """Give the end, in seconds, and the label of each backup that went well."""
        done = self._run(look, "info", "--output=json")
        try:
            (stanza,) = json.loads(done.said[done.said.index("[") :])
            return [
                (int(backup["timestamp"]["stop"]), str(backup["label"]))
                for backup in stanza["backup"]
                if not backup.get("error")
            ]
        except (ValueError, LookupError, TypeError, AttributeError):
            reason = f"pgbackrest does not tell of its backups: {done.last_line}"
            raise LookError(reason, Cause.LOCAL, final=True) from None

    def _run(self, look: Look, command: str, *arguments: str) -> Finished:
        config = (f"--config={self.block.config}",) if self.block.config else ()
        stanza = f"--stanza={self.block.stanza}"
        return run(["pgbackrest", *config, stanza, *arguments, command], look)
