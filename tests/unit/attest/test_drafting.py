"""Statements are drafted as the verification wants to find them."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_readiness.attest.codes import Refused
from pytest_readiness.attest.context import Context
from pytest_readiness.attest.drafting import (
    Said,
    WaiverTerms,
    anchor_of,
    item_attestation,
    revocation,
    waiver,
)
from pytest_readiness.attest.index import Index
from pytest_readiness.attest.keys import PrivateKey
from pytest_readiness.attest.line import Line
from pytest_readiness.attest.predicates import Evidence, Snapshot, Verdict
from pytest_readiness.attest.statement import parse
from pytest_readiness.attest.terms import Demand, Terms
from pytest_readiness.attest.trust_file import read_trust
from pytest_readiness.catalogue.item import Scope

NOW = dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
CONTEXT = Context(
    system="shop", environment="production", source="sha256:" + "5e" * 32, version="2"
)
TERMS = Terms(
    id="host.one",
    digest="ab" * 32,
    scope=Scope.RELEASE,
    roles=("dba",),
    max_age=14 * DAY,
)
DEMAND = Demand((Scope.ENVIRONMENT, Scope.RELEASE), 7 * DAY, ("dba",), False)  # noqa: FBT003
KEY = PrivateKey.generate()
TRUST = read_trust(
    f"""
format = "pytest-readiness/trust/1"
system = "shop"
version = 1
issued = 2026-10-01T00:00:00Z
expires = 2027-01-01T00:00:00Z
[root]
threshold = 1
people = ["ann"]
[[signer]]
person = "ann"
name = "Ann"
roles = ["registrar"]
[[signer.key]]
key = "{KEY.public.openssh()}"
not_before = 2026-10-01T00:00:00Z
not_after = 2027-01-01T00:00:00Z
""".encode()
)


def test_an_attestation_is_bound_and_lives_as_the_rules_say() -> None:
    statement = item_attestation(TERMS, DEMAND, CONTEXT, "ann", NOW, Said())
    said = statement.predicate

    assert statement.subject.digest == CONTEXT.subject(DEMAND.scopes)
    assert said.valid_until == NOW + 7 * DAY
    assert (said.item.id, said.item.digest) == (TERMS.id, TERMS.digest)
    assert said.target == {
        "environment": "production",
        "source": CONTEXT.source,
        "system": "shop",
    }
    assert parse(statement.payload()) == statement
    again = item_attestation(TERMS, DEMAND, CONTEXT, "ann", NOW, Said())
    assert again.payload() != statement.payload()


@pytest.mark.parametrize(("days", "lasts"), [(3, 3), (30, 7)])
def test_a_signer_may_only_shorten_it(days: int, lasts: int) -> None:
    said = Said(until=NOW + days * DAY)
    statement = item_attestation(TERMS, DEMAND, CONTEXT, "ann", NOW, said)

    assert statement.predicate.valid_until == NOW + lasts * DAY


def test_everything_that_is_said_is_in_it() -> None:
    evidence = (Evidence(name="a.txt", digest="cd" * 32),)
    said = Said(
        verdict=Verdict.NOT_SATISFIED,
        justification="It does not hold.",
        evidence=evidence,
        claims={"minutes": 4},
    )
    written = item_attestation(TERMS, DEMAND, CONTEXT, "ann", NOW, said).predicate

    assert written.verdict is Verdict.NOT_SATISFIED
    assert written.justification == "It does not hold."
    assert written.evidence == evidence
    assert written.claims == {"minutes": 4}


def test_what_it_is_bound_to_must_be_known() -> None:
    nobody = Context(system="", environment="")

    with pytest.raises(Refused, match="CONTEXT_MISSING"):
        item_attestation(TERMS, DEMAND, nobody, "ann", NOW, Said())


def test_an_anchor_is_the_newest_snapshot() -> None:
    index = Index(TRUST, CONTEXT, NOW)
    assert anchor_of(index) is None
    (person,) = TRUST.people
    for version in (3, 4):
        predicate = Snapshot(
            attester="ann",
            version=version,
            count=0,
            issued_at=NOW,
            valid_until=NOW + DAY,
        )
        subject = f"{version:02x}" * 32
        index.add(Line(f"{version:064x}", subject, predicate, person, person.keys[0]))
    anchor = anchor_of(index)

    assert anchor is not None
    assert (anchor.version, anchor.digest) == (4, "04" * 32)


def agreed(**changes: object) -> WaiverTerms:
    known: dict[str, object] = {
        "reason": "r",
        "risk": "low",
        "controls": ["c"],
        "until": NOW + DAY,
        "requested_by": "dave",
    }
    return WaiverTerms(**known | changes)  # type: ignore[arg-type]  # as above


def test_a_waiver_is_the_environments_and_of_one_item() -> None:
    statement = waiver([TERMS], CONTEXT, "ann", NOW, agreed(ticket="T-1"))

    assert statement.subject.digest == CONTEXT.subject([Scope.ENVIRONMENT])
    assert statement.predicate.covered == {TERMS.id: TERMS.digest}
    assert not statement.predicate.emergency
    assert parse(statement.payload()) == statement


def test_an_emergency_is_of_many_and_has_its_number() -> None:
    other = Terms(
        id="host.two",
        digest="ef" * 32,
        scope=Scope.SYSTEM,
        roles=("dba",),
        max_age=DAY,
    )
    statement = waiver([TERMS, other], CONTEXT, "ann", NOW, agreed(incident="I-1"))

    assert statement.predicate.emergency
    assert set(statement.predicate.covered) == {"host.one", "host.two"}
    assert parse(statement.payload()) == statement


def test_two_approvers_sign_equal_terms() -> None:
    first = waiver([TERMS], CONTEXT, "ann", NOW, agreed())
    second = waiver([TERMS], CONTEXT, "bob", NOW + DAY / 2, agreed(ticket="T-2"))

    assert first.predicate.terms == second.predicate.terms


def test_a_revocation_names_what_it_takes_back() -> None:
    payloads = {"ab" * 32: "host.one", "cd" * 32: "host.two"}
    statement = revocation(payloads, "ann", NOW, "Wrong.")

    assert statement.subject.digest == "ab" * 32
    assert [one.digest for one in statement.predicate.revokes] == list(payloads)
    assert parse(statement.payload()) == statement
