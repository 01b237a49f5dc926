"""Two reports held against each other."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.result import Result
from pytest_readiness.reports.changes import change_lines, changes_document
from pytest_readiness.store.comparison import compare
from pytest_readiness.store.signed import SignedShown
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.store.document import Report

NOON = dt.datetime(2026, 10, 10, 12, 0, 3, tzinfo=dt.UTC)
WITHIN = dt.timedelta(days=14)
States = dict[str, Any]


@pytest.fixture
def report(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> Callable[..., Report]:
    """Make a report of items by their states; a tuple adds raw state or code."""

    def report(**states: Any) -> Report:
        items, outcomes = [], {}
        for name, given in states.items():
            state, raw, code = given if isinstance(given, tuple) else (given, given, "")
            item = make_item(id=f"section.{name}")
            items.append(item)
            outcomes[item.id] = Outcome(item.id, state, raw, code, f"why {name}")
        return make_report(items, outcomes)

    return report


FAILED, PENDING = State.FAILED, State.PENDING
VERIFIED, WAIVED = State.VERIFIED, State.WAIVED


@pytest.mark.parametrize(
    ("then", "now", "group", "worse"),
    [
        (VERIFIED, FAILED, "worse", True),
        (PENDING, FAILED, "worse", True),
        (VERIFIED, (WAIVED, FAILED, ""), "worse", True),
        ((WAIVED, PENDING, ""), (WAIVED, FAILED, ""), "worse", True),
        (FAILED, VERIFIED, "better", False),
        (FAILED, (WAIVED, FAILED, ""), "better", False),
        (State.UNKNOWN, PENDING, "better", False),
        (State.ATTESTED, (PENDING, PENDING, "EXPIRED"), "stale", True),
        (State.ATTESTED, (PENDING, PENDING, "EVIDENCE_CHANGED"), "stale", True),
        (State.ATTESTED, (PENDING, PENDING, "REVOKED"), "worse", True),
        (VERIFIED, State.ATTESTED, None, False),
        (FAILED, FAILED, None, False),
    ],
)
def test_an_item_changes(
    report: Callable[..., Report],
    then: Any,
    now: Any,
    *,
    group: str | None,
    worse: bool,
) -> None:
    found = compare(report(one=then), report(one=now), WITHIN)
    groups = {
        name: [change.id for change in getattr(found, name)]
        for name in ("better", "worse", "stale", "new", "gone")
    }

    expected = {name: ["section.one"] if name == group else [] for name in groups}
    assert groups == expected
    assert found.is_worse is worse
    document = changes_document(found)
    assert {name: len(document[name]) for name in groups} == {  # type: ignore[arg-type]
        name: len(ids) for name, ids in expected.items()
    }


def test_what_is_gone_is_no_progress(report: Callable[..., Report]) -> None:
    found = compare(report(one=FAILED, two=VERIFIED), report(two=VERIFIED), WITHIN)

    assert [change.id for change in found.gone] == ["section.one"]
    assert found.is_worse
    assert "  section.one (it was failed)" in change_lines(found)


@pytest.mark.parametrize(("state", "worse"), [(VERIFIED, False), (PENDING, True)])
def test_a_new_item_is_worse_where_it_blocks(
    report: Callable[..., Report], *, state: State, worse: bool
) -> None:
    found = compare(report(one=FAILED), report(one=FAILED, two=state), WITHIN)

    assert [change.id for change in found.new] == ["section.two"]
    assert found.is_worse is worse


def test_a_worse_verdict_is_worse_though_no_item_is(
    report: Callable[..., Report],
) -> None:
    then = report(one=VERIFIED)
    now = then.model_copy(update={"verdict": "NOT READY", "exit_code": 13})

    assert compare(then, now, WITHIN).is_worse
    assert not compare(now, then, WITHIN).is_worse


def test_another_question_is_named(report: Callable[..., Report]) -> None:
    then = report(one=VERIFIED)
    now = then.model_copy(update={"environment": "staging", "target_digest": "ef" * 32})

    lines = change_lines(compare(then, now, WITHIN))
    assert "another environment: production, now staging" in lines
    assert "another target digest: cdcdcdcdcdcd, now efefefefefef" in lines


@pytest.mark.parametrize(("days", "soon"), [(13, True), (15, False)])
def test_what_ends_soon_is_named(
    report: Callable[..., Report], *, days: int, soon: bool
) -> None:
    then = report(one=State.ATTESTED, two=FAILED)
    signed = SignedShown(
        result=Result.SATISFIED, expires=NOON + dt.timedelta(days=days)
    )
    items = tuple(one.model_copy(update={"signed": signed}) for one in then.items)
    now = then.model_copy(update={"items": items})
    found = compare(then, now, WITHIN)

    assert [one.item.id for one in found.expiring] == ["section.one"] * soon
    assert not found.is_worse
    said = "  section.one: what is signed ends 2026-10-23 12:00 UTC"
    assert (said in change_lines(found)) is soon
