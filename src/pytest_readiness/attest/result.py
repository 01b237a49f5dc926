"""What the signatures on one item come to: read by the verdict and by the reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from pytest_readiness.attest.codes import Code
    from pytest_readiness.attest.predicates import Evidence

__all__ = ["ItemSignatures", "Refusal", "Result", "Signed", "WaiverInfo", "people"]


class Result(StrEnum):
    """What the signatures say of an item."""

    SATISFIED = "satisfied"
    VETOED = "vetoed"
    NOT_APPLICABLE = "not-applicable"
    WAIVED = "waived"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature that counts, as a report shows it."""

    person: str
    name: str
    title: str
    role: str
    """The place that it fills; "" where no role is asked."""
    stands_in_for: str
    """Whom the signer is a deputy of in this role; "" for nobody."""
    fingerprint: str
    issued_at: dt.datetime
    until: dt.datetime
    """The first of: its own end, the item's age, the end of its key."""
    payload: str
    justification: str = ""
    evidence: tuple[Evidence, ...] = ()
    claims: tuple[tuple[str, str | int | bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A signature that does not count, and why."""

    code: Code
    reason: str
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverInfo:
    """A waiver that holds."""

    item: str
    approvers: tuple[Signed, ...]
    requested_by: str
    reason: str
    risk: str
    compensating_controls: tuple[str, ...]
    ticket: str
    until: dt.datetime
    covers_unknown: bool
    renewals: int
    """How many waivers of the item ended before this one does."""
    emergency: bool = False
    incident: str = ""

    def covers(self, state: str) -> bool:
        """Whether a raw state is one that it covers."""
        return state in _COVERED or (state == "unknown" and self.covers_unknown)


_COVERED = frozenset({"failed", "pending", "unconfigured"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSignatures:
    """The signatures on one item, judged."""

    item: str
    result: Result
    code: Code | None
    """None where the item is satisfied, not applicable or waived."""
    reason: str
    """Why, in one sentence."""
    signers: tuple[Signed, ...] = ()
    """Who fills the places; of a veto who vetoes."""
    missing_roles: tuple[str, ...] = ()
    """Whose signature is still missing."""
    waiver: WaiverInfo | None = None
    """The waiver that holds, also where the item is signed: its probe may yet fail."""
    refusals: tuple[Refusal, ...] = ()
    """Of each code one signature that does not count, the most telling first."""

    @property
    def expires(self) -> dt.datetime | None:
        """When this result ends by itself; None where it does not."""
        if self.result is Result.WAIVED and self.waiver is not None:
            return self.waiver.until
        if self.result in {Result.SATISFIED, Result.NOT_APPLICABLE}:
            return min(signed.until for signed in self.signers)
        return None

    @property
    def has_evidence(self) -> bool:
        """Whether one of the signers names evidence, by its digest."""
        return any(signed.evidence for signed in self.signers)


def people(results: Iterable[ItemSignatures]) -> frozenset[str]:
    """Give the distinct persons by whose signatures these items are satisfied.

    The sign-off section asks for ``[approvals] people`` of them.
    """
    return frozenset(
        one.person
        for found in results
        if found.result is Result.SATISFIED
        for one in found.signers
    )
