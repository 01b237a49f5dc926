"""``readiness todo``: the steps of a go-live, what waits for whom, what runs out."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

DBA = '@attested(role="dba", scope="environment", max_age=days(30))'
BOTH = '@attested(role=("dba", "ops-lead"), scope="environment", max_age=days(30))'
APPROVAL = '@attested(role="qa-lead", scope="release", max_age=days(7))'


@pytest.fixture
def project(bare: Project) -> Iterator[Project]:
    """Give a repository with two items to sign and one approval."""
    bare.write(
        bare.module(
            bare.item("one", "", arguments="", decorators=[DBA]),
            bare.item("two", "", arguments="", decorators=[BOTH]),
            bare.item("seen"),
        )
    )
    bare.write(
        bare.module(
            bare.item("qa_team_lead", "", arguments="", decorators=[APPROVAL]),
            section="stakeholder-approval",
            stage="sign-off",
        ),
        "test_approval.py",
    )
    bare.target(f"{bare.TARGET}\n[approvals]\npeople = 1\n")
    bare.lock()
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True):
        bare.people(ann="dba", bob="ops-lead", eve="qa-lead")
        bare.commit()
        yield bare


def todo(
    project: Project, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, dict[str, Any]]:
    """Give the exit code, and what it says for scripts."""
    capsys.readouterr()
    code = project.command_line("todo", "--json", *arguments)
    return code, json.loads(capsys.readouterr().out)


def test_a_go_live_from_the_first_run_to_the_certificate(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    code, plan = todo(project, capsys)
    assert (code, plan["step"], plan["report"]) == (10, 1, None)
    assert plan["next_command"] == "readiness run --target here"

    project.judge()
    code, plan = todo(project, capsys)
    assert (code, plan["step"]) == (10, 2)
    assert [one["item"] for one in plan["waiting"]] == [
        "host.one",
        "host.two",
        "stakeholder-approval.qa-team-lead",
    ]

    project.sign("ann", "attest", "--all-mine")
    project.sign("bob", "attest", "--all-mine")
    code, plan = todo(project, capsys)
    assert (code, plan["step"]) == (10, 4)
    assert plan["signed_since"] == ["host.one", "host.two"]

    project.judge()
    code, plan = todo(project, capsys)
    assert (code, plan["step"], plan["step_text"]) == (
        10,
        3,
        "have the release approved",
    )

    assert project.sign("eve", "attest", "--all-mine") == 0
    assert todo(project, capsys)[1]["step"] == 4
    assert project.judge().ret == 0
    code, plan = todo(project, capsys)
    assert (code, plan["step"]) == (0, 5)
    assert plan["next_command"] == "readiness certify --target here"


def test_the_text_names_role_people_reason_and_command(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.judge()
    capsys.readouterr()
    project.command_line("todo")
    out = capsys.readouterr().out

    assert "shop in here, release 1.2.3" in out
    assert "Step 2 of 5: close what is open, sign-off aside\n" in out
    assert "\ndba (ann): 2\n  $ readiness attest --all-mine\n" in out
    assert "  host.two  pending MISSING\n" in out
    assert "    $ readiness attest host.two\n" in out
    assert "\nops-lead (bob): 1\n" in out
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "items"),
    [
        (["--role", "ops-lead"], ["host.two"]),
        (["--person", "ann"], ["host.one", "host.two"]),
        (["--person", "eve"], ["stakeholder-approval.qa-team-lead"]),
        (["--role", "network-admin"], []),
    ],
)
def test_it_tells_one_role_or_person(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    items: list[str],
) -> None:
    project.judge()
    code, plan = todo(project, capsys, *arguments)

    assert [one["item"] for one in plan["waiting"]] == items
    assert code == (10 if items else 0)


def test_half_signed_waits_for_the_other_role_only(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.judge()
    project.sign("ann", "attest", "host.two")
    _, plan = todo(project, capsys)
    (two,) = (one for one in plan["waiting"] if one["item"] == "host.two")

    assert two["roles"] == ["ops-lead"]
    assert two["code"] == "BELOW_THRESHOLD"


def test_what_runs_out_is_told_with_its_command(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.sign("ann", "attest", "host.one")
    project.judge()
    assert todo(project, capsys)[1]["ending"] == []
    _, plan = todo(project, capsys, "--within", "31d", "--person", "ann")

    (end,) = plan["ending"]
    assert (end["what"], end["people"]) == ("host.one", ["ann"])
    assert end["command"] == "readiness attest host.one --renew"
    project.command_line("todo", "--within", "31d")
    assert "Runs out within 31d:\n  host.one  20" in capsys.readouterr().out


def test_as_of_a_later_date_it_has_run_out(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.sign("ann", "attest", "host.one")
    project.judge()
    then = (dt.datetime.now(dt.UTC) + dt.timedelta(days=40)).date()
    _, plan = todo(project, capsys, "--as-of", str(then))
    (one,) = (one for one in plan["waiting"] if one["item"] == "host.one")

    assert one["code"] == "EXPIRED"
    assert one["command"] == "readiness attest host.one --renew"


def test_a_changed_release_begins_anew(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.judge()
    (project.path / "code.py").write_text("changed = True\n")
    project.commit("Change")
    _, plan = todo(project, capsys)

    assert plan["step"] == 1
    assert plan["misfit"].startswith("is of another source (sha256:")


def test_a_waiver_is_told_before_it_ends(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = ("--reason", "r", "--risk", "low", "--control", "c", "--requested-by", "x")
    project.sign("bob", "waive", "host.one", *terms)
    project.judge()
    _, plan = todo(project, capsys, "--within", "31d")

    (end,) = plan["ending"]
    assert (end["what"], end["people"]) == ("waiver of host.one", ["bob"])


def test_without_a_trust_file_it_says_so_first(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.path / ".readiness" / "trust.toml").unlink()
    _, plan = todo(project, capsys)

    assert {one["code"] for one in plan["waiting"]} == {"NO_TRUST_FILE"}
    assert {one["command"] for one in plan["waiting"]} == {"readiness trust init"}


def test_a_broken_trust_file_is_to_be_mended_not_signed(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = project.path / ".readiness" / "trust.toml"
    trust.write_text(trust.read_text() + "\nunknown = 1\n")
    _, plan = todo(project, capsys)

    assert {one["code"] for one in plan["waiting"]} == {"TRUST_INVALID"}
    assert {one["command"] for one in plan["waiting"]} == {""}
    assert "readiness trust check" in plan["waiting"][0]["fix"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--person", "nobody"], "is no signer of the trust file"),
        (["--within", "soon"], "as in 14d or 12h"),
        (["--as-of", "soon"], "is no date"),
    ],
)
def test_a_mistake_is_one_line(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    assert project.command_line("todo", *arguments) == 4
    assert said in capsys.readouterr().err.splitlines()[-1]
