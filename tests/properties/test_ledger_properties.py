"""What holds for every ledger, however its lines are ordered, dropped or damaged."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.envelope import Envelope
from pytest_readiness.attest.persons import seat
from pytest_readiness.attest.predicates import Verdict
from pytest_readiness.attest.result import ItemSignatures, Result
from pytest_readiness.catalogue.item import Scope

Results = tuple[ItemSignatures, ...] | None
"""Of each item; None: the gate is closed."""


class Ledger:
    """A ledger in which everything happened once, and the items it decides."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.items = self.fill()
        self.lines: list[bytes] = world.lines
        world.write_trust()

    def fill(self) -> list[Any]:
        world, hour = self.world, self.world.HOUR
        names = (
            *("signed", "vetoed", "revoked", "waived", "dropped", "late", "settled"),
            *("urgent", "renewed", "twice", "doubtful"),
        )
        items = {
            name: replace(world.ITEM, id=f"database-setup.{name}") for name in names
        }
        early = {"issued_at": world.NOW - 9 * hour}
        world.attest("bob", items["signed"])
        world.attest("bob", items["vetoed"])
        world.veto("erin", items["vetoed"])
        world.revoke("bob", world.attest("bob", items["revoked"]))
        world.waive("carol", items["waived"])
        world.drop("bob", items["dropped"])
        world.drop("erin", items["dropped"])
        world.attest("bob", items["late"], **early)
        world.attest("bob", items["late"], issued_at=world.NOW + world.DAY)
        world.veto("bob", items["settled"], **early)
        world.attest("bob", items["settled"])
        world.attest("bob", items["settled"], context=world.elsewhere(system="bank"))
        self.fill_by_many_keys(items, early)
        world.veto("mallory", items["signed"])
        return list(items.values())

    def fill_by_many_keys(
        self, items: dict[str, Any], early: dict[str, dt.datetime]
    ) -> None:
        """Do what needs several keys of one person, or several signatures."""
        world, hour = self.world, self.world.HOUR
        for name, more in (
            ("old", {"not_after": world.NOW - 20 * hour}),
            ("thief", {"status": "compromised"}),
            ("second", {"not_after": world.NOW + hour}),
        ):
            key = {**world.key(name), "key": world.key_of(name).public.pem, **more}
            world.person("bob")["key"].append(key)
        world.emergency("erin", items["urgent"])
        world.emergency("erin", items["urgent"], **early)
        for days in (1, 2, 3, 4):
            issued = world.NOW - (5 - days) * world.DAY
            end = world.NOW + days * world.DAY
            world.waive("carol", items["renewed"], issued_at=issued, valid_until=end)
        line = world.attestation("bob", items["twice"])
        world.add(line)
        world.add(world.signed_again(line, "second"))
        world.veto("bob", items["doubtful"], **early)
        world.veto("bob", items["doubtful"], wording=world.OTHER_WORDING, by="old")
        world.attest("bob", items["doubtful"], by="thief")
        world.attest("dave", items["doubtful"])

    def results(self, content: bytes, **more: Any) -> Results:
        """Judge all items by other content of the ledger's file."""
        self.world.files.attestations.write_bytes(content)
        found = self.world.read(**more)
        if found.broken:
            return None
        return tuple(found.verify(item, declared=True) for item in self.items)

    def states(self, content: bytes, **more: Any) -> list[Result] | None:
        results = self.results(content, **more)
        return results and [found.result for found in results]


@pytest.fixture(scope="module")
def ledger(kit: Any, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger without snapshots: what is deleted is not noticed."""
    return Ledger(kit.World(tmp_path_factory.mktemp("ledger")))


@pytest.fixture(scope="module")
def kept(kit: Any, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger whose lines a snapshot lists."""
    world = kit.World(tmp_path_factory.mktemp("kept"))
    world.table["snapshot"] = {}
    found = Ledger(world)
    world.payloads.pop()  # by a key that nobody knows: a registrar cannot list it
    world.snapshot()
    found.lines = world.lines
    return found


def test_the_ledger_has_something_to_lose(ledger: Ledger, kept: Ledger) -> None:
    expected = [
        Result.SATISFIED,
        Result.VETOED,
        Result.NONE,
        Result.WAIVED,
        Result.NOT_APPLICABLE,
        Result.SATISFIED,
        Result.SATISFIED,
        Result.WAIVED,
        Result.NONE,
        Result.SATISFIED,
        Result.VETOED,
    ]

    assert ledger.states(b"".join(ledger.lines)) == expected
    assert kept.states(b"".join(kept.lines)) == expected


@settings(deadline=None)
@given(data=st.data())
def test_the_order_of_the_lines_never_matters(ledger: Ledger, data: Any) -> None:
    whole = ledger.results(b"".join(ledger.lines))

    lines = data.draw(st.permutations(ledger.lines))

    assert ledger.results(b"".join(lines)) == whole


@settings(deadline=None)
@given(data=st.data())
def test_lines_that_stand_twice_count_once(ledger: Ledger, data: Any) -> None:
    """So that `merge=union` may keep both sides of a merge."""
    whole = ledger.results(b"".join(ledger.lines))

    again = data.draw(st.lists(st.sampled_from(ledger.lines)))

    assert ledger.results(b"".join([*ledger.lines, *again])) == whole


@settings(deadline=None)
@given(data=st.data())
def test_with_a_snapshot_no_statement_can_be_dropped(kept: Ledger, data: Any) -> None:
    """Whoever drops one drops its copies, too: another key's signature is as good."""
    *listed, unknown, snapshot = kept.lines
    payloads = {line: Envelope.parse(line).payload for line in listed}
    dropped = data.draw(st.sets(st.sampled_from([*payloads.values()]), min_size=1))
    rest = [line for line in listed if payloads[line] not in dropped]

    assert kept.results(b"".join([*rest, unknown, snapshot])) is None
    assert kept.results(b"".join([*listed, unknown])) is None


@settings(deadline=None)
@given(data=st.data())
def test_with_a_snapshot_a_dropped_copy_gains_nothing(kept: Ledger, data: Any) -> None:
    whole = kept.states(b"".join(kept.lines))
    dropped = data.draw(st.sampled_from(kept.lines))
    rest = [line for line in kept.lines if line != dropped]

    assert kept.states(b"".join(rest)) in (None, whole)


def flip(content: bytes, data: Any) -> tuple[bytes, int]:
    """Change one byte; give the number of its line, too."""
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[at]))
    return content[:at] + bytes([byte]) + content[at + 1 :], content[:at].count(b"\n")


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_with_a_snapshot_a_flipped_byte_never_improves_anything(
    kept: Ledger, data: Any
) -> None:
    whole = b"".join(kept.lines)
    flipped, _number = flip(whole, data)

    # A spoiled copy of a statement that another key has signed, too, changes no state.
    assert kept.states(flipped) in (None, kept.states(whole))


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_flipped_byte_never_gains_more_than_a_dropped_line(
    ledger: Ledger, data: Any
) -> None:
    whole = b"".join(ledger.lines)
    flipped, number = flip(whole, data)
    rest = [line for at, line in enumerate(ledger.lines) if at != number]

    assert ledger.results(flipped) in (
        None,
        ledger.results(whole),
        ledger.results(b"".join(rest)),
    )


@settings(deadline=None)
@given(data=st.data())
def test_a_ledger_cut_off_anywhere_is_read_up_to_there(
    ledger: Ledger, data: Any
) -> None:
    whole = b"".join(ledger.lines)
    length = data.draw(st.integers(0, len(whole)))
    cut = whole[:length]
    end = cut.rfind(b"\n") + 1
    # A line that lacks nothing but its end counts.
    complete = whole[: length + 1] if whole[length : length + 1] == b"\n" else cut[:end]

    results = ledger.results(cut)

    assert results is not None
    assert results == ledger.results(complete)


# ------------------------------------------------- a history, judged by the book

PEOPLE = ("bob", "dave", "erin")
TARGETS = ("production", "staging")


def by_the_book(world: Any, history: list[tuple[str, Verdict, int, str]]) -> Result:
    """Judge a history of the item as the text says, from the whole list of lines."""
    newest: dict[str, tuple[int, Verdict]] = {}
    vetoes = []
    for person, verdict, time, target in history:
        if target != "production" or time > 0:
            continue
        veto = verdict is Verdict.NOT_SATISFIED
        if veto:
            vetoes.append(time)
        before, said = newest.get(person, (-1000, Verdict.SATISFIED))
        if time > before or (time == before and veto):
            newest[person] = time, verdict
        elif time == before:
            newest[person] = time, said
    if any(verdict is Verdict.NOT_SATISFIED for _, verdict in newest.values()):
        return Result.VETOED
    for person, (time, _verdict) in newest.items():
        old = -time >= world.ITEM.max_age / world.DAY
        if person != "erin" and not old and time > max(vetoes, default=-1000):
            return Result.SATISFIED
    return Result.NONE


@settings(deadline=None)
@given(
    history=st.lists(
        st.tuples(
            st.sampled_from(PEOPLE),
            st.sampled_from([Verdict.SATISFIED, Verdict.NOT_SATISFIED]),
            st.sampled_from([-120, -91, -90, -89, -3, -2, -1, 0, 1]),
            st.sampled_from(TARGETS),
        ),
        max_size=8,
    )
)
def test_a_history_comes_to_what_the_book_says(
    kit: Any, tmp_path_factory: Any, history: list[tuple[str, Verdict, int, str]]
) -> None:
    world = kit.World(tmp_path_factory.mktemp("history"))
    world.write_trust()
    lines = [
        world.attestation(
            person,
            verdict=verdict,
            issued_at=world.NOW + time * world.DAY,
            valid_until=world.NOW + (time + 300) * world.DAY,
            context=world.elsewhere(environment=target),
        )
        for person, verdict, time, target in history
    ]
    world.lines = [line + b"\n" for line in lines]

    found = world.verify()

    assert found.result is by_the_book(world, history)
    assert (found.code is Code.REJECTED) is (found.result is Result.VETOED)


@given(
    eligible=st.lists(st.sets(st.sampled_from("abcde"), max_size=5), max_size=5),
)
def test_no_larger_seating_exists(eligible: list[set[str]]) -> None:
    seated = len(eligible) - len(seat(eligible).empty)

    people = [*"abcde", *[None] * len(eligible)]
    best = max(
        sum(
            person is not None and person in persons
            for person, persons in zip(order, eligible, strict=False)
        )
        for order in set(permutations(people, len(eligible)))
    )
    assert seated == best


def test_the_scopes_of_the_kit_are_the_items_own(kit: Any) -> None:
    assert kit.ITEM.scope is Scope.ENVIRONMENT
    assert isinstance(kit.NOW, dt.datetime)
