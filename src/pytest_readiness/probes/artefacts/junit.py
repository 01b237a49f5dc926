"""Test results as JUnit XML, in the dialects of the runners that write it.

There is no standard: ``testsuites`` or ``testsuite`` is the root, suites nest, times
come with a zone or without. pytest, Surefire, gotestsum and jest-junit are known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.artefacts.collected import (
    Collected,
    collect,
    planned,
    unset,
)
from pytest_readiness.probes.artefacts.files import elements, local, unread
from pytest_readiness.probes.artefacts.provenance import Inside
from pytest_readiness.probes.artefacts.times import earliest, when
from pytest_readiness.probes.look import Facts

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import ArtefactsBlock

__all__ = [
    "REVISIONS",
    "Case",
    "Junit",
    "Outcome",
    "read_junit",
]

REVISIONS = frozenset(
    {"commit", "git.commit", "git_commit", "revision", "vcs.revision", "source"}
)
"""Names of properties that say which release a report is of."""

_MOST_CASES = 1_000_000
_MOST_NAMED = 50
_SUITES = frozenset({"testsuites", "testsuite"})
_NOT_RUN = frozenset({"notrun", "disabled", "skipped"})


class Outcome(StrEnum):
    """How a test case ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"

    @property
    def bad(self) -> bool:
        """Whether it did not do what it must."""
        return self in {Outcome.FAILED, Outcome.ERROR}


_MARKS = {
    "failure": Outcome.FAILED,
    "error": Outcome.ERROR,
    "skipped": Outcome.SKIPPED,
}
_WORST = (Outcome.ERROR, Outcome.FAILED, Outcome.SKIPPED)


@dataclass(frozen=True, slots=True)
class Case:
    """One test case, as its runner names it."""

    classname: str
    name: str
    outcome: Outcome
    seconds: float
    timed: bool = True
    """Whether its time was measured: a runner that measured nothing writes a bare 0, as
    jest-junit does for a test that is still to be written. ``0.000`` was measured."""

    @property
    def id(self) -> str:
        """Class and name, as ``tests.test_orders.test_limit``."""
        return f"{self.classname}.{self.name}" if self.classname else self.name

    def __str__(self) -> str:
        return f"{self.id} ({self.outcome})"


@dataclass(frozen=True, kw_only=True)
class Junit(Facts):
    """The test cases of all of an item's reports together."""

    block: ClassVar[str] = "artefacts"
    several: ClassVar[bool] = True

    foreign: Observed[tuple[str, ...]]
    """Reports of another release."""
    made: Observed[dt.datetime]
    """When the oldest report was made."""
    ran: Observed[int]
    """How many cases ran; skipped ones did not."""
    bad: Observed[tuple[str, ...]]
    """Cases that failed or could not be judged, by name."""
    cases: Observed[tuple[Case, ...]]
    """All of them."""
    bound: Observed[tuple[Case, ...]]
    """Those that the table's ``cases`` match and that really ran: skipped ones and
    those that nobody timed are left out."""
    data: Observed[str]
    """What the reports' stamps say that the tests were run with."""

    @property
    def bound_cases(self) -> Observed[tuple[str, ...]]:
        """The names of the cases that the item is tied to and that really ran."""
        return self.bound.map(lambda cases: tuple(case.id for case in cases))

    @property
    def bound_failures(self) -> Observed[tuple[str, ...]]:
        """The names of those of them that did not pass."""
        return self.bound.map(
            lambda cases: tuple(case.id for case in cases if case.outcome.bad)
        )

    @classmethod
    def gather(cls, block: ArtefactsBlock, look: Look) -> Self:
        """Read every report once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ArtefactsBlock, look: Look) -> Self:
        if not block.junit:
            raise unset("junit")
        read = collect(
            *(block.junit, block, look),
            lambda path: read_junit(path, block.read_up_to, look),
        )
        cases = tuple(case for content in read.contents for case in content)
        bad = [case.id for case in cases if case.outcome.bad]
        ran = sum(case.outcome is not Outcome.SKIPPED for case in cases)
        skipped = len(cases) - ran
        return cls(
            foreign=read.foreign(look),
            made=read.made(look),
            ran=look.seen(ran, what=read.names, detail=f"{skipped} skipped"),
            bad=look.seen(_named(bad), what=read.names, detail=f"of {ran} that ran"),
            cases=look.seen(cases, what=read.names),
            bound=look.seen(_bound(cases, block.cases), what=read.names),
            data=look.seen(_data(read), what=read.names),
        )

    @classmethod
    def looks(cls, block: ArtefactsBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand which files are read."""
        return planned(block.junit)

    @staticmethod
    def source(block: ArtefactsBlock) -> str:
        """Name the first report."""
        return str(next(iter(block.junit), "no reports"))


def _named(ids: list[str]) -> tuple[str, ...]:
    more = len(ids) - _MOST_NAMED
    tail = (f"and {more} more",) if more > 0 else ()
    return (*ids[:_MOST_NAMED], *tail)


def _bound(
    cases: Iterable[Case], patterns: tuple[str, ...]
) -> tuple[Case, ...] | Unavailable:
    if not patterns:
        reason, remedy = "the table names no cases", "set cases to patterns of names"
        return Unavailable(reason, Cause.UNCONFIGURED, remedy)
    return tuple(
        case
        for case in cases
        if any(fnmatchcase(case.id, pattern) for pattern in patterns)
        and (case.outcome.bad or (case.outcome is Outcome.PASSED and case.timed))
    )


def _data(read: Collected[tuple[Case, ...]]) -> str | Unavailable:
    """Give what all stamps agree on."""
    words = {
        "" if isinstance(origin, Unavailable) else origin.data
        for _, origin in read.origins
    }
    if len(words) == 1 and (word := words.pop()):
        return word
    reason = "no stamp says which data the tests were run with"
    if len(words) > 1:
        reason = "the reports' stamps do not agree on the data"
    remedy = "run `readiness stamp FILE data=masked-production` in the job"
    return Unavailable(reason, Cause.LOCAL, remedy)


def read_junit(path: Path, most: int, look: Look) -> tuple[tuple[Case, ...], Inside]:
    """Read one report.

    Raises:
        LookError: it is no report, or not within the bounds.
    """
    reader = _Reader(path)
    for event, element, around in elements(path, most, look):
        if event == "start":
            reader.start(element, around)
        else:
            reader.end(element)
    return tuple(reader.cases), Inside(reader.revision, reader.at)


class _Reader:
    """Takes a report element by element, and forgets what it has taken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.cases: list[Case] = []
        self.revision = ""
        self.at: dt.datetime | None = None
        self._bad = 0
        self._bad_before: list[int] = []

    def start(self, element: Element, around: tuple[str, ...]) -> None:
        name = local(element)
        if not around and name not in _SUITES:
            raise unread(self._path, f"is no JUnit report: its root is {name[:40]}")
        if name in _SUITES:
            self._bad_before.append(self._bad)

    def end(self, element: Element) -> None:
        name = local(element)
        if name == "property":
            self._property(element)
        elif name == "testcase":
            self._case(element)
            element.clear()
        elif name in _SUITES:
            self._suite(element)
            element.clear()

    def _property(self, element: Element) -> None:
        if element.get("name", "").lower() in REVISIONS and not self.revision:
            self.revision = (element.get("value") or "").strip()

    def _case(self, element: Element) -> None:
        marks = {_MARKS.get(local(child)) for child in element}
        outcome = next((mark for mark in _WORST if mark in marks), Outcome.PASSED)
        if outcome is Outcome.PASSED and element.get("status", "").lower() in _NOT_RUN:
            outcome = Outcome.SKIPPED
        classname, name = element.get("classname", ""), element.get("name", "")
        time = element.get("time", "")
        timed = time not in {"", "0"}
        self._add(Case(classname, name, outcome, _number(time), timed))

    def _add(self, case: Case) -> None:
        self.cases.append(case)
        self._bad += case.outcome.bad
        if len(self.cases) > _MOST_CASES:
            raise unread(self._path, f"has more than {_MOST_CASES} cases")

    def _suite(self, element: Element) -> None:
        """Believe a suite that counts more bad cases than it lists."""
        listed = self._bad - self._bad_before.pop()
        declared = sum(int(_number(element.get(key))) for key in ("failures", "errors"))
        if declared > listed:
            name = element.get("name") or self._path.stem
            missing = f"({declared - listed} that the suite counts and does not list)"
            self._add(Case(name, missing, Outcome.ERROR, 0.0))
        began = when(element.get("timestamp", ""))
        self.at = earliest(self.at, began)


def _number(text: str | None) -> float:
    """Read a count or seconds; Surefire writes ``1,234.5``, and some write nothing."""
    try:
        value = float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value >= 0 else 0.0
