from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, strategies as st

from pytest_readiness.attest.ssh_wire import (
    der_from_ssh,
    fingerprint,
    read_string,
    string,
)
from pytest_readiness.errors import AttestationError

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def mpint(number: int) -> bytes:
    """Write a positive integer as RFC 4251 says, by its own words."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def test_the_fingerprint_is_the_digest_without_padding() -> None:
    key = base64.b64decode("nYwbtT54TS4/RHTd3XU9WaUl5xVnNwAobQ1ZAf4TDyM=")

    assert fingerprint(string(b"ssh-ed25519") + string(key)) == (
        "SHA256:p2ltb7VGCc/I1eaRWPeUv+hiKiVunytV9qmkLXSzhlE"
    )


@given(st.binary(max_size=100), st.binary(max_size=20))
def test_strings_are_read_as_written(data: bytes, rest: bytes) -> None:
    assert read_string(string(data) + rest) == (data, rest)


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"\0\0\0\5abcd", b"\xff\xff\xff\xff"])
def test_a_string_that_ends_too_early_is_refused(data: bytes) -> None:
    with pytest.raises(AttestationError, match="ends in the middle"):
        read_string(data)


@given(st.integers(1, P256_ORDER), st.integers(1, P256_ORDER))
def test_an_ecdsa_signature_becomes_der(r: int, s: int) -> None:
    assert der_from_ssh(mpint(r) + mpint(s)) == encode_dss_signature(r, s)


@pytest.mark.parametrize(
    "integer",
    [
        b"",
        b"\0",
        b"\0\1",
        b"\x80",
        b"\xff" * 32,
        b"\0" + b"\xff" * 33,
        b"\1" * 34,
    ],
    ids=["empty", "zero", "padded", "negative", "negative-32", "34-long", "34-bytes"],
)
def test_what_is_no_positive_integer_of_p256_is_refused(integer: bytes) -> None:
    good = mpint(P256_ORDER)

    for signature in (string(integer) + good, good + string(integer)):
        with pytest.raises(AttestationError, match="no positive integer"):
            der_from_ssh(signature)


def test_nothing_may_follow_an_ecdsa_signature() -> None:
    with pytest.raises(AttestationError, match="something follows"):
        der_from_ssh(mpint(1) + mpint(1) + b"\0")
