"""What a probe will do, said before it does it: for ``readiness plan`` and ``grants``.

A probe's :meth:`~pytest_readiness.probes.look.Facts.looks` gives one
:class:`PlannedLook` for everything that its ``gather`` may send, start or read. Both
take the texts from the same constants, so that the plan cannot say one thing and the
look do another; tests compare it with what real servers were sent.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pytest_readiness.target.blocks import Grant

__all__ = ["Kind", "PlannedLook", "files", "trust_files"]

Kind = Literal["connection", "statement", "request", "command", "program", "file"]
"""A connection is opened, with the name resolved; a statement is SQL, a request HTTP, a
command any other protocol's; a program is started, a file is read."""


@dataclass(frozen=True, slots=True)
class PlannedLook:
    """One thing that a probe may do."""

    kind: Kind
    what: str
    """As it is sent, started or read; ``{name}`` stands for what is known only then."""
    where: str = ""
    """Who gets it, without credentials; empty for the resource itself."""
    grant: str = ""
    """What its account must be granted for it, in the server's own language: ``+info``,
    or SQL, several statements with a semicolon and a space between; empty where the
    log-in is enough."""
    optional: bool = False
    """Whether the item does without what this needs a grant for, and says so."""
    note: str = ""
    """When it is done, where not always."""
    intrusive: Grant | None = None
    """Which word of the target's ``allow`` it needs."""


def files(*paths: Path | None, note: str = "") -> tuple[PlannedLook, ...]:
    """Plan to read some files; those that the target does not name are left out."""
    return tuple(PlannedLook("file", str(path), note=note) for path in paths if path)


def trust_files(ca_file: Path | None) -> tuple[PlannedLook, ...]:
    """Plan to read whom to trust: the target's file, else the system's store."""
    if ca_file is not None:
        return files(ca_file)
    system = ssl.get_default_verify_paths()
    places = (Path(place) for place in (system.cafile, system.capath) if place)
    return files(*places, note="the system's trust store")
