"""``readiness run``: the form for CI, with nothing foreign around the suite."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project


def run(project: Project, *arguments: str) -> pytest.RunResult:
    return project.pytester.run(
        sys.executable, "-m", "pytest_readiness", "run", *arguments
    )


FOREIGN = """
import pytest
raise RuntimeError("a foreign conftest was read")
"""


def test_nothing_foreign_is_read(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.conftest(FOREIGN)
    ready.ini("addopts = -k nothing --no-such-option", "readiness_no_gate = true")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    result = run(ready)

    assert result.ret == 0
    assert ready.report["verdict"] == "READY"
    assert tuple(ready.states) == ready.READY_IDS
    assert result.outlines[-1] == "READY (4 seen, 0 signed), exit 0"
    assert result.outlines[-2].endswith("every item: readiness-report/report.json")
    assert not (ready.path / ".pytest_cache").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--target=blue", "--gate", "all", "--config=deploy/its.toml"],
        [
            "--readiness-target=blue",
            "--readiness-gate=all",
            "--readiness-config",
            "deploy/its.toml",
        ],
    ],
    ids=["short", "long"],
)
def test_the_settings_arrive(ready: Project, arguments: list[str]) -> None:
    # The target file names a suite beside it, under a conftest that must stay unread.
    blue = ready.TARGET.replace("target.here", "target.blue")
    ready.target(f'suite = "its_suite"\n{blue}\n[target.red]\n', "deploy/its.toml")
    ready.suite.rename(ready.path / "deploy" / "its_suite")
    ready.target(FOREIGN, "deploy/conftest.py")
    result = run(ready, *arguments)

    assert result.ret == 0
    assert ready.report["environment"] == "blue"
    assert ready.report["gate"]["name"] == "all"


def test_the_environments_settings_arrive(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.target(f'suite = "its_suite"\n{ready.TARGET}', "deploy/its.toml")
    ready.suite.rename(ready.path / "deploy" / "its_suite")
    ready.target(FOREIGN, "deploy/conftest.py")
    monkeypatch.setenv("READINESS_CONFIG", "deploy/its.toml")
    result = run(ready)

    assert result.ret == 0


def test_pytests_arguments_are_passed_on_in_their_order(project: Project) -> None:
    result = run(project, "-k", "verified", "readiness_suite", "--readiness-no-gate")

    assert project.states["host.verified"] == "verified"
    assert project.states["host.failed"] == "not-run"
    assert project.report["verdict"] == "INCOMPLETE"
    assert result.ret == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 1),
        (["--co"], 12),
        (["--target=nowhere"], 4),
        (["--no-such-option"], 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_exit_code_is_the_runs(
    project: Project, arguments: list[str], code: int
) -> None:
    result = run(project, *arguments)

    assert result.ret == code
    assert "Traceback" not in result.stderr.str()


def test_a_suite_that_is_named(ready: Project) -> None:
    ready.conftest(FOREIGN)
    result = run(ready, "readiness_suite/test_host.py", "-q")

    assert result.ret == 0


def test_the_installed_command_is_the_same(ready: Project) -> None:
    command = os.path.join(os.path.dirname(sys.executable), "readiness")  # noqa: PTH118, PTH120
    result = ready.pytester.run(command, "run", "-qq")

    assert result.ret == 0
    assert json.loads(ready.report_path.read_text())["verdict"] == "READY"
