"""``--readiness-strict``, ``readiness_strict``, ``READINESS_STRICT``.

That waivers exit 1 under it is tested with the verdict; here, that it gets there and
changes nothing else.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.plugin.settings import Settings

if TYPE_CHECKING:
    from conftest import Project


def strict(project: Project, *arguments: str) -> bool:
    """Say whether a run with these arguments would be strict."""
    config = project.pytester.parseconfig("--readiness", *arguments)
    return Settings.of(config, os.environ).strict


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_command_line_before_environment_before_ini(
    ready: Project, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    assert not strict(ready, *workers)

    ready.ini("readiness_strict = true")
    assert strict(ready, *workers)

    monkeypatch.setenv("READINESS_STRICT", "no")
    assert not strict(ready, *workers)

    assert strict(ready, "--readiness-strict", *workers)


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_ready_without_waivers_stays_ready(ready: Project, workers: list[str]) -> None:
    result = ready.judge("--readiness-strict", *workers)

    assert ready.report["verdict"] == "READY"
    assert result.ret == 0


def test_what_is_not_ready_keeps_its_code(project: Project) -> None:
    assert project.judge("--readiness-strict").ret == 1


def test_another_word_is_a_mistake(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READINESS_STRICT", "very")
    result = ready.judge()

    assert result.ret == 4
    assert [line for line in result.errlines if line] == [
        "ERROR: READINESS_STRICT: 'very' is neither true nor false"
    ]
