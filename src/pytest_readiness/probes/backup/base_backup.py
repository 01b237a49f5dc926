"""Base backups of pg_basebackup in its plain format, with their manifest."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING, ClassVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.backup.programs import Finished, find, run
from pytest_readiness.probes.backup.store import Files, Newest
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.probes.backup.scratch import Scratch
    from pytest_readiness.probes.look import Look

__all__ = ["BaseBackup"]

_MANIFEST = "backup_manifest"
_LABEL = "backup_label"


class BaseBackup(Files):
    """A folder of base backups, each a folder with a manifest."""

    programs: ClassVar[tuple[str, ...]] = ("pg_verifybackup",)

    def is_backup(self, path: Path) -> bool:
        """Whether it is a folder as pg_basebackup makes it."""
        return super().is_backup(path) and path.is_dir()

    def made(self, newest: Newest, look: Look) -> dt.datetime | Unavailable:  # noqa: ARG002  # others need it
        """Read it from the manifest, which has it of each file."""
        try:
            text = (_path(newest) / _MANIFEST).read_text("utf-8")
            (label,) = (f for f in json.loads(text)["Files"] if f["Path"] == _LABEL)
            stated = str(label["Last-Modified"]).removesuffix(" GMT")
            return dt.datetime.fromisoformat(stated).replace(tzinfo=dt.UTC)
        except (OSError, ValueError, LookupError, TypeError) as error:
            return Unavailable(f"its manifest does not say ({type(error).__name__})")

    def intact(self, newest: Newest, look: Look) -> Observed[bool]:
        """Have pg_verifybackup read every file and the write-ahead log."""
        path = _path(newest)
        if self.too_large(path):
            return self.matches_manifest(path, look)
        if not (path / _MANIFEST).is_file():
            detail = f"it has no {_MANIFEST}"
            return look.seen(False, what=newest.name, detail=detail)  # noqa: FBT003  # a value
        ended = look.observe(
            lambda: run([find("pg_verifybackup", self.block.binaries), path], look),
            what=newest.name,
        )

        def whole(done: Finished) -> bool:
            return done.code == 0

        how = ended.map(lambda done: done.last_line).otherwise("")
        return look.seen(
            ended.map(whole).value,
            what=newest.name,
            detail=how,
            duration=ended.duration,
        )

    def restore(self, newest: Newest, scratch: Scratch) -> None:
        """Start a server on a copy."""
        if self.block.database is None:
            reason = "the target does not say which `database` to count in"
            raise LookError(reason, Cause.UNCONFIGURED, "set database", final=True)
        try:
            shutil.copytree(_path(newest), scratch.data, symlinks=True)
            (scratch.data / "standby.signal").unlink(missing_ok=True)
        except (OSError, shutil.Error) as error:
            reason = f"the backup cannot be copied ({type(error).__name__})"
            raise LookError(reason, Cause.LOCAL, final=True) from None
        scratch.start(self.block.database)


def _path(newest: Newest) -> Path:
    if newest.path is None:  # files have one
        raise LookError("the backup is no folder", Cause.LOCAL, final=True)
    return newest.path
