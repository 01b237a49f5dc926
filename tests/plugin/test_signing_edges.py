"""What the signing commands refuse, ask and tell, beyond the plain way."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
import time_machine

from pytest_readiness.attest.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Project

DBA = '@attested(role="dba", scope="environment", max_age=days(30))'
REFUTED = 'check("exists", python.exists).is_false()'
TERMS = ("--reason", "r", "--risk", "low", "--control", "c", "--requested-by", "dev")


@pytest.fixture
def here(bare: Project) -> Iterator[Project]:
    """Give a repository with one item of each sort that matters here."""
    review = bare.item("code_review", "", arguments="", decorators=[DBA])
    core = '@item("core", owner="dba", core=True)'
    bare.write(
        bare.module(
            bare.item("one", "", arguments="", decorators=[DBA]),
            bare.item("two", "", arguments="", decorators=[DBA]),
            bare.item("core", "", arguments="", item=core, decorators=[DBA]),
            bare.item("fails", REFUTED),
        )
    )
    bare.write(
        bare.module(review, section="pre-deployment", stage="pre-deployment"),
        "test_review.py",
    )
    bare.target(f'{bare.TARGET}\n[target.here.not_applicable]\n"host.one" = "None."\n')
    bare.lock()
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True):
        bare.people(ann="dba,ops-lead", bob="qa-lead", max="dba")
        bare.commit()
        yield bare


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sit at a terminal and answer what is asked."""

    def sit(*answers: str) -> None:
        waiting = list(answers)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("sys.stdin.readline", lambda: f"{waiting.pop(0)}\n")

    return sit


def test_not_applicable_takes_two_roles(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    say = ("attest", "host.one", "--not-applicable", "--comment", "There is none.")
    assert here.sign("ann", *say) == 0
    here.judge()
    assert here.items["host.one"]["code"] == "BELOW_THRESHOLD"
    assert here.sign("bob", *say) == 0
    result = here.judge()

    assert here.states["host.one"] == "not-applicable"
    assert result.parseoutcomes()["skipped"] == 1
    assert here.sign("ann", "attest", "host.core", *say[2:]) == 4
    assert "it is never not applicable" in capsys.readouterr().err
    # Renewing keeps to what is said now: this is not taken for a satisfied item.
    assert here.command_line("todo", "--json", "--within", "60d") == 10


def test_an_author_does_not_sign_the_review(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    review = ("attest", "pre-deployment.code-review")
    trust = here.path / ".readiness" / "trust.toml"
    text = trust.read_text()
    trust.write_text(text.replace('emails = ["max@example.com"]\n', ""))
    assert here.sign("max", *review) == 4
    assert "the trust file has no `emails` of yours" in capsys.readouterr().err
    trust.write_text(text)
    here.commit("Mine", author="ann")
    assert here.sign("ann", *review) == 4
    assert "nobody approves an own change" in capsys.readouterr().err
    assert here.sign("max", *review) == 0


def test_a_machine_signs_no_item_and_no_waiver(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    here.command_line("trust", "add", "max", "--machine")
    assert here.sign("max", "attest", "host.two") == 4
    assert "a machine attests nothing" in capsys.readouterr().err
    assert here.sign("max", "waive", "host.two", *TERMS) == 4
    assert "a machine approves nothing" in capsys.readouterr().err


@pytest.mark.parametrize("spoil", ["expired", "invalid", "another system", "none"])
def test_without_a_trust_file_that_counts_nothing_is_signed(
    here: Project, capsys: pytest.CaptureFixture[str], spoil: str
) -> None:
    trust = here.path / ".readiness" / "trust.toml"
    text = trust.read_text()
    if spoil == "none":
        trust.unlink()
    elif spoil == "invalid":
        trust.write_text(text + "\nmore = 1\n")
    elif spoil == "another system":
        trust.write_text(text.replace('"shop"', '"store"'))
    else:
        trust.write_text(text)
    later = dt.timedelta(days=400) if spoil == "expired" else dt.timedelta()
    with time_machine.travel(dt.datetime.now(dt.UTC) + later, tick=True):
        code = here.sign("ann", "attest", "host.two")
    err = capsys.readouterr().err

    assert code == 4
    told = {
        "expired": "is valid from",
        "invalid": "TRUST_INVALID",
        "another system": "WRONG_SYSTEM",
        "none": "NO_TRUST_FILE",
    }
    assert told[spoil] in err
    assert not here.ledger.exists()


def test_the_target_file_may_name_a_folder_of_its_own(here: Project) -> None:
    place = '\n[trust]\nattestations = "signed"\n'
    path = here.path / "readiness.toml"
    path.write_text(path.read_text() + place)
    here.commit("A folder")
    assert here.sign("ann", "attest", "host.two") == 0
    (file,) = (here.path / "signed").rglob("*.intoto.json")

    assert file.parent.name == "host.two"
    digest = Envelope.parse(file.read_bytes().strip()).payload_sha256
    assert here.command_line("export", "statement", digest[:8]) == 0
    here.judge()
    assert here.states["host.two"] == "attested"


def test_all_mine_without_a_report_is_all_that_is_always_signed(here: Project) -> None:
    assert here.sign("max", "attest", "--all-mine", "--until", "2099-01-01") == 0
    lines = here.ledger.read_bytes().splitlines()
    said = [json.loads(Envelope.parse(line).payload)["predicate"] for line in lines]

    assert {one["item"]["id"] for one in said} == {
        "host.one",
        "host.two",
        "host.core",
        "pre-deployment.code-review",
    }


def test_only_what_is_mine_and_runs_out_is_renewed(here: Project) -> None:
    here.sign("ann", "attest", "host.one", "host.two")
    here.sign("max", "attest", "host.core")
    here.sign("ann", "attest", "host.core", "--not-satisfied", "--comment", "No.")
    assert here.sign("ann", "attest", "--renew") == 0
    assert len(here.ledger.read_bytes().splitlines()) == 4
    assert here.sign("ann", "attest", "--renew", "--within", "31d") == 0
    assert len(here.ledger.read_bytes().splitlines()) == 6


def test_a_waiver_asks_for_what_is_not_given(
    here: Project, terminal: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    terminal("The host is old.", "low", "watched; backed up", "dev", "y")
    key = here.key("ann")
    assert (
        here.command_line("waive", "host.fails", "--key", key, "--ticket", "T-1") == 0
    )
    err = capsys.readouterr().err
    assert "What is not met, and why: " in err
    assert "    control: backed up\n" in err
    assert "    ticket: T-1\n" in err
    here.judge()
    assert here.states["host.fails"] == "waived"


@pytest.mark.parametrize(
    ("answers", "said"),
    [(["", "low", "c", "dev"], "--reason: is empty"), (["r", "l", ";"], "--control")],
)
def test_an_empty_answer_is_no_term(
    here: Project,
    terminal: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    answers: list[str],
    said: str,
) -> None:
    terminal(*answers)
    assert here.command_line("waive", "host.fails", "--key", here.key("ann")) == 4
    assert said in capsys.readouterr().err


def test_who_does_not_agree_signs_nothing(
    here: Project, terminal: Callable[..., None]
) -> None:
    key = ("--key", here.key("ann"))
    here.sign("ann", "attest", "host.two")
    before = here.ledger.read_bytes()
    request = here.path / "req.json"
    here.command_line("request", "host.one", "--role", "dba", "-o", request)
    for command in (
        ("waive", "host.fails", *TERMS),
        ("revoke", "host.two", "--reason", "no"),
        ("sign", request),
    ):
        terminal("n")
        assert here.command_line(*command, *key) == 1

    assert here.ledger.read_bytes() == before
    assert list(here.path.glob("*.answer.json")) == []


def test_a_veto_is_not_waived(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    veto = ("attest", "host.fails", "--not-satisfied", "--comment", "Look at it.")
    assert here.sign("bob", *veto) == 0
    assert here.sign("ann", "waive", "host.fails", *TERMS) == 4
    assert "a veto is never waived: signed NOT_SATISFIED" in capsys.readouterr().err


def test_the_trust_file_may_forbid_a_waiver(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = here.path / ".readiness" / "trust.toml"
    trust.write_text(f'{trust.read_text()}\n[waiver]\nnever = ["host.fa*"]\n')
    assert here.sign("ann", "waive", "host.fails", *TERMS) == 4
    assert "the trust file says that it is never waived" in capsys.readouterr().err


def test_terms_that_are_over_or_of_other_words_are_not_approved(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).date()
    unknown = ("--covers-unknown", "--json")
    terms = (*TERMS, "--until", tomorrow, *unknown)
    assert here.sign("ann", "waive", "host.fails", *terms) == 0
    (result,) = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["holds"]
    approve = ("waive", "--approve", "host.fails")
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=3)):
        assert here.sign("max", *approve) == 4
    assert "ended 20" in capsys.readouterr().err
    module = here.suite / "test_host.py"
    module.write_text(module.read_text().replace("The fails holds.", "It fails."))
    here.lock()
    assert here.sign("max", *approve) == 4
    assert "is over another wording of the item" in capsys.readouterr().err
    module.write_text(module.read_text().replace("fails", "passes"))
    here.lock()
    assert here.sign("max", *approve) == 4
    assert "is no item of the suite any more" in capsys.readouterr().err


def test_a_beginning_that_is_of_several_is_told(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for until in ("2099-01-01", "2098-01-01"):
        here.sign("ann", "attest", "host.two", "--renew", "--until", until)
    same = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    here.sign("ann", "waive", "host.fails", *TERMS)
    here.sign("max", "waive", "host.fails", *TERMS[:6], *TERMS[6:], "--until", same)
    capsys.readouterr()

    assert here.sign("ann", "waive", "--approve", "host.fails") == 4
    assert "could be any of" in capsys.readouterr().err


def test_a_waiver_that_has_ended_waits_as_what_it_was(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    here.sign("ann", "waive", "host.fails", *TERMS)
    here.judge()
    capsys.readouterr()
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(days=31)).date()
    here.command_line("todo", "--json", "--as-of", later)
    plan = json.loads(capsys.readouterr().out)
    (one,) = (one for one in plan["waiting"] if one["item"] == "host.fails")

    assert (one["state"], one["command"]) == ("failed", "readiness waive host.fails")
    assert one["reason"].startswith("its waiver has ended, and exists: ")


def test_todo_tells_what_no_signature_helps_and_who_is_missing(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    here.judge()
    capsys.readouterr()
    here.command_line("todo", "--role", "ops-lead")
    out = capsys.readouterr().out
    assert "ops-lead (ann): 1\n  host.fails  failed VIOLATED\n" in out
    assert "    Fix: make it hold.\n" in out

    here.sign("ann", "waive", "host.fails", *TERMS)
    capsys.readouterr()
    here.command_line("todo", "--json", "--role", "ops-lead", "--within", "31d")
    plan = json.loads(capsys.readouterr().out)
    assert plan["signed_since"] == ["host.fails"]
    assert plan["waiting"] == []
    assert [end["what"] for end in plan["ending"]] == ["waiver of host.fails"]


def test_a_run_of_a_selection_or_another_gate_is_no_report_to_go_by(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, told in (
        (["-k", "one"], "is of a run that was not complete"),
        (["--readiness-gate=daily"], "is of the gate daily, which asks for no"),
    ):
        here.judge(*arguments)
        capsys.readouterr()
        here.command_line("todo", "--json")
        plan = json.loads(capsys.readouterr().out)
        assert plan["step"] == 1
        assert told in plan["misfit"]
    here.command_line("todo")
    assert "(the last report is of the gate daily" in capsys.readouterr().out


def test_a_request_for_scripts_and_somebody_to_ask_by_name(
    here: Project, terminal: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    request = here.path / "req.json"
    ask = ("request", "--role", "dba", "-o", request, "--json")
    assert here.command_line(*ask, "host.two", "host.fails") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["people"] == ["ann", "max"]
    assert "host.fails is left out: a probe decides it" in err

    terminal("max")
    here.command_line("keys", "new", "--out", here.key("new"), "--no-passphrase")
    assert here.sign("new", "sign", request, "--json") == 0
    out, err = capsys.readouterr()
    assert "Who are you: ann (Ann), max (max): " in err
    answer = json.loads(out.splitlines()[-1])
    assert (answer["person"], answer["known"]) == ("max", False)
    assert here.command_line("request", "--person", "bob", "-o", request) == 1


def test_a_folder_that_is_missing_is_one_line(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = here.path / "no" / "file.json"
    ask = ("request", "host.two", "--role", "dba")
    assert here.command_line(*ask, "-o", missing) == 4
    assert here.command_line(*ask, "-o", here.path / "req.json") == 0
    assert here.sign("ann", "sign", here.path / "req.json", "-o", missing) == 4
    assert here.sign("ann", "sign", missing) == 4
    assert here.command_line("import", missing) == 4
    err = capsys.readouterr().err
    assert err.count("cannot be written") == 2
    assert err.count("cannot be read") == 2


def test_another_statement_is_no_answer(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    request = here.path / "req.json"
    here.command_line("request", "host.two", "--role", "dba", "-o", request)
    here.sign("ann", "sign", request)
    here.sign("ann", "waive", "host.fails", *TERMS)
    answer = here.path / "req.ann.answer.json"
    document = json.loads(answer.read_bytes())
    document["statements"] = [here.ledger.read_text().strip()]
    answer.write_text(json.dumps(document))

    assert here.command_line("import", answer) == 4
    assert "is no signature on an item" in capsys.readouterr().err
