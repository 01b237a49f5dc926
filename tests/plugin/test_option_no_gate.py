"""``--readiness-no-gate``, ``readiness_no_gate``, ``READINESS_NO_GATE``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_a_verdict_that_is_not_ready_exits_0(
    project: Project, workers: list[str]
) -> None:
    result = project.judge("--readiness-no-gate", *workers)

    assert result.ret == 0
    assert project.report["verdict"] == "NOT READY"
    assert project.report["exit_code"] == 0
    result.stdout.fnmatch_lines(["NOT READY *--readiness-no-gate only reports"])


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_command_line_before_environment_before_ini(
    project: Project, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    assert project.judge(*workers).ret == 1

    project.ini("readiness_no_gate = true")
    assert project.judge(*workers).ret == 0

    monkeypatch.setenv("READINESS_NO_GATE", "0")
    assert project.judge(*workers).ret == 1

    assert project.judge("--readiness-no-gate", *workers).ret == 0


@pytest.mark.parametrize(
    ("text", "code"), [("1", 0), ("yes", 0), ("On", 0), ("0", 1), ("off", 1), ("", 1)]
)
def test_words_for_yes_and_no(
    project: Project, monkeypatch: pytest.MonkeyPatch, text: str, code: int
) -> None:
    monkeypatch.setenv("READINESS_NO_GATE", text)

    assert project.judge().ret == code


def test_a_table_in_pyproject_may_say_true(project: Project) -> None:
    project.target(
        "[tool.pytest.ini_options]\nreadiness_no_gate = true\n", "pyproject.toml"
    )

    assert project.judge().ret == 0


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="typed tables are new there")
def test_a_typed_table_may_say_true(project: Project) -> None:
    project.target("[tool.pytest]\nreadiness_no_gate = true\n", "pyproject.toml")

    assert project.judge().ret == 0


def test_another_word_in_an_ini_is_a_mistake(project: Project) -> None:
    path = project.ini("readiness_no_gate = maybe")
    result = project.judge()

    assert result.ret == 4
    (line,) = [line for line in result.errlines if line]
    assert line.startswith(f"ERROR: {path}: readiness_no_gate: ")
    assert "maybe" in line


@pytest.mark.parametrize("value", ["maybe", "2"])
def test_another_word_is_a_mistake(
    project: Project, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("READINESS_NO_GATE", value)
    result = project.judge()

    assert result.ret == 4
    assert [line for line in result.errlines if line] == [
        f"ERROR: READINESS_NO_GATE: '{value}' is neither true nor false"
    ]


@pytest.mark.parametrize(
    "arguments",
    [["-k", "verified"], ["-x"], ["--collect-only"], ["--setup-plan"]],
    ids=" ".join,
)
def test_incomplete_is_mapped_only_where_something_was_judged(
    project: Project, arguments: list[str]
) -> None:
    result = project.judge("--readiness-no-gate", *arguments)

    judged = not arguments[0].startswith(("--collect", "--setup"))
    assert project.report_path.exists() == judged
    assert result.ret == (0 if judged else 12)


def test_pytests_own_codes_are_not_mapped(project: Project) -> None:
    usage = project.judge("--readiness-no-gate", "--no-such-option")
    project.conftest("def pytest_runtest_setup(): raise KeyboardInterrupt\n")
    interrupted = project.judge_apart("--readiness-no-gate")

    assert usage.ret == 4
    assert interrupted.ret == 2
