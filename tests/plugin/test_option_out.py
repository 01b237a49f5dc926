"""``--readiness-out``, ``readiness_out``, ``READINESS_OUT``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.reports.formats import FORMATS

if TYPE_CHECKING:
    from conftest import Project


def reports(project: Project) -> set[str]:
    """Give the folders that have a report."""
    return {path.parent.name for path in project.path.rglob("report.json")}


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_the_command_line_names_a_folder(ready: Project, workers: list[str]) -> None:
    result = ready.judge("--readiness-out=deep/inside", *workers)

    folder = ready.path / "deep" / "inside"
    assert result.ret == 0
    assert (folder / "report.json").is_file()
    assert (folder / ".gitignore").read_text().endswith("*\n")
    assert not ready.report_path.exists()
    where = (folder / "report.json").relative_to(ready.path)
    result.stdout.fnmatch_lines([f"*evidence of every item: {where}"])


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_command_line_before_environment_before_ini(
    ready: Project, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    ready.ini("readiness_out = ini")
    ready.judge(*workers)
    assert reports(ready) == {"ini"}

    monkeypatch.setenv("READINESS_OUT", "environment")
    ready.judge(*workers)
    assert reports(ready) == {"ini", "environment"}

    ready.judge("--readiness-out", "line", *workers)
    assert reports(ready) == {"ini", "environment", "line"}


def test_an_ini_means_a_folder_beside_itself(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.ini("readiness_out = result")
    below = ready.path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    ready.judge(str(ready.suite))

    assert (ready.path / "result" / "report.json").is_file()


def test_a_folder_of_ones_own_gets_no_ignore_file(ready: Project) -> None:
    ready.target("mine", "result/notes.txt")
    ready.judge("--readiness-out=result")

    assert {path.name for path in (ready.path / "result").iterdir()} == {
        "notes.txt",
        "report.json",
        "tests.html",
        *FORMATS,
    }


def test_a_folder_that_cannot_be_written_is_no_verdict(ready: Project) -> None:
    ready.target("a file", "result")
    result = ready.judge("--readiness-out=result", "--readiness-no-gate")

    assert result.ret == 3
    result.stdout.fnmatch_lines(["readiness: *result/report.json: cannot be written*"])
    result.stdout.no_fnmatch_line("READY*")
