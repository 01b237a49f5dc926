"""What a run leaves for later ones, and what it is held against.

The store remembers; it never decides. A report in it can be forged by whoever can write
there, so that no item, no verdict and no exit code follows from one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.errors import ConfigError, StoreError
from pytest_readiness.reports.changes import change_lines
from pytest_readiness.store.comparison import compare
from pytest_readiness.store.files import read_report
from pytest_readiness.store.past import Past, Question

if TYPE_CHECKING:
    from pytest_readiness.plugin.run import Run
    from pytest_readiness.store.document import PastRun, Report

__all__ = ["BASELINE_LAST", "Keeping", "check_baseline"]

BASELINE_LAST = "last"
"""The name of the newest report in the store."""
_WITHIN = dt.timedelta(days=14)


@dataclass(frozen=True)
class Keeping:
    """The store of a run, and its baseline."""

    past: Past | None
    question: Question
    baseline: Report | None
    missing: str
    """Why there is no baseline, where one was asked for."""

    @classmethod
    def of(cls, run: Run) -> Keeping:
        """Read what an earlier run left, before this one's report joins it."""
        store = run.configuration.store
        past = Past(store.path, store.keep) if store.path else None
        question = Question(run.configuration.system, run.target.name, run.gate.name)
        baseline, missing = None, ""
        try:
            baseline = _baseline(run.settings.baseline, past, question)
        except StoreError as error:
            missing = f"no baseline: {error}"
        return cls(past, question, baseline, missing)

    @property
    def trend(self) -> tuple[PastRun, ...]:
        """What earlier runs came to."""
        return self.past.trend(self.question) if self.past else ()

    def compared(self, report: Report, width: int) -> list[str]:
        """Say what is otherwise than in the baseline."""
        if self.baseline is None:
            return [f"readiness: {self.missing}"] if self.missing else []
        lines = change_lines(compare(self.baseline, report, _WITHIN), width)
        return ["", "against the baseline", *lines]

    def keep(self, report: Report) -> list[str]:
        """Keep the report; of a selection none, for it says nothing of the whole."""
        if self.past is None or report.selection.selected:
            return []
        try:
            self.past.keep(report)
        except StoreError as error:
            return [f"readiness: the verdict stands, but was not kept: {error}"]
        return []


def check_baseline(named: str | None, store: Path | None) -> None:
    """Refuse to compare with the last report of no store.

    Raises:
        ConfigError: the target file names no store.
    """
    if named == BASELINE_LAST and store is None:
        what = "means the last report of the store, and the target file has none"
        raise ConfigError("--readiness-baseline=last", what, "set `[store] path`")


def _baseline(
    named: str | None, past: Past | None, question: Question
) -> Report | None:
    if named is None:
        return None
    if named != BASELINE_LAST:
        return read_report(Path(named))
    found = past.last(question) if past else None
    if found is None:
        where = str(past.folder) if past else "[store]"
        what = f"has no report of {question.environment}, gate {question.gate}"
        raise StoreError(where, what, "the next run has this one to compare with")
    return found
