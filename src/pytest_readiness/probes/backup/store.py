"""Where backups lie, whatever made them: which is the newest, when, whether whole."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_readiness.probes.backup.scratch import Scratch
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks.backup import BackupBlock

__all__ = ["Files", "Newest", "Store"]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Newest:
    """The newest backup: its name, and where it lies if that is a place here."""

    name: str
    path: Path | None = None


class Store(ABC):
    """The backups of one target."""

    programs: ClassVar[tuple[str, ...]]
    """What is started, for people."""

    def __init__(self, block: BackupBlock) -> None:
        self.block = block

    @property
    @abstractmethod
    def where(self) -> str:
        """Name the place for evidence."""

    @abstractmethod
    def newest(self, look: Look) -> Newest | None:
        """Give the newest backup, where there is one.

        Raises:
            LookError: this host cannot look there.
        """

    @abstractmethod
    def made(self, newest: Newest, look: Look) -> dt.datetime | Unavailable:
        """Give when it was made, as it says itself."""

    @abstractmethod
    def intact(self, newest: Newest, look: Look) -> Observed[bool]:
        """Say whether it can be read to its end."""

    @abstractmethod
    def restore(self, newest: Newest, scratch: Scratch) -> None:
        """Restore it into a scratch server, which then runs.

        Raises:
            LookError: it cannot be restored, with the cause NO_ANSWER; or not here.
        """

    def none(self) -> Unavailable:
        """Give the reason why nothing can be said of a backup that is not there."""
        reason = f"there is no backup in {self.where}"
        return Unavailable(reason, Cause.NO_ANSWER, "make one, and see to its job")


class Files(Store):
    """Backups that are files or folders of one folder."""

    @property
    def folder(self) -> Path:
        """The folder; the target's file has one for these kinds."""
        if self.block.path is None:  # the block's own rule
            raise LookError("the target names no folder", Cause.LOCAL, final=True)
        return self.block.path

    @property
    def where(self) -> str:
        """Name the folder."""
        return str(self.folder)

    def newest(self, look: Look) -> Newest | None:  # noqa: ARG002  # others need it
        """Give the one that was written last."""
        try:
            found = [
                (path.stat().st_mtime, path.name, path)
                for path in self.folder.glob(self.block.pattern)
                if not path.name.startswith(".") and self.is_backup(path)
            ]
            if not found and not self.folder.is_dir():
                reason = f"there is no folder {self.folder} on this host"
                raise LookError(reason, Cause.LOCAL, "check path", final=True)
        except OSError as error:
            reason = f"{self.folder} cannot be read ({type(error).__name__})"
            raise LookError(reason, Cause.LOCAL, final=True) from None
        if not found:
            return None
        _, name, path = max(found)
        return Newest(name, path)

    def is_backup(self, path: Path) -> bool:
        """Whether a path is one of the backups, and no file of the job's own."""
        return path not in {self.block.manifest, self.block.counts}

    def too_large(self, path: Path) -> bool:
        """Whether reading it all would take too long."""
        return sum(file.stat().st_size for file in _files(path)) > self.block.read_up_to

    def matches_manifest(self, path: Path, look: Look) -> Observed[bool]:
        """Hold the files of a large backup against the job's checksums."""
        detail = "larger than read_up_to: by sha256 of the manifest"

        def read() -> bool | Unavailable:
            wanted = self._manifest()
            if isinstance(wanted, Unavailable):
                return wanted
            names = {str(f.relative_to(self.folder)): f for f in _files(path)}
            listed = {
                name: digest
                for name, digest in wanted.items()
                if name == path.name or name.startswith(f"{path.name}/")
            }
            if listed.keys() != names.keys():
                return False
            return all(_sha256(f, look) == listed[name] for name, f in names.items())

        return look.observe(read, what=path.name, detail=detail)

    def _manifest(self) -> dict[str, str] | Unavailable:
        if self.block.manifest is None:
            reason = "the backup is too large to be read, and no `manifest` is named"
            remedy = "set manifest, or raise read_up_to"
            return Unavailable(reason, Cause.UNCONFIGURED, remedy)
        try:
            lines = self.block.manifest.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = f"the manifest cannot be read ({type(error).__name__})"
            return Unavailable(reason, Cause.LOCAL)
        pairs = (line.split(maxsplit=1) for line in lines if line.strip())
        listed = (pair for pair in pairs if len(pair) > 1)
        return {name.lstrip("*").removeprefix("./"): digest for digest, name in listed}


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from (file for file in sorted(path.rglob("*")) if file.is_file())


def _sha256(path: Path, look: Look) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            if look.over:
                raise look.overdue("reading it")
    return digest.hexdigest()
