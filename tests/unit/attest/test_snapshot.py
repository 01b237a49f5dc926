"""Snapshots: nothing that was listed can vanish unseen (step 7)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.result import Result
from pytest_readiness.attest.snapshot import MAX_ENTRIES, listing

World = Any


@pytest.fixture
def kept(world: World) -> World:
    """A world whose trust file asks for snapshots, with two signatures."""
    world.table["snapshot"] = {}
    world.attest("bob")
    world.veto("erin")
    return world


def refused(world: World, **pins: Any) -> Code | None:
    """Give the code that closes the gate, or None."""
    if pins:
        world.approve("alice", "bob")
        pins = {"pins": world.pins(**pins)}
    found = world.read(**pins)
    return found.failures[0].code if found.broken else None


def test_a_snapshot_holds_until_its_end(kept: World) -> None:
    kept.snapshot()

    found = kept.read()

    assert not found.broken
    assert found.snapshot_until == kept.NOW - kept.HOUR / 4 + 7 * kept.DAY
    assert found.until == found.snapshot_until
    assert not any("asks for no snapshot" in warning for warning in found.warnings)


def test_what_is_signed_after_the_snapshot_counts(kept: World) -> None:
    kept.snapshot()
    kept.attest("erin", issued_at=kept.NOW)
    kept.attest("bob", issued_at=kept.NOW)

    assert kept.verify().result is Result.SATISFIED


def test_the_list_is_sorted_and_holds_each_once() -> None:
    one, other = "a" * 64, "b" * 64

    assert listing([other, one, other]) == f"{one}\n{other}\n".encode()


def test_no_snapshot_is_missing(kept: World) -> None:
    assert refused(kept) is Code.SNAPSHOT_MISSING


@pytest.mark.parametrize(
    "how", ["role", "compromised", "expired", "not yet", "revoked", "unknown"]
)
def test_only_a_registrars_valid_key_makes_a_snapshot(kept: World, how: str) -> None:
    key = kept.person("ci")["key"][0]
    more: dict[str, Any] = {}
    if how == "role":
        kept.person("ci")["roles"] = ["runner"]
    elif how == "compromised":
        key["status"] = "compromised"
    elif how == "expired":
        key["not_after"] = kept.NOW
    elif how == "not yet":
        key["not_before"] = kept.NOW - kept.HOUR / 8
    elif how == "unknown":
        more["by"] = "mallory"
    payload = kept.snapshot(**more)
    if how == "revoked":
        kept.table["revoked"] = [{"payload_sha256": payload, "reason": "A mistake."}]

    assert refused(kept) is Code.SNAPSHOT_MISSING


def test_another_role_may_be_asked_for_snapshots(kept: World) -> None:
    kept.table["snapshot"] = {"role": "ops-lead"}
    kept.snapshot("erin")
    assert refused(kept) is None

    kept.table["snapshot"] = {"role": "qa-lead"}
    assert refused(kept) is Code.SNAPSHOT_MISSING


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"0" * 64 + b"\n",
        lambda content: content[65:],
        lambda content: content[:-1],
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda _content: b"",
    ],
)
def test_another_list_than_the_signed_one_is_a_mismatch(
    kept: World, change: Any
) -> None:
    kept.snapshot()
    content = kept.files.snapshot.read_bytes()
    kept.files.snapshot.write_bytes(change(content))

    assert refused(kept) is Code.SNAPSHOT_MISMATCH


@pytest.mark.parametrize("how", ["missing", "a folder", "too large"])
def test_a_list_that_cannot_be_read_closes_the_gate(kept: World, how: str) -> None:
    kept.snapshot()
    path = kept.files.snapshot
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how == "too large":
        with path.open("wb") as stream:
            stream.truncate(MAX_ENTRIES * 65 + 1)

    assert refused(kept) is (
        Code.TOO_LARGE if how == "too large" else Code.SNAPSHOT_MISMATCH
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"B" * 64 + b"\n", "is not a list"),
        (b"b" * 64, "is not a list"),
        (b"b" * 63 + b"\n", "is not a list"),
        (b"b" * 64 + b"\n" + b"a" * 64 + b"\n", "is not sorted"),
        (b"a" * 64 + b"\n" + b"a" * 64 + b"\n", "is not sorted"),
        (b"a" * 64 + b"\n", "lists 1 statements that are not there"),
    ],
)
def test_a_signed_list_that_is_wrong_is_a_mismatch(
    kept: World, content: bytes, text: str
) -> None:
    kept.snapshot(content=content)

    found = kept.read()

    assert found.failures[0].code is Code.SNAPSHOT_MISMATCH
    assert text in found.failures[0].reason
    assert found.failures[0].where.endswith("snapshot.txt")


def test_the_count_is_signed_too(kept: World) -> None:
    kept.snapshot(count=3)

    assert refused(kept) is Code.SNAPSHOT_MISMATCH


def test_the_newest_version_counts(kept: World) -> None:
    kept.snapshot(version=5, issued_at=kept.NOW - 8 * kept.DAY)
    kept.attest("heidi")
    kept.snapshot(version=6)
    assert refused(kept) is None

    kept.lines = kept.lines[::-1]
    assert refused(kept) is None


def test_two_lists_of_one_version_are_a_mismatch(kept: World) -> None:
    kept.snapshot(version=5)
    kept.attest("heidi")
    kept.snapshot(version=5)

    assert refused(kept) is Code.SNAPSHOT_MISMATCH


@pytest.mark.parametrize("longer", [0, 1])
def test_two_lists_of_one_version_are_a_mismatch_whichever_the_file_is(
    kept: World, longer: int
) -> None:
    """The one that lasts longer would else be taken for the newest."""
    shorter = kept.NOW - (2 - longer) * kept.HOUR
    kept.snapshot(version=5, issued_at=kept.NOW - kept.HOUR - longer * kept.HOUR / 2)
    first = kept.files.snapshot.read_bytes()
    kept.attest("heidi")
    kept.snapshot(version=5, issued_at=shorter)
    for content in (first, kept.files.snapshot.read_bytes()):
        kept.files.snapshot.write_bytes(content)

        assert refused(kept) is Code.SNAPSHOT_MISMATCH


def test_a_list_of_as_many_other_lines_is_not_the_signed_one(kept: World) -> None:
    """All of them are there; the one that is missing is the veto."""
    attested, veto = kept.payloads
    kept.snapshot()
    other = kept.attest("heidi")
    kept.files.snapshot.write_bytes(listing([attested, other]))
    kept.lines = [kept.lines[0], *kept.lines[2:]]
    assert refused(kept) is Code.SNAPSHOT_MISMATCH

    kept.files.snapshot.write_bytes(listing([attested, veto]))
    assert refused(kept) is Code.SNAPSHOT_MISMATCH


@pytest.mark.parametrize(("seconds", "code"), [(1, None), (0, Code.SNAPSHOT_STALE)])
def test_without_a_policy_a_snapshot_lasts_a_week(
    world: World, seconds: int, code: Code | None
) -> None:
    issued = world.NOW - 168 * world.HOUR + seconds * world.HOUR / 3600
    world.attest("bob")
    world.snapshot(issued_at=issued, valid_until=issued + 30 * world.DAY)

    assert refused(world, min_snapshot_version=5) is code


def test_the_same_list_may_be_signed_for_longer(kept: World) -> None:
    content = listing(kept.payloads)
    kept.snapshot(content=content, issued_at=kept.NOW - 7 * kept.DAY)
    kept.snapshot(content=content, issued_at=kept.NOW - 6 * kept.DAY)

    found = kept.read()

    assert found.snapshot_until == kept.NOW + kept.DAY


def test_a_foreign_line_may_be_listed_as_well(kept: World) -> None:
    foreign = kept.resign(
        kept.attestation("erin"),
        "https://pytest-readiness.readthedocs.io/predicates/item-attestation/v1",
        "https://slsa.dev/provenance/v1",
        by="erin",
    )
    kept.add(foreign)
    kept.snapshot()
    assert refused(kept) is None

    kept.lines = [kept.lines[0], kept.lines[1], kept.lines[3]]
    assert refused(kept) is Code.SNAPSHOT_MISMATCH


def test_the_lowest_version_is_held_where_it_is_given(world: World) -> None:
    """Also where the trust file no longer asks for snapshots."""
    world.attest("bob")
    assert refused(world, min_snapshot_version=5) is Code.SNAPSHOT_MISSING

    world.snapshot(version=5)
    assert refused(world, min_snapshot_version=5) is None
    assert refused(world, min_snapshot_version=6) is Code.SNAPSHOT_ROLLBACK


def test_an_old_registrars_snapshot_still_dates_other_lines(world: World) -> None:
    world.snapshot(issued_at=world.NOW - 2 * world.DAY)
    world.person("ci")["key"][0]["not_after"] = world.NOW
    world.attest(
        "bob", anchor=world.seen_snapshot(), issued_at=world.NOW - 3 * world.DAY
    )

    assert world.verify().code is Code.BACKDATED


def test_of_equal_snapshots_the_first_is_what_was_seen(world: World) -> None:
    content = listing(["a" * 64])
    world.snapshot(content=content, version=5, issued_at=world.NOW - 3 * world.DAY)
    world.snapshot(content=content, version=6, issued_at=world.NOW - world.DAY)
    world.attest(
        "bob", anchor=world.seen_snapshot(), issued_at=world.NOW - 2 * world.DAY
    )

    assert world.verify().result is Result.SATISFIED
