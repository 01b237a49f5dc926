"""What stands in certificates: names, times, keys, signatures.

They come from whoever answers at the endpoint: nothing in them is believed, and what is
shown of their texts is bounded and printable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

__all__ = [
    "Certificate",
    "Key",
    "KeyFamily",
    "missing_issuers",
    "weak_signatures",
]

KeyFamily: TypeAlias = Literal["rsa", "ec"]
"""Which limit a key's size is held against: DSA is as strong as RSA of its size."""

_BROKEN_HASHES = frozenset({"md5", "sha1"})
_READABLE = 80
_ED25519_BITS = 256
_ED448_BITS = 456


@dataclass(frozen=True)
class Key:
    """A public key: its family, what it is called, and its size in bits."""

    family: KeyFamily
    name: str
    bits: int | Unavailable


@dataclass(frozen=True)
class Certificate:
    """One certificate, read."""

    der: bytes
    subject: str
    issuer: str
    names: tuple[bytes, bytes]
    """Subject and issuer as they are encoded, to compare them."""
    begin: dt.datetime
    end: dt.datetime
    key: Key
    signature: str
    """What it is signed with, such as ``sha256``; EdDSA hashes by itself."""

    @classmethod
    def read(cls, der: bytes) -> Self:
        """Read a certificate.

        Raises:
            LookError: it cannot be parsed.
        """
        try:
            parsed = x509.load_der_x509_certificate(der)
            return cls(
                der=der,
                subject=_name(parsed.subject),
                issuer=_name(parsed.issuer),
                names=(parsed.subject.public_bytes(), parsed.issuer.public_bytes()),
                begin=parsed.not_valid_before_utc,
                end=parsed.not_valid_after_utc,
                key=_key(parsed),
                signature=_signature(parsed),
            )
        except (ValueError, TypeError, OverflowError, Warning):
            # A warning (of a serial number that is not positive) may be set to raise.
            raise LookError("a certificate cannot be read", final=True) from None

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer, as roots do."""
        return self.names[0] == self.names[1]

    @property
    def weakly_signed(self) -> bool:
        """Whether the signature rests on a broken or an unknown hash function."""
        return self.signature in _BROKEN_HASHES or self.signature.startswith("unknown")


def weak_signatures(path: Sequence[Certificate], *, anchored: bool) -> tuple[str, ...]:
    """Name the certificates below the root that SHA-1 or MD5 sign.

    Nobody relies on the signature of an anchor, nor on a root's own.
    """
    below = path[:-1] if anchored else [one for one in path if not one.self_issued]
    return tuple(
        f"{one.subject} ({one.signature})" for one in below if one.weakly_signed
    )


def missing_issuers(
    sent: Sequence[Certificate], path: Sequence[Certificate], *, anchored: bool
) -> tuple[str, ...]:
    """Name the intermediates that a client needs and the server does not send.

    With a path to the trust store: everything between both its ends. Without: the
    issuer of the server's own certificate, for nobody can tell a root from further up.
    """
    if anchored:
        known = {one.der for one in sent}
        return tuple(one.subject for one in path[1:-1] if one.der not in known)
    leaf, *others = sent
    if leaf.self_issued or any(one.names[0] == leaf.names[1] for one in others):
        return ()
    return (leaf.issuer,)


def _key(certificate: x509.Certificate) -> Key:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        unknown = Unavailable("a key of a kind that is not known here", Cause.LOCAL)
        return Key("rsa", "unknown", unknown)
    match key:
        case rsa.RSAPublicKey():
            known = Key("rsa", "RSA", key.key_size)
        case dsa.DSAPublicKey():
            known = Key("rsa", "DSA", key.key_size)
        case ec.EllipticCurvePublicKey():
            known = Key("ec", key.curve.name, key.curve.key_size)
        case ed25519.Ed25519PublicKey():
            known = Key("ec", "Ed25519", _ED25519_BITS)
        case ed448.Ed448PublicKey():
            known = Key("ec", "Ed448", _ED448_BITS)
        case _:
            kind = type(key).__name__.lstrip("_").removesuffix("PublicKey")
            unknown = Unavailable(f"no rule for {kind} keys", Cause.LOCAL)
            known = Key("rsa", kind, unknown)
    return known


def _signature(certificate: x509.Certificate) -> str:
    try:
        function = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return f"unknown {certificate.signature_algorithm_oid.dotted_string}"
    return "built in" if function is None else function.name


def _name(name: x509.Name) -> str:
    """Give the common name, else the whole name, fit to be shown."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(common[0].value) if common else name.rfc4514_string()
    text = "".join(c if c.isprintable() else "?" for c in text[:_READABLE])
    return text or "without a name"
