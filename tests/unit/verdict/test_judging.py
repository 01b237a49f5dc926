from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.judgement import Judged, Judgement
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.verdict.codes import MEANING, Code
from pytest_readiness.verdict.judging import Body, judge
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Judgement]


def gone(
    make: Make, cause: Cause | None, reason: str = "r", label: str = "l"
) -> Judgement:
    return make(judged=Judged.UNAVAILABLE, cause=cause, reason=reason, label=label)


def test_what_holds_is_verified(make_judgement: Make) -> None:
    assert judge([make_judgement()], reach=False) == Body(State.VERIFIED)


def test_a_violated_requirement_is_failed_and_says_both(make_judgement: Make) -> None:
    body = judge([make_judgement(judged=Judged.VIOLATED)], reach=False)
    assert body == Body(
        State.FAILED, "VIOLATED", "server version: 11.22, required at least 12"
    )


def test_a_loosened_setting_is_failed(make_judgement: Make) -> None:
    loosened = make_judgement(
        judged=Judged.LOOSENED, reason="the checklist's floor is 13"
    )
    body = judge([loosened], reach=False)
    assert (body.state, body.code) == (State.FAILED, "LOOSENED")
    assert body.reason == (
        "server version: 11.22, at least 12 is met but the checklist's floor is 13"
    )
    violated = make_judgement(judged=Judged.VIOLATED)
    worse = judge([loosened, violated], reach=False)
    assert worse.code == "VIOLATED"
    assert worse.reason.startswith("server version: 11.22, required at least 12")
    assert judge([loosened], reach=False, assertion="x").code == "ASSERTION"


def test_an_error_says_why_nothing_was_judged() -> None:
    assert judge([], reach=False).code == "NOTHING_JUDGED"
    assert judge([], reach=False, error="KeyError") == Body(
        State.UNKNOWN, "ERROR", "KeyError"
    )


@pytest.mark.parametrize(
    ("cause", "reach", "state", "code"),
    [
        (Cause.NO_ANSWER, True, State.FAILED, "NO_ANSWER"),
        (Cause.NO_ANSWER, False, State.UNKNOWN, "NOT_SEEN"),
        (Cause.LOCAL, True, State.UNKNOWN, "NOT_SEEN"),
        (Cause.THIRD_PARTY, True, State.UNKNOWN, "NOT_SEEN"),
        (Cause.WITHHELD, True, State.UNKNOWN, "WITHHELD"),
        (Cause.UNCONFIGURED, True, State.UNCONFIGURED, "UNCONFIGURED"),
        (Cause.NEEDS_DRILL, True, State.UNCONFIGURED, "NEEDS_DRILL"),
        (Cause.TOO_EARLY, True, State.PENDING, "TOO_EARLY"),
        (None, True, State.UNKNOWN, "NOT_SEEN"),
    ],
)
def test_the_cause_decides_what_is_not_seen(
    make_judgement: Make, *, cause: Cause | None, reach: bool, state: State, code: str
) -> None:
    assert judge([gone(make_judgement, cause)], reach=reach) == Body(
        state, code, "l: r"
    )


def test_a_check_without_a_requirement_is_unknown(make_judgement: Make) -> None:
    unjudged = make_judgement(judged=Judged.UNJUDGED, reason="states no requirement")
    body = judge([make_judgement(), unjudged], reach=False)
    assert (body.state, body.code) == (State.UNKNOWN, "UNJUDGED")


def test_nothing_judged_is_unknown_whatever_was_asserted(make_judgement: Make) -> None:
    assert judge([], reach=True).code == "NOTHING_JUDGED"
    assert judge([], reach=True).state is State.UNKNOWN
    refuted = judge([], reach=True, assertion="assert 1 == 2")
    assert refuted == Body(State.FAILED, "ASSERTION", "assert 1 == 2")
    beside = judge([make_judgement()], reach=True, assertion="assert 1 == 2")
    assert beside.state is State.FAILED


def test_a_broken_body_is_unknown(make_judgement: Make) -> None:
    body = judge([make_judgement()], reach=False, error="KeyError: 'x'")
    assert body == Body(State.UNKNOWN, "ERROR", "KeyError: 'x'")


def test_the_worst_wins_in_the_designs_order(make_judgement: Make) -> None:
    ladder = [
        make_judgement(),
        gone(make_judgement, Cause.TOO_EARLY),
        gone(make_judgement, Cause.UNCONFIGURED),
        gone(make_judgement, Cause.LOCAL),
        make_judgement(judged=Judged.VIOLATED),
    ]
    states = [
        judge(ladder[: length + 1], reach=False).state for length in range(len(ladder))
    ]
    assert states == [
        State.VERIFIED,
        State.PENDING,
        State.UNCONFIGURED,
        State.UNKNOWN,
        State.FAILED,
    ]


@pytest.mark.parametrize("cause", list(Cause))
def test_one_reason_for_many_facts_is_said_once(
    make_judgement: Make, cause: Cause
) -> None:
    dead = [gone(make_judgement, cause, "no route", f"fact {n}") for n in range(20)]
    assert judge(dead, reach=True).reason == "no route"
    two = [*dead, gone(make_judgement, cause, "no tool")]
    assert judge(two, reach=True).reason == "no route (and 1 more)"


@pytest.mark.parametrize("judged", [Judged.VIOLATED, Judged.LOOSENED, Judged.UNJUDGED])
def test_lines_with_equal_texts_are_counted_one_by_one(
    make_judgement: Make, judged: Judged
) -> None:
    bad = [make_judgement(judged=judged, label=name, reason="r") for name in "abc"]
    assert judge(bad, reach=False).reason.startswith("a: ")
    assert judge(bad, reach=False).reason.endswith(" (and 2 more)")


def test_failures_with_equal_figures_keep_their_labels(make_judgement: Make) -> None:
    bad = [make_judgement(judged=Judged.VIOLATED, label=name) for name in "ab"]
    assert (
        judge(bad, reach=False).reason == "a: 11.22, required at least 12 (and 1 more)"
    )


def test_withheld_is_said_only_where_nothing_else_is_unknown(
    make_judgement: Make,
) -> None:
    withheld = gone(make_judgement, Cause.WITHHELD, "GRANT pg_monitor")
    local = gone(make_judgement, Cause.LOCAL)
    assert judge([withheld, local], reach=False).code == "NOT_SEEN"
    error = judge([withheld], reach=False, error="KeyError")
    assert error.code == "ERROR"
    body = judge([withheld, make_judgement()], reach=False)
    assert (body.code, body.beside) == ("WITHHELD", Body(State.VERIFIED))


def test_what_a_signature_may_close_keeps_the_rest_beside_it(
    make_judgement: Make,
) -> None:
    unconfigured = gone(make_judgement, Cause.UNCONFIGURED)
    early = gone(make_judgement, Cause.TOO_EARLY)
    assert judge([unconfigured], reach=False).beside is None
    assert judge([unconfigured, make_judgement()], reach=False).beside == Body(
        State.VERIFIED
    )
    beside = judge([unconfigured, early], reach=False).beside
    assert beside is not None
    assert beside.code == "TOO_EARLY"
    assert judge([early, make_judgement()], reach=False).beside is None


def test_every_code_has_a_meaning() -> None:
    assert set(MEANING) == set(Code)
    assert all(text.endswith(".") for text in MEANING.values())
