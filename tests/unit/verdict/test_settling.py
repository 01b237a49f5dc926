from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.item import Item, Kind
from pytest_readiness.verdict.judging import Body
from pytest_readiness.verdict.settling import (
    NO_TRUST_FILE,
    UNSIGNED,
    Outcome,
    Signature,
    settle,
)
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Item]

VERIFIED = Body(State.VERIFIED)
FAILED = Body(State.FAILED, "VIOLATED", "11, required at least 12")
LOOSENED = Body(State.FAILED, "LOOSENED", "5, the floor is 6")
UNKNOWN = Body(State.UNKNOWN, "NOT_SEEN", "no route")
WITHHELD = Body(State.UNKNOWN, "WITHHELD", "GRANT pg_monitor", VERIFIED)
UNCONFIGURED = Body(State.UNCONFIGURED, "UNCONFIGURED", "no [target.x.redis]")
EARLY = Body(State.PENDING, "TOO_EARLY", "due at 12:00")
NOTHING = Body(State.UNKNOWN, "NOTHING_JUDGED", "judged nothing")
NOT_RUN = Body(State.NOT_RUN, "MEMBERS", "1 not-run")

SIGNED = Signature("satisfied", "", "signed by alice")
PROVEN = Signature("satisfied", "", "signed by alice", has_evidence=True)
VETO = Signature("vetoed", "REJECTED", "bob: the pen test is open")
NOT_APPLICABLE = Signature("not-applicable", "", "no cache here")
EXPIRED = Signature("none", "EXPIRED", "signed 100 d ago")

BODIES = [VERIFIED, FAILED, LOOSENED, UNKNOWN, WITHHELD, UNCONFIGURED, EARLY]
BY_BODY = [Kind.PROBE, Kind.PROBE_OR_ATTEST, Kind.PROBE_AND_ATTEST]


def result(
    make: Make,
    kind: Kind,
    body: Body | None,
    signature: Signature,
    *,
    core: bool = False,
) -> tuple[State, str]:
    outcome = settle(make(kind=kind, core=core), body, signature)
    assert outcome.raw_state is outcome.state
    return outcome.state, outcome.code


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("signature", [UNSIGNED, SIGNED, PROVEN, NO_TRUST_FILE])
def test_a_probe_is_decided_by_its_body_alone(
    make_item: Make, body: Body, signature: Signature
) -> None:
    got = result(make_item, Kind.PROBE, body, signature)
    assert got == (body.state, body.code)


@pytest.mark.parametrize(
    ("body", "unsigned", "signed", "proven"),
    [
        (VERIFIED, ("verified", ""), ("verified", ""), ("verified", "")),
        (
            FAILED,
            ("failed", "VIOLATED"),
            ("failed", "CONFLICT"),
            ("failed", "CONFLICT"),
        ),
        (
            LOOSENED,
            ("failed", "LOOSENED"),
            ("failed", "LOOSENED"),
            ("failed", "LOOSENED"),
        ),
        (
            UNKNOWN,
            ("unknown", "NOT_SEEN"),
            ("unknown", "NOT_SEEN"),
            ("unknown", "NOT_SEEN"),
        ),
        (
            WITHHELD,
            ("unknown", "WITHHELD"),
            ("unknown", "WITHHELD"),
            ("unknown", "WITHHELD"),
        ),
        (
            UNCONFIGURED,
            ("unconfigured", "MISSING"),
            ("unconfigured", "NEEDS_EVIDENCE"),
            ("attested", ""),
        ),
        (
            EARLY,
            ("pending", "TOO_EARLY"),
            ("pending", "TOO_EARLY"),
            ("pending", "TOO_EARLY"),
        ),
    ],
)
def test_probe_or_attest_takes_a_signature_only_where_nothing_can_be_seen(
    make_item: Make,
    body: Body,
    unsigned: tuple[str, str],
    signed: tuple[str, str],
    proven: tuple[str, str],
) -> None:
    kind = Kind.PROBE_OR_ATTEST
    assert result(make_item, kind, body, UNSIGNED) == unsigned
    assert result(make_item, kind, body, SIGNED) == signed
    assert result(make_item, kind, body, PROVEN) == proven


@pytest.mark.parametrize(
    ("body", "unsigned", "signed", "proven"),
    [
        (VERIFIED, ("pending", "MISSING"), ("attested", ""), ("attested", "")),
        (
            FAILED,
            ("failed", "VIOLATED"),
            ("failed", "CONFLICT"),
            ("failed", "CONFLICT"),
        ),
        (
            UNKNOWN,
            ("unknown", "NOT_SEEN"),
            ("unknown", "NOT_SEEN"),
            ("unknown", "NOT_SEEN"),
        ),
        (
            UNCONFIGURED,
            ("unconfigured", "MISSING"),
            ("unconfigured", "NEEDS_EVIDENCE"),
            ("attested", ""),
        ),
        (
            EARLY,
            ("pending", "TOO_EARLY"),
            ("pending", "TOO_EARLY"),
            ("pending", "TOO_EARLY"),
        ),
    ],
)
def test_probe_and_attest_needs_both_the_body_first(
    make_item: Make,
    body: Body,
    unsigned: tuple[str, str],
    signed: tuple[str, str],
    proven: tuple[str, str],
) -> None:
    kind = Kind.PROBE_AND_ATTEST
    assert result(make_item, kind, body, UNSIGNED) == unsigned
    assert result(make_item, kind, body, SIGNED) == signed
    assert result(make_item, kind, body, PROVEN) == proven


@pytest.mark.parametrize(
    ("body", "unsigned", "signed"),
    [
        (None, ("pending", "MISSING"), ("attested", "")),
        (NOTHING, ("pending", "MISSING"), ("attested", "")),
        (VERIFIED, ("pending", "MISSING"), ("attested", "")),
        (UNCONFIGURED, ("pending", "MISSING"), ("unconfigured", "UNCONFIGURED")),
        (EARLY, ("pending", "MISSING"), ("pending", "TOO_EARLY")),
        (FAILED, ("failed", "VIOLATED"), ("failed", "CONFLICT")),
        (UNKNOWN, ("unknown", "NOT_SEEN"), ("unknown", "NOT_SEEN")),
    ],
)
def test_attest_is_decided_by_the_signature_and_its_evidence(
    make_item: Make,
    body: Body | None,
    unsigned: tuple[str, str],
    signed: tuple[str, str],
) -> None:
    assert result(make_item, Kind.ATTEST, body, UNSIGNED) == unsigned
    assert result(make_item, Kind.ATTEST, body, SIGNED) == signed


@pytest.mark.parametrize(
    ("body", "unsigned", "signed"),
    [
        (VERIFIED, ("pending", "MISSING"), ("attested", "")),
        (Body(State.ATTESTED), ("pending", "MISSING"), ("attested", "")),
        (FAILED, ("failed", "VIOLATED"), ("failed", "VIOLATED")),
        (UNCONFIGURED, ("unconfigured", "MISSING"), ("unconfigured", "UNCONFIGURED")),
        (NOT_RUN, ("not-run", "MEMBERS"), ("not-run", "MEMBERS")),
    ],
)
def test_a_signed_rollup_needs_its_members_first(
    make_item: Make,
    body: Body,
    unsigned: tuple[str, str],
    signed: tuple[str, str],
) -> None:
    kind = Kind.ROLLUP_AND_ATTEST
    assert result(make_item, kind, body, UNSIGNED) == unsigned
    assert result(make_item, kind, body, SIGNED) == signed
    assert result(make_item, Kind.ROLLUP, body, SIGNED) == (body.state, body.code)


def test_why_there_is_no_signature_is_the_code(make_item: Make) -> None:
    assert result(make_item, Kind.ATTEST, None, EXPIRED) == ("pending", "EXPIRED")
    assert result(make_item, Kind.ATTEST, None, NO_TRUST_FILE) == (
        "pending",
        "NO_TRUST_FILE",
    )
    assert result(make_item, Kind.PROBE_OR_ATTEST, UNCONFIGURED, EXPIRED) == (
        "unconfigured",
        "EXPIRED",
    )


def test_a_missing_drill_keeps_its_code_until_signed(make_item: Make) -> None:
    drill = Body(State.UNCONFIGURED, "NEEDS_DRILL", "no restore drill", VERIFIED)
    kind = Kind.PROBE_OR_ATTEST
    assert result(make_item, kind, drill, UNSIGNED) == ("unconfigured", "NEEDS_DRILL")
    assert result(make_item, kind, drill, PROVEN) == ("attested", "")
    assert result(make_item, Kind.PROBE, drill, PROVEN) == (
        "unconfigured",
        "NEEDS_DRILL",
    )


def test_a_signature_closes_only_the_part_that_cannot_be_seen(make_item: Make) -> None:
    partly = Body(State.UNCONFIGURED, "UNCONFIGURED", "no pool", EARLY)
    kind = Kind.PROBE_OR_ATTEST
    assert result(make_item, kind, partly, PROVEN) == ("pending", "TOO_EARLY")


def test_a_managed_service_lets_a_signature_cover_what_it_withholds(
    make_item: Make,
) -> None:
    item = make_item(kind=Kind.PROBE_OR_ATTEST)
    assert settle(item, WITHHELD, PROVEN, managed=True).state is State.ATTESTED
    assert settle(item, UNKNOWN, PROVEN, managed=True).state is State.UNKNOWN
    assert settle(item, FAILED, PROVEN, managed=True).state is State.FAILED
    bare = settle(item, WITHHELD, SIGNED, managed=True)
    assert (bare.state, bare.code) == (State.UNKNOWN, "NEEDS_EVIDENCE")
    both = Body(State.UNKNOWN, "WITHHELD", "GRANT", UNCONFIGURED)
    assert settle(item, both, PROVEN, managed=True).state is State.ATTESTED
    assert settle(make_item(), WITHHELD, PROVEN, managed=True).state is State.UNKNOWN


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("body", BODIES)
def test_a_veto_beats_every_body_of_every_kind(
    make_item: Make, kind: Kind, body: Body
) -> None:
    assert result(make_item, kind, body, VETO) == ("failed", "REJECTED")


def test_a_veto_on_what_never_ran_is_still_not_run(make_item: Make) -> None:
    assert result(make_item, Kind.PROBE, None, VETO)[0] is State.NOT_RUN
    assert result(make_item, Kind.ROLLUP, NOT_RUN, VETO)[0] is State.NOT_RUN
    coded = settle(make_item(), VERIFIED, Signature("vetoed", "", "no"))
    assert coded.code == "REJECTED"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.ATTEST])
def test_a_body_that_never_came_to_an_end_is_not_run(
    make_item: Make, kind: Kind
) -> None:
    for signature in (UNSIGNED, PROVEN, NOT_APPLICABLE):
        assert result(make_item, kind, None, signature) == ("not-run", "NOT_RECORDED")


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (Kind.PROBE, UNCONFIGURED, ("not-applicable", "")),
        (Kind.PROBE_OR_ATTEST, UNCONFIGURED, ("not-applicable", "")),
        (Kind.PROBE, VERIFIED, ("failed", "CONFLICT")),
        (Kind.PROBE, FAILED, ("failed", "CONFLICT")),
        (Kind.PROBE, UNKNOWN, ("unknown", "NOT_SEEN")),
        (Kind.PROBE, EARLY, ("pending", "TOO_EARLY")),
        (
            Kind.PROBE,
            Body(State.UNCONFIGURED, "UNCONFIGURED", "half", VERIFIED),
            ("failed", "CONFLICT"),
        ),
        (Kind.ATTEST, None, ("not-applicable", "")),
        (Kind.ATTEST, FAILED, ("failed", "CONFLICT")),
        (Kind.ROLLUP, VERIFIED, ("not-applicable", "")),
        (Kind.ROLLUP, FAILED, ("failed", "VIOLATED")),
    ],
)
def test_not_applicable_holds_unless_there_is_something_to_see(
    make_item: Make, kind: Kind, body: Body | None, expected: tuple[str, str]
) -> None:
    assert result(make_item, kind, body, NOT_APPLICABLE) == expected


def test_a_core_item_is_never_not_applicable(make_item: Make) -> None:
    kind = Kind.PROBE_OR_ATTEST
    got = result(make_item, kind, UNCONFIGURED, NOT_APPLICABLE, core=True)
    assert got == ("unconfigured", "MISSING")
    assert result(make_item, Kind.ATTEST, None, NOT_APPLICABLE, core=True) == (
        "pending",
        "MISSING",
    )


def test_a_conflict_says_what_the_probe_saw(make_item: Make) -> None:
    item = make_item(kind=Kind.PROBE_OR_ATTEST)
    assert settle(item, FAILED, PROVEN).reason == (
        "signed as satisfied, but 11, required at least 12"
    )
    assert "the probe sees it" in settle(item, VERIFIED, NOT_APPLICABLE).reason


def test_a_rollup_has_a_state_before_waivers(make_item: Make) -> None:
    outcome = settle(make_item(kind=Kind.ROLLUP), VERIFIED, UNSIGNED, raw=FAILED)
    assert outcome == Outcome("database-setup.security", State.VERIFIED, State.FAILED)
