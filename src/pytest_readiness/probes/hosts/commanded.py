"""Hosts that run programs: facts from what these say and from what files hold."""

from __future__ import annotations

import re
import shutil
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.probes.hosts import commands
from pytest_readiness.probes.hosts.host import MOST, Disk, Host, Unit, unseen
from pytest_readiness.probes.program import Ended, absence, ended, kept, output_of

if TYPE_CHECKING:
    from pytest_readiness.probes.hosts.commands import Command
    from pytest_readiness.probes.look import Look

__all__ = ["GROUPS", "Commanded", "Here"]

_NOT_FOUND = 127
_STATE, _LISTEN = 3, "0A"
"""Field of ``/proc/net/tcp``, and its value (Linux's ``TCP_LISTEN``)."""
_DISK = re.compile(r"\s(\d+)\s+\d+\s+(-?\d+)\s+\S+\s+(/.*)$")
_MEMORY = re.compile(r"^MemTotal:\s+(\d+) kB$", re.MULTILINE)
_MEMORIES = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)
_QUOTA = "/sys/fs/cgroup/cpu.max"
_QUOTAS = (
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
)
GROUPS = (*_MEMORIES, _QUOTA, *_QUOTAS)
"""The limits of the topmost control group that is in sight, of both versions."""
_NO_LIMIT = 1 << 60
"""What control groups v1 show where nothing is limited is near 2^63."""


class Commanded(Host):
    """A host on which a closed list of programs may be run."""

    @abstractmethod
    def run(self, command: Command, look: Look) -> Ended:
        """Run a program to its end."""

    def output(self, command: Command, look: Look) -> bytes:
        """Run a program to the end of its output."""
        return self.run(command, look).stdout

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

    def cores(self, look: Look) -> float:
        """Give the processors, or the share of them that its control group has."""
        online = float(self._number(commands.cores(), look))
        quota = self._quota(look)
        return online if quota is None else min(online, quota)

    def memory(self, look: Look) -> int:
        """Give the memory of the machine, or the limit of its control group."""
        total = _MEMORY.search(self.read("/proc/meminfo", look) or "")
        if total is None:
            raise unseen(f"{self.where('/proc/meminfo')} tells no MemTotal")
        limits = [
            int(text)
            for path in _MEMORIES
            if (text := (self.read(path, look) or "").strip())
            if text.isdecimal() and int(text) < _NO_LIMIT
        ]
        return min([int(total[1]) * 1024, *limits])

    def disk(self, path: str, look: Look) -> Disk:
        """Give the file system that a path is on."""
        lines = self._said(commands.disk(path), look).splitlines()
        found = _DISK.search(lines[-1]) if lines else None
        if found is None:
            raise unseen(f"df tells no file system of {self.where(path)}")
        return Disk(found[3], int(found[1]) * 1024, int(found[2]) * 1024)

    def unit(self, name: str, look: Look) -> Unit:
        """Give the state of a systemd unit."""
        said = self._said(commands.unit(name), look)
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

    def _quota(self, look: Look) -> float | None:
        """Give the processors that a control group may use (v2, then v1)."""
        both = (self.read(_QUOTA, look) or "").split()
        if not both:
            texts = [self.read(path, look) for path in _QUOTAS]
            both = [(text or "").strip() for text in texts]
        numbers = [int(text) for text in both if text.isdecimal()]
        return numbers[0] / numbers[1] if len(numbers) == 2 and numbers[1] else None  # noqa: PLR2004  # quota and period

    def _number(self, command: Command, look: Look) -> int:
        text = self._said(command, look).strip()
        if not text.isdecimal():
            raise unseen(f"{command.words[0]} tells no number")
        return int(text)

    def _said(self, command: Command, look: Look) -> str:
        seen = self.run(command, look)
        if seen.status == _NOT_FOUND:
            where = self.source or "this host"
            raise unseen(f"{command.words[0]} is not there on {where}")
        if seen.status:
            why = seen.stderr.decode(errors="replace").strip().splitlines()
            words = f": {why[-1][:160]}" if why else ""
            raise unseen(f"{command.words[0]} ended with {seen.status}{words}")
        return seen.stdout.decode(errors="replace")


class Here(Commanded):
    """The machine that the run is on, without anything between."""

    def __init__(self, root: Path = Path("/")) -> None:
        super().__init__("")
        self._root = root

    def run(self, command: Command, look: Look) -> Ended:
        """Run a program to its end."""
        if shutil.which(command.words[0]) is None:
            return Ended(_NOT_FOUND, b"", b"")
        return ended(command.words, look, {**kept(), "LC_ALL": "C"}, MOST)

    def output(self, command: Command, look: Look) -> bytes:
        """Run a program to the end of its output."""
        return output_of(command.words, look, MOST)

    def absence(self, path: str, look: Look) -> str:  # noqa: ARG002  # as the others
        """Say why there is no file at a path; empty where there is one."""
        return absence(self._root / path.lstrip("/"))

    def read(self, path: str, look: Look) -> str | None:  # noqa: ARG002  # as the others
        """Give the text of a file; None where there is none."""
        try:
            with (self._root / path.lstrip("/")).open("rb") as stream:
                return stream.read(MOST).decode(errors="replace")
        except PermissionError:
            raise unseen(f"this run may not read {path}") from None
        except OSError:
            return None
