"""``--readiness-deadline``, ``readiness_deadline``, ``READINESS_DEADLINE``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project


@pytest.fixture
def hanging(ready: Project) -> Project:
    """Give a project whose interpreter never answers."""
    program = ready.target("#!/bin/sh\nexec sleep 300\n", "python3")
    program.chmod(0o755)
    target = ready.TARGET.partition("[target.")[0]
    ready.target(f'{target}[target.here.python]\ninterpreter = "{program}"\n')
    return ready


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_the_run_ends_at_its_deadline(hanging: Project, workers: list[str]) -> None:
    began = time.monotonic()
    result = hanging.judge("--readiness-deadline=300ms", *workers)

    assert time.monotonic() - began < 3
    item = hanging.items["host.one"]
    assert item["state"] == "unknown"
    assert "the run's deadline of 300 ms" in item["reason"]
    assert item["remedy"] == "raise --readiness-deadline"
    assert result.ret == 11


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_command_line_before_environment_before_ini(
    hanging: Project, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    def deadline(*arguments: str) -> str:
        hanging.judge(*arguments, *workers)
        reason: str = hanging.items["host.one"]["reason"]
        return reason.partition("the run's deadline of ")[2].partition(" was")[0]

    hanging.ini("readiness_deadline = 60ms")
    assert deadline() == "60 ms"

    monkeypatch.setenv("READINESS_DEADLINE", "50ms")
    assert deadline() == "50 ms"

    assert deadline("--readiness-deadline", "40ms") == "40 ms"


@pytest.mark.parametrize("text", ["soon", "10", "-5s", "5 parsecs"])
def test_a_time_that_is_none(ready: Project, text: str) -> None:
    result = ready.judge(f"--readiness-deadline={text}")

    assert result.ret == 4
    (line,) = [line for line in result.errlines if line]
    assert line.startswith("ERROR: --readiness-deadline: ")
