"""Statements in a person's name, as the verification wants to find them.

The other end of :mod:`.verification`: what is bound, and until when, follows from the
same terms and rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.predicates import (
    ItemAttestation,
    ItemRef,
    Revocation,
    Revoked,
    SnapshotRef,
    Verdict,
    Waiver,
)
from pytest_readiness.attest.statement import (
    TARGET_NAME,
    Statement,
    Subject,
    new_nonce,
)
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.index import Index
    from pytest_readiness.attest.predicates import Evidence, Saw
    from pytest_readiness.attest.terms import Demand, Terms

__all__ = [
    "Said",
    "WaiverTerms",
    "anchor_of",
    "item_attestation",
    "revocation",
    "waiver",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a signer says of an item."""

    verdict: Verdict = Verdict.SATISFIED
    justification: str = ""
    evidence: tuple[Evidence, ...] = ()
    claims: Mapping[str, str | int | bool] | None = None
    saw: Saw | None = None
    """Approvals only: the report that the signer saw."""
    until: dt.datetime | None = None
    """An end that is earlier than the item's age asks for."""


def anchor_of(index: Index) -> SnapshotRef | None:
    """Refer to the newest snapshot of a ledger, which dates whatever is signed next."""
    shelf = index.snapshots
    if not shelf.newest:
        return None
    newest = min(shelf.newest)
    return SnapshotRef.of(shelf.newest[newest].subject, shelf.version)


def item_attestation(  # who, on what, when
    terms: Terms,
    demand: Demand,
    context: Context,
    attester: str,
    now: dt.datetime,
    said: Said,
    anchor: SnapshotRef | None = None,
) -> Statement[ItemAttestation]:
    """Write what a person says of an item.

    It is valid as long as the item's age and the trust file's rules allow, and no
    longer than the signer wants.

    Raises:
        Refused: CONTEXT_MISSING, what the item is bound to is not known.
    """
    longest = now + demand.max_age
    return Statement(
        Subject(name=TARGET_NAME, digest=context.subject(demand.scopes)),
        ItemAttestation(
            attester=attester,
            item=ItemRef(id=terms.id, digest=terms.digest),
            verdict=said.verdict,
            issued_at=now,
            valid_until=longest if said.until is None else min(longest, said.until),
            nonce=new_nonce(),
            target=context.target(demand.scopes),
            justification=said.justification or None,
            evidence=said.evidence or None,
            claims=said.claims or None,
            anchor=anchor,
            saw=said.saw,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverTerms:
    """A deviation and its end, as every approver must sign them alike."""

    reason: str
    risk: str
    controls: Sequence[str]
    until: dt.datetime
    requested_by: str
    ticket: str = ""
    covers_unknown: bool = False
    again: bool = False
    incident: str = ""
    """Of an emergency, whose waiver is over many items."""


def waiver(
    items: Iterable[Terms],
    context: Context,
    attester: str,
    now: dt.datetime,
    agreed: WaiverTerms,
) -> Statement[Waiver]:
    """Write a person's approval of a waiver: of one item, or an emergency's of many.

    It is bound to the environment, not to the release.

    Raises:
        Refused: CONTEXT_MISSING, the environment is not known.
    """
    scopes = [Scope.ENVIRONMENT]
    digests = {terms.id: terms.digest for terms in items}
    ((item_id, digest), *_) = digests.items()
    emergency = bool(agreed.incident)
    return Statement(
        Subject(name=TARGET_NAME, digest=context.subject(scopes)),
        Waiver(
            attester=attester,
            requested_by=agreed.requested_by,
            reason=agreed.reason,
            risk=agreed.risk,
            compensating_controls=tuple(agreed.controls),
            issued_at=now,
            valid_until=agreed.until,
            nonce=new_nonce(),
            item=None if emergency else ItemRef(id=item_id, digest=digest),
            items=digests if emergency else None,
            incident=agreed.incident or None,
            target=context.target(scopes),
            ticket=agreed.ticket or None,
            covers_unknown=agreed.covers_unknown or None,
            again=agreed.again or None,
        ),
    )


def revocation(
    payloads: Mapping[str, str], attester: str, now: dt.datetime, reason: str
) -> Statement[Revocation]:
    """Take statements back.

    Args:
        payloads: The digests of their payloads, each with a name for people.
        attester: Who takes them back.
        now: When.
        reason: Why.
    """
    revoked = tuple(Revoked(digest=one, name=name) for one, name in payloads.items())
    return Statement(
        Subject(name="payload", digest=revoked[0].digest),
        Revocation(attester=attester, revokes=revoked, reason=reason, issued_at=now),
    )
