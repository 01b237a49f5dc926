"""The rules of test cases: enough of them, of this release, that ran and passed."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.catalogue.requirement import Check
from pytest_readiness.plugin.case_rules import case_rules
from pytest_readiness.probes.artefacts.junit import Case, Junit, Outcome
from pytest_readiness.target.blocks import Limits
from pytest_readiness.verdict.judging import judge
from pytest_readiness.verdict.states import State

NOW = dt.datetime.now(dt.UTC)


def case(name: str, outcome: Outcome = Outcome.PASSED) -> Case:
    return Case("tests.test_breaker", name, outcome, 0.1)


def state(bound: tuple[Case, ...] | Unavailable, *foreign: str) -> State:
    def fact(value: object) -> Observed[object]:
        return Observed(value, "breaker.xml", NOW)

    junit = Junit(  # type: ignore[arg-type]  # made of plain values
        foreign=fact(foreign),
        made=fact(NOW),
        ran=fact(2),
        bad=fact(()),
        cases=fact(()),
        bound=fact(bound),
        data=fact(""),
    )
    check = Check()
    case_rules(check, junit, Limits())
    return judge(check.judgements, reach=False).state


GOOD = (case("opens"), case("closes"))


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        (GOOD, State.VERIFIED),
        (GOOD[:1], State.FAILED),
        ((), State.FAILED),
        ((*GOOD, case("waits", Outcome.FAILED)), State.FAILED),
        ((*GOOD, case("waits", Outcome.ERROR)), State.FAILED),
        (Unavailable("none named", Cause.UNCONFIGURED), State.UNCONFIGURED),
        (Unavailable("no file"), State.UNKNOWN),
    ],
)
def test_cases_make_a_state(
    bound: tuple[Case, ...] | Unavailable, expected: State
) -> None:
    assert state(bound) is expected


def test_a_report_of_another_release_is_none() -> None:
    assert state(GOOD, "breaker.xml (stamped for 1.3.0)") is State.FAILED
