"""Operational Procedures, backups: runs of the job that are missing or went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Faults
from pytest_readiness.demo.pieces.procedures import runs
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAULTS"]

_ITEM = "operational-procedures.backup-process"


def _recorded(text: str) -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        path = Path(breakage.tables["backup"]["history"])
        breakage.stack.callback(path.write_bytes, path.read_bytes())
        path.write_text(text, "utf-8")

    return apply


def _no_history(breakage: Breakage) -> None:
    del breakage.tables["backup"]["history"]


_fault = Faults("backup-runs", _ITEM, frozenset({"backup_runs"}))


FAULTS = (
    _fault("gap", "one of the last backups failed", _recorded(runs(3))),
    _fault("none", "no run of the backup is recorded", _recorded("")),
    _fault(
        *("unreadable", "the record of the backup's runs is none"),
        _recorded("backup done\n"),
        State.UNKNOWN,
    ),
    _fault(
        *("unrecorded", "nobody says where the backup's runs are recorded"),
        _no_history,
        State.UNCONFIGURED,
    ),
    _fault(
        *("long-ago", "a backup of nine days ago failed: good"),
        _recorded(runs(9)),
        None,
    ),
)
