"""The bytes of a certificate signed with SHA-1, which no library builds any more.

The demo needs one to show that the checklist refuses it. A certificate is
``SEQUENCE {tbs, algorithm, signature}`` (RFC 5280, 4.1), and ``tbs`` names the
algorithm a second time: :mod:`.pki` has a good one made, exchanges the name in its
``tbs``, signs that, and puts the three together again.
"""

from __future__ import annotations

__all__ = ["certificate_with_sha1", "tbs_with_sha1"]

_SEQUENCE = 0x30
_BIT_STRING = 0x03
_OBJECT_ID = 0x06
_LONG_FORM = 0x80


def tbs_with_sha1(tbs: bytes) -> bytes:
    """Give a ``tbs`` that names ECDSA over SHA-256 with SHA-1 in its place."""
    # The algorithm is the third field, after the version and a random serial number.
    return _tagged(_SEQUENCE, _content(tbs).replace(_SHA256, _SHA1, 1))


def certificate_with_sha1(tbs: bytes, signature: bytes) -> bytes:
    """Put a certificate together; ``signature`` is ECDSA over SHA-1 over ``tbs``."""
    return _tagged(_SEQUENCE, tbs + _SHA1 + _tagged(_BIT_STRING, b"\0" + signature))


def _tagged(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < _LONG_FORM:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG_FORM | len(octets)]) + octets + content


def _content(encoded: bytes) -> bytes:
    first = encoded[1]
    octets = first & ~_LONG_FORM if first & _LONG_FORM else 0
    return encoded[2 + octets :]


def _algorithm(object_id: str) -> bytes:
    return _tagged(_SEQUENCE, _tagged(_OBJECT_ID, bytes.fromhex(object_id)))


_SHA256 = _algorithm("2a8648ce3d040302")
"""ecdsa-with-SHA256, 1.2.840.10045.4.3.2 (RFC 5758, 3.2)."""
_SHA1 = _algorithm("2a8648ce3d0401")
"""ecdsa-with-SHA1, 1.2.840.10045.4.1 (RFC 3279, 2.2.3)."""
