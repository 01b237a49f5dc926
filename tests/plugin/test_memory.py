"""What a run keeps from the collector is given free by the next one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project

IMMORTAL = 5_000
"""Python 3.12 itself keeps its immortal objects there: some hundreds."""

RUNS = """\
import gc, sys, pytest
for _ in range(4):
    pytest.main(sys.argv[1:])
    print("kept", gc.get_freeze_count())
"""


def _kept(project: Project, *arguments: str) -> list[int]:
    command = [sys.executable, "-c", RUNS, "--readiness", "-pno:hypothesispytest"]
    run = subprocess.run(
        [*command, *arguments],
        cwd=project.path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = run.stdout.splitlines()
    return [int(line.split()[1]) for line in lines if line.startswith("kept ")]


def test_runs_in_one_process_do_not_add_up(ready: Project) -> None:
    first, second, third, fourth = _kept(ready)
    assert min(first, second, third) > IMMORTAL
    assert fourth - third < 100


def test_a_run_that_only_collects_keeps_nothing(ready: Project) -> None:
    assert max(_kept(ready, "--collect-only")) < IMMORTAL
