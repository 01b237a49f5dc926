"""``--readiness-open``: look again only where something is open, and claim no more.

What a probe verified in the last run is taken over, with the moment when it was seen.
Everything else is judged anew: what was open or waived, all that people sign, rollups.
A gate may not claim from a finding of another run that something holds now, so a run
that took one over is a selection: INCOMPLETE at best, whatever it found, never READY,
kept in no store and certified by nobody. It answers one question, "is what was open
closed?", and the whole has to be run for the other one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.errors import ConfigError
from pytest_readiness.store.files import REPORT, read_report
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_readiness.plugin.run import Run
    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["OPTION", "take_over"]

OPTION = "--readiness-open"


def take_over(run: Run, folder: Path) -> Mapping[str, ReportItem]:
    """Give what the last run's probes verified, by item id.

    Raises:
        StoreError: there is no report, or it cannot be read.
        ConfigError: it answers another question than this run asks.
    """
    path = folder / REPORT
    report = read_report(path)
    misfit = _misfit(report, run)
    if misfit:
        what = f"{path} is of another {misfit}, so nothing of it counts here"
        raise ConfigError(OPTION, what, "run the whole")
    seen = report.run.ended
    return {
        item.id: item.model_copy(update={"carried": item.carried or seen})
        for item in report.items
        if (item.state, item.raw_state) == (State.VERIFIED, State.VERIFIED)
        and not item.kind.is_rollup
    }


def _misfit(report: Report, run: Run) -> str:
    pairs = (
        ("system", report.system, run.configuration.system),
        ("environment", report.environment, run.target.name),
        ("gate", report.gate.stages, run.gate.stages),
        ("release", report.release.version, run.release.version),
        ("source", report.release.source, run.release.source),
        ("target", report.target_digest, run.target_digest),
        ("suite", report.checklist.digest, run.lock.digest),
    )
    return next((what for what, theirs, ours in pairs if theirs != ours), "")
