"""Keys between us, ssh-keygen and a real ssh-agent."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.attest.agent import Agent
from pytest_readiness.attest.envelope import Envelope, sign, signers
from pytest_readiness.attest.key_files import write_new
from pytest_readiness.attest.keys import KeyKind, PrivateKey, PublicKey
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = pytest.mark.parametrize("kind", KeyKind)
PASSPHRASE = "correct horse"


@pytest.fixture(autouse=True)
def programs() -> None:
    """Have the programs, skip without them, or fail where all are promised."""
    for name in ("ssh-agent", "ssh-add", "ssh-keygen"):
        if shutil.which(name) is None:
            promised = os.environ.get("READINESS_REQUIRE_SERVICES") == "1"
            (pytest.fail if promised else pytest.skip)(f"{name} is not installed here")


def keygen(*arguments: str | Path) -> str:
    return subprocess.run(
        ["ssh-keygen", *arguments],  # noqa: S607 - whichever is installed
        check=True,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    ).stdout


# -------------------------------------------------------------------------- ssh-keygen


@KINDS
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE], ids=["open", "locked"])
def test_ssh_keygen_reads_the_files_that_we_write(
    tmp_path: Path, kind: KeyKind, passphrase: str
) -> None:
    key = PrivateKey.generate(kind)
    path = tmp_path / "key"
    write_new(path, key, passphrase=passphrase.encode() or None, comment="alice")

    assert keygen("-y", "-P", passphrase, "-f", path).split()[:2] == (
        key.public.openssh().split()
    )
    _bits, shown, comment, _kind = keygen("-l", "-f", f"{path}.pub").split()
    assert (shown, comment) == (key.fingerprint, "alice")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
@pytest.mark.parametrize("form", ["RFC4716", "PKCS8", "PEM"])
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE], ids=["open", "locked"])
def test_files_that_ssh_keygen_writes_sign_here(
    tmp_path: Path, kind: str, form: str, passphrase: str
) -> None:
    path = tmp_path / "key"
    keygen("-q", "-t", kind, "-m", form, "-N", passphrase, "-C", "a b", "-f", path)

    key = PrivateKey.read(path, passphrase.encode)
    public = PublicKey.load((tmp_path / "key.pub").read_text())

    assert key.public == public
    assert public.verify(key.sign(b"x"), b"x")
    assert public.fingerprint == keygen("-l", "-f", path).split()[1]


@pytest.mark.parametrize(
    "kind",
    [("rsa", "2048"), ("ecdsa", "384"), ("ecdsa", "521")],
    ids="-".join,
)
def test_other_keys_of_ssh_keygen_are_refused(
    tmp_path: Path, kind: tuple[str, str]
) -> None:
    path = tmp_path / "key"
    keygen("-q", "-t", kind[0], "-b", kind[1], "-N", "", "-f", path)

    with pytest.raises(AttestationError, match="use an Ed25519 or ECDSA P-256 key"):
        PrivateKey.read(path)
    with pytest.raises(AttestationError, match="use an Ed25519 or ECDSA P-256 key"):
        PublicKey.load((tmp_path / "key.pub").read_text())


def test_ssh_keygens_pem_of_a_public_key_is_ours(tmp_path: Path) -> None:
    # It cannot write one of an Ed25519 key: why we print both forms.
    path = tmp_path / "key"
    public = write_new(path, PrivateKey.generate(KeyKind.P256))

    pem = keygen("-e", "-m", "PKCS8", "-f", public)
    assert PublicKey.load(pem).pem == pem == PrivateKey.read(path).public.pem


# --------------------------------------------------------------------------- ssh-agent


@dataclass
class RealAgent:
    """An agent of this test alone."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def add(self, *arguments: str | Path, answer: str = "") -> str:
        """Run ssh-add, which is answered by a program as by a person at a desktop."""
        asked = self.folder / "askpass"
        asked.write_text(f"#!/bin/sh\n{answer or 'exit 1'}\n")
        asked.chmod(0o700)
        environ = self.environ | {
            "SSH_ASKPASS": str(asked),
            "SSH_ASKPASS_REQUIRE": "force",
        }
        done = subprocess.run(
            ["ssh-add", *arguments],  # noqa: S607 - whichever is installed
            env=os.environ | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout

    @property
    def client(self) -> Agent:
        return Agent.from_environ(self.environ)


@pytest.fixture
def agent() -> Iterator[RealAgent]:
    with tempfile.TemporaryDirectory(prefix="agent") as name:
        folder = Path(name)
        path = folder / "socket"
        # The agent asks whether a key may be used with the program of its own start.
        confirm = folder / "confirm"
        confirm.write_text("#!/bin/sh\nexit 1\n")
        confirm.chmod(0o700)
        environ = {"SSH_ASKPASS": str(confirm), "SSH_ASKPASS_REQUIRE": "force"}
        process = subprocess.Popen(
            ["ssh-agent", "-D", "-a", path],  # noqa: S607 - whichever is installed
            env=os.environ | environ | {"DISPLAY": ":0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline()  # it listens once it has said where
            yield RealAgent(folder, {"SSH_AUTH_SOCK": str(path)})
        finally:
            process.terminate()
            process.communicate(timeout=10)


@KINDS
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE], ids=["open", "locked"])
def test_an_agents_signature_is_a_statements(
    agent: RealAgent, tmp_path: Path, kind: KeyKind, passphrase: str
) -> None:
    key = PrivateKey.generate(kind)
    write_new(tmp_path / "key", key, passphrase=passphrase.encode() or None)
    agent.add(tmp_path / "key", answer=f"echo '{passphrase}'")

    signer = agent.client.key(key.fingerprint)
    assert signer.blob == key.blob
    for number in range(4):
        payload = b'{"number":%d}' % number
        envelope = Envelope.parse(sign(payload, signer))
        assert signers(envelope, {key.fingerprint: key.public}) == (key.fingerprint,)
        assert envelope.payload == payload


def test_only_the_keys_that_can_sign_statements_are_listed(
    agent: RealAgent, tmp_path: Path
) -> None:
    assert agent.client.keys() == ()
    for kind in ("rsa", "ed25519", "ecdsa"):
        keygen("-q", "-t", kind, "-N", "", "-C", f"my {kind}", "-f", tmp_path / kind)
        agent.add(tmp_path / kind)

    assert len(agent.add("-l").splitlines()) == 3
    usable = agent.client.keys()
    assert [key.comment for key in usable] == ["my ed25519", "my ecdsa"]
    for key in usable:
        assert key.fingerprint in agent.add("-l")


def test_a_locked_agent_and_a_removed_key_are_refusals(
    agent: RealAgent, tmp_path: Path
) -> None:
    key = PrivateKey.generate()
    write_new(tmp_path / "key", key)
    agent.add(tmp_path / "key")
    signer = agent.client.key(key.fingerprint)

    agent.add("-x", answer="echo lock")
    with pytest.raises(AttestationError, match="refused: it is locked"):
        signer.sign(b"x")
    with pytest.raises(AttestationError, match="does not have SHA256:"):
        agent.client.key(key.fingerprint)

    agent.add("-X", answer="echo lock")
    assert key.public.verify(signer.sign(b"x"), b"x")
    agent.add("-D")
    with pytest.raises(AttestationError, match="has not the key"):
        signer.sign(b"x")


def test_a_person_who_does_not_confirm_is_a_refusal(
    agent: RealAgent, tmp_path: Path
) -> None:
    key = PrivateKey.generate()
    write_new(tmp_path / "key", key)
    agent.add("-c", tmp_path / "key")

    with pytest.raises(AttestationError, match="or you said no"):
        agent.client.key(key.fingerprint).sign(b"x")


def test_an_agent_that_has_ended_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("")

    with pytest.raises(AttestationError, match=r"cannot be reached at .*/s"):
        Agent(str(path)).keys()
