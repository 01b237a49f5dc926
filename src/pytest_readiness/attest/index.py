"""A ledger's believed lines, sorted by what they are about, for one run."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pytest_readiness.attest.codes import Refused
from pytest_readiness.attest.line import says
from pytest_readiness.attest.newest import Slot, Statements, is_veto
from pytest_readiness.attest.predicates import (
    Deployment,
    ItemAttestation,
    Revocation,
    Snapshot,
    TrustApproval,
    Waiver,
)
from pytest_readiness.attest.snapshot import Shelf
from pytest_readiness.attest.trust_tables import REVOKER
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.line import Judged, Line
    from pytest_readiness.attest.predicates import Predicate
    from pytest_readiness.attest.trust import Trust

__all__ = ["Index"]

_DIGEST_SIZE = 32
_DIGEST = re.compile(r"[0-9a-f]{64}")

S = TypeVar("S", ItemAttestation, Waiver)
P = TypeVar("P", Waiver, Deployment)


def _says_no(predicate: Predicate) -> bool:
    """Whether it takes something away, so that its loss would go unnoticed."""
    return isinstance(predicate, Revocation) or (
        isinstance(predicate, ItemAttestation) and is_veto(predicate)
    )


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
