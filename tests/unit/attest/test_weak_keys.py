"""Threat row 28: keys that anybody can sign for."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from pytest_readiness.attest.keys import SMALL_ORDER, KeyKind, PublicKey
from pytest_readiness.attest.ssh_wire import string
from pytest_readiness.errors import AttestationError

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P


def openssh_line(raw: bytes) -> str:
    """Write 32 bytes as an Ed25519 line, whatever point they are."""
    blob = string(b"ssh-ed25519") + string(raw)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def ed25519_spki(raw: bytes) -> str:
    der = bytes.fromhex("302a300506032b6570032100") + raw
    body = base64.b64encode(der).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"


def on_curve(y: int) -> list[int]:
    """Solve -x^2 + y^2 = 1 + d x^2 y^2 for x."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    root = pow(square, (P + 3) // 8, P)
    candidates = {root, root * pow(2, (P - 1) // 4, P) % P}
    return sorted(x for x in candidates if (x * x - square) % P == 0)


def add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = one, other
    k = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P


def times(factor: int, point: tuple[int, int]) -> tuple[int, int]:
    result = (0, 1)
    while factor:
        if factor & 1:
            result = add(result, point)
        point = add(point, point)
        factor >>= 1
    return result


def test_the_list_of_weak_keys_is_all_encodings_of_the_points_of_small_order() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    points: set[tuple[int, int]] = set()
    y = 2
    while len(points) < 8:
        for x in on_curve(y)[:1]:
            points |= {times(order * factor, (x, y)) for factor in range(8)}
        y += 1

    ys = {y + shift for _, y in points for shift in (0, P) if y + shift < 2**255}
    encodings = {
        (y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)
    }
    assert len(SMALL_ORDER) == 14
    assert encodings == SMALL_ORDER


def test_the_identity_key_would_verify_everything() -> None:
    identity = bytes([1, *[0] * 31])
    forged = identity + bytes(32)

    for message in (b"", b"anything", b"else" * 1000):
        ed25519.Ed25519PublicKey.from_public_bytes(identity).verify(forged, message)


@pytest.mark.parametrize("raw", sorted(SMALL_ORDER), ids=bytes.hex)
def test_weak_keys_are_refused_in_every_form(raw: bytes) -> None:
    for text in (openssh_line(raw), ed25519_spki(raw)):
        with pytest.raises(AttestationError, match="alice: is a key that anybody"):
            PublicKey.load(text, "alice")
    with pytest.raises(AttestationError, match="is a key that anybody"):
        PublicKey.from_blob(string(b"ssh-ed25519") + string(raw))


@pytest.mark.parametrize("excess", range(2, 19))
@pytest.mark.parametrize("sign", [0, 1])
def test_a_second_spelling_of_a_point_is_refused(excess: int, sign: int) -> None:
    raw = (P + excess | sign << 255).to_bytes(32, "little")

    with pytest.raises(AttestationError, match="written oddly"):
        PublicKey.load(openssh_line(raw))


def test_an_ordinary_key_with_the_highest_field_bits_is_no_weak_key() -> None:
    # p - 2: the largest canonical y but one; whatever it is, it is not in the list.
    raw = (P - 2).to_bytes(32, "little")

    assert PublicKey.load(openssh_line(raw)).kind is KeyKind.ED25519
