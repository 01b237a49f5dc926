"""``--readiness-config``, ``readiness_config``, ``READINESS_CONFIG``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project


def write(project: Project, name: str) -> str:
    """Write a target file whose system is named like it."""
    system = name.partition(".")[0].replace("/", "-")
    project.target(project.TARGET.replace('"shop"', f'"{system}"'), name)
    return name


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_the_command_line_names_a_file(ready: Project, workers: list[str]) -> None:
    name = write(ready, "deploy/other.toml")
    result = ready.judge(f"--readiness-config={name}", *workers)

    assert result.ret == 0
    assert ready.report["system"] == "deploy-other"


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_command_line_before_environment_before_ini(
    ready: Project, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    ready.ini(f"readiness_config = {write(ready, 'ini.toml')}")
    ready.judge(*workers)
    assert ready.report["system"] == "ini"

    monkeypatch.setenv("READINESS_CONFIG", write(ready, "environment.toml"))
    ready.judge(*workers)
    assert ready.report["system"] == "environment"

    given = write(ready, "line.toml")
    ready.judge("--readiness-config", given, *workers)
    assert ready.report["system"] == "line"


def test_an_ini_means_a_file_beside_itself(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.ini(f"readiness_config = {write(ready, 'deploy/other.toml')}")
    below = ready.path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    result = ready.judge(str(ready.suite), f"--readiness-out={ready.path}/out")

    assert result.ret == 0


def test_a_file_above_is_found(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    below = ready.path / "below" / "it"
    below.mkdir(parents=True)
    (below / "readiness_suite").symlink_to(ready.suite)
    (below / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(below)
    result = ready.judge()

    assert result.ret == 0


def test_empty_is_not_given(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READINESS_CONFIG", "")
    ready.ini("readiness_config =")

    assert ready.judge().ret == 0


def test_a_file_that_is_not_there(ready: Project) -> None:
    result = ready.judge("--readiness-config=nowhere.toml")

    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["ERROR: *nowhere.toml: is no file; *`readiness example`*"]
    )
