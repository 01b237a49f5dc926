"""One line of a ledger: a DSSE 1.0 envelope, read strictly and signed.

Order of reading, cheapest first: length, strict JSON, payload type, base64, signatures.
What is verified are the very bytes that the statement is parsed from afterwards; the
envelope is never read again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_readiness.attest import strict_json
from pytest_readiness.attest.codes import Code, Foreign, Malformed, Refused
from pytest_readiness.attest.keys import PublicKey
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.attest.keys import Signer

__all__ = [
    "MAX_SIGNATURES",
    "MAX_TRIALS",
    "PAYLOAD_TYPE",
    "Envelope",
    "Signature",
    "pae",
    "sign",
    "signers",
    "trials",
    "verify",
]

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
MAX_SIGNATURES = 16
MAX_TRIALS = 64
"""How many keys are tried for a line that names none."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; ``keyid`` is a hint, "" where there is none."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A line of the right payload type, not yet believed."""

    payload: bytes
    """Verify these bytes, and parse these bytes."""
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, line: bytes) -> Envelope:
        """Read one line.

        Fields that we do not know are ignored, as DSSE demands: nothing outside
        payload and signatures is signed, so nothing there may mean anything.

        Raises:
            Foreign: a payload that is no in-toto statement.
            Malformed: everything else that is not one envelope.
        """
        fields = strict_json.parse(line, limits=strict_json.LINE)
        payload_type = fields.get("payloadType")
        if payload_type != PAYLOAD_TYPE:
            if isinstance(payload_type, str):
                raise Foreign("another payload type")
            raise Malformed("no payload type")
        # In base64 a payload over its limit would be over the line's.
        payload = _base64(fields.get("payload"), "payload")
        return cls(payload, _signatures(fields.get("signatures")))

    @property
    def payload_sha256(self) -> str:
        """What a statement is known by: signatures and envelopes can be rewritten."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def signed_bytes(self) -> bytes:
        """What the signatures are over."""
        return pae(PAYLOAD_TYPE, self.payload)


def pae(payload_type: str, payload: bytes) -> bytes:
    """Frame type and payload for signing (DSSE 1.0.2, Pre-Authentication Encoding)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, signer: Signer) -> bytes:
    """Sign a statement's bytes; give the line, without an end of line.

    The new signature is verified first: one that does not fit, from a broken agent,
    would close the gate for everybody.

    Raises:
        AttestationError: the payload is too long, or the signature does not verify.
    """
    line = _write(payload, signer.fingerprint, signer.sign(pae(PAYLOAD_TYPE, payload)))
    envelope = Envelope.parse(line)
    if not verify(envelope, PublicKey.from_blob(signer.blob)):
        what = "the signature that was made does not verify"
        raise AttestationError(signer.fingerprint, what, "sign with another key")
    return line


def verify(envelope: Envelope, key: PublicKey) -> bool:
    """Whether one of the envelope's signatures is this key's, whatever its hint says.

    To judge a line by a set of known keys use :func:`signers`, for which a bad
    signature beside a good one is not lost.
    """
    message = envelope.signed_bytes
    return any(key.verify(signature.sig, message) for signature in envelope.signatures)


def signers(envelope: Envelope, keys: Mapping[str, PublicKey]) -> tuple[str, ...]:
    """Give the fingerprints of the known keys that have signed the envelope.

    Each signature is looked at: its key is found by its hint; without a hint all keys
    are tried, as long as there are not more than :data:`MAX_TRIALS` trials in a line.

    Args:
        envelope: A line.
        keys: Known keys by fingerprint.

    Raises:
        Refused: TAMPERED where a signature that names a known key is not that key's;
            UNTRUSTED_KEY where no known key has signed.
    """
    message = envelope.signed_bytes
    trials = MAX_TRIALS
    found: dict[str, None] = {}
    for signature in dict.fromkeys(envelope.signatures):
        if signature.keyid:
            key = keys.get(signature.keyid)
            if key is None:
                continue
            if not key.verify(signature.sig, message):
                reason = f"the signature is not that of {key.fingerprint}"
                raise Refused(Code.TAMPERED, reason)
            found[key.fingerprint] = None
        elif len(keys) <= trials:
            trials -= len(keys)
            for key in keys.values():
                if key.verify(signature.sig, message):
                    found[key.fingerprint] = None
    if not found:
        reason = "no known key has signed it"
        raise Refused(Code.UNTRUSTED_KEY, reason)
    return tuple(found)


def trials(envelope: Envelope, keys: int) -> int:
    """Give how many verifications :func:`signers` spends on signatures without a hint.

    Args:
        envelope: A line.
        keys: How many keys are known.
    """
    unnamed = sum(not one.keyid for one in dict.fromkeys(envelope.signatures))
    return keys * min(unnamed, MAX_TRIALS // keys) if keys else 0


def _write(payload: bytes, keyid: str, sig: bytes) -> bytes:
    fields = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": keyid, "sig": base64.b64encode(sig).decode()}],
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def _signatures(value: object) -> tuple[Signature, ...]:
    if not strict_json.is_list(value) or not 1 <= len(value) <= MAX_SIGNATURES:
        raise Malformed(f"not 1 to {MAX_SIGNATURES} signatures")
    return tuple(map(_signature, value))


def _signature(value: object) -> Signature:
    if not strict_json.is_object(value):
        raise Malformed("a signature is no object")
    keyid = value.get("keyid", "")
    if not isinstance(keyid, str):
        raise Malformed("a key id is no string")
    return Signature(keyid, _base64(value.get("sig"), "signature"))


def _base64(value: object, name: str) -> bytes:
    """Decode standard base64; what does not encode to the same text is refused.

    Decoders differ on line ends, foreign characters, padding and spare bits; one
    payload shall have one spelling.
    """
    if not isinstance(value, str):
        raise Malformed(f"{name} is no string")
    try:
        data = binascii.a2b_base64(value)
    except ValueError:
        data = b""
    if binascii.b2a_base64(data, newline=False) != value.encode():
        raise Malformed(f"{name} is not in standard base64")
    return data
