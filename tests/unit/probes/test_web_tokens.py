from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pytest_readiness.probes.web.tokens import forged, parts_of
from pytest_readiness.target.secret import Secret

SECRET = "0123456789abcdef0123456789abcdef"


def pair(kind: str) -> tuple[str, bytes]:
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if kind == "ES256":
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_careful_verifier_refuses_every_forgery(algorithm: str) -> None:
    private, public = pair(algorithm)
    token = jwt.encode({"sub": "a", "exp": 4_000_000_000}, private, algorithm)
    found = dict(forged(Secret(token, "t"), public))
    assert list(found) == [
        "with alg none",
        "with alg nOnE",
        "with a changed content",
        "signed with another key",
        "with the public key as secret",
    ]
    for secret in found.values():
        with pytest.raises(jwt.InvalidTokenError):
            jwt.decode(secret.reveal(), public, algorithms=[algorithm])
        # All but the forgery is right: it is still a token that says who it is.
        claims = jwt.decode(secret.reveal(), options={"verify_signature": False})
        assert claims["sub"] == "a"


def test_a_careless_verifier_takes_each_for_what_it_is() -> None:
    private, public = pair("ES256")
    token = jwt.encode({"sub": "a", "exp": 4_000_000_000}, private, "ES256")
    found = {k: v.reveal() for k, v in forged(Secret(token, "t"), public)}
    unsigned = jwt.decode(
        found["with alg none"], options={"verify_signature": False}, algorithms=["none"]
    )
    assert unsigned["sub"] == "a"
    head, claims, signature = found["with the public key as secret"].split(".")
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    assert jwt.get_unverified_header(f"{head}.{claims}.{signature}")["alg"] == "HS256"
    given = jwt.utils.base64url_decode(signature)
    assert algorithm.verify(f"{head}.{claims}".encode(), public, given)
    assert (
        found["signed with another key"].rpartition(".")[0] == token.rpartition(".")[0]
    )


def test_what_a_token_says_of_itself() -> None:
    symmetric = parts_of(Secret(jwt.encode({"aud": "x"}, SECRET, "HS256"), "t"))
    assert symmetric is not None
    assert (symmetric.symmetric, symmetric.has_audience) == (True, True)
    private, _ = pair("ES256")
    other = parts_of(Secret(jwt.encode({}, private, "ES256"), "t"))
    assert other is not None
    assert (other.symmetric, other.has_audience) == (False, False)


@pytest.mark.parametrize(
    "text",
    ["opaque", "a.b.c", "a.b", "W10.W10.x", "eyJhIjoxfQ.eyJhIjoxfQ.x", "....", "é.é.é"],
)
def test_what_is_no_token(text: str) -> None:
    assert parts_of(Secret(text, "t")) is None


def test_a_symmetric_token_has_no_public_key_to_confuse() -> None:
    token = Secret(jwt.encode({"sub": "a"}, SECRET, "HS256"), "t")
    assert "with the public key as secret" not in dict(forged(token, None))
