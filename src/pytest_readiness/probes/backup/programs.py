"""PostgreSQL's programs on this host: found, run to their end, or as a server."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.program import ended, kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.probes.look import Look

__all__ = [
    "NAMESPACE",
    "Finished",
    "Somebody",
    "end",
    "find",
    "namespaces_work",
    "run",
    "start",
    "unprivileged",
]

_DEBIAN = Path("/usr/lib/postgresql")
_INTAKE = 10_000_000
"""Bytes of output that are read: a thousand backups' list is one of a megabyte."""
NAMESPACE = ("unshare", "-U", "--map-user=1000", "--map-group=1000")
"""A user namespace in which root is somebody else; the pid stays the program's."""


class Finished(NamedTuple):
    """How a program ended, and what it said on both its outputs."""

    code: int
    said: str

    @property
    def last_line(self) -> str:
        """The last line that says something."""
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        return lines[-1] if lines else f"it ended with status {self.code}"


def find(name: str, binaries: Path | None) -> Path:
    """Find one of PostgreSQL's programs: where the target says, else the newest.

    Raises:
        LookError: it is not installed here.
    """
    folders = (
        [binaries]
        if binaries is not None
        else sorted(_DEBIAN.glob("*/bin"), key=_version, reverse=True)
    )
    for folder in folders:
        if os.access(folder / name, os.X_OK):
            return folder / name
    found = shutil.which(name) if binaries is None else None
    if found is None:
        where = f" in {binaries}" if binaries is not None else ""
        remedy = "install PostgreSQL's client programs, or set `binaries`"
        reason = f"there is no {name}{where} on this host"
        raise LookError(reason, Cause.LOCAL, remedy, final=True)
    return Path(found)


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(p) if p.isdecimal() else 0 for p in folder.parent.name.split("."))


def run(command: Sequence[str | Path], look: Look) -> Finished:
    """Run a program to its end, or to the look's; its messages are in English.

    Raises:
        LookError: it cannot be started, or did not end in time.
    """
    done = ended([str(word) for word in command], look, _environment(), _INTAKE)
    said = (done.stdout + done.stderr).decode(errors="replace")
    return Finished(done.status, look.redact(said))


def _environment() -> dict[str, str]:
    return kept() | {"LC_ALL": "C", "TZ": "UTC"}


def start(command: Sequence[str | Path], output: int) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its messages in English.

    Raises:
        LookError: it cannot be started.
    """
    try:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
    except OSError as error:
        reason = f"{command[0]} cannot be started: {os.strerror(error.errno or 0)}"
        raise LookError(reason, Cause.LOCAL, final=True) from None


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and what it started; may be called twice."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5.0)


class Somebody(NamedTuple):
    """Who runs a program that refuses to run as root."""

    prefix: tuple[str, ...] = ()
    """What stands before the command."""
    user: int | None = None
    """Whose its files must be, where that is another user."""


def unprivileged() -> Somebody:
    """Give somebody who is not root: oneself, root by another number, or nobody.

    Raises:
        LookError: this is root, and there is no way to be anybody else.
    """
    if os.geteuid() != 0:
        return Somebody()
    if namespaces_work():
        return Somebody(NAMESPACE)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        reason = "PostgreSQL does not run as root, and setpriv is not installed here"
        raise LookError(reason, Cause.LOCAL, "run as another user", final=True)
    nobody = pwd.getpwnam("nobody")
    ids = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    return Somebody((setpriv, *ids, "--"), nobody.pw_uid)


@cache
def namespaces_work() -> bool:
    """Whether the system grants a user namespace."""
    try:
        done = subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True)
    except OSError:
        return False
    return done.returncode == 0
