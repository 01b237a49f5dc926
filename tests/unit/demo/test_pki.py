"""The demo's authority: what a client that knows the rules says to each certificate."""

from __future__ import annotations

import datetime as dt
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification

from pytest_readiness.demo.pki import BAD, Authority, Issued, days, pem

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(now=NOW)


def verify(authority: Authority, issued: Issued) -> list[x509.Certificate]:
    """Build the chain as a strict client does."""
    builder = verification.PolicyBuilder().time(NOW)
    verifier = builder.store(
        verification.Store([authority.root])
    ).build_server_verifier(x509.DNSName("localhost"))
    return verifier.verify(issued.certificate, list(issued.chain[1:]))


def handshake(folder: Path, issued: Issued, root: x509.Certificate) -> str:
    """Connect the standard library's client to a server with this certificate."""
    client = ssl.create_default_context(cadata=pem(root).decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server_side = issued.server_context(folder, "server").wrap_bio(
        to_server, to_client, server_side=True
    )
    client_side = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    for _ in range(4):
        for side in (client_side, server_side):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return client_side.version() or ""


@pytest.mark.parametrize(
    ("lifetime", "left"), [(398, 200), (398, 31), (45, 20), (6, 3)], ids=str
)
def test_good_certificates_verify(
    authority: Authority, tmp_path: Path, lifetime: float, left: float
) -> None:
    issued = authority.issue(lifetime=days(lifetime), left=days(left))
    chain = verify(authority, issued)
    assert chain == [*issued.chain, authority.root]
    leaf = issued.certificate
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == days(lifetime)
    assert leaf.not_valid_after_utc == NOW + days(left)
    assert (issued.store(tmp_path, "x").key.stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize(
    "name",
    [
        "expired",
        "wrong-host",
        "self-signed",
        "unknown-authority",
        "missing-intermediate",
    ],
)
def test_bad_chains_do_not_verify(authority: Authority, name: str) -> None:
    with pytest.raises(verification.VerificationError):
        verify(authority, BAD[name](authority))


def test_expiring_has_less_than_a_quarter_left(authority: Authority) -> None:
    leaf = BAD["expiring"](authority).certificate
    left = leaf.not_valid_after_utc - NOW
    lifetime = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert days(0) < left < min(days(30), lifetime / 4)


def test_rsa_1024_is_well_signed_and_weak(authority: Authority) -> None:
    issued = BAD["rsa-1024"](authority)
    key = issued.certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 1024
    issued.certificate.verify_directly_issued_by(issued.chain[1])


def test_sha1_has_a_valid_signature_over_sha1(authority: Authority) -> None:
    issued = BAD["sha1"](authority)
    leaf, parent = issued.chain
    assert leaf.signature_algorithm_oid == x509.SignatureAlgorithmOID.ECDSA_WITH_SHA1
    public = parent.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    algorithm = leaf.signature_hash_algorithm
    assert algorithm is not None
    public.verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(algorithm))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)


def test_a_real_client_connects_to_the_good_one(tmp_path: Path) -> None:
    authority = Authority.create()
    assert handshake(tmp_path, authority.issue(), authority.root) == "TLSv1.3"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("expired", "certificate has expired"),
        (
            "wrong-host",
            "IP address mismatch, certificate is not valid for '127.0.0.1'.",
        ),
        ("self-signed", "self-signed certificate"),
        ("unknown-authority", "unable to get local issuer certificate"),
        ("missing-intermediate", "unable to get local issuer certificate"),
        ("rsa-1024", "EE certificate key too weak"),
        ("sha1", "CA signature digest algorithm too weak"),
    ],
)
def test_a_real_client_refuses_the_bad_one(
    tmp_path: Path, name: str, says: str
) -> None:
    authority = Authority.create()
    assert handshake(tmp_path, BAD[name](authority), authority.root) == says
