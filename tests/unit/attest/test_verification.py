"""Steps 9 to 22: the first that applies to a line, the most telling one to an item."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from pytest_readiness.attest.checks import OPEN_STATES
from pytest_readiness.attest.codes import Code, Consequence
from pytest_readiness.attest.evidence import EvidenceFiles
from pytest_readiness.attest.pins import TrustPins
from pytest_readiness.attest.predicates import Evidence, OpenItem, Saw
from pytest_readiness.attest.result import Result, people
from pytest_readiness.attest.signatures import Signatures
from pytest_readiness.attest.terms import Demand, Terms
from pytest_readiness.attest.verification import MOST_TELLING
from pytest_readiness.catalogue.canonical import item_digest
from pytest_readiness.catalogue.item import (
    DEFAULT_MAX_AGE,
    Item,
    Kind,
    Scope,
    SignatureRule,
    Stage,
)
from pytest_readiness.verdict.states import SEVERITY, State

World = Any


def saw(world: World, **states: str) -> Saw:
    """Give what an approver saw; `a_b` stands for the item `a.b`."""
    return Saw(
        target=world.TARGET,
        open=tuple(
            OpenItem(id=name.replace("_", "."), state=state)
            for name, state in states.items()
        ),
    )


# ------------------------------------------------------------------------ what counts


def test_a_signature_shows_who_gave_it(world: World) -> None:
    payload = world.attest(
        "bob",
        justification="Seen with my own eyes.",
        claims={"restored": True, "minutes": 12},
        valid_until=world.NOW + 5 * world.DAY,
    )

    found = world.verify()

    (signed,) = found.signers
    assert found.code is None
    assert found.reason == "signed by Bob Example (dba)"
    assert found.missing_roles == ()
    assert (signed.person, signed.name) == ("bob", "Bob Example")
    assert (signed.title, signed.role) == ("Title of bob", "dba")
    assert signed.fingerprint == world.key_of("bob").fingerprint
    assert signed.issued_at == world.NOW - world.HOUR
    assert signed.until == found.expires == world.NOW + 5 * world.DAY
    assert signed.payload == payload
    assert signed.justification == "Seen with my own eyes."
    assert signed.claims == (("minutes", 12), ("restored", True))
    assert not found.has_evidence


def test_a_result_ends_with_the_signers_key(world: World) -> None:
    world.person("bob")["key"][0]["not_after"] = world.NOW + 3 * world.DAY
    world.attest("bob")

    assert world.verify().expires == world.NOW + 3 * world.DAY


def test_of_two_signers_for_one_place_the_one_who_lasts_longer_counts(
    world: World,
) -> None:
    world.attest("bob", issued_at=world.NOW - 2 * world.DAY)
    world.attest("dave", issued_at=world.NOW - world.DAY)

    found = world.verify()

    assert [signed.person for signed in found.signers] == ["dave"]
    assert people([found, world.verify(replace(world.ITEM, id="a.b"))]) == {"dave"}


def test_nobody_has_signed(world: World) -> None:
    found = world.verify(replace(world.ITEM, roles=("dba", "ops-lead")))

    assert found.result is Result.NONE
    assert found.code is Code.MISSING
    assert found.reason == "nobody has signed it as dba and ops-lead for this target"
    assert found.missing_roles == ("dba", "ops-lead")
    assert found.refusals == ()
    assert found.expires is None


def test_a_wrong_role_is_not_allowed(world: World) -> None:
    world.attest("erin")

    assert world.verify().code is Code.ROLE_NOT_ALLOWED


def test_an_item_that_asks_nobody_is_signed_by_nobody(world: World) -> None:
    """Threat row 33: such an item is refused at collection, and here as well."""
    item = replace(world.ITEM, roles=())
    assert world.verify(item).result is Result.NONE

    world.drop("bob", item)
    assert world.verify(item).result is Result.NONE
    assert world.verify(item, declared=True).result is Result.NOT_APPLICABLE


def test_an_item_that_cannot_be_bound_cannot_be_signed(world: World) -> None:
    world.context = world.elsewhere(organisation="")
    found = world.verify(replace(world.ITEM, scope=Scope.ORGANISATION))

    assert found.code is Code.MISSING
    assert found.reason == "it cannot be signed: no organisation is given"


def test_an_unbound_release_is_bound_to_its_version(world: World) -> None:
    item = replace(world.ITEM, scope=Scope.RELEASE)
    world.context = world.elsewhere(source="")
    world.attest("bob", item)
    assert world.verify(item).result is Result.SATISFIED

    world.context = world.elsewhere(source="", version="2.4.1")
    assert world.verify(item).code is Code.WRONG_TARGET


# ---------------------------------------------------------------- rules only tighten


def test_rules_bind_to_the_union(world: World) -> None:
    world.table["rule"] = [{"items": ["database-*"], "bind": ["release"]}]
    world.attest("bob")
    assert world.verify().code is Code.WRONG_TARGET

    world.attest("bob", replace(world.ITEM, scope=Scope.RELEASE))
    assert world.verify().result is Result.SATISFIED


def test_rules_take_the_shortest_age(world: World) -> None:
    world.table["rule"] = [
        {"items": ["*"], "max_age_days": 7},
        {"items": ["database-setup.*"], "max_age_days": 30},
    ]
    world.attest("bob", issued_at=world.NOW - 7 * world.DAY)
    assert world.verify().code is Code.EXPIRED

    short = replace(world.ITEM, max_age=world.DAY)
    world.attest("bob", issued_at=world.NOW - world.DAY)
    assert world.verify().result is Result.SATISFIED
    assert world.verify(short).code is Code.EXPIRED


def test_rules_need_everybody_they_name(world: World) -> None:
    world.table["rule"] = [
        {"items": ["*.security"], "need": [{"role": "security-lead"}]},
        {"items": ["database-setup.*"], "need": [{"role": "dba", "count": 2}]},
        {"items": ["other.*"], "need": [{"role": "qa-lead"}]},
        {"items": ["*"], "need": [{"role": "dba"}]},
    ]
    demand = Demand.on(world.ITEM, world.trust)
    assert demand.roles == ("dba", "dba", "security-lead")

    world.attest("bob")
    world.attest("alice")
    found = world.verify()
    assert found.code is Code.BELOW_THRESHOLD
    assert found.missing_roles == ("dba",)
    assert found.reason == "signed SATISFIED by alice, bob, but still missing: dba"

    world.attest("dave")
    assert world.verify().result is Result.SATISFIED


def test_rules_for_other_items_change_nothing(world: World) -> None:
    world.table["rule"] = [
        {"items": ["security-*"], "bind": ["release"], "max_age_days": 1}
    ]

    demand = Demand.on(world.ITEM, world.trust)

    assert demand.scopes == (Scope.ENVIRONMENT,)
    assert demand.max_age == world.ITEM.max_age
    assert not demand.not_by_authors


def test_an_author_is_found_whatever_stands_around_the_mail_address(
    world: World,
) -> None:
    world.table["rule"] = [{"items": ["*"], "not_by": ["authors"]}]
    world.person("dave")["emails"] = [" Dave@Example.com "]
    world.attest("dave")

    assert world.verify().code is Code.SELF_APPROVAL


# ------------------------------------------------------------ approvals (section 19)


def test_an_approval_holds_while_nothing_is_worse(world: World) -> None:
    seen = saw(world, a_b="failed", c_d="pending")
    world.attest("frank", world.APPROVAL, saw=seen)
    read = world.read()

    for today in ({}, {"a.b": "failed"}, {"a.b": "pending", "c.d": "pending"}):
        found = read.verify(world.APPROVAL, open_items=today)
        assert found.result is Result.SATISFIED


@pytest.mark.parametrize(
    ("today", "named"),
    [
        ({"e.f": "pending"}, "did not know of e.f (pending)"),
        ({"c.d": "unconfigured"}, "c.d (unconfigured)"),
        ({"a.b": "not-run"}, "a.b (not-run)"),
        ({"a.b": "a new state"}, "a.b (a new state)"),
        ({f"x.y{n}": "failed" for n in range(9)}, "x.y4 (failed) and 4 more"),
    ],
)
def test_an_approval_ends_when_something_is_worse(
    world: World, today: dict[str, str], named: str
) -> None:
    world.attest("frank", world.APPROVAL, saw=saw(world, a_b="failed", c_d="pending"))

    found = world.read().verify(world.APPROVAL, open_items=today)

    assert found.code is Code.STATE_CHANGED
    assert found.reason.endswith(named)


def test_a_state_that_nobody_knows_was_mild_when_it_was_seen(world: World) -> None:
    world.attest("frank", world.APPROVAL, saw=saw(world, a_b="fine"))

    found = world.read().verify(world.APPROVAL, open_items={"a.b": "pending"})

    assert found.code is Code.STATE_CHANGED


def test_an_approval_of_another_target_file_is_void(world: World) -> None:
    world.attest("frank", world.APPROVAL, saw=saw(world))
    world.context = world.elsewhere(target_digest="ab" * 32)

    found = world.read().verify(world.APPROVAL, open_items={})

    assert found.code is Code.TARGET_CHANGED


def test_an_approval_says_what_its_signer_saw(world: World) -> None:
    world.attest("frank", world.APPROVAL)

    found = world.read().verify(world.APPROVAL, open_items={})

    assert found.code is Code.STATE_CHANGED


def test_an_approval_cannot_be_judged_without_a_report(world: World) -> None:
    world.attest("frank", world.APPROVAL, saw=saw(world))

    assert world.verify(world.APPROVAL).code is Code.STATE_CHANGED


def test_an_approval_is_never_not_applicable_whatever_was_seen(world: World) -> None:
    item = replace(world.APPROVAL, core=False)
    for person in ("frank", "erin"):
        world.drop(person, item, saw=saw(world))

    found = world.read().verify(item, open_items={}, declared=True)

    assert found.code is Code.BELOW_THRESHOLD
    assert "never not applicable" in found.reason


def test_everybody_who_vetoes_is_named(world: World) -> None:
    for hours, person in enumerate(("heidi", "frank", "erin")):
        world.veto(person, issued_at=world.NOW - hours * world.HOUR)
    world.attest("bob")

    found = world.verify()

    assert [signed.person for signed in found.signers] == ["erin", "frank", "heidi"]
    assert found.reason == (
        "signed NOT_SATISFIED by Erin Example, Frank Example, Heidi Example"
    )


def test_what_was_seen_does_not_bind_other_items(world: World) -> None:
    world.attest("bob", saw=saw(world))
    world.context = world.elsewhere(target_digest="ab" * 32)

    assert world.verify().result is Result.SATISFIED


def test_the_open_states_are_the_verdicts_in_its_order() -> None:
    severity = [str(state) for state in SEVERITY if state.blocks]

    assert list(OPEN_STATES) == severity
    assert {str(state) for state in State if state.blocks} == set(OPEN_STATES)


@pytest.mark.parametrize(
    ("trusted", "asked", "needed"),
    [(None, 1, 1), (None, 3, 3), (2, 1, 2), (2, 2, 2), (2, 3, 3)],
)
def test_the_target_file_asks_for_no_fewer_people_than_the_trust_file(
    world: World, trusted: int | None, asked: int, needed: int
) -> None:
    if trusted is not None:
        world.table["approvals"] = {"people": trusted}

    assert world.read().people_needed(asked) == needed


def test_without_a_trust_file_the_target_file_says_how_many(world: World) -> None:
    assert Signatures(pins=TrustPins(), now=world.NOW).people_needed(2) == 2


# ---------------------------------------------------------- 22: the most telling one

LIES: dict[Code, Any] = {
    Code.VETO_LAPSED: lambda w, p: w.revoke(p, w.veto(p)),
    Code.REVOKED: lambda w, p: w.revoke(p, w.attest(p)),
    Code.EXPIRED: lambda w, p: w.attest(
        p, issued_at=w.NOW - 2 * w.DAY, valid_until=w.NOW - w.DAY
    ),
    Code.ITEM_CHANGED: lambda w, p: w.attest(p, wording=w.OTHER_WORDING),
    Code.WRONG_TARGET: lambda w, p: w.attest(
        p, context=w.elsewhere(environment="staging")
    ),
    Code.FUTURE: lambda w, p: w.attest(p, issued_at=w.NOW + w.DAY),
    Code.BACKDATED: lambda w, p: w.attest(
        p, anchor=w.seen_snapshot(), issued_at=w.NOW - 9 * w.DAY
    ),
    Code.KEY_NOT_VALID: lambda w, p: (
        w.person(p)["key"][0].update(status="compromised"),
        w.attest(p),
    ),
    Code.SELF_APPROVAL: lambda w, p: (
        w.person(p).update(emails=["dave@example.com"]),
        w.attest(p),
    ),
    Code.ROLE_NOT_ALLOWED: lambda w, p: (
        w.person(p).update(roles=["qa-lead"]),
        w.attest(p),
    ),
    Code.BELOW_THRESHOLD: lambda w, p: w.attest(p),
}
TOLD = [code for code in MOST_TELLING if LIES.get(code)]


@pytest.mark.parametrize(("first", "second"), list(pairwise(TOLD)))
def test_of_two_reasons_the_more_telling_one_is_named(
    world: World, first: Code, second: Code
) -> None:
    world.table["rule"] = [
        {"items": ["*"], "need": [{"role": "dba", "count": 2}], "not_by": ["authors"]}
    ]
    world.person("heidi")["roles"] = ["dba"]
    world.person("dave")["roles"] = []
    world.snapshot()
    LIES[second](world, "heidi")
    LIES[first](world, "bob")

    found = world.verify()

    assert found.result is Result.NONE
    assert found.code is first
    assert [refusal.code for refusal in found.refusals] == [first, second]


def test_every_pending_code_of_a_signature_has_its_place_in_the_order() -> None:
    elsewhere = {Code.TOO_EARLY, Code.NO_TRUST_FILE}  # not said by a signature
    pending = {code for code in Code if code.consequence is Consequence.PENDING}

    assert set(MOST_TELLING) == pending - elsewhere
    assert len(MOST_TELLING) == len(set(MOST_TELLING))


def test_of_several_future_lines_the_order_does_not_decide(world: World) -> None:
    for days in (1, 3, 2):
        world.attest("bob", issued_at=world.NOW + days * world.DAY)
    reason = world.verify().reason
    world.lines = world.lines[::-1]

    assert world.verify().reason == reason
    assert "2026-10-18" in reason


def test_a_revoked_line_for_another_target_is_revoked(world: World) -> None:
    other = world.attest("bob", context=world.elsewhere(environment="staging"))
    world.revoke("bob", other)

    assert world.verify().code is Code.REVOKED


def test_of_a_line_for_another_target_next_to_nothing_is_kept(world: World) -> None:
    payload = world.attest("bob", context=world.elsewhere(environment="staging"))

    index, _tally = world.index()

    kept = index.attestations[world.ITEM.id]
    assert kept.here == []
    assert [line.payload for line in kept.elsewhere] == [payload]


def test_of_one_persons_lines_for_another_target_the_newest_counts(
    world: World,
) -> None:
    staging = world.elsewhere(environment="staging")
    world.veto("bob", context=staging, issued_at=world.NOW - world.DAY)
    world.attest("bob", context=staging)

    assert world.verify().code is Code.WRONG_TARGET


# ------------------------------------------------------------------ terms of an item


def item(**more: Any) -> Item:
    return Item(
        **{
            "id": "database-setup.security",
            "section": "database-setup",
            "section_title": "Database Setup",
            "stage": Stage.PRE_PRODUCTION,
            "kind": Kind.PROBE,
            "owner": "dba",
            "claim": "Sessions are encrypted.",
            "why": "",
            "fix": "",
            **more,
        }
    )


def test_an_item_without_a_rule_asks_its_owner() -> None:
    terms = Terms.of(item(core=True, scope=Scope.RELEASE), same_as=["ab" * 32])

    assert terms.id == "database-setup.security"
    assert terms.digest == item_digest(item())
    assert terms.roles == ("dba",)
    assert terms.scope is Scope.RELEASE
    assert terms.max_age == DEFAULT_MAX_AGE[Scope.RELEASE]
    assert terms.core
    assert not terms.rollup
    assert not terms.approval
    assert terms.same_as == {"ab" * 32}


def test_an_items_own_rule_is_asked() -> None:
    rule = SignatureRule(
        ("dba", "ops-lead"), Scope.SYSTEM, dt.timedelta(1), always=True
    )
    terms = Terms.of(item(kind=Kind.ROLLUP_AND_ATTEST, signature=rule))

    assert terms.roles == ("dba", "ops-lead")
    assert terms.scope is Scope.SYSTEM
    assert terms.max_age == dt.timedelta(days=1)
    assert terms.rollup


@pytest.mark.parametrize(
    "more",
    [
        {"section": "stakeholder-approval"},
        {"id": "final-verification.production-ready"},
    ],
)
def test_approvals_are_known_by_section_and_the_certifying_item(
    more: dict[str, str],
) -> None:
    assert Terms.of(item(**more)).approval


# ----------------------------------------------------------------- what cannot be read


def test_an_evidence_name_that_the_file_system_cannot_hold_is_no_crash(
    world: World,
) -> None:
    """As a letter that a locale's encoding of names does not have."""
    files = EvidenceFiles(world.root)
    piece = Evidence(name="a\0b", digest="00" * 32)

    assert files.problem([piece]) == "a\\x00b cannot be read (ValueError)"


@pytest.mark.parametrize("word", ["", "zz" * 32, "ab", "AB" * 32, "ab " * 32])
def test_what_is_no_digest_is_gone(world: World, word: str) -> None:
    known = world.attest("bob")

    assert world.read().gone([word, known]) == [word]
