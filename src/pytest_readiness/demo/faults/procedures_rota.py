"""Operational Procedures, on call: gaps in the rota, and an escalation of one level."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import yaml

from pytest_readiness.demo.faults.fault import Breakage, Faults
from pytest_readiness.demo.pieces.procedures import rota
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[dict[str, Any]], None]

__all__ = ["FAULTS"]

_ITEM = "operational-procedures.on-call-procedures"
_LOOKS = frozenset({"rota"})


def _planned(change: Change) -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        plan = rota()
        change(plan)
        path = breakage.write("other-rota.yaml", yaml.safe_dump(plan))
        breakage.set("rota", path=str(path))

    return apply


def _shifts(gap: dt.timedelta, after: int) -> list[dict[str, str]]:
    """Give the days of a month, with a gap between two of them."""
    start = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)
    day = dt.timedelta(days=1)
    return [
        {
            "person": "olga",
            "start": (start + (n - 1) * day).isoformat(),
            "end": (start + n * day - (gap if n == after else 0 * gap)).isoformat(),
        }
        for n in range(31)
    ]


def _gap(gap: dt.timedelta, after: int) -> Change:
    def change(plan: dict[str, Any]) -> None:
        plan["levels"][0] = {"name": "primary", "shifts": _shifts(gap, after)}

    return change


def _ends(plan: dict[str, Any]) -> None:
    end = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=5)
    plan["levels"][1]["rotation"]["end"] = f"{end} 09:00"


def _one_level(plan: dict[str, Any]) -> None:
    del plan["levels"][1]


def _unreadable(plan: dict[str, Any]) -> None:
    plan["levels"][0]["rotation"]["start"] = "next Monday"


def _missing(breakage: Breakage) -> None:
    breakage.set("rota", path=str(breakage.bench.folder / "no-rota.yaml"))


_fault = Faults("rota", _ITEM, _LOOKS)


_MINUTE = dt.timedelta(minutes=1)
FAULTS = (
    _fault(
        *("gap", "nobody is on call for a minute in ten days"),
        _planned(_gap(_MINUTE, 10)),
    ),
    _fault(
        *("second-level-ends", "nobody is on call behind the first from next week on"),
        _planned(_ends),
    ),
    _fault("one-level", "nobody is behind the first", _planned(_one_level)),
    _fault("missing", "the rota is not there", _missing),
    _fault(
        *("unreadable", "the rota has a time that is none"),
        _planned(_unreadable),
        State.UNKNOWN,
    ),
    _fault(
        *("gap-later", "nobody is on call for a minute in three weeks: good"),
        _planned(_gap(_MINUTE, 21)),
        None,
    ),
)
