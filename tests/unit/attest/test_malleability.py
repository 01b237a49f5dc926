"""Threat rows 25 and 27: what a signature is good for."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from pytest_readiness.attest.keys import KeyKind, PrivateKey

KINDS = pytest.mark.parametrize("kind", KeyKind)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@KINDS
def test_a_signature_verifies_for_its_key_and_message_alone(kind: KeyKind) -> None:
    key = PrivateKey.generate(kind)
    signature = key.sign(b"message")

    assert key.public.verify(signature, b"message")
    assert not key.public.verify(signature, b"massage")
    assert not PrivateKey.generate(kind).public.verify(signature, b"message")


@KINDS
def test_signatures_of_wrong_lengths_do_not_verify(kind: KeyKind) -> None:
    key = PrivateKey.generate(kind)
    signature = key.sign(b"message")

    for bad in (
        b"",
        b"\0",
        signature[:-1],
        signature + b"\0",
        b"\0" + signature,
        signature * 2,
        bytes(64),
        bytes(10_000),
    ):
        assert not key.public.verify(bad, b"message")


def test_the_algorithm_is_the_keys_own() -> None:
    first, second = (PrivateKey.generate(kind) for kind in KeyKind)
    key = rsa.generate_private_key(65537, 2048)
    rsa_signature = key.sign(b"message", padding.PKCS1v15(), hashes.SHA256())

    assert not first.public.verify(second.sign(b"message"), b"message")
    assert not second.public.verify(first.sign(b"message"), b"message")
    assert not first.public.verify(rsa_signature, b"message")
    assert not second.public.verify(rsa_signature, b"message")


def test_an_ed25519_signature_cannot_be_rewritten() -> None:
    key = PrivateKey.generate()
    signature = key.sign(b"message")
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little") + order

    rewritten = signature[:32] + scalar.to_bytes(32, "little")
    assert not key.public.verify(rewritten, b"message")


def test_an_ecdsa_signature_can_be_rewritten_for_the_same_message_only() -> None:
    # So a statement is known by its payload, never by its signature or line.
    key = PrivateKey.generate(KeyKind.P256)
    r, s = utils.decode_dss_signature(key.sign(b"message"))
    order = P256_ORDER
    rewritten = utils.encode_dss_signature(r, order - s)

    assert key.public.verify(rewritten, b"message")
    assert not key.public.verify(rewritten, b"massage")
    for bad in ((r, 0), (0, s), (r + order, s), (r, s + order), (order, s)):
        assert not key.public.verify(utils.encode_dss_signature(*bad), b"message")


def test_an_ecdsa_signature_has_one_der_form() -> None:
    key = PrivateKey.generate(KeyKind.P256)
    signature = key.sign(b"message")
    long_form = b"\x30\x81" + signature[1:]

    assert not key.public.verify(long_form, b"message")
