"""What a statement says: one record for each predicate type of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias

from pytest_readiness.attest import forms, records
from pytest_readiness.attest.codes import Malformed
from pytest_readiness.attest.strict_json import MAX_INTEGER
from pytest_readiness.catalogue.canonical import canonical

if TYPE_CHECKING:
    import datetime as dt

__all__ = [
    "PREDICATES",
    "PREFIX",
    "Artifact",
    "Deployment",
    "Evidence",
    "ItemAttestation",
    "ItemRef",
    "OpenItem",
    "Predicate",
    "PreviousTrust",
    "Provenance",
    "ReleaseRef",
    "Revocation",
    "Revoked",
    "Run",
    "Saw",
    "Snapshot",
    "SnapshotRef",
    "TrustApproval",
    "Verdict",
    "Waiver",
]

PREFIX = "https://pytest-readiness.readthedocs.io/predicates/"

_TEXTS = records.mapping_of(forms.LINE, forms.LINE)
_SHOWN = records.by_type({str: forms.LINE, dict: _TEXTS})
_CLAIM = records.by_type(
    {bool: forms.BOOLEAN, int: records.integer(-MAX_INTEGER), str: forms.LINE}
)

Shown: TypeAlias = Annotated[
    Mapping[str, str | Mapping[str, str]], records.mapping_of(forms.LINE, _SHOWN)
]
"""A target as people read it; the subject's digest decides, not this."""
Claims: TypeAlias = Annotated[
    Mapping[str, str | int | bool], records.mapping_of(forms.LINE, _CLAIM)
]
ItemDigests: TypeAlias = Annotated[
    Mapping[str, str], records.mapping_of(forms.ITEM, forms.SHA256)
]
Version: TypeAlias = Annotated[int, records.integer(1)]


class Verdict(StrEnum):
    """What a person says of an item."""

    SATISFIED = "SATISFIED"
    NOT_SATISFIED = "NOT_SATISFIED"
    """A veto."""
    NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRef(records.Record):
    """An item and the wording that was read."""

    id: forms.ItemId
    digest: forms.Digest


_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(records.Record):
    """A file that a signer looked at.

    Without a ``uri``, ``name`` is its path below the repository's root, and it is
    hashed again at every run; with one it is recorded only.
    """

    name: forms.Line
    digest: forms.Digest
    uri: forms.Line | None = None

    def check(self) -> None:
        """Refuse a path that leads out of the repository."""
        if self.uri is None and (
            "\\" in self.name
            or _DRIVE.match(self.name)
            or {"", ".", ".."} & set(self.name.split("/"))
        ):
            raise Malformed("is no plain path below the repository's root", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(records.Record):
    """A named file and its digest."""

    name: forms.Line
    digest: forms.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class _SnapshotVersion(records.Record):
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRef(records.Record):
    """A snapshot, by its digest and version."""

    digest: forms.Digest
    annotations: _SnapshotVersion
    name: forms.Line | None = None

    @classmethod
    def of(cls, digest: str, version: int) -> SnapshotRef:
        """Refer to a snapshot."""
        annotations = _SnapshotVersion(version=version)
        return cls(digest=digest, annotations=annotations, name="snapshot.txt")

    @property
    def version(self) -> int:
        """The snapshot's version."""
        return self.annotations.version


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem(records.Record):
    """An item that was not satisfied when an approval was given."""

    id: forms.ItemId
    state: forms.StateName


@dataclass(frozen=True, slots=True, kw_only=True)
class Saw(records.Record):
    """The report that an approver saw: the target file's digest, and what was open."""

    target: forms.Digest
    open: tuple[OpenItem, ...]

    def check(self) -> None:
        """Refuse an item in two states."""
        if len({item.id for item in self.open}) != len(self.open):
            raise Malformed("names an item twice", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRef(records.Record):
    """A release: its version, its source digest, and the commit for people."""

    version: forms.Line
    source: forms.Digest | None = None
    commit: forms.Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAttestation(records.PredicateRecord):
    """A person says what an item's state is. Subject: the target."""

    TYPE: ClassVar[str] = f"{PREFIX}item-attestation/v1"

    attester: forms.Person
    item: ItemRef
    verdict: Verdict
    issued_at: forms.Time
    valid_until: forms.Time
    nonce: forms.Nonce
    """Makes equal texts distinct statements, so that one can be revoked alone."""
    target: Shown | None = None
    justification: forms.Prose | None = None
    evidence: tuple[Evidence, ...] | None = None
    claims: Claims | None = None
    """Named facts for the item's body to check."""
    anchor: SnapshotRef | None = None
    """The newest snapshot that the signer had seen."""
    saw: Saw | None = None
    """Approvals only."""

    def check(self) -> None:
        """Hold the dates against each other."""
        forms.check_window(self.issued_at, self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver(records.PredicateRecord):
    """A person approves a deviation with an end. Subject: the environment's target.

    An ordinary waiver has ``item``; an emergency's has ``items``, the digests of all
    that is open by item id, and ``incident``. (One object for all of them: a list of
    objects would pass the limit on brackets at some 120 items.)
    """

    TYPE: ClassVar[str] = f"{PREFIX}waiver/v1"

    attester: forms.Person
    requested_by: forms.Person
    reason: forms.Line
    risk: forms.Line
    compensating_controls: Annotated[tuple[str, ...], records.list_of(forms.LINE)]
    issued_at: forms.Time
    valid_until: forms.Time
    nonce: forms.Nonce
    item: ItemRef | None = None
    items: ItemDigests | None = None
    incident: forms.Line | None = None
    target: Shown | None = None
    ticket: forms.Line | None = None
    covers_unknown: forms.Flag | None = None
    again: forms.Flag | None = None
    """Renewed more often than twice, knowingly."""

    @property
    def emergency(self) -> bool:
        """Whether this is an emergency's waiver, over all that is open."""
        return self.items is not None

    @property
    def covered(self) -> Mapping[str, str]:
        """The digests of the items that are waived, by item id."""
        if self.item is not None:
            return {self.item.id: self.item.digest}
        return self.items or {}

    def end(self, longest: dt.timedelta) -> dt.datetime:
        """When it ends, where no waiver lasts longer than so long."""
        return min(self.valid_until, self.issued_at + longest)

    @property
    def terms(self) -> bytes:
        """What all approvers must have signed alike, as canonical bytes."""
        own = {"attester", "issuedAt", "nonce", "target", "ticket"}
        written = self.write()
        return canonical({name: written[name] for name in written.keys() - own})

    def check(self) -> None:
        """Demand the members of just one of the two sorts; and the dates."""
        forms.check_window(self.issued_at, self.valid_until)
        ordinary = self.item is not None and self.items is None and not self.incident
        emergency = self.item is None and self.items and self.incident
        if not (ordinary or emergency):
            raise Malformed("is neither one item's waiver nor an emergency's")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked(records.Record):
    """A statement that is taken back, by its payload's digest; ``name`` for people."""

    digest: forms.Digest
    name: forms.Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation(records.PredicateRecord):
    """Statements are taken back. Subject: the first of them."""

    TYPE: ClassVar[str] = f"{PREFIX}revocation/v1"

    attester: forms.Person
    revokes: Annotated[
        tuple[Revoked, ...], records.list_of(records.record(Revoked), least=1)
    ]
    reason: forms.Prose
    issued_at: forms.Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(records.PredicateRecord):
    """What the ledger held. Subject: ``snapshot.txt``."""

    TYPE: ClassVar[str] = f"{PREFIX}snapshot/v1"

    attester: forms.Person
    version: Version
    count: Annotated[int, records.integer(0)]
    issued_at: forms.Time
    valid_until: forms.Time
    previous: SnapshotRef | None = None

    def check(self) -> None:
        """Hold versions and dates against each other."""
        forms.check_window(self.issued_at, self.valid_until)
        if self.previous is not None and self.previous.version >= self.version:
            raise Malformed("is not older than this snapshot", "previous")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousTrust(records.Record):
    """The trust file's version before."""

    digest: forms.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustApproval(records.PredicateRecord):
    """A root approves a version of the trust file. Subject: its exact bytes."""

    TYPE: ClassVar[str] = f"{PREFIX}trust-approval/v1"

    attester: forms.Person
    version: Version
    issued_at: forms.Time
    previous: PreviousTrust | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(records.PredicateRecord):
    """A machine says that it made a report. Subject: ``report.json``."""

    TYPE: ClassVar[str] = f"{PREFIX}run/v1"

    attester: forms.Person
    target: forms.Digest
    suite_tree: forms.TreeDigest
    wheel: Artifact
    release: ReleaseRef
    started_on: forms.Time
    issued_at: forms.Time

    def check(self) -> None:
        """Refuse a report that was ready before it was begun."""
        if self.issued_at < self.started_on:
            raise Malformed("is before startedOn", "issuedAt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(records.PredicateRecord):
    """When a release was deployed, and where. Subject: the release's target."""

    TYPE: ClassVar[str] = f"{PREFIX}deployment/v1"

    attester: forms.Person
    began: forms.Time
    hosts: Annotated[tuple[str, ...], records.list_of(forms.LINE)]
    issued_at: forms.Time
    ended: forms.Time | None = None
    release: ReleaseRef | None = None
    target: Shown | None = None

    def check(self) -> None:
        """Refuse an end before the beginning."""
        if self.ended is not None and self.ended < self.began:
            raise Malformed("is before began", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance(records.PredicateRecord):
    """Which release an artefact was made from. Subject: the artefact.

    Without ``attester`` it was written by a job that has no key, unsigned.
    """

    TYPE: ClassVar[str] = f"{PREFIX}provenance/v1"

    release: ReleaseRef
    issued_at: forms.Time
    attester: forms.Person | None = None
    data: forms.Line | None = None
    """What the artefact was made with, such as ``masked-production``."""
    url: forms.Line | None = None
    """The job that made it."""


Predicate: TypeAlias = (
    ItemAttestation
    | Waiver
    | Revocation
    | Snapshot
    | TrustApproval
    | Run
    | Deployment
    | Provenance
)
PREDICATES: Mapping[str, type[Predicate]] = {
    kind.TYPE: kind
    for kind in (
        ItemAttestation,
        Waiver,
        Revocation,
        Snapshot,
        TrustApproval,
        Run,
        Deployment,
        Provenance,
    )
}
