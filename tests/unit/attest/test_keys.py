from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import (
    ec,
    ed448,
    ed25519,
    rsa,
    x25519,
)
from hypothesis import given, strategies as st

from pytest_readiness.attest.keys import (
    KeyKind,
    PrivateKey,
    PublicKey,
)
from pytest_readiness.attest.ssh_wire import string
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from pathlib import Path

RSA = rsa.generate_private_key(65537, 2048)
P384 = ec.generate_private_key(ec.SECP384R1())
SECP256K1 = ec.generate_private_key(ec.SECP256K1())
SPELLINGS = [
    spelling
    for key in (PrivateKey.generate(kind).public for kind in KeyKind)
    for spelling in (key.openssh("a@b"), key.pem)
]
KINDS = pytest.mark.parametrize("kind", KeyKind)

PEM = serialization.Encoding.PEM


def spki(key: object) -> str:
    return key.public_bytes(  # type: ignore[attr-defined]  # any public key
        PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def refusal(text: str, where: str = "public key") -> str:
    with pytest.raises(AttestationError) as refused:
        PublicKey.load(text, where)
    assert "Ed25519 or ECDSA P-256" in str(refused.value)
    return str(refused.value)


# ------------------------------------------------------------------------ public keys


def test_the_two_kinds_are_known_by_their_words() -> None:
    assert [str(kind) for kind in KeyKind] == ["ed25519", "ecdsa-p256"]


@KINDS
def test_a_public_key_reads_back_from_both_its_forms(kind: KeyKind) -> None:
    key = PrivateKey.generate(kind).public

    assert key.kind is kind
    for text in (
        key.pem,
        key.openssh(),
        key.openssh("alice@laptop"),
        f"\n {key.openssh('Alice Example, laptop')}\n",
        key.pem.replace("\n", "\r\n"),
    ):
        read = PublicKey.load(text)
        assert read == key
        assert read.fingerprint == key.fingerprint
        assert read.kind is kind
    assert PublicKey.from_blob(key.blob) == key
    assert key.openssh("alice").endswith(" alice")
    assert not key.openssh().endswith(" ")


def test_different_keys_are_different() -> None:
    one, other = PrivateKey.generate().public, PrivateKey.generate().public

    assert one != other
    assert one.fingerprint != other.fingerprint
    assert len({one, other, PublicKey.load(one.pem)}) == 2


@KINDS
def test_the_fingerprint_is_computed_as_ssh_keygen_does(
    kind: KeyKind, tmp_path: Path
) -> None:
    key = PrivateKey.generate(kind).public
    path = tmp_path / "key.pub"
    path.write_text(key.openssh("SHA256:of-somebody-else"))

    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", path],  # noqa: S607 - whichever is installed
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert shown.split()[1] == key.fingerprint


def test_a_compressed_point_is_the_same_key() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )
    der = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point
    body = base64.b64encode(der).decode()
    text = f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----"

    assert PublicKey.load(text).fingerprint == PublicKey.load(spki(key)).fingerprint


@pytest.mark.parametrize(
    "key",
    [
        RSA.public_key(),
        P384.public_key(),
        SECP256K1.public_key(),
        ec.generate_private_key(ec.BrainpoolP256R1()).public_key(),
        ed448.Ed448PrivateKey.generate().public_key(),
        x25519.X25519PrivateKey.generate().public_key(),
    ],
    ids=["rsa", "p384", "secp256k1", "brainpool", "ed448", "x25519"],
)
def test_other_algorithms_and_curves_are_refused(key: object) -> None:
    message = refusal(spki(key), "trust.toml: alice")

    assert message.startswith("trust.toml: alice: ")


def test_other_openssh_keys_are_refused() -> None:
    good = PrivateKey.generate().public.openssh().split()[1]
    ssh = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    lines = [
        RSA.public_key().public_bytes(*ssh).decode(),
        P384.public_key().public_bytes(*ssh).decode(),
        f"sk-ssh-ed25519@openssh.com {good}",
        f"ssh-ed25519-cert-v01@openssh.com {good}",
        f"ecdsa-sha2-nistp256 {good}",
        f'command="x" ssh-ed25519 {good}',
        f"@cert-authority ssh-ed25519 {good}",
    ]

    for line in lines:
        refusal(line)


def test_a_key_has_one_spelling() -> None:
    line = PrivateKey.generate().public.openssh()
    base = line.split()[1]

    for bad in (
        line.replace(base, base + "AAAA"),
        line.replace(base, base[:-4]),
        line.replace(base, base[:30] + "*" + base[30:]),
        line.replace(" ", "  "),
        line.replace(" ", "\t"),
        f"{line}\n{line}",
        f"{line} a\x00b",
        "",
        "ssh-ed25519",
        base,
    ):
        refusal(bad)


def test_a_pem_text_is_one_public_key_block() -> None:
    key = PrivateKey.generate()
    private = ed25519.Ed25519PrivateKey.generate().private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = key.public.pem

    for bad in (
        pem + pem,
        pem + "x",
        pem.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
        private.decode(),
        pem.replace("MCow", "MCox"),
        pem.splitlines()[0],
        spki(RSA.public_key()) + pem,
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
    ):
        refusal(bad)


def test_a_point_off_the_curve_is_refused() -> None:
    blob = string(b"ecdsa-sha2-nistp256") + string(b"nistp256")
    for point in (b"\4" + b"\1" * 64, b"\0", b"\4" + bytes(64), b"\2" + b"\xff" * 32):
        text = base64.b64encode(blob + string(point)).decode()
        refusal(f"ecdsa-sha2-nistp256 {text}")


@pytest.mark.parametrize("blob", [b"", b"\0\0\0\x0bssh", string(b"\xff\xfe")])
def test_a_blob_that_is_no_key_is_refused(blob: bytes) -> None:
    with pytest.raises(AttestationError):
        PublicKey.from_blob(blob)


@given(st.data())
def test_a_key_with_a_byte_changed_is_another_key_or_refused(
    data: st.DataObject,
) -> None:
    text = data.draw(st.sampled_from(SPELLINGS))
    place = data.draw(st.integers(0, len(text) - 1))
    changed = (
        text[:place] + data.draw(st.characters(max_codepoint=255)) + text[place + 1 :]
    )

    try:
        key = PublicKey.load(changed)
    except AttestationError:
        return
    assert PublicKey.load(key.openssh()) == PublicKey.load(key.pem) == key
