"""What must hold of every suite.lock."""

from __future__ import annotations

import datetime as dt
import string
import tomllib
from typing import TYPE_CHECKING

from hypothesis import given, strategies as st

from pytest_readiness.catalogue.item import ROLES, Kind, Stage
from pytest_readiness.catalogue.lock import Lock, LockedItem, loads
from pytest_readiness.catalogue.lock_form import parse
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

slugs = st.lists(
    st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8),
    min_size=1,
    max_size=3,
).map("-".join)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
# TOML has no way to write a lone surrogate, and no name needs one.
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@st.composite
def locked_items(draw: st.DrawFn) -> LockedItem:
    section = draw(slugs)
    return LockedItem(
        id=f"{section}.{draw(slugs)}",
        section=section,
        stage=draw(st.sampled_from(Stage)),
        owner=draw(st.sampled_from(ROLES)),
        kind=draw(st.sampled_from(Kind)),
        core=draw(st.booleans()),
        digest=draw(digests),
        origin=draw(st.just("") | words),
        same_as=tuple(draw(st.lists(digests, max_size=2))),
    )


locks = st.builds(
    Lock,
    words,
    st.lists(locked_items(), max_size=5, unique_by=lambda item: item.id).map(tuple),
    st.none() | st.dates(),
    st.none() | st.integers(1, 9999).map(lambda hours: dt.timedelta(hours=hours)),
)


@given(locks)
def test_a_lock_survives_writing_and_reading(lock: Lock) -> None:
    data = lock.dumps()
    assert loads(data, "suite.lock") == lock
    assert loads(data, "suite.lock").dumps() == data


@given(locks, st.data())
def test_a_damaged_lock_is_read_or_refused_never_worse(
    lock: Lock, data: st.DataObject
) -> None:
    whole = lock.dumps()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    damaged = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    try:
        found = loads(damaged, "suite.lock")
    except ConfigError as error:
        named = error.where.startswith("suite.lock")
    else:
        named = loads(found.dumps(), "suite.lock") == found
    assert named


PIECES = ["[[item]]", "[item]", "item.a = 1", "[a]", '"""', "'''", "#", "\\", '"', "]"]
SPACES = ["", " ", "\t", "\n", "\n\n", "\r\n", "\r", "\0", "\x7f", "\u2028", "\ufeff"]


@given(locks, st.data())
def test_a_lock_is_parsed_as_tomllib_does(lock: Lock, data: st.DataObject) -> None:
    lines = lock.dumps().decode().splitlines(keepends=True)
    for _ in range(data.draw(st.integers(0, 3))):
        end = data.draw(st.integers(0, len(lines)))
        start = data.draw(st.integers(0, end))
        new = st.sampled_from(PIECES) | st.sampled_from(SPACES) | words
        line = data.draw(new) + data.draw(st.sampled_from(SPACES))
        twice, none = lines[start:end] * 2, list[str]()
        lines[start:end] = data.draw(st.sampled_from([twice, none, [line]]))
    text = "".join(lines)
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.sampled_from(["", *PIECES, *SPACES])) + text[at:]
    assert _outcome(parse, text) == _outcome(tomllib.loads, text)


def _outcome(loads_: Callable[[str], object], text: str) -> object:
    try:
        return loads_(text)
    except tomllib.TOMLDecodeError as error:
        return str(error)
