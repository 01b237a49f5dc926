"""Interrupted, terminated or killed: nothing becomes READY, no report is torn."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.reports.formats import FORMATS
from pytest_readiness.store.files import read_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

PATIENCE = 30.0
"""Seconds after which a test gives up; nothing here takes as long."""


@pytest.fixture
def slow(ready: Project) -> Project:
    """Give a project, judged once, whose second item now waits to be interrupted."""
    assert ready.judge().ret == 0
    waiting = ready.item(
        "two",
        """
        import pathlib, time
        pathlib.Path("begun").touch()
        time.sleep(60)
        check("exists", python.exists).is_true()
        """,
    )
    items = (ready.item("one"), waiting, ready.item("three"), ready.ROLLUP)
    ready.write(ready.module(*items))
    return ready


@pytest.fixture
def run(slow: Project) -> Iterator[subprocess.Popen[str]]:
    """Give a run that has come to the item that waits."""
    process = subprocess.Popen(
        [*slow.command, "-p", "no:randomly"],
        cwd=slow.path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        try:
            over = time.monotonic() + PATIENCE
            while not (slow.path / "begun").exists():
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < over
                time.sleep(0.02)
            yield process
        finally:
            process.kill()


def test_ctrl_c_accounts_for_all(slow: Project, run: subprocess.Popen[str]) -> None:
    run.send_signal(signal.SIGINT)
    output = run.communicate(timeout=PATIENCE)[0]

    assert run.returncode == 2
    assert slow.states == {
        "host.one": "verified",
        "host.two": "not-run",
        "host.three": "not-run",
        "host.everything": "not-run",
    }
    assert slow.report["verdict"] == "INCOMPLETE"
    assert slow.report["exit_code"] == 2
    assert slow.report["selection"]["selected"] is False
    assert "INCOMPLETE (1 seen, 0 signed), exit 2" in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_the_last_report_whole(
    slow: Project, run: subprocess.Popen[str], number: signal.Signals
) -> None:
    before = slow.report_path.read_bytes()
    run.send_signal(number)
    run.communicate(timeout=PATIENCE)

    assert run.returncode == -number
    assert slow.report_path.read_bytes() == before
    assert read_report(slow.report_path).verdict == "READY"
    left = {path.name for path in slow.report_path.parent.iterdir()}
    assert left == {".gitignore", "report.json", "tests.html", *FORMATS}


STOPPING = {
    "before the items": "def pytest_collection_finish(): pytest.exit('enough', {code})",
    "within the items": (
        "def pytest_runtest_setup(item):\n"
        "    if item.name == 'test_two': pytest.exit('enough', {code})"
    ),
    "in the middle of an item": (
        "def pytest_runtest_call(item):\n"
        "    if item.name == 'test_two': pytest.exit('enough', {code})"
    ),
    "before the session": "def pytest_sessionstart(): pytest.exit('enough', {code})",
    "when configured": "def pytest_configure(): pytest.exit('enough', {code})",
    "instead of the session": "def pytest_cmdline_main(): return {code}",
    "instead of the loop": "def pytest_runtestloop(): return True",
    "instead of collecting": "def pytest_collection(): return True",
}


@pytest.mark.parametrize("code", [0, 5])
@pytest.mark.parametrize("hook", STOPPING.values(), ids=STOPPING)
def test_whoever_ends_the_run_makes_nothing_ready(
    ready: Project, hook: str, code: int
) -> None:
    ready.conftest(f"import pytest\n{hook.format(code=code)}\n")
    result = ready.judge("-p", "no:randomly")

    assert result.ret not in {0, 5}
    if ready.report_path.exists():
        assert ready.report["verdict"] == "INCOMPLETE"
        assert tuple(ready.states) == ready.READY_IDS
        assert "not-run" in ready.states.values()
        assert result.ret == 12


def test_exiting_after_the_items_changes_nothing(ready: Project) -> None:
    ready.conftest(
        "import pytest\n"
        "def pytest_sessionfinish(session): pytest.exit('enough', returncode=0)\n"
    )
    result = ready.judge()

    assert ready.report["verdict"] == "READY"
    assert result.ret == 0


def test_exiting_after_a_failure_does_not_hide_it(project: Project) -> None:
    project.conftest(
        "import pytest\n"
        "def pytest_sessionfinish(session): pytest.exit('enough', returncode=0)\n"
    )
    result = project.judge()

    assert project.report["verdict"] == "NOT READY"
    assert result.ret == 1


@pytest.mark.parametrize("code", [2, 3, 4])
def test_pytests_own_codes_win(project: Project, code: int) -> None:
    project.conftest(
        "import pytest\n"
        f"def pytest_runtest_setup(): pytest.exit('enough', returncode={code})\n"
    )
    result = project.judge("--readiness-no-gate")

    assert project.report["exit_code"] == code
    assert result.ret == code


def test_an_internal_error_wins(ready: Project) -> None:
    ready.conftest("def pytest_runtest_protocol(item): raise RuntimeError('broken')\n")
    result = ready.judge()

    assert ready.report["verdict"] == "INCOMPLETE"
    assert result.ret == 3
