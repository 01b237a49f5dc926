"""Counting persons is a matching of places to persons."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

import pytest

from pytest_readiness.attest.persons import Seating, seat, seat_longest

DAY = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("eligible", "filled"),
    [
        ([], 0),
        ([[]], 0),
        ([["a"]], 1),
        ([["a"], ["a"]], 1),
        ([["a", "b"], ["a"]], 2),
        ([["a"], ["a", "b"], ["b", "c"]], 3),
        ([["a", "b", "c"], ["a", "b"], ["a"]], 3),
        ([["a", "b"], ["a", "b"], ["a", "b"]], 2),
    ],
)
def test_as_many_places_are_filled_as_can_be(
    eligible: list[list[str]], filled: int
) -> None:
    for order in permutations(eligible):
        seating = seat(order)
        seated = [person for person in seating.persons if person is not None]

        assert len(seated) == len(set(seated)) == filled
        assert seating.complete is (filled == len(eligible))
        assert len(seating.empty) == len(eligible) - filled
        assert all(
            person is None or person in persons
            for person, persons in zip(seating.persons, order, strict=True)
        )


def test_nobody_is_moved_to_a_place_that_is_not_for_them() -> None:
    assert seat([["b"], ["a", "b"]]) == Seating(("b", "a"))


def test_the_order_of_the_persons_does_not_matter() -> None:
    assert seat([["b", "a", "c"]]) == seat([["c", "b", "a"]]) == Seating(("a",))


def test_of_several_signatures_those_that_last_longest_count() -> None:
    ends = {
        name: DAY + dt.timedelta(days=days)
        for name, days in zip("abcd", range(4), strict=True)
    }
    until = ends.__getitem__

    assert seat_longest([["a", "b", "d"], ["a", "c"]], until) == Seating(("d", "c"))
    assert seat_longest([["a", "d"], ["d"]], until) == Seating(("a", "d"))
    assert seat_longest([["a"], ["a"]], until).empty == (1,)
    assert seat_longest([], until) == Seating(())
