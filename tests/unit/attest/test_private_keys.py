from __future__ import annotations

import pickle
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from pytest_readiness.attest.keys import KeyKind, PrivateKey, WrongPassphraseError
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from pathlib import Path

ED25519 = ed25519.Ed25519PrivateKey.generate()
P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
P384 = ec.generate_private_key(ec.SECP384R1())
PASSPHRASE = b"correct horse"

PEM = serialization.Encoding.PEM
FORMS = {
    "PKCS8": serialization.PrivateFormat.PKCS8,
    "OpenSSH": serialization.PrivateFormat.OpenSSH,
    "TraditionalOpenSSL": serialization.PrivateFormat.TraditionalOpenSSL,
}
OPEN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(PASSPHRASE)


def spki(key: object) -> str:
    return key.public_bytes(  # type: ignore[attr-defined]  # any public key
        PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def refusal(data: bytes, where: str = "private key") -> str:
    with pytest.raises(AttestationError) as refused:
        PrivateKey.load(data, lambda: PASSPHRASE, where)
    assert "Ed25519 or ECDSA P-256" in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("key", "form"),
    [
        (ED25519, "PKCS8"),
        (ED25519, "OpenSSH"),
        (P256, "PKCS8"),
        (P256, "OpenSSH"),
        (P256, "TraditionalOpenSSL"),
    ],
)
@pytest.mark.parametrize("locked", [False, True], ids=["open", "locked"])
def test_private_keys_load_from_pem_and_openssh(
    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    form: str,
    locked: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    data = key.private_bytes(PEM, FORMS[form], LOCKED if locked else OPEN)
    asked: list[str] = []

    def ask() -> bytes:
        asked.append("once")
        return PASSPHRASE

    loaded = PrivateKey.load(data, ask)

    assert loaded.public.pem == spki(key.public_key())
    assert loaded.public.verify(loaded.sign(b"x"), b"x")
    assert (loaded.fingerprint, loaded.blob) == (
        loaded.public.fingerprint,
        loaded.public.blob,
    )
    assert asked == ["once"] * locked


@pytest.mark.parametrize("form", ["PKCS8", "OpenSSH"])
@pytest.mark.parametrize("passphrase", [b"wrong", b""], ids=["wrong", "empty"])
def test_a_wrong_passphrase_says_so_and_shows_nothing(
    form: str, passphrase: bytes
) -> None:
    data = ED25519.private_bytes(PEM, FORMS[form], LOCKED)

    with pytest.raises(WrongPassphraseError) as refused:
        PrivateKey.load(data, lambda: passphrase, "alice.pem")
    assert str(refused.value).startswith("alice.pem: cannot be unlocked")
    assert "wrong" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_wrong_passphrase_of_an_authenticated_cipher(tmp_path: Path) -> None:
    path = tmp_path / "key"
    subprocess.run(
        [
            *("ssh-keygen", "-q", "-t", "ed25519", "-f", path),
            *("-N", "right", "-Z", "aes256-gcm@openssh.com"),
        ],
        check=True,
    )

    with pytest.raises(WrongPassphraseError, match="cannot be unlocked"):
        PrivateKey.read(path, lambda: b"wrong")
    assert PrivateKey.read(path, lambda: b"right").public.kind is KeyKind.ED25519


@pytest.mark.parametrize("form", ["PKCS8", "OpenSSH"])
def test_a_protected_key_and_nobody_to_ask(form: str) -> None:
    data = ED25519.private_bytes(PEM, FORMS[form], LOCKED)

    with pytest.raises(WrongPassphraseError, match="is protected by a passphrase"):
        PrivateKey.load(data)


def test_without_bcrypt_a_protected_openssh_key_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(*_: object) -> bytes:
        msg = "Need bcrypt module"
        raise UnsupportedAlgorithm(msg)

    # What the library puts there itself where bcrypt cannot be imported.
    module = "cryptography.hazmat.primitives.serialization.ssh"
    monkeypatch.setattr(f"{module}._bcrypt_kdf", missing)
    data = ED25519.private_bytes(PEM, FORMS["PKCS8"], OPEN)
    locked = PrivateKey.load(data)

    monkeypatch.undo()
    contents = locked.openssh(PASSPHRASE)
    monkeypatch.setattr(f"{module}._bcrypt_kdf", missing)
    with pytest.raises(AttestationError, match="install bcrypt, or use ssh-agent"):
        PrivateKey.load(contents, lambda: PASSPHRASE)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [RSA, P384], ids=["rsa", "p384"])
@pytest.mark.parametrize("protection", [OPEN, LOCKED], ids=["open", "locked"])
def test_keys_of_other_algorithms_are_refused(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    form: str,
    protection: serialization.KeySerializationEncryption,
) -> None:
    data = key.private_bytes(PEM, FORMS[form], protection)

    message = refusal(data, "alice.pem")
    assert message.startswith("alice.pem: has an algorithm or curve we refuse")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
        PrivateKey.generate().public.pem.encode(),
        PrivateKey.generate().public.openssh().encode(),
    ],
    ids=["empty", "text", "pem", "openssh", "public-pem", "public-line"],
)
def test_what_is_no_private_key_is_refused(data: bytes) -> None:
    assert "cannot be read as a private key" in refusal(data)


def test_a_key_file_is_read(tmp_path: Path) -> None:
    key = PrivateKey.generate()
    path = tmp_path / "key"
    path.write_bytes(key.openssh())

    assert PrivateKey.read(path).public == key.public


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(AttestationError, match="No such file"):
        PrivateKey.read(tmp_path / "none")
    with pytest.raises(AttestationError, match="Is a directory"):
        PrivateKey.read(tmp_path)


def test_a_file_that_is_no_key_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"x" * (64 * 1024 + 1))
    with pytest.raises(AttestationError, match="is larger than 65536 bytes"):
        PrivateKey.read(path)

    path.write_bytes(b"x" * (64 * 1024))
    with pytest.raises(AttestationError, match="cannot be read as a private key"):
        PrivateKey.read(path)


def test_a_private_key_shows_its_public_half_only() -> None:
    key = PrivateKey.generate()

    assert repr(key) == f"PrivateKey({key.fingerprint})"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(key)


def test_new_keys_are_ed25519_unless_asked() -> None:
    assert PrivateKey.generate().public.kind is KeyKind.ED25519
    assert PrivateKey.generate(KeyKind.P256).public.kind is KeyKind.P256
