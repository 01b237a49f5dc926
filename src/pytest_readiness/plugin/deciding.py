"""From what was recorded to the verdict: the same wherever it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.verdict.decision import decide

if TYPE_CHECKING:
    from pytest_readiness.plugin.run import Run
    from pytest_readiness.verdict.decision import Decision

__all__ = ["decide_on"]


def decide_on(run: Run) -> Decision:
    """Decide on a run whose items were judged."""
    return decide(
        run.lock.items,
        run.outcomes(),
        run.gate,
        selected=run.selected,
        trust_broken=bool(run.distrust),
        hindrances=run.hindrances(),
        strict=run.settings.strict,
        no_gate=run.settings.no_gate,
        left_out=run.not_run(),
    )
