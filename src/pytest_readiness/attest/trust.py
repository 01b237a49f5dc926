"""Whom we believe: what a trust file says, once it has been read.

:mod:`.trust_file` reads it from bytes, :mod:`.pins` decides whether it is the right
one, and the verification asks it whose key a signature is and who must sign an item.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from pytest_readiness.attest.keys import PublicKey
from pytest_readiness.catalogue.item import ROLES, Scope
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "LONGEST_WINDOW",
    "MACHINE_ROLES",
    "WORDS",
    "Key",
    "KeyStatus",
    "Need",
    "Owner",
    "Person",
    "Rule",
    "Trust",
]

LONGEST_WINDOW = dt.timedelta(days=400)
"""How far apart the two ends of any validity may be."""
REVOKER, REGISTRAR, RUNNER = MACHINE_ROLES = ("revoker", "registrar", "runner")
"""Roles beside the checklist's ten, which machines may have as well."""

_LONGEST_KEY_TEXT = 4096


def _utc(moment: dt.datetime) -> dt.datetime:
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        msg = "is beyond the calendar"
        raise ValueError(msg) from None


def _public_key(text: object) -> PublicKey:
    if not isinstance(text, str) or len(text) > _LONGEST_KEY_TEXT:
        msg = "is no public key: an OpenSSH line or a PEM block is needed"
        raise ValueError(msg)
    try:
        return PublicKey.load(text)
    except AttestationError as error:
        msg = f"{error.what}; {error.remedy}"
        raise ValueError(msg) from None


def _known_role(role: str) -> str:
    if role not in ROLES and role not in MACHINE_ROLES:
        msg = f"is none of the roles {', '.join((*ROLES, *MACHINE_ROLES))}"
        raise ValueError(msg)
    return role


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Role = Annotated[str, AfterValidator(_known_role)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Pattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.*?-]{1,200}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Table(BaseModel):
    """One table of the file: nothing unknown, nothing converted, nothing changed."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )


def _several(most: int) -> Field:
    """Give a TOML array that becomes a tuple of at most so many."""
    return Field(default=(), max_length=most, strict=False)


class KeyStatus(StrEnum):
    """Whether a key is still its owner's alone."""

    ACTIVE = "active"
    COMPROMISED = "compromised"


class Key(_Table):
    """A public key and when it is valid."""

    key: Annotated[PublicKey, BeforeValidator(_public_key)]
    not_before: Instant
    not_after: Instant
    status: Annotated[KeyStatus, Field(strict=False)] = KeyStatus.ACTIVE

    @property
    def compromised(self) -> bool:
        """Whether nothing that it ever signed counts."""
        return self.status is KeyStatus.COMPROMISED

    def valid_at(self, moment: dt.datetime) -> bool:
        """Whether the moment lies in the key's window."""
        return self.not_before <= moment < self.not_after


class Deputy(_Table):
    """Somebody stands in for a person, from one date until another."""

    person: PersonId
    since: Annotated[Instant, Field(alias="from")]
    until: Instant


class Person(_Table):
    """Who signs: the unit of thresholds and of separation of duties."""

    id: Annotated[PersonId, Field(alias="person")]
    name: Label
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    emails: tuple[Label, ...] = _several(16)
    kind: Literal["human", "machine"] = "human"
    roles: tuple[Role, ...] = _several(len(ROLES) + len(MACHINE_ROLES))
    deputy_for: tuple[Deputy, ...] = _several(32)
    keys: Annotated[tuple[Key, ...], Field(alias="key")] = _several(8)

    @property
    def human(self) -> bool:
        """Whether it is a person and not a machine."""
        return self.kind == "human"

    def is_among(self, identities: Iterable[str]) -> bool:
        """Whether one of the mail addresses, names or ids is this person's."""
        own = {word.casefold() for word in (self.id, self.name, *self.emails)}
        return any(identity.strip().casefold() in own for identity in identities)


class Need(_Table):
    """So many persons of a role."""

    role: Role
    count: Annotated[int, Field(ge=1, le=16)] = 1


class Rule(_Table):
    """Tightens the items that its patterns match."""

    items: Annotated[tuple[Pattern, ...], Field(min_length=1, strict=False)]
    bind: tuple[Annotated[Scope, Field(strict=False)], ...] = _several(len(Scope))
    max_age_days: Annotated[int, Field(ge=1, le=LONGEST_WINDOW.days)] | None = None
    need: tuple[Need, ...] = _several(32)
    not_by: tuple[Literal["authors"], ...] = _several(1)

    def matches(self, item_id: str) -> bool:
        """Whether the rule is about the item."""
        return any(fnmatchcase(item_id, pattern) for pattern in self.items)


class Checklist(_Table):
    """Pins the suite's lock."""

    name: Label
    items: Annotated[int, Field(ge=0, le=100_000)]
    sha256: Sha256


class Root(_Table):
    """Who approves trust files."""

    threshold: Annotated[int, Field(ge=1, le=64)]
    people: Annotated[tuple[PersonId, ...], Field(min_length=1, strict=False)]


class WaiverPolicy(_Table):
    """How far waivers may go."""

    max_days: Annotated[int, Field(ge=1, le=30)] = 30
    max_waivers: Annotated[int, Field(ge=0, le=1000)] = 5
    never: tuple[Pattern, ...] = _several(1000)
    need: tuple[Need, ...] = _several(32)
    not_by: tuple[Literal["authors"], ...] = Field(
        default=("authors",), max_length=1, strict=False
    )

    def forbids(self, item_id: str) -> bool:
        """Whether the item is never waived."""
        return any(fnmatchcase(item_id, pattern) for pattern in self.never)


class SnapshotPolicy(_Table):
    """Asks for snapshots, so that nothing can be taken away unseen."""

    role: Role = REGISTRAR
    max_hours: Annotated[int, Field(ge=1, le=168)] = 168


class CertificatePolicy(_Table):
    """Who certifies, and for how long."""

    need: tuple[Need, ...] = _several(32)
    max_hours: Annotated[int, Field(ge=1, le=LONGEST_WINDOW.days * 24)] = 72


class ApprovalPolicy(_Table):
    """By how many distinct persons the sign-off section is signed."""

    people: Annotated[int, Field(ge=1, le=10)] = 3


class ProbesPin(_Table):
    """Pins the source of the probes."""

    git_tree: Annotated[
        str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")
    ]


class Revoked(_Table):
    """A payload that counts no longer."""

    payload_sha256: Sha256
    reason: Label


class Owner(NamedTuple):
    """Whose key it is."""

    person: Person
    key: Key


class Trust(_Table):
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
    people: Annotated[tuple[Person, ...], Field(alias="signer")] = _several(256)
    rules: Annotated[tuple[Rule, ...], Field(alias="rule")] = _several(512)
    waiver: WaiverPolicy = WaiverPolicy()
    snapshot: SnapshotPolicy | None = None
    certificate: CertificatePolicy | None = None
    approvals: ApprovalPolicy = ApprovalPolicy()
    probes: ProbesPin | None = None
    revoked: tuple[Revoked, ...] = _several(4096)

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


WORDS = sorted(
    {
        field.alias or name
        for table in _Table.__subclasses__()
        for name, field in table.model_fields.items()
    }
)
"""Every word that the format knows."""
