"""``readiness waive`` and ``revoke``: a deviation, its end, and its undoing."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from pytest_readiness.attest.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

REFUTED = 'check("exists", python.exists).is_false()'
TERMS = (
    *("--reason", "The new host comes in May."),
    *("--risk", "medium"),
    *("--control", "watched by hand"),
    *("--requested-by", "dev"),
)
EMERGENCY = ("waive", "--emergency", "--incident", "INC-7", *TERMS[:6])


@pytest.fixture
def failing(bare: Project) -> Iterator[Project]:
    """Give a repository in which one item fails, one waits, and a core item fails."""
    core = '@item("core", owner="ops-lead", core=True)'
    signed = '@attested(role="dba", scope="environment")'
    bare.write(
        bare.module(
            bare.item("low", REFUTED),
            bare.item("core", REFUTED, item=core),
            bare.item("waits", "", arguments="", decorators=[signed]),
            bare.ROLLUP,
        )
    )
    bare.lock()
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True):
        bare.people(ann="dba,revoker", bob="business-owner", eve="ops-lead")
        bare.commit()
        yield bare


def statements(project: Project) -> list[dict[str, Any]]:
    """Give what the ledger says."""
    lines = project.ledger.read_bytes().splitlines()
    return [json.loads(Envelope.parse(line).payload) for line in lines]


def test_a_waived_item_is_xfailed_and_shows_what_it_was(failing: Project) -> None:
    assert failing.sign("bob", "waive", "host.low", *TERMS) == 0
    result = failing.judge()
    item = failing.items["host.low"]

    assert (item["state"], item["raw_state"]) == ("waived", "failed")
    assert item["reason"] == "exists: yes, required no"
    result.assert_outcomes(failed=2, xfailed=2)
    (statement,) = statements(failing)
    assert statement["predicate"]["requestedBy"] == "dev"
    assert statement["predicate"]["target"] == {"environment": "here", "system": "shop"}


REFUSED = {
    "core": ("bob", ["host.core", *TERMS], "a core item is never waived"),
    "rollup": ("bob", ["host.everything", *TERMS], "rollups and approvals are never"),
    "own request": (
        "bob",
        ["host.low", *TERMS[:6], "--requested-by", "bob"],
        "nobody approves an own request",
    ),
    "too long": (
        "bob",
        ["host.low", *TERMS, "--until", "2099-01-01"],
        "is more than 30 days away",
    ),
    "over": ("bob", ["host.low", *TERMS, "--until", "2020-01-01"], "is over"),
    "no reason": ("bob", ["host.low", "--risk", "low"], "give it as an option"),
    "no item": ("bob", list(TERMS), "say one of ITEM, --approve and --emergency"),
    "no incident": ("eve", ["--emergency", *TERMS], "--incident: belongs to"),
    "no emergency role": ("bob", list(EMERGENCY[1:]), "by an ops-lead or an executive"),
    "nothing to approve": (
        "bob",
        ["--approve", "host.low"],
        "is no statement of the ledger",
    ),
}


@pytest.mark.parametrize(("person", "arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_a_waiver_that_would_not_count_is_not_signed(
    failing: Project,
    capsys: pytest.CaptureFixture[str],
    person: str,
    arguments: list[str],
    said: str,
) -> None:
    assert failing.sign(person, "waive", *arguments) == 4
    assert said in capsys.readouterr().err
    assert not failing.ledger.exists()


def test_an_author_approves_no_waiver_of_the_own_change(
    failing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    failing.commit("Mine", author="bob")

    assert failing.sign("bob", "waive", "host.low", *TERMS) == 4
    assert "you wrote the change" in capsys.readouterr().err


def test_a_second_approver_signs_the_same_terms(
    failing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = failing.path / ".readiness" / "trust.toml"
    need = '\n[waiver]\nneed = [{ role = "dba" }, { role = "business-owner" }]\n'
    trust.write_text(trust.read_text() + need)
    assert failing.sign("ann", "waive", "host.low", *TERMS) == 0
    out = capsys.readouterr().out
    assert "It does not hold yet: " in out
    assert "still missing: business-owner" in out.replace("\n", " ")
    command = next(line for line in out.splitlines() if "--approve" in line)
    payload = command.rsplit(" ", 1)[1]

    assert failing.sign("bob", "waive", "--approve", payload) == 0
    first, second = (one["predicate"] for one in statements(failing))
    own = {"attester", "nonce", "issuedAt"}
    assert {k: v for k, v in first.items() if k not in own} == {
        k: v for k, v in second.items() if k not in own
    }
    failing.judge()
    assert failing.states["host.low"] == "waived"


def test_renewed_twice_is_enough_unless_it_is_meant(
    failing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    today = dt.datetime.now(dt.UTC).date()
    for days in (2, 4, 6):
        until = ("--until", str(today + dt.timedelta(days=days)))
        assert failing.sign("bob", "waive", "host.low", *TERMS, *until) == 0
    until = ("--until", str(today + dt.timedelta(days=8)))
    assert failing.sign("bob", "waive", "host.low", *TERMS, *until) == 4
    assert "has been waived 3 times already; add --again" in capsys.readouterr().err
    assert failing.sign("bob", "waive", "host.low", *TERMS, *until, "--again") == 0


def test_an_emergency_covers_all_that_is_open_but_core(
    failing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    failing.judge()
    assert failing.sign("eve", *EMERGENCY) == 0
    shown = capsys.readouterr().err.replace("\n    ", " ")
    assert "incident INC-7, waived until" in shown
    assert "Never covered, and still open: host.core (failed)" in shown
    result = failing.judge()

    assert failing.states == {
        "host.low": "waived",
        "host.core": "failed",
        "host.waits": "waived",
        "host.everything": "waived",
    }
    assert failing.items["host.everything"]["raw_state"] == "failed"
    assert result.ret == 1


def test_an_emergency_is_reviewed_by_its_revocation(failing: Project) -> None:
    failing.judge()
    failing.sign("eve", *EMERGENCY)
    (statement,) = statements(failing)
    assert "incident" in statement["predicate"]
    payload = Envelope.parse(failing.ledger.read_bytes().strip()).payload_sha256
    reviewed = ("revoke", payload[:10], "--reason", "The host was replaced.")

    assert failing.sign("bob", *reviewed) == 4
    assert failing.sign("ann", *reviewed) == 0
    failing.judge()
    assert failing.states["host.low"] == "failed"


def test_an_emergency_is_of_the_last_report(
    failing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing.sign("eve", *EMERGENCY) == 4
    assert "run `pytest --readiness` first" in capsys.readouterr().err
    failing.judge()
    (failing.path / "code.py").write_text("changed = True\n")
    failing.commit("Change")
    assert failing.sign("eve", *EMERGENCY) == 4
    assert "is of another source" in capsys.readouterr().err


def test_an_own_signature_is_taken_back_by_its_item(
    failing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    failing.sign("ann", "attest", "host.waits")
    failing.judge()
    assert failing.states["host.waits"] == "attested"
    revoke = ("revoke", "host.waits", "--reason", "I was wrong.")
    assert failing.sign("bob", *revoke) == 4
    assert "no signature of yours" in capsys.readouterr().err
    assert failing.sign("ann", *revoke, "--json") == 0
    revoked = json.loads(capsys.readouterr().out)
    failing.judge()

    assert failing.items["host.waits"]["code"] == "REVOKED"
    attested = Envelope.parse(failing.ledger.read_bytes().splitlines()[0])
    assert revoked["revokes"] == [attested.payload_sha256]
    assert failing.sign("ann", *revoke) == 4


@pytest.mark.parametrize(
    ("word", "said"),
    [("abcdef0123", "is no statement of the ledger"), ("host.no", "no signature of")],
)
def test_what_is_not_there_cannot_be_taken_back(
    failing: Project, capsys: pytest.CaptureFixture[str], word: str, said: str
) -> None:
    assert failing.sign("ann", "revoke", word, "--reason", "none") == 4
    assert said in capsys.readouterr().err
