"""Test results held against those of the release before."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.artefacts.collected import collect, planned, unset
from pytest_readiness.probes.artefacts.files import found
from pytest_readiness.probes.artefacts.junit import Outcome, read_junit
from pytest_readiness.probes.look import Facts, LookError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_readiness.catalogue.observation import Observed
    from pytest_readiness.probes.artefacts.junit import Case
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import ArtefactsBlock

__all__ = ["Baseline"]

_GRAVEST = (Outcome.ERROR, Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED)
"""Of several cases of one name, which counts."""
_MOST_NAMED = 50


@dataclass(frozen=True, kw_only=True)
class Baseline(Facts):
    """What passed in the release before, and what became of it."""

    block: ClassVar[str] = "artefacts"
    several: ClassVar[bool] = True

    passed_before: Observed[int]
    """How many cases passed then."""
    broken: Observed[tuple[str, ...]]
    """Cases that passed and now fail, or cannot be judged."""
    lost: Observed[tuple[str, ...]]
    """Cases that passed and now are skipped or gone, those that are meant to be so
    aside."""

    @classmethod
    def gather(cls, block: ArtefactsBlock, look: Look) -> Self:
        """Read the reports of both releases once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ArtefactsBlock, look: Look) -> Self:
        for key in ("junit", "baseline"):
            if not getattr(block, key):
                raise unset(key)
        before = _outcomes(
            case
            for path in found(block.baseline, look)
            for case in read_junit(path, block.read_up_to, look)[0]
        )
        read = collect(
            *(block.junit, block, look),
            lambda path: read_junit(path, block.read_up_to, look),
        )
        now = _outcomes(case for content in read.contents for case in content)
        passed = [one for one, outcome in before.items() if outcome is Outcome.PASSED]
        if not passed:
            reason = "nothing passed in the baseline"
            remedy = "name the reports of the last release"
            raise LookError(reason, Cause.LOCAL, remedy, final=True)
        broken = [one for one in passed if one in now and now[one].bad]
        meant = [exception.name for exception in block.removed]
        lost = [
            f"{one} ({'skipped' if one in now else 'gone'})"
            for one in passed
            if now.get(one, Outcome.SKIPPED) is Outcome.SKIPPED
            and not any(fnmatchcase(one, pattern) for pattern in meant)
        ]
        detail = f"of {len(passed)} that passed before"
        return cls(
            passed_before=look.seen(len(passed), what=block.baseline[0].name),
            broken=look.seen(_named(broken), what=read.names, detail=detail),
            lost=look.seen(_named(lost), what=read.names, detail=detail),
        )

    @classmethod
    def looks(cls, block: ArtefactsBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand which files are read."""
        return planned(block.junit, block.baseline)

    @staticmethod
    def source(block: ArtefactsBlock) -> str:
        """Name the first report of the release before."""
        return str(next(iter(block.baseline), "no baseline"))


def _outcomes(cases: Iterable[Case]) -> dict[str, Outcome]:
    """Give each name's outcome; the gravest where a name stands for several."""
    outcomes: dict[str, Outcome] = {}
    for case in cases:
        known = outcomes.get(case.id, Outcome.SKIPPED)
        outcomes[case.id] = min(known, case.outcome, key=_GRAVEST.index)
    return outcomes


def _named(names: list[str]) -> tuple[str, ...]:
    more = len(names) - _MOST_NAMED
    return (*names[:_MOST_NAMED], *((f"and {more} more",) if more > 0 else ()))
