from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from pytest_readiness.attest.codes import Code, Foreign, Malformed, Refused
from pytest_readiness.attest.envelope import (
    MAX_SIGNATURES,
    MAX_TRIALS,
    PAYLOAD_TYPE,
    Envelope,
    Signature,
    pae,
    sign,
    signers,
    verify,
)
from pytest_readiness.attest.keys import KeyKind, PrivateKey, PublicKey
from pytest_readiness.errors import AttestationError

ALICE = PrivateKey.generate()
BOB = PrivateKey.generate(KeyKind.P256)
MALLORY = PrivateKey.generate()
KNOWN = {key.fingerprint: key.public for key in (ALICE, BOB)}
PAYLOAD = b'{"_type":"x","text":"' + "é".encode() * 40 + b'"}'


def line_of(*signatures: dict[str, Any], **changes: object) -> bytes:
    fields = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(PAYLOAD).decode(),
        "signatures": list(signatures),
    }
    kept = {key: value for key, value in (fields | changes).items() if value != "-"}
    return json.dumps(kept).encode()


def signature_of(
    key: PrivateKey, keyid: str | None = None, message: bytes = PAYLOAD
) -> dict[str, Any]:
    return {
        "keyid": key.fingerprint if keyid is None else keyid,
        "sig": base64.b64encode(key.sign(pae(PAYLOAD_TYPE, message))).decode(),
    }


def parsed(*signatures: dict[str, Any]) -> Envelope:
    return Envelope.parse(line_of(*signatures))


def malformed(line: bytes) -> str:
    with pytest.raises(Malformed) as refused:
        Envelope.parse(line)
    return refused.value.reason


def code(envelope: Envelope, keys: dict[str, PublicKey] = KNOWN) -> Code:
    with pytest.raises(Refused) as refused:
        signers(envelope, keys)
    return refused.value.code


# ------------------------------------------------------------------------- the framing


def test_the_framing_is_the_one_of_the_protocol() -> None:
    # DSSE 1.0.2, protocol.md, "Test Vectors".
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("", b"") == b"DSSEv1 0  0 "


def test_lengths_are_of_bytes() -> None:
    assert pae("é", "ü€".encode()) == "DSSEv1 2 é 5 ü€".encode()


@given(st.text(), st.binary(), st.text(), st.binary())
def test_two_messages_never_have_one_framing(
    type1: str, payload1: bytes, type2: str, payload2: bytes
) -> None:
    same = (type1, payload1) == (type2, payload2)

    assert (pae(type1, payload1) == pae(type2, payload2)) is same


# ------------------------------------------------------------------------------ signing


@pytest.mark.parametrize("key", [ALICE, BOB], ids=["ed25519", "p256"])
def test_a_signed_line_is_read_back_and_verifies(key: PrivateKey) -> None:
    line = sign(PAYLOAD, key)
    envelope = Envelope.parse(line)

    assert b"\n" not in line
    assert line.isascii()
    assert set(json.loads(line)) == {"payloadType", "payload", "signatures"}
    assert envelope.payload == PAYLOAD
    assert envelope.payload_sha256 == hashlib.sha256(PAYLOAD).hexdigest()
    assert envelope.signed_bytes == pae("application/vnd.in-toto+json", PAYLOAD)
    assert [signature.keyid for signature in envelope.signatures] == [key.fingerprint]
    assert verify(envelope, key.public)
    assert not verify(envelope, MALLORY.public)
    assert signers(envelope, KNOWN) == (key.fingerprint,)


def test_one_of_several_signatures_is_the_keys() -> None:
    signatures = [signature_of(MALLORY, "x"), signature_of(ALICE, "y")]

    assert verify(parsed(*signatures), ALICE.public)
    assert not verify(parsed(*signatures), BOB.public)


@dataclass(frozen=True)
class Broken:
    """A signer whose signatures are somebody else's."""

    fingerprint: str = ALICE.fingerprint
    blob: bytes = ALICE.blob

    def sign(self, message: bytes) -> bytes:
        return MALLORY.sign(message)


def test_a_signature_that_does_not_fit_is_never_written() -> None:
    with pytest.raises(AttestationError, match="does not verify"):
        sign(PAYLOAD, Broken())


def test_a_payload_too_long_for_a_line_is_refused() -> None:
    assert sign(b"x" * 48_000, ALICE)
    with pytest.raises(Malformed, match="longer than 65536 bytes"):
        sign(b"x" * 49_152, ALICE)


def test_what_was_verified_cannot_be_exchanged_afterwards() -> None:
    envelope = Envelope.parse(sign(PAYLOAD, ALICE))

    for part, name in ((envelope, "payload"), (envelope.signatures[0], "sig")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, name, b"other")


# ------------------------------------------------------------------------------ reading


def test_what_we_do_not_know_in_an_envelope_is_ignored() -> None:
    signature = signature_of(ALICE) | {"cert": "x", "timestamps": []}

    envelope = Envelope.parse(line_of(signature, comment="y", more={"a": 1}))
    assert signers(envelope, KNOWN) == (ALICE.fingerprint,)


def test_a_key_id_may_be_absent_or_empty() -> None:
    sig = signature_of(ALICE)["sig"]

    assert (
        parsed({"sig": sig}).signatures
        == parsed({"sig": sig, "keyid": ""}).signatures
        == (Signature("", base64.b64decode(sig)),)
    )


@pytest.mark.parametrize(
    "payload_type",
    ["application/json", "", "application/vnd.in-toto+json ", "APPLICATION/x"],
)
def test_other_payload_types_are_foreign_whatever_else_they_hold(
    payload_type: str,
) -> None:
    line = line_of(payloadType=payload_type, payload="no base64", signatures=7)

    with pytest.raises(Foreign) as foreign:
        Envelope.parse(line)
    assert foreign.value.code is Code.FOREIGN


@pytest.mark.parametrize("payload_type", ["-", None, 1, ["x"]])
def test_a_line_without_a_payload_type_is_malformed(payload_type: object) -> None:
    assert malformed(line_of(payloadType=payload_type)) == "no payload type"


def test_the_length_comes_first_and_then_the_json() -> None:
    foreign = b'{"payloadType":"other"}'

    assert malformed(foreign + b" " * 65_536) == "longer than 65536 bytes"
    assert malformed(b'{"payloadType":"other","payloadType":"other"}') == (
        "a key stands twice in one object"
    )
    assert malformed(b"<<<<<<< HEAD").startswith("no JSON")


@pytest.mark.parametrize("payload", ["-", None, 1, {}])
def test_a_payload_is_a_string(payload: object) -> None:
    line = line_of(signature_of(ALICE), payload=payload)

    assert malformed(line) == "payload is no string"


GOOD = base64.b64encode(b"\xfb\xff\xfe\x01").decode()  # "+//+AQ=="


@pytest.mark.parametrize(
    "text",
    [
        "-__-AQ==",
        "+//+AQ",
        "+//+AQ=",
        "+//+AQ===",
        "+//+\nAQ==",
        "+//+AQ==\n",
        " +//+AQ==",
        "+//+!AQ==",
        "+//+AR==",
        "+//+A===",
        "+//+AQ==+//+AQ==",
        "+//+AQé=",
        "=",
        "A",
    ],
)
def test_base64_has_one_spelling(text: str) -> None:
    assert base64.b64decode(GOOD) == b"\xfb\xff\xfe\x01"

    assert malformed(line_of(signature_of(ALICE), payload=text)) == (
        "payload is not in standard base64"
    )
    assert malformed(line_of({"keyid": "other", "sig": text})) == (
        "signature is not in standard base64"
    )


@pytest.mark.parametrize("signatures", ["-", None, {}, "x", [], [{"sig": ""}] * 17])
def test_there_are_1_to_16_signatures(signatures: object) -> None:
    assert MAX_SIGNATURES == 16
    assert malformed(line_of(signatures=signatures)) == "not 1 to 16 signatures"


def test_16_signatures_are_read() -> None:
    assert len(parsed(*[signature_of(ALICE)] * 16).signatures) == 16


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        ("x", "a signature is no object"),
        ({"keyid": None, "sig": ""}, "a key id is no string"),
        ({"keyid": 1, "sig": ""}, "a key id is no string"),
        ({"keyid": "x"}, "signature is no string"),
        ({"keyid": "x", "sig": None}, "signature is no string"),
    ],
)
def test_a_signature_is_an_object_of_strings(
    signature: dict[str, Any], reason: str
) -> None:
    assert malformed(line_of(signature)) == reason
    assert malformed(line_of(signature_of(ALICE), signature)) == reason


# ------------------------------------------------------------------- who has signed it


def test_a_changed_payload_is_tampering() -> None:
    # Threat row 1.
    changed = base64.b64encode(PAYLOAD.replace(b"x", b"y")).decode()
    envelope = Envelope.parse(line_of(signature_of(ALICE), payload=changed))

    assert not verify(envelope, ALICE.public)
    assert code(envelope) is Code.TAMPERED


def test_a_key_id_cannot_make_a_signature_anothers() -> None:
    # Threat row 2: the hint lies.
    assert code(parsed(signature_of(MALLORY, ALICE.fingerprint))) is Code.TAMPERED
    assert code(parsed(signature_of(BOB, ALICE.fingerprint))) is Code.TAMPERED
    assert verify(parsed(signature_of(ALICE, "any hint")), ALICE.public)


def test_an_unknown_key_is_untrusted_whatever_it_signs() -> None:
    assert code(parsed(signature_of(MALLORY))) is Code.UNTRUSTED_KEY
    assert code(parsed(signature_of(MALLORY, ""))) is Code.UNTRUSTED_KEY
    assert code(parsed(signature_of(ALICE)), {}) is Code.UNTRUSTED_KEY
    assert code(parsed(signature_of(ALICE, "0" * 64))) is Code.UNTRUSTED_KEY


def test_a_signature_without_a_hint_is_tried_with_every_key() -> None:
    assert signers(parsed(signature_of(ALICE, "")), KNOWN) == (ALICE.fingerprint,)
    assert signers(parsed(signature_of(BOB, "")), KNOWN) == (BOB.fingerprint,)


def test_a_bad_signature_is_not_hidden_by_a_good_one() -> None:
    bad = signature_of(MALLORY, BOB.fingerprint)

    assert code(parsed(signature_of(ALICE), bad)) is Code.TAMPERED
    assert code(parsed(bad, signature_of(ALICE))) is Code.TAMPERED
    assert code(parsed(signature_of(ALICE, ""), bad)) is Code.TAMPERED
    again = signature_of(ALICE, message=b"other")
    assert code(parsed(signature_of(ALICE), again)) is Code.TAMPERED


def test_an_unknown_signature_beside_a_known_one_is_left_out() -> None:
    envelope = parsed(signature_of(MALLORY), signature_of(ALICE))

    assert signers(envelope, KNOWN) == (ALICE.fingerprint,)


def test_a_key_counts_once_however_often_it_signs() -> None:
    # Threat row 12: one signature listed twice, one key with and without its hint.
    envelope = parsed(signature_of(ALICE), signature_of(ALICE), signature_of(ALICE, ""))

    assert signers(envelope, KNOWN) == (ALICE.fingerprint,)


def test_all_known_signers_are_given() -> None:
    envelope = parsed(signature_of(BOB), signature_of(ALICE, ""))

    assert signers(envelope, KNOWN) == (BOB.fingerprint, ALICE.fingerprint)


def crowd(size: int) -> dict[str, PublicKey]:
    """Give so many known keys, Alice's last (the others are one key: cheaper)."""
    others = {str(number): MALLORY.public for number in range(size - 1)}
    return {**others, ALICE.fingerprint: ALICE.public}


def test_the_trials_of_a_line_are_bounded() -> None:
    keyless = signature_of(ALICE, "")
    assert MAX_TRIALS == 64

    assert signers(parsed(keyless), crowd(64)) == (ALICE.fingerprint,)
    assert code(parsed(keyless), crowd(65)) is Code.UNTRUSTED_KEY
    stray = {"sig": ""}
    assert signers(parsed(stray, keyless), crowd(32)) == (ALICE.fingerprint,)
    assert code(parsed(stray, keyless), crowd(33)) is Code.UNTRUSTED_KEY


def test_a_rewritten_signature_leaves_the_statement_what_it_was() -> None:
    # Threat row 25: ECDSA signatures can be rewritten, payload digests cannot.
    first, second = sign(PAYLOAD, BOB), sign(PAYLOAD, BOB)

    assert first != second
    assert Envelope.parse(first).payload_sha256 == Envelope.parse(second).payload_sha256


# ----------------------------------------------------------------------- flipped bytes

LINES = [sign(PAYLOAD, key) for key in (ALICE, BOB)]


def outcome(line: bytes) -> tuple[str, ...] | None:
    """Read a line; give who signed the very payload of before, None if refused."""
    try:
        envelope = Envelope.parse(line)
        found = signers(envelope, KNOWN)
    except Refused:
        return None
    assert envelope.payload == PAYLOAD
    return found


@pytest.mark.parametrize("line", LINES, ids=["ed25519", "p256"])
def test_a_flipped_bit_never_makes_another_statement(line: bytes) -> None:
    signed = outcome(line)
    assert signed is not None
    for place in range(len(line)):
        for bit in (0x01, 0x02, 0x20, 0x80):
            changed = bytearray(line)
            changed[place] ^= bit
            assert outcome(bytes(changed)) in {None, signed}


@settings(max_examples=300)
@given(st.data())
def test_changed_bytes_never_make_another_statement(data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(LINES))
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, min(len(line), start + 8)))
    changed = line[:start] + data.draw(st.binary(max_size=8)) + line[end:]

    assert outcome(changed) in {None, outcome(line)}


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_a_code(line: bytes) -> None:
    with pytest.raises(Refused) as refused:
        Envelope.parse(line)
    assert refused.value.code in {Code.MALFORMED, Code.FOREIGN}
