"""What an item is: one checkbox of the checklist, and the rules that come with it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "ANOTHER_ROLE",
    "DEFAULT_MAX_AGE",
    "ITEM_ID",
    "ROLES",
    "SLUG",
    "Item",
    "Kind",
    "Rollup",
    "Scope",
    "SignatureRule",
    "Stage",
]

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ITEM_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*){1,5}")


class Stage(StrEnum):
    """When in a release's life an item is asked."""

    PRE_PRODUCTION = "pre-production"
    PRE_DEPLOYMENT = "pre-deployment"
    DEPLOYMENT = "deployment"
    POST_DEPLOYMENT = "post-deployment"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    COMPLIANCE = "compliance"
    SIGN_OFF = "sign-off"


class Kind(StrEnum):
    """Who decides an item: the probe, a person, both, or its other items."""

    PROBE = "probe"
    PROBE_OR_ATTEST = "probe|attest"
    PROBE_AND_ATTEST = "probe+attest"
    ATTEST = "attest"
    ROLLUP = "rollup"
    ROLLUP_AND_ATTEST = "rollup+attest"

    @property
    def needs_signature(self) -> bool:
        """Whether the item is never satisfied without a signature."""
        return self in {Kind.PROBE_AND_ATTEST, Kind.ATTEST, Kind.ROLLUP_AND_ATTEST}

    @property
    def is_rollup(self) -> bool:
        """Whether the item is computed from others of the same run."""
        return self in {Kind.ROLLUP, Kind.ROLLUP_AND_ATTEST}


class Scope(StrEnum):
    """What a signature on the item is bound to."""

    ORGANISATION = "organisation"
    SYSTEM = "system"
    ENVIRONMENT = "environment"
    RELEASE = "release"


DEFAULT_MAX_AGE = {
    Scope.RELEASE: dt.timedelta(days=14),
    Scope.ENVIRONMENT: dt.timedelta(days=90),
    Scope.SYSTEM: dt.timedelta(days=180),
    Scope.ORGANISATION: dt.timedelta(days=180),
}
"""How long a signature lives where the item names no age."""

ROLES = (
    "ops-lead",
    "dev-lead",
    "qa-lead",
    "security-lead",
    "dba",
    "network-admin",
    "project-manager",
    "business-owner",
    "compliance-officer",
    "executive-sponsor",
)
"""Who may own and attest items."""

ANOTHER_ROLE = "another-role"
"""Beside the roles that an item names: a further person, of any other role."""


@dataclass(frozen=True, slots=True)
class SignatureRule:
    """Who must sign an item and for how long that holds.

    ``roles`` are all needed, each by a person of its own.
    """

    roles: tuple[str, ...]
    scope: Scope
    max_age: dt.timedelta
    always: bool
    """True: always needed; False: accepted only where the target has no block."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """Which items a rollup is computed from: ``fnmatch`` patterns over item ids."""

    over: tuple[str, ...]
    excluding: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One checkbox.

    ``id`` is ``section.item`` (the item part may have dots of its own).
    """

    id: str
    section: str
    section_title: str
    stage: Stage
    kind: Kind
    owner: str
    claim: str
    why: str
    fix: str
    reach: bool = False
    core: bool = False
    candidate: bool = True
    """Whether it looks at the candidate before go-live, where it is of the release."""
    scope: Scope = Scope.ENVIRONMENT
    signature: SignatureRule | None = None
    rollup: Rollup | None = None
