"""What the verifier itself knows of the run, before it reads what others signed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.statement import canonical_target
from pytest_readiness.catalogue.canonical import canonical, digest
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Context", "LockSeen"]


@dataclass(frozen=True, slots=True)
class LockSeen:
    """``suite.lock`` as it stands: the digest of its bytes, how many items it has."""

    sha256: str
    items: int


@dataclass(frozen=True, kw_only=True)
class Context:
    """Which system, environment and release is judged.

    In full use these come from outside the repository (``from_outside``): whoever may
    write to it could else have a signature for one thing counted for another.
    """

    system: str
    environment: str
    organisation: str = ""
    version: str = ""
    source: str = ""
    """``sha256:...`` of the release's tree; empty: the release is unbound."""
    authors: frozenset[str] | None = None
    """Mail addresses of who wrote the change; None: not known."""
    target_digest: str = ""
    """Of the resolved target, in hexadecimal digits."""
    lock: LockSeen | None = None
    from_outside: bool = False

    def check_complete(self) -> None:
        """Demand what full use demands.

        Raises:
            Refused: CONTEXT_MISSING.
        """
        if not self.from_outside:
            reason = "system, environment and release come from files of the repository"
            raise Refused(Code.CONTEXT_MISSING, reason)
        if self.authors is None:
            reason = "nobody says who wrote the change"
            raise Refused(Code.CONTEXT_MISSING, reason)
        self.subject([Scope.RELEASE])

    def target(self, scopes: Iterable[Scope]) -> dict[str, str]:
        """Give the target that a signature of these scopes is bound to.

        Raises:
            Refused: CONTEXT_MISSING, a scope needs what is not known.
        """
        known = {
            "organisation": self.organisation,
            "system": self.system,
            "environment": self.environment,
            "source": self.source,
            "version": self.version,
        }
        target: dict[str, str] = {}
        for scope in scopes:
            target |= canonical_target(scope, known)
        return target

    def subject(self, scopes: Iterable[Scope]) -> str:
        """Give the digest of that target.

        Raises:
            Refused: CONTEXT_MISSING, a scope needs what is not known.
        """
        return digest(canonical(self.target(scopes)))

    @cached_property
    def subjects(self) -> frozenset[str]:
        """The targets that a signature for this run can be bound to at all."""
        found: set[str] = set()
        for count in range(1, len(Scope) + 1):
            for scopes in combinations(Scope, count):
                try:
                    found.add(self.subject(scopes))
                except Refused:
                    continue
        return frozenset(found)
