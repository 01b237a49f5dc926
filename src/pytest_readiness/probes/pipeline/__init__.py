"""The pipeline that deploys: whether there is one, and whether somebody must agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.pipeline.jobs import Job, github, gitlab, jenkins
from pytest_readiness.probes.planned import PlannedLook, files
from pytest_readiness.probes.program import absence
from pytest_readiness.probes.tree import read_bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import PipelineBlock

__all__ = ["Pipeline"]

_NOTHING = Unavailable("there is no pipeline")
_READERS: dict[str, Callable[[bytes, str], tuple[Job, ...]]] = {
    "github": github,
    "gitlab": gitlab,
    "jenkins": jenkins,
}


@dataclass(frozen=True, kw_only=True)
class Pipeline(Facts):
    """The file of a pipeline, as it is written."""

    block: ClassVar[str] = "pipeline"

    readable: Observed[bool]
    """Whether there is a file that can be read as a pipeline; the detail says why
    not."""
    deploying: Observed[tuple[str, ...]]
    """The jobs that deploy."""
    ungated: Observed[tuple[str, ...]]
    """Those of them that run without anybody's agreement."""

    @classmethod
    def gather(cls, block: PipelineBlock, look: Look) -> Self:
        """Read the file."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: PipelineBlock, look: Look) -> Self:
        if nothing := absence(block.path):
            return cls._without(nothing, look)
        data = read_bounded(block.path)
        try:
            jobs = _READERS[block.written](data, block.path.name)
        except LookError as error:
            # What nobody can read as a pipeline deploys nothing: an observation.
            return cls._without(error.unavailable.reason, look)
        chosen = [job for job in jobs if _deploys(job, block)]
        gates = "; ".join(f"{job.name}: {job.gate}" for job in chosen if job.gate)
        return cls(
            readable=look.seen(True, detail=f"{len(jobs)} jobs"),  # noqa: FBT003  # a value
            deploying=look.seen(tuple(job.name for job in chosen)),
            ungated=look.seen(
                tuple(job.name for job in chosen if not job.gate), detail=gates
            ),
        )

    @classmethod
    def _without(cls, why: str, look: Look) -> Self:
        none = cls.unavailable(_NOTHING, look.source, look.now())
        return replace(none, readable=look.seen(False, detail=why))  # noqa: FBT003  # a value

    @classmethod
    def looks(cls, block: PipelineBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read."""
        return files(block.path)

    @staticmethod
    def source(block: PipelineBlock) -> str:
        """Name the file."""
        return str(block.path)


def _deploys(job: Job, block: PipelineBlock) -> bool:
    if block.jobs:
        return job.name in block.jobs
    return job.deploys or "deploy" in job.name.casefold()
