"""How much of the source its tests run: Cobertura, coverage.py's JSON, LCOV.

From counted lines, never from a rate: Cobertura rounds its to four digits. Of several
files a line is covered that is so in any of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.artefacts.collected import collect, planned, unset
from pytest_readiness.probes.artefacts.files import (
    elements,
    first_of,
    listed,
    local,
    read_json,
    read_text,
    table,
    unread,
)
from pytest_readiness.probes.artefacts.provenance import Inside
from pytest_readiness.probes.artefacts.times import since_1970, when
from pytest_readiness.probes.look import Facts

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import ArtefactsBlock

__all__ = ["Count", "Coverage", "CoverageReport", "read_coverage"]


class Count(NamedTuple):
    """How many of how many."""

    covered: int
    valid: int


@dataclass
class CoverageReport:
    """What one file counts."""

    lines: dict[str, dict[int, bool]] = field(default_factory=dict)
    """Of each source file its lines, and whether each was run."""
    line_count: Count | None = None
    """The tool's own totals."""
    branch_count: Count | None = None

    def add(self, name: str, number: int, *, hit: bool) -> None:
        """Count a line."""
        lines = self.lines.setdefault(name, {})
        lines[number] = lines.get(number, False) or hit

    def counted(self) -> Count:
        """Count the lines that are listed."""
        every = [hit for lines in self.lines.values() for hit in lines.values()]
        return Count(sum(every), len(every))


@dataclass(frozen=True, kw_only=True)
class Coverage(Facts):
    """What the item's tests cover."""

    block: ClassVar[str] = "artefacts"
    several: ClassVar[bool] = True

    foreign_coverage: Observed[tuple[str, ...]]
    """Coverage of another release."""
    share: Observed[float]
    """Covered lines of all that count, or branches where the table says ``branch``."""

    @classmethod
    def gather(cls, block: ArtefactsBlock, look: Look) -> Self:
        """Read every file once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ArtefactsBlock, look: Look) -> Self:
        if not block.coverage:
            raise unset("coverage")
        read = collect(
            *(block.coverage, block, look),
            lambda path: read_coverage(path, block.read_up_to, look),
        )
        count = _together(read.contents, branch=block.branch)
        share: float | Unavailable
        if isinstance(count, Unavailable):
            share, detail = count, ""
        else:
            what = "branches" if block.branch else "lines"
            share, detail = _share(count, what), f"{count[0]} of {count[1]} {what}"
        return cls(
            foreign_coverage=read.foreign(look),
            share=look.seen(share, unit="ratio", what=read.names, detail=detail),
        )

    @classmethod
    def looks(cls, block: ArtefactsBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand which files are read."""
        return planned(block.coverage)

    @staticmethod
    def source(block: ArtefactsBlock) -> str:
        """Name the first file."""
        return str(next(iter(block.coverage), "no coverage"))


def _share(count: Count, what: str) -> float | Unavailable:
    if not count.valid:
        return Unavailable(f"it counts no {what}", Cause.LOCAL)
    return count.covered / count.valid


def _together(
    reports: tuple[CoverageReport, ...], *, branch: bool
) -> Count | Unavailable:
    first, *more = reports
    if branch:
        if more:
            reason = "branches of several files cannot be added up"
            remedy = "combine them, as `coverage combine` does"
            return Unavailable(reason, Cause.LOCAL, remedy)
        no_branches = Unavailable("it counts no branches", Cause.LOCAL)
        return first.branch_count or no_branches
    if not more:
        return first.line_count or first.counted()
    union = CoverageReport()
    for report in reports:
        for name, lines in report.lines.items():
            for number, hit in lines.items():
                union.add(name, number, hit=hit)
    return union.counted()


def read_coverage(path: Path, most: int, look: Look) -> tuple[CoverageReport, Inside]:
    """Read one file, whatever of the three formats it is in.

    Raises:
        LookError: it is none of them, or not within the bounds.
    """
    first = first_of(path, most)
    if first == "<":
        return _cobertura(path, most, look)
    if first == "{":
        return _coverage_py(path, read_json(path, most))
    return _lcov(path, read_text(path, most))


def _counted(path: Path, covered: object, valid: object) -> Count | None:
    """Take a tool's totals, where it gives both and they can be."""
    if covered is None or valid is None:
        return None
    try:
        count = Count(int(str(covered)), int(str(valid)))
    except ValueError:
        raise unread(path, "has totals that are no numbers") from None
    if not 0 <= count.covered <= count.valid:
        raise unread(path, f"counts {count.covered} covered of {count.valid}")
    return count


def _cobertura(path: Path, most: int, look: Look) -> tuple[CoverageReport, Inside]:
    report, name = CoverageReport(), ""
    at: dt.datetime | None = None
    for event, element, around in elements(path, most, look):
        kind = local(element)
        if event == "start" and not around:
            if kind != "coverage":
                raise unread(path, f"is no Cobertura report: its root is {kind[:40]}")
            at = since_1970(element.get("timestamp"))
            report.line_count, report.branch_count = _totals(path, element)
        elif event == "start" and kind == "class":
            name = element.get("filename", "")
        elif event == "end" and kind == "line" and around[-2:] == ("class", "lines"):
            number, hits = element.get("number", ""), element.get("hits", "")
            if not (number.isdecimal() and hits.isdecimal()):
                raise unread(path, "has a line without number or hits")
            report.add(name, int(number), hit=int(hits) > 0)
        elif event == "end" and kind == "class":
            element.clear()
    return report, Inside(at=at)


def _totals(path: Path, root: Element) -> tuple[Count | None, Count | None]:
    lines, branches = (
        _counted(path, root.get(f"{what}-covered"), root.get(f"{what}-valid"))
        for what in ("lines", "branches")
    )
    return lines, branches


def _coverage_py(path: Path, document: object) -> tuple[CoverageReport, Inside]:
    root = table(document)
    totals, meta = table(root.get("totals")), table(root.get("meta"))
    if "num_statements" not in totals:
        raise unread(path, "is no coverage of coverage.py: it has no totals")
    report = CoverageReport(
        line_count=_counted(
            path, totals.get("covered_lines"), totals.get("num_statements")
        ),
        branch_count=_counted(
            path, totals.get("covered_branches"), totals.get("num_branches")
        ),
    )
    for name, of_file in table(root.get("files")).items():
        for key, hit in (("executed_lines", True), ("missing_lines", False)):
            for number in listed(table(of_file).get(key)):
                if isinstance(number, int):
                    report.add(name, number, hit=hit)
    return report, Inside(at=when(str(meta.get("timestamp", ""))))


def _lcov(path: Path, text: str) -> tuple[CoverageReport, Inside]:
    report, name, branches, ended = CoverageReport(), "", [0, 0], False
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            name, ended = value, False
        elif key == "DA":
            number, hits = _pair(path, value)
            report.add(name, number, hit=hits > 0)
        elif key in {"BRH", "BRF"} and value.isdecimal():
            branches[key == "BRF"] += int(value)
        elif line == "end_of_record":
            ended = True
    if not ended:
        raise unread(path, "is no whole coverage: neither Cobertura, JSON nor LCOV")
    count = _counted(path, *branches) if branches[1] else None
    report.branch_count = count
    return report, Inside()


def _pair(path: Path, value: str) -> tuple[int, int]:
    number, _, rest = value.partition(",")
    hits = rest.partition(",")[0]
    if number.isdecimal() and hits.isdecimal():
        return int(number), int(hits)
    raise unread(path, "has a line without number or hits")
