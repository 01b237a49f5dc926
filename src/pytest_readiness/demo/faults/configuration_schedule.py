"""Configuration Management: backups that nothing makes, or too seldom."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.configuration import CRONTAB
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_ITEM = "configuration-management.backup-configuration"
_TOUCHES = frozenset({"backup_schedule"})
_EXECUTABLE = 0o755
_SYSTEMCTL = """\
#!/bin/sh
echo 'LoadState=loaded'
echo 'ActiveState={active}'
echo 'UnitFileState={state}'
echo 'TimersMonotonic={{ OnUnitActiveUSec=1d ; next_elapse=0 }}'
"""
"""What systemctl says of a timer; no systemd runs where the demo does."""


def _cron(schedule: str) -> Apply:
    """Have another line in the crontab."""

    def apply(breakage: Breakage) -> None:
        path = breakage.write("cron.d/other", CRONTAB.replace("15 2 * * *", schedule))
        breakage.set("backup_schedule", crontab=str(path))

    return apply


def _suspended(breakage: Breakage) -> None:
    job = {
        "kind": "CronJob",
        "metadata": {"name": "backup"},
        "spec": {"schedule": "15 2 * * *", "suspend": True},
    }
    path = breakage.write("cron.d/backup.k8s.yaml", json.dumps(job))
    breakage.tables["backup_schedule"] = {
        "manifests": [str(path)],
        "cron_job": "backup",
    }


def _timer(active: str, state: str) -> Apply:
    """Have a timer of systemd, as systemctl tells of it."""

    def apply(breakage: Breakage) -> None:
        text = _SYSTEMCTL.format(active=active, state=state)
        path = breakage.write("cron.d/systemctl", text)
        path.chmod(_EXECUTABLE)
        before = os.environ.get("PATH", "")
        breakage.stack.callback(lambda: os.environ.update(PATH=before))
        os.environ["PATH"] = f"{path.parent}{os.pathsep}{before}"
        breakage.tables["backup_schedule"] = {"timer": "backup.timer"}

    return apply


def _fault(name: str, summary: str, apply: Apply, *, good: bool = False) -> Fault:
    turns = {} if good else {_ITEM: State.FAILED}
    return Fault(f"schedule-{name}", summary, turns, _TOUCHES, apply)


FAULTS = (
    _fault("none", "no line of the crontab makes a backup", _cron("# 15 2 * * *")),
    _fault("weekly", "backups are made on Sundays", _cron("15 2 * * 0")),
    _fault("working-days", "none is made at week-ends", _cron("15 2 * * 1-5")),
    _fault("never", "the thirtieth of February", _cron("15 2 30 2 *")),
    _fault("suspended", "the CronJob is suspended", _suspended),
    _fault("timer-disabled", "the timer is disabled", _timer("inactive", "disabled")),
    _fault(
        "timer",
        "a timer that elapses daily: good",
        _timer("active", "enabled"),
        good=True,
    ),
)
