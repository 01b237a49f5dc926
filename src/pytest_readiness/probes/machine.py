"""The machine as the service sees it: a control group's limits before the machine's.

Looked at on this host; psutil reads what the machine has.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import psutil

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.catalogue.rendering import render
from pytest_readiness.probes.cgroup import (
    GROUP,
    MOUNTS,
    allowance,
    is_group,
    own_groups,
)
from pytest_readiness.probes.hosts import GROUPS, opened, where
from pytest_readiness.probes.hosts.plans import sized
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import MachineBlock

__all__ = ["Machine"]

_ROOT = Path("/")


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
        if block.host is not None:
            return cls.tried(
                look, block.retries, lambda look: cls._elsewhere(block, look)
            )
        return cls(
            memory=_seen(_memory, block, look).map(int),
            cores=_seen(_cores, block, look),
            storage=_seen(_storage, block, look).map(int),
        )

    @classmethod
    def _elsewhere(cls, block: MachineBlock, look: Look) -> Self:
        """Look at another host, the way that its table says."""
        host = opened(block, look)
        groups = tuple(map(str, block.cgroup)) or (GROUPS,)
        each, path = block.replicas, str(block.path)
        note = f"{each} replicas" if each > 1 else ""
        return cls(
            memory=look.observe(
                lambda: host.memory(look, groups) * each, unit="bytes", detail=note
            ),
            cores=look.observe(
                lambda: host.cores(look, groups) * each, unit="cores", detail=note
            ),
            storage=look.observe(lambda: host.disk(path, look).size, unit="bytes"),
        )

    @classmethod
    def looks(cls, block: MachineBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read."""
        if block.host is not None:
            return sized(block, str(block.path), block.cgroup or (Path(GROUPS),))
        groups = block.cgroup or (_ROOT / GROUP, _ROOT / MOUNTS)
        return (
            *files(Path("/proc/meminfo"), Path("/proc/cpuinfo")),
            *files(*groups, note="and the limits of these control groups"),
            *files(block.path, note="the size of its file system alone"),
        )

    @staticmethod
    def source(block: MachineBlock) -> str:
        """Name the service's folder and its host."""
        on = where(block).rstrip(":") or "this host"
        return f"{on}, {block.path}"


_Read = tuple[float, str, str]
"""An amount, its unit, and a detail."""


def _seen(
    read: Callable[[MachineBlock], _Read], block: MachineBlock, look: Look
) -> Observed[float]:
    try:
        amount, unit, detail = read(block)
    except LookError as error:
        return look.seen(error.unavailable)
    except (OSError, psutil.Error) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return look.seen(LookError(reason, Cause.LOCAL).unavailable)
    return look.seen(amount, unit=unit, detail=detail)


def _memory(block: MachineBlock) -> _Read:
    return _limited(block, "memory", psutil.virtual_memory().total, "bytes")


def _cores(block: MachineBlock) -> _Read:
    count = psutil.cpu_count(logical=True)
    if not count:
        raise LookError("the machine does not tell its processors", Cause.LOCAL)
    return _limited(block, "cores", count, "cores")


def _limited(block: MachineBlock, what: str, whole: float, unit: str) -> _Read:
    limit = allowance(_groups(block), what)
    has = f"the machine has {render(whole, unit)}"
    amount, detail = whole, has
    if limit.amount is not None and limit.amount < whole:
        amount, detail = limit.amount, f"{limit.file}; {has}"
    if block.replicas > 1:
        each = render(amount, unit)
        detail = f"{block.replicas} replicas of {each}; {detail}"
    return amount * block.replicas, unit, detail


def _groups(block: MachineBlock) -> tuple[Path, ...]:
    for folder in block.cgroup:
        if not is_group(folder):
            remedy = "name a folder below /sys/fs/cgroup"
            reason = f"{folder} is no control group on this host"
            raise LookError(reason, Cause.LOCAL, remedy)
    return block.cgroup or own_groups(_ROOT)


def _storage(block: MachineBlock) -> _Read:
    try:
        size = psutil.disk_usage(os.fspath(block.path)).total
    except FileNotFoundError:
        remedy = "set path to the service's folder"
        raise LookError(f"there is no {block.path}", Cause.LOCAL, remedy) from None
    return size, "bytes", ""
