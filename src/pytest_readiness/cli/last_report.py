"""The last run's report, as far as signers and planners go by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.predicates import OpenItem, Saw
from pytest_readiness.catalogue.item import Stage
from pytest_readiness.errors import StoreError
from pytest_readiness.store.files import REPORT, read_report
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.cli.situation import Situation
    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["LastReport"]


@dataclass(frozen=True)
class LastReport:
    """A report, and why it is not one of what is judged now, where it is not."""

    path: Path
    report: Report
    misfit: str
    """Empty where it is of this release, target and suite."""

    @classmethod
    def of(cls, situation: Situation) -> LastReport:
        """Read it.

        Raises:
            StoreError: there is none, or it is no report.
        """
        path = situation.report / REPORT
        report = read_report(path)
        return cls(path, report, _misfit(report, situation))

    @property
    def again(self) -> str:
        """The command that makes a new one."""
        return f"readiness run --target {self.report.environment}"

    def must_fit(self) -> None:
        """Refuse a report of something else.

        Raises:
            StoreError: it is of another release, target or suite.
        """
        if self.misfit:
            raise StoreError(str(self.path), self.misfit, f"run again: `{self.again}`")

    @property
    def open(self) -> tuple[ReportItem, ...]:
        """Everything that is not satisfied outside sign-off: approvers must know it."""
        return tuple(
            item
            for item in self.report.items
            if item.stage is not Stage.SIGN_OFF and item.state.blocks
        )

    @property
    def items(self) -> dict[str, ReportItem]:
        """Every item by id."""
        return {item.id: item for item in self.report.items}

    def saw(self) -> Saw:
        """Say what whoever reads this report has seen."""
        return Saw(
            target=self.report.target_digest,
            open=tuple(OpenItem(id=one.id, state=str(one.state)) for one in self.open),
        )


def _misfit(report: Report, situation: Situation) -> str:
    release = situation.release
    source = release.source or None
    pairs = (
        ("system", report.system, situation.configuration.system),
        ("environment", report.environment, situation.target.name),
        ("release", report.release.version, release.version),
        ("source", report.release.source, source),
        ("target", report.target_digest, situation.target_digest),
        ("suite", report.checklist.digest, situation.lock.digest),
    )
    for what, theirs, ours in pairs:
        if theirs != ours:
            return f"is of another {what} ({_short(theirs)}, not {_short(ours)})"
    if Stage.SIGN_OFF not in report.gate.stages:
        return f"is of the gate {report.gate.name}, which asks for no sign-off"
    left_out = any(item.state is State.NOT_RUN for item in report.items)
    if left_out or report.selection.selected:
        return "is of a run that was not complete"
    return ""


def _short(value: str | None) -> str:
    return (value or "none")[:19]
