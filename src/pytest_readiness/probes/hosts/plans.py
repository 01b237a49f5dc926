"""What looking at a host means, said beforehand: for ``readiness plan``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.probes.hosts import commands
from pytest_readiness.probes.hosts.commanded import SHORT, folders_of
from pytest_readiness.probes.hosts.host import MOST
from pytest_readiness.probes.hosts.measured import SIZES
from pytest_readiness.probes.planned import PlannedLook, files
from pytest_readiness.target.presets import PRESETS, filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.probes.hosts.commands import Command
    from pytest_readiness.target.blocks import OnHost

__all__ = ["measured", "on_host", "planned", "reached", "read", "sized"]


def planned(block: OnHost, *asked: Command, note: str = "") -> tuple[PlannedLook, ...]:
    """Plan to run programs where a resource stands."""
    return tuple(
        PlannedLook("program", shlex.join(one.words), on_host(block), note=note)
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


def sized(block: OnHost, path: str, groups: Sequence[Path]) -> tuple[PlannedLook, ...]:
    """Plan to see what memory, processors and storage a host has."""
    if _by_metrics(block):
        if block.backend is None:
            return ()
        known, select = PRESETS[block.backend.preset or ""], block.backend.select or ""
        facts = [known[name] for name in SIZES if name in known]
        return tuple(_request(block, filled(fact, select)) for fact in facts)
    limits = [f"{folder}/{{limit}}" for folder in folders_of([*map(str, groups)])]
    return planned(
        block,
        commands.echo(),
        commands.heads(["/proc/meminfo", *limits], SHORT),
        commands.cores(),
        commands.disk(path),
    )


def measured(block: OnHost, metric: str) -> tuple[PlannedLook, ...]:
    """Plan to ask the target's Prometheus for an info metric of a host."""
    select = (block.backend.select if block.backend else None) or ""
    return (_request(block, f"{metric}{{{select}}}"),)


def _request(block: OnHost, promql: str) -> PlannedLook:
    return PlannedLook("request", f"GET /api/v1/query {promql}", on_host(block))


def _by_metrics(block: OnHost) -> bool:
    return block.backend is not None and block.backend.backend == "metrics"


def on_host(block: OnHost) -> str:
    """Name the host of a resource as plans do."""
    if block.host is None:
        return ""
    return f"{block.backend.backend if block.backend else 'host'} {block.host}"
