"""Counting persons: has each needed place somebody of its own?

Thresholds are counted by person, never by key and never by line. A person with three
roles fills one place, so that counting roles one by one would be wrong both ways: it is
a matching of places to persons (Kuhn's augmenting paths), and the largest one is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Sequence

__all__ = ["Seating", "seat", "seat_longest"]


@dataclass(frozen=True, slots=True)
class Seating:
    """Who fills which place; None where nobody is left for it."""

    persons: tuple[str | None, ...]

    @property
    def complete(self) -> bool:
        """Whether every place is filled."""
        return None not in self.persons

    @property
    def empty(self) -> tuple[int, ...]:
        """The places that nobody fills."""
        return tuple(
            place for place, person in enumerate(self.persons) if person is None
        )


def seat(eligible: Sequence[Collection[str]]) -> Seating:
    """Fill as many places as can be filled, each person in one place at most.

    Args:
        eligible: for each place, the persons who may fill it.

    Returns:
        A largest seating; of several the one that does not depend on any order of the
        persons, since they are tried by name.
    """
    place_of: dict[str, int] = {}

    def find(place: int, tried: set[str]) -> bool:
        for person in sorted(eligible[place]):
            if person in tried:
                continue
            tried.add(person)
            taken = place_of.get(person)
            if taken is None or find(taken, tried):
                place_of[person] = place
                return True
        return False

    for place in range(len(eligible)):
        find(place, set())
    persons: list[str | None] = [None] * len(eligible)
    for person, place in place_of.items():
        persons[place] = person
    return Seating(tuple(persons))


def seat_longest(
    eligible: Sequence[Collection[str]], until: Callable[[str], dt.datetime]
) -> Seating:
    """As :func:`seat`, and of all complete seatings one that lasts longest.

    ``until`` tells how long a person's signature lasts. What rests on several
    signatures ends with the first of them, so the early ones are left out where
    others do.
    """
    seating = seat(eligible)
    if not seating.complete:
        return seating
    ends = {until(person) for persons in eligible for person in persons}
    tries = (
        seat([{p for p in persons if until(p) >= end} for persons in eligible])
        for end in sorted(ends, reverse=True)
    )
    return next((better for better in tries if better.complete), seating)
