"""Operational Procedures, changes: a branch that anybody may change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Faults
from pytest_readiness.demo.pieces.procedures import FORGE_TOKEN
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAULTS"]

_ITEM = "operational-procedures.change-management"


def _says(rules: list[str], *, protected: bool = False) -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        forge = breakage.bench.forge
        breakage.stack.callback(setattr, forge, "protected", forge.protected)
        breakage.stack.callback(setattr, forge, "rules", forge.rules)
        forge.protected, forge.rules = protected, rules

    return apply


def _wrong_token(breakage: Breakage) -> None:
    breakage.environ[FORGE_TOKEN] = "github_pat_of_nobody"


def _no_document(breakage: Breakage) -> None:
    path = Path(breakage.tables["documents"]["change-management"]["path"])
    breakage.stack.callback(path.write_bytes, path.read_bytes())
    path.unlink()


_fault = Faults("changes", _ITEM, frozenset({"forge", "document"}))


FAULTS = (
    _fault("unprotected", "anybody may change the default branch", _says([])),
    _fault(
        *("weak-rules", "the rules of the branch ask for no review"),
        _says(["deletion", "non_fast_forward"]),
    ),
    _fault("undescribed", "how changes are made stands nowhere", _no_document),
    _fault(
        *("forge-refuses", "the forge refuses the token"),
        _wrong_token,
        State.UNKNOWN,
    ),
    _fault(
        *("rules", "rules protect the branch: good"),
        _says(["deletion", "pull_request"]),
        None,
    ),
)
