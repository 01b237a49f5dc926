"""A throw-away certification authority, and every bad certificate there is a row for.

The demo's servers get their certificates here; :data:`BAD` makes those that the item
``environment-setup.ssl-certificates`` must refuse. Keys are P-256: made in 0.1 ms.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pytest_readiness.demo.der import certificate_with_sha1, tbs_with_sha1

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = [
    "BAD",
    "LOOPBACK",
    "Authority",
    "Issued",
    "KeyPair",
    "Stored",
    "days",
    "key_pair",
    "pem",
]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""The names in a good server certificate."""

_WEAK_RSA_BITS = 1024
_CA_LIFETIME = dt.timedelta(days=3650)
_LIFETIME = dt.timedelta(days=398)
_LEFT = dt.timedelta(days=200)


def days(count: float) -> dt.timedelta:
    """Give a duration of so many days."""
    return dt.timedelta(days=count)


@dataclass(frozen=True)
class Stored:
    """Where a certificate and its key lie: what a server's settings name."""

    chain: Path
    key: Path


@dataclass(frozen=True)
class KeyPair:
    """Where two keys lie, both in PEM."""

    private: Path
    public: Path


def key_pair(folder: Path, name: str) -> KeyPair:
    """Make a key that tokens are signed with: ``name.key`` (0600) and ``name.pub``."""
    key = ec.generate_private_key(ec.SECP256R1())
    pair = KeyPair(folder / f"{name}.key", folder / f"{name}.pub")
    pair.private.touch(mode=0o600)
    pair.private.write_bytes(_private_pem(key))
    pair.public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return pair


def _private_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@dataclass(frozen=True)
class Issued:
    """A certificate as a server has it: what it sends, and its key.

    ``chain`` is what the server sends, its own certificate first.
    """

    chain: tuple[x509.Certificate, ...]
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def certificate(self) -> x509.Certificate:
        """The server's own certificate."""
        return self.chain[0]

    def store(self, folder: Path, name: str) -> Stored:
        """Write ``name.pem`` and ``name.key`` (0600) into ``folder``."""
        stored = Stored(folder / f"{name}.pem", folder / f"{name}.key")
        stored.chain.write_bytes(pem(*self.chain))
        stored.key.touch(mode=0o600)
        stored.key.write_bytes(_private_pem(self.key))
        return stored

    def server_context(self, folder: Path, name: str) -> ssl.SSLContext:
        """Make a server's TLS context that presents this certificate, however bad."""
        stored = self.store(folder, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # A server with OpenSSL's default level refuses to load RSA-1024 and SHA-1.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(stored.chain, stored.key)
        return context


def pem(*certificates: x509.Certificate) -> bytes:
    """Write certificates one after another as PEM."""
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


@dataclass(frozen=True)
class Authority:
    """A root, and the intermediate that signs for it."""

    root: x509.Certificate
    intermediate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    """The intermediate's; nothing needs the root's any more."""
    now: dt.datetime

    @classmethod
    def create(cls, name: str = "Demo", now: dt.datetime | None = None) -> Self:
        """Make a new authority; two of them never trust each other."""
        now = now or dt.datetime.now(dt.UTC)
        root_key, key = _new_key(), _new_key()
        root_name = _name(f"{name} Root CA")
        root = _ca(root_name, root_key, root_name, root_key, now, path_length=1)
        intermediate = _ca(
            _name(f"{name} Issuing CA"), key, root_name, root_key, now, path_length=0
        )
        return cls(root, intermediate, key, now)

    def issue(
        self,
        *,
        hosts: tuple[str, ...] = LOOPBACK,
        lifetime: dt.timedelta = _LIFETIME,
        left: dt.timedelta = _LEFT,
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    ) -> Issued:
        """Issue a server certificate for ``hosts`` (names and IP addresses).

        It began ``lifetime - left`` ago and ends in ``left``, which may be negative.
        """
        key = key or _new_key()
        end = self.now + left
        builder = _builder(
            _name(hosts[0]), key, self.intermediate.subject, end - lifetime, end
        )
        certificate = (
            builder.add_extension(_alternative_names(hosts), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
            .add_extension(_authority_id(self.key), critical=False)
            .add_extension(
                x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
            .sign(self.key, hashes.SHA256())
        )
        return Issued((certificate, self.intermediate), key)


def _self_signed(authority: Authority) -> Issued:
    key, name = _new_key(), _name(LOOPBACK[0])
    end = authority.now + _LEFT
    certificate = (
        _builder(name, key, name, end - _LIFETIME, end)
        .add_extension(_alternative_names(LOOPBACK), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Issued((certificate,), key)


def _missing_intermediate(authority: Authority) -> Issued:
    whole = authority.issue()
    return Issued(whole.chain[:1], whole.key)


def _sha1(authority: Authority) -> Issued:
    whole = authority.issue()
    tbs = tbs_with_sha1(whole.certificate.tbs_certificate_bytes)
    signature = authority.key.sign(tbs, ec.ECDSA(hashes.SHA1()))  # noqa: S303  # the fault
    leaf = x509.load_der_x509_certificate(certificate_with_sha1(tbs, signature))
    return Issued((leaf, *whole.chain[1:]), whole.key)


def _rsa_1024(authority: Authority) -> Issued:
    return authority.issue(key=rsa.generate_private_key(65537, _WEAK_RSA_BITS))


BAD: Mapping[str, Callable[[Authority], Issued]] = {
    "expired": lambda authority: authority.issue(left=days(-2)),
    "expiring": lambda authority: authority.issue(left=days(9)),
    "wrong-host": lambda authority: authority.issue(hosts=("trading.example",)),
    "self-signed": _self_signed,
    "unknown-authority": lambda authority: Authority.create(
        "Unknown", authority.now
    ).issue(),
    "missing-intermediate": _missing_intermediate,
    "rsa-1024": _rsa_1024,
    "sha1": _sha1,
}
"""What each bad certificate is called, and how it is made."""


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    issuer: x509.Name,
    begin: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
    )


def _ca(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    *,
    path_length: int,
) -> x509.Certificate:
    usage = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return (
        _builder(subject, key, issuer, now - _CA_LIFETIME, now + _CA_LIFETIME)
        .add_extension(
            x509.BasicConstraints(ca=True, path_length=path_length), critical=True
        )
        .add_extension(
            x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
        .add_extension(_authority_id(issuer_key), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _authority_id(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _alternative_names(hosts: tuple[str, ...]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general_name(host) for host in hosts])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
