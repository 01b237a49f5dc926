"""Hosts that run programs: facts from what these say and from what files hold."""

from __future__ import annotations

import re
import shutil
from abc import abstractmethod
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.probes.cgroup import LIMITS, MEMBERS, least
from pytest_readiness.probes.hosts import commands
from pytest_readiness.probes.hosts.host import GROUPS, MOST, Disk, Host, Unit, unseen
from pytest_readiness.probes.program import Ended, absence, ended, kept, output_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_readiness.probes.hosts.commands import Command
    from pytest_readiness.probes.look import Look

__all__ = ["SHORT", "Commanded", "Here", "folders_of"]

_NOT_FOUND = 127
_MODE = len("-rw-------")
_STATE, _LISTEN = 3, "0A"
"""Field of ``/proc/net/tcp``, and its value (Linux's ``TCP_LISTEN``)."""
_DISK = re.compile(r"\s(\d+)\s+\d+\s+(-?\d+)\s+\S+\s+(/.*)$")
_MEMORY = re.compile(r"^MemTotal:\s+(\d+) kB$", re.MULTILINE)
_MEMINFO = "/proc/meminfo"
_HEADING = re.compile(r"==> (/.*) <==\n")
SHORT = 10_000
"""Bytes of each of several files."""
_CONTROLLERS = ("cpu", "cpuset", "memory")


def folders_of(groups: Sequence[str]) -> list[str]:
    """Give control groups and all that they are in: every limit holds.

    At the top, where version 1 has a folder for each controller, those too.
    """
    found: dict[str, None] = {}
    for group in groups:
        folder = PurePosixPath(group)
        above = [one for one in folder.parents if one.is_relative_to(GROUPS)]
        found |= {str(one): None for one in (folder, *above)}
    return list(found | {f"{GROUPS}/{name}": None for name in _CONTROLLERS})


class Commanded(Host):
    """A host on which a closed list of programs may be run."""

    @abstractmethod
    def run(self, command: Command, look: Look, intake: int = MOST) -> Ended:
        """Run a program to its end; ``intake`` bounds what it says."""

    def output(self, command: Command, look: Look, intake: int = MOST) -> bytes:
        """Run a program to the end of its output."""
        return self.run(command, look, intake).stdout

    def absence(self, path: str, look: Look) -> str:
        """Say why there is no file at a path; empty where there is one."""
        seen = self.run(commands.kind(path), look)
        if seen.status == 0:
            return "" if seen.stdout.startswith(b"-") else f"{path}: not a file"
        why = seen.stderr.decode(errors="replace").strip().rpartition(": ")[2]
        if "denied" in why:
            raise unseen(f"this run may not look at {self.where(path)}")
        return f"{path}: {why[:80] or 'it is not there'}"

    def read(self, path: str, look: Look) -> str | None:
        """Give the text of a file; None where there is none."""
        seen = self.run(commands.head(path, MOST), look)
        if seen.status == 0:
            return seen.stdout.decode(errors="replace")
        if b"denied" in seen.stderr:
            raise unseen(f"this run may not read {self.where(path)}")
        return None

    def read_all(self, paths: Sequence[str], look: Look) -> dict[str, str]:
        """Give the texts of those files that are there, by path; two at least."""
        command = commands.heads(paths, SHORT)
        seen = self.run(command, look)
        self._is_there(command, seen)
        if b"denied" in seen.stderr:
            lines = seen.stderr.decode(errors="replace").splitlines()
            denied = next(line for line in lines if "denied" in line)
            raise unseen(f"this run may not read all that it must: {denied[:160]}")
        texts: dict[str, str] = {}
        at = ""
        for line in seen.stdout.decode(errors="replace").splitlines(keepends=True):
            named = _HEADING.fullmatch(line)
            if named is not None and named[1] in paths:
                at = named[1]
                texts[at] = ""
            elif at:
                texts[at] += line
        return texts

    def cores(self, look: Look, groups: Sequence[str] = (GROUPS,)) -> float:
        """Give the processors, or the share of them that control groups have."""
        online = float(self._number(commands.cores(), look))
        amount = least(*self._limits(groups, "cores", look)).amount
        return online if amount is None else min(online, amount)

    def memory(self, look: Look, groups: Sequence[str] = (GROUPS,)) -> int:
        """Give the memory of the machine, or the limit of control groups."""
        limits = self._limits(groups, "memory", look)
        total = _MEMORY.search(limits.text(_MEMINFO) or "")
        if total is None:
            raise unseen(f"{self.where(_MEMINFO)} tells no MemTotal")
        whole, amount = int(total[1]) * 1024, least(*limits).amount
        return whole if amount is None else min(whole, int(amount))

    def _limits(self, groups: Sequence[str], what: str, look: Look) -> _Limits:
        """Read the limits of control groups, and what the machine has, in one go."""
        folders, names = folders_of(groups), (MEMBERS, *LIMITS[what])
        files = [f"{folder}/{name}" for folder in folders for name in names]
        texts = self.read_all([_MEMINFO, *files], look)
        for group in groups:
            if group != GROUPS and not any(
                f"{group}/{name}" in texts for name in names
            ):
                reason = f"{group} is no control group on {self.source or 'this host'}"
                raise unseen(reason, f"name a folder below {GROUPS}")
        return _Limits(folders, what, texts.get)

    def disk(self, path: str, look: Look) -> Disk:
        """Give the file system that a path is on."""
        lines = self.said(commands.disk(path), look).splitlines()
        found = _DISK.search(lines[-1]) if lines else None
        if found is None:
            raise unseen(f"df tells no file system of {self.where(path)}")
        return Disk(found[3], int(found[1]) * 1024, int(found[2]) * 1024)

    def unit(self, name: str, look: Look) -> Unit:
        """Give the state of a systemd unit."""
        said = self.said(commands.unit(name), look)
        pairs = (line.partition("=") for line in said.splitlines())
        known = {name: value for name, _, value in pairs}
        if known.get("LoadState") == "not-found" or "ActiveState" not in known:
            raise unseen(f"there is no unit {name} on {self.source or 'this host'}")
        restarts = known.get("NRestarts", "")
        return Unit(
            known["ActiveState"],
            known.get("SubState", ""),
            known.get("Result", ""),
            int(restarts) if restarts.isdecimal() else None,
        )

    def listening(self, look: Look) -> frozenset[int]:
        """Give the TCP ports that something listens on, by Linux's own table."""
        texts = [self.read(f"/proc/net/{name}", look) for name in ("tcp", "tcp6")]
        if texts == [None, None]:
            raise unseen(f"{self.where('/proc/net/tcp')} is not there")
        lines = [line.split() for text in texts for line in (text or "").splitlines()]
        return frozenset(
            int(fields[1].rpartition(":")[2], 16)
            for fields in lines
            if len(fields) > _STATE and fields[_STATE] == _LISTEN
        )

    def mode(self, path: str, look: Look) -> str:
        """Give what a file allows, as ``ls`` writes it: ``-rw-------``.

        Raises:
            LookError: there is no file, or this run may not look.
        """
        seen = self.run(commands.kind(path), look)
        words = seen.stdout.decode(errors="replace").split()
        if seen.status or not words:
            raise unseen(f"there is nothing to see of {self.where(path)}")
        # A dot or plus behind it tells of labels and lists beside it.
        return words[0][:_MODE]

    def is_tracked(self, path: str, look: Look) -> bool:
        """Whether git keeps a file; no where there is no repository, or no git."""
        seen = self.run(commands.tracked(path), look)
        words = seen.stderr.decode(errors="replace")
        if seen.status in {0, 1}:
            return seen.status == 0
        if seen.status == _NOT_FOUND or "not a git repository" in words:
            return False
        raise unseen(f"git does not tell of {self.where(path)}")

    def main_process(self, unit: str, look: Look) -> int:
        """Give the number of the process that a systemd unit runs."""
        lines = self.said(commands.main_process(unit), look).splitlines()
        pairs = (line.partition("=") for line in lines)
        number = {name: value for name, _, value in pairs}.get("MainPID", "0")
        if not number.isdecimal() or number == "0":
            raise unseen(f"{unit} runs no process on {self.source or 'this host'}")
        return int(number)

    def crontab(self, user: str, look: Look) -> str:
        """List a user's crontab; one that has none is empty."""
        seen = self.run(commands.crontab(user), look)
        if seen.status == 1 and b"no crontab for" in seen.stderr:
            return ""
        self._went_well(commands.crontab(user), seen)
        return seen.stdout.decode(errors="replace")

    def _number(self, command: Command, look: Look) -> int:
        text = self.said(command, look).strip()
        if not text.isdecimal():
            raise unseen(f"{command.words[0]} tells no number")
        return int(text)

    def said(self, command: Command, look: Look) -> str:
        """Give what a program says that goes well.

        Raises:
            LookError: it is not there, or ends with an error.
        """
        seen = self.run(command, look)
        self._went_well(command, seen)
        return seen.stdout.decode(errors="replace")

    def _went_well(self, command: Command, seen: Ended) -> None:
        self._is_there(command, seen)
        if seen.status:
            why = seen.stderr.decode(errors="replace").strip().splitlines()
            words = f": {why[-1][:160]}" if why else ""
            raise unseen(f"{command.words[0]} ended with {seen.status}{words}")

    def _is_there(self, command: Command, seen: Ended) -> None:
        if seen.status == _NOT_FOUND:
            where = self.source or "this host"
            raise unseen(f"{command.words[0]} is not there on {where}")


class _Limits(NamedTuple):
    """What :func:`least` is asked with."""

    folders: Sequence[str]
    what: str
    text: Callable[[str], str | None]


class Here(Commanded):
    """The machine that the run is on, without anything between."""

    def __init__(self, root: Path = Path("/")) -> None:
        super().__init__("")
        self._root = root

    def run(self, command: Command, look: Look, intake: int = MOST) -> Ended:
        """Run a program to its end."""
        if shutil.which(command.words[0]) is None:
            return Ended(_NOT_FOUND, b"", b"")
        return ended(command.words, look, {**kept(), "LC_ALL": "C"}, intake)

    def output(self, command: Command, look: Look, intake: int = MOST) -> bytes:
        """Run a program to the end of its output."""
        return output_of(command.words, look, intake)

    def absence(self, path: str, look: Look) -> str:  # noqa: ARG002  # as the others
        """Say why there is no file at a path; empty where there is one."""
        return absence(self._root / path.lstrip("/"))

    def read_all(self, paths: Sequence[str], look: Look) -> dict[str, str]:
        """Give the texts of those files that are there, by path."""
        texts = {path: self.read(path, look) for path in paths}
        return {path: text for path, text in texts.items() if text is not None}

    def read(self, path: str, look: Look) -> str | None:  # noqa: ARG002  # as the others
        """Give the text of a file; None where there is none."""
        try:
            with (self._root / path.lstrip("/")).open("rb") as stream:
                return stream.read(MOST).decode(errors="replace")
        except PermissionError:
            raise unseen(f"this run may not read {path}") from None
        except OSError:
            return None
