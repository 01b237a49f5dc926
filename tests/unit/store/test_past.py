"""Past reports are kept by question, found again, pruned, and never trusted blindly."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import StoreError
from pytest_readiness.store.past import TREND, Past, Question
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.store.document import Report

NOON = dt.datetime(2026, 10, 10, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def on(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> Callable[..., Report]:
    """Make a report of a day, counted from the first."""

    def on(day: int, **changes: object) -> Report:
        item = make_item()
        outcome = Outcome.plain(item.id, State.VERIFIED)
        report = make_report([item], {item.id: outcome})
        ended = NOON + dt.timedelta(days=day)
        run = report.run.model_copy(update={"ended": ended})
        return report.model_copy(update={"run": run, **changes})

    return on


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "store", most=3)


def test_the_newest_comes_first(past: Past, on: Callable[..., Report]) -> None:
    reports = [on(day) for day in (2, 0, 1)]
    for report in reports:
        past.keep(report)

    question = Question.of(reports[0])
    assert list(past.runs(question)) == [reports[0], reports[2], reports[1]]
    assert past.last(question) == reports[0]
    trend = past.trend(question)
    assert [one.at for one in trend] == [NOON + dt.timedelta(days=d) for d in (0, 1, 2)]
    assert trend[0].counts[State.VERIFIED] == 1


def test_the_oldest_are_dropped(past: Past, on: Callable[..., Report]) -> None:
    for day in range(5):
        past.keep(on(day))

    days = [report.run.ended.day for report in past.runs(Question.of(on(0)))]
    assert days == [14, 13, 12]


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": "staging"},
        {"system": "another"},
        {"environment": "../../outside"},
        {"environment": "pro/duction"},
        {"environment": "...."},
    ],
)
def test_questions_are_kept_apart(
    past: Past, on: Callable[..., Report], changes: dict[str, str]
) -> None:
    other, mine = on(0, **changes), on(1)
    kept = past.keep(other)
    past.keep(mine)

    assert past.folder in kept.resolve().parents
    assert list(past.runs(Question.of(mine))) == [mine]
    assert list(past.runs(Question.of(other))) == [other]


def test_a_damaged_file_is_passed_over(past: Past, on: Callable[..., Report]) -> None:
    first, second, third = (past.keep(on(day)) for day in range(3))
    third.write_bytes(third.read_bytes()[:-100])
    second.write_bytes(on(1, exit_code=1).canonical())
    (first.parent / "notes.json").write_text("{}")

    assert list(past.runs(Question.of(on(0)))) == [on(0)]


def test_an_empty_store_has_nothing(past: Past, on: Callable[..., Report]) -> None:
    question = Question.of(on(0))

    assert past.last(question) is None
    assert past.trend(question) == ()


def test_a_trend_ends_somewhere(tmp_path: Path, on: Callable[..., Report]) -> None:
    past = Past(tmp_path, most=TREND + 5)
    for day in range(TREND + 3):
        past.keep(on(day))

    trend = past.trend(Question.of(on(0)))
    assert len(trend) == TREND
    assert trend[-1].at == NOON + dt.timedelta(days=TREND + 2)


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, on: Callable[..., Report]
) -> None:
    (tmp_path / "store").write_text("a file")

    with pytest.raises(StoreError, match="cannot be written"):
        Past(tmp_path / "store", most=3).keep(on(0))


def test_what_cannot_be_pruned_is_said(past: Past, on: Callable[..., Report]) -> None:
    for day in range(3):
        kept = past.keep(on(day))
    stuck = kept.parent / f"20200101T000000000Z-{'0' * 12}.json"
    stuck.mkdir()

    with pytest.raises(StoreError, match="old reports cannot be removed"):
        past.keep(on(3))
