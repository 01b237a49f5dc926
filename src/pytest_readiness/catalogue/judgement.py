"""What judging gives: bounds and demands go in, lines of evidence come out.

Made by :mod:`.requirement`, made a state of by :mod:`pytest_readiness.verdict`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from pytest_readiness.catalogue.observation import Cause

__all__ = ["Bound", "Demand", "Judged", "Judgement"]

T_co = TypeVar("T_co", covariant=True)


class Judged(StrEnum):
    """What holding one fact against one requirement gave."""

    MET = "met"
    VIOLATED = "violated"
    LOOSENED = "loosened"
    """Meets the target's own setting, but not the checklist's floor."""
    UNAVAILABLE = "unavailable"
    UNJUDGED = "unjudged"
    """A check without a requirement: a mistake in the suite."""


@dataclass(frozen=True, slots=True)
class Bound(Generic[T_co]):
    """A limit from the target file, with the checklist's floor where it has one."""

    value: T_co
    floor: T_co | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One line of evidence: a fact, its requirement, and what follows."""

    label: str
    observed: str
    required: str
    judged: Judged
    reason: str = ""
    cause: Cause | None = None
    remedy: str = ""
    source: str = ""
    detail: str = ""
    at: dt.datetime | None = None
    duration: dt.timedelta = dt.timedelta(0)
    bound_source: str = ""
    """Where the bound is from: a key of the target file, or another fact's source."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A requirement as people read it, and what is known about its bound."""

    words: str
    loosened: str = ""
    source: str = ""
