"""What pytest shows of each state, and what contradicts it."""

from __future__ import annotations

from typing import Literal

import pytest

from pytest_readiness.plugin.outcomes import contradicts, show
from pytest_readiness.verdict.states import State

SHOWN = {
    State.VERIFIED: "passed",
    State.ATTESTED: "passed",
    State.NOT_APPLICABLE: "skipped",
    State.WAIVED: "xfailed",
    State.FAILED: "failed",
    State.PENDING: "xfailed",
    State.UNCONFIGURED: "xfailed",
    State.UNKNOWN: "failed",
    State.NOT_RUN: "failed",
}


def made(
    outcome: Literal["passed", "failed", "skipped"] = "passed",
) -> pytest.TestReport:
    """Make a report as another plugin may have left it."""
    return pytest.TestReport("x::y", ("x", 3, "y"), {}, outcome, "old", "call")


def word(report: pytest.TestReport) -> str:
    """Say how pytest counts a report."""
    if hasattr(report, "wasxfail"):
        return {"skipped": "xfailed", "passed": "xpassed"}[report.outcome]
    return report.outcome


@pytest.mark.parametrize(("state", "said"), SHOWN.items())
@pytest.mark.parametrize("before", ["passed", "failed", "skipped", "xfailed"])
def test_a_state_is_shown_whatever_was_there(
    state: State, said: str, before: str
) -> None:
    report = made("skipped" if before == "xfailed" else before)  # type: ignore[arg-type]
    if before == "xfailed":
        report.wasxfail = "somebody else's reason"
    show(report, state, "our reason", "our\nmessage")

    assert word(report) == said
    assert not contradicts(report, state)
    if said == "xfailed":
        assert report.wasxfail == "our reason"
    if said == "failed":
        assert report.longrepr == "our\nmessage"
    if said == "skipped":
        assert report.longrepr == ("x", 3, "our reason")
    if said == "passed":
        assert report.longrepr is None


@pytest.mark.parametrize(("state", "said"), SHOWN.items())
@pytest.mark.parametrize("other", ["passed", "failed", "skipped", "xfailed", "xpassed"])
def test_every_other_outcome_contradicts_it(
    state: State, said: str, other: str
) -> None:
    plain = {"xfailed": "skipped", "xpassed": "passed"}.get(other, other)
    report = made(plain)  # type: ignore[arg-type]
    if other.startswith("x"):
        report.wasxfail = "a reason"

    assert contradicts(report, state) == (other != said)


def test_every_state_is_shown() -> None:
    assert {*SHOWN, State.OUT_OF_GATE} == set(State)
