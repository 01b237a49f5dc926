"""Snapshots: a registrar signs which statements there are, so that none can vanish.

``snapshot.txt`` lists the digests of their payloads, sorted, one a line. Step 7 of the
verification holds the newest one against the ledger; older ones date other lines.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.attest.trust_tables import REGISTRAR
from pytest_readiness.catalogue.canonical import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_readiness.attest.index import Index
    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import Snapshot
    from pytest_readiness.attest.trust import Trust

__all__ = ["MAX_ENTRIES", "Shelf", "check_snapshot", "listing"]

MAX_ENTRIES = 200_000
_ENTRY_SIZE = 65
_ENTRY = re.compile(rb"[0-9a-f]{64}\n")


def listing(payloads: Iterable[str]) -> bytes:
    """Give the content of ``snapshot.txt`` for these payload digests."""
    return "".join(f"{payload}\n" for payload in sorted(set(payloads))).encode()


class Shelf:
    """The snapshots that registrars have signed, as a ledger is read."""

    def __init__(self, trust: Trust, now: dt.datetime) -> None:
        self._trust = trust
        self._now = now
        policy = trust.snapshot
        self._role = REGISTRAR if policy is None else policy.role
        self._first_seen: dict[str, dt.datetime] = {}
        self.newest: dict[str, Line[Snapshot]] = {}
        """Those of the highest version, by payload."""
        self.version = 0

    def add(self, line: Line[Snapshot]) -> None:
        """Take in a snapshot; one without the role or by a bad key is left out."""
        roles = self._trust.roles_of(line.person.id, line.issued_at)
        if (
            self._role not in roles
            or line.key.compromised
            or not line.key.valid_at(line.issued_at)
            or line.payload in self._trust.revoked_payloads
        ):
            return
        before = self._first_seen.get(line.subject, line.issued_at)
        self._first_seen[line.subject] = min(before, line.issued_at)
        # A registrar whose key has run out since still tells when a line was there.
        if not line.key.valid_at(self._now):
            return
        version = line.predicate.version
        if version > self.version:
            self.version = version
            self.newest = {}
        if version == self.version:
            self.newest[line.payload] = line

    def issued_at(self, subject: str) -> dt.datetime | None:
        """When the snapshot that somebody had seen was first signed."""
        return self._first_seen.get(subject)


def check_snapshot(index: Index, path: Path, least_version: int = 0) -> dt.datetime:
    """Hold the newest snapshot against the ledger.

    Args:
        index: The ledger.
        path: ``snapshot.txt``.
        least_version: From outside the repository, or from the last certificate.

    Returns:
        When the snapshot ends.

    Raises:
        Refused: the first of SNAPSHOT_MISSING, SNAPSHOT_ROLLBACK, SNAPSHOT_MISMATCH,
            SNAPSHOT_STALE, CLOCK_BEHIND that applies.
    """
    shelf = index.snapshots
    if not shelf.newest:
        reason = "no snapshot of a registrar with a valid key is in the ledger"
        raise Refused(Code.SNAPSHOT_MISSING, reason)
    if shelf.version < least_version:
        reason = f"the newest is version {shelf.version}, {least_version} is due"
        raise Refused(Code.SNAPSHOT_ROLLBACK, reason)
    lines = shelf.newest.values()
    if len({line.subject for line in lines}) > 1:
        reason = f"two different snapshots have version {shelf.version}"
        raise Refused(Code.SNAPSHOT_MISMATCH, reason)
    line = max(lines, key=lambda line: (_end(line, index.trust), line.payload))
    problem = _problem(index, line, _read(path))
    if problem:
        raise Refused(Code.SNAPSHOT_MISMATCH, problem, str(path))
    end = _end(line, index.trust)
    if index.now >= end:
        reason = f"version {shelf.version} ended {day(end)}"
        raise Refused(Code.SNAPSHOT_STALE, reason)
    if index.is_future(line.issued_at):
        reason = f"version {shelf.version} is dated {day(line.issued_at)}"
        raise Refused(Code.CLOCK_BEHIND, reason)
    return end


def _read(path: Path) -> bytes:
    try:
        with open_regular(path, MAX_ENTRIES * _ENTRY_SIZE) as stream:
            return stream.read()
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
        raise Refused(Code.SNAPSHOT_MISMATCH, reason, str(path)) from None


def _end(line: Line[Snapshot], trust: Trust) -> dt.datetime:
    policy = trust.snapshot
    longest = dt.timedelta(hours=168 if policy is None else policy.max_hours)
    return min(line.predicate.valid_until, line.issued_at + longest)


def _problem(index: Index, line: Line[Snapshot], content: bytes) -> str:
    """Say what is wrong with the list, or what it names that is gone; or ""."""
    if digest(content) != line.subject:
        return "is not the file that the newest snapshot signs"
    if not all(map(_ENTRY.fullmatch, _entries(content))):
        return "is not a list of digests, one a line"
    pairs = itertools.pairwise(_entries(content))
    if any(one >= other for one, other in pairs):
        return "is not sorted"
    count = len(content) // _ENTRY_SIZE
    if count != line.predicate.count:
        return f"has {count} entries, not {line.predicate.count}"
    missing = index.missing(entry[:-1].decode() for entry in _entries(content))
    if missing:
        return (
            f"lists {len(missing)} statements that are not there with a good"
            f" signature, the first with payload {missing[0]}"
        )
    return ""


def _entries(content: bytes) -> Iterator[bytes]:
    """Give the lines one after the other: all at once would take some memory."""
    for start in range(0, len(content), _ENTRY_SIZE):
        yield content[start : start + _ENTRY_SIZE]
