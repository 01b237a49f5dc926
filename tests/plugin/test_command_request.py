"""``request``, ``sign``, ``import``: signing with nothing but one file (ruling 9)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.envelope import Envelope
from pytest_readiness.attest.keys import PrivateKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Project

OFFICER = '@attested(role="compliance-officer", scope="environment")'
RELEASE = '@attested(role="compliance-officer", scope="release")'
BOTH = '@attested(role=("compliance-officer", "dba"), scope="environment")'
STANDS_IN = '@attested(role="compliance-officer", scope="system", when="unconfigured")'
LOOK = 'check("version", postgres.version).at_least("1")'
APPROVAL = '@attested(role="compliance-officer", scope="release")'


@pytest.fixture
def asking(bare: Project) -> Project:
    """Give a repository in which much waits for a compliance officer."""

    def item(name: str, decorator: str, body: str = "", arguments: str = "") -> str:
        text: str = bare.item(name, body, arguments=arguments, decorators=[decorator])
        return text

    bare.write(
        bare.module(
            item("one", OFFICER),
            item("two", RELEASE),
            item("three", BOTH),
            item("four", STANDS_IN, LOOK, "check, postgres"),
        )
    )
    bare.write(
        bare.module(
            item("officer", APPROVAL),
            section="stakeholder-approval",
            stage="sign-off",
        ),
        "test_approval.py",
    )
    bare.lock()
    bare.people(ann="dba", carol="compliance-officer")
    bare.commit()
    return bare


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that is no repository and has no target file."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture
def ask(asking: Project, elsewhere: Path) -> Callable[..., Path]:
    """Give the command that asks; the request is where she signs."""

    def run(*arguments: object, whose: str = "--role=compliance-officer") -> Path:
        path = elsewhere / "req.json"
        command = ("request", whose, "-o", path, *arguments)
        assert asking.command_line(*command) == 0
        return path

    return run


def statements(project: Project) -> list[dict[str, Any]]:
    """Give what the ledger says."""
    lines = project.ledger.read_bytes().splitlines()
    return [json.loads(Envelope.parse(line).payload) for line in lines]


def test_she_signs_without_git_and_clone_and_anybody_imports_it(
    asking: Project, ask: Callable[..., Path], elsewhere: Path
) -> None:
    request = ask()
    command = [sys.executable, "-m", "pytest_readiness", "sign", "req.json", "--yes"]
    done = subprocess.run(
        [*command, "--key", str(asking.key("carol"))],
        cwd=elsewhere,
        # No PATH: there is no git to be found.
        env={"PATH": "", "HOME": str(elsewhere), **_coverage()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = elsewhere / "req.carol.answer.json"
    assert f"Send {answer.name} back" in done.stdout

    assert asking.command_line("import", answer) == 0
    request.unlink()
    asking.judge()
    assert asking.states["host.one"] == asking.states["host.two"] == "attested"
    assert asking.items["host.three"]["code"] == "BELOW_THRESHOLD"
    assert {one["predicate"]["attester"] for one in statements(asking)} == {"carol"}


def _coverage() -> dict[str, str]:
    names = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
    return {name: os.environ[name] for name in names if name in os.environ}


def test_an_answer_that_is_imported_twice_counts_once(
    asking: Project,
    ask: Callable[..., Path],
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asking.sign("carol", "sign", ask())
    answer = elsewhere / "req.carol.answer.json"
    assert asking.command_line("import", answer, "--json") == 0
    before = asking.ledger.read_bytes()
    capsys.readouterr()
    assert asking.command_line("import", answer) == 0

    assert asking.ledger.read_bytes() == before
    assert "3 of them were in the ledger already" in capsys.readouterr().err


def test_a_key_is_made_on_first_use_and_entered_after_a_phone_call(
    asking: Project,
    ask: Callable[..., Path],
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = ask("host.one")
    home = elsewhere / "home"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    monkeypatch.setenv("READINESS_KEY_PASSPHRASE", "correct horse")
    capsys.readouterr()
    assert asking.command_line("sign", request, "--yes") == 0
    key = PrivateKey.read(home / "pytest-readiness" / "key", lambda: b"correct horse")
    out, err = capsys.readouterr()
    assert "You have no key yet, so one is made now" in err
    assert key.fingerprint in out
    assert "correct horse" not in out + err

    answer = elsewhere / "req.carol.answer.json"
    assert asking.command_line("import", answer) == 4
    err = capsys.readouterr().err
    assert f"the trust file does not have the key {key.fingerprint}" in err
    assert not asking.ledger.exists()
    line = err.split("--public-key '")[1].split("'")[0]
    assert asking.command_line("trust", "add", "carol", "--public-key", line) == 0
    assert asking.command_line("import", answer) == 0
    asking.judge()
    assert asking.states["host.one"] == "attested"


def test_what_is_asked_is_what_can_be_signed(
    asking: Project,
    ask: Callable[..., Path],
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asking.judge()
    (asking.path / "proof.txt").write_text("proof")
    request = ask("--evidence", asking.path / "proof.txt", "--with-open")
    asked = json.loads(request.read_bytes())
    ids = [item["id"] for item in asked["items"]]

    assert ids == [
        "host.one",
        "host.two",
        "host.three",
        "host.four",
        "stakeholder-approval.officer",
    ]
    assert {"id": "host.one", "state": "pending"} in asked["items"][-1]["saw"]["open"]
    assert asked["summary"].startswith("NOT READY, 4 items open")
    (elsewhere / "proof.txt").write_text("proof")
    capsys.readouterr()
    assert asking.sign("carol", "sign", request) == 0
    shown = capsys.readouterr().err
    digest = hashlib.sha256(b"proof").hexdigest()
    assert f"evidence: proof.txt, sha256 {digest[:16]}" in shown
    assert "The last report: NOT READY" in shown
    assert asking.command_line("import", elsewhere / "req.carol.answer.json") == 0
    asking.judge()
    assert asking.states["host.four"] == "attested"
    assert asking.states["stakeholder-approval.officer"] == "attested"


def test_without_evidence_and_report_less_is_asked(
    asking: Project, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = elsewhere / "req.json"
    command = ("request", "host.four", "*.officer", "--person", "carol", "-o", path)
    assert asking.command_line(*command) == 1
    err = " ".join(capsys.readouterr().err.split())

    assert "host.four is left out: it stands in for a probe" in err
    assert "stakeholder-approval.officer is left out: an approval is of a report" in err
    assert not path.exists()


def test_a_file_that_was_sent_along_must_be_the_right_one(
    asking: Project,
    ask: Callable[..., Path],
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (asking.path / "proof.txt").write_text("proof")
    request = ask("host.one", "--evidence", asking.path / "proof.txt")
    (elsewhere / "proof.txt").write_text("another")

    assert asking.sign("carol", "sign", request) == 4
    assert "is not the file that the request names" in capsys.readouterr().err


def test_she_may_say_no_to_one_of_them(
    asking: Project, ask: Callable[..., Path], elsewhere: Path
) -> None:
    no = ("--not-satisfied", "host.one", "--comment", "The record is missing.")
    only = ("--only", "host.one", "--only", "host.two")
    assert asking.sign("carol", "sign", ask(), *no, *only) == 0
    assert asking.command_line("import", elsewhere / "req.carol.answer.json") == 0
    asking.judge()

    assert asking.items["host.one"]["code"] == "REJECTED"
    assert asking.states["host.two"] == "attested"
    assert len(statements(asking)) == 2


FORGED = {
    "claim": (lambda r: r["items"][0].update(claim="Nothing."), "is not that of the"),
    "unknown": (lambda r: r.update(more=1), "does not know"),
    "twice": (lambda r: r["items"].append(r["items"][0]), "name an item twice"),
    "format": (lambda r: r.update(format="other/1"), "format is not"),
    "no items": (lambda r: r.update(items=[]), "is no list of at least 1"),
}


@pytest.mark.parametrize(("forge", "said"), FORGED.values(), ids=FORGED)
def test_a_request_that_shows_other_words_is_refused(
    asking: Project,
    ask: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    forge: Callable[[dict[str, Any]], None],
    said: str,
) -> None:
    path = ask()
    document = json.loads(path.read_bytes())
    forge(document)
    path.write_text(json.dumps(document))

    assert asking.sign("carol", "sign", path) == 4
    err = capsys.readouterr().err.splitlines()[-1]
    assert "is no request: " in err
    assert said in err


def test_what_is_signed_follows_from_what_is_shown(
    asking: Project, ask: Callable[..., Path], elsewhere: Path
) -> None:
    path = ask("host.one")
    document = json.loads(path.read_bytes())
    document["items"][0]["target"]["environment"] = "elsewhere"
    path.write_text(json.dumps(document))
    assert asking.sign("carol", "sign", path) == 0
    assert asking.command_line("import", elsewhere / "req.carol.answer.json") == 0
    asking.judge()

    assert asking.items["host.one"]["code"] == "WRONG_TARGET"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"format":"pytest-readiness/request/1"}',
        b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
        b'{"a":1,"a":2}',
        b"\xff\xfe",
        b'{"x":"' + b"y" * (3 * 1024 * 1024) + b'"}',
    ],
    ids=["empty", "list", "bare", "deep", "twice", "utf16", "large"],
)
@pytest.mark.parametrize("command", ["sign", "import"])
def test_hostile_files_are_one_line(
    asking: Project, capsys: pytest.CaptureFixture[str], command: str, data: bytes
) -> None:
    path = asking.path / "hostile.json"
    path.write_bytes(data)
    capsys.readouterr()

    assert asking.command_line(command, path) == 4
    err = capsys.readouterr().err
    assert err.startswith(f"readiness: {path}: ")
    assert err.count("\n") == 1


TAMPERED = {
    "payload": lambda s: s.replace('"payload":"eyJ', '"payload":"eyI'),
    "signature": lambda s: s.replace('"sig":"', '"sig":"AAAA')[:-8] + '=="}]}',
    "cut": lambda s: s[:-10],
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_carrier_who_changes_an_answer_is_found_out(
    asking: Project,
    ask: Callable[..., Path],
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[str], str],
) -> None:
    asking.sign("carol", "sign", ask())
    answer = elsewhere / "req.carol.answer.json"
    document = json.loads(answer.read_bytes())
    document["statements"][1] = change(document["statements"][1])
    answer.write_text(json.dumps(document))
    capsys.readouterr()

    assert asking.command_line("import", answer) == 4
    err = capsys.readouterr().err
    assert "TAMPERED" in err or "MALFORMED" in err
    assert not asking.ledger.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "host.nine"], "host.nine is not asked for"),
        (["--not-satisfied", "host.one"], "--comment: is needed"),
        (["--as", "ann"], "but the key is that of carol"),
    ],
)
def test_a_mistake_of_the_signer_is_one_line(
    asking: Project,
    ask: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    assert asking.sign("carol", "sign", ask(), *arguments) == 4
    assert said in capsys.readouterr().err


def test_an_unknown_key_must_say_whose_it_is(
    asking: Project,
    ask: Callable[..., Path],
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    request = ask()
    assert asking.sign("ann", "sign", request, "--as", "nobody") == 4
    assert "is not asked; the request asks carol" in capsys.readouterr().err
    # With one person asked it can only be that one: here somebody pretends to be her.
    assert asking.sign("ann", "sign", request) == 0
    capsys.readouterr()
    assert asking.command_line("import", elsewhere / "req.carol.answer.json") == 4
    assert "signed by ann in the name of carol" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("whose", "said"),
    [
        ("--role=network-admin", "nobody in the trust file is network-admin"),
        ("--person=nobody", "is no signer of the trust file"),
    ],
)
def test_nobody_can_be_asked(
    asking: Project, capsys: pytest.CaptureFixture[str], whose: str, said: str
) -> None:
    assert asking.command_line("request", whose, "-o", "req.json") == 4
    assert said in capsys.readouterr().err


def test_an_answer_is_not_written_over(
    asking: Project, ask: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    request = ask()
    asking.sign("carol", "sign", request)
    assert asking.sign("carol", "sign", request) == 4
    assert "is there already; name another with --to" in capsys.readouterr().err
