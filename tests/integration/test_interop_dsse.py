"""The official vector of DSSE 1.0.2 (protocol.md, "Test Vectors")."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from pytest_readiness.attest.codes import Foreign
from pytest_readiness.attest.envelope import Envelope, pae
from pytest_readiness.attest.keys import PublicKey

X = 46950820868899156662930047687818585632848591499744589407958293238635476079160
Y = 5640078356564379163099075877009565129882514886557779369047442380624545832820
BODY = b"hello world"
TYPE = "http://example.com/HelloWorld"
LINE = b"""{"payload": "aGVsbG8gd29ybGQ=",
 "payloadType": "http://example.com/HelloWorld",
 "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}"""  # noqa: E501 - as it is published


def public_key() -> PublicKey:
    numbers = ec.EllipticCurvePublicNumbers(X, Y, ec.SECP256R1())
    pem = numbers.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return PublicKey.load(pem.decode())


def test_the_vectors_framing_is_ours() -> None:
    assert pae(TYPE, BODY) == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_the_vectors_signature_verifies_over_our_framing() -> None:
    raw = base64.b64decode(json.loads(LINE)["signatures"][0]["sig"])
    # The vector packs r and s raw; everybody's libraries, and we, have DER.
    r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
    signature = encode_dss_signature(r, s)

    assert public_key().verify(signature, pae(TYPE, BODY))
    assert not public_key().verify(signature, pae(TYPE, BODY + b"!"))
    assert not public_key().verify(signature, pae(TYPE + "!", BODY))
    assert not public_key().verify(raw, pae(TYPE, BODY))


def test_the_vectors_envelope_is_read_and_is_none_of_ours() -> None:
    with pytest.raises(Foreign):
        Envelope.parse(LINE)
    ours = json.loads(LINE) | {"payloadType": "application/vnd.in-toto+json"}
    assert Envelope.parse(json.dumps(ours).encode()).payload == BODY
