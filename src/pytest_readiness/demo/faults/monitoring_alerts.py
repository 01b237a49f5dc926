"""Alert configuration: alerts that call nobody, do not work, or are riddles."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAULTS"]

_ITEM = "monitoring-and-alerting.alert-configuration"
_LOOKS = frozenset({"prometheus"})


def _changed(change: Callable[[dict[str, Any]], object]) -> Callable[[Breakage], None]:
    """Have the alert on slow answers be otherwise."""

    def apply(breakage: Breakage) -> None:
        prometheus = breakage.bench.prometheus
        before = prometheus.groups
        breakage.stack.callback(lambda: setattr(prometheus, "groups", before))
        groups: Any = copy.deepcopy(before)
        for rule in groups[0]["rules"]:
            if rule["name"] == "EngineSlow":
                change(rule)
        prometheus.groups = groups

    return apply


def _fault(
    name: str, summary: str, change: Callable[[dict[str, Any]], object]
) -> Fault:
    turns = {_ITEM: State.FAILED}
    return Fault(f"alert-{name}", summary, turns, _LOOKS, _changed(change))


FAULTS = (
    _fault(
        *("not-critical", "the alert on slow answers is a warning"),
        lambda rule: rule["labels"].update(severity="warning"),
    ),
    _fault(
        *("no-severity", "the alert on slow answers has no severity"),
        lambda rule: rule["labels"].clear(),
    ),
    _fault(
        *("no-runbook", "the alert on slow answers does not say what to do"),
        lambda rule: rule["annotations"].pop("runbook_url"),
    ),
    _fault(
        *("error", "the alert on slow answers cannot be evaluated"),
        lambda rule: rule.update(
            health="err", lastError="found duplicate series for the match group"
        ),
    ).also("configuration-management.monitoring-configuration", State.FAILED),
)
