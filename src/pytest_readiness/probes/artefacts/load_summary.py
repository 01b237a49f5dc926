"""What a load test came to: Locust's statistics, k6's summary, JMeter's JTL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.artefacts.collected import collect, planned, unset
from pytest_readiness.probes.artefacts.load_files import Summary, read_load
from pytest_readiness.probes.look import Facts, LookError

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from pytest_readiness.catalogue.observation import Observed
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import ArtefactsBlock

__all__ = ["LoadSummary", "Recovery", "Summary"]


@dataclass(frozen=True, kw_only=True)
class LoadSummary(Facts):
    """One load and what the service made of it."""

    block: ClassVar[str] = "artefacts"
    several: ClassVar[bool] = True
    key: ClassVar[str] = "load"
    """Of the table: where the summary is."""

    foreign: Observed[tuple[str, ...]]
    """Summaries of another release."""
    made: Observed[dt.datetime]
    """When it was."""
    age: Observed[dt.timedelta]
    """How long ago that is."""
    duration: Observed[dt.timedelta]
    """How long it lasted."""
    rate: Observed[float]
    """Requests a minute, the failed ones too."""
    p95: Observed[dt.timedelta]
    """What 95 % of the requests took at most."""
    errors: Observed[float]
    """Share of the requests that failed."""

    @classmethod
    def gather(cls, block: ArtefactsBlock, look: Look) -> Self:
        """Read the summary once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def files(cls, block: ArtefactsBlock) -> tuple[Path, ...]:
        """Give where the summary is."""
        return block.patterns[cls.key]

    @classmethod
    def _once(cls, block: ArtefactsBlock, look: Look) -> Self:
        patterns = cls.files(block)
        if not patterns:
            raise unset(cls.key)
        read = collect(
            *(patterns, block, look),
            lambda path: read_load(path, block.read_up_to, look),
        )
        summary, *more = read.contents
        if more:
            # Percentiles of several loads cannot be made into one.
            reason, remedy = (
                f"{read.names} are several",
                "name the one of the whole load",
            )
            raise LookError(reason, Cause.LOCAL, remedy, final=True)
        requests = f"{summary.requests} requests, {summary.failures} failed"
        return cls(
            foreign=read.foreign(look),
            made=read.made(look),
            age=read.age(look),
            duration=look.seen(summary.duration, what=read.names),
            rate=look.seen(summary.rate, unit="/min", what=read.names, detail=requests),
            p95=look.seen(summary.p95, what=read.names, detail=requests),
            errors=look.seen(
                summary.errors, unit="ratio", what=read.names, detail=requests
            ),
        )

    @classmethod
    def looks(cls, block: ArtefactsBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand which files are read."""
        return planned(cls.files(block))

    @staticmethod
    def source(block: ArtefactsBlock) -> str:
        """Name the summary."""
        return str(next(iter(block.load), "no summary"))


@dataclass(frozen=True, kw_only=True)
class Recovery(LoadSummary):
    """The ordinary load after a stress test."""

    key: ClassVar[str] = "recovery"

    @staticmethod
    def source(block: ArtefactsBlock) -> str:
        """Name the summary."""
        return str(next(iter(block.recovery), "no summary"))
