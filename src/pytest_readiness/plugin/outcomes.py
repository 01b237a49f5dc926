"""What pytest shows of a state; the state itself is recorded before and kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import pytest

__all__ = ["contradicts", "show"]

_FAILED = frozenset({State.FAILED, State.UNKNOWN, State.NOT_RUN})
_XFAILED = frozenset({State.PENDING, State.UNCONFIGURED, State.WAIVED})


def show(report: pytest.TestReport, state: State, reason: str, message: str) -> None:
    """Set a report's outcome from a state, whatever other plugins made of it.

    ``reason`` is one line, ``message`` the three to six lines of a failure.
    """
    if hasattr(report, "wasxfail"):
        del report.wasxfail
    if state in _FAILED:
        report.outcome, report.longrepr = "failed", message
    elif state in _XFAILED:
        report.outcome, report.longrepr = "skipped", message
        report.wasxfail = reason
    elif state is State.NOT_APPLICABLE:
        path, line, _ = report.location
        report.outcome, report.longrepr = "skipped", (path, line or 0, reason)
    else:
        report.outcome, report.longrepr = "passed", None


def contradicts(report: pytest.TestReport, state: State) -> bool:
    """Whether a logged report says something else than the recorded state."""
    xfailed = hasattr(report, "wasxfail") and report.outcome == "skipped"
    if state in _FAILED:
        return report.outcome != "failed"
    if state in _XFAILED:
        return not xfailed
    if state is State.NOT_APPLICABLE:
        return report.outcome != "skipped" or xfailed
    return report.outcome != "passed" or hasattr(report, "wasxfail")
