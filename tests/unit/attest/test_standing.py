"""Which line takes the place of which, and with which of its signer's keys."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.predicates import Verdict
from pytest_readiness.attest.result import Result

if TYPE_CHECKING:
    from pytest_readiness.attest.result import ItemSignatures

World = Any


def give_key(world: World, person: str, name: str, **more: Any) -> None:
    """Give somebody one more key."""
    key = {**world.key(name), "key": world.key_of(name).public.pem, **more}
    world.person(person)["key"].append(key)


def in_any_order(world: World) -> ItemSignatures:
    """Judge the item by every order of the lines; all must agree."""
    found = []
    for lines in permutations(world.lines):
        world.lines = list(lines)
        found.append(world.verify())
    assert all(one == found[0] for one in found)
    return found[0]


@pytest.mark.parametrize(
    "more", [{"wording": True}, {"subject": True}, {"anchor": True}]
)
def test_a_veto_outside_its_keys_window_does_not_end_its_owners_veto(
    world: World, more: dict[str, Any]
) -> None:
    """It would take the veto's place, and then itself not count."""
    give_key(world, "erin", "old", not_after=world.NOW - world.DAY)
    world.veto("erin", issued_at=world.NOW - 2 * world.HOUR)
    world.attest("bob", issued_at=world.NOW)
    more = dict(more)
    if more.pop("wording", False):
        more["wording"] = world.OTHER_WORDING
    if more.pop("subject", False):
        more["subject"] = world.context.subject([world.APPROVAL.scope])
    if more.pop("anchor", False):
        world.snapshot()
        more["anchor"] = world.seen_snapshot()
    world.veto("erin", by="old", issued_at=world.NOW - world.HOUR, **more)

    found = in_any_order(world)

    assert found.code is Code.REJECTED


def test_a_veto_outside_its_keys_window_is_a_veto(world: World) -> None:
    """Step 16: of a veto neither age nor key window is asked."""
    give_key(world, "erin", "old", not_after=world.NOW - world.DAY)
    world.attest("erin", issued_at=world.NOW - 2 * world.HOUR)
    world.veto("erin", by="old")
    world.attest("bob")

    assert in_any_order(world).code is Code.REJECTED


def test_a_signers_newer_line_ends_a_veto_outside_its_keys_window(
    world: World,
) -> None:
    give_key(world, "bob", "old", not_after=world.NOW - world.DAY)
    world.veto("bob", by="old", issued_at=world.NOW - 2 * world.HOUR)
    world.attest("bob", issued_at=world.NOW - world.HOUR)

    found = in_any_order(world)

    assert found.result is Result.SATISFIED
    assert found.refusals == ()


def test_a_compromised_key_does_not_end_a_veto_outside_its_keys_window(
    world: World,
) -> None:
    give_key(world, "erin", "old", not_after=world.NOW - world.DAY)
    give_key(world, "erin", "thief", status="compromised")
    world.veto("erin", by="old", issued_at=world.NOW - 2 * world.HOUR)
    world.attest("erin", by="thief", issued_at=world.NOW - world.HOUR)
    world.attest("bob", issued_at=world.NOW)

    assert in_any_order(world).code is Code.REJECTED


def test_of_one_statement_by_two_keys_the_one_that_is_valid_longer_counts(
    world: World,
) -> None:
    give_key(world, "bob", "ended", not_after=world.NOW - world.HOUR / 2)
    give_key(world, "bob", "ending", not_after=world.NOW + world.DAY)
    line = world.attestation("bob")
    for name in ("bob", "ended", "ending"):
        world.add(world.signed_again(line, name))

    found = in_any_order(world)

    assert found.result is Result.SATISFIED
    assert found.signers[0].fingerprint == world.key_of("bob").fingerprint
    assert found.expires == world.NOW - world.HOUR + 60 * world.DAY


@pytest.mark.parametrize("names", [*permutations(["bob", "ended", "thief", "late"])])
def test_of_several_signatures_in_a_line_the_best_key_counts(
    world: World, names: tuple[str, ...]
) -> None:
    give_key(world, "bob", "ended", not_after=world.NOW - world.HOUR / 2)
    give_key(world, "bob", "late", not_before=world.NOW - world.HOUR / 2)
    give_key(world, "bob", "thief", status="compromised")
    world.person("bob")["key"][2]["not_after"] = world.NOW + 190 * world.DAY
    world.add(world.signed_again(world.attestation("bob"), *names))

    found = world.verify()

    assert found.result is Result.SATISFIED
    assert found.signers[0].fingerprint == world.key_of("bob").fingerprint


@pytest.mark.parametrize(
    ("window", "lives"),
    [
        ({"not_before": 0}, True),
        ({"not_before": 1}, False),
        ({"not_after": 0}, False),
        ({"not_after": 1}, False),
        ({"not_after": 3600}, False),
        ({"not_after": 3601}, True),
    ],
)
def test_a_keys_window_begins_and_ends_to_the_second(
    world: World, window: dict[str, int], *, lives: bool
) -> None:
    """Seconds after the signature, which is an hour old."""
    for name, seconds in window.items():
        moment = world.NOW - world.HOUR + seconds * world.HOUR / 3600
        world.person("bob")["key"][0][name] = moment
    world.attest("bob")

    assert (world.verify().code is None) is lives
    assert lives or world.verify().code is Code.KEY_NOT_VALID


def test_a_thiefs_copy_of_a_statement_is_not_even_mentioned(world: World) -> None:
    give_key(world, "bob", "thief", status="compromised")
    line = world.attestation("bob")
    for name in ("bob", "thief"):
        world.add(world.signed_again(line, name))

    found = in_any_order(world)

    assert found.result is Result.SATISFIED
    assert found.refusals == ()


@pytest.mark.parametrize("days", [*permutations([2, 3, 4])])
def test_of_several_vetoes_the_last_one_counts_in_any_order(
    world: World, days: tuple[int, ...]
) -> None:
    for number in days:
        veto = world.veto("erin", issued_at=world.NOW - number * world.DAY)
        world.revoke("erin", veto)
    world.attest("bob", issued_at=world.NOW - 2 * world.DAY)
    assert world.verify().code is Code.VETO_LAPSED

    world.attest("bob", issued_at=world.NOW - 2 * world.DAY + world.HOUR)
    assert world.verify().result is Result.SATISFIED


def test_what_is_older_than_a_veto_that_its_signer_ended_has_lapsed_with_it(
    world: World,
) -> None:
    world.attest("bob", issued_at=world.NOW - 3 * world.HOUR)
    world.veto("erin", issued_at=world.NOW - 2 * world.HOUR)
    world.attest("erin", issued_at=world.NOW - world.HOUR)

    found = in_any_order(world)

    assert found.code is Code.VETO_LAPSED
    assert "is older than the veto of erin, which has ended" in found.reason


@pytest.mark.parametrize(
    "change", [{"status": "compromised"}, {"not_after": -0.25}, {"not_before": -0.25}]
)
def test_a_doubtful_review_of_an_emergency_is_none(
    world: World, change: dict[str, Any]
) -> None:
    more = {
        name: value if name == "status" else world.NOW + value * world.HOUR
        for name, value in change.items()
    }
    give_key(world, "alice", "other", **more)
    payload = world.emergency("erin", issued_at=world.NOW - 6 * world.DAY)
    world.revoke("alice", payload, by="other")
    world.revoke("alice", payload, issued_at=world.NOW + world.DAY)
    assert world.read().unreviewed_emergencies()

    world.revoke("alice", payload)
    assert not world.read().unreviewed_emergencies()


def test_a_root_that_approves_by_two_keys_has_approved_by_each(world: World) -> None:
    """One of them is pinned; whichever line stands last in the file."""
    give_key(world, "alice", "other")
    line = world.approval("alice")
    lines = [world.signed_again(line, name) for name in ("alice", "other")]
    for order in permutations(lines):
        world.files.approvals.unlink(missing_ok=True)
        world.approve("bob")
        for one in order:
            world.add(one, world.files.approvals)

        assert not world.read(pins=world.pins("alice", "bob")).broken


def test_an_emergency_by_two_keys_counts_by_the_better_one(world: World) -> None:
    give_key(world, "erin", "thief", status="compromised")
    give_key(world, "erin", "ended", not_after=world.NOW - world.HOUR / 2)
    world.emergency("erin")
    for name in ("thief", "ended"):
        world.add(world.signed_again(world.lines[0], name))

    assert in_any_order(world).result is Result.WAIVED


def test_a_key_outside_its_window_does_not_end_an_emergency(world: World) -> None:
    give_key(world, "erin", "old", not_after=world.NOW - world.DAY)
    world.emergency("erin")
    world.emergency("erin", by="old", issued_at=world.NOW - world.HOUR / 2)

    found = in_any_order(world)

    assert found.result is Result.WAIVED
    assert found.expires == world.NOW + 23 * world.HOUR


@pytest.mark.parametrize("what", ["veto", "revocation"])
def test_what_says_no_is_not_kept_by_a_compromised_key(world: World, what: str) -> None:
    """Row 16: else its thief signs a veto again, and takes the owner's line away."""
    world.table["snapshot"] = {}
    give_key(world, "erin", "thief", status="compromised")
    attested = world.attest("erin", issued_at=world.NOW - 2 * world.HOUR)
    if what == "veto":
        world.veto("erin")
    else:
        world.revoke("erin", attested)
    world.snapshot()
    assert not world.read().broken
    first, listed, snapshot = world.lines
    stolen = world.signed_again(listed, "thief") + b"\n"

    world.lines = [first, listed, stolen, snapshot]
    assert not world.read().broken
    world.lines = [first, stolen, snapshot]
    assert world.read().failures[0].code is Code.SNAPSHOT_MISMATCH


@pytest.mark.parametrize("verdict", [Verdict.SATISFIED, Verdict.NOT_APPLICABLE])
def test_what_says_yes_by_a_compromised_key_is_pending_and_no_broken_trust(
    world: World, verdict: Verdict
) -> None:
    world.table["snapshot"] = {}
    world.attest("bob", verdict=verdict)
    world.snapshot()
    world.person("bob")["key"][0]["status"] = "compromised"

    found = world.read()

    assert not found.broken
    assert found.verify(world.ITEM).code is Code.KEY_NOT_VALID
