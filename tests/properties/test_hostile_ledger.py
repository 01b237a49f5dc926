"""Whatever the files hold: never an exception, and nothing gained by damage."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from pytest_readiness.attest import envelope
from pytest_readiness.attest.codes import Code, Consequence
from pytest_readiness.attest.result import Result

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2026-10-15T11:00:00Z", "ab" * 32, "SATISFIED", "bob"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def pinned(kit: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give a world in full use: pinned roots, a snapshot, an item that is signed."""
    world = kit.World(tmp_path_factory.mktemp("pinned"))
    world.table["snapshot"] = {}
    world.table["rule"] = [{"items": ["x.*"], "need": [{"role": "dba"}]}]
    world.attest("bob")
    world.veto("erin", replace(world.ITEM, id="database-setup.vetoed"))
    world.snapshot()
    world.write_trust()
    world.approve("alice", "bob")
    return world


@pytest.fixture(scope="module")
def files(pinned: Any) -> dict[str, bytes]:
    """Give what stands in the files of that world."""
    names = ("trust", "approvals", "attestations", "snapshot")
    return {name: getattr(pinned.files, name).read_bytes() for name in names}


def judge(world: Any, files: dict[str, bytes], **changed: bytes) -> Any:
    """Judge the item by these files, some of them changed; None: the gate is closed."""
    for name, content in (files | changed).items():
        getattr(world.files, name).write_bytes(content)
    found = world.kit_read()
    items = (world.ITEM, replace(world.ITEM, id="database-setup.vetoed"))
    results = [found.verify(item) for item in items]
    if found.broken:
        assert found.failures[0].code.consequence is Consequence.TRUST
        assert all(one.result is Result.NONE for one in results)
        return None
    return results


@pytest.fixture(scope="module", autouse=True)
def reader(kit: Any, pinned: Any) -> None:
    """Read the files as they are, whereas the kit writes the trust file anew."""
    pinned.kit_read = lambda: kit.read_signatures(
        pinned.files, context=pinned.context, now=pinned.now, pins=pinned.pins()
    )


def flip(content: bytes, data: Any) -> bytes:
    """Change one byte."""
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[at]))
    return content[:at] + bytes([byte]) + content[at + 1 :]


def test_the_whole_world_stands(pinned: Any, files: dict[str, bytes]) -> None:
    signed, vetoed = judge(pinned, files)

    assert signed.result is Result.SATISFIED
    assert vetoed.code is Code.REJECTED


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_no_byte_of_a_pinned_trust_file_can_be_flipped(
    pinned: Any, files: dict[str, bytes], data: Any
) -> None:
    assert judge(pinned, files, trust=flip(files["trust"], data)) is None


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_no_byte_of_a_snapshots_list_can_be_flipped(
    pinned: Any, files: dict[str, bytes], data: Any
) -> None:
    assert judge(pinned, files, snapshot=flip(files["snapshot"], data)) is None


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_no_flipped_byte_of_an_approval_gains_anything(
    pinned: Any, files: dict[str, bytes], data: Any
) -> None:
    found = judge(pinned, files, approvals=flip(files["approvals"], data))

    assert found in (None, judge(pinned, files))


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_no_flipped_byte_of_the_ledger_gains_anything(
    pinned: Any, files: dict[str, bytes], data: Any
) -> None:
    found = judge(pinned, files, attestations=flip(files["attestations"], data))

    assert found in (None, judge(pinned, files))


@settings(deadline=None, max_examples=100)
@given(name=st.sampled_from(["trust", "approvals", "snapshot"]), junk=st.binary())
def test_junk_instead_of_a_file_closes_the_gate(
    pinned: Any, files: dict[str, bytes], name: str, junk: bytes
) -> None:
    assert judge(pinned, files, **{name: junk}) is None


@settings(deadline=None, max_examples=100)
@given(junk=st.binary(max_size=300), at=st.integers(0, 3))
def test_junk_between_the_lines_gains_nothing(
    pinned: Any, files: dict[str, bytes], junk: bytes, at: int
) -> None:
    lines = files["attestations"].splitlines(keepends=True)
    lines.insert(at, junk + b"\n")

    found = judge(pinned, files, attestations=b"".join(lines))

    assert found in (None, judge(pinned, files))


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List where values stand within a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += places(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += places(inner, (*path, number))
    return found


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Give a JSON value with another one within it; None takes it away."""
    step, *rest = path
    copy = value.copy()
    if rest:
        copy[step] = changed(value[step], tuple(rest), new)
    elif new is None:
        del copy[step]
    else:
        copy[step] = new
    return copy


@pytest.fixture(scope="module")
def statements(kit: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Give one statement of each kind, as JSON."""
    world = kit.World(tmp_path_factory.mktemp("statements"))
    first = world.attest("bob", justification="Seen.", claims={"minutes": 12})
    world.waive("bob", covers_unknown=True)
    world.emergency("bob")
    world.revoke("bob", first)
    world.snapshot("bob")
    world.add(world.approval("bob"))
    return [
        json.loads(envelope.Envelope.parse(line.rstrip(b"\n")).payload)
        for line in world.lines
    ]


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_signer_who_signs_nonsense_causes_no_exception(
    kit: Any, pinned: Any, files: dict[str, bytes], statements: list[Any], data: Any
) -> None:
    """Well signed, by somebody known: all that is wrong is what it says."""
    statement = data.draw(st.sampled_from(statements))
    path = data.draw(st.sampled_from(places(statement)))
    statement = changed(statement, path, data.draw(ANYTHING))
    line = kit.envelope.sign(json.dumps(statement).encode(), kit.key_of("bob"))

    found = judge(pinned, files, attestations=files["attestations"] + line + b"\n")

    # Bob may take back his own signature, or sign another; the veto is not his.
    assert found is None or found[1].code is Code.REJECTED


TRUST_WORDS = (
    *("format", "system", "organisation", "version", "issued", "expires", "root"),
    *("skew_seconds", "checklist", "signer", "rule", "waiver", "snapshot", "revoked"),
)


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_trust_file_of_nonsense_causes_no_exception(
    kit: Any, tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    world = kit.World(tmp_path_factory.mktemp("nonsense"))
    values = ANYTHING.filter(lambda value: value is not None)
    if data.draw(st.booleans()):
        world.table[data.draw(st.sampled_from(TRUST_WORDS))] = data.draw(values)
    else:
        path = data.draw(st.sampled_from(places(world.table)))
        world.table = changed(world.table, path, data.draw(values))
    try:
        world.write_trust()
    except (TypeError, UnicodeEncodeError, ValueError):
        return  # no TOML has it

    found = kit.read_signatures(world.files, context=world.context, now=world.now)

    assert found.verify(world.ITEM).result is Result.NONE
    for failure in found.failures:
        assert failure.code.consequence is Consequence.TRUST
        assert failure.reason.isprintable()
