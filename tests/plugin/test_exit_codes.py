"""0 only for a READY of this process; the worst of ours; pytest's 2, 3, 4 first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.plugin.entry import OPTIONS

if TYPE_CHECKING:
    from conftest import Project

FAILED = 'check("exists", python.exists).is_false()'
UNKNOWN = 'check("exists", python.exists)'
UNCONFIGURED = 'check("version", postgres.version).at_least("1")'
SIGNED = '@attested(role="dba", scope="release")'


def of_states(project: Project, states: str) -> None:
    """Write a suite with an item in each of the states."""
    items = []
    for number, state in enumerate(states.split()):
        name = f"{state}_{number}"
        match state:
            case "verified":
                items.append(project.item(name))
            case "failed":
                items.append(project.item(name, FAILED))
            case "unknown":
                items.append(project.item(name, UNKNOWN))
            case "unconfigured":
                needs = "check, postgres"
                items.append(project.item(name, UNCONFIGURED, arguments=needs))
            case "pending":
                marks = [SIGNED]
                items.append(project.item(name, "", arguments="", decorators=marks))
    project.write(project.module(*items))
    project.lock()


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ("verified verified", 0),
        ("verified pending", 10),
        ("verified unconfigured", 11),
        ("verified unknown", 11),
        ("verified failed", 1),
        ("unknown pending", 11),
        ("failed pending", 1),
        ("failed unknown unconfigured pending verified", 1),
    ],
)
@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_the_worst_state_wins(
    bare: Project, states: str, code: int, workers: list[str]
) -> None:
    of_states(bare, states)
    result = bare.judge(*workers)

    assert [state.partition("_")[0] for state in bare.states.values()] == states.split()
    assert result.ret == code
    assert bare.report["exit_code"] == code
    verdict = "READY" if code == 0 else "NOT READY"
    assert bare.report["verdict"] == verdict


def test_incomplete_is_worse_than_failed(bare: Project) -> None:
    of_states(bare, "failed unknown pending")
    result = bare.judge("-k", "failed or pending")

    assert bare.states["host.failed-0"] == "failed"
    assert result.ret == 12


EXPLAINING = ["--help", "--version", "--markers", "--fixtures"]


@pytest.mark.parametrize("option", EXPLAINING)
def test_what_only_explains_keeps_pytests_0(project: Project, option: str) -> None:
    result = project.judge(option)

    assert result.ret == 0
    assert not project.report_path.exists()


def test_help_names_every_option(project: Project) -> None:
    result = project.pytester.runpytest_inprocess("--help")

    text = result.stdout.str()
    for option in OPTIONS:
        assert option.flag in text
        assert option.outside or f"  {option.dest} (" in text


NOT_JUDGING = {
    "--collect-only": ["--collect-only"],
    "--co -q": ["--co", "-q"],
    "--setup-plan": ["--setup-plan"],
    "--setup-only": ["--setup-only"],
    "--fixtures-per-test": ["--fixtures-per-test"],
}


@pytest.mark.parametrize("arguments", NOT_JUDGING.values(), ids=NOT_JUDGING)
@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_what_judges_nothing_says_so_and_exits_12(
    ready: Project, arguments: list[str], workers: list[str]
) -> None:
    result = ready.judge(*arguments, *workers)

    assert result.ret == 12
    result.stdout.fnmatch_lines(
        ["readiness: nothing was judged in this run, so it is not ready"]
    )
    result.stdout.no_fnmatch_line("READY*")
    assert not ready.report_path.exists()


def test_without_a_terminal_it_is_said_too(ready: Project) -> None:
    result = ready.judge("--collect-only", "-p", "no:terminal")

    assert result.ret == 12
    result.stderr.fnmatch_lines(["readiness: nothing was judged in this run*"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--collect-only", "--no-such-option"], 4),
        (["--collect-only", "--readiness-gate=none"], 4),
        (["--collect-only", "readiness_suite/test_missing.py"], 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_of_the_user_wins_over_12(
    ready: Project, arguments: list[str], code: int
) -> None:
    assert ready.judge(*arguments).ret == code


def test_collecting_a_broken_module_is_pytests_2(ready: Project) -> None:
    ready.write("import no_such_module_anywhere\n", "test_broken.py")

    assert ready.judge("--collect-only").ret == 2


def test_a_node_id_that_is_not_there(ready: Project) -> None:
    result = ready.judge("readiness_suite/test_host.py::test_none")

    assert result.ret == 4
    assert not ready.report_path.exists()


def test_without_the_option_nothing_is_ours(ready: Project) -> None:
    ready.pytester.makepyfile(test_plain="def test_it(): pass\n")
    result = ready.pytester.runpytest_inprocess("--collect-only")

    assert result.ret == 0
    result.stdout.no_fnmatch_line("*readiness:*")


@pytest.mark.parametrize(
    "arguments",
    [[], ["-k", "verified"], ["--readiness-no-gate"], ["--readiness-strict"]],
    ids=" ".join,
)
def test_a_run_that_cannot_be_trusted_is_13_whatever_it_saw(
    project: Project, arguments: list[str]
) -> None:
    pin = f'[target.here]\nsha256 = "{"ab" * 32}"\n[target.here.python]'
    project.target(project.TARGET.replace("[target.here.python]", pin))
    result = project.judge(*arguments)

    assert result.ret == 13
    assert project.report["exit_code"] == 13
    assert project.states["host.verified"] == "verified"
    assert not project.report["verdict"].startswith("READY")


def test_pytests_own_codes_win_over_13(project: Project) -> None:
    pin = f'[target.here]\nsha256 = "{"ab" * 32}"\n[target.here.python]'
    project.target(project.TARGET.replace("[target.here.python]", pin))
    project.conftest(
        "import pytest\n"
        "def pytest_runtest_setup(): pytest.exit('enough', returncode=2)\n"
    )

    assert project.judge().ret == 2
