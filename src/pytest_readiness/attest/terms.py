"""What an item asks of its signers, and what the trust file makes of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.canonical import item_digest
from pytest_readiness.catalogue.item import DEFAULT_MAX_AGE, Item, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.attest.trust_tables import Need

__all__ = [
    "APPROVAL_SECTION",
    "CERTIFYING_ITEM",
    "Demand",
    "Terms",
    "counted",
    "is_approval",
    "places",
]

APPROVAL_SECTION = "stakeholder-approval"
"""Its items are approvals: bound to the report that the approver saw."""
CERTIFYING_ITEM = "final-verification.production-ready"
"""Bound as an approval, too."""
_NOT_BY_AUTHORS = frozenset({"pre-deployment.code-review"})
"""Items that those who wrote the change never sign, whatever the trust file says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What must be known of an item to judge its signatures."""

    id: str
    digest: str
    scope: Scope
    roles: tuple[str, ...]
    max_age: dt.timedelta
    core: bool = False
    rollup: bool = False
    approval: bool = False
    """Bound to the open list (section 19)."""
    same_as: frozenset[str] = frozenset()
    """Digests of earlier wordings that mean the same."""

    @classmethod
    def of(cls, item: Item, *, same_as: Iterable[str] = ()) -> Terms:
        """Take an item's terms; without a rule of its own its owner is asked.

        Vetoes, waivers and NOT_APPLICABLE work on items that nobody can attest, so
        every item has terms.
        """
        rule = item.signature
        scope = item.scope if rule is None else rule.scope
        return cls(
            id=item.id,
            digest=item_digest(item),
            scope=scope,
            roles=(item.owner,) if rule is None else rule.roles,
            max_age=DEFAULT_MAX_AGE[scope] if rule is None else rule.max_age,
            core=item.core,
            rollup=item.kind.is_rollup,
            approval=is_approval(item),
            same_as=frozenset(same_as),
        )

    def is_worded(self, digest: str, *, editorial: bool) -> bool:
        """Whether a signature over this wording is one over today's.

        ``editorial``: whether ``same_as`` may be believed.
        """
        return digest == self.digest or (editorial and digest in self.same_as)


def is_approval(item: Item) -> bool:
    """Whether a signature on the item is bound to the report that its signer saw."""
    return item.section == APPROVAL_SECTION or item.id == CERTIFYING_ITEM


@dataclass(frozen=True, slots=True)
class Demand:
    """An item's terms, tightened by every rule that matches it."""

    scopes: tuple[Scope, ...]
    max_age: dt.timedelta
    roles: tuple[str, ...]
    """One place each; a role that is needed twice stands twice."""
    not_by_authors: bool

    @classmethod
    def on(cls, terms: Terms, trust: Trust) -> Demand:
        """Apply the rules: bind = union, age = min, need = all of them."""
        rules = [rule for rule in trust.rules if rule.matches(terms.id)]
        bound = {terms.scope} | {scope for rule in rules for scope in rule.bind}
        ages = [
            dt.timedelta(days=rule.max_age_days)
            for rule in rules
            if rule.max_age_days is not None
        ]
        return cls(
            scopes=tuple(scope for scope in Scope if scope in bound),
            max_age=min([terms.max_age, *ages]),
            roles=places(Counter(terms.roles), *(counted(rule.need) for rule in rules)),
            not_by_authors=terms.id in _NOT_BY_AUTHORS
            or any(rule.not_by for rule in rules),
        )


def places(*needs: Counter[str]) -> tuple[str, ...]:
    """Join needs to the places that meet each of them: of a role the largest count."""
    most: Counter[str] = Counter()
    for need in needs:
        most |= need
    return tuple(most.elements())


def counted(needs: Iterable[Need]) -> Counter[str]:
    """Count needs by role; where a role stands twice the larger count holds."""
    most: Counter[str] = Counter()
    for need in needs:
        most |= Counter({need.role: need.count})
    return most
