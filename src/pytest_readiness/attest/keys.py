"""Keys: Ed25519 and ECDSA P-256, nothing else, from PEM and OpenSSH files.

The algorithm follows from the key that the trust file names, never from a message.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn, Protocol, Self, TypeAlias

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from pytest_readiness.attest import ssh_wire
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "SMALL_ORDER",
    "KeyKind",
    "PrivateKey",
    "PublicKey",
    "Signer",
    "WrongPassphraseError",
]

_MAX_KEY_FILE = 64 * 1024
_P256_HASH = ec.ECDSA(hashes.SHA256())
_REMEDY = "use an Ed25519 or ECDSA P-256 key, in PEM or OpenSSH form"

_UNREADABLE = (ValueError, UnsupportedAlgorithm, NotImplementedError)
"""What the library raises for bytes that it cannot take."""

_AnyPublicKey: TypeAlias = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
_AnyPrivateKey: TypeAlias = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey

_SMALL_ORDER_Y = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
)
SMALL_ORDER = frozenset(
    encoding
    for y in map(bytes.fromhex, _SMALL_ORDER_Y)
    for encoding in (y, y[:-1] + bytes([y[-1] | 0x80]))
)
"""The 14 encodings of Ed25519's points of order 1, 2, 4 and 8. With such a "key" one
made-up signature fits every message, or every eighth, in most libraries."""
_FIELD_PRIME = 2**255 - 19


class WrongPassphraseError(AttestationError):
    """A private key's passphrase is missing or wrong; asking again may help."""


class KeyKind(StrEnum):
    """The two algorithms."""

    ED25519 = "ed25519"
    P256 = "ecdsa-p256"


class Signer(Protocol):
    """Whoever signs: a key file, or an agent that keeps the key to itself."""

    @property
    def fingerprint(self) -> str:
        """The public key's fingerprint, ``SHA256:...``."""
        ...

    @property
    def blob(self) -> bytes:
        """The public key in OpenSSH's binary form."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign: 64 bytes for Ed25519, DER for ECDSA (over SHA-256)."""
        ...


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that can be believed, once the trust file says whose it is.

    Two of them are equal where their ``blob`` is.
    """

    kind: KeyKind = field(compare=False)
    fingerprint: str = field(compare=False)
    """``SHA256:...``, computed here, never read from anywhere."""
    blob: bytes = field(repr=False)
    """OpenSSH's binary form; there is one for each key."""
    _key: _AnyPublicKey = field(compare=False, repr=False)

    @classmethod
    def load(cls, text: str, where: str = "public key") -> Self:
        """Read an OpenSSH line (with or without comment) or a PEM block (SPKI).

        Raises:
            AttestationError: another algorithm or curve, a key that anybody can sign
                for, or not exactly one public key.
        """
        stripped = text.strip()
        try:
            if stripped.startswith("-----BEGIN "):
                key = _public_from_pem(stripped)
            else:
                key = _public_from_openssh(stripped)
        except _UNREADABLE as error:
            what = f"cannot be read as a public key ({type(error).__name__})"
            raise AttestationError(where, what, _REMEDY) from None
        return cls._of(_accepted(key, where), where)

    @classmethod
    def from_blob(cls, blob: bytes, where: str = "public key") -> Self:
        """Read OpenSSH's binary form, as an agent gives it.

        Raises:
            AttestationError: as :meth:`load`.
        """
        name = ssh_wire.read_string(blob)[0].decode("ascii", "replace")
        return cls.load(f"{name} {base64.b64encode(blob).decode()}", where)

    @classmethod
    def _of(cls, key: _AnyPublicKey, where: str) -> Self:
        if isinstance(key, ed25519.Ed25519PublicKey):
            kind = KeyKind.ED25519
            _refuse_weak(key.public_bytes_raw(), where)
        else:
            kind = KeyKind.P256
        line = key.public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        blob = base64.b64decode(line.split()[1])
        return cls(kind, ssh_wire.fingerprint(blob), blob, key)

    @property
    def pem(self) -> str:
        """The key as a PEM block (SPKI), for openssl and most libraries."""
        return self._key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def openssh(self, comment: str = "") -> str:
        """Give the key as an OpenSSH line, for trust files and ``allowed_signers``."""
        name = ssh_wire.read_string(self.blob)[0].decode()
        return f"{name} {base64.b64encode(self.blob).decode()} {comment}".rstrip()

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature over the message is this key's."""
        try:
            if isinstance(self._key, ed25519.Ed25519PublicKey):
                self._key.verify(signature, message)
            else:
                self._key.verify(signature, message, _P256_HASH)
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """A key that signs; it shows and stores nothing of itself but the public half."""

    __slots__ = ("_key", "public")

    def __init__(self, key: _AnyPrivateKey) -> None:
        self._key = key
        self.public = PublicKey._of(key.public_key(), "private key")  # noqa: SLF001 - same module

    @classmethod
    def generate(cls, kind: KeyKind = KeyKind.ED25519) -> Self:
        """Make a new key."""
        if kind is KeyKind.ED25519:
            return cls(ed25519.Ed25519PrivateKey.generate())
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(
        cls,
        data: bytes,
        passphrase: Callable[[], bytes] | None = None,
        where: str = "private key",
    ) -> Self:
        """Read a PEM or an OpenSSH file's contents.

        ``passphrase`` is called only where the key is protected by one.

        Raises:
            WrongPassphraseError: the passphrase is wrong, or there is none to ask.
            AttestationError: another algorithm or curve, or no private key.
        """
        load = (
            serialization.load_ssh_private_key
            if b"-----BEGIN OPENSSH " in data
            else serialization.load_pem_private_key
        )
        try:
            key: object = load(data, None)
        except TypeError:  # it is protected; the library has no better word for it
            key = _unlock(load, data, passphrase, where)
        except _UNREADABLE as error:
            what = f"cannot be read as a private key ({type(error).__name__})"
            raise AttestationError(where, what, _REMEDY) from None
        return cls(_accepted_private(key, where))

    @classmethod
    def read(cls, path: Path, passphrase: Callable[[], bytes] | None = None) -> Self:
        """Read a private key's file; as :meth:`load`."""
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_KEY_FILE + 1)
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise AttestationError(str(path), what, "name another file") from None
        if len(data) > _MAX_KEY_FILE:
            what = f"is larger than {_MAX_KEY_FILE} bytes"
            raise AttestationError(str(path), what, "name the key's own file")
        return cls.load(data, passphrase, str(path))

    @property
    def fingerprint(self) -> str:
        """The public key's fingerprint, ``SHA256:...``."""
        return self.public.fingerprint

    @property
    def blob(self) -> bytes:
        """The public key in OpenSSH's binary form."""
        return self.public.blob

    def sign(self, message: bytes) -> bytes:
        """Sign: 64 bytes for Ed25519, DER for ECDSA (over SHA-256)."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        return self._key.sign(message, _P256_HASH)

    def openssh(self, passphrase: bytes | None = None) -> bytes:
        """Give the key as an OpenSSH file's contents, protected where asked to be."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption(),
        )

    def pem(self, passphrase: bytes | None = None) -> bytes:
        """Give the key as a PEM block (PKCS #8), protected where asked to be."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption(),
        )

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.fingerprint})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key cannot be pickled")


def _public_from_pem(text: str) -> object:
    begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    if not (text.startswith(begin) and text.endswith(end) and text.count("BEGIN") == 1):
        raise ValueError("not one PUBLIC KEY block")
    return serialization.load_pem_public_key(text.encode())


def _public_from_openssh(text: str) -> object:
    kind, _, rest = text.partition(" ")
    if kind not in {ssh_wire.ED25519, ssh_wire.P256} or not text.isprintable():
        raise ValueError("not one line of an accepted kind")
    key = serialization.load_ssh_public_key(text.encode())
    line = key.public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    if line.decode().split()[1] != rest.split(" ")[0]:
        raise ValueError("not as OpenSSH writes it")
    return key


def _accepted(key: object, where: str) -> _AnyPublicKey:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and _is_p256(key.curve):
        return key
    raise AttestationError(where, "has an algorithm or curve we refuse", _REMEDY)


def _accepted_private(key: object, where: str) -> _AnyPrivateKey:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and _is_p256(key.curve):
        return key
    raise AttestationError(where, "has an algorithm or curve we refuse", _REMEDY)


def _is_p256(curve: ec.EllipticCurve) -> bool:
    return isinstance(curve, ec.SECP256R1)


def _refuse_weak(raw: bytes, where: str) -> None:
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if raw in SMALL_ORDER or y >= _FIELD_PRIME:
        what = "is a key that anybody can sign for, or another key written oddly"
        raise AttestationError(where, what, "use a key made by a key generator")


def _unlock(
    load: Callable[[bytes, bytes], object],
    data: bytes,
    passphrase: Callable[[], bytes] | None,
    where: str,
) -> object:
    if passphrase is None:
        what = "is protected by a passphrase"
        raise WrongPassphraseError(where, what, "give it, or use ssh-agent")
    try:
        # Handed on within the expression: no frame of ours holds the passphrase.
        return load(data, passphrase())
    except (TypeError, ValueError, InvalidTag) as error:
        what = f"cannot be unlocked ({type(error).__name__})"
        raise WrongPassphraseError(where, what, "check the passphrase") from None
    except UnsupportedAlgorithm:
        what = "is protected in a way that cannot be undone here"
        raise AttestationError(
            where, what, "install bcrypt, or use ssh-agent"
        ) from None
