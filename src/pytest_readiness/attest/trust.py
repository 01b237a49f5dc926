"""Whom we believe: what a trust file says, once it has been read.

:mod:`.trust_file` reads it from bytes, :mod:`.pins` decides whether it is the right
one, and the verification asks it whose key a signature is and who must sign an item.
"""

from __future__ import annotations

import datetime as dt
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from pytest_readiness.attest.trust_tables import (
    ApprovalPolicy,
    CertificatePolicy,
    Checklist,
    Instant,
    Key,
    Label,
    Person,
    ProbesPin,
    Revoked,
    Root,
    Rule,
    SnapshotPolicy,
    Table,
    WaiverPolicy,
    array,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_readiness.attest.keys import PublicKey

__all__ = ["Owner", "Trust"]


class Owner(NamedTuple):
    """Whose key it is."""

    person: Person
    key: Key


class Trust(Table):
    """A whole trust file; every limit and every reference in it has been checked."""

    format: Literal["pytest-readiness/trust/1"]
    system: Label | None = None
    organisation: Label | None = None
    version: Annotated[int, Field(ge=1, lt=2**53)]
    issued: Instant
    expires: Instant
    skew_seconds: Annotated[int, Field(ge=0, le=900)] = 300
    checklist: Checklist | None = None
    root: Root
    people: Annotated[tuple[Person, ...], array(256), Field(alias="signer")] = ()
    rules: Annotated[tuple[Rule, ...], array(512), Field(alias="rule")] = ()
    waiver: WaiverPolicy = WaiverPolicy()
    snapshot: SnapshotPolicy | None = None
    certificate: CertificatePolicy | None = None
    approvals: ApprovalPolicy = ApprovalPolicy()
    probes: ProbesPin | None = None
    revoked: Annotated[tuple[Revoked, ...], array(4096)] = ()

    _digest: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _remember_bytes(self, info: ValidationInfo) -> Trust:
        self._digest = (info.context or {}).get("digest", "")
        return self

    @property
    def digest(self) -> str:
        """``sha256`` of the exact file, which approvals and certificates name."""
        return self._digest

    @property
    def skew(self) -> dt.timedelta:
        """How far two clocks may be apart."""
        return dt.timedelta(seconds=self.skew_seconds)

    @cached_property
    def by_fingerprint(self) -> dict[str, Owner]:
        """Every key with its owner."""
        return {
            key.key.fingerprint: Owner(person, key)
            for person in self.people
            for key in person.keys
        }

    @cached_property
    def public_keys(self) -> dict[str, PublicKey]:
        """Every key by its fingerprint."""
        return {name: owner.key.key for name, owner in self.by_fingerprint.items()}

    @cached_property
    def by_id(self) -> dict[str, Person]:
        """Every person by its id."""
        return {person.id: person for person in self.people}

    @cached_property
    def revoked_payloads(self) -> frozenset[str]:
        """The payload digests that this file revokes."""
        return frozenset(entry.payload_sha256 for entry in self.revoked)

    def roles_of(self, person_id: str, at: dt.datetime) -> dict[str, str | None]:
        """Give a person's roles at a moment, each with whom the person stands in for.

        A deputy has the roles that the other person has of its own (not those that
        this one, in turn, only stands in for). Being a root is no role.
        """
        person = self.by_id[person_id]
        roles: dict[str, str | None] = {}
        for deputy in person.deputy_for:
            if deputy.since <= at < deputy.until:
                for role in self.by_id[deputy.person].roles:
                    roles.setdefault(role, deputy.person)
        return roles | dict.fromkeys(person.roles)

    def unmatched(self, item_ids: Iterable[str]) -> tuple[str, ...]:
        """Give the patterns that match none of the items: most likely typing errors."""
        ids = tuple(item_ids)
        patterns = [p for rule in self.rules for p in rule.items] + [*self.waiver.never]
        return tuple(
            dict.fromkeys(
                pattern
                for pattern in patterns
                if not any(fnmatchcase(item_id, pattern) for item_id in ids)
            )
        )
