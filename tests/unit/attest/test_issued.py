"""The deploy side: each lie that a certificate may tell, and the code that names it."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from pytest_readiness.attest import envelope
from pytest_readiness.attest.certificate import (
    Certificate,
    Configured,
    Judged,
    Outcome,
    Way,
    plain,
)
from pytest_readiness.attest.certificate_check import (
    Expected,
    check_issued,
    longest,
    missing_roles,
    needed_roles,
)
from pytest_readiness.attest.codes import Code, Malformed, Refused
from pytest_readiness.attest.forms import Tree
from pytest_readiness.attest.issued import (
    MAX_LINES,
    MAX_SIZE,
    Issued,
    read_issued,
    unverified,
)
from pytest_readiness.attest.signatures import read_signatures
from pytest_readiness.attest.statement import TARGET_NAME, Statement, Subject
from pytest_readiness.catalogue.item import Scope

World = Any
ITEMS = ("database-setup.security", "final.production-ready", "host.one")
REPORT = "a1" * 32


def judged(world: World, **more: Any) -> Judged:
    return Judged(
        **{
            "system": "shop",
            "environment": "production",
            "release": "2.4.0",
            "source": world.context.source,
            "gate": "go-live",
            "way": Way.RAN_HERE,
            "issued_at": world.NOW - world.HOUR,
            "valid_until": world.NOW + world.DAY,
            "ends_with": "the certificate's own limit",
            "items": len(ITEMS),
            "seen": 2,
            "signed": 1,
            **more,
        }
    )


def certificate(world: World, **more: Any) -> Certificate:
    words = more.pop("judged", {})
    trust = plain("trust.toml", world.trust.digest, version=7)
    return Certificate.of(
        **{
            "subject": world.context.subject([Scope.RELEASE]),
            "judged": judged(world, **words),
            "others": (trust, plain("report.json", REPORT)),
            "passed": ITEMS,
            "waived": (),
            "url": "https://ci.example.com/7",
            **more,
        }
    )


def payload(made: Certificate) -> bytes:
    subject = Subject(name=TARGET_NAME, digest=made.subject)
    return Statement(subject, made).payload()


def signed(world: World, *people: str, made: Certificate | None = None) -> bytes:
    data = payload(made or certificate(world))
    lines = [envelope.sign(data, world.key_of(name)) for name in people or ("grace",)]
    return b"".join(line + b"\n" for line in lines)


def expected(world: World, **more: Any) -> Expected:
    return Expected(
        **{
            "subject": world.context.subject([Scope.RELEASE]),
            "gate": "go-live",
            "items": frozenset(ITEMS),
            "roles": ("executive-sponsor",),
            "digests": {"report.json": REPORT},
            **more,
        }
    )


def check(world: World, data: bytes, **more: Any) -> Issued:
    """Verify a certificate in small use; ``pins`` are given where there are some."""
    pins = more.pop("pins", None)
    if pins:
        world.approve("alice", "bob")
    found = world.read(pins=pins)
    assert not found.failures
    issued = read_issued(data, found.trust)
    check_issued(issued, expected(world, **more), found)
    return issued


def refused(world: World, data: bytes, **more: Any) -> tuple[Code, str]:
    with pytest.raises(Refused) as caught:
        check(world, data, **more)
    return caught.value.code, caught.value.reason


def changed(line: bytes, **fields: Any) -> bytes:
    """Change the payload's predicate and keep the signature."""
    envelope_ = json.loads(line)
    statement = json.loads(base64.b64decode(envelope_["payload"]))
    statement["predicate"] |= fields
    data = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    envelope_["payload"] = base64.b64encode(data).decode()
    return json.dumps(envelope_).encode()


def test_a_certificate_is_read_as_it_was_made(world: World) -> None:
    made = certificate(world)
    issued = check(world, signed(world, made=made))

    assert issued.certificate == made
    assert made.result is Outcome.PASSED
    assert [one.person.id for one in issued.certifiers] == ["grace"]
    assert made.number("trust.toml", "version") == 7
    assert made.number("snapshot.txt", "version") == 0
    assert made.number("report.json", "items") == 0
    assert made.digests["report.json"] == REPORT
    assert unverified(signed(world, made=made)).certificate == made


def test_a_ledger_leaves_certificates_out(world: World) -> None:
    world.add(signed(world).strip())

    found = world.read()
    assert not found.failures
    assert found.tally.ignored[Code.FOREIGN] == 1


def test_in_full_use_it_holds_as_well(world: World) -> None:
    check(world, signed(world), pins=world.pins())


# ------------------------------------------------------------------- its bytes


def test_an_edited_certificate_is_tampered(world: World) -> None:
    line = signed(world).strip()

    code, reason = refused(world, changed(line, url="https://ci.example.com/8"))
    assert code is Code.TAMPERED
    assert reason.startswith("the signature is not that of SHA256:")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "holds no line"),
        (b"\n\n", "holds no line"),
        (b"{}\n", "no payload type"),
        (b'{"payloadType":"text/plain"}\n', "another payload type"),
    ],
)
def test_what_is_no_certificate_is_malformed(
    world: World, data: bytes, what: str
) -> None:
    assert refused(world, data) == (Code.MALFORMED, what)


def test_other_statements_are_no_certificates(world: World) -> None:
    code, reason = refused(world, world.attestation("grace"))

    assert code is Code.MALFORMED
    assert reason.startswith("predicateType is not https://in-toto.io/attestation/")


def test_lines_over_different_payloads_are_malformed(world: World) -> None:
    data = signed(world) + signed(world, made=certificate(world, url=""))

    assert refused(world, data)[1] == "its lines are over different payloads"


def test_a_huge_file_is_not_read(world: World) -> None:
    assert refused(world, b" " * (MAX_SIZE + 1))[0] is Code.TOO_LARGE


def edited(world: World, edit: Any) -> tuple[Code, str]:
    """Sign what the writer would never write."""
    statement = json.loads(payload(certificate(world)))
    edit(statement)
    line = envelope.sign(json.dumps(statement).encode(), world.key_of("grace"))
    return refused(world, line)


def test_a_configuration_that_says_two_things_is_malformed(world: World) -> None:
    def configuration(statement: Any) -> Any:
        return statement["predicate"]["configuration"]

    def twice(statement: Any) -> None:
        configuration(statement).append(configuration(statement)[1])

    def nothing(statement: Any) -> None:
        configuration(statement).clear()

    def other_first(statement: Any) -> None:
        configuration(statement)[0]["name"] = "suite.lock"

    def other_subject(statement: Any) -> None:
        statement["subject"][0]["digest"]["sha256"] = "0" * 64

    def other_words(statement: Any) -> None:
        configuration(statement)[0]["annotations"]["environment"] = "staging"

    def no_source(statement: Any) -> None:
        configuration(statement)[0]["annotations"]["source"] = "main"

    for edit, reason in (
        (twice, "predicate.configuration names something twice"),
        (nothing, "predicate.configuration is no list that begins with the target"),
        (other_first, "predicate.configuration.0.name is not readiness-target.json"),
        (other_subject, "configuration.0.digest is not the subject"),
        (
            other_words,
            "configuration.0.annotations tell of another target than the digest",
        ),
        (
            no_source,
            "configuration.0.annotations source is not sha256: and 64 digits",
        ),
    ):
        assert edited(world, edit) == (Code.MALFORMED, reason)


def test_a_top_level_mistake_is_named_without_a_place(world: World) -> None:
    code, reason = edited(world, lambda statement: statement.update(more=1))

    assert code is Code.MALFORMED
    assert reason.startswith("holds more or less than _type")


# -------------------------------------------------------------------- its target


@pytest.mark.parametrize(
    "other",
    [
        {"environment": "staging"},
        {"source": "sha256:" + "0" * 64},
        {"system": "depot"},
        {"source": ""},
    ],
)
def test_a_certificate_for_something_else_is_the_wrong_target(
    world: World, other: dict[str, str]
) -> None:
    subject = replace(world.context, **other).subject([Scope.RELEASE])

    code, reason = refused(world, signed(world), subject=subject)
    assert code is Code.WRONG_TARGET
    assert "shop 2.4.0 in production" in reason


def test_one_made_without_pins_does_not_hold_where_roots_are_pinned(
    world: World,
) -> None:
    data = signed(world, made=certificate(world, judged={"unpinned": True}))

    check(world, data)
    assert refused(world, data, pins=world.pins())[0] is Code.TRUST_UNPINNED


def test_without_a_trust_file_nothing_is_certified(world: World) -> None:
    issued = read_issued(signed(world), world.trust)
    found = read_signatures(world.files, context=world.context, now=world.NOW)

    with pytest.raises(Refused) as caught:
        check_issued(issued, expected(world), found)
    assert caught.value.code is Code.NO_TRUST_FILE


# ---------------------------------------------------------------------- its end


def test_it_ends_when_it_says(world: World) -> None:
    data = signed(world, made=certificate(world, judged={"valid_until": world.NOW}))

    assert refused(world, data) == (
        Code.EXPIRED,
        "the certificate ended 2026-10-15 12:00Z",
    )


def test_it_ends_with_the_longest_time_and_with_the_trust_file(world: World) -> None:
    issued = world.NOW - 24 * world.HOUR
    words = {"issued_at": issued, "valid_until": issued + 90 * world.DAY}

    def made() -> bytes:
        return signed(world, made=certificate(world, judged=words))

    assert longest(world.trust) == 72 * world.HOUR
    check(world, made())
    world.table["certificate"] = {"max_hours": 24}
    assert longest(world.trust) == world.DAY
    assert refused(world, made())[0] is Code.EXPIRED
    world.table["certificate"] = {"max_hours": 100}
    world.table["expires"] = world.NOW
    assert refused(world, made())[0] is Code.EXPIRED


def test_one_of_tomorrow_is_refused(world: World) -> None:
    words = {"issued_at": world.NOW + world.HOUR}

    code, reason = refused(world, signed(world, made=certificate(world, judged=words)))
    assert code is Code.FUTURE
    assert "2026-10-15 13:00Z" in reason


def test_its_signer_or_a_revoker_can_revoke_it(world: World) -> None:
    data = signed(world)
    digest = unverified(data).digest

    world.revoke("alice", digest)  # a revoker
    assert refused(world, data)[0] is Code.REVOKED
    world.files.attestations.unlink()
    world.revoke("bob", digest)  # neither its signer nor a revoker
    check(world, data)


def test_the_trust_file_s_revocation_goes_before_all_else(world: World) -> None:
    other = certificate(world, others=())
    digest = unverified(signed(world, made=other)).digest
    world.table["revoked"] = [{"payload_sha256": digest, "reason": "wrong"}]

    assert refused(world, signed(world, made=other)) == (
        Code.REVOKED,
        "the trust file revokes the certificate",
    )


# ------------------------------------------------------------------- its signers


def test_who_certifies_needs_the_role(world: World) -> None:
    assert refused(world, signed(world, "bob")) == (
        Code.ROLE_NOT_ALLOWED,
        "the signature of bob is not by one of executive-sponsor",
    )
    assert refused(world, signed(world, "ci"))[0] is Code.ROLE_NOT_ALLOWED
    assert refused(world, signed(world, "mallory"))[0] is Code.UNTRUSTED_KEY


def test_where_nobody_is_needed_nobody_has_certified(world: World) -> None:
    world.person("bob")["roles"] = []
    for people in (("bob",), ("ci",), ("grace",)):
        code, _reason = refused(world, signed(world, *people), roles=())
        assert code is Code.ROLE_NOT_ALLOWED


def test_the_key_must_be_sound(world: World) -> None:
    for change in (
        {"status": "compromised"},
        {"not_after": world.NOW},
        {"not_before": world.NOW - world.HOUR / 2},
    ):
        world.person("grace")["key"] = [world.key("grace", **change)]
        code, reason = refused(world, signed(world))
        assert code is Code.KEY_NOT_VALID
        assert reason.startswith("the signature of grace is by a")


def test_one_signer_of_two_is_below_the_threshold(world: World) -> None:
    roles = ("business-owner", "executive-sponsor")
    world.write_trust()

    assert refused(world, signed(world), roles=roles) == (
        Code.BELOW_THRESHOLD,
        "signed by grace, but still missing: business-owner",
    )
    assert refused(world, signed(world, "grace", "bob"), roles=roles)[0] is (
        Code.BELOW_THRESHOLD
    )
    found, alone = world.read(), read_issued(signed(world), world.trust)
    check_issued(alone, expected(world, roles=roles), found, partial=True)
    assert missing_roles(alone, roles, world.NOW) == ("business-owner",)
    nobody = read_issued(signed(world, "bob"), world.trust)
    with pytest.raises(Refused, match="ROLE_NOT_ALLOWED"):
        check_issued(nobody, expected(world), found, partial=True)
    both = check(world, signed(world, "grace", "carol"), roles=roles)
    assert [one.person.id for one in both.certifiers] == ["grace", "carol"]


def test_a_person_with_two_roles_is_one_person(world: World) -> None:
    world.person("grace")["key"].append(world.key("grace-2"))
    roles = ("executive-sponsor", "project-manager")

    assert refused(world, signed(world, "grace", "grace-2"), roles=roles) == (
        Code.BELOW_THRESHOLD,
        "signed by grace, but still missing: project-manager",
    )
    with_stranger = signed(world, "grace", "mallory")
    check(world, with_stranger)


def test_of_very_many_lines_none_is_verified(world: World) -> None:
    check(world, signed(world) * MAX_LINES)

    with pytest.raises(Refused) as caught:
        read_issued(signed(world) * (MAX_LINES + 1), world.trust)
    assert caught.value.code is Code.TOO_LARGE


def test_the_trust_file_only_adds_signers(world: World) -> None:
    own = Counter(["executive-sponsor"])
    assert needed_roles(world.trust, own) == ("executive-sponsor",)

    need = [{"role": "project-manager"}, {"role": "executive-sponsor", "count": 2}]
    world.table["certificate"] = {"need": need}
    assert sorted(needed_roles(world.trust, own)) == [
        "executive-sponsor",
        "executive-sponsor",
        "project-manager",
    ]


# --------------------------------------------------------------------- its items


@pytest.mark.parametrize(
    ("lists", "reason"),
    [
        ({"passed": ITEMS[1:]}, "does not list database-setup.security"),
        ({"passed": ()}, "does not list database-setup.security and 2 more"),
        (
            {"passed": (*ITEMS, "host.two")},
            "lists what the gate does not ask: host.two",
        ),
        ({"waived": ITEMS[:1]}, "lists an item twice"),
    ],
)
def test_every_item_of_the_gate_stands_once(
    world: World, lists: dict[str, Any], reason: str
) -> None:
    data = signed(world, made=certificate(world, **lists))

    assert refused(world, data) == (Code.ITEMS_MISSING, reason)


def test_another_gate_is_not_this_one(world: World) -> None:
    data = signed(world, made=certificate(world, judged={"gate": "daily"}))

    assert refused(world, data) == (
        Code.ITEMS_MISSING,
        "is about the gate daily, not go-live",
    )


def test_waived_items_are_warned(world: World) -> None:
    made = certificate(world, passed=ITEMS[1:], waived=ITEMS[:1])

    assert check(world, signed(world, made=made)).certificate.result is Outcome.WARNED


@pytest.mark.parametrize(
    "lie",
    [
        {"result": Outcome.PASSED, "passed_tests": ITEMS[1:], "warned": True},
        {"result": Outcome.WARNED},
        {"result": Outcome.FAILED},
        {"passed_tests": ITEMS[1:], "failed_tests": ITEMS[:1]},
    ],
)
def test_a_result_that_its_lists_do_not_give_certifies_nothing(
    world: World, lie: dict[str, Any]
) -> None:
    if lie.pop("warned", False):
        lie["warned_tests"] = ITEMS[:1]
    made = replace(certificate(world), **lie)

    code, reason = refused(world, signed(world, made=made))
    assert code is Code.MALFORMED
    assert "does not certify its lists" in reason


# --------------------------------------------------------------------- its files


def test_a_swapped_report_is_changed(world: World) -> None:
    with pytest.raises(Refused) as caught:
        check(world, signed(world), digests={"report.json": "0" * 64})

    assert caught.value.code is Code.ARTIFACT_CHANGED
    assert caught.value.where == "report.json"


def test_a_file_that_it_does_not_know_is_changed(world: World) -> None:
    code, reason = refused(world, signed(world), digests={"report.html": REPORT})

    assert code is Code.ARTIFACT_CHANGED
    assert reason.endswith("the certificate names no such file")


def test_another_trust_file_than_the_certificate_s_is_changed(world: World) -> None:
    data = signed(world)
    world.table["skew_seconds"] = 10

    assert refused(world, data)[0] is Code.ARTIFACT_CHANGED


def test_probes_are_named_by_git_s_tree(world: World) -> None:
    probes = Configured(name="probes", digest=Tree("gitTree", "c3" * 20))
    made = certificate(world, others=(plain("trust.toml", world.trust.digest), probes))

    issued = check(world, signed(world, made=made), digests={})
    assert issued.certificate.digests["probes"] == "c3" * 20


def test_it_is_never_longer_than_anything_signed_may_last(world: World) -> None:
    words = {"valid_until": world.NOW + 500 * world.DAY}

    with pytest.raises(Malformed, match="validUntil"):
        signed(world, made=certificate(world, judged=words))


def test_the_ledger_need_not_be_at_hand(world: World) -> None:
    world.table["snapshot"] = {}
    data = signed(world)
    world.write_trust()
    found = read_signatures(
        world.files, context=world.context, now=world.NOW, with_ledger=False
    )

    assert not found.failures
    assert found.index is None
    assert found.trust is not None
    check_issued(read_issued(data, found.trust), expected(world), found)
