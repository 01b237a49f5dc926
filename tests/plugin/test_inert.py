"""Without ``--readiness`` a suite in the tree costs nothing and changes nothing."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

HEAVY = {"cryptography", "psycopg", "pydantic", "redis", "requests"}
KEEP = """
import json, sys

def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        with open("modules.json", "w") as file:
            json.dump(sorted(sys.modules), file)
"""


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n1"]], ids=["alone", "n1"])
def test_a_suite_in_the_tree_loads_nothing(
    ready: Project, workers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.conftest(KEEP)
    ready.pytester.makepyfile(test_plain="def test_it(): pass\n")
    # Other plugins of this environment may load whatever they like.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    command = [sys.executable, "-m", "pytest", "-p", "pytest_readiness.plugin.entry"]
    result = ready.pytester.run(*command, *workers)
    loaded = json.loads((ready.path / "modules.json").read_text())
    tops = {name.partition(".")[0] for name in loaded}

    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert len([name for name in loaded if name.startswith("pytest_readiness")]) <= 3
    assert not tops & HEAVY
    assert not ready.report_path.exists()


def test_its_options_alone_start_nothing(ready: Project) -> None:
    ready.pytester.makepyfile(test_plain="def test_it(): pass\n")
    result = ready.pytester.runpytest_inprocess(
        "--readiness-target=nowhere", "--readiness-gate=none", "--readiness-strict"
    )

    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_its_markers_and_fixtures_are_not_everybodys(ready: Project) -> None:
    ready.pytester.makepyfile(test_plain="def test_it(check): pass\n")
    # pytest-check, which is installed for other tests, has a fixture of that name.
    result = ready.pytester.runpytest_inprocess("-p", "no:check")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'check' not found*"])


def test_metadata_of_an_ordinary_run_is_left_alone(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JENKINS_URL", "https://ci.example.com")
    monkeypatch.setenv("GIT_URL", "https://git.example.com/shop.git")
    ready.pytester.makepyfile(test_plain="def test_it(): pass\n")
    ready.pytester.runpytest_inprocess("--html=out.html", "--self-contained-html")

    assert "git.example.com" in (ready.path / "out.html").read_text()
