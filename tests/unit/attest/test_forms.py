"""The forms of single values, each in a statement that holds it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_readiness.attest.codes import Malformed
from pytest_readiness.attest.predicates import (
    Deployment,
    Evidence,
    ItemAttestation,
    Run,
    Saw,
    Snapshot,
    SnapshotRef,
    TrustApproval,
    Verdict,
    Waiver,
)

DATA = json.loads((Path(__file__).parent / "data" / "predicates.json").read_text())
HEX = "0123456789abcdef" * 4
DIGEST = {"sha256": HEX}
FROM = "2026-10-10T09:00:00Z"
WRITTEN: dict[type[Any], dict[str, Any]] = {
    ItemAttestation: DATA["item-attestation"],
    Waiver: DATA["waiver"],
    Snapshot: DATA["snapshot"],
    TrustApproval: DATA["trust-approval"],
    Run: DATA["run"],
    Deployment: DATA["deployment"],
}


def malformed(kind: type[Any], value: object) -> str:
    with pytest.raises(Malformed) as refused:
        kind.read(value)
    return refused.value.where


@pytest.mark.parametrize(
    "name",
    ["Alice", "1a", "", "a b", "a_b", "al\u0456ce", "a\n", "a" * 65, "-a", "a."],
)
def test_a_person_is_an_ascii_id(name: str) -> None:
    # Threat row 24: letters that only look the same.
    for kind in (ItemAttestation, Snapshot):
        assert malformed(kind, WRITTEN[kind] | {"attester": name}) == "attester"


def test_a_person_may_have_digits_and_hyphens() -> None:
    for name in ("a", "a-1", "a" * 64, "ci"):
        ItemAttestation.read(WRITTEN[ItemAttestation] | {"attester": name})


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("a.b", True),
        ("database-setup.security", True),
        ("a.b.c.d.e.f", True),
        ("1.2", True),
        ("a." + "b" * 198, True),
        ("a." + "b" * 199, False),
        ("a.b.c.d.e.f.g", False),
        ("SEC-012", False),
        ("a", False),
        ("a.", False),
        (".a", False),
        ("a..b", False),
        ("a.-b", False),
        ("a.b-", False),
        ("a.b\n", False),
        ("a.\u0430", False),
        ("a-" * 20_000 + "!", False),
    ],
)
def test_an_item_has_an_id_of_ours(name: str, good: bool) -> None:  # noqa: FBT001
    value = WRITTEN[ItemAttestation] | {"item": {"id": name, "digest": DIGEST}}
    if good:
        assert ItemAttestation.read(value).item.id == name
    else:
        assert malformed(ItemAttestation, value) == "item.id"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-10-10T09:00:00Z", dt.datetime(2026, 10, 10, 9, tzinfo=dt.UTC)),
        ("2026-10-10T11:30:00+02:30", dt.datetime(2026, 10, 10, 9, tzinfo=dt.UTC)),
        ("2026-10-10T00:00:00-09:00", dt.datetime(2026, 10, 10, 9, tzinfo=dt.UTC)),
        (
            "2026-10-10T09:00:00.25Z",
            dt.datetime(2026, 10, 10, 9, 0, 0, 250_000, tzinfo=dt.UTC),
        ),
    ],
)
def test_a_time_is_rfc_3339_with_its_offset(text: str, time: dt.datetime) -> None:
    read = TrustApproval.read(WRITTEN[TrustApproval] | {"issuedAt": text})

    assert read.issued_at == time
    assert read.issued_at.tzinfo is not None


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-10T09:00:00",
        "2026-10-10",
        "2026-10-10 09:00:00Z",
        "2026-10-10t09:00:00z",
        "20261010T090000Z",
        "2026-W41-6T09:00:00Z",
        "2026-02-30T09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-10-10T24:00:00Z",
        "2026-10-10T09:60:00Z",
        "2026-10-10T09:00:60Z",
        "2026-10-10T09:00Z",
        "2026-10-10T09:00:00+0200",
        "2026-10-10T09:00:00+24:00",
        "2026-10-10T09:00:00.Z",
        "2026-10-10T09:00:00.1234567Z",
        "2026-10-10T09:00:00,5Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "\u0662026-10-10T09:00:00Z",
        "2026-10-10T09:00:00Z\n",
        1_791_622_800,
    ],
)
def test_what_could_be_two_times_is_none(text: object) -> None:
    value = WRITTEN[TrustApproval] | {"issuedAt": text}

    assert malformed(TrustApproval, value) == "issuedAt"


@pytest.mark.parametrize("verdict", ["satisfied", "OK", "", True, "SATISFIED "])
def test_a_verdict_is_one_of_three_words(verdict: object) -> None:
    value = WRITTEN[ItemAttestation]

    assert malformed(ItemAttestation, value | {"verdict": verdict}) == "verdict"
    assert [str(word) for word in Verdict] == [
        "SATISFIED",
        "NOT_SATISFIED",
        "NOT_APPLICABLE",
    ]
    for word in Verdict:
        assert ItemAttestation.read(value | {"verdict": word}).verdict is word


@pytest.mark.parametrize("nonce", ["0" * 31, "0" * 33, "F" * 32, "g" * 32, ""])
def test_a_nonce_is_128_bits(nonce: str) -> None:
    value = WRITTEN[ItemAttestation] | {"nonce": nonce}

    assert malformed(ItemAttestation, value) == "nonce"


@pytest.mark.parametrize("number", [0, -1, True, "5", None])
def test_a_version_is_a_whole_number_from_1(number: object) -> None:
    first = WRITTEN[TrustApproval] | {"version": 1}

    assert TrustApproval.read(first).version == 1
    assert malformed(Snapshot, WRITTEN[Snapshot] | {"version": number}) == "version"


def test_texts_have_no_control_characters_but_prose_has_lines() -> None:
    for character in ("\n", "\t", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"):
        text = f"a{character}b"
        line = WRITTEN[Waiver] | {"reason": text}
        prose = WRITTEN[ItemAttestation] | {"justification": text}
        assert malformed(Waiver, line) == "reason"
        if character in "\n\t":
            assert ItemAttestation.read(prose).justification == text
        else:
            assert malformed(ItemAttestation, prose) == "justification"


def test_claims_are_texts_numbers_and_truths() -> None:
    value = WRITTEN[ItemAttestation]

    claims = ItemAttestation.read(
        value | {"claims": {"a": True, "b": 1, "c": "x", "d": -3}}
    ).claims
    assert claims == {"a": True, "b": 1, "c": "x", "d": -3}
    assert claims["a"] is True
    for claim in (None, [], {}, "", "\n"):
        assert malformed(ItemAttestation, value | {"claims": {"a": claim}}) == "claims"
    assert malformed(ItemAttestation, value | {"claims": {"": 1}}) == "claims"


@pytest.mark.parametrize(
    "name",
    [
        "/etc/shadow",
        "../secrets",
        "a/../../b",
        "a//b",
        "a/",
        "./a",
        "C:/Users/x",
        "c:x",
        "a\\..\\b",
        "..",
        ".",
    ],
)
def test_evidence_without_a_uri_stays_in_the_repository(name: str) -> None:
    path = {"name": name, "digest": DIGEST}

    assert malformed(Evidence, path) == "name"
    assert Evidence.read(path | {"uri": "https://example.com"}).name == name


def test_evidence_may_be_any_file_of_the_repository() -> None:
    for name in ("a", "docs/Bericht 7: Übung.pdf", ".readiness/x", "a..b/...", "Ab:c"):
        assert Evidence.read({"name": name, "digest": DIGEST}).uri is None


def test_an_approval_names_an_open_item_once() -> None:
    one, other = {"id": "a.b", "state": "failed"}, {"id": "a.c", "state": "failed"}

    assert len(Saw.read({"target": DIGEST, "open": [one, other]}).open) == 2
    twice = {"target": DIGEST, "open": [one, other, one | {"state": "pending"}]}
    assert malformed(Saw, twice) == "open"
    assert malformed(Saw, {"target": DIGEST, "open": [one | {"state": "Bad"}]}) == (
        "open.state"
    )


@pytest.mark.parametrize("previous", [5, 6])
def test_a_snapshot_follows_an_older_one(previous: int) -> None:
    value = WRITTEN[Snapshot] | {"previous": SnapshotRef.of(HEX, previous).write()}

    assert malformed(Snapshot, value) == "previous"


def test_a_snapshot_is_referred_to_by_digest_and_version() -> None:
    reference = SnapshotRef.of(HEX, 4)

    assert reference.version == 4
    assert reference.write() == WRITTEN[ItemAttestation]["anchor"]


def test_a_run_ends_after_it_began() -> None:
    Run.read(WRITTEN[Run] | {"issuedAt": FROM})
    early = WRITTEN[Run] | {"issuedAt": "2026-10-10T08:59:59Z"}
    assert malformed(Run, early) == "issuedAt"


def test_a_deployment_ends_after_it_began() -> None:
    Deployment.read(WRITTEN[Deployment] | {"ended": FROM})
    early = WRITTEN[Deployment] | {"ended": "2026-10-10T08:59:59Z"}
    assert malformed(Deployment, early) == "ended"


@pytest.mark.parametrize(
    "tree", [{"gitTree": "a" * 40}, {"gitTree": "a" * 64}, {"sha256": HEX}]
)
def test_a_suite_is_gits_tree_or_our_digest(tree: dict[str, str]) -> None:
    read = Run.read(WRITTEN[Run] | {"suiteTree": tree})

    assert {read.suite_tree.algorithm: read.suite_tree.value} == tree


@pytest.mark.parametrize(
    "tree",
    [
        {"gitTree": "a" * 41},
        {"gitTree": "a" * 40, "sha256": HEX},
        {"sha1": "a" * 40},
        {"gitTree": 1},
        "a" * 40,
        {},
    ],
)
def test_another_tree_is_refused(tree: object) -> None:
    assert malformed(Run, WRITTEN[Run] | {"suiteTree": tree}) == "suiteTree"
