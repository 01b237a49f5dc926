from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.catalogue.requirement import Bound, Check, Expectation, Judged

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.catalogue.judgement import Judgement

NOON = dt.datetime(2026, 10, 10, 12, tzinfo=dt.UTC)


def seen(value: object, unit: str = "") -> Observed[Any]:
    return Observed(
        value, "redis://cache:6379", NOON, unit, dt.timedelta(seconds=1), ""
    )


def only(check: Check) -> Judgement:
    (judgement,) = check.judgements
    return judgement


def judge(value: object, require: Callable[[Expectation[Any]], object]) -> Judgement:
    check = Check()
    require(check("fact", seen(value)))
    return only(check)


@pytest.mark.parametrize(
    ("require", "good", "bad", "words"),
    [
        (lambda e: e.at_least(12), 12, 11, "at least 12"),
        (lambda e: e.at_most(12), 12, 13, "at most 12"),
        (lambda e: e.above(12), 13, 12, "above 12"),
        (lambda e: e.below(12), 11, 12, "below 12"),
        (lambda e: e.newer_than(12), 13, 12, "newer than 12"),
        (lambda e: e.equals(12), 12, 13, "equal to 12"),
        (lambda e: e.between(1, 3), 3, 4, "between 1 and 3"),
        (lambda e: e.between(1, 3), 1, 0, "between 1 and 3"),
        (lambda e: e.one_of(("a", "b")), "b", "c", "one of a or b"),
        (lambda e: e.contains("a"), ["a"], ["b"], "contains a"),
        (lambda e: e.matches("v[0-9]+"), "v12", "v12\n", "matches v[0-9]+"),
        (lambda e: e.empty(), [], ["x"], "none"),
        (lambda e: e.is_true(), True, False, "yes"),
        (lambda e: e.is_true(), True, 1, "yes"),
        (lambda e: e.is_false(), False, 0, "no"),
        (lambda e: e.satisfies("even", lambda v: v % 2 == 0), 2, 3, "even"),
    ],
)
def test_each_requirement_holds_and_fails(
    require: Callable[[Expectation[Any]], object], good: object, bad: object, words: str
) -> None:
    met, violated = judge(good, require), judge(bad, require)
    assert (met.judged, met.required) == (Judged.MET, words)
    assert (violated.judged, violated.required) == (Judged.VIOLATED, words)


def test_a_judgement_carries_the_evidence() -> None:
    check = Check()
    fact = Observed(5, "redis://c", NOON, "ms", dt.timedelta(seconds=2), "20 samples")
    check("round trip", fact).at_most(Bound(9, source="readiness.toml [limits]"))
    line = only(check)
    assert (line.label, line.observed, line.required) == (
        "round trip",
        "5 ms",
        "at most 9 ms",
    )
    assert (line.source, line.detail, line.at) == ("redis://c", "20 samples", NOON)
    assert line.duration == dt.timedelta(seconds=2)
    assert line.bound_source == "readiness.toml [limits]"


def test_every_check_is_judged_and_a_failing_one_hides_none() -> None:
    check = Check()
    check("first", seen(1)).at_least(2)
    check("second", seen(3)).at_least(2).at_most(2)
    check("third", seen(None)).is_true()
    assert [(line.label, line.judged) for line in check.judgements] == [
        ("first", Judged.VIOLATED),
        ("second", Judged.MET),
        ("second", Judged.VIOLATED),
        ("third", Judged.UNAVAILABLE),
    ]
    assert check.size == 4


def test_a_check_without_a_requirement_is_kept_as_unjudged() -> None:
    check = Check(redact=lambda text: text.replace("cache", "***"))
    check("cache size", seen(1))
    line = only(check)
    assert line.judged is Judged.UNJUDGED
    assert (line.label, line.source) == ("*** size", "redis://***:6379")


@pytest.mark.parametrize("nothing", [None, math.nan, Decimal("NaN")])
def test_nothing_observed_satisfies_nothing(nothing: object) -> None:
    line = judge(nothing, lambda e: e.satisfies("anything", lambda _v: True))
    assert (line.judged, line.reason) == (Judged.UNAVAILABLE, "observed nothing")


def test_an_unavailable_fact_keeps_reason_cause_and_remedy() -> None:
    gone = Unavailable("refused", Cause.NO_ANSWER, "start it")
    line = judge(gone, lambda e: e.at_least(1))
    assert (line.judged, line.observed) == (Judged.UNAVAILABLE, "-")
    assert (line.reason, line.cause, line.remedy) == (
        "refused",
        Cause.NO_ANSWER,
        "start it",
    )


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (Unavailable("no answer", Cause.NO_ANSWER), "no answer"),
        (None, "observed nothing"),
        (math.nan, "observed nothing"),
    ],
)
def test_an_unknown_bound_is_no_bound(limit: object, reason: str) -> None:
    for line in (
        judge(5, lambda e: e.at_least(seen(limit))),
        judge(5, lambda e: e.equals(seen(limit))),
    ):
        assert line.judged is Judged.UNAVAILABLE
        assert line.reason == f"the bound is not known: {reason}"
        assert line.bound_source == "redis://cache:6379"


def test_another_fact_is_a_bound() -> None:
    assert judge(5, lambda e: e.at_most(seen(5))).judged is Judged.MET
    assert judge(6, lambda e: e.at_most(seen(5))).judged is Judged.VIOLATED


@pytest.mark.parametrize(
    ("value", "judged"),
    [(11, Judged.VIOLATED), (12, Judged.LOOSENED), (13, Judged.MET)],
)
def test_what_meets_the_setting_but_not_the_floor_is_loosened(
    value: int, judged: Judged
) -> None:
    line = judge(value, lambda e: e.at_least(Bound(12, floor=13)))
    assert line.judged is judged
    loosened = judged is Judged.LOOSENED
    assert line.reason == ("the checklist's floor is 13" if loosened else "")


def test_what_cannot_be_compared_is_unavailable() -> None:
    def broken(_value: object) -> bool:
        msg = "division by zero"
        raise ZeroDivisionError(msg)

    class Odd:
        def __ne__(self, other: object) -> bool:
            raise RuntimeError

        __hash__ = None  # type: ignore[assignment]  # as arrays have it

    for line in (
        judge("12", lambda e: e.at_least(12)),
        judge(NOON.replace(tzinfo=None), lambda e: e.newer_than(NOON)),
        judge(5, lambda e: e.contains(5)),
        judge(1, lambda e: e.satisfies("broken", broken)),
        judge(Odd(), lambda e: e.equals(1)),
    ):
        assert line.judged is Judged.UNAVAILABLE
        assert line.reason.startswith("cannot be compared: ")


def test_a_predicate_may_say_that_it_cannot_tell() -> None:
    line = judge(1, lambda e: e.satisfies("known", lambda _v: Unavailable("who knows")))
    assert (line.judged, line.reason) == (Judged.UNAVAILABLE, "who knows")


def test_no_allowed_value_at_all_is_unconfigured() -> None:
    line = judge("a", lambda e: e.one_of(()))
    assert (line.judged, line.cause) == (Judged.UNAVAILABLE, Cause.UNCONFIGURED)


def test_each_goes_through_a_list() -> None:
    check = Check()
    assert list(check.each("endpoints", seen((1, 2)))) == [1, 2]
    assert check.judgements == ()


@pytest.mark.parametrize(
    ("members", "cause", "reason"),
    [
        ((), Cause.UNCONFIGURED, "none declared"),
        (None, Cause.LOCAL, "observed nothing"),
        (Unavailable("hung", Cause.NO_ANSWER), Cause.NO_ANSWER, "hung"),
    ],
)
def test_an_empty_or_unseen_list_is_recorded(
    members: object, cause: Cause, reason: str
) -> None:
    check = Check()
    assert list(check.each("endpoints", seen(members))) == []
    line = only(check)
    assert (line.judged, line.cause, line.reason) == (
        Judged.UNAVAILABLE,
        cause,
        reason,
    )


def test_texts_from_outside_are_redacted() -> None:
    check = Check(redact=lambda text: text.replace("hunter2", "***"))
    fact = Observed("is hunter2", "url hunter2", NOON, detail="hunter2")
    check("label hunter2", fact).equals("not hunter2").contains("hunter2")
    bad: Observed[str] = Observed(Unavailable("hunter2", remedy="hunter2"), "", NOON)
    check("gone", bad).equals("")
    assert "hunter2" not in repr(check.judgements)
    assert "***" in check.judgements[0].observed
