"""``--readiness-gate``, ``readiness_gate``, ``READINESS_GATE``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

STAGES = (
    "pre-production",
    "pre-deployment",
    "deployment",
    "post-deployment",
    "daily",
    "weekly",
    "monthly",
    "compliance",
    "sign-off",
)
GATES = {
    "go-live": {"pre-production", "pre-deployment", "compliance", "sign-off"},
    "deploy": {"deployment"},
    "post-deploy": {"post-deployment"},
    "daily": {"daily"},
    "weekly": {"weekly"},
    "monthly": {"monthly"},
    "all": set(STAGES),
}


@pytest.fixture
def staged(bare: Project) -> Project:
    """Give a project with an item in each stage."""
    for stage in STAGES:
        text = bare.module(bare.item("holds"), section=stage, stage=stage)
        bare.write(text, f"{stage.replace('-', '_')}/test_it.py")
    bare.lock()
    return bare


def asked(project: Project) -> set[str]:
    """Give the stages that the last run judged; all of them hold."""
    by_state: dict[str, set[str]] = {}
    for item in project.report["items"]:
        by_state.setdefault(item["state"], set()).add(item["stage"])
    assert by_state.keys() <= {"verified", "out-of-gate"}
    return by_state["verified"]


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_asks_its_stages(staged: Project, gate: str) -> None:
    result = staged.judge(f"--readiness-gate={gate}")

    assert result.ret == 0
    assert asked(staged) == GATES[gate]
    assert staged.report["gate"]["name"] == gate
    result.assert_outcomes(
        passed=len(GATES[gate]), deselected=len(STAGES) - len(GATES[gate])
    )


def test_go_live_is_asked_by_default(staged: Project) -> None:
    staged.judge("-n2")

    assert staged.report["gate"]["name"] == "go-live"
    assert asked(staged) == GATES["go-live"]


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_command_line_before_environment_before_ini(
    staged: Project, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    staged.ini("readiness_gate = daily")
    staged.judge(*workers)
    assert asked(staged) == {"daily"}

    monkeypatch.setenv("READINESS_GATE", "weekly")
    staged.judge(*workers)
    assert asked(staged) == {"weekly"}

    staged.judge("--readiness-gate", "monthly", *workers)
    assert asked(staged) == {"monthly"}


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_a_gate_of_ones_own(staged: Project, workers: list[str]) -> None:
    staged.target(f'{staged.TARGET}[gate.rounds]\nstages = ["daily", "compliance"]\n')
    result = staged.judge("--readiness-gate=rounds", *workers)

    assert result.ret == 0
    assert asked(staged) == {"daily", "compliance"}


@pytest.mark.parametrize(
    ("name", "said"),
    [("golive", "did you mean go-live?"), ("xyz", "choose one of go-live, deploy")],
)
def test_an_unknown_gate(staged: Project, name: str, said: str) -> None:
    result = staged.judge(f"--readiness-gate={name}")

    assert result.ret == 4
    (line,) = [line for line in result.errlines if line]
    assert line.startswith(f"ERROR: gate: there is no gate '{name}'; {said}")


def test_a_built_in_gate_cannot_be_made_smaller(staged: Project) -> None:
    staged.target(f'{staged.TARGET}[gate.go-live]\nstages = ["sign-off"]\n')
    result = staged.judge()

    assert result.ret == 4
    (line,) = [line for line in result.errlines if line]
    assert "go-live" in line
    assert "is a built-in gate" in line


def test_what_is_out_of_gate_is_never_in_the_way(bare: Project) -> None:
    bare.write(bare.module(bare.item("good")))
    bad = bare.item("bad", 'check("exists", python.exists).is_false()')
    bare.write(bare.module(bad, section="rounds", stage="daily"), "test_rounds.py")
    bare.lock()
    result = bare.judge()

    assert bare.states == {"host.good": "verified", "rounds.bad": "out-of-gate"}
    assert result.ret == 0
