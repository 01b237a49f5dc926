"""The packages of the service's interpreter, held against what its files require."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.dependencies.files import Reading, read
from pytest_readiness.probes.dependencies.installed import ARGUMENTS, Installed, ask
from pytest_readiness.probes.dependencies.projects import Choice
from pytest_readiness.probes.hosts import commands, opened, where
from pytest_readiness.probes.hosts.plans import planned, reached
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_readiness.probes.dependencies.installed import Wrong
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import DependenciesBlock

__all__ = ["Dependencies"]

_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Dependencies(Facts):
    """What is installed, and what of it is not as it must be.

    Each list names package, version and place of the requirement.
    """

    block: ClassVar[str] = "dependencies"

    missing_files: Observed[tuple[str, ...]]
    """Requirements files that are not there, those named by others included."""
    requirements: Observed[int]
    """How many requirements and constraints were read; nothing is known where some
    cannot be understood."""
    missing: Observed[tuple[str, ...]]
    """Required packages that are not installed."""
    mismatched: Observed[tuple[str, ...]]
    """Installed packages of a version, or from a place, that is not the required."""
    conflicts: Observed[tuple[str, ...]]
    """Installed packages that do not find what they themselves require.

    As ``pip check`` does, and also for extras that they ask of others.
    """

    @classmethod
    def gather(cls, block: DependenciesBlock, look: Look) -> Self:
        """Run the interpreter once, and read every file."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: DependenciesBlock, look: Look) -> Self:
        host = opened(block, look)
        if nothing := host.absence(str(block.interpreter), look):
            remedy = "set interpreter to the service's own"
            raise LookError(nothing, Cause.NO_ANSWER, remedy, final=True)
        began = time.perf_counter()
        installed = ask(block.interpreter, host, look)
        took = dt.timedelta(seconds=time.perf_counter() - began)
        choice = Choice(
            frozenset(block.extras), frozenset(block.groups), installed.environment
        )
        reading = read(block.requirements, choice)
        found = f"{len(installed.found)} installed"
        what = tuple(_broken(installed, reading))
        missing = tuple(text for one, text in what if one.missing)
        mismatched = tuple(text for one, text in what if not one.missing)
        conflicts = _once_each(installed.conflicts())
        names = ", ".join(path.name for path in block.requirements)
        return cls(
            missing_files=look.seen(_once_each(reading.absent), what="files"),
            requirements=look.seen(_count(reading), what=names or "no files"),
            missing=look.seen(missing, what="importlib.metadata", detail=found),
            mismatched=look.seen(mismatched, what="importlib.metadata", detail=found),
            conflicts=replace(
                look.seen(conflicts, what="importlib.metadata", detail=found),
                duration=took,
            ),
        )

    @classmethod
    def looks(cls, block: DependenciesBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is started and read."""
        path = str(block.interpreter)
        return (
            *reached(block, path),
            *planned(block, commands.interpreter(path, ARGUMENTS)),
            *files(*block.requirements, note="and the files that it names"),
        )

    @staticmethod
    def source(block: DependenciesBlock) -> str:
        """Name the interpreter by its path, and its host."""
        return f"{where(block)}{block.interpreter}"


def _broken(installed: Installed, reading: Reading) -> Iterator[tuple[Wrong, str]]:
    """Give what is wrong with each requirement that applies there."""
    for declared in reading.declared:
        if not installed.applies(declared.requirement):
            continue
        look_up = installed.against if declared.constraint else installed.wrong
        for wrong in look_up(declared.requirement):
            yield wrong, f"{wrong.text} ({declared.where})"


def _count(reading: Reading) -> int | Unavailable:
    if not reading.unread:
        return len(reading.declared)
    named = "; ".join(reading.unread[:_NAMED])
    more = len(reading.unread) - _NAMED
    tail = f" and {more} more" if more > 0 else ""
    return Unavailable(f"not understood: {named}{tail}", Cause.LOCAL)


def _once_each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
