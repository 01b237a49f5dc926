"""The threat table, row by row: the lie is told, the code is named, the gate closed.

The rows about the bytes of a line (21 to 23, 25 to 29) are shown here as far as a
ledger sees them; ``test_strict_json``, ``test_weak_keys`` and ``test_signatures`` have
the rest. Rows 7, 30, 33 and 36 are not about the ledger.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import utils

from pytest_readiness.attest import envelope
from pytest_readiness.attest.appending import append
from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.context import LockSeen
from pytest_readiness.attest.keys import SMALL_ORDER, KeyKind, PrivateKey
from pytest_readiness.attest.result import Result
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from pytest_readiness.attest.result import ItemSignatures
    from pytest_readiness.attest.signatures import Signatures

World = Any
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def closes(signatures: Signatures) -> Code:
    """Give the code that closes the gate; then no item is satisfied either."""
    assert signatures.broken
    return signatures.failures[0].code


def pending(found: ItemSignatures) -> Code | None:
    """Give the code for which an item waits."""
    assert found.result is Result.NONE
    return found.code


@pytest.fixture
def signed(world: World) -> World:
    """A world whose item is satisfied."""
    world.attest("bob")
    assert world.verify().result is Result.SATISFIED
    return world


def test_row_1_a_changed_payload_is_tampered(signed: World) -> None:
    line = signed.attestation("erin", justification="It is not so.")
    signed.add(signed.repack(line, "It is not so.", "It is so."))

    found = signed.read()

    assert closes(found) is Code.TAMPERED
    assert found.failures[0].where.endswith("attestations.intoto.jsonl, line 2")
    assert found.verify(signed.ITEM).code is Code.TAMPERED


def test_row_2_a_key_id_that_lies_is_tampered(world: World) -> None:
    line = world.attestation("bob", by="erin")
    world.add(world.rewrite(line, keyid=world.key_of("bob").fingerprint))

    assert closes(world.read()) is Code.TAMPERED


def test_row_2_an_attester_who_does_not_own_the_key_is_tampered(world: World) -> None:
    world.attest("bob", by="erin")

    found = world.read()

    assert closes(found) is Code.TAMPERED
    assert "signed by erin in the name of bob" in found.failures[0].reason


def test_row_3_a_signature_for_another_item_counts_for_nothing(world: World) -> None:
    world.attest("bob", replace(world.ITEM, id="database-setup.data-validation"))
    assert pending(world.verify()) is Code.MISSING

    world.attest("bob", wording=world.OTHER_WORDING)
    assert pending(world.verify()) is Code.ITEM_CHANGED


@pytest.mark.parametrize(
    ("scope", "other"),
    [
        (Scope.ENVIRONMENT, {"environment": "staging"}),
        (Scope.ENVIRONMENT, {"system": "bank"}),
        (Scope.SYSTEM, {"system": "bank"}),
        (Scope.ORGANISATION, {"organisation": "other"}),
        (Scope.RELEASE, {"source": "sha256:" + "ab" * 32}),
        (Scope.RELEASE, {"environment": "staging"}),
        (Scope.RELEASE, {"source": ""}),
    ],
)
def test_row_4_a_signature_for_another_target_is_for_the_wrong_target(
    world: World, scope: Scope, other: dict[str, str]
) -> None:
    item = replace(world.ITEM, scope=scope)
    world.attest("bob", item, context=world.elsewhere(**other))
    assert pending(world.verify(item)) is Code.WRONG_TARGET

    world.attest("bob", item)
    assert world.verify(item).result is Result.SATISFIED


def test_row_5_an_item_that_is_reworded_afterwards_has_to_be_signed_anew(
    signed: World,
) -> None:
    reworded = replace(signed.ITEM, digest=signed.OTHER_WORDING)

    assert pending(signed.verify(reworded)) is Code.ITEM_CHANGED


@pytest.mark.parametrize(
    "lock", [LockSeen("0" * 64, 196), LockSeen("a" * 64, 195), None]
)
def test_rows_5_and_6_another_checklist_than_the_pinned_one_is_a_mismatch(
    signed: World, lock: LockSeen | None
) -> None:
    signed.table["checklist"] = {"name": "ours", "items": 196, "sha256": "a" * 64}
    context = signed.elsewhere(lock=LockSeen("a" * 64, 196))
    assert not signed.read(context=context).broken

    found = signed.read(context=signed.elsewhere(lock=lock))

    assert closes(found) is Code.CHECKLIST_MISMATCH


def test_row_8_a_date_before_the_snapshot_that_was_seen_is_backdated(
    world: World,
) -> None:
    world.snapshot(issued_at=world.NOW - 2 * world.DAY)
    anchor = world.seen_snapshot()
    world.attest("bob", anchor=anchor, issued_at=world.NOW - 3 * world.DAY)
    assert pending(world.verify()) is Code.BACKDATED

    # Within the skew, clocks may differ.
    almost = world.NOW - 2 * world.DAY - dt.timedelta(seconds=300)
    world.attest("bob", anchor=anchor, issued_at=almost)
    assert world.verify().result is Result.SATISFIED


def test_row_8_an_anchor_that_no_registrar_signed_proves_nothing(world: World) -> None:
    world.snapshot("erin", issued_at=world.NOW - 2 * world.DAY)
    anchor = world.seen_snapshot()
    world.attest("bob", anchor=anchor, issued_at=world.NOW - 3 * world.DAY)

    assert world.verify().result is Result.SATISFIED


def test_row_9_a_date_in_the_future_does_not_count_yet(world: World) -> None:
    world.attest("bob", issued_at=world.NOW + dt.timedelta(seconds=301))
    assert pending(world.verify()) is Code.FUTURE

    world.attest("bob", issued_at=world.NOW + dt.timedelta(seconds=300))
    assert world.verify().result is Result.SATISFIED


@pytest.mark.parametrize(
    ("valid", "age", "lives"),
    [(10, 90, True), (9, 90, False), (400, 10, False), (400, 11, True)],
)
def test_row_9_a_signature_ends_by_its_own_date_or_its_age(
    world: World, valid: int, age: int, *, lives: bool
) -> None:
    issued = world.NOW - 10 * world.DAY
    world.attest(
        "bob",
        issued_at=issued,
        valid_until=issued + valid * world.DAY + world.HOUR * (valid == 10),
    )
    found = world.verify(replace(world.ITEM, max_age=age * world.DAY))

    assert (found.result is Result.SATISFIED) is lives
    assert lives or pending(found) is Code.EXPIRED


def test_row_10_a_clock_before_the_trust_files_date_is_behind(signed: World) -> None:
    signed.table["issued"] = signed.NOW + dt.timedelta(seconds=300)
    assert not signed.read().broken

    signed.table["issued"] = signed.NOW + dt.timedelta(seconds=301)
    assert closes(signed.read()) is Code.CLOCK_BEHIND


def test_row_10_a_clock_before_the_newest_snapshot_is_behind(signed: World) -> None:
    signed.table["snapshot"] = {}
    signed.snapshot(issued_at=signed.NOW + dt.timedelta(seconds=301))

    assert closes(signed.read()) is Code.CLOCK_BEHIND


def test_row_11_an_author_does_not_approve_the_own_change(world: World) -> None:
    world.table["rule"] = [{"items": ["database-setup.*"], "not_by": ["authors"]}]
    world.attest("dave")
    assert pending(world.verify()) is Code.SELF_APPROVAL

    world.attest("bob")
    assert world.verify().result is Result.SATISFIED


def test_row_11_who_asked_for_a_waiver_does_not_approve_it(world: World) -> None:
    world.waive("erin", requested_by="erin")

    assert pending(world.verify()) is Code.SELF_APPROVAL


def test_row_12_one_person_with_two_roles_fills_one_place(world: World) -> None:
    item = replace(world.ITEM, roles=("dba", "dev-lead"))
    world.attest("dave", item)
    found = world.verify(item)
    assert pending(found) is Code.BELOW_THRESHOLD
    assert found.missing_roles == ("dev-lead",)

    world.attest("bob", item)
    assert world.verify(item).result is Result.SATISFIED


def test_row_12_one_person_with_two_keys_is_one_person(world: World) -> None:
    world.table["rule"] = [{"items": ["*"], "need": [{"role": "dba", "count": 2}]}]
    key = {**world.key("second key"), "key": world.key_of("second").public.pem}
    world.person("bob")["key"].append(key)
    world.attest("bob")
    world.attest("bob", by="second")

    assert pending(world.verify()) is Code.BELOW_THRESHOLD


def test_row_12_one_key_of_two_persons_is_an_invalid_trust_file(signed: World) -> None:
    signed.person("erin")["key"] = [signed.key("bob")]

    found = signed.read()

    assert closes(found) is Code.TRUST_INVALID
    assert "signer bob, erin: the key SHA256:" in found.failures[0].reason


def test_row_13_a_machine_attests_nothing(world: World) -> None:
    world.person("ci")["roles"].append("dba")
    world.attest("ci")

    assert pending(world.verify()) is Code.ROLE_NOT_ALLOWED


def test_row_13_a_machine_vetoes_nothing(signed: World) -> None:
    signed.veto("ci")

    assert signed.verify().result is Result.SATISFIED


def test_row_14_an_edited_trust_file_lacks_its_approvals(signed: World) -> None:
    assert not signed.read_full().broken
    signed.person("heidi")["roles"] = ["dba"]

    found = signed.read(pins=signed.pins())

    assert closes(found) is Code.TRUST_THRESHOLD
    assert "approved by nobody" in found.failures[0].reason


def test_row_14_own_roots_in_an_edited_trust_file_do_not_help(signed: World) -> None:
    signed.table["root"] = {"threshold": 1, "people": ["heidi"]}
    signed.approve("heidi")

    assert closes(signed.read(pins=signed.pins())) is Code.TRUST_THRESHOLD


def test_row_14_an_unpinned_trust_file_says_so(signed: World) -> None:
    found = signed.read()

    assert not found.pins.pinned
    assert Code.TRUST_UNPINNED.meaning in found.warnings[0]


def test_row_15_an_old_trust_file_is_a_rollback(signed: World) -> None:
    signed.approve("alice", "bob")

    assert not signed.read(pins=signed.pins(min_trust_version=7)).broken
    found = signed.read(pins=signed.pins(min_trust_version=8))

    assert closes(found) is Code.TRUST_ROLLBACK


def test_row_15_an_expired_trust_file_closes_the_gate(signed: World) -> None:
    signed.table["expires"] = signed.NOW

    assert closes(signed.read_full()) is Code.TRUST_EXPIRED


@pytest.mark.parametrize("how", ["deleted", "spoiled", "relabelled"])
def test_row_16_a_listed_line_that_is_gone_is_a_mismatch(
    signed: World, how: str
) -> None:
    signed.table["snapshot"] = {}
    signed.veto("erin")
    signed.snapshot()
    assert not signed.read().broken
    first, veto, *rest = signed.lines

    if how == "deleted":
        signed.lines = [first, *rest]
        expected = Code.SNAPSHOT_MISMATCH
    elif how == "spoiled":
        spoiled = base64.b64encode(bytes(64)).decode()
        signed.lines = [first, signed.rewrite(veto, sig=spoiled) + b"\n", *rest]
        expected = Code.TAMPERED
    else:  # as if by a key that nobody knows
        signed.lines = [first, signed.rewrite(veto, keyid="SHA256:x") + b"\n", *rest]
        expected = Code.SNAPSHOT_MISMATCH

    assert closes(signed.read()) is expected


def test_row_17_an_old_ledger_with_its_old_snapshot_is_a_rollback(
    signed: World,
) -> None:
    signed.table["snapshot"] = {}
    signed.snapshot(version=5)
    signed.approve("alice", "bob")

    assert not signed.read(pins=signed.pins(min_snapshot_version=5)).broken
    found = signed.read(pins=signed.pins(min_snapshot_version=6))

    assert closes(found) is Code.SNAPSHOT_ROLLBACK


def test_row_17_an_old_snapshot_is_stale(signed: World) -> None:
    signed.table["snapshot"] = {"max_hours": 24}
    signed.snapshot(issued_at=signed.NOW - 24 * signed.HOUR)

    assert closes(signed.read()) is Code.SNAPSHOT_STALE


def test_row_18_a_revocation_in_the_trust_file_needs_no_snapshot(signed: World) -> None:
    payload = signed.payloads[0]
    signed.table["revoked"] = [{"payload_sha256": payload, "reason": "It leaked."}]

    assert pending(signed.verify()) is Code.REVOKED


def test_row_19_nobody_but_a_revoker_revokes_for_others(signed: World) -> None:
    signed.revoke("erin", signed.payloads[0])
    assert signed.verify().result is Result.SATISFIED

    signed.revoke("alice", signed.payloads[0])
    assert pending(signed.verify()) is Code.REVOKED


@pytest.mark.parametrize(
    "window",
    [
        {"not_after": dt.timedelta(0)},
        {"not_before": dt.timedelta(minutes=-59)},
        {"status": "compromised"},
    ],
)
def test_row_20_a_key_must_be_valid_then_and_now_and_not_compromised(
    signed: World, window: dict[str, Any]
) -> None:
    key = signed.person("bob")["key"][0]
    for name, value in window.items():
        key[name] = value if name == "status" else signed.NOW + value

    assert pending(signed.verify()) is Code.KEY_NOT_VALID


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"verdict":"SATISFIED"', '"verdict":"NOT_SATISFIED","verdict":"SATISFIED"'),
        ('"name":"target.json"', '"name":"\\ud800"'),
        ('"name":"target.json"', '"name":NaN'),
        ('"name":"target.json"', '"name":' + "9" * 4300),
        ('"name":"target.json"', '"name":' + "[" * 2000 + "]" * 2000),
        ('{"_type"', '\ufeff{"_type"'),
    ],
)
def test_rows_21_to_23_what_could_be_read_in_two_ways_is_malformed(
    signed: World, old: str, new: str
) -> None:
    line = signed.resign(signed.attestation("erin"), old, new, by="erin")
    append(signed.files.attestations, [line])

    assert closes(signed.read()) is Code.MALFORMED


@pytest.mark.parametrize("person", ["\u0430lice", "Bob", "b b", "bob\u202e", ""])
def test_row_24_a_persons_id_that_looks_like_another_is_invalid(
    signed: World, person: str
) -> None:
    signed.table["signer"].append(signed.signer("x", "dba") | {"person": person})

    found = signed.read()

    assert closes(found) is Code.TRUST_INVALID
    assert found.failures[0].reason.isascii()


def test_row_25_a_rewritten_ecdsa_signature_is_the_same_statement(world: World) -> None:
    key = PrivateKey.generate(KeyKind.P256)
    entry = {**world.key("bob"), "key": key.public.pem}
    world.person("bob")["key"] = [entry]
    world.table["rule"] = [{"items": ["*"], "need": [{"role": "dba", "count": 2}]}]
    payload = base64.b64decode(json.loads(world.attestation("bob"))["payload"])
    line = envelope.sign(payload, key)
    r, s = utils.decode_dss_signature(
        base64.b64decode(json.loads(line)["signatures"][0]["sig"])
    )
    other = utils.encode_dss_signature(r, P256_ORDER - s)
    twin = world.rewrite(line, sig=base64.b64encode(other).decode())
    append(world.files.attestations, [line, twin, line])

    found = world.read()

    assert found.tally.believed == 3
    assert pending(found.verify(world.ITEM)) is Code.BELOW_THRESHOLD


@pytest.mark.parametrize("spelling", ["{}\n", "{}!", " {}"])
def test_row_26_another_spelling_of_a_signature_is_malformed(
    signed: World, spelling: str
) -> None:
    line = signed.attestation("erin")
    sig = json.loads(line)["signatures"][0]["sig"]
    signed.files.attestations.write_bytes(
        signed.rewrite(line, sig=spelling.format(sig)) + b"\n"
    )

    assert closes(signed.read()) is Code.MALFORMED


def test_row_27_the_algorithm_comes_from_the_trust_file(world: World) -> None:
    key = PrivateKey.generate(KeyKind.P256)
    line = world.attestation("bob")
    payload = base64.b64decode(json.loads(line)["payload"])
    other = json.loads(envelope.sign(payload, key))["signatures"][0]["sig"]
    world.add(world.rewrite(line, sig=other))

    assert closes(world.read()) is Code.TAMPERED


@pytest.mark.parametrize("encoding", sorted(SMALL_ORDER)[:3])
def test_row_28_a_weak_key_makes_the_trust_file_invalid(
    signed: World, encoding: bytes
) -> None:
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + encoding
    weak = f"ssh-ed25519 {base64.b64encode(blob).decode()}"
    signed.person("heidi")["key"] = [{**signed.key("heidi"), "key": weak}]

    assert closes(signed.read()) is Code.TRUST_INVALID


def test_row_29_the_same_key_twice_is_invalid(signed: World) -> None:
    signed.person("bob")["key"].append(
        {**signed.key("bob"), "key": signed.key_of("bob").public.pem}
    )

    assert closes(signed.read()) is Code.TRUST_INVALID


def test_row_31_what_was_signed_for_staging_does_not_hold_in_production(
    signed: World,
) -> None:
    staging = signed.elsewhere(environment="staging")

    assert pending(signed.read(context=staging).verify(signed.ITEM)) is (
        Code.WRONG_TARGET
    )


def test_row_32_a_waiver_ends_after_the_policys_days(world: World) -> None:
    world.table["waiver"] = {"max_days": 7}
    issued = world.NOW - 7 * world.DAY
    world.waive("bob", issued_at=issued, valid_until=issued + 300 * world.DAY)

    assert pending(world.verify()) is Code.EXPIRED


def test_row_32_an_item_of_the_never_list_is_not_waivable(world: World) -> None:
    world.table["waiver"] = {"never": ["database-setup.s*"]}
    world.waive("bob")

    assert pending(world.verify()) is Code.NOT_WAIVABLE


@pytest.mark.parametrize(
    "terms",
    [
        {"reason": "Another one."},
        {"risk": "low"},
        {"compensating_controls": ()},
        {"covers_unknown": True},
        {"requested_by": "heidi"},
    ],
)
def test_row_32_approvers_of_different_terms_approve_nothing(
    world: World, terms: dict[str, Any]
) -> None:
    world.waive("bob")
    world.waive("carol", **terms)
    assert pending(world.verify_full()) is Code.BELOW_THRESHOLD

    world.waive("carol", issued_at=world.NOW - world.HOUR / 2)
    assert world.verify_full().result is Result.WAIVED


@pytest.mark.parametrize(
    ("table", "name", "value", "near"),
    [
        ("", "skew", 100, "skew_seconds"),
        ("root", "treshold", 1, "threshold"),
        ("signer", "role", [], "roles"),
        ("key", "notafter", "x", "not_after"),
    ],
)
def test_row_34_an_unknown_word_in_the_trust_file_is_invalid(
    signed: World, table: str, name: str, value: object, near: str
) -> None:
    places = {
        "": signed.table,
        "root": signed.table["root"],
        "signer": signed.person("bob"),
        "key": signed.person("bob")["key"][0],
    }
    places[table][name] = value

    found = signed.read()

    assert closes(found) is Code.TRUST_INVALID
    assert f"{name}: is not known (is `{near}` meant?)" in found.failures[0].reason


def test_row_34_a_date_without_an_offset_is_invalid(signed: World) -> None:
    signed.table["expires"] = dt.datetime(2027, 1, 1)  # noqa: DTZ001 - the very lie

    found = signed.read()

    assert closes(found) is Code.TRUST_INVALID
    assert "expires: needs date, time and offset" in found.failures[0].reason


def test_row_35_foreign_lines_are_ignored_and_counted(signed: World) -> None:
    line = signed.attestation("erin")
    other_type = line.replace(b"application/vnd.in-toto+json", b"text/plain")
    other_predicate = signed.resign(
        line,
        "https://pytest-readiness.readthedocs.io/predicates/item-attestation/v1",
        "https://slsa.dev/provenance/v1",
        by="erin",
    )
    foreign = [*signed.lines, other_type + b"\n", other_predicate + b"\n"]
    signed.lines = foreign

    found = signed.read()

    assert not found.broken
    assert found.tally.ignored == {Code.FOREIGN: 2}
    assert found.verify(signed.ITEM).result is Result.SATISFIED


def test_row_35_lines_by_unknown_keys_are_ignored_and_counted(signed: World) -> None:
    signed.veto("mallory")

    found = signed.read()

    assert not found.broken
    assert found.tally.ignored == {Code.UNTRUSTED_KEY: 1}
    assert found.verify(signed.ITEM).result is Result.SATISFIED
