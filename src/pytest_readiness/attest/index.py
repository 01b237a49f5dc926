"""A ledger's believed lines, reduced to what can still decide something.

Of one person's lines on one item and target only the newest counts, so the others need
not be kept, and of lines for another system, environment or release only a few bytes:
a ledger of many years fits into little memory. The order of the lines never matters.
"""

from __future__ import annotations

import struct
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.attest.predicates import (
    Deployment,
    ItemAttestation,
    Revocation,
    Run,
    Snapshot,
    TrustApproval,
    Verdict,
    Waiver,
)
from pytest_readiness.attest.trust import REVOKER

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.trust import Trust

__all__ = ["Elsewhere", "Index", "Statements"]

_DIGEST_SIZE = 32
_RANK = struct.Struct(f">dB{_DIGEST_SIZE}s")


def _rank(line: Line) -> bytes:
    """Order lines by time; at the same time a veto comes last, then the digest decides.

    As bytes (a positive float's big-endian bytes sort as the float does), since this is
    kept for every line about another target.
    """
    return _RANK.pack(
        line.issued_at.timestamp(), _is_veto(line), bytes.fromhex(line.payload)
    )


def _is_veto(line: Line) -> bool:
    predicate = line.predicate
    return (
        isinstance(predicate, ItemAttestation)
        and predicate.verdict is Verdict.NOT_SATISFIED
    )


class _Slot(NamedTuple):
    """Whose newest line is looked for."""

    subject: str
    person: str
    void: bool
    """Lines that cannot take the place of others; see :func:`_is_void`."""


def _is_void(line: Line) -> bool:
    """Whether a line is no word of its signer.

    A compromised key is somebody else's, too: its line must not end its owner's veto.
    Nor may one that is dated outside its key's window, except that a veto always counts.
    """
    if line.key.compromised:
        return True
    return not _is_veto(line) and not line.key.valid_at(line.issued_at)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A line about another target: what is still known of it."""

    payload: str
    person: str
    veto: bool


class Statements:
    """The attestations of one item, or its waivers."""

    __slots__ = ("_elsewhere", "_here", "ends", "future", "last_veto")

    def __init__(self) -> None:
        self._here: dict[_Slot, tuple[bytes, Line]] = {}
        self._elsewhere: dict[_Slot, bytes] = {}
        self.future: Line | None = None
        """One that is dated later than now, if there is any."""
        self.last_veto: dict[str, tuple[bytes, Line]] = {}
        """The newest veto for each target, whether it still stands or not."""
        self.ends: dict[str, set[dt.datetime]] = defaultdict(set)
        """For each target, all end dates that a waiver ever had."""

    def add(self, line: Line, rank: bytes, *, relevant: bool) -> None:
        """Take in a line that is not of the future."""
        slot = _Slot(sys.intern(line.subject), line.person.id, _is_void(line))
        if not relevant:
            self._elsewhere[slot] = max(rank, self._elsewhere.get(slot, b""))
            return
        kept = self._here.get(slot)
        if kept is None or kept[0] < rank:
            self._here[slot] = rank, line
        if isinstance(line.predicate, Waiver) and not slot.void:
            self.ends[slot.subject].add(line.predicate.valid_until)
        if _is_veto(line) and line.person.human and not slot.void:
            last = self.last_veto.get(slot.subject)
            if last is None or last[0] < rank:
                self.last_veto[slot.subject] = rank, line

    def add_future(self, line: Line, rank: bytes) -> None:
        """Remember one line that is of the future, the same whatever the order."""
        if self.future is None or _rank(self.future) < rank:
            self.future = line

    @property
    def here(self) -> list[Line]:
        """Of each person the newest line for each target that this run may ask for."""
        return [line for _rank, line in sorted(self._here.values(), key=_first)]

    @property
    def elsewhere(self) -> Iterable[Elsewhere]:
        """Of each person the newest line for each other target."""
        for slot, rank in self._elsewhere.items():
            _time, veto, payload = _RANK.unpack(rank)
            yield Elsewhere(payload.hex(), slot.person, bool(veto))


def _first(pair: tuple[bytes, Line]) -> bytes:
    return pair[0]


class _Taking(NamedTuple):
    """Somebody takes a statement back."""

    person: str
    revoker: bool
    sound: bool
    """By a key that was and is valid, and not of the future."""


class Index:
    """What a ledger says for one run."""

    def __init__(self, trust: Trust, context: Context, now: dt.datetime) -> None:
        self.trust = trust
        self.context = context
        self.now = now
        self.attestations: dict[str, Statements] = defaultdict(Statements)
        self.waivers: dict[str, Statements] = defaultdict(Statements)
        self.emergencies: dict[str, Line] = {}
        """By payload, of this environment."""
        self.snapshots: list[Line] = []
        self.approvals: list[Line] = []
        self.deployments: list[Line] = []
        self.runs: list[Line] = []
        self._takings: dict[str, list[_Taking]] = defaultdict(list)
        self._payloads = bytearray()

    def is_future(self, line: Line) -> bool:
        """Whether a line is dated later than now, by more than clocks differ."""
        return line.issued_at - self.now > self.trust.skew

    def add(self, line: Line) -> None:
        """Take in a believed line."""
        self.note_payload(line.payload)
        match line.predicate:
            case ItemAttestation(item=item):
                self._add_to(self.attestations[item.id], line)
            case Waiver(covered=covered, emergency=emergency):
                if emergency and line.subject in self.context.subjects:
                    self.emergencies[line.payload] = line
                elif not emergency:
                    for item_id in covered:
                        self._add_to(self.waivers[item_id], line)
            case Revocation(revokes=revokes):
                taking = self._taking(line)
                for revoked in revokes:
                    self._takings[revoked.digest].append(taking)
            case Snapshot():
                self.snapshots.append(line)
            case TrustApproval():
                self.approvals.append(line)
            case Deployment():
                self.deployments.append(line)
            case Run():
                self.runs.append(line)
            case _:
                pass  # Provenance stands beside its artefact; here it means nothing.

    def note_payload(self, payload: str) -> None:
        """Remember that a statement is there with a good signature."""
        self._payloads += bytes.fromhex(payload)

    def missing(self, payloads: Iterable[str]) -> list[str]:
        """Give those statements that are not there with a good signature."""
        data = bytes(self._payloads)
        present = {
            data[start : start + _DIGEST_SIZE]
            for start in range(0, len(data), _DIGEST_SIZE)
        }
        return [
            payload for payload in payloads if bytes.fromhex(payload) not in present
        ]

    def is_revoked(self, payload: str, person: str, *, veto: bool) -> bool:
        """Whether a statement was taken back: here, or in the trust file.

        By its own signer or a ``revoker``. A veto is only ended by a revocation that is
        beyond doubt; for everything else doubt is enough.
        """
        if payload in self.trust.revoked_payloads:
            return True
        return any(
            (taking.person == person or taking.revoker) and (taking.sound or not veto)
            for taking in self._takings.get(payload, ())
        )

    def is_revoked_by_other(self, payload: str, person: str) -> bool:
        """Whether somebody else than the signer, a ``revoker``, has taken it back."""
        return any(
            taking.revoker and taking.sound and taking.person != person
            for taking in self._takings.get(payload, ())
        )

    def _add_to(self, statements: Statements, line: Line) -> None:
        rank = _rank(line)
        if self.is_future(line):
            statements.add_future(line, rank)
        else:
            relevant = line.subject in self.context.subjects
            statements.add(line, rank, relevant=relevant)

    def _taking(self, line: Line) -> _Taking:
        roles = self.trust.roles_of(line.person.id, line.issued_at)
        sound = (
            line.key.valid_at(line.issued_at)
            and line.key.valid_at(self.now)
            and not self.is_future(line)
        )
        return _Taking(line.person.id, REVOKER in roles, sound)
