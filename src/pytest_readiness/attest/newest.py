"""Of one person's lines on one item and target only the newest counts (step 9).

The others need not be kept, and of lines for another system, environment or release
only a few bytes: a ledger of many years fits into little memory. The order of the lines
never matters.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from pytest_readiness.attest.forms import MAX_VALIDITY
from pytest_readiness.attest.line import Doubt
from pytest_readiness.attest.predicates import ItemAttestation, Verdict, Waiver

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from pytest_readiness.attest.line import Line

__all__ = ["Elsewhere", "Slot", "Statements", "is_veto"]

_RANK = struct.Struct(">dB32s")
"""Time, whether it is a veto, the payload's digest."""

S = TypeVar("S", ItemAttestation, Waiver)


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
