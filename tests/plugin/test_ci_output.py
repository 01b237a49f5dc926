"""What a CI system shows of a run by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be a step of GitHub Actions."""
    path = tmp_path / "step-summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def test_github_shows_what_blocks_and_the_page(project: Project, summary: Path) -> None:
    result = project.judge()
    lines = result.stdout.lines

    (begin,) = [
        number
        for number, line in enumerate(lines)
        if line.startswith("::stop-commands")
    ]
    token = lines[begin].removeprefix("::stop-commands::")
    end = lines.index(f"::{token}::")
    assert re.fullmatch("[0-9a-f]{32}", token)
    # Nothing that is printed in between is a command, whatever it looks like.
    assert not [line for line in lines[:begin] if line.strip().startswith("::")]
    commands = lines[end + 1 :]
    assert [line for line in commands if line.startswith("::error title=shop in here")]
    assert not [line for line in lines[begin + 1 : end] if line.startswith("::error")]
    page = (project.report_path.parent / "report.md").read_bytes()
    assert summary.read_bytes() == b"\n" + page


def test_a_second_run_of_a_step_adds_its_page(ready: Project, summary: Path) -> None:
    summary.write_text("before\n")
    ready.judge()

    text = summary.read_text()
    assert text.startswith("before\n\n# READY: shop")


@pytest.mark.parametrize("size", [1024 * 1024 - 10])
def test_a_full_summary_is_left_alone(ready: Project, summary: Path, size: int) -> None:
    summary.write_bytes(b"x" * size)
    result = ready.judge()

    assert result.ret == 0
    assert summary.stat().st_size == size
    result.stdout.fnmatch_lines(["*step-summary.md: no room for the report*"])


def test_a_summary_that_cannot_be_written_is_said(
    ready: Project, summary: Path
) -> None:
    summary.mkdir()
    result = ready.judge()

    assert result.ret == 0
    result.stdout.fnmatch_lines(["*the step summary was not written: *"])


def test_commands_are_obeyed_again_after_a_mistake(
    ready: Project, summary: Path
) -> None:
    ready.target("a file", "result")
    result = ready.judge("--readiness-out=result")
    lines = result.stdout.lines

    (begin,) = [line for line in lines if line.startswith("::stop-commands")]
    assert result.ret == 3
    assert f"::{begin.removeprefix('::stop-commands::')}::" in lines
    assert not summary.exists()


def test_elsewhere_nothing_of_it_is_printed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    result = project.judge()

    assert not [line for line in result.stdout.lines if line.startswith("::")]
