"""Keys and ledgers under stress: ssh-agent, a pty, many at once, a kill half-way."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.attest.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

SIGNED = '@attested(role="dba", scope="environment")'
COUNT = 6
READINESS = [sys.executable, "-m", "pytest_readiness"]
AGENT = all(map(shutil.which, ("ssh-agent", "ssh-add", "ssh-keygen")))
needs_agent = pytest.mark.skipif(
    not AGENT and not os.environ.get("READINESS_REQUIRE_SERVICES"),
    reason="ssh-agent is missing",
)


@pytest.fixture
def signing(bare: Project) -> Project:
    """Give a repository with items that a dba signs."""
    items = [
        bare.item(f"n{number}", "", arguments="", decorators=[SIGNED])
        for number in range(COUNT)
    ]
    bare.write(bare.module(*items))
    bare.lock()
    bare.people(ann="dba", bob="dba")
    bare.commit()
    return bare


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run an agent of this test alone."""
    with tempfile.TemporaryDirectory(prefix="agent") as name:
        path = str(Path(name) / "socket")
        process = subprocess.Popen(["ssh-agent", "-D", "-a", path])  # noqa: S607
        deadline = time.monotonic() + 20
        while not Path(path).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        yield
        process.terminate()
        process.wait(20)


def load(*keys: Path) -> None:
    """Put keys into the agent."""
    subprocess.run(["ssh-add", "-q", *map(str, keys)], check=True)  # noqa: S607


@needs_agent
@pytest.mark.usefixtures("agent")
def test_an_agent_signs_for_its_only_key_in_the_trust_file(signing: Project) -> None:
    stranger = signing.path / ".keys" / "stranger"
    new = ("keys", "new", "--out", stranger, "--no-passphrase", "--type", "ecdsa-p256")
    signing.command_line(*new)
    load(signing.key("ann"), stranger)

    assert signing.command_line("attest", "host.n0", "--yes", "--agent") == 0
    signing.judge()
    assert signing.states["host.n0"] == "attested"


@needs_agent
@pytest.mark.usefixtures("agent")
def test_an_agent_is_asked_for_a_key_by_name_where_it_has_several(
    signing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    attest = ("attest", "host.n0", "--yes", "--agent")
    assert signing.command_line(*attest) == 4
    assert "holds no Ed25519 or ECDSA P-256 key" in capsys.readouterr().err
    load(signing.key("ann"), signing.key("bob"))
    assert signing.command_line(*attest) == 4
    err = capsys.readouterr().err
    assert "several of its keys could sign: SHA256:" in err
    name = err.split("could sign: ")[1].split(",")[0]
    assert signing.command_line(*attest, name) == 0
    capsys.readouterr()
    assert signing.command_line("keys", "show", "--agent", name, "--json") == 0
    assert json.loads(capsys.readouterr().out)["fingerprint"] == name
    with pytest.raises(SystemExit):
        signing.command_line("attest", "--yes", "--agent", "host.n1")
    assert "put --agent alone last" in capsys.readouterr().err


@needs_agent
@pytest.mark.usefixtures("agent")
def test_an_agent_of_strangers_is_told_so(
    signing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = signing.path / ".keys" / "stranger"
    signing.command_line("keys", "new", "--out", stranger, "--no-passphrase")
    load(stranger)

    assert signing.command_line("attest", "host.n0", "--yes", "--agent") == 4
    assert "none of its keys is in the trust file" in capsys.readouterr().err
    assert signing.sign("stranger", "attest", "host.n0") == 4
    assert "is no key of the trust file" in capsys.readouterr().err


def test_without_an_agent_it_says_how_to_start_one(
    signing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signing.command_line("attest", "host.n0", "--yes", "--agent") == 4
    assert "SSH_AUTH_SOCK is not set; start one" in capsys.readouterr().err


def test_at_a_real_terminal_passphrase_and_yes_are_typed(signing: Project) -> None:
    key = signing.path / ".keys" / "locked"
    phrase = signing.path / ".keys" / "phrase"
    phrase.write_text("correct horse\n")
    signing.command_line("keys", "new", "--out", key, "--passphrase-file", phrase)
    public = f"{key}.pub"
    signing.command_line("trust", "add", "cid", "--role", "dba", "--public-key", public)

    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - becomes another program
        os.chdir(signing.path)
        os.execv(  # noqa: S606 - no shell is wanted
            sys.executable, [*READINESS, "attest", "host.n0", "--key", str(key)]
        )
    seen = _until(terminal, "passphrase of")
    os.write(terminal, b"correct horse\n")
    seen += _until(terminal, "[y/N]")
    os.write(terminal, b"y\n")
    seen += _until(terminal, "Commit")
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert "The n0 holds." in seen
    assert "correct horse" not in seen
    assert len(signing.ledger.read_bytes().splitlines()) == 1


def _until(terminal: int, word: str) -> str:
    """Read what a terminal shows, until a word or its end."""
    seen = ""
    deadline = time.monotonic() + 60
    while word not in seen and time.monotonic() < deadline:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        seen += data.decode(errors="replace")
    assert word in seen, seen
    return seen


def test_many_at_once_lose_nothing(signing: Project) -> None:
    def attest(number: int) -> int:
        person = "ann" if number % 2 else "bob"
        arguments = ["attest", f"host.n{number}", "--yes", "--json"]
        done = subprocess.run(
            [*READINESS, *arguments, "--key", str(signing.key(person))],
            cwd=signing.path,
            check=False,
            capture_output=True,
        )
        return done.returncode

    with ThreadPoolExecutor(COUNT) as pool:
        codes = list(pool.map(attest, range(COUNT)))

    assert codes == [0] * COUNT
    lines = signing.ledger.read_bytes().splitlines()
    said = [json.loads(Envelope.parse(line).payload)["predicate"] for line in lines]
    assert sorted(one["item"]["id"] for one in said) == [
        f"host.n{number}" for number in range(COUNT)
    ]
    signing.judge()
    assert set(signing.states.values()) == {"attested"}


def test_a_kill_at_any_moment_leaves_a_readable_ledger(signing: Project) -> None:
    signing.sign("ann", "attest", "host.n0")
    for delay in (0.3, 0.8, 1.3, 1.8):
        process = subprocess.Popen(
            [*READINESS, "attest", "host.n1", "--yes", "--key", signing.key("bob")],
            cwd=signing.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    result = signing.judge()

    assert signing.states["host.n0"] == "attested"
    assert result.ret == 10
    for line in signing.ledger.read_bytes().splitlines():
        Envelope.parse(line)


def test_a_line_that_was_cut_off_is_taken_away_by_the_next(
    signing: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    signing.sign("ann", "attest", "host.n0")
    whole = signing.ledger.read_bytes()
    signing.ledger.write_bytes(whole + whole[:100])
    assert signing.judge().ret == 10

    assert signing.sign("ann", "attest", "host.n1") == 0
    assert len(signing.ledger.read_bytes().splitlines()) == 2
    assert signing.ledger.read_bytes().startswith(whole)
    signing.ledger.write_bytes(b"<<<<<<< HEAD\n" + signing.ledger.read_bytes())
    assert signing.judge().ret == 13
    capsys.readouterr()
    assert signing.sign("ann", "attest", "host.n2") == 0
    err = capsys.readouterr().err
    assert "line 1: MALFORMED: a merge-conflict marker" in err
