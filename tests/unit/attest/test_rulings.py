"""The rulings of the ledger, one by one, as far as they are about what is signed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.appending import write_statement
from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.context import LockSeen
from pytest_readiness.attest.envelope import Envelope
from pytest_readiness.attest.predicates import Evidence, Verdict
from pytest_readiness.attest.result import Result
from pytest_readiness.attest.signatures import LedgerFiles, read_signatures
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from pytest_readiness.attest.result import ItemSignatures

World = Any


def pending(found: ItemSignatures) -> Code | None:
    """Give the code for which an item waits."""
    assert found.result is Result.NONE
    return found.code


# ------------------------------------------------------------- 3: digests and same_as


def test_ruling_3_an_editorial_change_keeps_its_signatures(world: World) -> None:
    world.attest("bob", wording=world.OTHER_WORDING)
    item = replace(world.ITEM, same_as=frozenset({world.OTHER_WORDING}))

    assert world.verify(item).result is Result.SATISFIED


def test_ruling_3_pinned_roots_must_have_approved_the_editorial_change(
    world: World,
) -> None:
    world.attest("bob", wording=world.OTHER_WORDING)
    item = replace(world.ITEM, same_as=frozenset({world.OTHER_WORDING}))
    assert pending(world.verify_full(item)) is Code.ITEM_CHANGED

    # Whoever approves the trust file approves the lock that it pins, same_as included.
    world.table["checklist"] = {"name": "ours", "items": 1, "sha256": "a" * 64}
    world.context = world.elsewhere(lock=LockSeen("a" * 64, 1))
    assert world.verify_full(item).result is Result.SATISFIED


# ------------------------------------------------------------------------- 4: context


@pytest.mark.parametrize(
    "missing",
    [
        {"from_outside": False},
        {"system": ""},
        {"environment": ""},
        {"version": "", "source": ""},
        {"authors": None},
    ],
)
def test_ruling_4_full_use_wants_the_context_from_outside(
    world: World, missing: dict[str, Any]
) -> None:
    world.approve("alice", "bob")

    found = world.read(pins=world.pins(), context=world.elsewhere(**missing))

    assert found.failures[0].code is Code.CONTEXT_MISSING


def test_ruling_4_small_use_takes_the_context_from_the_files(world: World) -> None:
    world.attest("bob")
    context = world.elsewhere(from_outside=False, authors=None, version="", source="")

    assert world.read(context=context).verify(world.ITEM).result is Result.SATISFIED


# -------------------------------------------------------------- 5: no, old trust file


def test_ruling_5_no_trust_file_is_pending_and_no_broken_trust(world: World) -> None:
    world.write_trust()
    world.files.trust.unlink()

    found = read_signatures(world.files, context=world.context, now=world.now)

    assert not found.broken
    assert pending(found.verify(world.ITEM)) is Code.NO_TRUST_FILE
    assert found.gone(["ab" * 32]) == ["ab" * 32]
    assert found.excess_waivers([]) == 0
    assert found.unreviewed_emergencies() == []
    assert found.deployments == []
    assert found.until is None


def test_ruling_5_a_trust_file_about_to_expire_is_announced(world: World) -> None:
    world.table["expires"] = world.NOW + 30 * world.DAY + world.HOUR
    assert not any("expires" in warning for warning in world.read().warnings)

    world.table["expires"] = world.NOW + 30 * world.DAY
    assert any("expires 2026-11-14" in warning for warning in world.read().warnings)


def test_ruling_5_an_expired_trust_file_is_pending_in_small_use(world: World) -> None:
    vetoed = replace(world.ITEM, id="database-setup.data-validation")
    unsigned = replace(world.ITEM, id="database-setup.schema-migration")
    world.attest("bob")
    world.waive("carol", unsigned)
    world.veto("erin", vetoed)
    world.table["expires"] = world.NOW

    found = world.read()

    assert not found.broken
    assert pending(found.verify(world.ITEM)) is Code.EXPIRED
    assert pending(found.verify(unsigned)) is Code.EXPIRED
    assert found.verify(unsigned).waiver is None
    assert pending(found.verify(replace(world.ITEM, id="a.b"))) is Code.MISSING
    assert found.verify(vetoed).result is Result.VETOED
    assert any("has expired" in warning for warning in found.warnings)


# ----------------------------------------------------------------- 6: second thoughts


def test_ruling_6_a_persons_newest_line_counts(world: World) -> None:
    world.attest("bob", issued_at=world.NOW - 2 * world.DAY)
    world.veto("bob", issued_at=world.NOW - world.DAY)
    assert world.verify().code is Code.REJECTED

    world.attest("bob", issued_at=world.NOW - world.HOUR)
    assert world.verify().result is Result.SATISFIED


def test_ruling_6_at_the_same_time_the_veto_counts(world: World) -> None:
    world.veto("bob")
    world.attest("bob")

    assert world.verify().code is Code.REJECTED


def test_ruling_6_a_veto_has_no_age_and_needs_no_role(world: World) -> None:
    issued = world.NOW - 199 * world.DAY
    world.person("heidi")["key"][0]["not_after"] = issued + world.DAY
    world.veto("heidi", issued_at=issued, valid_until=issued + world.HOUR)
    world.attest("bob")
    world.waive("carol")

    found = world.verify()

    assert found.result is Result.VETOED
    assert found.code is Code.REJECTED
    assert found.reason == "signed NOT_SATISFIED by Heidi Example"
    assert found.waiver is None
    assert found.expires is None


def test_ruling_6_a_veto_that_its_signer_takes_back_has_lapsed(world: World) -> None:
    veto = world.veto("erin")
    world.revoke("erin", veto)

    assert pending(world.verify()) is Code.VETO_LAPSED


def test_ruling_6_after_a_veto_the_item_is_signed_anew(world: World) -> None:
    world.attest("bob", issued_at=world.NOW - 3 * world.DAY)
    veto = world.veto("erin", issued_at=world.NOW - 2 * world.DAY)
    world.revoke("erin", veto, issued_at=world.NOW - world.DAY)
    found = world.verify()
    assert pending(found) is Code.VETO_LAPSED
    assert "was a veto and was revoked" in found.reason

    world.attest("bob", issued_at=world.NOW - world.HOUR)
    assert world.verify().result is Result.SATISFIED


def test_ruling_6_of_several_vetoes_the_last_one_counts(world: World) -> None:
    for days in (2, 4, 3):
        veto = world.veto("erin", issued_at=world.NOW - days * world.DAY)
        world.revoke("erin", veto)
    world.attest("bob", issued_at=world.NOW - 2 * world.DAY)
    assert pending(world.verify()) is Code.VETO_LAPSED

    after = world.NOW - 2 * world.DAY + world.HOUR
    world.attest("bob", issued_at=after)
    assert world.verify().result is Result.SATISFIED


def test_ruling_6_the_signers_newer_line_ends_the_veto_for_itself_alone(
    world: World,
) -> None:
    world.attest("bob", issued_at=world.NOW - 3 * world.DAY)
    world.veto("dave", issued_at=world.NOW - 2 * world.DAY)
    world.attest("dave", issued_at=world.NOW - world.DAY)

    found = world.verify()

    assert [signed.person for signed in found.signers] == ["dave"]


def test_ruling_6_a_veto_of_another_release_has_lapsed(world: World) -> None:
    item = replace(world.ITEM, scope=Scope.RELEASE)
    before = world.elsewhere(source="sha256:" + "ab" * 32)
    world.veto("erin", item, context=before)
    assert pending(world.verify(item)) is Code.VETO_LAPSED

    world.attest("bob", item)
    assert world.verify(item).result is Result.SATISFIED


def test_ruling_6_a_veto_of_another_wording_has_lapsed(world: World) -> None:
    world.veto("erin", wording=world.OTHER_WORDING)

    assert pending(world.verify()) is Code.VETO_LAPSED


def test_a_compromised_key_does_not_end_its_owners_veto(world: World) -> None:
    """Step 9 would let the thief's newer line supersede the veto before step 14."""
    thief = {**world.key("thief"), "key": world.key_of("thief").public.pem}
    world.person("bob")["key"].append(thief | {"status": "compromised"})
    world.attest("dave", issued_at=world.NOW - world.HOUR / 4)
    world.veto("bob", issued_at=world.NOW - world.HOUR)
    world.attest("bob", issued_at=world.NOW - world.HOUR / 2, by="thief")

    assert world.verify().code is Code.REJECTED


def test_a_compromised_key_vetoes_nothing(world: World) -> None:
    thief = {**world.key("thief"), "key": world.key_of("thief").public.pem}
    world.person("erin")["key"].append(thief | {"status": "compromised"})
    world.attest("bob", issued_at=world.NOW - world.DAY)
    world.veto("erin", by="thief")

    found = world.verify()

    assert found.result is Result.SATISFIED
    assert [refusal.code for refusal in found.refusals] == [Code.KEY_NOT_VALID]


def test_a_key_outside_its_window_does_not_end_its_owners_veto(world: World) -> None:
    old = {**world.key("old"), "key": world.key_of("old").public.pem}
    world.person("bob")["key"].append(old | {"not_after": world.NOW - world.DAY})
    world.veto("bob", issued_at=world.NOW - world.HOUR)
    world.attest("bob", issued_at=world.NOW - world.HOUR / 2, by="old")

    assert world.verify().code is Code.REJECTED


@pytest.mark.parametrize(
    "window", [{"not_after": -0.25}, {"not_before": -0.25}, {"not_after": -0.75}]
)
def test_a_doubtful_revocation_does_not_end_a_veto(
    world: World, window: dict[str, float]
) -> None:
    other = {**world.key("other"), "key": world.key_of("other").public.pem}
    for name, hours in window.items():
        other[name] = world.NOW + hours * world.HOUR
    world.person("bob")["key"].append(other)
    veto = world.veto("bob", issued_at=world.NOW - world.HOUR)
    world.revoke("bob", veto, by="other", issued_at=world.NOW - world.HOUR / 2)
    assert world.verify().code is Code.REJECTED

    world.revoke("bob", veto, issued_at=world.NOW + world.DAY)
    assert world.verify().code is Code.REJECTED


def test_a_doubtful_revocation_ends_any_other_signature(world: World) -> None:
    signed = world.attest("bob")
    world.revoke("bob", signed, issued_at=world.NOW + world.DAY)

    assert pending(world.verify()) is Code.REVOKED


def test_a_compromised_key_revokes_nothing(world: World) -> None:
    thief = {**world.key("thief"), "key": world.key_of("thief").public.pem}
    world.person("bob")["key"].append(thief | {"status": "compromised"})
    signed = world.attest("bob")
    world.revoke("bob", signed, by="thief")

    assert world.verify().result is Result.SATISFIED


def test_ruling_6_a_revoked_line_still_takes_the_place_of_older_ones(
    world: World,
) -> None:
    world.attest("bob", issued_at=world.NOW - 2 * world.DAY)
    newer = world.attest("bob", issued_at=world.NOW - world.DAY)
    world.revoke("bob", newer)

    assert pending(world.verify()) is Code.REVOKED


# ------------------------------------------------------------------------- 8: layout


def test_ruling_8_a_folder_of_statements_is_read_as_the_file_is(world: World) -> None:
    folder = world.root / "attestations"
    line = world.attestation("bob")
    path = write_statement(folder, world.ITEM.id, line)
    digest = Envelope.parse(line).payload_sha256
    assert path == folder / world.ITEM.id / f"{digest[:12]}.intoto.json"
    world.files = replace(world.files, attestations=folder)

    found = world.read()

    assert not found.broken
    assert found.verify(world.ITEM).result is Result.SATISFIED


def test_ruling_8_file_and_folder_are_read_both_unless_one_is_named(
    world: World,
) -> None:
    world.attest("bob")
    write_statement(
        world.files.folder,
        world.ITEM.id,
        world.attestation("erin", verdict=Verdict.NOT_SATISFIED),
    )
    assert world.verify().code is Code.REJECTED

    path = world.files.attestations
    world.files = LedgerFiles.below(world.root, attestations=path)
    assert world.verify().result is Result.SATISFIED


def test_ruling_8_a_malformed_line_is_named_by_its_number(world: World) -> None:
    world.attest("bob")
    world.lines = [*world.lines, b"{}\n"]

    found = world.read()

    assert found.failures[0].code is Code.MALFORMED
    assert found.failures[0].where.endswith("line 2")


def test_ruling_8_the_order_of_the_lines_never_matters(world: World) -> None:
    world.attest("bob", issued_at=world.NOW - world.DAY)
    world.veto("bob")
    world.lines = world.lines[::-1]

    assert world.verify().code is Code.REJECTED


# ------------------------------------------------------------------------- 10: people


def test_ruling_10_a_deputy_signs_within_the_dates(world: World) -> None:
    world.person("heidi")["deputy_for"] = [
        {
            "person": "bob",
            "from": world.NOW - 2 * world.DAY,
            "until": world.NOW - world.DAY,
        }
    ]
    world.attest("heidi", issued_at=world.NOW - world.DAY)
    assert pending(world.verify()) is Code.ROLE_NOT_ALLOWED

    world.attest("heidi", issued_at=world.NOW - world.DAY - world.HOUR)
    world.lines = world.lines[1:]
    found = world.verify()

    assert found.result is Result.SATISFIED
    assert found.signers[0].role == "dba"
    assert found.signers[0].stands_in_for == "bob"


def test_ruling_10_a_deputy_has_not_the_roles_of_the_deputys_deputy(
    world: World,
) -> None:
    window = {"from": world.NOW - world.DAY, "until": world.NOW + world.DAY}
    world.person("heidi")["deputy_for"] = [{"person": "erin", **window}]
    world.person("erin")["deputy_for"] = [{"person": "bob", **window}]
    world.attest("heidi")

    assert pending(world.verify()) is Code.ROLE_NOT_ALLOWED


def test_ruling_10_authors_are_left_out_of_code_review_by_default(
    world: World,
) -> None:
    review = replace(world.ITEM, id="pre-deployment.code-review", roles=("dev-lead",))
    world.attest("dave", review)
    assert pending(world.verify(review)) is Code.SELF_APPROVAL

    other = replace(world.ITEM, roles=("dev-lead",))
    world.attest("dave", other)
    assert world.verify(other).result is Result.SATISFIED


@pytest.mark.parametrize("author", ["DAVE@example.com", "dave ", "dave EXAMPLE"])
def test_ruling_10_an_author_is_found_by_mail_name_or_id(
    world: World, author: str
) -> None:
    world.table["rule"] = [{"items": ["*"], "not_by": ["authors"]}]
    world.context = world.elsewhere(authors=frozenset({author}))
    world.attest("dave")

    assert pending(world.verify()) is Code.SELF_APPROVAL


def test_ruling_10_the_report_says_where_nobody_knows_the_authors(
    world: World,
) -> None:
    world.table["rule"] = [{"items": ["*"], "not_by": ["authors"]}]
    world.attest("dave")
    world.context = world.elsewhere(authors=None)

    found = world.read()

    assert any("who wrote the change" in warning for warning in found.warnings)
    assert found.verify(world.ITEM).result is Result.SATISFIED


def test_ruling_10_who_cannot_be_told_from_the_authors_is_left_out(
    world: World,
) -> None:
    world.table["rule"] = [{"items": ["*"], "not_by": ["authors"]}]
    world.person("bob")["emails"] = []
    world.attest("bob")
    assert pending(world.verify()) is Code.SELF_APPROVAL

    world.context = world.elsewhere(authors=frozenset())
    assert world.verify().result is Result.SATISFIED


# ---------------------------------------------------------------------- 11: evidence


def evidence(world: World, name: str, data: bytes = b"report") -> tuple[Evidence, ...]:
    path = world.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return (Evidence(name=name, digest=hashlib.sha256(data).hexdigest()),)


@pytest.mark.parametrize("how", ["changed", "missing", "a folder", "a pipe"])
def test_ruling_11_evidence_is_hashed_again(world: World, how: str) -> None:
    world.attest("bob", evidence=evidence(world, "evidence/drill.txt"))
    found = world.verify()
    assert found.result is Result.SATISFIED
    assert found.has_evidence

    path = world.root / "evidence/drill.txt"
    path.unlink()
    if how == "changed":
        path.write_bytes(b"repaired")
    elif how == "a folder":
        path.mkdir()
    elif how == "a pipe":
        os.mkfifo(path)

    found = world.verify()
    assert pending(found) is Code.EVIDENCE_CHANGED
    assert "evidence/drill.txt" in found.reason


def test_ruling_11_evidence_is_not_looked_for_outside_the_repository(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("other") / "drill.txt"
    pieces = evidence(world, "drill.txt")
    secret.write_bytes(b"report")
    (world.root / "drill.txt").unlink()
    (world.root / "drill.txt").symlink_to(secret)
    world.attest("bob", evidence=pieces)

    found = world.verify()

    assert pending(found) is Code.EVIDENCE_CHANGED
    assert "leads out of the repository" in found.reason


def test_ruling_11_a_link_within_the_repository_is_followed(world: World) -> None:
    pieces = evidence(world, "drill.txt")
    (world.root / "drill.txt").rename(world.root / "drill-1.txt")
    (world.root / "drill.txt").symlink_to(world.root / "drill-1.txt")
    world.attest("bob", evidence=pieces)

    assert world.verify().result is Result.SATISFIED


def test_ruling_11_evidence_of_two_signers_is_one_file(world: World) -> None:
    pieces = evidence(world, "drill.txt")
    world.attest("bob", evidence=pieces)
    world.attest("dave", evidence=pieces)

    assert world.verify().result is Result.SATISFIED


def test_ruling_11_a_loop_of_links_is_no_evidence(world: World) -> None:
    pieces = evidence(world, "drill.txt")
    (world.root / "drill.txt").unlink()
    (world.root / "drill.txt").symlink_to(world.root / "drill.txt")
    world.attest("bob", evidence=pieces)

    assert pending(world.verify()) is Code.EVIDENCE_CHANGED


def test_ruling_11_evidence_with_an_address_is_recorded_only(world: World) -> None:
    piece = Evidence(name="wiki", digest="0" * 64, uri="https://wiki.example.com/7")
    world.attest("bob", evidence=(piece,))

    found = world.verify()

    assert found.result is Result.SATISFIED
    assert found.signers[0].evidence == (piece,)


# ------------------------------------------------------------------- 12: no snapshot


def test_ruling_12_without_a_snapshot_the_report_says_what_that_means(
    world: World,
) -> None:
    known = [world.attest("bob"), world.attest("erin")]
    assert any("asks for no snapshot" in one for one in world.read().warnings)
    assert world.read().gone(known) == []

    world.lines = world.lines[1:]

    assert world.read().gone(known) == known[:1]


# -------------------------------------------------------- not applicable: two roles


def test_not_applicable_is_signed_by_the_role_and_another(world: World) -> None:
    world.drop("bob")
    assert "the target does not declare it" in world.verify().reason
    found = world.verify(declared=True)
    assert pending(found) is Code.BELOW_THRESHOLD
    assert "a person of another role" in found.reason

    world.drop("erin")
    found = world.verify(declared=True)
    assert found.result is Result.NOT_APPLICABLE
    assert {signed.person for signed in found.signers} == {"bob", "erin"}
    assert found.expires is not None


@pytest.mark.parametrize(
    ("more", "declared", "why"),
    [
        ({}, False, "the target does not declare it"),
        ({"core": True}, True, "never not applicable"),
        ({"approval": True, "core": False}, True, "say which report"),
    ],
)
def test_not_applicable_must_be_declared_and_is_never_core(
    world: World, more: dict[str, bool], *, declared: bool, why: str
) -> None:
    item = replace(world.ITEM, **more)
    world.drop("bob", item)
    world.drop("erin", item)

    found = world.verify(item, declared=declared)

    assert found.result is Result.NONE
    assert why in found.reason


def test_not_applicable_by_the_same_role_twice_is_not_enough(world: World) -> None:
    world.person("heidi")["roles"] = ["dba"]
    world.drop("bob")
    world.drop("heidi")
    assert pending(world.verify(declared=True)) is Code.BELOW_THRESHOLD

    # Without a role at all nobody is "a person of another role".
    world.drop("ci")
    assert pending(world.verify(declared=True)) is Code.ROLE_NOT_ALLOWED


def test_a_signature_that_it_is_satisfied_does_not_make_it_inapplicable(
    world: World,
) -> None:
    world.attest("bob")
    world.drop("erin")

    found = world.verify(declared=True)

    assert found.result is Result.SATISFIED
    assert found.refusals[0].code is Code.BELOW_THRESHOLD


def test_a_verdict_of_each_kind_is_known() -> None:
    assert {str(word) for word in Verdict} == {
        "SATISFIED",
        "NOT_SATISFIED",
        "NOT_APPLICABLE",
    }
