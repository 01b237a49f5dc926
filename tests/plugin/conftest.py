"""A small suite and a real target for it: the interpreter that runs the tests."""

from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue import lock
from pytest_readiness.plugin.inspection import checklist_order, read_suite

if TYPE_CHECKING:
    from pathlib import Path

TARGET = f"""\
[system]
name = "shop"

[release]
version = "1.2.3"

[target.here.python]
interpreter = "{sys.executable}"
isolation = "venv"
"""

CONFTEST = "from pytest_readiness.plugin.fixtures import *\n"

MODULE = '''\
"""Host."""

from pytest_readiness import attested, item, rollup, section

pytestmark = section("host", stage="pre-production")


@item("verified", owner="ops-lead")
def test_verified(check, python, limits):
    """The interpreter is new enough.

    Why: old ones get no fixes.
    Fix: install a new one.
    """
    check("version", python.version).at_least(limits.python.min_version)


@item("failed", owner="dev-lead")
def test_failed(check, python):
    """The interpreter is missing.

    Why: this one cannot hold.
    Fix: there is none.
    """
    check("exists", python.exists).is_false()


@item("pending", owner="business-owner")
@attested(role="business-owner", scope="release")
def test_pending():
    """Somebody signs this.

    Why: only a person knows.
    Fix: sign it.
    """


@item("unconfigured", owner="dba")
@attested(role="dba", scope="environment", when="unconfigured")
def test_unconfigured(check, postgres, limits):
    """The database is new enough.

    Why: old ones get no fixes.
    Fix: upgrade.
    """
    check("version", postgres.version).at_least(limits.postgres.min_version)


@item("unknown", owner="qa-lead")
def test_unknown(check, python):
    """This reads a fact and requires nothing.

    Why: a check that cannot fail is a defect.
    Fix: state a requirement.
    """
    check("version", python.version)


@item("everything", owner="project-manager")
@rollup(over="*")
def test_everything():
    """All of it.

    Why: the list is done as a whole.
    Fix: close what is open.
    """
'''

STATES = {
    "host.verified": "verified",
    "host.failed": "failed",
    "host.pending": "pending",
    "host.unconfigured": "unconfigured",
    "host.unknown": "unknown",
    "host.everything": "failed",
}


@dataclass
class Project:
    """A folder with target file and suite, and what a run of it left."""

    pytester: pytest.Pytester
    suite: Path
    expected: dict[str, str]
    """Every item's state, as the suite is written."""

    def lock(self) -> None:
        """Write the suite's lock, as ``readiness check --write`` does."""
        items, problems = read_suite(self.suite)
        assert problems == []
        empty = lock.Lock("test")
        lock.write(
            lock.lock_items(checklist_order(items, empty), empty), self.suite / "suite.lock"
        )

    def write(self, module: str, name: str = "test_host.py") -> None:
        """Write a module of the suite."""
        (self.suite / name).write_text(textwrap.dedent(module))

    def run(self, *arguments: str) -> pytest.RunResult:
        """Judge the target in a process of its own."""
        return self.pytester.runpytest_subprocess("--readiness", *arguments)

    @property
    def report(self) -> dict[str, Any]:
        """The report that the last run wrote."""
        path = self.pytester.path / "readiness-report" / "report.json"
        document: dict[str, Any] = json.loads(path.read_text())
        return document

    @property
    def states(self) -> dict[str, str]:
        """Every item's state in the last report."""
        return {item["id"]: item["state"] for item in self.report["items"]}


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """Give a project whose suite has an item in each state."""
    (pytester.path / "readiness.toml").write_text(TARGET)
    suite = pytester.path / "readiness_suite"
    suite.mkdir()
    (suite / "conftest.py").write_text(CONFTEST)
    project = Project(pytester, suite, STATES)
    project.write(MODULE)
    project.lock()
    return project
