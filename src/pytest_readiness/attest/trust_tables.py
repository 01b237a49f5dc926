"""The tables of a trust file: what each may hold.

See :mod:`.trust` for the whole and :mod:`.trust_file` for how it is read.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from pytest_readiness.attest.forms import is_line
from pytest_readiness.attest.keys import PublicKey
from pytest_readiness.catalogue.item import ROLES, Scope
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "LONGEST_WINDOW",
    "MACHINE_ROLES",
    "REGISTRAR",
    "REVOKER",
    "RUNNER",
    "ApprovalPolicy",
    "CertificatePolicy",
    "Checklist",
    "Deputy",
    "Instant",
    "Key",
    "KeyStatus",
    "Label",
    "Need",
    "Person",
    "ProbesPin",
    "Revoked",
    "Root",
    "Rule",
    "SnapshotPolicy",
    "Table",
    "WaiverPolicy",
    "array",
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


def _one_line(text: str) -> str:
    # Reasons and reports show it: it must not rewrite the terminal or their lines.
    if text and not is_line(text):
        msg = "holds a control character or an end of line"
        raise ValueError(msg)
    return text


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
Title = Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)]
Label = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_one_line),
]


class Table(BaseModel):
    """One table of the file: nothing unknown, nothing converted, nothing changed."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )


def array(most: int, *, least: int = 0) -> Any:  # noqa: ANN401 - pydantic's own word
    """Bound a TOML array, which becomes a tuple."""
    return Field(min_length=least, max_length=most, strict=False)


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Compile patterns once: there may be thousands, which each item is held against.

    Each stands for whole ids, and none of them for nothing.
    """
    nothing = "(?!)"
    return re.compile("|".join(map(fnmatch.translate, patterns)) or nothing)


class KeyStatus(StrEnum):
    """Whether a key is still its owner's alone."""

    ACTIVE = "active"
    COMPROMISED = "compromised"


class Key(Table):
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


class Deputy(Table):
    """Somebody stands in for a person, from one date until another."""

    person: PersonId
    since: Annotated[Instant, Field(alias="from")]
    until: Instant


class Person(Table):
    """Who signs: the unit of thresholds and of separation of duties."""

    id: Annotated[PersonId, Field(alias="person")]
    name: Label
    title: Title = ""
    emails: Annotated[tuple[Label, ...], array(16)] = ()
    kind: Literal["human", "machine"] = "human"
    roles: Annotated[tuple[Role, ...], array(len(ROLES) + len(MACHINE_ROLES))] = ()
    deputy_for: Annotated[tuple[Deputy, ...], array(32)] = ()
    keys: Annotated[tuple[Key, ...], array(8), Field(alias="key")] = ()

    @property
    def human(self) -> bool:
        """Whether it is a person and not a machine."""
        return self.kind == "human"

    def is_among(self, identities: Iterable[str]) -> bool:
        """Whether one of the mail addresses, names or ids is this person's."""
        own = {word.strip().casefold() for word in (self.id, self.name, *self.emails)}
        return any(identity.strip().casefold() in own for identity in identities)


class Need(Table):
    """So many persons of a role."""

    role: Role
    count: Annotated[int, Field(ge=1, le=16)] = 1


class Rule(Table):
    """Tightens the items that its patterns match."""

    items: Annotated[tuple[Pattern, ...], array(1000, least=1)]
    bind: Annotated[
        tuple[Annotated[Scope, Field(strict=False)], ...], array(len(Scope))
    ] = ()
    max_age_days: Annotated[int, Field(ge=1, le=LONGEST_WINDOW.days)] | None = None
    need: Annotated[tuple[Need, ...], array(32)] = ()
    not_by: Annotated[tuple[Literal["authors"], ...], array(1)] = ()

    def matches(self, item_id: str) -> bool:
        """Whether the rule is about the item."""
        return self._pattern.match(item_id) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _any_of(self.items)


class Checklist(Table):
    """Pins the suite's lock."""

    name: Label
    items: Annotated[int, Field(ge=0, le=100_000)]
    sha256: Sha256


class Root(Table):
    """Who approves trust files."""

    threshold: Annotated[int, Field(ge=1, le=64)]
    people: Annotated[tuple[PersonId, ...], array(64, least=1)]


class WaiverPolicy(Table):
    """How far waivers may go."""

    max_days: Annotated[int, Field(ge=1, le=30)] = 30
    max_waivers: Annotated[int, Field(ge=0, le=1000)] = 5
    never: Annotated[tuple[Pattern, ...], array(1000)] = ()
    need: Annotated[tuple[Need, ...], array(32)] = ()
    not_by: Annotated[tuple[Literal["authors"], ...], array(1)] = ("authors",)

    def forbids(self, item_id: str) -> bool:
        """Whether the item is never waived."""
        return self._pattern.match(item_id) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _any_of(self.never)


class SnapshotPolicy(Table):
    """Asks for snapshots, so that nothing can be taken away unseen."""

    role: Role = REGISTRAR
    max_hours: Annotated[int, Field(ge=1, le=168)] = 168


class CertificatePolicy(Table):
    """Who certifies, and for how long."""

    need: Annotated[tuple[Need, ...], array(32)] = ()
    max_hours: Annotated[int, Field(ge=1, le=LONGEST_WINDOW.days * 24)] = 72


class ApprovalPolicy(Table):
    """By how many distinct persons the sign-off section is signed."""

    people: Annotated[int, Field(ge=1, le=10)] = 3


class ProbesPin(Table):
    """Pins the source of the probes."""

    git_tree: Annotated[
        str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")
    ]


class Revoked(Table):
    """A payload that counts no longer."""

    payload_sha256: Sha256
    reason: Label
