"""``suite.lock``: the items that a suite must account for, whatever is collected.

Accounting comes from this file and never from collection, which forgets what ``--lf``
or a broken module leaves out. It is TOML, one ``[checklist]`` table and an ``[[item]]``
each, in the checklist's order; ``readiness check --write`` writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.canonical import item_digest
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.catalogue.lock_reading import loads
from pytest_readiness.catalogue.locked import FORMAT, UPDATE, Lock, LockedItem
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from pytest_readiness.catalogue.item import Item

__all__ = [
    "FORMAT",
    "UPDATE",
    "Change",
    "Difference",
    "Lock",
    "LockedItem",
    "compare",
    "loads",
    "lock_items",
    "read",
    "write",
]


class Change(StrEnum):
    """In what way suite and lock differ."""

    ADDED = "added"
    """The suite has it, the lock does not."""
    GONE = "gone"
    """The lock has it, the suite does not."""
    CHANGED = "changed"
    MOVED = "moved"
    """The order of the items is another one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One item in which suite and lock differ; its text is a line for people."""

    change: Change
    id: str
    detail: str

    def __str__(self) -> str:
        return f"{self.id}: {self.detail}"


def write(lock: Lock, path: Path) -> None:
    """Write the lock, whole or not at all."""
    try:
        write_atomically(path, lock.dumps())
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise ConfigError(str(path), what, "make its folder writable") from None


def read(path: Path) -> Lock:
    """Read a lock, strictly.

    Raises:
        ConfigError: it is missing or is not what it must be; names file, item and key.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise ConfigError(str(path), what, f"{UPDATE} where the suite is") from None
    return loads(data, str(path))


def compare(lock: Lock, items: Sequence[Item]) -> tuple[Difference, ...]:
    """Say in what the lock and a suite's items differ; nothing where they agree."""
    now = {
        item.id: _lock_item(item, None, editorial=False, origin="") for item in items
    }
    locked = {item.id: item for item in lock.items}
    found: list[Difference] = []
    for id_, item in now.items():
        if id_ not in locked:
            found.append(Difference(Change.ADDED, id_, "not in the lock"))
        elif changes := _changes(locked[id_], item):
            found.append(Difference(Change.CHANGED, id_, "; ".join(changes)))
    gone = [id_ for id_ in locked if id_ not in now]
    found += [
        Difference(Change.GONE, id_, "in the lock, but not in the suite")
        for id_ in gone
    ]
    ours = [id_ for id_ in now if id_ in locked]
    theirs = [id_ for id_ in locked if id_ in now]
    moved = next((a for a, b in zip(ours, theirs, strict=True) if a != b), None)
    if moved is not None:
        found.append(
            Difference(Change.MOVED, moved, "in another place than in the lock")
        )
    return tuple(found)


def _changes(locked: LockedItem, now: LockedItem) -> list[str]:
    changes = [
        f"{key} was {getattr(locked, key)}, is {getattr(now, key)}"
        for key in ("section", "stage", "owner", "kind", "core")
        if getattr(locked, key) != getattr(now, key)
    ]
    if locked.digest != now.digest:
        # Section and stage are part of the digest: named already where they changed.
        changes.append("its wording changed, so that signatures on it are stale")
    return changes


def lock_items(
    items: Iterable[Item],
    previous: Lock,
    *,
    editorial: Collection[str] = (),
    origin: str = "",
) -> Lock:
    """Lock a suite's items, keeping what the previous lock knows about them.

    Args:
        items: the suite's items in order.
        previous: the lock that stands; its checklist table is kept.
        editorial: ids whose new wording means the same, so that signatures on the
            former one stay good.
        origin: where items come from that the previous lock does not have.
    """
    known = {item.id: item for item in previous.items}
    locked = tuple(
        _lock_item(
            item, known.get(item.id), editorial=item.id in editorial, origin=origin
        )
        for item in items
    )
    return Lock(previous.name, locked, previous.reviewed, previous.max_age)


def _lock_item(
    item: Item, known: LockedItem | None, *, editorial: bool, origin: str
) -> LockedItem:
    new = item_digest(item)
    same_as = known.same_as if known else ()
    if known and known.digest != new:
        # A real change ends the old signatures, so it also ends what stood in for them.
        same_as = (*same_as, known.digest) if editorial else ()
    return LockedItem(
        id=item.id,
        section=item.section,
        stage=item.stage,
        owner=item.owner,
        kind=item.kind,
        core=item.core,
        digest=new,
        origin=known.origin if known else origin,
        same_as=tuple(old for old in same_as if old != new),
    )
