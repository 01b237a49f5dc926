"""Environment Setup, system resources: less for the service than the machine has.

A smaller box is waived in the demo, so that nothing worse would show. Here the waiver
and the loosened limits are gone, and replicas make up for the box: what fails then is
what the fault took away.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from pytest_readiness.demo.box import ITEM
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_STORAGE = 100_000_000_000
_REPLICAS = 8
_SMALL = ("/dev/shm", "/run", "/proc")  # noqa: S108  # only its size is asked for
"""File systems in memory, or of nothing."""


def _enough(breakage: Breakage) -> None:
    """Have the service on machines enough to need neither loosening nor waiver."""
    breakage.drafts.append(lambda draft: draft.waivers.clear())
    breakage.tables.get("limits", {}).pop("machine", None)
    breakage.set("machine", replicas=_REPLICAS)


def _group(**files: str) -> Apply:
    """Put the service into a control group that limits it."""

    def apply(breakage: Breakage) -> None:
        for name, text in files.items():
            breakage.write(f"group/{name.replace('__', '.')}", f"{text}\n")
        _enough(breakage)
        breakage.set("machine", cgroup=[str(breakage.bench.folder / "group")])

    return apply


def _small_disk(breakage: Breakage) -> None:
    there = [path for path in _SMALL if Path(path).is_dir()]
    _enough(breakage)
    breakage.set(
        "machine",
        path=next(one for one in there if psutil.disk_usage(one).total < _STORAGE),
    )


def _fault(name: str, summary: str, apply: Apply) -> Fault:
    turns, touches = {ITEM: State.FAILED}, frozenset({"machine"})
    return Fault(f"machine-{name}", summary, turns, touches, apply)


FAULTS = (
    _fault(
        *("memory-limited", "a container limit leaves each replica 500 MB"),
        _group(memory__max="500000000", cpu__max="max 100000"),
    ),
    _fault(
        *("cores-limited", "a container limit leaves each replica a quarter of a core"),
        _group(memory__max="max", cpu__max="25000 100000"),
    ),
    _fault(
        *("limited-before", "the same limits, by control groups of version 1"),
        _group(
            memory__limit_in_bytes="500000000",
            cpu__cfs_quota_us="25000",
            cpu__cfs_period_us="100000",
        ),
    ),
    _fault("small-disk", "the service is on a small file system", _small_disk),
)
