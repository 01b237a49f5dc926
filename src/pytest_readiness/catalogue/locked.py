"""What ``suite.lock`` holds: the items of a suite, as data that :mod:`.lock` keeps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import tomli_w

from pytest_readiness.catalogue.canonical import digest

if TYPE_CHECKING:
    from pytest_readiness.catalogue.item import Kind, Stage

__all__ = ["FORMAT", "UPDATE", "Lock", "LockedItem"]

FORMAT = 1
UPDATE = "run `readiness check --write`"
"""What to do about a lock that is not what it must be."""

_HEADER = """\
# The items that this suite accounts for. Written by `readiness check --write`;
# of all this only [checklist] and same_as are yours to edit.

"""


@dataclass(frozen=True, slots=True)
class LockedItem:
    """One ``[[item]]``.

    ``origin`` names the checklist that the item came from (empty: this suite's own);
    ``same_as`` are digests of former wordings that mean the same, so that an editorial
    change keeps its signatures.
    """

    id: str
    section: str
    stage: Stage
    owner: str
    kind: Kind
    core: bool
    digest: str
    origin: str = ""
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """A whole lock, its items in the checklist's order."""

    name: str
    items: tuple[LockedItem, ...] = ()
    reviewed: dt.date | None = None
    max_age: dt.timedelta | None = None
    read_digest: str = field(default="", compare=False, repr=False)
    """The sha256 of the file that it was read from; empty where it was made here."""

    def dumps(self) -> bytes:
        """Give the file's bytes: the same lock always gives the same."""
        checklist: dict[str, object] = {"name": self.name, "format": FORMAT}
        if self.reviewed is not None:
            checklist["reviewed"] = self.reviewed
        if self.max_age is not None:
            checklist["max_age"] = _age(self.max_age)
        items = [_table(item) for item in self.items]
        return (
            _HEADER + tomli_w.dumps({"checklist": checklist, "item": items})
        ).encode()

    @property
    def digest(self) -> str:
        """Give the sha256 of the file's bytes, as hex: of those that were read."""
        return self.read_digest or digest(self.dumps())

    def overdue(self, today: dt.date) -> str:
        """Say that the checklist's own review is overdue; empty where it is not."""
        if self.reviewed is None or self.max_age is None:
            return ""
        # Compared as an age: the sum could leave the calendar, a due time in the past
        # cannot.
        if today - self.reviewed <= self.max_age:
            return ""
        due = self.reviewed + self.max_age
        return (
            f"the checklist was last reviewed on {self.reviewed}, the next review was "
            f"due on {due}: review it and set `reviewed` in suite.lock"
        )


def _age(value: dt.timedelta) -> str:
    hours = round(value / dt.timedelta(hours=1))
    return f"{hours}h" if hours % 24 else f"{hours // 24}d"


def _table(item: LockedItem) -> dict[str, object]:
    table: dict[str, object] = {
        "id": item.id,
        "section": item.section,
        "stage": str(item.stage),
        "owner": item.owner,
        "kind": str(item.kind),
        "core": item.core,
        "digest": item.digest,
    }
    if item.origin:
        table["origin"] = item.origin
    if item.same_as:
        table["same_as"] = list(item.same_as)
    return table
