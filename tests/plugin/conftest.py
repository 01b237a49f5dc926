"""A small suite and a real target for it: the interpreter that runs the tests.

Most runs happen in this process, which is fast; those that need signals, coverage of
start-up or nothing but our own modules happen in a process of their own.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pytest_readiness.cli import COMMANDS, main
from pytest_readiness.cli.trust import ACTIONS
from pytest_readiness.probes import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

# A run in this process puts sys.modules back as it was, so what is not loaded before
# would be loaded, and rewritten, again by each of them; and a command that runs between
# two of them would have classes of both.
for _module in (
    "hypothesis",
    "pytest_html.report_data",
    *(f"pytest_readiness.cli.{name}" for name in COMMANDS if name != "import"),
    "pytest_readiness.cli.import_",
    *(f"pytest_readiness.cli.trust.{name}" for name in ACTIONS),
    "pytest_readiness.plugin.fixtures",
    "pytest_readiness.plugin.startup",
    "pytest_readiness.reports.html",
    *(where.partition(":")[0] for where in REGISTRY.values()),
):
    with suppress(ImportError):
        import_module(_module)

_GIT_USER = ("-c", "user.name=ci", "-c", "user.email=ci@example.com")

LEAN = ("-p", "no:hypothesispytest")
"""Its summary loads all of Hypothesis: half a second of each run."""

START = """\
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
"""Runs pytest where Ctrl-C works: a job in the background begins with it ignored."""

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

HEAD = """\
from pytest_readiness import attested, days, item, rollup, section
"""

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

HOLDS = 'check("exists", python.exists).is_true()'
"""A body whose requirement is met."""


def item_text(
    name: str,
    body: str = HOLDS,
    *,
    arguments: str = "check, python",
    owner: str = "ops-lead",
    decorators: Iterable[str] = (),
    item: str | None = None,
) -> str:
    """Write one item of a suite, named like its test."""
    slug = name.replace("_", "-")
    marks = [item or f'@item("{slug}", owner="{owner}")', *decorators]
    doc = f'"""The {slug} holds.\n\nWhy: it must.\nFix: make it hold.\n"""'
    lines = textwrap.indent(f"{doc}\n{textwrap.dedent(body)}", "    ")
    return "\n".join([*marks, f"def test_{name}({arguments}):", lines, "\n"])


def module_text(
    *items: str, section: str = "host", stage: str = "pre-production", head: str = ""
) -> str:
    """Write a module of a suite."""
    title = section.replace("-", " ").title()
    mark = f'pytestmark = section("{section}", stage="{stage}")\n\n'
    return "\n".join([f'"""{title}."""', HEAD, head, mark, *items])


ROLLUP = item_text("everything", "", arguments="", decorators=['@rollup(over="*")'])

READY = module_text(*(item_text(name) for name in ("one", "two", "three")), ROLLUP)
"""A suite of three items that hold and their rollup."""

READY_IDS = ("host.one", "host.two", "host.three", "host.everything")

_LOCKS: dict[str, bytes] = {}
"""Locks by what stands in the suite: most tests have the same one."""


@dataclass
class Project:
    """A folder with target file and suite, and what a run of it left."""

    pytester: pytest.Pytester
    suite: Path

    TARGET: ClassVar = TARGET
    CONFTEST: ClassVar = CONFTEST
    HOLDS: ClassVar = HOLDS
    ROLLUP: ClassVar = ROLLUP
    STATES: ClassVar = STATES
    READY_IDS: ClassVar = READY_IDS
    # Test modules cannot import this one (importlib mode), so they find it all here.
    item: ClassVar = staticmethod(item_text)
    module: ClassVar = staticmethod(module_text)

    @property
    def path(self) -> Path:
        """The folder."""
        return self.pytester.path

    def lock(self) -> None:
        """Write the suite's lock, as ``readiness check --write`` does."""
        path = self.suite / "suite.lock"
        text = "".join(f"{p}\n{p.read_text()}" for p in self.suite.rglob("*.py"))
        text = text.replace(str(self.path), "")
        if text not in _LOCKS:
            path.unlink(missing_ok=True)
            assert self.command_line("check", "--write", str(self.suite)) == 0
            _LOCKS[text] = path.read_bytes()
        path.write_bytes(_LOCKS[text])

    def command_line(self, *arguments: object) -> int:
        """Run a ``readiness`` command in this process; give its exit code."""
        loaded = set(sys.modules)
        try:
            return main([str(argument) for argument in arguments])
        finally:
            for name in set(sys.modules) - loaded:
                if not name.startswith("pytest_readiness."):
                    del sys.modules[name]  # else the next run here takes it

    def key(self, person: str) -> Path:
        """Give where a person's key is."""
        return self.path / ".keys" / person

    def people(self, **roles: str) -> None:
        """Make keys and a trust file; the first person is the root."""
        for person in roles:
            key = str(self.key(person))
            assert (
                self.command_line("keys", "new", "--out", key, "--no-passphrase") == 0
            )
        (root, own), *others = roles.items()
        arguments = ["--me", root, "--role", own, "--key", str(self.key(root))]
        email = f"{root}@example.com"
        init = ("trust", "init", *arguments, "--name", root.title(), "--email", email)
        assert self.command_line(*init) == 0
        for person, role in others:
            key, email = f"{self.key(person)}.pub", f"{person}@example.com"
            add = ("trust", "add", person, "--role", role, "--public-key", key)
            assert self.command_line(*add, "--email", email) == 0

    def commit(self, message: str = "All of it", author: str = "dev") -> None:
        """Commit all that is there; the first time a repository is made."""
        if not (self.path / ".git").exists():
            (self.path / ".gitignore").write_text("/.keys\n/.home\n__pycache__/\n")
            self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        who = f"{author} <{author}@example.com>"
        self.git("commit", "-q", "--allow-empty", "-m", message, "--author", who)

    def git(self, *arguments: str) -> str:
        """Ask the real git, with nothing of the developer's own settings."""
        done = subprocess.run(
            ["git", *_GIT_USER, *arguments],  # noqa: S607 - whichever is installed
            cwd=self.path,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    @property
    def ledger(self) -> Path:
        """Where the signed statements are."""
        return self.path / ".readiness" / "attestations.intoto.jsonl"

    def sign(self, person: str, command: str, *arguments: object) -> int:
        """Run a command that signs, with a person's key and without being asked."""
        return self.command_line(
            command, *arguments, "--key", self.key(person), "--yes"
        )

    def write(self, module: str, name: str = "test_host.py") -> None:
        """Write a module of the suite."""
        path = self.suite / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(module))

    def target(self, text: str, name: str = "readiness.toml") -> Path:
        """Write a target file."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def conftest(self, text: str) -> Path:
        """Write a conftest above the suite, which is foreign to it."""
        path = self.path / "conftest.py"
        path.write_text(textwrap.dedent(text))
        return path

    def ini(self, *lines: str) -> Path:
        """Write a pytest.ini."""
        path = self.path / "pytest.ini"
        path.write_text("\n".join(["[pytest]", *lines, ""]))
        return path

    def judge(self, *arguments: str) -> pytest.RunResult:
        """Judge the target in this process."""
        return self.pytester.runpytest_inprocess("--readiness", *LEAN, *arguments)

    def judge_apart(self, *arguments: str) -> pytest.RunResult:
        """Judge the target in a process of its own."""
        return self.pytester.runpytest_subprocess("--readiness", *LEAN, *arguments)

    def shown_by(self, *arguments: str) -> dict[str, str]:
        """Judge the target; give all that anybody can read of it, by where it is."""
        before = {path for path in self.path.rglob("*") if path.is_file()}
        result = self.judge(*arguments)
        written = {path for path in self.path.rglob("*") if path.is_file()} - before
        shown = {
            str(path): path.read_text()
            for path in written
            if "__pycache__" not in path.parts
        }
        shown["standard output"] = result.stdout.str()
        shown["standard error"] = result.stderr.str()
        assert len(shown) > 2, "the run wrote no report"
        return shown

    @property
    def command(self) -> list[str]:
        """The command that judges the target, for those who start it themselves."""
        return [sys.executable, "-c", START, "--readiness", *LEAN]

    @property
    def report_path(self) -> Path:
        """Where reports go unless told otherwise."""
        return self.path / "readiness-report" / "report.json"

    @property
    def report(self) -> dict[str, Any]:
        """The report that the last run wrote."""
        document: dict[str, Any] = json.loads(self.report_path.read_text())
        return document

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        """Every item of the last report, by id."""
        return {item["id"]: item for item in self.report["items"]}

    @property
    def states(self) -> dict[str, str]:
        """Every item's state in the last report."""
        return {item["id"]: item["state"] for item in self.report["items"]}


_RERUNS: Any = import_module("pytest_rerunfailures")


class _RerunServer(_RERUNS.ServerStatusDB):  # type: ignore[misc]  # it has no types
    """What pytest-rerunfailures opens for each run, and never closes."""

    opened: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        super().__init__()
        self.opened.append(self.sock)

    def run_server(self) -> None:
        with suppress(OSError):
            super().run_server()


@pytest.fixture(autouse=True)
def _rerun_servers_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hundreds of runs share this process: their descriptors and threads must go."""
    monkeypatch.setattr(_RERUNS, "ServerStatusDB", _RerunServer)
    yield
    while _RerunServer.opened:
        with _RerunServer.opened.pop() as opened, suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own settings and keys out."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    # A run in a worker of xdist must not take itself for one.
    ours = ("READINESS_", "PYTEST_XDIST_")
    for name in [name for name in os.environ if name.startswith(ours)]:
        monkeypatch.delenv(name)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Give a ``readiness`` command's exit code, output and errors.

    What people read fits 80 columns.
    """

    def say(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        loaded = set(sys.modules)
        code = main(arguments)
        for name in set(sys.modules) - loaded:
            del sys.modules[name]  # else the next run in this process takes it
        out, err = capsys.readouterr()
        if "--json" not in arguments:
            assert [line for line in out.splitlines() if len(line) > 80] == []
        return code, out, err

    return say


@pytest.fixture
def bare(pytester: pytest.Pytester) -> Project:
    """Give a project with a target file and a suite without a module."""
    (pytester.path / "readiness.toml").write_text(TARGET)
    suite = pytester.path / "readiness_suite"
    suite.mkdir()
    (suite / "conftest.py").write_text(CONFTEST)
    return Project(pytester, suite)


@pytest.fixture
def project(bare: Project) -> Project:
    """Give a project whose suite has an item in each state."""
    bare.write(MODULE)
    bare.lock()
    return bare


@pytest.fixture
def ready(bare: Project) -> Project:
    """Give a project that is READY, so that anything lost shows."""
    bare.write(READY)
    bare.lock()
    return bare
