"""Ruling 7: waivers, their limits, and emergencies."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.predicates import ItemRef
from pytest_readiness.attest.result import Result
from pytest_readiness.catalogue.item import ANOTHER_ROLE

if TYPE_CHECKING:
    from pytest_readiness.attest.result import ItemSignatures, WaiverInfo

World = Any


def waived(found: ItemSignatures) -> WaiverInfo:
    """Give the waiver that holds."""
    assert found.result is Result.WAIVED
    assert found.code is None
    assert found.waiver is not None
    return found.waiver


def pending(found: ItemSignatures) -> Code | None:
    """Give the code for which an item waits, waived by nothing."""
    assert found.result is Result.NONE
    assert found.waiver is None
    return found.code


# -------------------------------------------------------------------------- approvers


def test_in_small_use_anybody_but_the_requester_approves(world: World) -> None:
    world.waive("heidi", ticket="RISK-91")

    info = waived(world.verify())

    assert info.item == world.ITEM.id
    assert [signed.person for signed in info.approvers] == ["heidi"]
    assert info.approvers[0].role == ""
    assert info.requested_by == "erin"
    assert info.reason == "The restore test needs the new site."
    assert info.risk == "medium"
    assert info.compensating_controls == ("nightly dump",)
    assert info.ticket == "RISK-91"
    assert info.until == world.NOW + 10 * world.DAY
    assert info.renewals == 0
    assert not info.emergency
    assert world.verify().expires == info.until
    assert world.verify().reason == (
        "waived by Heidi Example: The restore test needs the new site."
    )


def test_in_full_use_the_items_role_and_the_business_owner_approve(
    world: World,
) -> None:
    world.waive("bob")
    found = world.verify_full()
    assert pending(found) is Code.BELOW_THRESHOLD
    assert "still missing: business-owner" in found.reason

    world.waive("carol")
    info = waived(world.read_full().verify(world.ITEM))
    assert [signed.role for signed in info.approvers] == ["dba", "business-owner"]


def test_in_full_use_other_roles_do_not_approve(world: World) -> None:
    world.waive("frank")

    assert pending(world.verify_full()) is Code.ROLE_NOT_ALLOWED


def test_the_trust_file_may_ask_for_more_approvers(world: World) -> None:
    world.table["waiver"] = {"need": [{"role": "security-lead"}]}
    world.waive("bob")
    world.waive("carol")
    assert pending(world.verify_full()) is Code.BELOW_THRESHOLD
    assert pending(world.verify()) is Code.ROLE_NOT_ALLOWED

    world.waive("alice")
    assert len(waived(world.verify_full()).approvers) == 3
    assert [one.person for one in waived(world.verify()).approvers] == ["alice"]


def test_what_a_rule_needs_for_the_item_its_waiver_needs_too(world: World) -> None:
    world.table["rule"] = [{"items": ["*"], "need": [{"role": "security-lead"}]}]
    world.waive("bob")
    world.waive("carol")

    assert pending(world.verify_full()) is Code.BELOW_THRESHOLD


def test_an_author_of_the_change_approves_no_waiver(world: World) -> None:
    world.waive("dave")
    assert pending(world.verify()) is Code.SELF_APPROVAL

    # Unless the trust file says so, for teams of two.
    world.table["waiver"] = {"not_by": []}
    assert waived(world.verify()).approvers[0].person == "dave"


def test_a_machine_approves_no_waiver(world: World) -> None:
    world.waive("ci")

    assert pending(world.verify()) is Code.ROLE_NOT_ALLOWED


# ----------------------------------------------------------------- what it is bound to


def test_a_waiver_outlives_the_release(world: World) -> None:
    world.waive("carol")
    world.context = world.elsewhere(source="sha256:" + "ab" * 32, version="2.5.0")

    assert waived(world.verify())


def test_a_waiver_is_for_one_environment(world: World) -> None:
    world.waive("carol")
    world.context = world.elsewhere(environment="staging")

    assert pending(world.verify()) is Code.WRONG_TARGET


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"wording": True}, Code.ITEM_CHANGED),
        ({"issued_at": 2}, Code.FUTURE),
        ({"valid_until": 0}, Code.EXPIRED),
        ({"by": "old"}, Code.KEY_NOT_VALID),
        ({"by": "thief"}, Code.KEY_NOT_VALID),
        ({"revoked": True}, Code.REVOKED),
    ],
)
def test_a_waiver_has_to_stand_as_any_signature(
    world: World, more: dict[str, Any], code: Code
) -> None:
    keys = world.person("carol")["key"]
    for name, change in (
        ("old", {"not_after": world.NOW - 2 * world.HOUR}),
        ("thief", {"status": "compromised"}),
    ):
        keys.append({**world.key(name), "key": world.key_of(name).public.pem, **change})
    more = dict(more)
    revoked = more.pop("revoked", False)
    if more.pop("wording", False):
        more["ref"] = ItemRef(id=world.ITEM.id, digest=world.OTHER_WORDING)
    for name in ("issued_at", "valid_until"):
        if name in more:
            more[name] = world.NOW + more[name] * world.DAY
    payload = world.waive("carol", **more)
    if revoked:
        world.revoke("carol", payload)

    assert pending(world.verify()) is code


def test_a_thiefs_waiver_does_not_take_the_place_of_the_owners(world: World) -> None:
    thief = {**world.key("thief"), "key": world.key_of("thief").public.pem}
    world.person("carol")["key"].append(thief | {"status": "compromised"})
    world.waive("carol")
    world.waive("carol", by="thief", issued_at=world.NOW)

    assert waived(world.verify())


def test_of_one_persons_waivers_the_newest_counts(world: World) -> None:
    world.waive("carol", issued_at=world.NOW - 2 * world.HOUR, risk="low")
    world.waive("carol", risk="high")

    assert waived(world.verify()).risk == "high"


def test_of_several_waivers_the_one_that_lasts_longest_holds(world: World) -> None:
    world.waive("carol", valid_until=world.NOW + 5 * world.DAY)
    world.waive("heidi", valid_until=world.NOW + 9 * world.DAY)

    assert waived(world.verify()).until == world.NOW + 9 * world.DAY


# ----------------------------------------------------------------------- what it covers


def test_a_waiver_covers_what_is_not_satisfied_and_unknown_only_if_it_says_so(
    world: World,
) -> None:
    world.waive("carol")
    info = waived(world.verify())
    assert [state for state in STATES if info.covers(state)] == [
        "failed",
        "pending",
        "unconfigured",
    ]

    world.waive("carol", covers_unknown=True, issued_at=world.NOW)
    info = waived(world.verify())
    assert [state for state in STATES if info.covers(state)] == [
        "failed",
        "pending",
        "unconfigured",
        "unknown",
    ]


STATES = ("failed", "not-run", "pending", "unconfigured", "unknown")


@pytest.mark.parametrize("more", [{"core": True}, {"rollup": True}, {"approval": True}])
def test_core_items_rollups_and_approvals_are_never_waived(
    world: World, more: dict[str, bool]
) -> None:
    item = replace(world.ITEM, **more)
    world.waive("carol", item)

    assert pending(world.verify(item)) is Code.NOT_WAIVABLE


def test_a_veto_is_never_waived(world: World) -> None:
    world.veto("heidi")
    world.waive("carol")

    found = world.verify()

    assert found.code is Code.REJECTED
    assert found.waiver is None


def test_a_waiver_from_before_a_veto_does_not_outlive_it(world: World) -> None:
    world.waive("carol", issued_at=world.NOW - 2 * world.HOUR)
    veto = world.veto("heidi")
    world.revoke("heidi", veto)
    assert pending(world.verify()) is Code.VETO_LAPSED

    world.waive("carol", issued_at=world.NOW)
    assert waived(world.verify())


def test_a_waiver_is_given_beside_a_signature(world: World) -> None:
    """The item's probe may fail although its role has signed."""
    world.attest("bob")
    world.waive("carol")

    found = world.verify()

    assert found.result is Result.SATISFIED
    assert found.waiver is not None
    assert found.expires == found.signers[0].until


# --------------------------------------------------------------------------- renewals


def renew(world: World, times: int, **last: Any) -> None:
    """Approve a waiver and renew it so often."""
    for number in range(times + 1):
        world.waive(
            "carol",
            issued_at=world.NOW - (times + 1 - number) * world.HOUR,
            valid_until=world.NOW + (number + 1) * world.DAY,
            **(last if number == times else {}),
        )


def test_a_waiver_is_renewed_twice_and_then_only_knowingly(world: World) -> None:
    renew(world, 2)
    assert waived(world.verify()).renewals == 2


def test_a_third_renewal_has_to_be_known_for_one(world: World) -> None:
    renew(world, 3)
    found = world.verify()
    assert pending(found) is Code.NOT_WAIVABLE
    assert "renewed 3 times, which needs `--again`" in found.reason


def test_a_waiver_renewed_knowingly_shows_it(world: World) -> None:
    renew(world, 3, again=True)

    assert waived(world.verify()).renewals == 3


@pytest.mark.parametrize("again", [False, True])
def test_a_renewal_is_one_also_where_the_end_that_it_names_stays_the_same(
    world: World, *, again: bool
) -> None:
    """A waiver may name an end beyond its thirty days, and be signed again by then."""
    world.person("carol")["key"][0]["not_before"] = world.NOW - 130 * world.DAY
    for days in (120, 90, 60):
        issued = world.NOW - days * world.DAY
        world.waive("carol", issued_at=issued, valid_until=world.NOW + world.DAY)
    world.waive(
        "heidi",
        issued_at=world.NOW - 29 * world.DAY,
        valid_until=world.NOW + world.DAY,
        again=again or None,
    )

    found = world.verify()

    if again:
        assert waived(found).renewals == 3
    else:
        assert pending(found) is Code.EXPIRED  # of the first three
        assert "renewed 3 times" in found.refusals[-1].reason


def test_approvers_of_one_waiver_on_different_days_do_not_renew_it(
    world: World,
) -> None:
    for number, person in enumerate(("bob", "carol")):
        issued = world.NOW - (9 - number) * world.DAY
        world.waive(person, issued_at=issued, valid_until=world.NOW + 300 * world.DAY)

    assert waived(world.verify_full()).renewals == 0


@pytest.mark.parametrize("by", ["old", "thief"])
def test_what_was_never_a_waiver_was_not_renewed(world: World, by: str) -> None:
    change = {"not_after": world.NOW - 9 * world.DAY}
    if by == "thief":
        change = {"status": "compromised"}
    key = {**world.key(by), "key": world.key_of(by).public.pem, **change}
    world.person("heidi")["key"].append(key)
    for hours in (3, 2, 1):
        end = world.NOW - hours * world.HOUR / 4
        issued = world.NOW - hours * world.HOUR
        world.waive("heidi", by=by, issued_at=issued, valid_until=end)
        world.waive("ci", issued_at=issued, valid_until=end)
    world.waive("carol")

    assert waived(world.verify()).renewals == 0


def test_what_ended_before_the_last_of_its_approvals_does_was_renewed(
    world: World,
) -> None:
    end = world.NOW + 300 * world.DAY
    for days, person in ((20, "bob"), (10, "heidi"), (5, "carol")):
        world.waive(person, issued_at=world.NOW - days * world.DAY, valid_until=end)

    assert waived(world.verify_full()).renewals == 1


def test_the_approvers_of_one_waiver_are_no_renewals_of_each_other(
    world: World,
) -> None:
    for person in ("carol", "heidi", "frank", "grace"):
        world.waive(person)

    assert waived(world.verify()).renewals == 0


# ------------------------------------------------------------------------ max_waivers


def test_more_waivers_than_allowed_are_counted(world: World) -> None:
    world.table["waiver"] = {"max_waivers": 1}
    world.waive("carol")
    world.emergency("erin", replace(world.ITEM, id="a.b"))
    found = world.read()
    ordinary = waived(found.verify(world.ITEM))
    emergency = waived(found.verify(replace(world.ITEM, id="a.b")))

    assert found.excess_waivers([ordinary]) == 0
    assert found.excess_waivers([ordinary, ordinary, ordinary]) == 2
    assert found.excess_waivers([ordinary, emergency, emergency]) == 0


# ------------------------------------------------------------------------ emergencies


def test_an_emergency_is_one_signature_over_all_that_is_open(world: World) -> None:
    other = replace(world.ITEM, id="database-setup.data-validation")
    approval = world.APPROVAL
    rollup = replace(world.ITEM, id="final-verification.all-checklist-items")
    rollup = replace(rollup, rollup=True, core=True)
    world.emergency("erin", world.ITEM, other, approval, rollup)

    found = world.read_full()

    for item in (world.ITEM, other, approval, rollup):
        info = waived(found.verify(item, open_items={}))
        assert info.emergency
        assert info.incident == "INC-7"
        assert [signed.person for signed in info.approvers] == ["erin"]
        assert info.until == world.NOW - world.HOUR + world.DAY


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ("grace", None),
        ("bob", Code.ROLE_NOT_ALLOWED),
        ("ci", Code.ROLE_NOT_ALLOWED),
    ],
)
def test_an_emergency_is_declared_by_two_roles_only(
    world: World, person: str, code: Code | None
) -> None:
    world.emergency(person)

    assert world.verify().code is code


def test_an_emergency_ends_after_a_day(world: World) -> None:
    issued = world.NOW - 24 * world.HOUR
    world.emergency("erin", issued_at=issued, valid_until=world.NOW + world.DAY)

    assert pending(world.verify()) is Code.EXPIRED


def test_an_emergency_covers_no_other_core_item_and_none_of_the_never_list(
    world: World,
) -> None:
    core = replace(world.ITEM, core=True)
    world.emergency("erin", core)
    assert pending(world.verify(core)) is Code.NOT_WAIVABLE

    world.table["waiver"] = {"never": [world.ITEM.id]}
    assert pending(world.verify(world.ITEM)) is Code.NOT_WAIVABLE


def test_an_emergency_covers_only_what_it_lists(world: World) -> None:
    world.emergency("erin", replace(world.ITEM, id="a.b"))

    assert pending(world.verify()) is Code.MISSING


def test_an_emergency_of_another_environment_is_none_here(world: World) -> None:
    staging = world.elsewhere(environment="staging")
    world.emergency("erin", subject=staging.subject([world.ITEM.scope]))

    assert pending(world.verify()) is Code.MISSING


def test_a_future_emergency_is_none_yet(world: World) -> None:
    world.emergency("erin", issued_at=world.NOW + world.HOUR)

    assert pending(world.verify()) is Code.FUTURE


def test_a_veto_stands_in_an_emergency(world: World) -> None:
    world.veto("heidi")
    world.emergency("erin")

    assert world.verify().code is Code.REJECTED


def test_an_author_may_declare_an_emergency(world: World) -> None:
    world.context = world.elsewhere(authors=frozenset({"erin@example.com"}))
    world.emergency("erin")

    assert waived(world.verify()).emergency


def test_a_thief_cannot_end_an_emergency(world: World) -> None:
    thief = {**world.key("thief"), "key": world.key_of("thief").public.pem}
    world.person("erin")["key"].append(thief | {"status": "compromised"})
    world.emergency("erin", by="thief", issued_at=world.NOW - world.HOUR / 2)
    assert pending(world.verify()) is Code.KEY_NOT_VALID

    world.emergency("erin")
    assert waived(world.verify())


def test_the_newest_emergency_of_a_person_counts(world: World) -> None:
    first = world.emergency("erin", issued_at=world.NOW - 2 * world.HOUR)
    world.emergency("erin", incident="INC-8")
    world.revoke("erin", first)

    for lines in permutations(world.lines):
        world.lines = list(lines)
        assert waived(world.verify()).incident == "INC-8"


def test_an_emergency_that_is_not_reviewed_in_five_days_is_named(
    world: World,
) -> None:
    payload = world.emergency("erin", issued_at=world.NOW - 5 * world.DAY)
    staging = world.elsewhere(environment="staging")
    world.emergency(
        "erin",
        issued_at=world.NOW - 6 * world.DAY,
        subject=staging.subject([world.ITEM.scope]),
    )
    world.emergency("erin", issued_at=world.NOW - 5 * world.DAY + world.HOUR)

    overdue = world.read().unreviewed_emergencies()

    assert [line.payload for line in overdue] == [payload]

    older = world.emergency("erin", issued_at=world.NOW - 7 * world.DAY)
    overdue = world.read().unreviewed_emergencies()
    assert [line.payload for line in overdue] == [older, payload]


def test_an_emergency_that_is_bound_to_the_release_is_none(world: World) -> None:
    release = world.context.subject([world.APPROVAL.scope])
    world.emergency("erin", subject=release, issued_at=world.NOW - 6 * world.DAY)

    assert world.read().unreviewed_emergencies() == []


def test_an_emergency_is_reviewed_by_a_revoker_who_did_not_sign_it(
    world: World,
) -> None:
    payload = world.emergency("erin", issued_at=world.NOW - 5 * world.DAY)
    world.revoke("frank", payload)
    assert world.read().unreviewed_emergencies()

    world.revoke("erin", payload)
    assert world.read_full().unreviewed_emergencies()
    assert not world.read().unreviewed_emergencies()  # small use: there may be no other

    world.revoke("alice", payload)
    assert not world.read_full().unreviewed_emergencies()


def test_a_waiver_asks_for_no_other_role(world: World) -> None:
    terms = replace(world.ITEM, roles=("dba", ANOTHER_ROLE))
    world.waive("bob", terms)
    world.waive("carol", terms)
    world.snapshot()
    assert world.read_full().verify(terms).result is Result.WAIVED
