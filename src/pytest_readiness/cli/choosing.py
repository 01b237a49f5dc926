"""Which items somebody signs: named, by pattern, all that wait, those that run out."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pytest_readiness.attest.predicates import Verdict
from pytest_readiness.attest.result import Result
from pytest_readiness.attest.terms import Demand
from pytest_readiness.catalogue.item import Kind
from pytest_readiness.errors import ConfigError
from pytest_readiness.target.values import near

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import ItemAttestation
    from pytest_readiness.attest.terms import Terms
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.attest.trust_tables import Person
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.cli.last_report import LastReport
    from pytest_readiness.cli.situation import Situation
    from pytest_readiness.plugin.signing import Signing

__all__ = ["Candidates", "Chosen", "authorship", "named"]


def authorship(person: Person, situation: Situation) -> str:
    """Say why somebody may have written the change, and so not approve it; else ""."""
    authors = situation.context.authors
    if authors and person.is_among(authors):
        return "you wrote the change, and nobody approves an own change"
    if authors and not person.emails:
        return (
            "the trust file has no `emails` of yours, which would show that you did not"
            " write the change"
        )
    return ""


def named(situation: Situation, words: Iterable[str]) -> list[Item]:
    """Give the items that are named, patterns included, in the checklist's order.

    Raises:
        ConfigError: a word matches none.
    """
    found: set[str] = set()
    for word in words:
        matching = [one for one in situation.items if fnmatchcase(one, word)]
        if not matching:
            meant = near(word, list(situation.items))
            remedy = f"is `{meant}` meant?" if meant else "`readiness todo` lists them"
            raise ConfigError(word, "is no item of the suite", remedy)
        found.update(matching)
    return [item for id_, item in situation.items.items() if id_ in found]


@dataclass(frozen=True, slots=True)
class Chosen:
    """An item that somebody can sign now."""

    item: Item
    terms: Terms
    demand: Demand
    earlier: Line[ItemAttestation] | None = None
    """The person's newest signature on it, where there is one."""


@dataclass
class Candidates:
    """What one person can say of the items of a suite."""

    situation: Situation
    signing: Signing
    trust: Trust
    person: Person
    now: dt.datetime
    report: LastReport | None = None
    """None: there is none that fits."""
    left_out: list[str] = field(default_factory=list)
    """Items that were meant and cannot be signed, each with its reason."""
    signed: list[str] = field(default_factory=list)
    """Items that were meant and need no more of this person."""

    def of(self, item: Item) -> Chosen:
        """Take an item."""
        terms = self.signing.terms(item)
        demand = Demand.on(terms, self.trust)
        return Chosen(item, terms, demand, self._earlier(terms, demand))

    def hindrance(self, chosen: Chosen, verdict: Verdict) -> str:
        """Say why this person's word would not count; "" where it would.

        A veto counts from every person of the trust file, on every item.
        """
        if not self.person.human:
            return "a machine attests nothing"
        if verdict is Verdict.NOT_APPLICABLE:
            hindrance = self._must_apply(chosen)
        elif verdict is Verdict.SATISFIED:
            hindrance = self._without_role(chosen)
        else:
            return ""
        if chosen.demand.not_by_authors:
            hindrance = hindrance or authorship(self.person, self.situation)
        return hindrance

    def _must_apply(self, chosen: Chosen) -> str:
        if chosen.item.core or chosen.terms.approval:
            return "it is never not applicable"
        if chosen.item.id not in self.situation.target.not_applicable:
            return "the target does not declare it: add it to `not_applicable`"
        return ""

    def _without_role(self, chosen: Chosen) -> str:
        if chosen.item.signature is None:
            return f"a probe decides it, and nobody signs it ({chosen.item.kind})"
        if not self._roles & set(chosen.demand.roles):
            return f"it needs {' and '.join(chosen.demand.roles)}"
        return ""

    def standing(self, chosen: Chosen) -> bool:
        """Whether the item needs nothing more of this person."""
        found = self.signing.of(chosen.item, self._open)
        if found is None:
            return False
        if found.result is Result.SATISFIED:
            return True
        mine = {one.person for one in found.signers}
        return self.person.id in mine and found.result is not Result.VETOED

    def mine(self) -> Iterator[Chosen]:
        """Give all that waits for this person, as the last run left it."""
        for item in self.situation.items.values():
            if item.signature is None or not self._waits(item):
                continue
            chosen = self.of(item)
            if not self._roles & set(chosen.demand.roles) or self.standing(chosen):
                continue
            yield chosen

    def ending(self, within: dt.timedelta) -> Iterator[Chosen]:
        """Give what this person has signed and has run out, or soon will."""
        for item in self.situation.items.values():
            chosen = self.of(item)
            earlier = chosen.earlier
            if earlier is None or earlier.predicate.verdict is Verdict.NOT_SATISFIED:
                continue
            age = earlier.issued_at + chosen.demand.max_age
            end = min(earlier.predicate.valid_until, age, earlier.key.not_after)
            if end - self.now <= within:
                yield chosen

    def _waits(self, item: Item) -> bool:
        """Whether a signature is what the item lacks, as far as is known."""
        if self.report is None:
            return item.kind is not Kind.PROBE_OR_ATTEST
        reported = self.report.items.get(item.id)
        return reported is not None and bool(reported.command)

    def _earlier(self, terms: Terms, demand: Demand) -> Line[ItemAttestation] | None:
        index = self.signing.signatures.index
        statements = index.attestations.get(terms.id) if index else None
        if statements is None:
            return None
        subject = self.situation.context.subject(demand.scopes)
        mine = [
            line
            for line in statements.here
            if line.person.id == self.person.id and line.subject == subject
        ]
        return mine[-1] if mine else None

    @property
    def _roles(self) -> set[str]:
        return set(self.trust.roles_of(self.person.id, self.now))

    @property
    def _open(self) -> dict[str, str] | None:
        if self.report is None:
            return None
        return {one.id: str(one.state) for one in self.report.open}
