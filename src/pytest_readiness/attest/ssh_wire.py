"""OpenSSH's binary form of keys and signatures (RFC 4251, 4253, 5656, 8709).

Shared by the keys and the agent's client; needs no crypto library.
"""

from __future__ import annotations

import base64
import hashlib

from pytest_readiness.errors import AttestationError

__all__ = [
    "ED25519",
    "P256",
    "der_from_ssh",
    "fingerprint",
    "read_string",
    "string",
]

ED25519 = "ssh-ed25519"
P256 = "ecdsa-sha2-nistp256"

_P256_INTEGER_SIZE = 33
"""32 bytes, and a zero byte before those whose first bit is set."""


def fingerprint(blob: bytes) -> str:
    """Give a public key's fingerprint as ``ssh-keygen -l`` prints it."""
    hashed = base64.b64encode(hashlib.sha256(blob).digest()).decode()
    return f"SHA256:{hashed.rstrip('=')}"


def string(data: bytes) -> bytes:
    """Write a ``string``: four bytes of length, then the data."""
    return len(data).to_bytes(4, "big") + data


def read_string(data: bytes) -> tuple[bytes, bytes]:
    """Read a ``string``; give it and what follows it.

    Raises:
        AttestationError: the data ends too early.
    """
    size = int.from_bytes(data[:4], "big")
    if len(data) < 4 + size:
        msg = "ends in the middle of a field"
        raise AttestationError("OpenSSH data", msg)
    return data[4 : 4 + size], data[4 + size :]


def der_from_ssh(signature: bytes) -> bytes:
    """Turn an ECDSA signature of OpenSSH (two ``mpint``) into DER, as DSSE has it.

    Raises:
        AttestationError: not two positive integers of P-256's size, written shortest.
    """
    first, rest = read_string(signature)
    second, rest = read_string(rest)
    if rest:
        msg = "something follows the ECDSA signature"
        raise AttestationError("OpenSSH data", msg)
    body = _der_integer(first) + _der_integer(second)
    return b"\x30" + bytes([len(body)]) + body


def _der_integer(mpint: bytes) -> bytes:
    # An mpint is two's complement, as DER's INTEGER is: the bytes stay as they are.
    sign_bit = 0x80
    shortest = mpint[:1] != b"\0" or (len(mpint) > 1 and mpint[1] >= sign_bit)
    positive = bool(mpint) and mpint[0] < sign_bit
    if not (positive and shortest and len(mpint) <= _P256_INTEGER_SIZE):
        msg = "no positive integer of P-256 in the ECDSA signature"
        raise AttestationError("OpenSSH data", msg)
    return b"\x02" + bytes([len(mpint)]) + mpint
