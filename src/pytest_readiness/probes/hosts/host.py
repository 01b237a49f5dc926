"""What may be asked of a host, whichever way it is looked at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.probes.hosts.commands import Command
    from pytest_readiness.probes.look import Look

__all__ = ["GROUPS", "MOST", "Disk", "Host", "Unit", "unseen"]

MOST = 1_000_000
"""Bytes of a file, or of a program's output, that are read."""
GROUPS = "/sys/fs/cgroup"
"""Where control groups are; within a container, its own."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system."""

    mount: str
    size: int
    free: int
    """Bytes; free to those who are not root."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A systemd unit, in systemd's own words (systemctl's manual)."""

    active: str
    """``active``, ``inactive``, ``failed``, ``activating`` ..."""
    sub: str = ""
    """``running``, ``exited``, ``dead`` ..."""
    result: str = ""
    """How it last ended: ``success``, ``exit-code``, ``signal``, ``timeout`` ..."""
    restarts: int | None = None


def unseen(reason: str, remedy: str = "") -> LookError:
    """Make the error for a host that cannot be looked at: no fault of the resource."""
    return LookError(reason, Cause.LOCAL, remedy, final=True)


class Host(ABC):
    """One host. Every method raises ``LookError`` where it cannot tell, and why."""

    def __init__(self, source: str) -> None:
        self.source = source
        """Its name in evidence, such as ``ssh engine``; empty for this machine."""

    def where(self, path: str) -> str:
        """Name a place on it."""
        return f"{self.source}:{path}" if self.source else path

    @abstractmethod
    def output(self, command: Command, look: Look, intake: int = MOST) -> bytes:
        """Run a program to the end of its output, which ``intake`` bounds."""

    @abstractmethod
    def absence(self, path: str, look: Look) -> str:
        """Say why there is no file at a path; empty where there is one."""

    @abstractmethod
    def read(self, path: str, look: Look) -> str | None:
        """Give the text of a file; None where there is none."""

    @abstractmethod
    def cores(self, look: Look, groups: Sequence[str] = (GROUPS,)) -> float:
        """Give the processors that the programs of some control groups may use."""

    @abstractmethod
    def memory(self, look: Look, groups: Sequence[str] = (GROUPS,)) -> int:
        """Give the memory that they may use, in bytes."""

    @abstractmethod
    def disk(self, path: str, look: Look) -> Disk:
        """Give the file system that a path is on."""

    @abstractmethod
    def unit(self, name: str, look: Look) -> Unit:
        """Give the state of a systemd unit."""

    @abstractmethod
    def listening(self, look: Look) -> frozenset[int]:
        """Give the TCP ports that something listens on."""
