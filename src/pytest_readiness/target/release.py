"""The release: its version and the digest of its source.

The source digest is sha256 over the lines of ``git ls-tree -r -z --full-tree HEAD``,
sorted as bytes, each ended by a line feed, limited to what the release is made of.
Equal trees are the same release, whatever the commits: shallow clones, squashes,
rebases and commits that only add signatures keep it.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.finding import display
from pytest_readiness.target.git import Git, NoRepository
from pytest_readiness.target.values import near

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_readiness.target.configuration import Configuration

__all__ = ["REPORT_FOLDER", "Release", "read_release"]

REPORT_FOLDER = "readiness-report"
_SIGNATURES = ".readiness"


@dataclass(frozen=True, slots=True)
class Release:
    """What is to go live.

    ``source`` is ``sha256:`` and hex, None where the release is only a version; then
    ``unbound`` says why. ``commit`` is for people. ``dirty_paths`` are the uncommitted
    changes within the release, relative to the target file's folder.
    """

    version: str
    source: str | None
    commit: str | None = None
    dirty_paths: tuple[str, ...] = ()
    unbound: str = ""

    @property
    def dirty(self) -> bool:
        """Whether there are uncommitted changes within the release."""
        return bool(self.dirty_paths)


def read_release(
    config: Configuration, root: Path | None = None, report: Path | None = None
) -> Release:
    """Say what the release is: a digest that is given, git's tree, or a version alone.

    ``root`` is the folder that ``[release]`` paths are relative to (default: the target
    file's); ``report`` is the report folder, which is no part of a release.

    Raises:
        ConfigError: nothing says what the release is, or git cannot.
    """
    table, root = config.release, (root or config.path.parent).absolute()
    if table.digest is not None:
        return Release(table.version or table.digest[-12:], table.digest)
    try:
        return _from_git(config, root, report or root / REPORT_FOLDER)
    except NoRepository as reason:
        if table.version is None:
            what = f"says nothing of the release, and {reason}"
            remedy = "set `version`, or `digest` to that of an image or a package"
            raise ConfigError(
                f"{display(config.path)} [release]", what, remedy
            ) from None
        return Release(table.version, None, unbound=str(reason))


def _from_git(config: Configuration, root: Path, report: Path) -> Release:
    git = Git(root)
    commit = git.ask("rev-parse", "--verify", "HEAD^{commit}").decode().strip()
    prefix = os.fsdecode(git.ask("rev-parse", "--show-prefix")).rstrip("\n")
    scope = _Scope.of(config, root, report, prefix)
    listing = git.ask("ls-tree", "-r", "-z", "--full-tree", "HEAD")
    lines = [line for line in listing.split(b"\0") if line]
    kept = [line for line in lines if scope.holds(_path_of(line))]
    _refuse_empty(config, scope, [_path_of(line) for line in lines], kept)
    return Release(
        version=config.release.version or commit[:12],
        source=f"sha256:{_digest(config, kept)}",
        commit=commit,
        dirty_paths=_dirty(git, scope),
    )


def _path_of(line: bytes) -> str:
    """Give the path of one line of ``ls-tree``: mode, type, object, tab, path."""
    return os.fsdecode(line.partition(b"\t")[2])


def _digest(config: Configuration, lines: Iterable[bytes]) -> str:
    ordered = sorted(lines)
    if any(b"\n" in line for line in ordered):
        # Such a name could stand for several lines: two trees with one digest.
        what = "the source has a file with a line feed in its name"
        raise ConfigError(
            f"{display(config.path)} [release]", what, "rename or ignore it"
        )
    return hashlib.sha256(b"".join(line + b"\n" for line in ordered)).hexdigest()


def _dirty(git: Git, scope: _Scope) -> tuple[str, ...]:
    listing = git.ask(
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignore-submodules=none",
    )
    paths = (os.fsdecode(entry[3:]) for entry in listing.split(b"\0") if entry)
    return tuple(sorted(scope.relative(path) for path in paths if scope.holds(path)))


def _refuse_empty(
    config: Configuration, scope: _Scope, paths: list[str], kept: list[bytes]
) -> None:
    """Refuse a release that is made of nothing, or of a path that does not exist."""
    names = [scope.relative(path) for path in paths]
    for part in scope.paths:
        if not any(_within(name, part) for name in names):
            folders = {name.partition("/")[0] for name in names}
            meant = near(part, {*names, *folders})
            what = f"nothing that is committed matches `{part}`"
            remedy = f"did you mean `{meant}`?" if meant else "name what is committed"
            raise ConfigError(f"{display(config.path)} [release] paths", what, remedy)
    if not kept:
        what = "no committed file is left in the release"
        raise ConfigError(
            f"{display(config.path)} [release]", what, "see `paths` and `ignore`"
        )


@dataclass(frozen=True)
class _Scope:
    """Which of the repository's files are the release; paths as the file has them."""

    prefix: str
    paths: tuple[str, ...]
    without: tuple[str, ...]

    @classmethod
    def of(cls, config: Configuration, root: Path, report: Path, prefix: str) -> _Scope:
        own = (
            root / _SIGNATURES,
            config.path,
            config.trust.file,
            config.trust.attestations,
            report,
        )
        return cls(
            prefix=prefix,
            paths=tuple(map(posixpath.normpath, config.release.paths)),
            without=(
                *(Path(os.path.relpath(path, root)).as_posix() for path in own),
                *map(posixpath.normpath, config.release.ignore),
            ),
        )

    def relative(self, path: str) -> str:
        """Write a path of the repository relative to the root folder."""
        return posixpath.relpath(path, self.prefix) if self.prefix else path

    def holds(self, path: str) -> bool:
        """Whether a path of the repository belongs to the release."""
        name = self.relative(path)
        named = not self.paths or any(_within(name, part) for part in self.paths)
        return named and not any(_within(name, part) for part in self.without)


def _within(name: str, part: str) -> bool:
    """Whether a file is what is named, lies in it, or matches it as a pattern."""
    if part == ".":
        return not name.startswith("../")
    return name == part or name.startswith(f"{part}/") or fnmatchcase(name, part)
