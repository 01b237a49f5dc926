"""Facts: what a probe saw, or why it saw nothing.

First station of the data's way: probes produce :class:`Observed` facts, a suite's
bodies hold them against requirements (:mod:`.requirement`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Cause", "Observed", "Unavailable"]

T = TypeVar("T")
U = TypeVar("U")


class Cause(StrEnum):
    """Why a fact is unavailable; decides the state an item gets from it."""

    NO_ANSWER = "no-answer"
    """The thing itself refused, hung, closed or spoke nonsense.

    Failed for an item whose claim is that the thing answers (``reach``), unknown for
    every other item.
    """
    LOCAL = "local"
    """Could not look from here: no route, tool or permission, the run's deadline."""
    THIRD_PARTY = "third-party"
    """Somebody else's 429 or 5xx says nothing about this system."""
    WITHHELD = "withheld"
    """The server does not show this view to the role; the reason names the GRANT."""
    UNCONFIGURED = "unconfigured"
    """The target does not say where to look."""
    NEEDS_DRILL = "needs-drill"
    """Only a drill would show it, and the target does not allow one here."""
    TOO_EARLY = "too-early"
    """There is nothing to see yet; the reason names the time when there will be."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Stands in for a value that could not be observed."""

    reason: str
    cause: Cause = Cause.LOCAL
    remedy: str = ""

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class Observed(Generic[T]):
    """One fact: a value or :class:`Unavailable`, and where and when it was seen.

    Reading a fact never raises. ``value`` carries its unit in its type where there is
    one (``timedelta``, ``datetime``); ``unit`` names it otherwise (``"bytes"``,
    ``"ratio"``).
    """

    value: T | Unavailable
    source: str
    at: dt.datetime
    unit: str = ""
    duration: dt.timedelta = dt.timedelta(0)
    detail: str = ""

    @property
    def available(self) -> bool:
        """Whether there is a value."""
        return not isinstance(self.value, Unavailable)

    @property
    def configured(self) -> bool:
        """Whether the target says where to look."""
        value = self.value
        return not (
            isinstance(value, Unavailable) and value.cause is Cause.UNCONFIGURED
        )

    def map(
        self, change: Callable[[T], U | Unavailable], *, unit: str | None = None
    ) -> Observed[U]:
        """Derive another fact from this one; unavailable stays unavailable."""
        value = self.value
        return Observed(
            value if isinstance(value, Unavailable) else change(value),
            self.source,
            self.at,
            self.unit if unit is None else unit,
            self.duration,
            self.detail,
        )

    def otherwise(self, default: U) -> T | U:
        """Give the value, or ``default`` where there is none."""
        return default if isinstance(self.value, Unavailable) else self.value
