"""What must hold of every suite.lock."""

from __future__ import annotations

import datetime as dt
import string

from hypothesis import given, strategies as st

from pytest_readiness.catalogue.item import ROLES, Kind, Stage
from pytest_readiness.catalogue.lock import Lock, LockedItem, loads
from pytest_readiness.errors import ConfigError

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
