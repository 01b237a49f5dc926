"""Is it the right trust file: pins, thresholds, rotation."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_readiness.attest import ledger, line
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.index import Index
from pytest_readiness.attest.ledger import Tally
from pytest_readiness.attest.pins import TrustPins, approvers, check_rotation
from pytest_readiness.attest.signatures import read_signatures
from pytest_readiness.errors import ConfigError

World = Any
ROOT = "SHA256:" + "A" * 43


@pytest.mark.parametrize(
    ("pins", "text"),
    [
        ({"roots": frozenset({"alice"})}, "is no fingerprint"),
        ({"roots": frozenset({ROOT + "="})}, "is no fingerprint"),
        ({"roots": frozenset({"SHA256:\u202e" + "A" * 42})}, r"SHA256:\\u202e"),
        ({"threshold": 1}, "1 of 0 roots cannot approve"),
        ({"roots": frozenset({ROOT}), "threshold": 2}, "2 of 1 roots cannot approve"),
        ({"roots": frozenset({ROOT}), "threshold": 0}, "0 of 1 roots cannot approve"),
    ],
)
def test_pins_that_would_hold_nothing_are_a_configuration_error(
    pins: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        TrustPins(**pins)


def test_two_roots_approve_unless_said_otherwise(world: World) -> None:
    assert not TrustPins().pinned
    assert TrustPins().needed == 0
    assert TrustPins(roots=frozenset({ROOT})).needed == 1
    assert world.pins(threshold=None).needed == 2
    assert world.pins(threshold=3).needed == 3


def threshold(world: World, **more: Any) -> str:
    """Give why the trust file is not approved; "" where it is."""
    found = world.read(**{"pins": world.pins(), **more})
    if not found.broken:
        return ""
    assert found.failures[0].code is Code.TRUST_THRESHOLD
    return found.failures[0].reason


def test_the_files_own_roots_are_no_pinned_ones(world: World) -> None:
    """Whoever writes a trust file can name roots in it, and have them approve it."""
    world.table["root"] = {"threshold": 2, "people": ["heidi", "frank"]}
    world.approve("heidi", "frank", "erin")

    assert "of the pinned roots must approve it; approved by nobody" in threshold(world)
    assert "approved by heidi" in threshold(world, pins=world.pins("heidi", "bob"))


def test_one_pinned_root_of_several_may_be_asked_for(world: World) -> None:
    world.table["root"] = {"threshold": 1, "people": ["alice", "bob"]}
    world.approve("bob")

    assert threshold(world, pins=world.pins(threshold=1)) == ""
    assert threshold(world, pins=world.pins("alice", "grace", threshold=1))


@pytest.mark.parametrize(("seconds", "approved"), [(300, True), (301, False)])
def test_an_approval_may_be_ahead_by_as_much_as_clocks_differ(
    world: World, seconds: int, *, approved: bool
) -> None:
    world.approve("alice", "bob", issued_at=world.NOW + seconds * world.HOUR / 3600)

    assert (threshold(world) == "") is approved


@pytest.mark.parametrize("more", [{"version": 6}, {"data": b"another file"}])
def test_an_approval_of_another_file_or_version_is_none_of_this_one(
    world: World, more: dict[str, Any]
) -> None:
    trust = world.trust
    lines = [line.judge(world.approval("bob", **more), trust).line]

    assert approvers(trust, lines, world.NOW) == {}


def test_two_pinned_roots_approve_a_trust_file(world: World) -> None:
    world.approve("alice")
    assert "2 of the pinned roots must approve it; approved by alice" in threshold(
        world
    )

    world.approve("grace")
    assert threshold(world) == ""


def test_who_approves_twice_is_one_root(world: World) -> None:
    world.approve("alice", "alice")

    assert "approved by alice" in threshold(world)


def test_two_pinned_keys_of_one_person_are_one_root(world: World) -> None:
    second = {**world.key("second"), "key": world.key_of("second").public.pem}
    world.person("alice")["key"].append(second)
    world.approve("alice")
    world.approve("alice", by="second")

    assert "approved by alice" in threshold(world, pins=world.pins("alice", "second"))


def test_the_roots_that_the_file_names_approve_as_well(world: World) -> None:
    """Rotation: the pinned roots are the old ones, the file names the new ones."""
    world.table["root"] = {"threshold": 2, "people": ["erin", "frank"]}
    world.approve("alice", "bob")
    assert "2 of the roots that the file names must approve it" in threshold(world)

    world.approve("erin", "frank")
    assert threshold(world) == ""


@pytest.mark.parametrize(
    ("approval", "key"),
    [
        ({"version": 6}, {}),
        ({"data": b"another file"}, {}),
        ({"issued_at": "future"}, {}),
        ({"issued_at": "early"}, {}),
        ({}, {"not_after": "now"}),
        ({}, {"status": "compromised"}),
        ({"by": "mallory"}, {}),
    ],
)
def test_an_approval_that_does_not_hold_is_not_counted(
    world: World, approval: dict[str, Any], key: dict[str, Any]
) -> None:
    times = {"future": world.NOW + world.DAY, "early": world.NOW - 201 * world.DAY}
    approval = {name: times.get(value, value) for name, value in approval.items()}
    entry = world.person("bob")["key"][0]
    entry.update({n: world.NOW if v == "now" else v for n, v in key.items()})
    world.approve("alice")
    world.approve("bob", **approval)

    assert "approved by alice" in threshold(world)


def test_a_tampered_approval_closes_the_gate_beside_enough_good_ones(
    world: World,
) -> None:
    world.approve("alice", "bob")
    line = world.repack(world.approval("grace"), '"version":7', '"version":8')
    with world.files.approvals.open("ab") as stream:
        stream.write(line + b"\n")

    found = world.read(pins=world.pins())

    assert [failure.code for failure in found.failures] == [Code.TAMPERED]


def test_pinned_roots_without_a_trust_file_are_a_broken_trust(world: World) -> None:
    """Without this, deleting the file would delete every veto with it."""
    world.veto("erin")
    pins = world.pins()
    world.write_trust()
    world.files.trust.unlink()

    found = read_signatures(
        world.files, context=world.context, now=world.now, pins=pins
    )

    assert found.failures[0].code is Code.TRUST_THRESHOLD


def test_a_trust_file_that_cannot_be_read_is_invalid(world: World) -> None:
    world.files.trust.mkdir(parents=True)

    found = read_signatures(world.files, context=world.context, now=world.now)

    assert found.failures[0].code is Code.TRUST_INVALID


@pytest.mark.parametrize(
    ("table", "context"),
    [
        ({"system": "bank"}, {}),
        ({}, {"system": "bank"}),
        ({"system": None, "organisation": "other"}, {}),
    ],
)
def test_a_trust_file_of_another_system_is_refused(
    world: World, table: dict[str, Any], context: dict[str, str]
) -> None:
    world.table |= table
    world.table = {name: value for name, value in world.table.items() if value}

    found = world.read(context=world.elsewhere(**context))

    assert found.failures[0].code is Code.WRONG_SYSTEM


def test_an_organisations_trust_file_is_for_all_its_systems(world: World) -> None:
    del world.table["system"]
    world.table["organisation"] = "acme"

    assert not world.read(context=world.elsewhere(system="bank")).broken


def test_the_first_step_that_fails_is_named(world: World) -> None:
    world.table |= {"system": "bank", "expires": world.NOW}
    world.approve("alice", "bob")

    found = world.read(pins=world.pins(min_trust_version=8))

    assert [failure.code for failure in found.failures] == [Code.WRONG_SYSTEM]


class TestRotation:
    """A new version is approved by the old roots and by the new ones, as in TUF."""

    @pytest.fixture
    def steps(self, world: World) -> tuple[Any, Any]:
        """Give the version in force and the one that follows it."""
        old = world.trust
        world.table |= {
            "version": 8,
            "root": {"threshold": 2, "people": ["alice", "erin", "frank"]},
        }
        return old, world.trust

    def rotate(self, world: World, old: Any, new: Any) -> None:
        def approvals(trust: Any) -> list[Any]:
            index = Index(new, world.context, world.now)
            for judged in ledger.read(world.files.approvals, trust, Tally()):
                index.take(judged)
            return list(index.approvals.values())

        check_rotation(old, new, approvals(old), approvals(new), world.now)

    def test_old_and_new_roots_approve(self, world: World, steps: Any) -> None:
        world.approve("alice", "bob", "erin")

        self.rotate(world, *steps)

    @pytest.mark.parametrize(
        ("people", "text"),
        [
            (("alice", "erin", "frank"), "2 of the roots of the version in force"),
            (("bob", "grace", "erin"), "2 of the roots of the new version"),
            ((), "approved by nobody"),
        ],
    )
    def test_one_side_is_not_enough(
        self, world: World, steps: Any, people: tuple[str, ...], text: str
    ) -> None:
        world.approve(*people)

        with pytest.raises(Refused, match=text):
            self.rotate(world, *steps)

    def test_an_approval_of_a_step_from_another_file_is_not_counted(
        self, world: World, steps: Any
    ) -> None:
        old, new = steps
        world.approve("alice", "bob", "erin", previous="ab" * 32)
        with pytest.raises(Refused, match="approved by nobody"):
            self.rotate(world, old, new)

        world.approve("alice", "bob", "erin", previous=old.digest)
        self.rotate(world, old, new)

    def test_the_version_must_rise(self, world: World, steps: Any) -> None:
        old, new = steps
        for one, other in ((new, old), (old, old)):
            with pytest.raises(Refused) as caught:
                self.rotate(world, one, other)
            assert caught.value.code is Code.TRUST_ROLLBACK

    def test_the_system_stays(self, world: World, steps: Any) -> None:
        old, _new = steps
        world.table["system"] = "bank"

        with pytest.raises(Refused) as caught:
            self.rotate(world, old, world.trust)

        assert caught.value.code is Code.WRONG_SYSTEM
