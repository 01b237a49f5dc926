"""What ``readiness attest`` was asked to sign, item by item."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest.drafting import Said, anchor_of, item_attestation
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.predicates import Verdict
from pytest_readiness.attest.terms import is_approval
from pytest_readiness.catalogue.item import Kind
from pytest_readiness.cli import given
from pytest_readiness.cli.choosing import Candidates, Chosen, named
from pytest_readiness.cli.last_report import LastReport
from pytest_readiness.cli.signer import Draft
from pytest_readiness.errors import ConfigError, StoreError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_readiness.attest.predicates import Evidence, Saw
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.cli.situation import Situation

__all__ = ["Attesting", "fitting", "lacking"]

_SHOWN = 8


def fitting(situation: Situation) -> LastReport | None:
    """Give the last run's report, where it is of what is judged now."""
    try:
        report = LastReport.of(situation)
    except StoreError:
        return None
    return None if report.misfit else report


@dataclass
class Attesting:
    """What was asked for, and of whom."""

    arguments: argparse.Namespace
    candidates: Candidates

    @property
    def verdict(self) -> Verdict:
        """What is said of the items."""
        if self.arguments.not_satisfied:
            return Verdict.NOT_SATISFIED
        if self.arguments.not_applicable:
            return Verdict.NOT_APPLICABLE
        return Verdict.SATISFIED

    def choose(self) -> list[Chosen]:
        """Give the items to be signed; note those that are left out.

        Raises:
            ConfigError: an item that was named by its id cannot be signed so.
        """
        if self.verdict is not Verdict.SATISFIED and not self.arguments.comment:
            what = "is needed where you do not say SATISFIED"
            raise ConfigError("--comment", what, "say why in a sentence")
        found = {chosen.item.id: chosen for chosen in self._named()}
        if self.arguments.all_mine:
            found |= {one.item.id: one for one in self._mine()}
        elif self.arguments.renew and not self.arguments.items:
            within = given.within("--within", self.arguments.within)
            found |= {one.item.id: one for one in self.candidates.ending(within)}
        return list(found.values())

    def _named(self) -> list[Chosen]:
        words, left_out = self.arguments.items, self.candidates.left_out
        found: list[Chosen] = []
        for item in named(self.candidates.situation, words) if words else ():
            chosen = self.candidates.of(item)
            if self._stands(chosen):
                self.candidates.signed.append(item.id)
                continue
            hindrance = self.candidates.hindrance(chosen, self.verdict)
            hindrance = hindrance or self._lacking(chosen)
            if hindrance and item.id in words:
                raise ConfigError(item.id, f"cannot be signed: {hindrance}")
            if hindrance:
                left_out.append(f"{item.id} is left out: {hindrance}")
            else:
                found.append(chosen)
        return found

    def _stands(self, chosen: Chosen) -> bool:
        says_yes = self.verdict is Verdict.SATISFIED
        again = self.arguments.renew
        return says_yes and not again and self.candidates.standing(chosen)

    def _mine(self) -> list[Chosen]:
        found: list[Chosen] = []
        for chosen in self.candidates.mine():
            hindrance = self.candidates.hindrance(chosen, self.verdict)
            hindrance = hindrance or self._lacking(chosen)
            if hindrance:
                self.candidates.left_out.append(
                    f"{chosen.item.id} is left out: {hindrance}"
                )
            else:
                found.append(chosen)
        return found

    def _lacking(self, chosen: Chosen) -> str:
        """Say what more the signature would need, beside the person."""
        if self.verdict is not Verdict.SATISFIED:
            return ""
        earlier = chosen.earlier.predicate.evidence if chosen.earlier else None
        given_now = self.arguments.evidence or self.arguments.evidence_uri
        return lacking(
            chosen.item,
            self.candidates.situation,
            self.candidates.report,
            has_evidence=bool(given_now or (self.arguments.renew and earlier)),
            with_open=self.arguments.with_open,
        )

    def draft(self, chosen: Chosen) -> Draft:
        """Write the statement, and what is shown of it."""
        said = self._said(chosen)
        candidates = self.candidates
        index = candidates.signing.signatures.index
        statement = item_attestation(
            chosen.terms,
            chosen.demand,
            candidates.situation.context,
            candidates.person.id,
            candidates.now,
            said,
            anchor=anchor_of(index) if index else None,
        )
        until = day(statement.predicate.valid_until)
        lines = [chosen.item.claim, *_lines(said)]
        what = f"{said.verdict} until {until}"
        return Draft(chosen.item.id, what, statement.payload(), tuple(lines))

    def _said(self, chosen: Chosen) -> Said:
        arguments, candidates = self.arguments, self.candidates
        root = candidates.situation.root
        files: Sequence[str] = arguments.evidence
        elsewhere: Sequence[Sequence[str]] = arguments.evidence_uri
        justification = arguments.comment
        claims = given.claims(arguments.claim)
        found = given.evidence(root, Path.cwd(), files, elsewhere)
        if arguments.renew and chosen.earlier is not None:
            # What is not said anew is said again: the files as they are now.
            old = chosen.earlier.predicate
            justification = justification or old.justification or ""
            claims = claims or dict(old.claims or {})
            found = found or _again(root, old.evidence or ())
        until = arguments.until
        return Said(
            verdict=self.verdict,
            justification=justification,
            evidence=found,
            claims=claims,
            saw=self._saw(chosen),
            until=given.end_date("--until", until, candidates.now) if until else None,
        )

    def _saw(self, chosen: Chosen) -> Saw | None:
        report = self.candidates.report
        if not chosen.terms.approval or report is None:
            return None
        return report.saw()


def lacking(
    item: Item,
    situation: Situation,
    report: LastReport | None,
    *,
    has_evidence: bool,
    with_open: bool,
) -> str:
    """Say what more a signature on the item would need, whoever signs; else "".

    Evidence, where it stands in for a look; a report, where it is an approval.
    """
    if item.kind is Kind.PROBE_OR_ATTEST and not has_evidence:
        return "it stands in for a probe, so it needs --evidence FILE"
    if not is_approval(item):
        return ""
    if report is None:
        return _no_report(situation)
    if report.open and not with_open:
        names = ", ".join(f"{one.id} ({one.state})" for one in report.open[:_SHOWN])
        more = len(report.open) - _SHOWN
        rest = f" and {more} more" if more > 0 else ""
        return f"{len(report.open)} items are open: {names}{rest}; --with-open"
    return ""


def _no_report(situation: Situation) -> str:
    try:
        report = LastReport.of(situation)
    except StoreError as error:
        return f"an approval is of a report, and {error}"
    return f"the last report {report.misfit}; run again: `{report.again}`"


def _again(root: Path, old: Sequence[Evidence]) -> tuple[Evidence, ...]:
    files = [str(root / one.name) for one in old if one.uri is None]
    elsewhere = tuple(one for one in old if one.uri is not None)
    return (*given.evidence(root, root, files, ()), *elsewhere)


def _lines(said: Said) -> list[str]:
    lines = [f"comment: {said.justification}"] if said.justification else []
    for name, value in (said.claims or {}).items():
        lines.append(f"claim: {name} = {value}")
    for one in said.evidence:
        place = f"{one.uri}, " if one.uri else ""
        lines.append(f"evidence: {place}{one.name}, sha256 {one.digest[:16]}...")
    if said.saw is not None:
        names = ", ".join(f"{one.id} ({one.state})" for one in said.saw.open)
        lines.append(f"open: {names or 'nothing'}; target {said.saw.target[:16]}...")
    return lines
