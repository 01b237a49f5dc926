"""The terms of a waiver, held against its rules before anybody signs them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.drafting import WaiverTerms, waiver
from pytest_readiness.attest.line import says
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.predicates import Waiver
from pytest_readiness.attest.result import Result
from pytest_readiness.catalogue.item import Scope
from pytest_readiness.cli import console, given, lines
from pytest_readiness.cli.choosing import authorship
from pytest_readiness.cli.last_report import LastReport
from pytest_readiness.cli.signer import Draft
from pytest_readiness.errors import AttestationError, ConfigError
from pytest_readiness.verdict.codes import Code

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.terms import Terms
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.cli.signer import Signatory
    from pytest_readiness.cli.situation import Situation
    from pytest_readiness.plugin.signing import Signing

__all__ = ["Waiving"]

_EMERGENCY_LASTS = dt.timedelta(hours=24)
_EMERGENCY_ROLES = frozenset({"ops-lead", "executive-sponsor"})
_FREE_RENEWALS = 2


@dataclass(frozen=True)
class Waiving:
    """One person's approval of a deviation."""

    arguments: argparse.Namespace
    situation: Situation
    signing: Signing
    trust: Trust
    signatory: Signatory
    now: dt.datetime

    def ordinary(self, item: Item) -> Draft:
        """Write the terms for one item, asking for what is not given.

        Raises:
            AttestationError: the waiver would not count.
            ConfigError: something is missing, and nobody can be asked.
        """
        self._waivable(item)
        longest = dt.timedelta(days=self.trust.waiver.max_days)
        until = self.arguments.until
        agreed = WaiverTerms(
            reason=self._asked("reason", "What is not met, and why"),
            risk=self._asked("risk", "What may happen (low, medium, high, or a line)"),
            controls=self.arguments.control or self._controls(),
            until=given.end_date("--until", until, self.now)
            if until
            else self.now + longest,
            requested_by=self._asked("requested_by", "Who asks for it (id)"),
            ticket=self.arguments.ticket,
            covers_unknown=self.arguments.covers_unknown,
            again=self.arguments.again,
        )
        if agreed.until - self.now > longest:
            what = f"is more than {longest.days} days away"
            remedy = f"at most {day(self.now + longest)}; renew it then"
            raise ConfigError("--until", what, remedy)
        self._may_renew(item, agreed)
        return self._draft([self.signing.terms(item)], item.claim, agreed)

    def approval(self, word: str) -> Draft:
        """Take the terms that another approver has signed.

        Raises:
            AttestationError: there are none, or several, or they are over.
        """
        found = {one.payload: one for one in self._waivers(word)}
        by_terms = {one.predicate.terms: one for one in found.values()}
        payload = lines.one_of([one.payload for one in by_terms.values()], word)
        theirs = found[payload].predicate
        if theirs.valid_until <= self.now:
            raise AttestationError(word, f"ended {day(theirs.valid_until)}", "waive it")
        (item_id,) = theirs.covered
        item = self._item(item_id)
        self._waivable(item)
        agreed = WaiverTerms(
            reason=theirs.reason,
            risk=theirs.risk,
            controls=theirs.compensating_controls,
            until=theirs.valid_until,
            requested_by=theirs.requested_by,
            ticket=theirs.ticket or "",
            covers_unknown=bool(theirs.covers_unknown),
            again=bool(theirs.again),
        )
        terms = self.signing.terms(item)
        if theirs.covered[item_id] != terms.digest:
            what = "is over another wording of the item"
            raise AttestationError(word, what, "have the waiver written anew")
        return self._draft([terms], item.claim, agreed)

    def emergency(self) -> Draft:
        """Cover everything that is open in the last report, for a day.

        Raises:
            AttestationError: you may not, or nothing is open.
            StoreError: there is no report of what is judged now.
        """
        roles = set(self.signatory.roles(self.trust, self.now))
        if not roles & _EMERGENCY_ROLES:
            what = "is declared by an ops-lead or an executive-sponsor only"
            raise AttestationError("an emergency", what, "ask one of them")
        report = LastReport.of(self.situation)
        report.must_fit()
        covered: list[Terms] = []
        never: list[str] = []
        for reported in report.report.items:
            if not reported.state.blocks:
                continue
            terms = self.signing.terms(self._item(reported.id))
            follows = terms.rollup or terms.approval
            barred = (terms.core and not follows) or self.trust.waiver.forbids(terms.id)
            if barred or reported.code == Code.REJECTED:
                never.append(f"{reported.id} ({reported.state})")
            else:
                covered.append(terms)
        if not covered:
            what = "nothing is open that it could cover"
            raise AttestationError("an emergency", what, ", ".join(never))
        agreed = WaiverTerms(
            reason=self._asked("reason", "Why it cannot wait"),
            risk=self._asked("risk", "What may happen (low, medium, high, or a line)"),
            controls=self.arguments.control or self._controls(),
            until=self.now + _EMERGENCY_LASTS,
            requested_by=self.arguments.requested_by or self.signatory.person.id,
            ticket=self.arguments.ticket,
            covers_unknown=self.arguments.covers_unknown,
            incident=self.arguments.incident,
        )
        names = ", ".join(terms.id for terms in covered)
        shown = f"covers {len(covered)} items: {names}"
        if never:
            shown += f". Never covered, and still open: {', '.join(never)}"
        return self._draft(covered, shown, agreed)

    def _draft(self, covered: list[Terms], shown: str, agreed: WaiverTerms) -> Draft:
        person, context = self.signatory.person.id, self.situation.context
        statement = waiver(covered, context, person, self.now, agreed)
        unknown = ", also while it is unknown" if agreed.covers_unknown else ""
        lines_ = [
            shown,
            f"reason: {agreed.reason}",
            f"risk: {agreed.risk}",
            *(f"control: {control}" for control in agreed.controls),
            f"requested by {agreed.requested_by}{unknown}",
        ]
        if agreed.ticket:
            lines_.append(f"ticket: {agreed.ticket}")
        group = covered[0].id
        what = f"waived until {day(agreed.until)}"
        if agreed.incident:
            group, what = "emergency", f"incident {agreed.incident}, {what}"
        return Draft(group, what, statement.payload(), tuple(lines_))

    def _waivable(self, item: Item) -> None:
        """Refuse what no waiver covers, and an approver who may not.

        Raises:
            AttestationError: as it says.
        """
        terms, person = self.signing.terms(item), self.signatory.person
        found = self.signing.of(item)
        why = ""
        if terms.core:
            why = "a core item is never waived"
        elif terms.rollup or terms.approval:
            why = "rollups and approvals are never waived"
        elif self.trust.waiver.forbids(item.id):
            why = "the trust file says that it is never waived"
        elif found is not None and found.result is Result.VETOED:
            why = f"a veto is never waived: {found.reason}"
        elif not person.human:
            why = "a machine approves nothing"
        elif self.trust.waiver.not_by:
            why = authorship(person, self.situation)
        if why:
            raise AttestationError(item.id, f"cannot be waived by you: {why}")

    def _may_renew(self, item: Item, agreed: WaiverTerms) -> None:
        index = self.signing.signatures.index
        statements = index.waivers.get(item.id) if index else None
        if agreed.requested_by == self.signatory.person.id:
            what = "is you, and nobody approves an own request"
            raise ConfigError("--requested-by", what, "have another person approve it")
        if statements is None or agreed.again:
            return
        subject = self.situation.context.subject([Scope.ENVIRONMENT])
        ends = statements.ends.get(subject, set())
        renewals = sum(end < agreed.until for end in ends)
        if renewals > _FREE_RENEWALS:
            what = f"has been waived {renewals} times already"
            raise AttestationError(item.id, what, "add --again where you mean it")

    def _waivers(self, word: str) -> list[Line[Waiver]]:
        found = lines.find(self.situation.files, self.trust, word)
        return [
            one for one in found if says(one, Waiver) and not one.predicate.emergency
        ]

    def _item(self, item_id: str) -> Item:
        item = self.situation.items.get(item_id)
        if item is None:
            raise AttestationError(item_id, "is no item of the suite any more")
        return item

    def _controls(self) -> list[str]:
        text = console.ask("What limits the risk meanwhile (separate with ;)")
        found = [one.strip() for one in text.split(";") if one.strip()]
        if not found:
            what = "is needed: what limits the risk meanwhile"
            raise ConfigError("--control", what, "name one, or do not waive")
        return found

    def _asked(self, name: str, question: str) -> str:
        value: str = getattr(self.arguments, name) or console.ask(question)
        if not value:
            option = f"--{name.replace('_', '-')}"
            raise ConfigError(option, "is empty", "say it in a line")
        return value
