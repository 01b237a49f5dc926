"""The machine as the service sees it: a control group's limits before the machine's.

On the run's own machine the groups of this process are followed to the top, or those
that the target names; psutil reads what the machine has. Another host tells the same by
its backend.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import psutil

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.catalogue.rendering import render
from pytest_readiness.probes.hosts import Host, opened, where
from pytest_readiness.probes.hosts.plans import of_machine, read
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.machine.cgroup import (
    GROUP,
    MOUNTS,
    allowance,
    is_group,
    own_groups,
)
from pytest_readiness.probes.planned import files

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import MachineBlock

__all__ = ["Machine"]


@dataclass(frozen=True, kw_only=True)
class Machine(Facts):
    """What the service may use; replicas added up where there are some."""

    block: ClassVar[str] = "machine"

    memory: Observed[int]
    """In bytes: the group's limit, or all that the kernel manages (``MemTotal``, less
    than what is built in)."""
    cores: Observed[float]
    """The group's quota or set of processors, or the machine's logical processors."""
    storage: Observed[int]
    """Size in bytes of the file system with the service's folder.

    Its size, not what is free of it: how full it may get is another item's matter.
    """

    @classmethod
    def gather(cls, block: MachineBlock, look: Look) -> Self:
        """Read a few files of the kernel and ask for one file system's size."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: MachineBlock, look: Look) -> Self:
        asked = _Asked(block, opened(block, look), look)
        return cls(
            memory=asked.seen(asked.memory).map(int),
            cores=asked.seen(asked.cores),
            storage=asked.seen(asked.storage).map(int),
        )

    @classmethod
    def looks(cls, block: MachineBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read."""
        groups = tuple(map(str, block.cgroup))
        if block.host is not None:
            return (*of_machine(block, str(block.path)), *read(block, *groups))
        return (
            *read(block, "/proc/meminfo", "/proc/cpuinfo"),
            *read(block, *(groups or (GROUP, MOUNTS))),
            *files(block.path, note="the size of its file system alone"),
        )

    @staticmethod
    def source(block: MachineBlock) -> str:
        """Name the service's folder, and its host."""
        return f"{where(block)}{block.path}"


_Seen = tuple[float, str, str]
"""An amount, its unit, and a detail."""


@dataclass(frozen=True)
class _Asked:
    """One machine that has answered."""

    block: MachineBlock
    host: Host
    look: Look

    def seen(self, ask: Callable[[], _Seen]) -> Observed[float]:
        """Make a fact; what cannot be seen takes no other fact along."""
        try:
            amount, unit, detail = ask()
        except LookError as error:
            return self.look.seen(error.unavailable)
        except (OSError, psutil.Error) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            return self.look.seen(LookError(reason, Cause.LOCAL).unavailable)
        return self.look.seen(amount, unit=unit, detail=detail)

    def memory(self) -> _Seen:
        """Give bytes of memory."""
        if self.block.host is None:
            whole = psutil.virtual_memory().total
        else:
            whole = self.host.memory(self.look)
        return self._limited("memory", whole, "bytes")

    def cores(self) -> _Seen:
        """Give cores, or what a quota leaves of them."""
        if self.block.host is not None:
            return self._limited("cores", self.host.cores(self.look), "cores")
        count = psutil.cpu_count(logical=True)
        if not count:
            raise LookError("the machine does not tell its processors", Cause.LOCAL)
        return self._limited("cores", count, "cores")

    def storage(self) -> _Seen:
        """Give bytes of the file system."""
        path = os.fspath(self.block.path)
        if self.block.host is not None:
            disk = self.host.disk(path, self.look)
            return disk.size, "bytes", disk.mount
        try:
            return psutil.disk_usage(path).total, "bytes", ""
        except FileNotFoundError:
            remedy = "set path to the service's folder"
            raise LookError(f"there is no {path}", Cause.LOCAL, remedy) from None

    def _limited(self, what: str, whole: float, unit: str) -> _Seen:
        limit = allowance(self._groups(), what, self._read)
        has = f"the machine has {render(whole, unit)}"
        amount, detail = whole, has
        if limit.amount is not None and limit.amount < whole:
            amount, detail = limit.amount, f"{limit.file}; {has}"
        replicas = self.block.replicas
        if replicas > 1:
            detail = f"{replicas} replicas of {render(amount, unit)}; {detail}"
        return amount * replicas, unit, detail

    def _groups(self) -> tuple[str, ...]:
        """Give the groups to follow; another host knows the limits of its own."""
        groups = tuple(map(str, self.block.cgroup))
        for folder in groups:
            if not is_group(folder, self._read):
                remedy = "name a folder below /sys/fs/cgroup"
                reason = f"{folder} is no control group there"
                raise LookError(reason, Cause.LOCAL, remedy)
        if groups or self.block.host is not None:
            return groups
        return own_groups(self._read)

    def _read(self, path: str) -> str | None:
        return self.host.read(path, self.look)
