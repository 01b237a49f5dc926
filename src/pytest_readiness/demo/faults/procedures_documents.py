"""Operational Procedures: stubs, documents that are gone, drills that are overdue."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.documentation_guides import changed, replaced, stale
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.procedures import PROCEDURES
from pytest_readiness.demo.signing import record
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.demo.signing import Draft

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_SECTION = "operational-procedures"
_LOOKS = frozenset({"document"})
_DRILLS = ("rollback-process", "recovery-process")


def _drilled(days: int, result: str, *names: str) -> Apply:
    """Have the drills end some days ago, in some way."""

    def change(draft: Draft) -> None:
        ended = draft.now.date() - dt.timedelta(days=days)
        for name in names:
            item = f"{_SECTION}.{name}"
            new = record(draft, item, f"{item}-drill", ended=ended, result=result)
            draft.statements[item] = [
                replace(one, evidence=(new,)) for one in draft.statements[item]
            ]

    return lambda breakage: breakage.drafts.append(change)


def _fault(
    name: str,
    summary: str,
    apply: Apply,
    *names: str,
    state: State = State.FAILED,
    looks: frozenset[str] = _LOOKS,
) -> Fault:
    turns = {f"{_SECTION}.{item}": state for item in names}
    return Fault(f"procedure-{name}", summary, turns, looks, apply)


def _without_heading(text: str) -> str:
    return text.replace("## Contacts", "## Numbers").replace("## Schedule", "## Times")


def _stub(text: str) -> str:
    head, _, body = text.partition("\n# ")
    return f"{head}\n# {body[:200]}\n"


FAULTS = (
    _fault(
        *("missing", "the procedures are not there"),
        replaced(lambda _: None, *PROCEDURES),
        *PROCEDURES,
    ),
    _fault(
        *("stub", "the procedures are a few lines long"),
        changed(_stub, *PROCEDURES),
        *PROCEDURES,
    ),
    _fault(
        *("stale", "the procedures were reviewed long ago"),
        changed(stale, *PROCEDURES),
        *PROCEDURES,
    ),
    _fault(
        *("heading", "two procedures lack a heading that they must have"),
        changed(_without_heading, "incident-response", "maintenance-windows"),
        *("incident-response", "maintenance-windows"),
    ),
    _fault(
        *("drill-overdue", "the last drills were long ago"),
        _drilled(200, "passed", *_DRILLS),
        *_DRILLS,
        looks=frozenset(),
    ),
    _fault(
        *("drill-of-a-release-overdue", "nobody took a release back for 100 days"),
        _drilled(100, "passed", *_DRILLS),
        "rollback-process",
        looks=frozenset(),
    ),
    _fault(
        *("drill-failed", "the last drills did not succeed"),
        _drilled(3, "failed", *_DRILLS),
        *_DRILLS,
        looks=frozenset(),
    ),
)
