"""Gates: which stages of the checklist a question asks."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.item import Stage
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_GATE", "GATES", "Gate", "find_gate"]


@dataclass(frozen=True, slots=True)
class Gate:
    """A named set of stages."""

    name: str
    stages: tuple[Stage, ...]

    def asks(self, stage: Stage) -> bool:
        """Whether items of the stage belong to this gate."""
        return stage in self.stages


_BUILT_IN = (
    Gate(
        "go-live",
        (
            Stage.PRE_PRODUCTION,
            Stage.PRE_DEPLOYMENT,
            Stage.COMPLIANCE,
            Stage.SIGN_OFF,
        ),
    ),
    Gate("deploy", (Stage.DEPLOYMENT,)),
    Gate("post-deploy", (Stage.POST_DEPLOYMENT,)),
    Gate("daily", (Stage.DAILY,)),
    Gate("weekly", (Stage.WEEKLY,)),
    Gate("monthly", (Stage.MONTHLY,)),
    Gate("all", tuple(Stage)),
)

GATES: dict[str, Gate] = {gate.name: gate for gate in _BUILT_IN}
"""The built-in gates by name."""

DEFAULT_GATE = "go-live"


def find_gate(name: str, own: Mapping[str, tuple[Stage, ...]] | None = None) -> Gate:
    """Give the gate of that name, built in or the user's own.

    Raises:
        ConfigError: there is none, one's own redefines a built-in one (what ``go-live``
            asks must not shrink quietly), or it has no stage.
    """
    own = own or {}
    for mine, stages in own.items():
        where = f"readiness.toml [gates] {mine}"
        if mine in GATES:
            raise ConfigError(where, "is a built-in gate", "choose another name")
        if not stages:
            stage = ", ".join(Stage)
            raise ConfigError(where, "names no stage", f"name some of {stage}")
    if name in GATES:
        return GATES[name]
    if name in own:
        return Gate(name, tuple(own[name]))
    names = [*GATES, *own]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(names)}"
    raise ConfigError("gate", f"there is no gate {name!r}", hint)
