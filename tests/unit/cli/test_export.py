"""``readiness export``: read by ssh-keygen, git and in-toto's own tools."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Done

TARGET = """\
[system]
name = "shop"
[release]
version = "1"
[target.here]
"""


@pytest.fixture
def repository(readiness: Callable[..., Done], tmp_path: Path) -> Path:
    """Give a folder with a trust file of two people."""
    (tmp_path / "readiness.toml").write_text(TARGET)
    for name in ("ann", "bob"):
        readiness("keys", "new", "--out", name, "--no-passphrase")
    init = ("trust", "init", "--key", "ann", "--role", "dba", "--me", "ann")
    assert readiness(*init, "--email", "ann@example.com").code == 0
    add = ("trust", "add", "bob", "--public-key", "bob.pub", "--role", "registrar")
    assert readiness(*add).code == 0
    return tmp_path


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing")
def test_ssh_keygen_believes_the_allowed_signers(
    readiness: Callable[..., Done], repository: Path
) -> None:
    done = readiness("export", "allowed-signers", "-o", "allowed")
    assert (done.code, done.out) == (0, "")
    (repository / "message").write_text("signed by hand")
    sign = ["ssh-keygen", "-Y", "sign", "-f", "ann", "-n", "git", "message"]
    subprocess.run(sign, check=True, capture_output=True)
    check = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ann@example.com"]
    signed = subprocess.run(
        [*check, "-n", "git", "-s", "message.sig"],
        input=b"signed by hand",
        check=False,
        capture_output=True,
    )

    assert signed.returncode == 0, signed.stderr
    lines = Path("allowed").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["ann@example.com", "bob"]


def test_a_compromised_key_is_not_handed_on(
    readiness: Callable[..., Done], repository: Path
) -> None:
    assert repository.is_dir()
    readiness("trust", "rotate", "--person", "bob", "--compromised")

    assert "bob" not in readiness("export", "allowed-signers").out


def test_a_statement_is_found_by_its_beginning(
    readiness: Callable[..., Done], repository: Path
) -> None:
    taken = readiness("trust", "snapshot", "--key", "bob", "--yes", "--json").json
    word = taken["payload"][:8]
    envelope = readiness("export", "statement", word).json
    decoded = readiness("export", "statement", word, "--decoded").json

    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert decoded["predicate"]["attester"] == "bob"
    line = (repository / ".readiness" / "attestations.intoto.jsonl").read_bytes()
    assert json.loads(line) == envelope


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("short", "is no payload's sha256"),
        ("0123456789", "is no statement of the ledger"),
    ],
)
def test_what_is_not_there_is_one_line(
    readiness: Callable[..., Done], repository: Path, word: str, said: str
) -> None:
    ledger = repository / ".readiness" / "attestations.intoto.jsonl"
    ledger.write_text("junk\n")
    done = readiness("export", "statement", word)

    assert done.code == 4
    assert said in done.err


def test_a_place_that_cannot_be_written_is_one_line(
    readiness: Callable[..., Done], repository: Path
) -> None:
    done = readiness("export", "allowed-signers", "-o", repository / "no" / "file")

    assert done.code == 4
    assert "cannot be written" in done.err
