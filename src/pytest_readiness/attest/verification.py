"""From a ledger to the signatures of an item: steps 9 to 22, in their order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_readiness.attest.checks import Checks
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.evidence import EvidenceFiles
from pytest_readiness.attest.newest import Statements, is_veto
from pytest_readiness.attest.predicates import Verdict
from pytest_readiness.attest.result import ItemSignatures, Refusal, Result
from pytest_readiness.attest.seats import Candidate, Filled, Place, fill, signed
from pytest_readiness.attest.terms import Demand, Terms
from pytest_readiness.attest.waiver import Waivers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_readiness.attest.index import Index
    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import ItemAttestation

__all__ = ["MOST_TELLING", "Verifier"]

MOST_TELLING = (
    Code.VETO_LAPSED,
    Code.REVOKED,
    Code.STATE_CHANGED,
    Code.TARGET_CHANGED,
    Code.EVIDENCE_CHANGED,
    Code.EXPIRED,
    Code.ITEM_CHANGED,
    Code.WRONG_TARGET,
    Code.FUTURE,
    Code.BACKDATED,
    Code.KEY_NOT_VALID,
    Code.SELF_APPROVAL,
    Code.ROLE_NOT_ALLOWED,
    Code.BELOW_THRESHOLD,
    Code.NOT_WAIVABLE,
    Code.MISSING,
)
"""Step 22: of several reasons the first of these is the item's."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One item, as it is asked now."""

    terms: Terms
    demand: Demand
    subject: str
    open_items: Mapping[str, str] | None
    last_veto: Line[ItemAttestation] | None
    declared: bool

    @property
    def places(self) -> list[Place]:
        """Who must sign SATISFIED."""
        return Place.all_of(self.demand.roles)

    @property
    def dropping_places(self) -> list[Place]:
        """Who must sign NOT_APPLICABLE: beside the item's roles one of another role."""
        return [*self.places, Place.beside(self.demand.roles)]


@dataclass(slots=True)
class _Sifted:
    """An item's lines, sorted out."""

    vetoes: list[Line[ItemAttestation]] = field(default_factory=list)
    satisfied: list[Candidate] = field(default_factory=list)
    dropped: list[Candidate] = field(default_factory=list)
    """NOT_APPLICABLE."""
    refusals: dict[Code, Refusal] = field(default_factory=dict)

    def refuse(self, refusal: Refusal) -> None:
        """Keep one of each code; the newest line is the most interesting one."""
        self.refusals[refusal.code] = refusal


class Verifier:
    """Judges the signatures of items, by one ledger."""

    def __init__(
        self, index: Index, root: Path, *, pinned: bool, expired: bool = False
    ) -> None:
        """Prepare.

        Args:
            index: What the ledger says.
            root: The repository's root, below which evidence files are.
            pinned: Whether the trust file is pinned from outside (full use).
            expired: Whether it has expired, so that nothing is satisfied by it.
        """
        self._index = index
        self._checks = Checks(index, EvidenceFiles(root), pinned=pinned)
        self._waivers = Waivers(index, self._checks, pinned=pinned)
        self._expired = expired

    def verify(
        self,
        terms: Terms,
        *,
        open_items: Mapping[str, str] | None = None,
        declared: bool = False,
    ) -> ItemSignatures:
        """Judge an item's signatures.

        Args:
            terms: The item.
            open_items: For approvals: the items that are open in this run outside the
                sign-off stage, with their states.
            declared: Whether the target declares the item not applicable.
        """
        demand = Demand.on(terms, self._index.trust)
        try:
            subject = self._index.context.subject(demand.scopes)
        except Refused as refused:
            reason = f"it cannot be signed: {refused.reason}"
            return _nothing(terms.id, Code.MISSING, reason, demand.roles)
        statements = self._index.attestations.get(terms.id) or Statements()
        veto = statements.last_veto.get(subject)
        case = _Case(terms, demand, subject, open_items, veto, declared)
        sifted = self._sift(case, statements)
        if sifted.vetoes:
            return self._vetoed(case, sifted)
        found = self._without_veto(case, sifted)
        return _after_expiry(found, demand) if self._expired else found

    def _sift(self, case: _Case, statements: Statements[ItemAttestation]) -> _Sifted:
        """Steps 9 to 19: the first that applies to each line."""
        sifted = _Sifted()
        if statements.future is not None:
            sifted.refuse(self._checks.future(statements.future))
        for elsewhere in statements.elsewhere:
            sifted.refuse(self._checks.elsewhere(elsewhere))
        for line in statements.here:
            refusal = self._checks.bound(
                line, case.terms, line.predicate.item.digest, case.subject
            ) or self._checks.signed_by_a_person(line)
            if refusal is None and is_veto(line.predicate):
                sifted.vetoes.append(line)
                continue
            refusal = refusal or self._doubt(case, line)
            if refusal is not None:
                sifted.refuse(refusal)
            elif line.predicate.verdict is Verdict.SATISFIED:
                sifted.satisfied.append(self._candidate(case, line))
            else:
                sifted.dropped.append(self._candidate(case, line))
        return sifted

    def _doubt(self, case: _Case, line: Line[ItemAttestation]) -> Refusal | None:
        """Steps 17 to 19, and that the last veto is older."""
        checks, demand = self._checks, case.demand
        places = case.places
        if line.predicate.verdict is Verdict.NOT_APPLICABLE:
            places = case.dropping_places
        return (
            checks.since_veto(line, case.last_veto)
            or checks.alive(line, demand.max_age)
            or checks.fits(line, places)
            or (checks.no_author(line) if demand.not_by_authors else None)
            or checks.evidence(line)
            or (
                checks.same_report(line, case.open_items)
                if case.terms.approval
                else None
            )
        )

    def _candidate(self, case: _Case, line: Line[ItemAttestation]) -> Candidate:
        return self._checks.candidate(line, case.demand.max_age)

    def _vetoed(self, case: _Case, sifted: _Sifted) -> ItemSignatures:
        """Step 16."""
        anybody = Place("", None)
        vetoes = [
            signed(self._candidate(case, line), anybody) for line in sifted.vetoes
        ]
        names = ", ".join(one.name for one in vetoes)
        return ItemSignatures(
            item=case.terms.id,
            result=Result.VETOED,
            code=Code.REJECTED,
            reason=f"signed NOT_SATISFIED by {names}",
            signers=tuple(vetoes),
            missing_roles=case.demand.roles,
        )

    def _without_veto(self, case: _Case, sifted: _Sifted) -> ItemSignatures:
        """Steps 20 to 22."""
        waiver, refusals = self._waivers.find(case.terms, case.demand, case.last_veto)
        dropped = fill(case.dropping_places, sifted.dropped)
        attested = fill(case.places, sifted.satisfied)
        hindrance = _hindrance(case)
        for refusal in (
            *_too_few(sifted.satisfied, attested, "SATISFIED"),
            *_too_few(sifted.dropped, dropped, "NOT_APPLICABLE", hindrance),
            *refusals,
        ):
            sifted.refusals.setdefault(refusal.code, refusal)
        reasons = _ordered(sifted.refusals)
        code: Code | None = None
        filled = attested
        if dropped.complete and not hindrance:
            result, filled = Result.NOT_APPLICABLE, dropped
            reason = f"not applicable, as signed by {_names(dropped)}"
        elif attested.complete:
            result, reason = Result.SATISFIED, f"signed by {_names(attested)}"
        elif waiver is not None:
            names = ", ".join(one.name for one in waiver.approvers)
            result, reason = Result.WAIVED, f"waived by {names}: {waiver.reason}"
        elif reasons:
            result, code, reason = Result.NONE, reasons[0].code, reasons[0].reason
        else:
            result, code = Result.NONE, Code.MISSING
            roles = " and ".join(case.demand.roles)
            reason = f"nobody has signed it as {roles} for this target"
        return ItemSignatures(
            item=case.terms.id,
            result=result,
            code=code,
            reason=reason,
            signers=filled.signers,
            missing_roles=filled.missing,
            waiver=waiver,
            refusals=reasons,
        )


def _hindrance(case: _Case) -> str:
    """Say why the item cannot be not applicable, whoever signs; "" where it can."""
    if case.terms.core or case.terms.approval:
        return "the item is never not applicable"
    if not case.declared:
        return "the target does not declare it"
    return ""


def _too_few(
    standing: list[Candidate], filled: Filled, word: str, hindrance: str = ""
) -> list[Refusal]:
    """Say what is missing where somebody has signed, but too few have."""
    if not standing or (filled.complete and not hindrance):
        return []
    persons = ", ".join(sorted(one.line.person.id for one in standing))
    what = hindrance or f"still missing: {', '.join(filled.missing)}"
    reason = f"signed {word} by {persons}, but {what}"
    return [Refusal(Code.BELOW_THRESHOLD, reason)]


def _ordered(refusals: Mapping[Code, Refusal]) -> tuple[Refusal, ...]:
    return tuple(refusals[code] for code in MOST_TELLING if code in refusals)


def _names(filled: Filled) -> str:
    return ", ".join(f"{one.name} ({one.role})" for one in filled.signers)


def _nothing(
    item_id: str, code: Code, reason: str, roles: tuple[str, ...]
) -> ItemSignatures:
    return ItemSignatures(
        item=item_id,
        result=Result.NONE,
        code=code,
        reason=reason,
        missing_roles=roles,
    )


def _after_expiry(found: ItemSignatures, demand: Demand) -> ItemSignatures:
    """Take back what an expired trust file would allow (small use, ruling 5)."""
    if found.result is Result.NONE:
        return replace(found, waiver=None)
    reason = "the trust file has expired; " + Code.TRUST_EXPIRED.remedy
    return _nothing(found.item, Code.EXPIRED, reason, demand.roles)
