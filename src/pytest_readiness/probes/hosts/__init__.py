"""Other machines: one small interface, whichever way a host is looked at.

A probe whose table may name a host (:class:`~pytest_readiness.target.blocks.OnHost`)
asks :func:`opened` for it and does the rest through
:class:`~pytest_readiness.probes.hosts.host.Host`. A host that cannot be reached is no
fault of what stands on it: every fact is unknown, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.probes.hosts import commands
from pytest_readiness.probes.hosts.commanded import Commanded, Here
from pytest_readiness.probes.hosts.host import GROUPS, Disk, Host, Unit, unseen
from pytest_readiness.probes.hosts.measured import Measured

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import OnHost

__all__ = [
    "GROUPS",
    "Commanded",
    "Disk",
    "Host",
    "Measured",
    "Unit",
    "commands",
    "entered",
    "opened",
    "unseen",
    "where",
]


def opened(block: OnHost, look: Look) -> Host:
    """Give the host that a resource stands on, once it has answered.

    Raises:
        LookError: it cannot be looked at.
    """
    if block.host is None:
        return Here()
    backend = block.backend
    if backend is None:
        raise unseen(block.problem or f"the host {block.host} is not known")
    if backend.backend == "metrics":
        return Measured(block.host, backend)
    from pytest_readiness.probes.hosts.shell import Shell  # noqa: PLC0415  # the extra

    return Shell(block.host, backend, look)


def entered(block: OnHost, look: Look) -> Commanded:
    """Give the host that a resource stands on, where programs can be run there.

    Raises:
        LookError: it cannot be looked at, or tells of metrics only.
    """
    host = opened(block, look)
    if isinstance(host, Commanded):
        return host
    reason = f"{host.source} tells nothing of files"
    raise unseen(reason, "name a host of ssh, docker or kubectl")


def where(block: OnHost) -> str:
    """Name the host in evidence, such as ``ssh engine:``; empty for this machine."""
    if block.host is None:
        return ""
    kind = block.backend.backend if block.backend else "host"
    return f"{kind} {block.host}:"
