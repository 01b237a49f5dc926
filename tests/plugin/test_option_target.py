"""``--readiness-target``, ``readiness_target``, ``READINESS_TARGET``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

HEAD = '[system]\nname = "shop"\n[release]\nversion = "1.2.3"\n'
PYTHON = f'interpreter = "{sys.executable}"\n'
BOTH = f"{HEAD}[target.blue.python]\n{PYTHON}[target.green.python]\n{PYTHON}"


@pytest.fixture
def both(ready: Project) -> Project:
    """Give a project with two targets."""
    ready.target(BOTH)
    return ready


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_one_of_several_is_named(both: Project, workers: list[str]) -> None:
    result = both.judge("--readiness-target=green", *workers)

    assert result.ret == 0
    assert both.report["environment"] == "green"
    result.stdout.fnmatch_lines(["readiness: shop in green, release 1.2.3 (unbound)"])


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_command_line_before_environment_before_ini(
    both: Project, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    both.target(f"{BOTH}[target.red.python]\n{PYTHON}")
    both.ini("readiness_target = blue")
    both.judge(*workers)
    assert both.report["environment"] == "blue"

    monkeypatch.setenv("READINESS_TARGET", "green")
    both.judge(*workers)
    assert both.report["environment"] == "green"

    both.judge("--readiness-target", "red", *workers)
    assert both.report["environment"] == "red"


def test_several_and_none_named_gives_their_names(both: Project) -> None:
    result = both.judge()

    assert result.ret == 4
    (line,) = [line for line in result.errlines if line]
    assert "readiness.toml: has the targets" in line
    assert "blue and green" in line
    assert "--readiness-target=NAME" in line
    assert "default = " in line


def test_the_default_is_taken(both: Project) -> None:
    both.target(f'default = "green"\n{BOTH}')
    result = both.judge()

    assert result.ret == 0
    assert both.report["environment"] == "green"


@pytest.mark.parametrize(
    ("name", "said"),
    [("gren", "did you mean `green`?"), ("elsewhere", "it has blue and green")],
)
def test_an_unknown_target(both: Project, name: str, said: str) -> None:
    result = both.judge(f"--readiness-target={name}")

    assert result.ret == 4
    (line,) = [line for line in result.errlines if line]
    assert f"readiness.toml: has no target `{name}`; {said}" in line


def test_without_a_target_file_the_ways_out_are_named(ready: Project) -> None:
    (ready.path / "readiness.toml").unlink()
    result = ready.judge()

    assert result.ret == 4
    (line,) = [line for line in result.errlines if line]
    assert "there is no readiness.toml" in line
    assert "`readiness example`" in line
    assert "--readiness-target=demo" in line


def test_a_demo_fault_needs_the_demo(ready: Project) -> None:
    result = ready.judge("--readiness-demo-fault=old-python")

    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --readiness-demo-fault: *target=demo"])
