"""What scanners found: SARIF 2.1.0, and the JSON of bandit and pip-audit.

A scanner that could not look at something often says so beside an empty list of
findings: what it left out is a fact of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pytest_readiness.probes.artefacts.collected import collect, planned, unset
from pytest_readiness.probes.artefacts.files import listed, read_json, table, unread
from pytest_readiness.probes.artefacts.provenance import Inside
from pytest_readiness.probes.artefacts.sarif import runs_of
from pytest_readiness.probes.artefacts.times import when
from pytest_readiness.probes.look import Facts

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from pytest_readiness.catalogue.observation import Observed
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import ArtefactsBlock

__all__ = ["Finding", "Scan", "Scans", "read_scan"]

RANKS: Final = ("low", "medium", "high")
_MOST_NAMED = 50
"""Of the findings that a fact names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding."""

    rule: str
    place: str
    level: str
    """``low``, ``medium`` or ``high``."""
    suppressed: bool = False
    justification: str = ""

    def __str__(self) -> str:
        return f"{self.rule} in {self.place} ({self.level})"


@dataclass
class Scan:
    """What one file says."""

    tools: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """What was not scanned, and why."""


@dataclass(frozen=True, kw_only=True)
class Scans(Facts):
    """The findings of all of an item's scanners."""

    block: ClassVar[str] = "artefacts"
    several: ClassVar[bool] = True

    foreign: Observed[tuple[str, ...]]
    """Reports of another release."""
    age: Observed[dt.timedelta]
    """How long ago the oldest report was made."""
    open: Observed[tuple[str, ...]]
    """Findings of the table's ``level`` and above that nobody suppressed."""
    unexplained: Observed[tuple[str, ...]]
    """Findings that are suppressed without a reason."""
    left_out: Observed[tuple[str, ...]]
    """What a scanner did not look at, the table's exceptions aside."""

    @classmethod
    def gather(cls, block: ArtefactsBlock, look: Look) -> Self:
        """Read every report once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ArtefactsBlock, look: Look) -> Self:
        if not block.scans:
            raise unset("scans")
        read = collect(
            *(block.scans, block, look), lambda path: read_scan(path, block.read_up_to)
        )
        findings = [one for scan in read.contents for one in scan.findings]
        grave = [
            one
            for one in findings
            if RANKS.index(one.level) >= RANKS.index(block.level)
        ]
        unexplained = [one for one in grave if one.suppressed and not one.justification]
        excepted = [exception.name for exception in block.unscanned]
        left_out = [
            f"{name}: {why}"
            for scan in read.contents
            for name, why in scan.left_out
            if not any(fnmatchcase(name, pattern) for pattern in excepted)
        ]
        tools = ", ".join(
            dict.fromkeys(t for scan in read.contents for t in scan.tools)
        )
        detail = f"{len(findings)} findings of {tools}"
        still_open = _named([one for one in grave if not one.suppressed])
        return cls(
            foreign=read.foreign(look),
            age=read.age(look),
            open=look.seen(still_open, what=read.names, detail=detail),
            unexplained=look.seen(_named(unexplained), what=read.names),
            left_out=look.seen(_named(left_out), what=read.names),
        )

    @classmethod
    def looks(cls, block: ArtefactsBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand which files are read."""
        return planned(block.scans)

    @staticmethod
    def source(block: ArtefactsBlock) -> str:
        """Name the first report."""
        return str(next(iter(block.scans), "no scans"))


def _named(found: list[Finding] | list[str]) -> tuple[str, ...]:
    named = [*map(str, found[:_MOST_NAMED])]
    more = len(found) - len(named)
    return (*named, f"and {more} more") if more else tuple(named)


def read_scan(path: Path, most: int) -> tuple[Scan, Inside]:
    """Read one report, whatever of the three formats it is in.

    Raises:
        LookError: it is none of them, or not within the bounds.
    """
    document = table(read_json(path, most))
    if "runs" in document:
        return _sarif(path, document)
    if "results" in document and "metrics" in document:
        return _bandit(path, document)
    if isinstance(document.get("dependencies"), list):
        return _pip_audit(document), Inside()
    raise unread(path, "is no report of a scanner: SARIF, bandit or pip-audit")


def _bandit(path: Path, document: dict[str, object]) -> tuple[Scan, Inside]:
    scan = Scan(["bandit"])
    for result in map(table, listed(document["results"])):
        level = str(result.get("issue_severity", "")).lower()
        place = f"{result.get('filename')}:{result.get('line_number')}"
        grave = level if level in RANKS else "high"
        scan.findings.append(Finding(str(result.get("test_id")), place, grave))
    for error in map(table, listed(document.get("errors"))):
        scan.left_out.append((str(error.get("filename")), str(error.get("reason"))))
    totals = table(table(document["metrics"]).get("_totals"))
    if not totals.get("loc"):
        scan.left_out.append((path.name, "no line of source was scanned"))
    return scan, Inside(at=when(str(document.get("generated_at", ""))))


def _pip_audit(document: dict[str, object]) -> Scan:
    """Take a vulnerability for a grave one: the format has no severities."""
    scan = Scan(["pip-audit"])
    packages = list(map(table, listed(document["dependencies"])))
    for package in packages:
        name = str(package.get("name"))
        if "skip_reason" in package:
            scan.left_out.append((name, str(package["skip_reason"])))
        place = f"{name} {package.get('version')}"
        for vulnerability in map(table, listed(package.get("vulns"))):
            scan.findings.append(Finding(str(vulnerability.get("id")), place, "high"))
    if not packages:
        scan.left_out.append(("all packages", "no package was audited"))
    return scan


def _sarif(path: Path, document: dict[str, object]) -> tuple[Scan, Inside]:
    if document.get("version") != "2.1.0":
        raise unread(path, "is no SARIF 2.1.0", "have the scanner write that version")
    scan = Scan()
    revision, at = "", None
    for run in runs_of(document):
        scan.tools.append(run.tool)
        scan.left_out += run.left_out
        scan.findings += [
            Finding(one.rule, one.place, one.level, one.suppressed, one.justification)
            for one in run.results()
        ]
        revision, at = revision or run.revision, at or run.at
    if not scan.tools:
        scan.left_out.append((path.name, "no scanner has run"))
    return scan, Inside(revision, at)
