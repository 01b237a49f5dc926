"""The questions that each signature must stand up to, in the verification's order.

Each method answers with a refusal, or with None where it has nothing against the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.newest import is_veto
from pytest_readiness.attest.predicates import ItemAttestation, Waiver
from pytest_readiness.attest.result import Refusal
from pytest_readiness.attest.seats import Candidate, Place

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_readiness.attest.evidence import EvidenceFiles
    from pytest_readiness.attest.index import Index
    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.newest import Elsewhere
    from pytest_readiness.attest.predicates import Predicate, Saw
    from pytest_readiness.attest.terms import Terms

__all__ = ["OPEN_STATES", "Checks", "refusal_of", "worse_items"]

OPEN_STATES = ("pending", "unconfigured", "unknown", "failed", "not-run")
"""The states in which an item is open, from the mildest to the worst."""
_SEVERITY = {state: severity for severity, state in enumerate(OPEN_STATES)}
_MOST_NAMES = 5


class Checks:
    """Asks of one ledger's lines."""

    def __init__(self, index: Index, files: EvidenceFiles, *, pinned: bool) -> None:
        self._index = index
        self._trust = index.trust
        # `same_as` stands in suite.lock. Where roots are pinned they must have approved
        # it, which they have where their trust file pins that lock (ruling 3).
        self._editorial = not pinned or index.trust.checklist is not None
        self._now = index.now
        self._files = files

    def future(self, line: Line[Predicate]) -> Refusal:
        """Step 9, first part; the index has asked already."""
        return refusal_of(Code.FUTURE, line, "is dated later than now")

    def elsewhere(self, line: Elsewhere) -> Refusal:
        """Steps 10 and 11, for a line that is known to be for another target."""
        code, reason = Code.WRONG_TARGET, "is for another target"
        if self._index.is_revoked(line.payload, line.person, veto=line.veto):
            code, reason = Code.REVOKED, "for another target was revoked"
        if line.veto:
            code, reason = Code.VETO_LAPSED, f"was a veto and {reason}"
        return Refusal(code, f"a signature of {line.person} {reason}", line.person)

    def bound(
        self,
        line: Line[ItemAttestation | Waiver],
        terms: Terms,
        digest: str,
        subject: str,
    ) -> Refusal | None:
        """Steps 10 to 12: not revoked, for this target, over this wording."""
        code, reason = None, ""
        veto = is_veto(line.predicate)
        if self._index.is_revoked(line.payload, line.person.id, veto=veto):
            code, reason = Code.REVOKED, "was revoked"
        elif line.subject != subject:
            code, reason = Code.WRONG_TARGET, "is for another target"
        elif not terms.is_worded(digest, editorial=self._editorial):
            code, reason = Code.ITEM_CHANGED, "is over another wording of the item"
        if code is None:
            return None
        if veto:
            reason = f"was a veto and {reason}; the item has to be signed anew"
            code = Code.VETO_LAPSED
        return refusal_of(code, line, reason)

    def signed_by_a_person(self, line: Line[Predicate]) -> Refusal | None:
        """Steps 13 to 15: not before its anchor, no compromised key, no machine."""
        predicate = line.predicate
        if isinstance(predicate, ItemAttestation) and predicate.anchor is not None:
            seen = self._index.snapshots.issued_at(predicate.anchor.digest)
            if seen is not None and seen - line.issued_at > self._trust.skew:
                reason = f"names a snapshot that was only made {day(seen)}"
                return refusal_of(Code.BACKDATED, line, reason)
        if line.key.compromised:
            return refusal_of(Code.KEY_NOT_VALID, line, "is by a compromised key")
        if not line.person.human:
            return refusal_of(Code.ROLE_NOT_ALLOWED, line, "is a machine's")
        return None

    def since_veto(
        self, line: Line[Predicate], veto: Line[ItemAttestation] | None
    ) -> Refusal | None:
        """Refuse what was signed before the item's last veto, which has ended since.

        A veto that ends leaves the item pending until it is signed anew (ruling 6): the
        veto's reason may well be one that the earlier signers did not know.
        """
        if veto is None or line.issued_at > veto.issued_at:
            return None
        reason = f"is older than the veto of {veto.person.id}, which has ended"
        return refusal_of(Code.VETO_LAPSED, line, reason)

    def candidate(
        self, line: Line[ItemAttestation | Waiver], max_age: dt.timedelta
    ) -> Candidate:
        """Take a signature that stands until its own, its age's or its key's end."""
        own = line.predicate.valid_until
        until = min(own, line.issued_at + max_age, line.key.not_after)
        return Candidate(line, self._roles(line), until)

    def fits(self, line: Line[Predicate], places: Iterable[Place]) -> Refusal | None:
        """Step 18, second part: by somebody who may fill one of the places."""
        roles = self._roles(line)
        if any(place.fits(roles) for place in places):
            return None
        return refusal_of(
            Code.ROLE_NOT_ALLOWED, line, "is by nobody with a needed role"
        )

    def _roles(self, line: Line[Predicate]) -> dict[str, str | None]:
        return self._trust.roles_of(line.person.id, line.issued_at)

    def alive(
        self, line: Line[ItemAttestation | Waiver], max_age: dt.timedelta
    ) -> Refusal | None:
        """Steps 17 and 18, first part: not expired, by a key valid then and now."""
        end = min(line.predicate.valid_until, line.issued_at + max_age)
        if self._now >= end:
            return refusal_of(Code.EXPIRED, line, f"ended {day(end)}")
        for moment in (line.issued_at, self._now):
            if not line.key.valid_at(moment):
                reason = (
                    f"is by a key that is valid from {day(line.key.not_before)} to"
                    f" {day(line.key.not_after)} only"
                )
                return refusal_of(Code.KEY_NOT_VALID, line, reason)
        return None

    def no_author(self, line: Line[Predicate]) -> Refusal | None:
        """Step 18, last part: not by somebody who wrote the change."""
        authors = self._index.context.authors or frozenset()
        if line.person.is_among(authors):
            return refusal_of(Code.SELF_APPROVAL, line, "is by an author of the change")
        if authors and not line.person.emails:
            reason = "is by somebody without `emails`, who may have written the change"
            return refusal_of(Code.SELF_APPROVAL, line, reason)
        return None

    def evidence(self, line: Line[ItemAttestation]) -> Refusal | None:
        """Step 19, first part: the evidence files are those that were signed."""
        problem = self._files.problem(line.predicate.evidence or ())
        return refusal_of(Code.EVIDENCE_CHANGED, line, problem) if problem else None

    def same_report(
        self, line: Line[ItemAttestation], open_items: Mapping[str, str] | None
    ) -> Refusal | None:
        """Step 19, last part: an approver saw this target, and nothing is worse now."""
        saw = line.predicate.saw
        if saw is None:
            reason = "does not say which report its signer saw"
            return refusal_of(Code.STATE_CHANGED, line, reason)
        if saw.target != self._index.context.target_digest:
            return refusal_of(Code.TARGET_CHANGED, line, "is for another target file")
        if open_items is None:
            reason = "cannot be held against a report, since there is none"
            return refusal_of(Code.STATE_CHANGED, line, reason)
        worse = worse_items(saw, open_items)
        if worse:
            reason = f"did not know of {_some(worse)}"
            return refusal_of(Code.STATE_CHANGED, line, reason)
        return None


def worse_items(saw: Saw, open_items: Mapping[str, str]) -> list[str]:
    """Give what is open today and was not, or was in a milder state: ``id (state)``."""
    # A state that is no known word was mild when it was seen, and is worst today.
    known = {item.id: _SEVERITY.get(item.state, -1) for item in saw.open}
    worst = len(OPEN_STATES)
    return [
        f"{item_id} ({state})"
        for item_id, state in sorted(open_items.items())
        if item_id not in known or _SEVERITY.get(state, worst) > known[item_id]
    ]


def _some(names: Sequence[str]) -> str:
    """Name a few, and how many more there are."""
    shown = ", ".join(names[:_MOST_NAMES])
    rest = len(names) - _MOST_NAMES
    return f"{shown} and {rest} more" if rest > 0 else shown


def refusal_of(code: Code, line: Line[Predicate], reason: str) -> Refusal:
    """Refuse a line; ``reason`` ends a sentence that begins with the signature."""
    what = "waiver" if isinstance(line.predicate, Waiver) else "signature"
    who = line.person.id
    return Refusal(code, f"the {what} of {who}, {day(line.issued_at)}, {reason}", who)
