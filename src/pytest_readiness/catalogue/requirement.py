"""Requirements: ``check(label, fact).at_least(bound)``.

Bodies of items hold facts against bounds here. Every check of an item is judged, a
failing one hides none, and nothing raises: what cannot be judged is recorded as
unavailable, which never satisfies anything. :mod:`pytest_readiness.verdict` makes a
state of the judgements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar, cast

from pytest_readiness.catalogue.judgement import Bound, Demand, Judged, Judgement
from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.catalogue.rendering import render

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sized

__all__ = ["Bound", "Check", "Expectation", "Judged", "Judgement"]

T = TypeVar("T")
_Sized = TypeVar("_Sized", bound="Sized")


class _Ordered(Protocol):
    def __lt__(self, other: Self, /) -> bool: ...
    def __le__(self, other: Self, /) -> bool: ...


@dataclass
class Check:
    """Collects the judgements of one item.

    ``redact`` is applied to every text that comes from outside before it is kept.
    """

    redact: Callable[[str], str] = str
    _slots: list[Judgement | Expectation[object]] = field(default_factory=list)

    def __call__(self, label: str, fact: Observed[T]) -> Expectation[T]:
        """Start a check: name the fact, then state its requirement on the result."""
        expectation = Expectation(self, label, fact, self.size)
        self._slots.append(expectation)  # type: ignore[arg-type]  # judged or not, it counts
        return expectation

    def each(self, label: str, fact: Observed[tuple[T, ...]]) -> Iterator[T]:
        """Give a list of things to check; an empty or unseen list is recorded.

        A loop over nothing would judge nothing: an empty list is unconfigured.
        """
        members = cast("tuple[T, ...] | Unavailable | None", fact.value)
        if isinstance(members, Unavailable):
            nothing = members
        elif members is None:
            nothing = Unavailable(_NOTHING)
        elif members:
            return iter(members)
        else:
            nothing = Unavailable("none declared", Cause.UNCONFIGURED)
        self.record(self.size, label, fact, Demand("at least one"), nothing)
        return iter(())

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """Every check so far, those left without a requirement included."""
        return tuple(
            slot.unjudged() if isinstance(slot, Expectation) else slot
            for slot in self._slots
        )

    @property
    def size(self) -> int:
        """How many checks there are so far."""
        return len(self._slots)

    def record(
        self,
        slot: int,
        label: str,
        fact: Observed[T],
        demand: Demand,
        result: Judged | Unavailable,
    ) -> None:
        """Keep what holding a fact against a demand gave, in its place."""
        lacking = result if isinstance(result, Unavailable) else None
        value = fact.value
        unseen = isinstance(value, Unavailable)
        shown = "-" if unseen else render(value, fact.unit, self.redact)
        loosened = demand.loosened if result is Judged.LOOSENED else ""
        judgement = Judgement(
            label=self.redact(label),
            observed=self.redact(shown),
            required=self.redact(demand.words),
            judged=Judged.UNAVAILABLE if isinstance(result, Unavailable) else result,
            reason=self.redact(lacking.reason if lacking else loosened),
            cause=lacking.cause if lacking else None,
            remedy=self.redact(lacking.remedy) if lacking else "",
            source=self.redact(fact.source),
            detail=self.redact(fact.detail),
            at=fact.at,
            duration=fact.duration,
            bound_source=self.redact(demand.source),
        )
        self._slots[slot : slot + 1] = [judgement]

    def unjudged(self, label: str, fact: Observed[T]) -> Judgement:
        """Give the line for a check that never got a requirement."""
        return Judgement(
            label=self.redact(label),
            observed="-",
            required="-",
            judged=Judged.UNJUDGED,
            reason="the suite states no requirement for this fact",
            source=self.redact(fact.source),
            at=fact.at,
        )


class Expectation(Generic[T]):
    """A fact that waits for its requirement; calling a second one adds a check."""

    def __init__(self, check: Check, label: str, fact: Observed[T], slot: int) -> None:
        self._check = check
        self._label = label
        self._fact = fact
        self._slot: int | None = slot

    def at_least(self, bound: T | Bound[T] | Observed[T]) -> Self:
        """Require ``fact >= bound``."""
        return self._compare("at least", bound, lambda a, b: b <= a)

    def at_most(self, bound: T | Bound[T] | Observed[T]) -> Self:
        """Require ``fact <= bound``."""
        return self._compare("at most", bound, lambda a, b: a <= b)

    def above(self, bound: T | Bound[T] | Observed[T]) -> Self:
        """Require ``fact > bound``."""
        return self._compare("above", bound, lambda a, b: b < a)

    def below(self, bound: T | Bound[T] | Observed[T]) -> Self:
        """Require ``fact < bound``."""
        return self._compare("below", bound, lambda a, b: a < b)

    def newer_than(self, bound: T | Bound[T] | Observed[T]) -> Self:
        """Require a time after ``bound``."""
        return self._compare("newer than", bound, lambda a, b: b < a)

    def equals(self, expected: T | Bound[T] | Observed[T]) -> Self:
        """Require ``fact == expected``."""
        return self._compare("equal to", expected, lambda a, b: bool(a == b))

    def between(self, low: T, high: T) -> Self:
        """Require ``low <= fact <= high``."""
        required = f"between {self._show(low)} and {self._show(high)}"
        return self.satisfies(required, lambda v: _holds(low, v) and _holds(v, high))

    def one_of(self, options: Collection[T]) -> Self:
        """Require one of the given values."""
        if not options:
            none = Unavailable("no value is declared as allowed", Cause.UNCONFIGURED)
            return self.satisfies("one of none", lambda _value: none)
        shown = " or ".join(self._show(option) for option in options)
        return self.satisfies(f"one of {shown}", lambda value: value in options)

    def contains(self, member: object) -> Self:
        """Require a text or collection that holds ``member``."""
        return self.satisfies(
            f"contains {render(member, redact=self._check.redact)}",
            lambda value: member in value,  # type: ignore[operator]  # judged below
        )

    def matches(self, pattern: str) -> Self:
        """Require a text that the regular expression matches from start to end."""
        return self.satisfies(
            f"matches {pattern}",
            lambda value: re.fullmatch(pattern, str(value)) is not None,
        )

    def empty(self: Expectation[_Sized]) -> Expectation[_Sized]:
        """Require a collection without members."""
        return self.satisfies("none", lambda value: len(value) == 0)

    def is_true(self: Expectation[bool]) -> Expectation[bool]:
        """Require ``True``."""
        return self.satisfies("yes", lambda value: value is True)

    def is_false(self: Expectation[bool]) -> Expectation[bool]:
        """Require ``False``."""
        return self.satisfies("no", lambda value: value is False)

    def satisfies(
        self, required: str, holds: Callable[[T], bool | Unavailable]
    ) -> Self:
        """Require whatever ``holds`` says; ``required`` is its wording for people.

        ``holds`` may answer ``Unavailable`` where it cannot tell.
        """
        return self._judge(Demand(required), lambda value: _verdict(holds(value)))

    def _show(self, bound: object) -> str:
        return render(bound, self._fact.unit, self._check.redact)

    def _compare(
        self,
        words: str,
        bound: T | Bound[T] | Observed[T],
        holds: Callable[[_Ordered, _Ordered], bool],
    ) -> Self:
        limit, floor, source = _parts(bound)
        if isinstance(limit, Unavailable):
            demand = Demand(f"{words} a bound that is not known", source=source)
            unknown = limit
            return self._judge(demand, lambda _value: unknown)

        def judge(value: T) -> Judged:
            if not holds(value, limit):  # type: ignore[arg-type]  # TypeError is judged
                return Judged.VIOLATED
            if floor is not None and not holds(value, floor):  # type: ignore[arg-type]
                return Judged.LOOSENED
            return Judged.MET

        demand = Demand(
            f"{words} {self._show(limit)}",
            "" if floor is None else f"the checklist's floor is {self._show(floor)}",
            source,
        )
        return self._judge(demand, judge)

    def _judge(
        self, demand: Demand, judge: Callable[[T], Judged | Unavailable]
    ) -> Self:
        value = self._fact.value
        result: Judged | Unavailable
        if isinstance(value, Unavailable):
            result = value
        else:
            try:
                result = Unavailable(_NOTHING) if _is_nothing(value) else judge(value)
            except Exception as error:  # noqa: BLE001  # a failing check hides none
                result = Unavailable(f"cannot be compared: {error}")
        slot = self._check.size if self._slot is None else self._slot
        self._slot = None
        self._check.record(slot, self._label, self._fact, demand, result)
        return self

    def unjudged(self) -> Judgement:
        """Give the line for a check that never got a requirement."""
        return self._check.unjudged(self._label, self._fact)


_NOTHING = "observed nothing"


def _is_nothing(value: object) -> bool:
    # NaN is no value: every comparison with it is false, also the reassuring ones.
    return value is None or bool(value != value)  # noqa: PLR0124


def _parts(bound: object) -> tuple[object, object, str]:
    """Give a bound's limit, floor and source; a limit that is not known says why."""
    limit, floor, source = bound, None, ""
    if isinstance(bound, Bound):
        limit, floor, source = bound.value, bound.floor, bound.source
    elif isinstance(bound, Observed):
        fact = cast("Observed[object]", bound)
        limit, source = fact.value, fact.source
    if isinstance(limit, Unavailable):
        reason = f"the bound is not known: {limit.reason}"
        return Unavailable(reason, limit.cause, limit.remedy), floor, source
    if _is_nothing(limit):
        return Unavailable(f"the bound is not known: {_NOTHING}"), floor, source
    return limit, floor, source


def _holds(low: object, high: object) -> bool:
    return bool(low <= high)  # type: ignore[operator]  # TypeError is judged


def _verdict(holds: bool | Unavailable) -> Judged | Unavailable:  # noqa: FBT001
    if isinstance(holds, Unavailable):
        return holds
    return Judged.MET if holds else Judged.VIOLATED
