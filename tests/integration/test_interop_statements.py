"""Our envelopes and statements in other people's libraries, and theirs in ours."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from pytest_readiness.attest import statement
from pytest_readiness.attest.codes import Code, Malformed, Refused
from pytest_readiness.attest.envelope import Envelope, sign, signers
from pytest_readiness.attest.keys import PrivateKey
from pytest_readiness.attest.predicates import PREDICATES, Revocation
from pytest_readiness.attest.statement import Statement, Subject

DATA = Path(__file__).parents[1] / "unit" / "attest" / "data"
WRITTEN = json.loads((DATA / "predicates.json").read_text())
SUBJECT = Subject(name="readiness-target.json", digest="0123456789abcdef" * 4)
PAYLOADS = {
    kind.TYPE: Statement(
        SUBJECT, kind.read(WRITTEN[kind.TYPE.removesuffix("/v1").rpartition("/")[2]])
    ).payload()
    for kind in PREDICATES.values()
}
EACH = pytest.mark.parametrize(
    "payload", PAYLOADS.values(), ids=lambda payload: payload[20:50].decode()
)


def library(name: str) -> Any:
    """Import a library, skip without it, or fail where all are promised."""
    if os.environ.get("READINESS_REQUIRE_SERVICES") == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed here")


def raw_keys() -> dict[str, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey]:
    return {
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
        "p256": ec.generate_private_key(ec.SECP256R1()),
    }


def loaded(
    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
) -> PrivateKey:
    """Load another library's key from the file that it would write."""
    return PrivateKey.load(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


# -------------------------------------------------------------------- securesystemslib


@EACH
@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_securesystemslib_verifies_our_lines(payload: bytes, kind: str) -> None:
    dsse = library("securesystemslib.dsse")
    signer = library("securesystemslib.signer")
    raw = raw_keys()[kind]
    key = loaded(raw)
    # Its own key ids are digests of its own key format: ours must be given.
    theirs = signer.SSlibKey.from_crypto(raw.public_key(), keyid=key.fingerprint)
    other = signer.SSlibKey.from_crypto(
        raw_keys()[kind].public_key(), keyid=key.fingerprint
    )

    envelope = dsse.Envelope.from_dict(json.loads(sign(payload, key)))

    assert envelope.verify([theirs], 1) == {key.fingerprint: theirs}
    assert envelope.payload == payload
    assert envelope.pae() == Envelope.parse(sign(payload, key)).signed_bytes
    with pytest.raises(library("securesystemslib.exceptions").VerificationError):
        envelope.verify([other], 1)


@EACH
@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_envelopes_of_securesystemslib_verify_here(payload: bytes, kind: str) -> None:
    dsse = library("securesystemslib.dsse")
    signer = library("securesystemslib.signer")
    raw = raw_keys()[kind]
    key = loaded(raw)
    public = signer.SSlibKey.from_crypto(raw.public_key(), keyid=key.fingerprint)

    made = dsse.Envelope(payload, "application/vnd.in-toto+json", {})
    made.sign(signer.CryptoSigner(raw, public))
    envelope = Envelope.parse(json.dumps(made.to_dict()).encode())

    assert envelope.payload == payload
    assert signers(envelope, {key.fingerprint: key.public}) == (key.fingerprint,)
    assert statement.parse(envelope.payload).payload() == payload


def test_an_envelope_with_another_librarys_key_id_is_nobodys() -> None:
    dsse = library("securesystemslib.dsse")
    signer = library("securesystemslib.signer")
    raw = raw_keys()["ed25519"]
    key = loaded(raw)

    made = dsse.Envelope(b"{}", "application/vnd.in-toto+json", {})
    made.sign(signer.CryptoSigner(raw))
    envelope = Envelope.parse(json.dumps(made.to_dict()).encode())
    with pytest.raises(Refused) as refused:
        signers(envelope, {key.fingerprint: key.public})
    assert refused.value.code is Code.UNTRUSTED_KEY


def test_one_key_under_two_ids_is_two_signers_there_and_one_here() -> None:
    # Why persons are counted by us: threat row 12.
    dsse = library("securesystemslib.dsse")
    signer = library("securesystemslib.signer")
    raw = raw_keys()["ed25519"]
    key = loaded(raw)
    names = (key.fingerprint, "another name")
    keys = [signer.SSlibKey.from_crypto(raw.public_key(), keyid=name) for name in names]
    made = dsse.Envelope(b"{}", "application/vnd.in-toto+json", {})
    for each in keys:
        made.sign(signer.CryptoSigner(raw, each))

    assert len(made.verify(keys, 2)) == 2
    line = json.dumps(made.to_dict()).encode()
    known = dict.fromkeys(names, key.public)
    assert signers(Envelope.parse(line), known) == (key.fingerprint,)


# ------------------------------------------------------------------ in-toto-attestation


def protobuf(payload: bytes) -> Any:
    json_format = library("google.protobuf.json_format")
    statement_pb2 = library("in_toto_attestation.v1.statement_pb2")
    return json_format.Parse(payload, statement_pb2.Statement())


@EACH
def test_our_statements_are_in_totos(payload: bytes) -> None:
    wrapper = library("in_toto_attestation.v1.statement").Statement
    read = wrapper.copy_from_pb(protobuf(payload))

    read.validate()
    assert read.pb.predicate_type == json.loads(payload)["predicateType"]
    assert [dict(subject.digest) for subject in read.pb.subject] == [
        {"sha256": SUBJECT.digest}
    ]
    attester = read.pb.predicate["attester"]
    assert attester == json.loads(payload)["predicate"]["attester"]


@EACH
def test_in_toto_refuses_what_we_refuse(payload: bytes) -> None:
    error = library("google.protobuf.json_format").ParseError
    for bad in (
        payload.replace(b'{"_type"', b'{"more":1,"_type"', 1),
        payload.replace(b'"_type"', b'"_type":"x","_type"', 1),
    ):
        with pytest.raises(error):
            protobuf(bad)
        with pytest.raises(Malformed):
            statement.parse(bad)


def test_a_statement_of_in_totos_library_is_read_here() -> None:
    json_format = library("google.protobuf.json_format")
    descriptor = library("in_toto_attestation.v1.resource_descriptor")
    wrapper = library("in_toto_attestation.v1.statement").Statement
    predicate = WRITTEN["revocation"]
    revoked = predicate["revokes"][0]["digest"]
    subject = descriptor.ResourceDescriptor(name="payload", digest=revoked)

    made = wrapper([subject.pb], Revocation.TYPE, predicate)
    read = statement.parse(json_format.MessageToJson(made.pb).encode())
    assert read.subject == Subject(name="payload", digest=revoked["sha256"])
    assert read.predicate == Revocation.read(predicate)


# ----------------------------------------------------------------------------- sigstore


@EACH
def test_our_statements_are_sigstores(payload: bytes) -> None:
    model = library("sigstore.dsse")
    read = model.Statement(payload)
    ours = Envelope.parse(sign(payload, PrivateKey.generate()))

    assert read._inner.predicate_type == json.loads(payload)["predicateType"]  # noqa: SLF001 - it gives nothing else
    assert read._pae() == ours.signed_bytes  # noqa: SLF001 - as above


@EACH
def test_sigstores_envelopes_verify_both_ways(payload: bytes) -> None:
    model = library("sigstore.dsse")
    raw = ec.generate_private_key(ec.SECP256R1())
    key = loaded(raw)
    known = {key.fingerprint: key.public}

    envelope = model.Envelope._from_json(sign(payload, key))  # noqa: SLF001 - as above
    assert model._verify(raw.public_key(), envelope) == payload  # noqa: SLF001 - as above

    made = model._sign(raw, model.Statement(payload))  # noqa: SLF001 - as above
    theirs = Envelope.parse(made.to_json().encode())
    assert theirs.payload == payload
    assert signers(theirs, known) == (key.fingerprint,)
