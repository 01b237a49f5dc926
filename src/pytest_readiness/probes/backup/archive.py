"""Dumps of pg_dump in its custom, directory or tar format."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, ClassVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.backup.programs import Finished, find, run
from pytest_readiness.probes.backup.store import Files, Newest
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.probes.backup.scratch import Scratch
    from pytest_readiness.probes.look import Look

__all__ = ["Archive"]

_MADE = re.compile(r"; Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")
_NOT_HERE = re.compile(
    r"unsupported version|Permission denied|not built with|plain|psql"
)
"""What says more about this host's pg_restore, or the format, than of the backup."""


class Archive(Files):
    """A folder of dumps; each a file, or a folder of the directory format."""

    programs: ClassVar[tuple[str, ...]] = (
        "pg_restore --list",
        "pg_restore --file=/dev/null",
    )

    def made(self, newest: Newest, look: Look) -> dt.datetime | Unavailable:
        """Read it from the dump's header."""
        done = self._pg_restore(look, "--list", _path(newest))
        found = _MADE.search(done.said)
        if found is None:
            return Unavailable(f"it does not say when: {done.last_line}")
        return dt.datetime.fromisoformat(found[1]).replace(tzinfo=dt.UTC)

    def intact(self, newest: Newest, look: Look) -> Observed[bool]:
        """Have pg_restore write all of it to nowhere."""
        path = _path(newest)
        if self.too_large(path):
            return self.matches_manifest(path, look)
        ended = look.observe(
            lambda: self._pg_restore(look, "--file=/dev/null", path), what=newest.name
        )

        def whole(done: Finished) -> bool | Unavailable:
            if done.code and _NOT_HERE.search(done.said):
                return Unavailable(f"pg_restore cannot read it here: {done.last_line}")
            return done.code == 0

        how = ended.map(
            lambda done: done.last_line if done.code else "read to its end"
        ).otherwise("")
        intact = ended.map(whole)
        return look.seen(
            intact.value, what=newest.name, detail=how, duration=intact.duration
        )

    def restore(self, newest: Newest, scratch: Scratch) -> None:
        """Restore it as a database of a new server."""
        scratch.create()
        scratch.start()
        done = self._pg_restore(
            scratch.look,
            *("--no-owner", "--no-privileges", f"--host={scratch.folder}"),
            *(f"--port={scratch.port}", "--username=postgres"),
            *("--dbname=postgres", _path(newest)),
        )
        if done.code:
            cause = Cause.LOCAL if _NOT_HERE.search(done.said) else Cause.NO_ANSWER
            raise LookError(f"pg_restore: {done.last_line}", cause, final=True)

    def _pg_restore(self, look: Look, *arguments: str | Path) -> Finished:
        return run([find("pg_restore", self.block.binaries), *arguments], look)


def _path(newest: Newest) -> Path:
    if newest.path is None:  # files have one
        raise LookError("the backup is no file", Cause.LOCAL, final=True)
    return newest.path
