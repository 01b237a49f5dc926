from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.catalogue.item import Item, Kind, Rollup
from pytest_readiness.reports.blocking import blocking, counted, severity
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.store.document import Report


def test_what_blocks_is_grouped_by_owner_the_worst_first(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    wanted = [
        ("s.a", "dba", State.PENDING, "MISSING", "nobody"),
        ("s.b", "dba", State.FAILED, "VIOLATED", "11"),
        ("s.c", "ops-lead", State.FAILED, "VIOLATED", "12"),
        ("s.d", "ops-lead", State.FAILED, "VIOLATED", "13"),
        ("s.e", "qa-lead", State.VERIFIED, "", ""),
        ("s.f", "qa-lead", State.NOT_RUN, "NOT_RECORDED", "it was deselected"),
        ("s.g", "dba", State.NOT_RUN, "NOT_RECORDED", "it was deselected"),
        ("s.h", "dev-lead", State.NOT_RUN, "FOREIGN_OUTCOME", "it was logged"),
        ("s.all", "project-manager", State.FAILED, "MEMBERS", "3 failed"),
    ]
    items = [
        make_item(
            id=id_,
            owner=owner,
            kind=Kind.ROLLUP if id_ == "s.all" else Kind.PROBE,
            rollup=Rollup(("*",)) if id_ == "s.all" else None,
        )
        for id_, owner, *_ in wanted
    ]
    outcomes = {
        id_: Outcome.plain(id_, state, code, reason)
        for id_, _, state, code, reason in wanted
    }
    found = blocking(make_report(items, outcomes))
    assert [(o.role, [i.id for i in o.items]) for o in found.owners] == [
        ("ops-lead", ["s.c", "s.d"]),
        ("dba", ["s.b", "s.a"]),
    ]
    assert [[i.id for i in o.items] for o in found.not_run] == [["s.f", "s.g"], ["s.h"]]
    assert [i.id for i in found.following] == ["s.all"]


def test_items_that_one_action_closes_are_one_obstacle(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    items = [make_item(id=f"s.i{number}") for number in range(3)]
    items.append(make_item(id="s.other", fix="something else"))
    outcomes = {
        item.id: Outcome.plain(item.id, State.UNCONFIGURED, "UNCONFIGURED", "no block")
        for item in items
    }
    (owner,) = blocking(make_report(items, outcomes)).owners
    assert [len(obstacle.items) for obstacle in owner.obstacles] == [3, 1]
    assert owner.obstacles[0].first.id == "s.i0"


def test_counts_are_in_words_worst_first() -> None:
    states = [State.PENDING, State.FAILED, State.PENDING, State.NOT_APPLICABLE]
    assert counted(states) == "1 failed, 2 pending, 1 not-applicable"
    assert severity(State.NOT_RUN) < severity(State.FAILED) < severity(State.VERIFIED)
