"""What looking at a host means, said beforehand: for ``readiness plan``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.probes.hosts import commands
from pytest_readiness.probes.hosts.commanded import GROUPS
from pytest_readiness.probes.hosts.host import MOST
from pytest_readiness.probes.planned import PlannedLook, files

if TYPE_CHECKING:
    from pytest_readiness.probes.hosts.commands import Command
    from pytest_readiness.target.blocks import OnHost

__all__ = ["measured", "of_machine", "planned", "reached", "read"]


def planned(block: OnHost, *asked: Command, note: str = "") -> tuple[PlannedLook, ...]:
    """Plan to run programs where a resource stands."""
    return tuple(
        PlannedLook("program", shlex.join(one.words), _where(block), note=note)
        for one in asked
    )


def reached(block: OnHost, path: str) -> tuple[PlannedLook, ...]:
    """Plan to see that a host answers, and what is at a path of it."""
    if block.host is None:
        return ()
    return planned(block, commands.echo(), commands.kind(path))


def read(block: OnHost, *paths: str) -> tuple[PlannedLook, ...]:
    """Plan to read files where a resource stands."""
    if block.host is None:
        return files(*map(Path, paths))
    heads = [commands.head(path, MOST) for path in paths]
    kinds = [commands.kind(path) for path in paths]
    return planned(block, *kinds, *heads, note="where it is there")


def of_machine(block: OnHost, path: str) -> tuple[PlannedLook, ...]:
    """Plan to ask a host for its memory, its cores and one file system."""
    if block.backend is not None and block.backend.backend == "metrics":
        facts = ("memory-total", "cpu-cores", "disk-total", "disk-used")
        return tuple(
            PlannedLook("request", f"GET /api/v1/query {{{fact}}}", _where(block))
            for fact in facts
        )
    return (
        *planned(block, commands.echo(), commands.cores(), commands.disk(path)),
        *read(block, "/proc/meminfo", *GROUPS),
    )


def measured(block: OnHost, metric: str) -> tuple[PlannedLook, ...]:
    """Plan to ask the target's Prometheus for an info metric of a host."""
    select = (block.backend.select if block.backend else None) or ""
    promql = f"{metric}{{{select}}}"
    return (PlannedLook("request", f"GET /api/v1/query {promql}", _where(block)),)


def _where(block: OnHost) -> str:
    if block.host is None:
        return ""
    return f"{block.backend.backend if block.backend else 'host'} {block.host}"
