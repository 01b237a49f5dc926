"""Which of the signatures that stand fill the places that are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.attest.persons import seat_longest
from pytest_readiness.attest.predicates import ItemAttestation
from pytest_readiness.attest.result import Signed
from pytest_readiness.catalogue.item import ANOTHER_ROLE, ROLES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import Waiver

__all__ = ["Candidate", "Filled", "Place", "fill", "signed"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A signature that stands, by somebody with these roles."""

    line: Line[ItemAttestation | Waiver]
    roles: Mapping[str, str | None]
    """At the time of signing; each with whom the person stands in for."""
    until: dt.datetime


class Place(NamedTuple):
    """A signature that is needed."""

    label: str
    """Who is asked, for people: most often a role."""
    roles: frozenset[str] | None
    """Any of these; None: anybody."""

    @classmethod
    def of(cls, role: str) -> Place:
        """Ask for a role."""
        return cls(role, frozenset({role}))

    @classmethod
    def all_of(cls, roles: Collection[str]) -> list[Place]:
        """Ask for each of an item's roles, and for another one where it says so."""
        return [
            cls.beside(roles) if role == ANOTHER_ROLE else cls.of(role)
            for role in roles
        ]

    @classmethod
    def beside(cls, roles: Collection[str]) -> Place:
        """Ask for a person of another role of the checklist."""
        return cls("a person of another role", frozenset(ROLES).difference(roles))

    def fits(self, roles: Mapping[str, str | None]) -> bool:
        """Whether somebody with these roles may fill the place."""
        return self.roles is None or not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Filled:
    """How far the places are filled."""

    signers: tuple[Signed, ...]
    missing: tuple[str, ...]
    """The labels of the places that stay empty."""

    @property
    def complete(self) -> bool:
        """Whether all are; where nobody is needed nobody has signed either."""
        return bool(self.signers) and not self.missing

    @property
    def until(self) -> dt.datetime:
        """When the first of the signatures ends."""
        return min(one.until for one in self.signers)


def fill(places: Sequence[Place], candidates: Iterable[Candidate]) -> Filled:
    """Seat the signers, each person once, so that it lasts as long as possible."""
    by_person = {candidate.line.person.id: candidate for candidate in candidates}
    seating = seat_longest(
        [
            [name for name, one in by_person.items() if place.fits(one.roles)]
            for place in places
        ],
        lambda name: by_person[name].until,
    )
    signers, missing = [], []
    for place, person in zip(places, seating.persons, strict=True):
        if person is None:
            missing.append(place.label)
        else:
            signers.append(signed(by_person[person], place))
    return Filled(tuple(signers), tuple(missing))


def signed(candidate: Candidate, place: Place) -> Signed:
    """Show a signature; of several roles that fit, one of the person's own."""
    line, predicate = candidate.line, candidate.line.predicate
    roles = [role for role in candidate.roles if role in (place.roles or ())]
    role = min(roles, key=lambda role: (candidate.roles[role] or "", role), default="")
    claims = justification = evidence = None
    if isinstance(predicate, ItemAttestation):
        claims, evidence = predicate.claims, predicate.evidence
        justification = predicate.justification
    return Signed(
        person=line.person.id,
        name=line.person.name,
        title=line.person.title,
        role=role,
        stands_in_for=candidate.roles.get(role) or "",
        fingerprint=line.key.key.fingerprint,
        issued_at=line.issued_at,
        until=candidate.until,
        payload=line.payload,
        justification=justification or "",
        evidence=evidence or (),
        claims=tuple(sorted((claims or {}).items())),
    )
