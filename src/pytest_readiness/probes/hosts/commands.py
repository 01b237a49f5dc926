"""All that is ever run on a host: a closed list, each of which only reads.

A probe cannot run a text of its own: :class:`Command` is made here and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Command",
    "calendar",
    "cores",
    "crontab",
    "disk",
    "echo",
    "head",
    "heads",
    "interpreter",
    "kind",
    "main_process",
    "pgbackrest",
    "timer",
    "tracked",
    "unit",
]

MARK = "readiness"
"""What a host that can be looked at says back."""
UNIT_PROPERTIES = ("LoadState", "ActiveState", "SubState", "Result", "NRestarts")

_USER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@-]{0,63}")
_UNIT = re.compile(r"[A-Za-z0-9:_.@\\-]{1,255}")


@dataclass(frozen=True, slots=True)
class Command:
    """One program and its arguments."""

    words: tuple[str, ...]


def echo() -> Command:
    """Say something: whether the host can be reached and runs programs."""
    return Command(("echo", MARK))


def kind(path: str) -> Command:
    """Say what is at a path, links followed."""
    return Command(("ls", "-ldL", "--", _absolute(path)))


def head(path: str, most: int) -> Command:
    """Give the beginning of a file."""
    return Command(("head", "-c", str(most), "--", _absolute(path)))


def heads(paths: Sequence[str], most: int) -> Command:
    """Give the beginnings of several files, each behind a line with its path."""
    return Command(("head", "-c", str(most), "--", *map(_absolute, paths)))


def cores() -> Command:
    """Give the processors that are online (POSIX names it with an underscore)."""
    return Command(("getconf", "_NPROCESSORS_ONLN"))


def disk(path: str) -> Command:
    """Give size and free space of the file system that a path is on."""
    return Command(("df", "-Pk", "--", _absolute(path)))


def unit(name: str) -> Command:
    """Give the state of a systemd unit."""
    if _UNIT.fullmatch(name) is None or name.startswith("-"):
        raise LookError("it is no name of a unit", Cause.LOCAL, final=True)
    properties = ",".join(UNIT_PROPERTIES)
    return Command(
        ("systemctl", "show", "--no-pager", f"--property={properties}", "--", name)
    )


def timer(name: str) -> Command:
    """Give the state of a timer of systemd, and when it elapses."""
    *words, _ = unit(name).words
    properties = "LoadState,ActiveState,UnitFileState,TimersCalendar,TimersMonotonic"
    words[3] = f"--property={properties}"
    return Command((*words, name))


def calendar(expression: str, iterations: int) -> Command:
    """Give the times at which a calendar expression of systemd comes true."""
    number = f"--iterations={iterations}"
    return Command(("systemd-analyze", "calendar", number, "--", expression))


def crontab(user: str) -> Command:
    """List a user's crontab; one's own needs no right."""
    if _USER.fullmatch(user) is None:
        raise LookError("it is no name of a user", Cause.LOCAL, final=True)
    return Command(("crontab", "-u", user, "-l"))


def pgbackrest(stanza: str, config: str | None) -> Command:
    """List the backups of a stanza."""
    if _USER.fullmatch(stanza) is None:
        raise LookError("it is no name of a stanza", Cause.LOCAL, final=True)
    option = (f"--config={_absolute(config)}",) if config else ()
    words = (f"--stanza={stanza}", "--output=json", "info")
    return Command(("pgbackrest", *option, *words))


def main_process(name: str) -> Command:
    """Give the number of a systemd unit's main process."""
    *words, _ = unit(name).words
    words[3] = "--property=LoadState,MainPID"
    return Command((*words, name))


def tracked(path: str) -> Command:
    """Say whether git has a file: its name, or nothing and a status of 1.

    Nobody's monitor or hook runs, and a folder of another user's is looked at, too.
    """
    folder, _, name = _absolute(path).rpartition("/")
    options = ("safe.directory=*", "core.fsmonitor=false", "core.hooksPath=/dev/null")
    settings = [word for one in options for word in ("-c", one)]
    asked = ("ls-files", "--error-unmatch", "--", f":(literal){name}")
    return Command(("git", "-C", folder or "/", *settings, *asked))


def interpreter(path: str, options: tuple[str, ...]) -> Command:
    """Have an interpreter run a script of this plugin."""
    return Command((_absolute(path), *options))


def _absolute(path: str) -> str:
    if path.startswith("/") and path.isprintable():
        return path
    raise LookError("it is no absolute path", Cause.LOCAL, final=True)
