"""A ledger's believed lines, reduced to what can still decide something.

Of one person's lines on one item and target only the newest counts, so the others need
not be kept, and of lines for another system, environment or release only a few bytes:
a ledger of many years fits into little memory. The order of the lines never matters.
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from pytest_readiness.attest.codes import Refused
from pytest_readiness.attest.forms import MAX_VALIDITY
from pytest_readiness.attest.line import Doubt, says
from pytest_readiness.attest.predicates import (
    Deployment,
    ItemAttestation,
    Revocation,
    Snapshot,
    TrustApproval,
    Verdict,
    Waiver,
)
from pytest_readiness.attest.snapshot import Shelf
from pytest_readiness.attest.trust_tables import REVOKER
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.line import Judged, Line
    from pytest_readiness.attest.predicates import Predicate
    from pytest_readiness.attest.trust import Trust

__all__ = ["Elsewhere", "Index", "Slot", "Statements", "is_veto"]

_DIGEST_SIZE = 32
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RANK = struct.Struct(f">dB{_DIGEST_SIZE}s")


S = TypeVar("S", ItemAttestation, Waiver)
P = TypeVar("P", Waiver, Deployment)


def _rank(line: Line[ItemAttestation | Waiver]) -> bytes:
    """Order lines by time; at the same time a veto comes last, then the digest decides.

    As bytes (a positive float's big-endian bytes sort as the float does), since this is
    kept for every line about another target.
    """
    time = line.issued_at.timestamp()
    return _RANK.pack(time, is_veto(line.predicate), bytes.fromhex(line.payload))


def is_veto(predicate: ItemAttestation | Waiver) -> bool:
    """Whether somebody says that an item is not satisfied."""
    return getattr(predicate, "verdict", None) is Verdict.NOT_SATISFIED


def _says_no(predicate: Predicate) -> bool:
    """Whether it takes something away, so that its loss would go unnoticed."""
    return isinstance(predicate, Revocation) or (
        isinstance(predicate, ItemAttestation) and is_veto(predicate)
    )


class Slot(NamedTuple):
    """Whose newest line is looked for."""

    subject: str
    person: str
    doubt: Doubt
    """A doubtful line takes no place of a sounder one: a compromised key is somebody
    else's, too, and must not end its owner's veto. Nor may one that is dated outside
    its key's window; a veto among them, which may itself not count, included."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A line about another target: what is still known of it."""

    payload: str
    person: str
    veto: bool


class Statements(Generic[S]):
    """The attestations of one item, or its waivers."""

    __slots__ = ("_elsewhere", "_here", "_longest", "ends", "future", "last_veto")

    def __init__(self, longest: dt.timedelta = MAX_VALIDITY) -> None:
        """Prepare; ``longest``: how long a waiver lasts at most."""
        self._longest = longest
        self._here: dict[Slot, tuple[bytes, Line[S]]] = {}
        self._elsewhere: dict[Slot, bytes] = {}
        self.future: Line[S] | None = None
        """One that is dated later than now, if there is any."""
        self.last_veto: dict[str, Line[S]] = {}
        """The newest veto for each target, whether it still stands or not."""
        self.ends: dict[str, set[dt.datetime]] = {}
        """For each target, all end dates that a waiver ever had."""

    def add(self, line: Line[S], slot: Slot, *, relevant: bool) -> None:
        """Take in a line that is not of the future."""
        rank = _rank(line)
        if not relevant:
            self._elsewhere[slot] = max(rank, self._elsewhere.get(slot, b""))
            return
        kept = self._here.get(slot)
        if kept is None or (kept[0], kept[1].preference) < (rank, line.preference):
            self._here[slot] = rank, line
        if slot.doubt is Doubt.COMPROMISED or not line.person.human:
            return
        if isinstance(line.predicate, Waiver):
            if not slot.doubt:
                ends = self.ends.setdefault(slot.subject, set())
                ends.add(line.predicate.end(self._longest))
        elif is_veto(line.predicate):
            last = self.last_veto.get(slot.subject)
            if last is None or _rank(last) < rank:
                self.last_veto[slot.subject] = line

    def add_future(self, line: Line[S]) -> None:
        """Remember one line that is of the future, the same whatever the order."""
        if self.future is None or _rank(self.future) < _rank(line):
            self.future = line

    @property
    def here(self) -> list[Line[S]]:
        """Of each person the newest line for each target of this run, oldest first.

        Beside it stand newer ones that are too doubtful to take its place.
        """
        ranks = {slot: rank for slot, (rank, _line) in self._here.items()}
        return [self._here[slot][1] for slot in _newest(ranks)]

    @property
    def elsewhere(self) -> Iterable[Elsewhere]:
        """The same for other targets."""
        for slot in _newest(self._elsewhere):
            _time, veto, payload = _RANK.unpack(self._elsewhere[slot])
            yield Elsewhere(payload.hex(), slot.person, bool(veto))


def _newest(ranks: Mapping[Slot, bytes]) -> list[Slot]:
    """Leave out what a later line in less doubt has taken the place of; oldest first.

    Two slots have the same rank where one statement is signed with two keys.
    """

    def stands(slot: Slot) -> bool:
        sounder = (slot._replace(doubt=doubt) for doubt in Doubt if doubt < slot.doubt)
        return all(ranks.get(other, b"") < ranks[slot] for other in sounder)

    return sorted(filter(stands, ranks), key=ranks.__getitem__)


class _Taking(NamedTuple):
    """Somebody takes a statement back."""

    person: str
    revoker: bool
    sound: bool
    """By a key that was and is valid, and not of the future."""


def _digest_of(payload: str) -> bytes:
    """Give the digest's bytes; none where it is no digest."""
    return bytes.fromhex(payload) if _DIGEST.fullmatch(payload) else b""


def _release(context: Context) -> str:
    """Give the digest of the release's target; "" where nobody knows the release."""
    try:
        return context.subject([Scope.RELEASE])
    except Refused:
        return ""


def _keep(shelf: dict[str, Line[P]], line: Line[P]) -> None:
    """Keep a statement, of several keys on it the best one."""
    kept = shelf.get(line.payload, line)
    shelf[line.payload] = max(kept, line, key=lambda one: one.preference)


class Index:
    """What a ledger says for one run."""

    def __init__(self, trust: Trust, context: Context, now: dt.datetime) -> None:
        self.trust = trust
        self.context = context
        self.now = now
        self.attestations: dict[str, Statements[ItemAttestation]] = {}
        self.waivers: dict[str, Statements[Waiver]] = {}
        self.emergencies: dict[str, Line[Waiver]] = {}
        """Those of this environment, by payload."""
        self.snapshots = Shelf(trust, now)
        self.approvals: dict[tuple[str, str], Line[TrustApproval]] = {}
        """Those of this trust file, by payload and key: pins name keys."""
        self.deployments: dict[str, Line[Deployment]] = {}
        """Those of this release, by payload."""
        self._release = _release(context)
        self._takings: dict[str, list[_Taking]] = {}
        self._payloads = bytearray()
        self._slots: dict[Slot, Slot] = {}

    def is_sound(self, line: Line[Predicate]) -> bool:
        """Whether a line is not of the future, and its key was and is valid."""
        return (
            not line.doubt
            and line.key.valid_at(self.now)
            and not self.is_future(line.issued_at)
        )

    def is_future(self, issued_at: dt.datetime) -> bool:
        """Whether a date is later than now, by more than clocks differ."""
        return issued_at - self.now > self.trust.skew

    def take(self, judged: Judged) -> None:
        """Take in a line that was judged."""
        line = judged.line
        # Whoever has a compromised key could sign its owner's veto again, and take the
        # owner's line away: what says no is not there by such a key alone.
        stolen = line is not None and line.key.compromised and _says_no(line.predicate)
        if judged.payload and not stolen:
            self._payloads += bytes.fromhex(judged.payload)
        if line is not None:
            self.add(line)

    def add(self, line: Line[Predicate]) -> None:
        """Sort a believed line in."""
        if says(line, ItemAttestation):
            self._add_to(self.attestations, line.predicate.item.id, line)
        elif says(line, Waiver):
            self._add_waiver(line)
        elif says(line, Revocation):
            self._add_revocation(line)
        elif says(line, Snapshot):
            self.snapshots.add(line)
        elif says(line, TrustApproval):
            if line.subject == self.trust.digest:
                self.approvals[line.payload, line.key.key.fingerprint] = line
        elif says(line, Deployment) and line.subject == self._release:
            _keep(self.deployments, line)

    def missing(self, payloads: Iterable[str]) -> list[str]:
        """Give those statements that are not there with a good signature."""
        present = self._present()
        return [one for one in payloads if _digest_of(one) not in present]

    @property
    def payloads(self) -> list[str]:
        """The statements that are there with a good signature, sorted."""
        return sorted(one.hex() for one in self._present())

    def _present(self) -> set[bytes]:
        data = memoryview(self._payloads)
        return {
            bytes(data[start : start + _DIGEST_SIZE])
            for start in range(0, len(data), _DIGEST_SIZE)
        }

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

    def is_reviewed(self, payload: str, person: str, *, by_other: bool) -> bool:
        """Whether a statement was taken back (``by_other``: not by its signer)."""
        return any(
            taking.sound
            and (taking.revoker if taking.person != person else not by_other)
            for taking in self._takings.get(payload, ())
        )

    def _add_to(
        self, shelf: dict[str, Statements[S]], item_id: str, line: Line[S]
    ) -> None:
        longest = dt.timedelta(days=self.trust.waiver.max_days)
        statements = shelf.setdefault(item_id, Statements(longest))
        if self.is_future(line.issued_at):
            statements.add_future(line)
            return
        slot = Slot(line.subject, line.person.id, line.doubt)
        # One slot for all items: of a hundred thousand lines few differ in it.
        slot = self._slots.setdefault(slot, slot)
        statements.add(line, slot, relevant=line.subject in self.context.subjects)

    def _add_waiver(self, line: Line[Waiver]) -> None:
        if not line.predicate.emergency:
            for item_id in line.predicate.covered:
                self._add_to(self.waivers, item_id, line)
        elif line.subject in self.context.subjects:
            _keep(self.emergencies, line)

    def _add_revocation(self, line: Line[Revocation]) -> None:
        if line.key.compromised:
            return
        roles = self.trust.roles_of(line.person.id, line.issued_at)
        taking = _Taking(line.person.id, REVOKER in roles, self.is_sound(line))
        for revoked in line.predicate.revokes:
            self._takings.setdefault(revoked.digest, []).append(taking)
