"""``[target.NAME.artefacts.ITEM]``: files that the release's jobs made, by item."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    model_validator,
)

from pytest_readiness.target.blocks.block import (
    Block,
    Duration,
    FilePath,
    Limit,
    LimitsBlock,
    ResourceBlock,
    Share,
    Size,
    Text,
    floor,
    refuse,
    setting,
    some_time,
    tupled,
)

__all__ = [
    "ArtefactsBlock",
    "CaseLimits",
    "CoverageLimits",
    "Excepted",
    "Level",
    "LoadLimits",
    "place_artefacts",
]

Level = Literal["low", "medium", "high"]
"""How bad a finding is; what is worse than high counts as high."""


def _listed(value: object) -> object:
    """Let one file be written without a list around it."""
    return tupled([value] if isinstance(value, str) else value)


_or_text = Field(
    json_schema_extra={
        "type": ["string", "array"],
    }
)
Files = Annotated[tuple[FilePath, ...], BeforeValidator(_listed), _or_text]
Names = Annotated[tuple[Text, ...], BeforeValidator(_listed), _or_text]


class Excepted(Block):
    """One exception, with the reason for it."""

    name: Text
    """What it is for; a pattern such as ``*legacy*`` may stand for several."""
    reason: Text
    """Why."""


Exceptions = Annotated[tuple[Excepted, ...], BeforeValidator(tupled)]


class ArtefactsBlock(ResourceBlock):
    """The files of the item whose id ends with the table's name.

    Each is a file or a pattern (``reports/unit-*.xml``), one or a list of them.
    """

    timeout: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(seconds=30)
    """How long reading them all may take."""
    junit: Files = ()
    """Test results: JUnit XML as pytest, Surefire, gotestsum and jest-junit write it;
    several files are the parts of one run."""
    cases: Names = ()
    """Patterns of the test cases that the item is tied to, as ``*circuit_breaker*``."""
    baseline: Files = ()
    """Test results of the release before, which these are held against."""
    removed: Exceptions = ()
    """Cases that passed in the baseline and are meant to be gone or skipped."""
    coverage: Files = ()
    """Coverage as Cobertura XML, coverage.py's JSON, or LCOV."""
    branch: bool = False
    """Whether branches are counted instead of lines."""
    scans: Files = ()
    """Findings of scanners: SARIF 2.1.0, or the JSON of bandit or pip-audit."""
    level: Level = "high"
    """From which severity on a finding counts."""
    unscanned: Exceptions = ()
    """What a scanner leaves out, and may."""
    load: Files = ()
    """Summary of a load: Locust's statistics as CSV, k6's summary as JSON, or JMeter's
    JTL."""
    recovery: Files = ()
    """Summary of the ordinary load after it."""
    calls: Files = ()
    """What the tests called: HAR, an access log, or a JSON object of operations with
    the test cases that exercise each. Left out, the test cases are called by the
    operations, as schemathesis does."""
    unexercised: Exceptions = ()
    """Operations that no test calls, and need not."""
    shared: bool = False
    """Whether other items may count the same files; a table with ``cases`` may."""
    read_up_to: Size = 64 * 10**6
    """A file that is larger is not read."""

    _others: tuple[Path, ...] = PrivateAttr(default=())

    @property
    def others(self) -> tuple[Path, ...]:
        """What other items name as theirs alone, where this one does not share."""
        return self._others

    @property
    def patterns(self) -> Mapping[str, tuple[Path, ...]]:
        """Every list of files of the table, by its key."""
        keys = ("junit", "coverage", "scans", "load", "recovery", "calls")
        return {key: getattr(self, key) for key in keys}

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not any(self.patterns.values()):
            raise refuse("names no file", "name those that the job makes")
        return self


class CaseLimits(LimitsBlock):
    """``[target.NAME.limits.cases]``."""

    min_cases: Limit[Annotated[int, Field(ge=1)]] = setting(2)
    """Fewest test cases that an item is tied to: that a breaker opens, that it closes
    again."""


class CoverageLimits(LimitsBlock):
    """``[target.NAME.limits.coverage]``."""

    above: Limit[Share] = floor(0.9)
    """Share of lines, or branches, of which more must be covered."""


class LoadLimits(LimitsBlock):
    """``[target.NAME.limits.load]``."""

    duration: Limit[Duration] = setting(dt.timedelta(minutes=5))
    """Shortest time that a load must have lasted."""
    rate: Limit[float] = floor(1000.0)
    """Fewest requests a minute."""
    p95: Limit[Duration] = floor(dt.timedelta(seconds=2))
    """What 95 % of the requests must stay below."""
    errors: Limit[Share] = setting(0.01)
    """What the share of failed requests must stay below."""
    max_age: Limit[Duration] = setting(dt.timedelta(days=30))
    """Oldest that a summary may be."""
    stress_rate: Limit[float] = setting(1500.0)
    """Requests a minute that a stress test must have reached: beyond the limit."""


def place_artefacts(tables: Mapping[str, ArtefactsBlock]) -> None:
    """Let each table know the files that serve other items.

    One that shares, or is tied to some test cases only, may use what others have.
    """
    alone = {
        name: table
        for name, table in tables.items()
        if not table.shared and not table.cases
    }
    for name, table in alone.items():
        table._others = tuple(_of_others(name, alone))  # noqa: SLF001  # same module


def _of_others(name: str, tables: Mapping[str, ArtefactsBlock]) -> Iterator[Path]:
    for other, table in tables.items():
        if other != name:
            for files in table.patterns.values():
                yield from files
