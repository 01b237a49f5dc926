"""Why the TLS probe asks OpenSSL and not cryptography's verifier.

That one checks against the profile of public web authorities (CA/Browser Forum). Here
are healthy private authorities, as ``openssl req -x509`` makes them, which it refuses
and every usual client accepts. Should a test begin to fail, the choice is due again.
"""

from __future__ import annotations

import datetime as dt
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

from pytest_readiness.demo.pki import pem
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.tls import Tls
from pytest_readiness.target.blocks import TlsBlock, TlsEndpoint

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[verification.PolicyBuilder], verification.PolicyBuilder]

if not hasattr(verification, "ExtensionPolicy"):
    pytest.skip("its policies came with cryptography 45", allow_module_level=True)

Key: TypeAlias = (
    ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
)


def p256() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Kind:
    """One way in which private authorities differ from public ones."""

    make_key: Callable[[], Key] = p256
    critical: bool = True
    usage: bool = True


KINDS = {
    "public profile": Kind(),
    "Ed25519 keys": Kind(make_key=ed25519.Ed25519PrivateKey.generate),
    "a CA without keyUsage": Kind(usage=False),
    "basicConstraints that are not critical": Kind(critical=False),
}
WEAK_BITS = 1024
REFUSED = [kind for kind in KINDS if kind != "public profile"]


@dataclass(frozen=True)
class Made:
    root: x509.Certificate
    leaf: x509.Certificate
    key: Key


def builder(subject: str, key: Key, issuer: str) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        for name in (subject, issuer)
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=90))
    )


def made(kind: Kind) -> Made:
    ca_key, key = kind.make_key(), kind.make_key()
    own_hash = isinstance(ca_key, ed25519.Ed25519PrivateKey)
    function = None if own_hash else hashes.SHA256()
    identity = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        builder("Private CA", ca_key, "Private CA")
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), kind.critical)
        .add_extension(identity, critical=False)
    )
    if kind.usage:
        no = dict.fromkeys(
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
        usage = x509.KeyUsage(key_cert_sign=True, crl_sign=True, **no)
        ca = ca.add_extension(usage, critical=True)
    by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identity)
    leaf = (
        builder("localhost", key, "Private CA")
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        .add_extension(by, critical=False)
    )
    return Made(ca.sign(ca_key, function), leaf.sign(ca_key, function), key)


def permissive(policy: verification.PolicyBuilder) -> verification.PolicyBuilder:
    """Demand as little as the library lets one demand."""
    authority = verification.ExtensionPolicy.permit_all().require_present(
        x509.BasicConstraints, verification.Criticality.AGNOSTIC, None
    )
    return policy.extension_policies(
        ca_policy=authority,
        ee_policy=verification.ExtensionPolicy.permit_all().require_present(
            x509.SubjectAlternativeName, verification.Criticality.AGNOSTIC, None
        ),
    )


def verifies(
    chain: Made,
    change: Change,
) -> bool:
    policy = change(
        verification.PolicyBuilder().store(verification.Store([chain.root]))
    )
    try:
        policy.build_server_verifier(x509.DNSName("localhost")).verify(chain.leaf, [])
    except verification.VerificationError:
        return False
    return True


def openssl_accepts(chain: Made, folder: Path) -> bool:
    """Ask the probe, with a server that presents the chain."""
    (folder / "ca.pem").write_bytes(pem(chain.root))
    private = chain.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "own.pem").write_bytes(pem(chain.leaf) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")

    with Listener(_read, context) as server:
        endpoint = TlsEndpoint(host="localhost", port=server.port)
        block = TlsBlock(endpoints=(endpoint,), ca_file=folder / "ca.pem")
        (facts,) = Tls.gather(block, Look("tls", 5.0)).endpoints.value
    return facts.chain_trusted.value is True and facts.host_matches.value is True


def _read(connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_accepts_every_healthy_authority(kind: str, tmp_path: Path) -> None:
    assert openssl_accepts(made(KINDS[kind]), tmp_path)


@pytest.mark.parametrize("kind", REFUSED)
def test_cryptographys_verifier_refuses_healthy_private_ones(kind: str) -> None:
    assert not verifies(made(KINDS[kind]), lambda policy: policy)


@pytest.mark.parametrize("change", [permissive, lambda policy: policy])
def test_it_accepts_the_public_profile(
    change: Change,
) -> None:
    assert verifies(made(KINDS["public profile"]), change)


def test_its_permissive_policies_still_refuse_keys() -> None:
    assert not verifies(made(KINDS["Ed25519 keys"]), permissive)


def test_its_permissive_policies_do_accept_other_extensions() -> None:
    assert verifies(made(KINDS["a CA without keyUsage"]), permissive)


def test_a_weak_key_would_look_like_an_untrusted_chain() -> None:
    """The facts would not stand for themselves: RSA-1024 is a fact about the key."""
    weak = Kind(make_key=lambda: rsa.generate_private_key(65537, WEAK_BITS))
    assert not verifies(made(weak), permissive)
