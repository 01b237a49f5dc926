"""Who is shown in which place, and how long what they signed together lasts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.predicates import ItemRef
from pytest_readiness.attest.result import Result
from pytest_readiness.attest.seats import Place
from pytest_readiness.catalogue.item import ANOTHER_ROLE, ROLES

World = Any


def test_a_waiver_ends_with_the_first_of_its_approvals(world: World) -> None:
    issued = world.NOW - 25 * world.DAY
    world.waive("bob", issued_at=issued)
    world.waive("carol")

    found = world.verify_full()

    assert found.result is Result.WAIVED
    assert found.expires == issued + 30 * world.DAY < world.NOW + 10 * world.DAY


def test_an_item_ends_with_the_first_of_its_signatures(world: World) -> None:
    item = replace(world.ITEM, roles=("dba", "security-lead"))
    world.attest("bob", item, valid_until=world.NOW + 2 * world.DAY)
    world.attest("alice", item, valid_until=world.NOW + world.DAY)

    assert world.verify(item).expires == world.NOW + world.DAY


def test_a_signer_is_shown_in_a_role_of_the_own_before_a_deputys(
    world: World,
) -> None:
    window = {"from": world.NOW - world.DAY, "until": world.NOW + world.DAY}
    world.person("dave")["deputy_for"] = [{"person": "bob", **window}]
    world.attest("dave")
    (signed,) = world.verify().signers
    assert (signed.role, signed.stands_in_for) == ("dba", "")

    # One place that either of two roles may fill: the own role, not the deputy's.
    world.person("erin")["deputy_for"] = [{"person": "grace", **window}]
    world.emergency("erin")
    waiver = world.verify().waiver
    assert waiver.approvers[0].role == "ops-lead"
    assert waiver.approvers[0].stands_in_for == ""

    world.person("erin")["roles"] = []
    waiver = world.verify().waiver
    assert waiver.approvers[0].role == "executive-sponsor"
    assert waiver.approvers[0].stands_in_for == "grace"


def test_of_several_roles_that_fit_the_first_by_name_is_shown(world: World) -> None:
    world.person("grace")["roles"] = ["ops-lead", "executive-sponsor", "dba"]
    world.emergency("grace")

    assert world.verify().waiver.approvers[0].role == "executive-sponsor"


def test_nothing_that_is_not_said_is_shown(world: World) -> None:
    world.attest("bob")

    (signed,) = world.verify().signers

    assert (signed.justification, signed.evidence, signed.claims) == ("", (), ())


def test_an_item_may_ask_for_somebody_of_another_role(world: World) -> None:
    item = replace(world.ITEM, roles=("dba", ANOTHER_ROLE))
    world.attest("bob", item)
    found = world.verify(item)
    assert found.code is Code.BELOW_THRESHOLD
    assert found.missing_roles == ("a person of another role",)

    world.person("heidi")["roles"] = ["dba"]
    world.attest("heidi", item)
    assert world.verify(item).code is Code.BELOW_THRESHOLD

    world.attest("erin", item)
    assert world.verify(item).result is Result.SATISFIED


def test_another_role_is_a_second_person_of_a_role_that_the_item_does_not_name(
    world: World,
) -> None:
    terms = replace(world.ITEM, roles=("dba", ANOTHER_ROLE))
    world.attest("bob", terms)
    found = world.read().verify(terms)
    assert found.code is Code.BELOW_THRESHOLD
    assert found.missing_roles == ("a person of another role",)
    world.attest("heidi", terms)  # without a role
    assert world.read().verify(terms).result is Result.NONE
    world.attest("frank", terms)
    found = world.read().verify(terms)
    assert found.result is Result.SATISFIED
    assert {one.person for one in found.signers} == {"bob", "frank"}


def test_a_person_without_a_role_is_nobody_of_another_role(world: World) -> None:
    item = replace(world.ITEM, roles=("dba", ANOTHER_ROLE))
    world.person("heidi")["roles"] = ["revoker", "registrar", "runner"]
    world.attest("bob", item)
    world.attest("heidi", item)

    assert world.verify(item).code is Code.ROLE_NOT_ALLOWED


def test_a_waiver_in_full_use_does_not_ask_for_another_role(world: World) -> None:
    item = replace(world.ITEM, roles=("dba", ANOTHER_ROLE))
    world.waive("bob", item)
    world.waive("carol", item)

    found = world.verify_full(item)

    assert found.result is Result.WAIVED
    assert [one.role for one in found.waiver.approvers] == ["dba", "business-owner"]


# --------------------------------------------------------------- deputies and roots


def test_a_roots_deputy_approves_no_trust_file(world: World) -> None:
    window = {"from": world.NOW - world.DAY, "until": world.NOW + world.DAY}
    world.person("heidi")["deputy_for"] = [{"person": "bob", **window}]
    world.approve("alice", "heidi")

    found = world.read(pins=world.pins("alice", "bob"))

    assert found.failures[0].code is Code.TRUST_THRESHOLD


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_deputys_role_begins_and_ends_to_the_second(
    world: World, seconds: int
) -> None:
    issued = world.NOW - world.HOUR
    step = seconds * world.HOUR / 3600
    for name, window in (
        ("heidi", {"from": issued + step, "until": world.NOW}),
        ("frank", {"from": issued - world.DAY, "until": issued + step}),
    ):
        world.person(name)["deputy_for"] = [{"person": "bob", **window}]
    world.attest("frank" if seconds else "heidi")
    assert world.verify().result is Result.SATISFIED

    world.lines = []
    world.attest("heidi" if seconds else "frank")
    assert world.verify().code is Code.ROLE_NOT_ALLOWED


def test_a_deputy_may_take_back_what_the_revoker_may(world: World) -> None:
    window = {"from": world.NOW - world.DAY, "until": world.NOW + world.DAY}
    payload = world.attest("bob")
    world.revoke("heidi", payload)
    assert world.verify().result is Result.SATISFIED

    world.person("heidi")["deputy_for"] = [{"person": "alice", **window}]
    assert world.verify().code is Code.REVOKED


# ------------------------------------------------------------- same_as and vetoes


def test_a_veto_over_a_wording_that_means_the_same_stands(world: World) -> None:
    item = replace(world.ITEM, same_as=frozenset({world.OTHER_WORDING}))
    world.veto("erin", wording=world.OTHER_WORDING)
    world.attest("bob")

    assert world.verify(item).code is Code.REJECTED
    # Nobody has approved that it means the same: bob, who has read today's, counts
    # only after the veto.
    assert world.verify_full(item).code is Code.VETO_LAPSED


def test_a_waiver_over_a_wording_that_means_the_same_holds(world: World) -> None:
    item = replace(world.ITEM, same_as=frozenset({world.OTHER_WORDING}))
    ref = ItemRef(id=item.id, digest=world.OTHER_WORDING)
    world.waive("carol", ref=ref)
    world.waive("bob", ref=ref)

    assert world.verify(item).result is Result.WAIVED
    assert world.verify_full(item).code is Code.ITEM_CHANGED


# ---------------------------------------------------------------------------- places


def test_each_role_has_its_place_and_another_one_takes_none_of_theirs() -> None:
    owner, other = Place.all_of(("business-owner", ANOTHER_ROLE))
    assert owner == Place.of("business-owner")
    assert other.label == "a person of another role"
    assert other.roles == frozenset(ROLES) - {"business-owner"}
    assert other.fits({"dba": None})
    assert not other.fits({"business-owner": None})
    assert not other.fits({"runner": None})
