"""SARIF 2.1.0 (OASIS): what a run found, how grave it is, and what it left out.

A finding's gravity is its ``level``, else its rule's, and the ``security-severity``
that scanners give a rule (a CVSS score as a text); the graver of both counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.probes.artefacts.files import listed, table
from pytest_readiness.probes.artefacts.times import when

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["Run", "SarifResult", "runs_of"]

_LEVELS = {"none": 0, "note": 1, "warning": 2, "error": 3}
_NAMES = ("low", "low", "medium", "high")
_HIGH, _MEDIUM = 7.0, 4.0
"""CVSS 3.1: 4.0 to 6.9 is medium; what is critical is high here."""


@dataclass(frozen=True, slots=True)
class SarifResult:
    """One result that is a finding."""

    rule: str
    place: str
    level: str
    suppressed: bool
    justification: str


class Run:
    """One run of one tool."""

    def __init__(self, run: dict[str, object]) -> None:
        self._run = run
        tool = table(run.get("tool"))
        self._driver = table(tool.get("driver"))
        self.tool = str(self._driver.get("name", "a tool without a name"))
        components = [self._driver, *map(table, listed(tool.get("extensions")))]
        self._rules = [
            [table(rule) for rule in listed(component.get("rules"))]
            for component in components
        ]
        self._by_id = {
            str(rule.get("id")): rule for rules in self._rules for rule in rules
        }

    @property
    def revision(self) -> str:
        """Which revision of the sources was scanned, where it says."""
        for source in map(table, listed(self._run.get("versionControlProvenance"))):
            if revision := source.get("revisionId"):
                return str(revision)
        return ""

    @property
    def at(self) -> dt.datetime | None:
        """When it ran, where it says."""
        for invocation in map(table, listed(self._run.get("invocations"))):
            for key in ("startTimeUtc", "endTimeUtc"):
                if at := when(str(invocation.get(key, ""))):
                    return at
        return None

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """What went wrong while it ran: then it has not seen everything."""
        found: list[tuple[str, str]] = []
        if not isinstance(self._run.get("results"), list):
            # Section 3.14.23: a run that could not determine its results has none.
            found.append((self.tool, "it has no results, not even none"))
        for invocation in map(table, listed(self._run.get("invocations"))):
            if invocation.get("executionSuccessful") is False:
                found.append((self.tool, "it did not end successfully"))
            for note in map(
                table, listed(invocation.get("toolExecutionNotifications"))
            ):
                if note.get("level") == "error":
                    text = table(note.get("message")).get("text", "an error")
                    found.append((self.tool, str(text)))
        return found

    def results(self) -> Iterator[SarifResult]:
        """Give the results that are findings, and are still there."""
        for result in map(table, listed(self._run.get("results"))):
            is_finding = result.get("kind", "fail") in {"fail", "open", "review"}
            if not is_finding or result.get("baselineState") == "absent":
                continue
            rule = self._rule(result)
            suppressions = [
                one
                for one in map(table, listed(result.get("suppressions")))
                if one.get("status", "accepted") == "accepted"
            ]
            reasons = [
                str(one.get("justification") or "").strip() for one in suppressions
            ]
            yield SarifResult(
                rule=str(result.get("ruleId") or rule.get("id") or "a rule"),
                place=_place(result),
                level=_NAMES[max(self._level(result, rule), _severity(result, rule))],
                suppressed=bool(suppressions),
                justification=next(filter(str.strip, reasons), ""),
            )

    def _rule(self, result: dict[str, object]) -> dict[str, object]:
        reference = table(result.get("rule"))
        index = result.get("ruleIndex", reference.get("index"))
        component = table(reference.get("toolComponent")).get("index")
        # The driver is the first; extensions are counted from 0 after it.
        place = component + 1 if isinstance(component, int) else 0
        if isinstance(index, int) and 0 <= place < len(self._rules):
            rules = self._rules[place]
            if 0 <= index < len(rules):
                return rules[index]
        rule_id = result.get("ruleId") or reference.get("id")
        return self._by_id.get(str(rule_id), {})

    def _level(self, result: dict[str, object], rule: dict[str, object]) -> int:
        by_rule = table(rule.get("defaultConfiguration")).get("level", "warning")
        # An unknown word is taken for the gravest.
        return _LEVELS.get(str(result.get("level", by_rule)), max(_LEVELS.values()))


def _severity(result: dict[str, object], rule: dict[str, object]) -> int:
    scores = [
        table(one.get("properties")).get("security-severity") for one in (result, rule)
    ]
    score = next((one for one in scores if one is not None), None)
    if score is None:
        return 0
    try:
        value = float(str(score))
    except ValueError:
        return max(_LEVELS.values())
    if value >= _HIGH:
        return 3
    return 2 if value >= _MEDIUM else 1


def _place(result: dict[str, object]) -> str:
    for location in map(table, listed(result.get("locations"))):
        physical = table(location.get("physicalLocation"))
        uri = table(physical.get("artifactLocation")).get("uri")
        if uri:
            line = table(physical.get("region")).get("startLine")
            return f"{uri}:{line}" if line else str(uri)
    return "no place"


def runs_of(document: dict[str, object]) -> list[Run]:
    """Give the runs of a log."""
    return [Run(table(run)) for run in listed(document.get("runs"))]
