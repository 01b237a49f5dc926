"""``[target.NAME.machine]``: the memory, cores and storage that the service has."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from pytest_readiness.target.blocks.block import (
    FilePath,
    Limit,
    LimitsBlock,
    Size,
    floor,
    tupled,
)
from pytest_readiness.target.blocks.hosts import OnHost

__all__ = ["MachineBlock", "MachineLimits"]

_GB = 1_000_000_000

Cores = Annotated[float, Field(gt=0)]


class MachineBlock(OnHost):
    """The machine that runs the service: this one, or a host."""

    path: FilePath
    """Folder of the service: the file system that holds it is its storage."""
    cgroup: Annotated[tuple[FilePath, ...], BeforeValidator(tupled)] = ()
    """Folders of the service's control group below ``/sys/fs/cgroup`` (with version 1
    one a controller); else the group of this run, or the topmost of a host."""
    replicas: int = Field(default=1, ge=1)
    """How many such machines share the load; their memory and cores are added up."""


class MachineLimits(LimitsBlock):
    """``[target.NAME.limits.machine]``; GB are 10^9 bytes."""

    min_memory: Limit[Size] = floor(8 * _GB)
    """Least memory."""
    min_cores: Limit[Cores] = floor(4.0)
    """Fewest cores."""
    min_storage: Limit[Size] = floor(100 * _GB)
    """Smallest file system."""
