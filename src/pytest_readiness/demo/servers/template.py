"""A PostgreSQL data folder made once and copied for every demo.

``initdb`` takes 0.4 to 1.4 s, copying its result 0.05 s. The template lies in the
user's cache, keyed by the server's version; it appears there by one rename, so that
neither a run at the same time nor a kill can leave half of one.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.demo.servers.programs import Launch

__all__ = ["DATABASE", "Template"]

DATABASE = "trading"

_INITDB = (
    *("--username=postgres", "--auth=reject", "--encoding=UTF8", "--locale=C"),
    # Small write-ahead segments: 23 MB to copy instead of 38.
    *("--wal-segsize=1", "--no-sync"),
)
_GENERATION = "1"
"""Part of the key: raise it when what follows makes another template."""
_BUILDING = "building-"
_FORGOTTEN = 3600.0
"""Seconds after which a half-made template is of a run that was killed."""


class Template:
    """The data folder that new ones are copied from."""

    def __init__(self, launch: Launch, environ: Mapping[str, str]) -> None:
        self._launch = launch
        self._cache = _cache_folder(environ)
        version = launch.run("postgres", "--version").split()[-1]
        self._path = self._cache / f"postgres-{version}-{_GENERATION}"

    def copy_to(self, data: Path) -> None:
        """Make ``data`` a new data folder that belongs to the server's user."""
        if self._launch.user is None and self._make():
            _copy(self._path, data)
        else:
            data.mkdir(mode=0o700)
            self._launch.give(data)
            self._build(data)

    def discard(self) -> None:
        """Forget a template that no server starts from (a crash of the machine)."""
        shutil.rmtree(self._path, ignore_errors=True)

    def _make(self) -> bool:
        """See to it that there is one; False where the cache cannot be written to."""
        if (self._path / "PG_VERSION").exists():
            return True
        try:
            self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=self._cache))
        except OSError:
            return False
        self._sweep()
        try:
            self._build(building)
            # Whoever comes second fails here and takes the first one's: they are equal.
            with contextlib.suppress(OSError):
                building.rename(self._path)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return (self._path / "PG_VERSION").exists()

    def _build(self, data: Path) -> None:
        self._launch.run("initdb", *_INITDB, f"--pgdata={data}")
        single = ("--single", "-F", "-D", str(data), "postgres")
        said = self._launch.run(
            "postgres", *single, text=f"CREATE DATABASE {DATABASE};\n"
        )
        if "ERROR:" in said:  # which does not show in the exit code
            raise ConfigError("demo: PostgreSQL", " ".join(said[-400:].split()))

    def _sweep(self) -> None:
        for path in self._cache.glob(f"{_BUILDING}*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _FORGOTTEN:
                    shutil.rmtree(path, ignore_errors=True)


def _cache_folder(environ: Mapping[str, str]) -> Path:
    given = Path(environ.get("XDG_CACHE_HOME") or "")
    home = Path(environ.get("HOME") or tempfile.gettempdir())
    base = given if given.is_absolute() else home / ".cache"
    return base / "pytest-readiness"


def _copy(source: Path, target: Path) -> None:
    # A thousand small files: cp is three times as fast as shutil.
    done = subprocess.run(
        ["/bin/cp", "-R", "--", str(source), str(target)],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    target.chmod(0o700)
