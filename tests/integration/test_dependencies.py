"""Packages in real virtual environments, and pip's own word on the same."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.servers.engine import REQUIREMENTS
from pytest_readiness.demo.servers.environment import create, packages_of
from pytest_readiness.demo.standins.python import hanging_python, old_python
from pytest_readiness.probes.dependencies import Dependencies
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import DependenciesBlock

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 20.0


@dataclass
class Service:
    """A service with an environment of its own, and files that say what it needs."""

    folder: Path
    python: Path

    def install(
        self,
        name: str,
        version: str,
        *requires: str,
        url: str = "",
        folder: str = "",
        text: str = "",
    ) -> None:
        """Install a package that consists of its metadata."""
        packages = packages_of(self.python.parents[1])
        info = packages / (folder or f"{name}-{version}.dist-info")
        info.mkdir()
        lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
        lines += [f"Requires-Dist: {one}" for one in requires]
        (info / "METADATA").write_text(text or "\n".join([*lines, ""]))
        (info / "INSTALLER").write_text("pip\n")
        if url:
            told = {"url": url, "vcs_info": {"vcs": "git", "commit_id": "a" * 40}}
            (info / "direct_url.json").write_text(json.dumps(told))

    def write(self, text: str | bytes, name: str = "requirements.txt") -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def see(self, *files: Path, limit: float = LIMIT, **more: object) -> Dependencies:
        block = DependenciesBlock(
            **{"interpreter": self.python, "requirements": files, **more}
        )
        began = time.monotonic()
        facts = Dependencies.gather(block, Look(Dependencies.source(block), limit))
        assert time.monotonic() - began < limit + 1
        return facts


@pytest.fixture
def service(tmp_path: Path) -> Service:
    venv.create(tmp_path / "venv", symlinks=True)
    service = Service(tmp_path, tmp_path / "venv/bin/python")
    service.install("Flask-App", "2.3.1", "werk>=2", "cache[fast]; extra == 'c'")
    service.install("werk", "2.5")
    service.install("cache", "5.0rc1", "speedups>=1; extra == 'fast'")
    return service


def broken(facts: Dependencies) -> list[str]:
    """Give everything that is wrong, as one list."""
    lists = (facts.missing_files, facts.missing, facts.mismatched, facts.conflicts)
    return [text for fact in lists for text in fact.otherwise(("?",))]


def why(facts: Dependencies) -> str:
    assert isinstance(facts.requirements.value, Unavailable)
    assert facts.requirements.value.cause is Cause.LOCAL
    return facts.requirements.value.reason


# ------------------------------------------------------------------------- good targets


def test_without_files_only_conflicts_are_looked_for(service: Service) -> None:
    facts = service.see()
    assert broken(facts) == []
    assert facts.requirements.value == 0
    assert facts.missing.detail == "3 installed"
    assert facts.conflicts.source == f"{service.python} importlib.metadata"


GOOD = """\
# what the service needs
--index-url https://packages.example/simple  # where from
--extra-index-url=https://more.example
--no-binary :all:
flask_app[c]>=2.3,<3 ; python_version >= "3.9"  # folded name, extra
   werk == 2.* \\
      --hash=sha256:0000 \\
      --hash=sha256:1111
cache>=5.0rc0
pywin32>=300 ; sys_platform == 'win32'

-r more/base.txt
-c more/constraints.txt
"""


def test_every_form_that_pip_reads_holds(service: Service) -> None:
    service.install("speedups", "1.4")
    service.write("-r ../requirements.txt\nspeedups~=1.2\n", "more/base.txt")
    service.write("werk<3\nnot-even-installed<1\n", "more/constraints.txt")
    facts = service.see(service.write(GOOD))
    assert broken(facts) == []
    assert facts.requirements.value == 7
    assert facts.requirements.source.endswith("requirements.txt")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_that_other_systems_wrote_are_read(
    encoding: str, service: Service
) -> None:
    path = service.write("werk==2.5\r\nflask-app>=2\r\n".encode(encoding))
    facts = service.see(path)
    assert (broken(facts), facts.requirements.value) == ([], 2)


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("tool @ git+https://git.example/t/tool.git@v1", "https://git.example/t/tool"),
        ("git+https://git.example/t/tool#egg=tool", "https://git.example/t/tool.git"),
        (
            "tool @ git+https://u:${TOKEN}@git.example/t/tool@v1",
            "https://git.example/other",
        ),
        (
            "-e git+ssh://git@git.example/t/tool.git#egg=tool",
            "ssh://git.example/t/tool",
        ),
        ("tool @ https://files.example/tool-1.0-py3-none-any.whl", ""),
        ("https://files.example/tool-1.0.tar.gz", ""),
        ("./wheels/tool-1.0-py3-none-any.whl", "file:///build/wheels"),
        ("-e ./sources", "file:///build/sources"),
        ("./sources[fast] ; python_version > '3'", ""),
        ("--editable=./sources", ""),
        ("-e './old sources'", ""),
        ("tool @ git+https://git.example/t/tool", "file:///wheels/tool.whl"),
        ("tool @ file:///build/sources", ""),
    ],
)
def test_urls_and_paths_hold(line: str, url: str, service: Service) -> None:
    service.write('[project]\nname = "tool"\n', "sources/pyproject.toml")
    service.write("[metadata]\nname = tool\n", "old sources/setup.cfg")
    service.install("tool", "1.0", url=url)
    facts = service.see(service.write(line))
    assert (broken(facts), facts.requirements.value) == ([], 1)


PYPROJECT = """\
[project]
name = "Engine"
dependencies = ["flask-app>=2", "pywin32; sys_platform == 'win32'"]
[project.optional-dependencies]
Fast_Path = ["cache[fast]>=5.0rc1"]
all = ["engine[fast-path]", "werk"]
[dependency-groups]
test = [{ include-group = "base" }, "werk>=2"]
base = ["flask-app"]
"""


def test_a_project_is_read_with_the_extras_that_are_installed(service: Service) -> None:
    path = service.write(PYPROJECT, "pyproject.toml")
    assert service.see(path).requirements.value == 2
    facts = service.see(path, extras=("all",))
    assert facts.requirements.value == 4
    assert facts.missing.value == (
        "speedups>=1 is not installed (pyproject.toml extra fast-path)",
    )
    assert service.see(path, groups=("Test",)).requirements.value == 4


PYLOCK = """\
lock-version = "1.0"
created-by = "a locker"
extras = ["fast"]
default-groups = ["main"]
[[packages]]
name = "flask-app"
version = "2.3.1"
[[packages]]
name = "pywin32"
version = "300"
marker = "sys_platform == 'win32'"
[[packages]]
name = "speedups"
version = "1.0"
marker = "'fast' in extras"
[[packages]]
name = "werk"
version = "2.5"
marker = "'main' in dependency_groups and python_version >= '3.9'"
[[packages]]
name = "cache"
directory = { path = "." }
"""


def test_a_lock_is_read_for_that_python_and_those_extras(service: Service) -> None:
    path = service.write(PYLOCK, "pylock.prod.toml")
    facts = service.see(path)
    assert (broken(facts), facts.requirements.value) == ([], 3)
    facts = service.see(path, extras=("fast",), groups=("none",))
    assert facts.requirements.value == 3
    assert facts.missing.value == (
        "speedups==1.0 is not installed (pylock.prod.toml package speedups)",
    )


def test_what_pip_left_behind_is_not_installed(service: Service) -> None:
    service.install("werk", "1.0", folder="~erk-1.0.dist-info")
    service.install("none", "1", folder="odd.dist-info", text="Version: 1\n\n")
    facts = service.see(service.write("werk>=2\n"))
    assert (broken(facts), facts.missing.detail) == ([], "3 installed")


def test_the_demos_own_environment_is_good(tmp_path: Path) -> None:
    python = create(tmp_path / "venv", REQUIREMENTS)
    facts = Service(tmp_path, python).see(REQUIREMENTS)
    assert (broken(facts), facts.requirements.value) == ([], 5)


# -------------------------------------------------------------------------- bad targets


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("polars>=1", "polars>=1 is not installed"),
        ("werk>=3", "werk 2.5, required >=3"),
        ("cache>=5", "cache 5.0rc1, required >=5"),
        ("cache[fast]", "speedups>=1 is not installed"),
        ("flask-app[c]", "speedups>=1 is not installed"),
        ("werk @ git+https://git.example/werk", "werk 2.5 is from an index, and not"),
        (
            "werk @ https://files.example/werk-3.0-py3-none-any.whl",
            "werk 2.5 is installed, and the URL names 3.0",
        ),
        ("https://files.example/werk-3.0.zip", "werk 2.5, required ==3.0"),
        ("git+https://git.example/x#egg=polars", "polars is not installed"),
    ],
)
def test_what_does_not_hold_is_named_with_its_place(
    line: str, wrong: str, service: Service
) -> None:
    facts = service.see(service.write(f"\n{line}\n"))
    (text,) = broken(facts)
    assert text.startswith(wrong)
    assert text.endswith("(requirements.txt line 2)")
    assert len(facts.missing.otherwise(())) == ("not installed" in wrong)


def test_another_repository_is_another_package(service: Service) -> None:
    service.install("tool", "1.0", url="https://git.example/fork/tool")
    facts = service.see(service.write("tool @ git+https://git.example/t/tool@v1"))
    (text,) = broken(facts)
    assert text.startswith("tool 1.0 is from git.example/fork/tool, and not from ")


def test_a_broken_constraint_is_told_and_asks_for_nothing(service: Service) -> None:
    service.write("werk<2\nabsent<1\n", "limits.txt")
    facts = service.see(service.write("flask-app\n-climits.txt\n"))
    assert broken(facts) == ["werk 2.5, required <2 (limits.txt line 1)"]


def test_files_that_are_not_there_are_named(service: Service) -> None:
    path = service.write("-r absent.txt\n-c also-absent.txt\nwerk\n")
    facts = service.see(path, service.folder / "none.txt", service.folder)
    assert facts.missing_files.value == (
        str(service.folder / "absent.txt"),
        str(service.folder / "also-absent.txt"),
        str(service.folder / "none.txt"),
        str(service.folder),
    )
    assert facts.requirements.value == 1


def test_versions_that_nobody_can_compare_do_not_hold(service: Service) -> None:
    service.install("odd", "one-and-a-half")
    facts = service.see(service.write("odd\nodd>1\n"))
    assert broken(facts) == [
        "odd one-and-a-half, required >1 (requirements.txt line 2)"
    ]


def test_a_marker_that_nobody_can_evaluate_counts(service: Service) -> None:
    facts = service.see(service.write('polars; os_name ~= "posix"\n'))
    assert facts.requirements.otherwise(1) == 1
    assert broken(facts) == ["polars is not installed (requirements.txt line 1)"]


def test_conflicts_are_those_of_pip_check(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", symlinks=True, with_pip=True)
    service = Service(tmp_path, tmp_path / "venv/bin/python")
    service.install("alpha", "1.0", "beta<2", "gamma", "delta; python_version < '3'")
    service.install("beta", "3.0", "alpha>=1; extra == 'none'")
    service.install("eta", "1", "beta[x]>=1", "alpha (>=0.5)", "!unreadable")
    told = subprocess.run(
        [service.python, "-m", "pip", "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    facts = service.see()
    assert sorted(told.stdout.splitlines()) == [
        "alpha 1.0 has requirement beta<2, but you have beta 3.0.",
        "alpha 1.0 requires gamma, which is not installed.",
    ]
    assert facts.conflicts.value == (
        "alpha 1.0 requires beta: beta 3.0, required <2",
        "alpha 1.0 requires gamma: gamma is not installed",
    )


# ------------------------------------------------------------ what cannot be understood


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("https://example.com/download", "names no package that can be told from here"),
        ("-r https://example.com/base.txt", "names a file that is not on this host"),
        ("-e ./nothing", "names no package that can be told"),
        ("--what-is-this", "has an option that is not known here"),
        ("werk ==", "names no package that can be told"),
        ("git+https://git.example/x#egg=a!b", "is no requirement"),
        ("\x00\xff", "names no package that can be told"),
    ],
)
def test_a_line_that_cannot_be_read_is_never_taken_for_satisfied(
    line: str, reason: str, service: Service
) -> None:
    facts = service.see(service.write(f"werk\n{line}\n"))
    assert why(facts).startswith(f"not understood: requirements.txt line 2 {reason}")
    assert broken(facts) == []


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("uv.lock", "", "uv.lock is a format of one tool; export it: `uv export"),
        ("poetry.lock", "", "poetry.lock is a format of one tool"),
        ("pyproject.toml", "[tool.poetry]\nname = 'x'", "; export it"),
        ("pyproject.toml", "[tool]\n", "has no table [project]"),
        ("pyproject.toml", "][", "pyproject.toml is no TOML"),
        ("pyproject.toml", '[project]\ndynamic = ["dependencies"]', "has dynamic"),
        ("pyproject.toml", '[project]\ndependencies = ["!"]', "that cannot be read"),
        ("pyproject.toml", "[project]\ndependencies = [1]", "that is none of texts"),
        ("pyproject.toml", "[project]\nname = 1", "has no extra fast"),
        ("any.toml", "[project]\n", "is neither a pyproject.toml nor a pylock"),
        ("pylock.toml", 'lock-version = "2.0"', "of format 1"),
        ("pylock.toml", 'lock-version = "1.0"\n[[packages]]\n', "without a name"),
        (
            "pylock.toml",
            'lock-version = "1.0"\n[[packages]]\nname = "x"\nmarker = "?"',
            "has a marker that cannot be read",
        ),
        ("binary.txt", b"\xff\x00\xfe\x01", "binary.txt is no text file"),
        ("long.txt", b"#" * 10_000_001, "long.txt is no text file"),
    ],
)
def test_a_file_that_cannot_be_read_is_never_taken_for_satisfied(
    name: str, text: str | bytes, reason: str, service: Service
) -> None:
    path = service.write(text, name)
    assert reason in why(service.see(path, extras=("fast",)))


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ("a = ['werk']", "has no dependency group wanted"),
        ("wanted = [{ include-group = 'Wanted' }]", "that includes itself"),
        ("wanted = [{ something = 'else' }]", "that cannot be read: wanted"),
        ("wanted = 1", "that cannot be read: wanted"),
    ],
)
def test_a_group_that_cannot_be_read_is_named(
    groups: str, reason: str, service: Service
) -> None:
    path = service.write(f"[dependency-groups]\n{groups}\n", "pyproject.toml")
    assert reason in why(service.see(path, groups=("wanted",)))


def test_many_unread_lines_are_counted(service: Service) -> None:
    path = service.write("\n".join("-x" for _ in range(9)))
    assert why(service.see(path)).endswith("is not known here and 6 more")


def test_a_file_that_this_run_may_not_read_says_so(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = service.write("werk\n")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert "requirements.txt: Permission denied" in why(service.see(path))


# ------------------------------------------------------------------------------ hostile


def nothing(facts: Dependencies) -> Unavailable:
    """Give the reason why nothing was seen: the same for every fact."""
    assert facts.conflicts.value == facts.missing.value == facts.requirements.value
    assert isinstance(facts.conflicts.value, Unavailable)
    return facts.conflicts.value


def test_a_missing_interpreter_has_nothing_to_say(service: Service) -> None:
    facts = service.see(interpreter=service.folder / "none")
    assert "No such file" in nothing(facts).reason
    assert nothing(facts).cause is Cause.NO_ANSWER


def test_an_interpreter_that_hangs_ends_with_the_look(service: Service) -> None:
    facts = service.see(interpreter=hanging_python(service.folder), limit=0.6)
    assert nothing(facts).reason == "no answer within 0.6 s"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "does not list its packages"),
        ("echo nonsense", "does not list its packages"),
        ('echo \'{"environment": [], "found": []}\'', "does not list its packages"),
        ('echo \'{"environment": {}, "found": [1]}\'', "does not list its packages"),
        ("cat /dev/zero", "its output has no end"),
    ],
)
def test_a_program_that_is_no_python_is_no_answer(
    script: str, reason: str, service: Service
) -> None:
    path = service.write(f"#!/bin/sh\n{script}\n", "fake")
    path.chmod(0o755)
    assert reason in nothing(service.see(interpreter=path)).reason


def test_markers_are_those_of_the_services_python(service: Service) -> None:
    python = old_python(service.folder, "3.8.20", service.python)
    path = service.write("polars; python_version < '3'\nwerk>9; os_name == 'nt'\n")
    assert broken(service.see(path, interpreter=python)) == []


def test_this_process_lends_it_no_environment(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    assert service.see().missing.detail == "3 installed"
