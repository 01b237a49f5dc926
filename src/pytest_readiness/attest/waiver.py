"""Waivers: an approved deviation with an end (step 21, ruling 7)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.attest.checks import refusal_of
from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.newest import Statements
from pytest_readiness.attest.result import Refusal, WaiverInfo
from pytest_readiness.attest.seats import Candidate, Filled, Place, fill
from pytest_readiness.attest.terms import counted, places
from pytest_readiness.catalogue.item import ANOTHER_ROLE, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_readiness.attest.checks import Checks
    from pytest_readiness.attest.index import Index
    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import ItemAttestation, Waiver
    from pytest_readiness.attest.terms import Demand, Terms
    from pytest_readiness.attest.trust import Trust

__all__ = ["Waivers", "excess", "unreviewed"]

_APPROVER = "business-owner"
"""Approves every waiver, beside the item's own role."""
_FREE_RENEWALS = 2
_EMERGENCY = Place(
    "ops-lead or executive-sponsor", frozenset({"ops-lead", "executive-sponsor"})
)
_EMERGENCY_LASTS = dt.timedelta(hours=24)
_REVIEW_WITHIN = dt.timedelta(days=5)


@dataclass(frozen=True, slots=True)
class _Group:
    """Approvers of one waiver, who have signed the same terms."""

    waiver: Waiver
    approvers: list[Candidate] = field(default_factory=list)
    ends: set[dt.datetime] = field(default_factory=set)
    """When it ends: they may name one end that is further away than waivers last."""


class Waivers:
    """The waivers of one ledger."""

    def __init__(self, index: Index, checks: Checks, *, pinned: bool) -> None:
        self._index = index
        self._checks = checks
        self._policy = index.trust.waiver
        self._pinned = pinned
        # No release: a waiver is for the system in its environment.
        self._subject = index.context.subject([Scope.ENVIRONMENT])

    def find(
        self, terms: Terms, demand: Demand, veto: Line[ItemAttestation] | None
    ) -> tuple[WaiverInfo | None, list[Refusal]]:
        """Give the waiver of an item that holds longest, or why none does.

        Args:
            terms: The item; nobody vetoes it.
            demand: Who would have to sign it.
            veto: Its last veto, which has ended; what is older does not count.
        """
        refusals: dict[Code, Refusal] = {}
        found: list[WaiverInfo] = []
        for outcome in (
            *self._ordinary(terms, demand, veto),
            *self._emergency(terms, veto),
        ):
            if isinstance(outcome, Refusal):
                refusals[outcome.code] = outcome
            else:
                found.append(outcome)
        best = max(found, key=lambda info: (info.until, info.reason), default=None)
        return best, list(refusals.values())

    def _ordinary(
        self, terms: Terms, demand: Demand, veto: Line[ItemAttestation] | None
    ) -> Iterator[WaiverInfo | Refusal]:
        """Group the signatures that stand by what they say, and count the persons."""
        statements = self._index.waivers.get(terms.id) or Statements()
        if statements.future is not None:
            yield self._checks.future(statements.future)
        yield from map(self._checks.elsewhere, statements.elsewhere)
        needed = self._approvers(demand)
        groups: dict[bytes, _Group] = {}
        longest = dt.timedelta(days=self._policy.max_days)
        for line in statements.here:
            refusal = self._standing(line, terms, veto, longest, needed)
            if refusal is not None:
                yield refusal
                continue
            predicate = line.predicate
            group = groups.setdefault(predicate.terms, _Group(predicate))
            group.approvers.append(self._checks.candidate(line, longest))
            group.ends.add(predicate.end(longest))
        for group in groups.values():
            filled = fill(needed, group.approvers)
            earlier = statements.ends[self._subject] - group.ends
            renewals = sum(end < max(group.ends) for end in earlier)
            yield (
                self._forbidden(terms)
                or _renewed_too_often(group.waiver, renewals)
                or _too_few(group.approvers, filled)
                or _info(terms, group.waiver, filled, renewals=renewals)
            )

    def _emergency(
        self, terms: Terms, veto: Line[ItemAttestation] | None
    ) -> Iterator[WaiverInfo | Refusal]:
        """Look for an emergency's waiver that covers the item."""
        newest: dict[str, Line[Waiver]] = {}
        for line in sorted(self._index.emergencies.values(), key=_age):
            if terms.id not in line.predicate.covered:
                continue
            if self._index.is_future(line.issued_at):
                yield self._checks.future(line)
            elif not line.doubt or line.person.id not in newest:
                newest[line.person.id] = line
        for line in newest.values():
            predicate = line.predicate
            candidate = self._checks.candidate(line, _EMERGENCY_LASTS)
            yield (
                self._standing(line, terms, veto, _EMERGENCY_LASTS, [_EMERGENCY])
                or self._forbidden(terms, emergency=True)
                or _info(terms, predicate, fill([_EMERGENCY], [candidate]))
            )

    def _standing(
        self,
        line: Line[Waiver],
        terms: Terms,
        veto: Line[ItemAttestation] | None,
        longest: dt.timedelta,
        needed: Sequence[Place],
    ) -> Refusal | None:
        """Steps 10 to 15, 17 and 18."""
        checks, predicate = self._checks, line.predicate
        ordinary = not predicate.emergency
        asked = ordinary and bool(self._policy.not_by)
        return (
            checks.bound(line, terms, predicate.covered[terms.id], self._subject)
            or checks.signed_by_a_person(line)
            or checks.since_veto(line, veto)
            or checks.alive(line, longest)
            or checks.fits(line, needed)
            or (_own_request(line) if ordinary else None)
            or (checks.no_author(line) if asked else None)
        )

    def _approvers(self, demand: Demand) -> list[Place]:
        """Give who approves: in small use anybody but the requester."""
        extra = counted(self._policy.need)
        if self._pinned:
            own = Counter(demand.roles) | Counter([_APPROVER])
            del own[ANOTHER_ROLE]
            return [Place.of(role) for role in places(own, extra)]
        anybody = Place("a person other than the requester", None)
        return [Place.of(role) for role in places(extra)] or [anybody]

    def _forbidden(self, terms: Terms, *, emergency: bool = False) -> Refusal | None:
        """Step 21, ``never``: for an emergency rollups and approvals are no bar."""
        follows = terms.rollup or terms.approval
        if terms.core and not (emergency and follows):
            reason = "a core item is never waived"
        elif follows and not emergency:
            reason = "rollups and approvals are never waived"
        elif self._policy.forbids(terms.id):
            reason = "the trust file says that the item is never waived"
        else:
            return None
        return Refusal(Code.NOT_WAIVABLE, reason)


def _own_request(line: Line[Waiver]) -> Refusal | None:
    if line.person.id != line.predicate.requested_by:
        return None
    return refusal_of(Code.SELF_APPROVAL, line, "is by who asked for the waiver")


def _renewed_too_often(predicate: Waiver, renewals: int) -> Refusal | None:
    if renewals <= _FREE_RENEWALS or predicate.again:
        return None
    reason = f"the waiver was renewed {renewals} times, which needs `--again`"
    return Refusal(Code.NOT_WAIVABLE, reason)


def _too_few(group: list[Candidate], filled: Filled) -> Refusal | None:
    if filled.complete:
        return None
    persons = ", ".join(sorted(one.line.person.id for one in group))
    missing = ", ".join(filled.missing)
    reason = f"a waiver is signed by {persons}, but still missing: {missing}"
    return Refusal(Code.BELOW_THRESHOLD, reason)


def _info(
    terms: Terms, predicate: Waiver, filled: Filled, *, renewals: int = 0
) -> WaiverInfo:
    return WaiverInfo(
        item=terms.id,
        approvers=filled.signers,
        requested_by=predicate.requested_by,
        reason=predicate.reason,
        risk=predicate.risk,
        compensating_controls=predicate.compensating_controls,
        ticket=predicate.ticket or "",
        until=filled.until,
        covers_unknown=bool(predicate.covers_unknown),
        renewals=renewals,
        emergency=predicate.emergency,
        incident=predicate.incident or "",
    )


def _age(line: Line[Waiver]) -> tuple[dt.datetime, str]:
    return line.issued_at, line.payload


def excess(waivers: Iterable[WaiverInfo], trust: Trust) -> int:
    """Count the waivers in use beyond what the trust file allows.

    An emergency's are not counted.
    """
    used = sum(not waiver.emergency for waiver in waivers)
    return max(0, used - trust.waiver.max_waivers)


def unreviewed(index: Index, *, pinned: bool) -> list[Line[Waiver]]:
    """Give this environment's emergencies that nobody has reviewed within five days.

    They block the next go-live. The review is a revocation of the emergency's waiver,
    its text the outcome, by a ``revoker`` who did not sign it; in small use its signer
    may do it.
    """
    subject = index.context.subject([Scope.ENVIRONMENT])
    return [
        line
        for line in sorted(index.emergencies.values(), key=_age)
        if line.subject == subject
        and index.now - line.issued_at >= _REVIEW_WITHIN
        and not index.is_reviewed(line.payload, line.person.id, by_other=pinned)
    ]
