"""Attaching: what every system does in its own way, in an order that is safe to repeat.

First the new files are there, then the older ones of the same name go; so that a ticket
is never without a report, and a lost answer leaves nothing that the next call does not
clear away. Removed is only what this token's user has attached under our own names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_readiness.cli.tickets.api import File

__all__ = ["Attached", "Attachments", "attach"]


@dataclass(frozen=True, slots=True)
class Attached:
    """Something on a ticket."""

    id: str
    name: str
    by: str
    """The user who put it there."""


class Attachments(Protocol):
    """A system whose tickets carry files."""

    def me(self) -> str:
        """Give the user of the token."""
        ...

    def attached(self) -> list[Attached]:
        """Give the files of the ticket."""
        ...

    def upload(self, file: File) -> str:
        """Add a file; give its id."""
        ...

    def remove(self, attached: Attached) -> None:
        """Take a file away."""
        ...


def attach(system: Attachments, files: Sequence[File], *, dry: bool) -> Iterator[str]:
    """Attach files, replace our own earlier ones; say what is done."""
    me = system.me()
    before = system.attached()
    names = {file.name for file in files}
    ours = [one for one in before if one.by == me and one.name in names]
    theirs = [one for one in before if one.by != me and one.name in names]
    for file in files:
        if not dry:
            system.upload(file)
        yield f"attached {file.name} ({len(file.data)} bytes)"
    for one in ours:
        if not dry:
            system.remove(one)
        yield f"removed the earlier {one.name}"
    for one in theirs:
        yield f"left {one.name} of {one.by} alone"
