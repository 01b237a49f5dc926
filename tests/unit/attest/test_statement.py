from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.attest import statement
from pytest_readiness.attest.codes import Code, Foreign, Malformed, Refused
from pytest_readiness.attest.envelope import Envelope, signers, verify
from pytest_readiness.attest.keys import PrivateKey, PublicKey
from pytest_readiness.attest.predicates import (
    PREFIX,
    ItemAttestation,
    Revocation,
    Revoked,
    TrustApproval,
    Verdict,
)
from pytest_readiness.attest.statement import Statement, Subject
from pytest_readiness.catalogue.item import Scope

NOW = dt.datetime(2026, 10, 10, 9, 0, tzinfo=dt.UTC)
CONTEXT = {
    "organisation": "acme",
    "system": "shop",
    "environment": "production",
    "source": "sha256:" + "a" * 64,
    "version": "2.4.0",
}
APPROVAL = Statement(
    Subject(name="trust.toml", digest="c" * 64),
    TrustApproval(attester="grace", version=7, issued_at=NOW),
)
SAMPLE = (Path(__file__).parent / "data" / "sample.intoto.jsonl").read_bytes().strip()
SAMPLE_KEY = PublicKey.load(
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAnYwbtT54TS4/RHTd3XU9WaUl5xVnNwAobQ1ZAf4TDyM=\n"
    "-----END PUBLIC KEY-----\n"
)


def changed(**changes: object) -> bytes:
    value = json.loads(APPROVAL.payload()) | changes
    return json.dumps(
        {key: part for key, part in value.items() if part != "-"}
    ).encode()


def malformed(payload: bytes) -> tuple[str, str]:
    with pytest.raises(Malformed) as refused:
        statement.parse(payload)
    return refused.value.where, refused.value.reason


# ------------------------------------------------------------------ the format's sample


def test_the_sample_of_the_format_verifies() -> None:
    envelope = Envelope.parse(SAMPLE)

    assert verify(envelope, SAMPLE_KEY)
    assert signers(envelope, {SAMPLE_KEY.fingerprint: SAMPLE_KEY}) == (
        "SHA256:p2ltb7VGCc/I1eaRWPeUv+hiKiVunytV9qmkLXSzhlE",
    )
    assert not verify(envelope, PrivateKey.generate().public)


def test_the_sample_is_a_statement_of_ours_but_for_its_items_name() -> None:
    payload = Envelope.parse(SAMPLE).payload
    assert malformed(payload) == ("predicate.item.id", "is not an item's id")

    read = statement.parse(payload.replace(b"SEC-012", b"security.pentest"))
    assert isinstance(read.predicate, ItemAttestation)
    assert read.predicate.attester == "alice"
    assert read.predicate.verdict is Verdict.SATISFIED
    assert read.predicate.issued_at == NOW
    assert read.predicate.valid_until == dt.datetime(2026, 12, 31, tzinfo=dt.UTC)
    assert read.predicate.anchor is not None
    assert read.predicate.anchor.version == 4
    assert read.predicate.evidence is not None
    assert read.predicate.evidence[0].uri == "https://wiki.example.com/PT-77"


# -------------------------------------------------------------------------- the frame


def test_a_statement_is_written_canonically_and_reads_back() -> None:
    payload = APPROVAL.payload()

    assert payload == (
        b'{"_type":"https://in-toto.io/Statement/v1","predicate":{"attester":"grace",'
        b'"issuedAt":"2026-10-10T09:00:00Z","version":7},"predicateType":'
        b'"https://pytest-readiness.readthedocs.io/predicates/trust-approval/v1",'
        b'"subject":[{"digest":{"sha256":"' + b"c" * 64 + b'"},"name":"trust.toml"}]}'
    )
    assert statement.parse(payload) == APPROVAL
    assert statement.parse_as(payload, TrustApproval) == APPROVAL


@pytest.mark.parametrize(
    "kind",
    [
        "https://in-toto.io/attestation/test-result/v0.1",
        "https://slsa.dev/provenance/v1",
        "https://pytest-readiness.readthedocs.io/predicate/waiver/v1",
        "",
    ],
)
def test_other_peoples_predicates_are_foreign_whatever_else_they_hold(
    kind: str,
) -> None:
    # Threat row 35.
    for payload in (
        changed(predicateType=kind),
        changed(predicateType=kind, subject=[], _type="x", predicate=1, more=2),
    ):
        with pytest.raises(Foreign) as foreign:
            statement.parse(payload)
        assert foreign.value.code is Code.FOREIGN


@pytest.mark.parametrize("kind", ["waiver/v2", "waiver/v1 ", "veto/v1", ""])
def test_a_type_of_ours_that_we_do_not_know_is_malformed(kind: str) -> None:
    # A newer version's veto or revocation must not be passed over.
    assert malformed(changed(predicateType=PREFIX + kind)) == (
        "predicateType",
        "is a type of ours that this version does not know",
    )


@pytest.mark.parametrize("kind", ["-", None, 1, ["x"]])
def test_a_predicate_type_is_a_string(kind: object) -> None:
    assert malformed(changed(predicateType=kind)) == ("predicateType", "is no string")


@pytest.mark.parametrize("kind", ["-", None, 1, "https://in-toto.io/Statement/v0.1"])
def test_a_statement_is_version_1(kind: object) -> None:
    assert malformed(changed(_type=kind))[0] == "_type"


@pytest.mark.parametrize("change", [{"more": 1}, {"predicate": "-"}, {"subject": "-"}])
def test_a_statement_has_just_its_four_members(change: dict[str, object]) -> None:
    where, reason = malformed(changed(**change))

    assert where == ""
    assert "more or less" in reason


SUBJECT = {"name": "trust.toml", "digest": {"sha256": "c" * 64}}


@pytest.mark.parametrize("subject", [None, {}, [], [SUBJECT, SUBJECT], "x"])
def test_there_is_exactly_one_subject(subject: object) -> None:
    assert malformed(changed(subject=subject)) == ("subject", "is not exactly one")


@pytest.mark.parametrize(
    ("subject", "where"),
    [
        ("x", "subject"),
        ({"name": "x"}, "subject.digest"),
        ({"digest": SUBJECT["digest"]}, "subject.name"),
        (SUBJECT | {"name": ""}, "subject.name"),
        (SUBJECT | {"name": "a\x1b[2J"}, "subject.name"),
        (SUBJECT | {"uri": "x"}, "subject"),
        (SUBJECT | {"digest": {}}, "subject.digest"),
        (SUBJECT | {"digest": "c" * 64}, "subject.digest"),
        (SUBJECT | {"digest": {"sha512": "c" * 128}}, "subject.digest"),
        (SUBJECT | {"digest": {"sha256": "c" * 64, "sha1": "x"}}, "subject.digest"),
        (SUBJECT | {"digest": {"sha256": "C" * 64}}, "subject.digest"),
        (SUBJECT | {"digest": {"sha256": "c" * 63}}, "subject.digest"),
        (SUBJECT | {"digest": {"sha256": "c" * 64 + "\n"}}, "subject.digest"),
        (SUBJECT | {"digest": {"sha256": 7}}, "subject.digest"),
    ],
)
def test_a_subject_is_a_name_and_a_sha256(subject: object, where: str) -> None:
    assert malformed(changed(subject=[subject]))[0] == where


@pytest.mark.parametrize("predicate", [None, 1, "x", []])
def test_a_predicate_is_an_object(predicate: object) -> None:
    assert malformed(changed(predicate=predicate)) == ("predicate", "is no object")


def test_a_payload_is_strict_json() -> None:
    twice = APPROVAL.payload().replace(b'"version":7', b'"version":7,"version":8')

    assert malformed(twice) == ("", "a key stands twice in one object")
    assert malformed(b" " * 49_153) == ("", "longer than 49152 bytes")


def test_one_kind_can_be_demanded() -> None:
    other = changed(predicateType="https://slsa.dev/provenance/v1")

    for payload in (other, changed(predicateType=PREFIX + "run/v1")):
        with pytest.raises(Malformed, match=r"is not https://.*trust-approval/v1"):
            statement.parse_as(payload, TrustApproval)


def test_a_revocation_is_about_the_first_statement_that_it_names() -> None:
    def revocation(subject: str, *revoked: str) -> Statement[Revocation]:
        return Statement(
            Subject(name="payload", digest=subject),
            Revocation(
                attester="alice",
                revokes=tuple(Revoked(digest=digest) for digest in revoked),
                reason="read the wrong report",
                issued_at=NOW,
            ),
        )

    one, other = "1" * 64, "2" * 64
    for good in (revocation(one, one), revocation(one, one, other)):
        assert statement.parse(good.payload()) == good
    with pytest.raises(Malformed, match="is not the first statement revoked"):
        revocation(other, one, other).payload()


# ------------------------------------------------------------------ building statements


@pytest.mark.parametrize(
    "wrong",
    [
        {"attester": "Alice"},
        {"version": 0},
        {"version": 2**53},
        {"version": "7"},
        {"issued_at": NOW.replace(year=3000)},
        {"issued_at": NOW.replace(year=1999)},
    ],
)
def test_what_would_not_be_read_is_not_written(wrong: dict[str, Any]) -> None:
    bad = dataclasses.replace(APPROVAL.predicate, **wrong)

    with pytest.raises(Malformed):
        Statement(APPROVAL.subject, bad).payload()


def test_a_time_without_an_offset_is_not_written() -> None:
    bad = dataclasses.replace(APPROVAL.predicate, issued_at=NOW.replace(tzinfo=None))

    with pytest.raises(Malformed, match="does not read back as it was given"):
        Statement(APPROVAL.subject, bad).payload()


def test_times_are_written_in_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=5, minutes=30))
    there = dataclasses.replace(APPROVAL.predicate, issued_at=NOW.astimezone(east))

    assert Statement(APPROVAL.subject, there).payload() == APPROVAL.payload()


def test_a_statement_cannot_be_changed_after_it_was_read() -> None:
    read = statement.parse(APPROVAL.payload())
    parts = (read, "subject"), (read.subject, "digest"), (read.predicate, "attester")

    for part, name in parts:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, name, "other")


def test_a_nonce_is_128_bits_of_chance() -> None:
    nonces = {statement.new_nonce() for _ in range(100)}

    assert len(nonces) == 100
    assert all(len(bytes.fromhex(nonce)) == 16 for nonce in nonces)


# -------------------------------------------------------------------------- the target


@pytest.mark.parametrize(
    ("scope", "members"),
    [
        (Scope.ORGANISATION, ["organisation"]),
        (Scope.SYSTEM, ["system"]),
        (Scope.ENVIRONMENT, ["environment", "system"]),
        (Scope.RELEASE, ["environment", "source", "system"]),
    ],
)
def test_each_scope_binds_its_own_members(scope: Scope, members: list[str]) -> None:
    target = statement.canonical_target(scope, CONTEXT)

    assert target == {name: CONTEXT[name] for name in members}
    text = json.dumps(target, sort_keys=True, separators=(",", ":"))
    assert statement.target_subject(scope, CONTEXT) == Subject(
        name="readiness-target.json",
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )


def test_a_release_without_a_source_is_bound_to_its_version() -> None:
    for source in ({}, {"source": ""}):
        context = {k: v for k, v in CONTEXT.items() if k != "source"} | source

        assert statement.canonical_target(Scope.RELEASE, context) == {
            "environment": "production",
            "system": "shop",
            "version": "2.4.0",
        }


@pytest.mark.parametrize("scope", Scope)
def test_what_does_not_bind_does_not_matter(scope: Scope) -> None:
    subject = statement.target_subject(scope, CONTEXT)
    members = statement.canonical_target(scope, CONTEXT)

    for name in CONTEXT:
        other = CONTEXT | {name: "sha256:" + "b" * 64}
        same = statement.target_subject(scope, other) == subject
        assert same is (name not in members)


@pytest.mark.parametrize("scope", Scope)
def test_a_member_that_is_not_known_is_missing_context(scope: Scope) -> None:
    for name in statement.canonical_target(scope, CONTEXT):
        for context in (
            CONTEXT | {name: "", "version": ""},
            {k: v for k, v in CONTEXT.items() if k not in {name, "version"}},
        ):
            with pytest.raises(Refused, match=r"no .* is given") as refused:
                statement.target_subject(scope, context)
            assert refused.value.code is Code.CONTEXT_MISSING


@pytest.mark.parametrize("name", ["a\nb", "a\x7f", "\x00", "a\u2028b"])
def test_a_name_with_control_characters_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="system is not a line of text") as refused:
        statement.target_subject(Scope.SYSTEM, {"system": name})
    assert refused.value.code is Code.CONTEXT_MISSING


@pytest.mark.parametrize(
    "source", ["a" * 64, "sha256:" + "A" * 64, "sha1:" + "a" * 40, "sha256:abc", "v1"]
)
def test_a_source_is_a_sha256(source: str) -> None:
    with pytest.raises(Refused, match="source is not sha256:") as refused:
        statement.target_subject(Scope.RELEASE, CONTEXT | {"source": source})
    assert refused.value.code is Code.CONTEXT_MISSING


@given(st.fixed_dictionaries({name: st.text("ab", min_size=1) for name in CONTEXT}))
def test_no_two_scopes_have_one_subject(context: dict[str, str]) -> None:
    context["source"] = "sha256:" + "a" * 64
    digests = {statement.target_subject(scope, context).digest for scope in Scope}

    assert len(digests) == len(Scope)
