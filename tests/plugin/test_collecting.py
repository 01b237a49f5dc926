"""Where the suite is found, and how it is collected whatever an ini says."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import pytest_readiness
from pytest_readiness.plugin.suite import bundled_suite

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project


def suite_said(result: pytest.RunResult) -> str:
    """Give the suite that a run's header names."""
    line = next(line for line in result.outlines if "readiness: suite " in line)
    return line.partition(": suite ")[2].rpartition(" (")[0]


@pytest.fixture
def elsewhere(ready: Project) -> Path:
    """Give the suite under another name, which its lock alone shows to be one."""
    path = ready.path / "checks" / "golive"
    path.parent.mkdir()
    ready.suite.rename(path)
    return path


def test_the_folder_readiness_suite_is_taken(ready: Project) -> None:
    result = ready.judge()

    assert suite_said(result) == str(ready.suite)
    assert result.ret == 0


def test_the_target_file_names_the_suite(ready: Project, elsewhere: Path) -> None:
    ready.target(f'suite = "checks/golive"\n{ready.TARGET}')
    result = ready.judge()

    assert suite_said(result) == str(elsewhere)
    assert result.ret == 0


def test_the_target_files_suite_goes_before_the_folder(ready: Project) -> None:
    other = ready.path / "other"
    other.mkdir()
    for path in ready.suite.iterdir():
        if path.is_file():
            (other / path.name).write_bytes(path.read_bytes())
    ready.target(f'suite = "other"\n{ready.TARGET}')
    result = ready.judge()

    assert suite_said(result) == str(other)
    assert result.ret == 0


def test_a_target_file_elsewhere_names_a_suite_beside_it(
    ready: Project, elsewhere: Path
) -> None:
    ready.target(f'suite = "golive"\n{ready.TARGET}', "checks/there.toml")
    result = ready.judge("--readiness-config=checks/there.toml")

    assert suite_said(result) == str(elsewhere)
    assert result.ret == 0


def test_without_a_suite_the_bundled_one_is_taken(ready: Project) -> None:
    ready.suite.rename(ready.path / "put_away")
    result = ready.judge("--collect-only")

    assert suite_said(result) == str(bundled_suite())
    assert result.ret == 12


@pytest.mark.parametrize(
    "named",
    [
        "checks/golive",
        "checks/golive/test_host.py",
        "checks/golive/test_host.py::test_one",
        "./checks/../checks/golive/",
    ],
)
def test_a_suite_is_known_by_its_lock(
    ready: Project, elsewhere: Path, named: str
) -> None:
    result = ready.judge(named)

    assert suite_said(result) == str(elsewhere)
    assert ready.states["host.one"] == "verified"


def test_an_absolute_path(ready: Project) -> None:
    assert ready.judge(str(ready.suite)).ret == 0


def test_several_paths_of_one_suite(ready: Project) -> None:
    ready.write(ready.module(ready.item("guest"), section="guest"), "a/test_guest.py")
    ready.lock()
    result = ready.judge("readiness_suite/a", "readiness_suite/test_host.py")

    assert result.ret == 0
    assert ready.report["counts"]["after"]["verified"] == 5


def test_several_suites_are_refused(ready: Project) -> None:
    other = ready.path / "other"
    other.mkdir()
    (other / "suite.lock").write_bytes((ready.suite / "suite.lock").read_bytes())
    result = ready.judge("readiness_suite", "other")

    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [f"ERROR: --readiness: these are several suites: {ready.suite}, {other}; *"]
    )


def test_a_path_outside_any_suite_is_refused(ready: Project) -> None:
    ready.pytester.makepyfile(test_plain="def test_it(): pass\n")
    result = ready.judge("test_plain.py")

    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["ERROR: --readiness: none of test_plain.py lies in a suite; *suite.lock*"]
    )


def test_a_suite_without_a_lock_names_the_command(ready: Project) -> None:
    (ready.suite / "suite.lock").unlink()
    result = ready.judge()

    assert result.ret == 4
    result.stderr.fnmatch_lines(["*suite.lock: cannot be read:*check --write*"])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_modules_of_one_name_in_several_folders(bare: Project) -> None:
    for name in ("network", "storage", "people"):
        text = bare.module(bare.item("ready"), section=name)
        bare.write(text, f"{name}/test_it.py")
    bare.lock()
    bare.ini("addopts = --import-mode=prepend", "python_files = check_*.py")
    result = bare.judge()

    assert bare.states == dict.fromkeys(
        ["network.ready", "people.ready", "storage.ready"], "verified"
    )
    assert result.ret == 0


def test_importing_leaves_no_trace_in_the_import_path(ready: Project) -> None:
    ready.write(
        ready.module(
            *(
                ready.item(
                    name,
                    "import sys\n"
                    "assert not [p for p in sys.path if 'readiness_suite' in p]\n"
                    'check("exists", python.exists).is_true()',
                )
                for name in ("one", "two", "three")
            ),
            ready.ROLLUP,
        )
    )
    ready.ini("addopts = --import-mode=prepend")
    result = ready.judge_apart()

    assert ready.states["host.one"] == "verified"
    assert result.ret == 0


@pytest.mark.parametrize(
    "lines",
    [
        ["python_files = *.nothing"],
        ["python_functions = nothing_*"],
        ["python_classes = *"],
        ["testpaths = tests"],
        ["python_files = *.py", "python_functions = *"],
        ["addopts = --strict-markers --strict-config"],
        ["usefixtures ="],
    ],
    ids=lambda lines: lines[0],
)
def test_what_an_ini_says_of_tests_is_no_matter(
    ready: Project, lines: list[str]
) -> None:
    ready.ini(*lines)
    result = ready.judge()

    assert result.ret == 0


def test_only_test_modules_and_functions_are_items(ready: Project) -> None:
    ready.write("raise RuntimeError('no test')\n", "shared.py")
    ready.write("", "__init__.py")
    path = ready.suite / "test_host.py"
    path.write_text(
        f"{path.read_text()}\n\n"
        "class TestNothing:\n    def test_in_a_class(self): raise RuntimeError\n\n"
        "def nothing(): raise RuntimeError\n\n"
        "test_value = 1\n"
    )
    result = ready.judge("--doctest-modules", "-o", "python_files=*.py")

    result.assert_outcomes(passed=4)
    assert result.ret == 0


def test_an_ini_that_does_not_recurse_is_incomplete(ready: Project) -> None:
    ready.write(ready.module(ready.item("guest"), section="guest"), "a/test_guest.py")
    ready.lock()
    ready.ini("norecursedirs = a")
    result = ready.judge()

    assert ready.states["guest.guest"] == "not-run"
    assert result.ret == 12


def test_a_suite_is_invisible_without_the_option(ready: Project) -> None:
    ready.pytester.makepyfile(test_plain="def test_it(): pass\n")
    result = ready.pytester.runpytest_inprocess("-v")

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*readiness_suite*")
    assert result.ret == 0
    assert not ready.report_path.exists()


@pytest.mark.parametrize("named", ["checks/golive", "checks/golive/test_host.py"])
def test_a_suite_of_any_name_is_invisible_and_says_so_when_named(
    ready: Project, elsewhere: Path, named: str
) -> None:
    ready.pytester.makepyfile(test_plain="def test_it(): pass\n")
    ready.pytester.runpytest_inprocess().assert_outcomes(passed=1)
    result = ready.pytester.runpytest_inprocess(named)

    assert elsewhere.is_dir()
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: {named}: *; add --readiness *"])


def test_testpaths_do_not_show_it_either(ready: Project) -> None:
    ready.ini("testpaths = readiness_suite tests")
    ready.target("def test_it(): pass\n", "tests/test_plain.py")
    result = ready.pytester.runpytest_inprocess("-n2")

    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_a_run_within_the_suite_says_to_add_the_option(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ready.suite)
    result = ready.pytester.runpytest_inprocess()

    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: *readiness_suite: *; add --readiness *"])


def test_an_option_with_an_optional_value_does_not_take_the_suite(
    ready: Project,
) -> None:
    ready.conftest(
        "def pytest_addoption(parser):\n"
        "    parser.addoption('--cover', nargs='?', const='all', default=None)\n"
    )
    result = ready.judge("--cover")

    assert result.ret == 0


def test_an_installed_suite_is_not_shadowed_by_the_users_folder(
    ready: Project,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As a wheel has it: within the package, not beside it under a name of its own.
    package = tmp_path_factory.mktemp("site") / "pytest_readiness"
    installed = package / "suite"
    shutil.copytree(ready.suite, installed)
    monkeypatch.setattr(pytest_readiness, "__file__", str(package / "__init__.py"))
    ready.write("raise RuntimeError('the folder of the user')\n")
    result = ready.judge(str(installed), f"--rootdir={ready.path}")

    assert bundled_suite() == installed
    assert suite_said(result) == str(installed)
    assert ready.states == dict.fromkeys(ready.READY_IDS, "verified")
    assert result.ret == 0


def test_the_suites_conftest_is_loaded_with_the_initial_ones(ready: Project) -> None:
    # Only those can declare options: the suite is there before conftests are loaded.
    conftest = ready.suite / "conftest.py"
    conftest.write_text(
        f"{conftest.read_text()}\n"
        "def pytest_addoption(parser):\n"
        "    parser.addoption('--of-the-suite', action='store_true')\n"
    )
    result = ready.judge("--of-the-suite")

    assert result.ret == 0
