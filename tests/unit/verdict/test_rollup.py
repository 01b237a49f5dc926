from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.item import Item, Kind, Rollup
from pytest_readiness.errors import ConfigError
from pytest_readiness.verdict.judging import Body
from pytest_readiness.verdict.rollup import in_order, members, roll_up
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Item]


def rollup(make: Make, id_: str, *over: str, excluding: tuple[str, ...] = ()) -> Item:
    return make(id=id_, kind=Kind.ROLLUP, rollup=Rollup(over, excluding))


def outcomes(*states: State) -> dict[str, Outcome]:
    return {
        f"keys.k{number}": Outcome.plain(f"keys.k{number}", state)
        for number, state in enumerate(states)
    }


def test_members_are_found_by_pattern_and_never_itself(make_item: Make) -> None:
    ids = ["keys.a", "keys.b", "keys.all", "other.a"]
    assert members(rollup(make_item, "keys.all", "keys.*"), ids) == ("keys.a", "keys.b")
    without = rollup(make_item, "keys.all", "*", excluding=("*.b", "other.*"))
    assert members(without, ids) == ("keys.a",)
    assert members(make_item(), ids) == ()


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        ([State.VERIFIED, State.ATTESTED], State.ATTESTED),
        ([State.VERIFIED, State.WAIVED], State.VERIFIED),
        ([State.NOT_APPLICABLE], State.VERIFIED),
        ([State.WAIVED, State.ATTESTED], State.ATTESTED),
        ([State.ATTESTED, State.PENDING], State.PENDING),
        ([State.PENDING, State.UNCONFIGURED], State.UNCONFIGURED),
        ([State.UNCONFIGURED, State.UNKNOWN], State.UNKNOWN),
        ([State.UNKNOWN, State.FAILED], State.FAILED),
        ([State.FAILED, State.NOT_RUN], State.NOT_RUN),
        ([State.VERIFIED, State.OUT_OF_GATE], State.VERIFIED),
    ],
)
def test_the_worst_state_wins(
    make_item: Make, states: list[State], worst: State
) -> None:
    body = roll_up(rollup(make_item, "sum.all", "keys.*"), outcomes(*states))
    assert body.state is worst
    assert body.code == ("MEMBERS" if worst.blocks else "")


def test_waived_and_not_applicable_members_are_counted(make_item: Make) -> None:
    body = roll_up(
        rollup(make_item, "sum.all", "keys.*"),
        outcomes(State.VERIFIED, State.WAIVED, State.NOT_APPLICABLE, State.VERIFIED),
    )
    assert body == Body(
        State.VERIFIED, "", "1 waived, 2 verified, 1 not-applicable, of 4"
    )


def test_the_reason_names_the_worst(make_item: Make) -> None:
    states = [State.FAILED] * 5 + [State.PENDING] * 2 + [State.VERIFIED]
    body = roll_up(rollup(make_item, "sum.all", "keys.*"), outcomes(*states))
    assert body.reason == (
        "5 failed, 2 pending, of 8: keys.k0, keys.k1, keys.k2 and 2 more"
    )


def test_before_waivers_the_raw_states_count(make_item: Make) -> None:
    known = {"keys.a": Outcome("keys.a", State.WAIVED, State.FAILED)}
    item = rollup(make_item, "sum.all", "keys.*")
    assert roll_up(item, known).state is State.VERIFIED
    assert roll_up(item, known, raw=True).state is State.FAILED


def test_a_rollup_over_nothing_observed_nothing(make_item: Make) -> None:
    item = rollup(make_item, "sum.all", "keys.*")
    for nothing in ({}, outcomes(State.OUT_OF_GATE)):
        body = roll_up(item, nothing)
        assert (body.state, body.code) == (State.UNKNOWN, "NO_MEMBERS")


def test_a_rollup_comes_after_those_that_it_covers(make_item: Make) -> None:
    top = rollup(make_item, "final.all", "*", excluding=("final.ready",))
    ready = rollup(make_item, "final.ready", "*")
    keys = rollup(make_item, "keys.all", "keys.*")
    ids = ["final.ready", "final.all", "keys.all", "keys.a"]
    assert in_order([ready, top, keys], ids) == [keys, top, ready]
    assert in_order([], ids) == []


def test_a_circle_is_refused_by_name(make_item: Make) -> None:
    one, two = rollup(make_item, "a.one", "*"), rollup(make_item, "a.two", "*")
    with pytest.raises(ConfigError, match=r"cover each other: a\.\w+ -> a\.\w+ -> a\."):
        in_order([one, two], ["a.one", "a.two"])
