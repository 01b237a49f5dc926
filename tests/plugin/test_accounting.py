"""Every item of the lock is in one state, whatever was selected, and READY is earned.

The suite is one that is READY when all of it runs, so that anything lost shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

SELECTIONS = {
    "-k": ["-k", "not one"],
    "-k id": ["-k", "host.two or everything"],
    "-m": ["-m", "readiness_rollup"],
    "--deselect": ["--deselect", "readiness_suite/test_host.py::test_one"],
    "node id": ["readiness_suite/test_host.py::test_two"],
    "--ignore": ["--ignore=readiness_suite/test_host.py"],
    "-k nothing": ["-k", "nothing_has_this_name"],
}


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
def test_a_selection_is_incomplete_and_accounts_for_all(
    ready: Project, selection: list[str], workers: list[str]
) -> None:
    result = ready.judge(*selection, *workers)

    assert result.ret == 12
    assert ready.report["verdict"] == "INCOMPLETE"
    assert tuple(ready.states) == ready.READY_IDS
    assert ready.states["host.one"] == "not-run"
    assert set(ready.states.values()) <= {"verified", "not-run"}
    left_out = ready.report["selection"]["left_out"]
    assert "host.one" in {item["id"] for item in left_out}
    assert all(item["why"] for item in left_out)


HARMLESS = {
    "everything": [],
    "-n2": ["-n2"],
    "-n0": ["-n0"],
    "--dist=each": ["--dist=each", "--tx=2*popen"],
    "-x": ["-x"],
    "--maxfail": ["--maxfail=1"],
    "--runxfail": ["--runxfail"],
    "xfail_strict": ["-o", "xfail_strict=true"],
    "random order": ["-p", "randomly", "-p", "no:cacheprovider"],
    "given order": ["-p", "no:randomly"],
    "reruns": ["--reruns=2"],
    "--lf without failures": ["--lf"],
    "--ff": ["--ff"],
    "--nf": ["--nf"],
    "--sw": ["--sw"],
    "-k that selects all": ["-k", "host"],
    "the suite": ["readiness_suite"],
    "its only module": ["readiness_suite/test_host.py"],
    "--setup-show": ["--setup-show"],
    "-s": ["-s"],
    "no terminal": ["-p", "no:terminal"],
    "quiet": ["-qq"],
    "strict": ["--strict-config", "--strict-markers", "-W", "error"],
    "doctests": ["--doctest-modules"],
    "python_files": ["-o", "python_files=nothing.py", "-o", "python_functions=never"],
    "python_classes": ["-o", "python_classes=*"],
    "testpaths": ["-o", "testpaths=elsewhere"],
    "-p no:cacheprovider": ["-p", "no:cacheprovider"],
    "prepend": ["--import-mode=prepend"],
}


@pytest.mark.parametrize("arguments", HARMLESS.values(), ids=HARMLESS)
def test_what_leaves_nothing_out_is_ready(ready: Project, arguments: list[str]) -> None:
    result = ready.judge(*arguments)

    assert ready.states == dict.fromkeys(ready.READY_IDS, "verified")
    assert result.ret == 0
    assert ready.report["verdict"] == "READY"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-n2"],
        ["--runxfail"],
        ["-o", "xfail_strict=true"],
        ["--reruns=1"],
        ["--ff"],
        ["--runxfail", "-n2", "--reruns=1", "-o", "xfail_strict=true"],
    ],
    ids=" ".join,
)
def test_states_are_recorded_and_not_read_back(
    project: Project, arguments: list[str]
) -> None:
    result = project.judge(*arguments)

    assert project.states == project.STATES
    assert project.report["verdict"] == "NOT READY"
    assert result.ret == 1


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_stopping_at_the_first_failure_accounts_for_the_rest(
    bare: Project, option: str
) -> None:
    bare.write(
        bare.module(
            bare.item("good"),
            bare.item("bad", 'check("exists", python.exists).is_false()'),
            bare.item("later"),
            bare.ROLLUP,
        )
    )
    bare.lock()
    result = bare.judge(option, "-p", "no:randomly")

    assert bare.states == {
        "host.good": "verified",
        "host.bad": "failed",
        "host.later": "not-run",
        "host.everything": "not-run",
    }
    assert result.ret == 12
    assert bare.report["verdict"] == "INCOMPLETE"
    why = {item["id"]: item["why"] for item in bare.report["selection"]["left_out"]}
    assert why["host.later"] == "its body did not come to its end in this run"


def test_last_failed_knows_one_item_the_lock_knows_all(bare: Project) -> None:
    bare.write(
        bare.module(
            *(bare.item(name) for name in ("one", "two", "three", "four")),
            bare.item("bad", 'check("exists", python.exists).is_false()'),
        )
    )
    bare.write(bare.module(bare.item("other"), section="other"), "test_other.py")
    bare.lock()
    bare.judge("-p", "no:randomly")
    result = bare.judge("--lf", "-p", "no:randomly")

    result.stdout.fnmatch_lines(["collected 1 item"])
    assert len(bare.states) == 6
    assert bare.states["host.bad"] == "failed"
    others = {state for id_, state in bare.states.items() if id_ != "host.bad"}
    assert others == {"not-run"}
    assert result.ret == 12


def test_stepwise_stops_and_accounts(project: Project) -> None:
    result = project.judge("--sw", "-p", "no:randomly")

    assert result.ret == 2
    assert tuple(project.states) == tuple(project.STATES)
    assert project.states["host.failed"] == "failed"
    assert project.states["host.unknown"] == "not-run"
    assert project.report["verdict"] == "INCOMPLETE"
    assert project.report["exit_code"] == 2


def test_one_module_of_two(ready: Project) -> None:
    ready.write(ready.module(ready.item("guest"), section="guest"), "test_guest.py")
    ready.lock()
    result = ready.judge("readiness_suite/test_guest.py")

    assert result.ret == 12
    assert ready.states == {
        **dict.fromkeys(ready.READY_IDS, "not-run"),
        "guest.guest": "verified",
    }


def test_a_rollup_counts_what_was_not_run(ready: Project) -> None:
    ready.judge("--deselect", "readiness_suite/test_host.py::test_one")

    item = ready.items["host.everything"]
    assert (item["state"], item["code"]) == ("not-run", "MEMBERS")
    assert "host.one" in item["reason"]


def test_items_out_of_gate_are_no_selection(ready: Project) -> None:
    daily = ready.module(ready.item("rounds"), section="rounds", stage="daily")
    ready.write(daily, "test_rounds.py")
    ready.lock()
    result = ready.judge()

    result.assert_outcomes(passed=4, deselected=1)
    assert ready.states["rounds.rounds"] == "out-of-gate"
    assert ready.report["selection"] == {"selected": False, "why": [], "left_out": []}
    assert result.ret == 0


def test_a_suite_without_items_of_the_gate_is_incomplete(bare: Project) -> None:
    bare.write(bare.module(bare.item("rounds"), stage="daily"))
    bare.lock()
    result = bare.judge()

    assert bare.states == {"host.rounds": "out-of-gate"}
    assert bare.report["verdict"] == "INCOMPLETE"
    assert result.ret == 12


def test_an_empty_suite_is_incomplete(bare: Project) -> None:
    bare.lock()
    result = bare.judge()

    assert bare.report["verdict"] == "INCOMPLETE"
    assert result.ret == 12


def test_a_module_that_does_not_import_ends_the_run(ready: Project) -> None:
    ready.judge()
    before = ready.report_path.read_bytes()
    ready.write("import no_such_module_anywhere\n", "test_broken.py")
    result = ready.judge()

    assert result.ret == 2
    result.stdout.fnmatch_lines(["*no_such_module_anywhere*", "*nothing was judged*"])
    assert ready.report_path.read_bytes() == before


def test_a_module_that_does_not_import_is_not_run(ready: Project) -> None:
    ready.write(ready.module(ready.item("guest"), section="guest"), "test_guest.py")
    ready.lock()
    ready.write("import no_such_module_anywhere\n", "test_guest.py")
    result = ready.judge("--continue-on-collection-errors")

    assert ready.states == {
        "host.one": "verified",
        "host.two": "verified",
        "host.three": "verified",
        "host.everything": "not-run",
        "guest.guest": "not-run",
    }
    assert result.ret == 12


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["addopts = -k one"], "-k 'one' from *pytest.ini"),
        (["addopts = -m readiness_rollup"], "-m 'readiness_rollup' from *pytest.ini"),
    ],
)
def test_a_selection_in_the_ini_is_named(
    ready: Project, lines: list[str], said: str
) -> None:
    path = ready.ini(*lines)
    result = ready.judge()

    assert result.ret == 12
    result.stdout.fnmatch_lines([f"readiness: {said} selects"])
    assert str(path) in ready.report["selection"]["why"][0]


def test_a_selection_in_the_environment_is_named(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.ini("console_output_style = classic")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k one")
    result = ready.judge()

    assert result.ret == 12
    result.stdout.fnmatch_lines(["readiness: -k 'one' from PYTEST_ADDOPTS selects"])


def test_a_selection_by_hand_is_named(ready: Project) -> None:
    result = ready.judge("-qk", "one")

    assert result.ret == 12
    assert ready.report["selection"]["why"] == ["-k 'one'"]


def test_a_deselection_in_the_ini_is_incomplete(ready: Project) -> None:
    ready.ini("addopts = --deselect readiness_suite/test_host.py::test_one")
    result = ready.judge()

    assert ready.states["host.one"] == "not-run"
    assert result.ret == 12


def test_the_header_says_that_workers_are_ignored(ready: Project) -> None:
    result = ready.judge("-n2")

    result.stdout.fnmatch_lines(["readiness: -n is ignored*"])
    result.stdout.no_fnmatch_line("created: * worker*")
    assert any("-n is ignored" in warning for warning in ready.report["warnings"])


def test_items_run_in_the_controller(ready: Project) -> None:
    ready.write(
        ready.module(
            ready.item(
                "here",
                """
                import os
                assert "PYTEST_XDIST_WORKER" not in os.environ
                assert os.getpid() == int(os.environ["CONTROLLER"])
                check("exists", python.exists).is_true()
                """,
            )
        )
    )
    ready.lock()
    ready.conftest(
        "import os\n"
        "def pytest_configure():\n"
        "    os.environ.setdefault('CONTROLLER', str(os.getpid()))\n"
    )
    result = ready.judge_apart("-n2")

    assert ready.states == {"host.here": "verified"}
    assert result.ret == 0


def test_ordinary_tests_of_the_same_run_count_too(ready: Project) -> None:
    ready.pytester.makepyfile(test_ordinary="def test_it():\n    assert False\n")
    result = ready.judge("readiness_suite", "test_ordinary.py")

    assert result.ret == 1
    assert ready.report["verdict"] == "READY"
    assert ready.report["exit_code"] == 1
