from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pytest_readiness.demo.pki import BAD, Authority
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.tls.certificates import (
    Certificate,
    missing_issuers,
    weak_signatures,
)

if TYPE_CHECKING:
    from collections.abc import Callable

WEAK_BITS = 1024
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("Test")


def read(certificate: x509.Certificate) -> Certificate:
    return Certificate.read(certificate.public_bytes(Encoding.DER))


def self_signed(key: object, subject: x509.Name | None = None) -> Certificate:
    default = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    name = default if subject is None else subject
    own_hash = isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return read(
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + dt.timedelta(days=45))
        .sign(key, None if own_hash else hashes.SHA256())
    )


@pytest.mark.parametrize(
    ("make", "family", "name", "bits"),
    [
        (lambda: rsa.generate_private_key(65537, 2048), "rsa", "RSA", 2048),
        (lambda: rsa.generate_private_key(65537, WEAK_BITS), "rsa", "RSA", 1024),
        (lambda: dsa.generate_private_key(WEAK_BITS), "rsa", "DSA", 1024),
        (lambda: ec.generate_private_key(ec.SECP256R1()), "ec", "secp256r1", 256),
        (lambda: ec.generate_private_key(ec.SECP224R1()), "ec", "secp224r1", 224),
        (ed25519.Ed25519PrivateKey.generate, "ec", "Ed25519", 256),
        (ed448.Ed448PrivateKey.generate, "ec", "Ed448", 456),
    ],
)
def test_keys_have_a_family_a_name_and_a_size(
    make: Callable[[], object], family: str, name: str, bits: int
) -> None:
    key = self_signed(make()).key
    assert (key.family, key.name, key.bits) == (family, name, bits)


def test_a_certificate_is_read(authority: Authority) -> None:
    leaf = read(authority.issue(hosts=("app.example",)).certificate)
    assert leaf.subject == "app.example"
    assert leaf.issuer == "Test Issuing CA"
    assert not leaf.self_issued
    assert (leaf.end - leaf.begin).days == 398
    assert leaf.signature == "sha256"


@pytest.mark.parametrize("der", [b"", b"garbage", b"\x30\x82\xff\xff" + b"x" * 99])
def test_what_is_no_certificate_is_a_failed_look(der: bytes) -> None:
    with pytest.raises(LookError, match="a certificate cannot be read"):
        Certificate.read(der)


def test_names_are_bounded_and_printable() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    odd = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "\x1b[31m" + "x" * 59)])
    assert self_signed(key, odd).subject == "?[31m" + "x" * 59
    unnamed = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ACME")])
    assert self_signed(key, unnamed).subject == "O=ACME"
    assert self_signed(key, x509.Name([])).subject == "without a name"


# --------------------------------------------------------------------------- signatures


def test_sha_1_is_weak_below_the_root_only(authority: Authority) -> None:
    issued = BAD["sha1"](authority)
    path = [read(one) for one in (*issued.chain, authority.root)]
    assert weak_signatures(path, anchored=True) == ("localhost (sha1)",)
    assert weak_signatures(path[:1], anchored=True) == ()  # the anchor itself
    assert weak_signatures(path[:2], anchored=False) == ("localhost (sha1)",)


def test_a_signature_of_an_unknown_kind_is_weak(authority: Authority) -> None:
    leaf = authority.issue().certificate
    # ecdsa-with-SHA256 becomes an algorithm that nobody has registered.
    known = bytes.fromhex("06082a8648ce3d040302")
    unknown = bytes.fromhex("06082a8648ce3d04037f")
    odd = Certificate.read(leaf.public_bytes(Encoding.DER).replace(known, unknown))
    assert odd.weakly_signed
    assert odd.signature == "unknown 1.2.840.10045.4.3.127"


def test_edwards_curves_hash_by_themselves() -> None:
    assert not self_signed(ed25519.Ed25519PrivateKey.generate()).weakly_signed


# ------------------------------------------------------------------------ intermediates


def test_the_root_need_not_be_sent(authority: Authority) -> None:
    sent = [read(one) for one in authority.issue().chain]
    path = [*sent, read(authority.root)]
    assert missing_issuers(sent, path, anchored=True) == ()


def test_a_trust_store_with_the_intermediate_does_not_hide_that_it_is_not_sent(
    authority: Authority,
) -> None:
    leaf, intermediate = (read(one) for one in authority.issue().chain)
    path = [leaf, intermediate, read(authority.root)]
    assert missing_issuers([leaf], path, anchored=True) == ("Test Issuing CA",)


def test_without_a_path_the_servers_own_issuer_must_be_there(
    authority: Authority,
) -> None:
    leaf, intermediate = (read(one) for one in authority.issue().chain)
    assert missing_issuers([leaf], [leaf], anchored=False) == ("Test Issuing CA",)
    sent = [leaf, intermediate]
    assert missing_issuers(sent, sent, anchored=False) == ()


def test_a_self_signed_certificate_needs_no_intermediate() -> None:
    alone = [self_signed(ec.generate_private_key(ec.SECP256R1()))]
    assert missing_issuers(alone, alone, anchored=False) == ()
