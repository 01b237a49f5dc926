"""``readiness attest``: signed, and the next run sees it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.envelope import Envelope

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

ENVIRONMENT = '@attested(role="dba", scope="environment", max_age=days(30))'
RELEASE = '@attested(role="business-owner", scope="release", max_age=days(14))'
BOTH = '@attested(role=("dba", "ops-lead"), scope="environment")'
STANDS_IN = '@attested(role="dba", scope="environment", when="unconfigured")'
LOOK = 'check("version", postgres.version).at_least("1")'
REFUTED = 'check("exists", python.exists).is_false()'


def items(project: Project) -> None:
    """Write a suite with an item of each kind that is signed."""

    def item(name: str, decorator: str, body: str = "", arguments: str = "") -> str:
        text: str = project.item(
            name, body, arguments=arguments, decorators=[decorator] if decorator else []
        )
        return text

    project.write(
        project.module(
            item("of_environment", ENVIRONMENT),
            item("of_release", RELEASE),
            item("of_two", BOTH),
            item("stands_in", STANDS_IN, LOOK, "check, postgres"),
            item("refuted", ENVIRONMENT, REFUTED, "check, python"),
            item("seen", "", project.HOLDS, "check, python"),
        )
    )
    project.write(
        project.module(
            item("qa_team_lead", '@attested(role="qa-lead", scope="release")'),
            section="stakeholder-approval",
            stage="sign-off",
        ),
        "test_approval.py",
    )
    project.lock()


@pytest.fixture
def signed(bare: Project) -> Project:
    """Give a repository whose people have keys."""
    items(bare)
    bare.people(ann="dba", bob="business-owner,ops-lead", eve="qa-lead,dev-lead")
    bare.commit()
    return bare


def statements(project: Project) -> list[dict[str, Any]]:
    """Give what the ledger says."""
    lines = project.ledger.read_bytes().splitlines()
    return [json.loads(Envelope.parse(line).payload) for line in lines]


def test_what_is_signed_is_attested_in_the_next_run(signed: Project) -> None:
    assert signed.sign("ann", "attest", "host.of-environment") == 0
    signed.commit("Signatures")
    signed.judge()

    assert signed.states["host.of-environment"] == "attested"
    assert "signed by Ann (dba)" in signed.items["host.of-environment"]["reason"]
    (statement,) = statements(signed)
    said = statement["predicate"]
    assert (said["attester"], said["verdict"]) == ("ann", "SATISFIED")
    assert said["target"] == {"environment": "here", "system": "shop"}


def test_the_claim_is_shown_before_and_nothing_is_signed_without_a_yes(
    signed: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    key = signed.key("ann")
    code = signed.command_line("attest", "host.of-environment", "--key", key)
    err = capsys.readouterr().err

    assert code == 4
    assert "You sign as Ann (ann), with the key" in err
    assert "for shop in here" in err
    assert "    The of-environment holds.\n" in err
    assert "and this is no terminal; add --yes" in err
    assert all(len(line) <= 80 for line in err.splitlines()[:-1])
    assert not signed.ledger.exists()


@pytest.mark.parametrize(("answer", "code", "lines"), [("y", 0, 1), ("", 1, 0)])
def test_at_a_terminal_one_is_asked(
    signed: Project,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    lines: int,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdin.readline", lambda: f"{answer}\n")
    key = signed.key("ann")

    assert signed.command_line("attest", "host.of-*t", "--key", key) == code
    assert signed.ledger.exists() == bool(lines)


def test_all_mine_is_what_waits_for_my_roles(signed: Project) -> None:
    signed.judge()
    assert signed.sign("ann", "attest", "--all-mine") == 0
    ids = {one["predicate"]["item"]["id"] for one in statements(signed)}

    assert ids == {"host.of-environment", "host.of-two"}
    assert signed.sign("bob", "attest", "--all-mine") == 0
    signed.judge()
    states = signed.states
    assert states["host.of-two"] == states["host.of-release"] == "attested"
    assert states["host.stands-in"] == "unconfigured"
    before = len(statements(signed))
    assert signed.sign("bob", "attest", "--all-mine") == 0
    assert len(statements(signed)) == before


def test_half_of_two_roles_is_below_the_threshold(
    signed: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signed.sign("ann", "attest", "host.of-two") == 0
    assert "still missing: ops-lead" in capsys.readouterr().out
    signed.judge()
    item = signed.items["host.of-two"]

    assert (item["state"], item["code"]) == ("pending", "BELOW_THRESHOLD")
    assert item["command"] == "readiness attest host.of-two"


def test_evidence_is_hashed_and_hashed_again(signed: Project) -> None:
    path = signed.path / "docs" / "restore.txt"
    path.parent.mkdir()
    path.write_text("restored")
    assert signed.sign("ann", "attest", "host.stands-in", "--evidence", path) == 0
    signed.judge()

    assert signed.states["host.stands-in"] == "attested"
    (statement,) = statements(signed)
    digest = hashlib.sha256(b"restored").hexdigest()
    assert statement["predicate"]["evidence"] == [
        {"name": "docs/restore.txt", "digest": {"sha256": digest}}
    ]
    path.write_text("changed")
    signed.judge()
    assert signed.items["host.stands-in"]["code"] == "EVIDENCE_CHANGED"


def test_a_signature_that_a_probe_refutes_is_a_conflict(signed: Project) -> None:
    assert signed.sign("ann", "attest", "host.refuted") == 0
    result = signed.judge()
    item = signed.items["host.refuted"]

    assert (item["state"], item["code"]) == ("failed", "CONFLICT")
    assert result.ret == 1


def test_a_veto_fails_the_item_and_needs_a_reason(
    signed: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    veto = ("attest", "host.seen", "--not-satisfied")
    assert signed.sign("eve", *veto) == 4
    assert "--comment: is needed" in capsys.readouterr().err
    assert signed.sign("eve", *veto, "--comment", "It was shown to fail.") == 0
    result = signed.judge()

    assert signed.items["host.seen"]["code"] == "REJECTED"
    assert result.ret == 1


def test_another_release_is_another_target(signed: Project) -> None:
    signed.sign("bob", "attest", "host.of-release")
    signed.commit("Signatures")
    signed.judge()
    assert signed.states["host.of-release"] == "attested"

    (signed.path / "code.py").write_text("changed = True\n")
    signed.commit("Change")
    signed.judge()
    assert signed.items["host.of-release"]["code"] == "WRONG_TARGET"


REFUSED = {
    "no role": ("eve", ["host.of-environment"], "it needs dba"),
    "a probe": ("ann", ["host.seen"], "a probe decides it, and nobody signs it"),
    "no evidence": ("ann", ["host.stands-in"], "so it needs --evidence FILE"),
    "unknown": ("ann", ["host.of-enviroment"], "is `host.of-environment` meant?"),
    "no report": ("eve", ["stakeholder-approval.*lead"], "is left out: an approval"),
    "approval": ("eve", ["stakeholder-approval.qa-team-lead"], "is of a report"),
    "not declared": (
        "ann",
        ["host.of-two", "--not-applicable", "--comment", "none"],
        "the target does not declare it",
    ),
    "outside": (
        "ann",
        ["host.of-two", "--evidence", "/etc/hostname"],
        "is not below",
    ),
    "missing file": ("ann", ["host.of-two", "--evidence", "none"], "cannot be read"),
    "no claim": ("ann", ["host.of-two", "--claim", "x"], "is not NAME=VALUE"),
    "over": ("ann", ["host.of-two", "--until", "2020-01-01"], "is over"),
    "nothing": ("ann", [], "say which: ITEM, --all-mine or --renew"),
}


@pytest.mark.parametrize(("person", "arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_what_would_not_count_is_not_signed(
    signed: Project,
    capsys: pytest.CaptureFixture[str],
    person: str,
    arguments: list[str],
    said: str,
) -> None:
    code = signed.sign(person, "attest", *arguments)
    err = capsys.readouterr().err

    assert code == (1 if "left out" in said else 4)
    assert said in err
    assert not signed.ledger.exists()
    assert "Traceback" not in err


def test_an_approval_is_of_the_last_report_and_names_what_is_open(
    signed: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    approve = ("attest", "stakeholder-approval.qa-team-lead")
    signed.judge()
    assert signed.sign("eve", *approve) == 4
    err = capsys.readouterr().err
    assert "5 items are open: host.of-environment (pending)" in err
    assert "--with-open" in err

    assert signed.sign("eve", *approve, "--with-open") == 0
    (statement,) = statements(signed)
    saw = statement["predicate"]["saw"]
    assert {"id": "host.refuted", "state": "failed"} in saw["open"]
    assert saw["target"] == {"sha256": signed.report["target_digest"]}
    signed.judge()
    assert signed.states["stakeholder-approval.qa-team-lead"] == "attested"


def test_an_approval_of_an_older_report_is_refused(
    signed: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    signed.judge()
    (signed.path / "code.py").write_text("changed = True\n")
    signed.commit("Change")
    code = signed.sign("eve", "attest", "stakeholder-approval.qa-team-lead")

    assert code == 4
    assert "the last report is of another source" in capsys.readouterr().err


def test_renewing_says_the_same_again_over_the_files_as_they_are(
    signed: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    path: Path = signed.path / "proof.txt"
    path.write_text("one")
    first = ("attest", "host.stands-in", "--evidence", path, "--claim", "size=3")
    assert signed.sign("ann", *first, "--comment", "Looked.") == 0
    path.write_text("two")
    assert signed.sign("ann", "attest", "host.stands-in", "--renew") == 0
    old, new = (one["predicate"] for one in statements(signed))

    assert new["justification"] == old["justification"] == "Looked."
    assert new["claims"] == {"size": 3}
    assert new["evidence"] != old["evidence"]
    assert new["nonce"] != old["nonce"]
    assert signed.sign("ann", "attest", "host.stands-in") == 0
    assert "is signed already; --renew signs it anew" in capsys.readouterr().err
    assert signed.sign("ann", "attest", "--renew", "--within", "365d") == 0
    assert len(statements(signed)) == 3


def test_scripts_get_what_was_signed(
    signed: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert signed.sign("ann", "attest", "host.of-two", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)
    line = Envelope.parse(signed.ledger.read_bytes().strip())

    assert result["payload"] == line.payload_sha256
    assert result["missing"] == ["ops-lead"]
    assert result["file"] == str(signed.ledger)


def test_a_folder_takes_each_statement_in_a_file(signed: Project) -> None:
    folder = signed.path / ".readiness" / "attestations"
    folder.mkdir()
    assert signed.sign("ann", "attest", "host.of-environment", "host.of-two") == 0

    assert {path.parent.name for path in folder.rglob("*.intoto.json")} == {
        "host.of-environment",
        "host.of-two",
    }
    assert not signed.ledger.exists()
    signed.judge()
    assert signed.states["host.of-environment"] == "attested"
