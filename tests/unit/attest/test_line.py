"""What becomes of one line, and which end of a file an interrupted append left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_readiness.attest import envelope, line
from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.predicates import Provenance, ReleaseRef

World = Any


def test_a_believed_line_has_its_statement_and_its_signer(world: World) -> None:
    data = world.attestation("bob")

    judged = line.judge(data, world.trust)

    assert judged.refused is None
    assert judged.line is not None
    assert judged.line.person.id == "bob"
    assert judged.line.payload == judged.payload
    assert judged.payload == envelope.Envelope.parse(data).payload_sha256


def test_a_signature_of_a_co_signer_is_no_signature_of_the_attester(
    world: World,
) -> None:
    value = json.loads(world.attestation("bob"))
    payload = envelope.Envelope.parse(json.dumps(value).encode()).payload
    other = json.loads(envelope.sign(payload, world.key_of("erin")))
    value["signatures"] += other["signatures"]

    judged = line.judge(json.dumps(value).encode(), world.trust)

    assert judged.refused is not None
    assert judged.refused.code is Code.TAMPERED


def test_a_compromised_key_beside_a_good_one_takes_nothing_away(world: World) -> None:
    thief = {**world.key("thief"), "key": world.key_of("thief").public.pem}
    world.person("bob")["key"].append(thief | {"status": "compromised"})
    value = json.loads(world.attestation("bob", by="thief"))
    payload = envelope.Envelope.parse(json.dumps(value).encode()).payload
    value["signatures"] += json.loads(envelope.sign(payload, world.key_of("bob")))[
        "signatures"
    ]

    judged = line.judge(json.dumps(value).encode(), world.trust)

    assert judged.line is not None
    assert judged.line.key.key.fingerprint == world.key_of("bob").fingerprint


def test_a_statement_without_an_attester_is_nobodys(world: World) -> None:
    predicate = Provenance(
        release=ReleaseRef(version="1"), issued_at=world.NOW, attester=None
    )

    judged = line.judge(world.sign(predicate, "0" * 64, by="bob"), world.trust)

    assert judged.refused is not None
    assert judged.refused.reason == "signed by bob in the name of nobody"


@pytest.mark.parametrize(
    "data",
    [b"<<<<<<< HEAD", b"||||||| 1234567", b"=======", b"=======\r", b">>>>>>> topic"],
)
def test_a_merge_conflict_marker_is_named(world: World, data: bytes) -> None:
    refused = line.judge(data, world.trust).refused

    assert refused is not None
    assert refused.code is Code.MALFORMED
    assert refused.reason == "a merge-conflict marker"


@pytest.mark.parametrize("data", [b"========", b"<<<<<<<x", b"x <<<<<<< HEAD"])
def test_what_only_looks_like_a_marker_is_none(world: World, data: bytes) -> None:
    refused = line.judge(data, world.trust).refused

    assert refused is not None
    assert "merge" not in refused.reason


def test_every_beginning_of_a_line_is_a_torn_one(world: World) -> None:
    data = world.attestation("bob")

    assert all(line.is_torn(data[:length]) for length in range(1, len(data)))


def test_a_whole_line_and_everything_else_is_not_torn(world: World) -> None:
    data = world.attestation("bob")

    assert not line.is_torn(data)
    assert not line.is_torn(data + b"x")
    assert not line.is_torn(data.replace(b"payloadType", b"payloadtype")[:30])
    assert not line.is_torn(b"<<<<<<< HEAD")
    assert not line.is_torn(data[: len(data) // 2] + b"\x00")
