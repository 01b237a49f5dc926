"""The parts of the report about people: who signed, who waived, who is missing.

Addresses and telephone numbers in what people wrote are masked: the report goes on
tickets, and the ledger keeps the whole text (ruling 15).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, NonNegativeInt, StringConstraints

from pytest_readiness.attest.result import Result
from pytest_readiness.store.parts import Instant, Part, Sorted, Text

if TYPE_CHECKING:
    from pytest_readiness.attest.result import (
        ItemSignatures,
        Refusal,
        Signed,
        WaiverInfo,
    )
    from pytest_readiness.attest.signatures import Signatures

__all__ = [
    "EvidenceShown",
    "HindranceShown",
    "RefusalShown",
    "SignedShown",
    "SignerShown",
    "TrustShown",
    "WaiverShown",
    "masked",
    "signed_shown",
    "trust_shown",
]

_MAIL = re.compile(r"([\w.+-])[\w.+-]*@[\w-]+(\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.+-])\+?\d[\d ()/-]{7,}\d(?!\w|[.-]\w)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def masked(text: str) -> str:
    """Hide mail addresses and telephone numbers."""
    text = _MAIL.sub(r"\1...@...", text)
    return _PHONE.sub(lambda m: m[0] if _DATE.search(m[0]) else "(number)", text)


Prose = Annotated[Text, AfterValidator(masked)]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class EvidenceShown(Part):
    """What a signer looked at."""

    name: Text
    digest: Sha256
    uri: Text | None = None
    """Where it is, if it is no file of the repository; then it is not hashed again."""


class SignerShown(Part):
    """One signature that counts."""

    person: Text
    name: Text
    title: Text
    role: Text
    """The place that it fills; empty where no role is asked."""
    stands_in_for: Text = ""
    """Whom the signer is a deputy of."""
    fingerprint: Text
    """Of the key."""
    issued_at: Instant
    until: Instant
    payload: Sha256
    """Digest of the statement, by which it can be revoked."""
    justification: Prose = ""
    evidence: tuple[EvidenceShown, ...] = ()
    claims: Annotated[dict[Text, Text | int | bool], Sorted] = Field(
        default_factory=dict
    )


class RefusalShown(Part):
    """A signature that does not count, and why."""

    code: Text
    reason: Prose
    person: Text = ""


class WaiverShown(Part):
    """A waiver that holds."""

    used: bool
    """False: the item needs it no longer, so it can be taken back."""
    approvers: tuple[SignerShown, ...]
    requested_by: Text
    reason: Prose
    risk: Text
    compensating_controls: tuple[Prose, ...]
    ticket: Text = ""
    until: Instant
    covers_unknown: bool
    renewals: NonNegativeInt
    emergency: bool
    incident: Text = ""


class SignedShown(Part):
    """The signatures on one item."""

    result: Result
    signers: tuple[SignerShown, ...] = ()
    missing_roles: tuple[Text, ...] = ()
    expires: Instant | None = None
    """When what they say ends by itself."""
    refusals: tuple[RefusalShown, ...] = ()
    waiver: WaiverShown | None = None


class HindranceShown(Part):
    """What blocks the gate beside its items."""

    code: Text
    reason: Text


class TrustShown(Part):
    """What the run knows about trust."""

    described: Text = "no trust file"
    """In plain words."""
    version: NonNegativeInt | None = None
    """Of the trust file; none where there is no trust file."""
    digest: Sha256 | None = None
    expires: Instant | None = None
    pinned: bool = False
    """Whether the trust file is held against something outside the repository."""
    deletions_detected: bool = False
    """Whether a snapshot would show that a signed line was deleted."""
    lines: NonNegativeInt = 0
    believed: NonNegativeInt = 0
    ignored: Annotated[dict[Text, NonNegativeInt], Sorted] = Field(default_factory=dict)
    """Lines that are not ours or by nobody we know, by code."""
    failures: tuple[Text, ...] = ()
    """Why the gate is closed whatever the items say."""


def trust_shown(found: Signatures, described: str) -> TrustShown:
    """Show what was read of the trust file and the ledger."""
    trust, tally = found.trust, found.tally
    return TrustShown(
        described=described,
        version=trust.version if trust else None,
        digest=trust.digest if trust else None,
        expires=trust.expires if trust else None,
        pinned=found.pins.pinned,
        deletions_detected=found.snapshot_until is not None,
        lines=tally.lines,
        believed=tally.believed,
        ignored={str(code): count for code, count in tally.ignored.items()},
        failures=tuple(
            f"{one.code}: {one.reason} ({one.where}); {one.code.remedy}"
            for one in found.failures
        ),
    )


def signed_shown(found: ItemSignatures, *, waived: bool) -> SignedShown:
    """Show an item's signatures; ``waived``: whether its waiver is in use."""
    return SignedShown(
        result=found.result,
        signers=tuple(map(_signer, found.signers)),
        missing_roles=found.missing_roles,
        expires=found.expires,
        refusals=tuple(map(_refusal, found.refusals)),
        waiver=_waiver(found.waiver, used=waived) if found.waiver else None,
    )


def _signer(signed: Signed) -> SignerShown:
    return SignerShown(
        person=signed.person,
        name=signed.name,
        title=signed.title,
        role=signed.role,
        stands_in_for=signed.stands_in_for,
        fingerprint=signed.fingerprint,
        issued_at=signed.issued_at,
        until=signed.until,
        payload=signed.payload,
        justification=signed.justification,
        evidence=tuple(
            EvidenceShown(name=one.name, digest=one.digest, uri=one.uri)
            for one in signed.evidence
        ),
        claims={
            name: masked(value) if isinstance(value, str) else value
            for name, value in signed.claims
        },
    )


def _refusal(refusal: Refusal) -> RefusalShown:
    return RefusalShown(code=refusal.code, reason=refusal.reason, person=refusal.person)


def _waiver(waiver: WaiverInfo, *, used: bool) -> WaiverShown:
    return WaiverShown(
        used=used,
        approvers=tuple(map(_signer, waiver.approvers)),
        requested_by=waiver.requested_by,
        reason=waiver.reason,
        risk=waiver.risk,
        compensating_controls=waiver.compensating_controls,
        ticket=waiver.ticket,
        until=waiver.until,
        covers_unknown=waiver.covers_unknown,
        renewals=waiver.renewals,
        emergency=waiver.emergency,
        incident=waiver.incident,
    )
