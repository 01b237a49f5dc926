"""From a run to its report: puts what was decided and seen into the document."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.item import Item
from pytest_readiness.store.document import (
    ApproversCounted,
    Checklist,
    Counts,
    GateAsked,
    Observation,
    ReleaseJudged,
    Report,
    ReportItem,
    RunFacts,
    Selection,
    SignatureNeeded,
)
from pytest_readiness.store.signed import HindranceShown, TrustShown, signed_shown
from pytest_readiness.verdict.remedy import remedy
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_readiness.attest.result import ItemSignatures
    from pytest_readiness.catalogue.item import SignatureRule
    from pytest_readiness.catalogue.lock import Lock, LockedItem
    from pytest_readiness.catalogue.requirement import Judgement
    from pytest_readiness.store.document import PastRun
    from pytest_readiness.verdict.decision import Decision, Hindrance
    from pytest_readiness.verdict.settling import Outcome

__all__ = ["Evidence", "Subject", "build"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What was judged."""

    system: str
    environment: str
    release: ReleaseJudged
    target_digest: str
    organisation: str | None = None
    candidate: str | None = None
    trust: TrustShown = field(default_factory=TrustShown)
    approvers: ApproversCounted | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the suite says about one item, what its body judged and people signed."""

    item: Item
    judgements: Sequence[Judgement] = field(default=())
    signatures: ItemSignatures | None = None


def build(  # noqa: PLR0913  # the parts of a report, each by name
    *,
    subject: Subject,
    run: RunFacts,
    lock: Lock,
    decision: Decision,
    exit_code: int,
    evidence: Mapping[str, Evidence],
    selection: Selection | None = None,
    warnings: Sequence[str] = (),
    trend: Sequence[PastRun] = (),
    carried: Mapping[str, ReportItem] = MappingProxyType({}),
) -> Report:
    """Make the report of a run.

    Args:
        subject: what was judged.
        run: who ran what, where and when.
        lock: the items that are accounted for; gives the order.
        decision: the verdict on them.
        exit_code: what the process exits with
            (:func:`pytest_readiness.verdict.decision.exit_code`).
        evidence: by item id, for the items that were collected.
        selection: what was left out.
        warnings: what a reader must know about this run.
        trend: earlier runs of the same question, the oldest first.
        carried: items as an earlier run saw them, by id, that this one took over.
    """
    overdue = lock.overdue(run.ended.date())
    outcomes = {outcome.id: outcome for outcome in decision.outcomes}
    titles = {e.item.section: e.item.section_title for e in evidence.values()}
    return Report(
        system=subject.system,
        organisation=subject.organisation,
        environment=subject.environment,
        candidate=subject.candidate,
        release=subject.release,
        target_digest=subject.target_digest,
        gate=GateAsked(name=decision.gate.name, stages=decision.gate.stages),
        verdict=decision.verdict,
        raw_verdict=decision.raw_verdict,
        exit_code=exit_code,
        counts=Counts(raw=dict(decision.raw_counts), after=dict(decision.counts)),
        seen=decision.seen,
        signed=decision.signed,
        selection=selection or Selection(),
        run=run,
        checklist=_checklist(lock),
        trust=subject.trust,
        approvers=subject.approvers,
        hindrances=tuple(map(_hindrance, decision.hindrances)),
        warnings=(*warnings, *([overdue] if overdue else [])),
        trend=tuple(trend),
        items=tuple(
            carried.get(locked.id)
            or _item(locked, outcomes[locked.id], evidence.get(locked.id), titles)
            for locked in lock.items
        ),
    )


def _hindrance(one: Hindrance) -> HindranceShown:
    return HindranceShown(code=one.code, reason=one.reason)


def _checklist(lock: Lock) -> Checklist:
    reviewed = lock.reviewed.isoformat() if lock.reviewed else None
    return Checklist(
        name=lock.name, items=len(lock.items), digest=lock.digest, reviewed=reviewed
    )


def _item(
    locked: LockedItem,
    outcome: Outcome,
    evidence: Evidence | None,
    titles: Mapping[str, str],
) -> ReportItem:
    title = titles.get(locked.section, locked.section)
    found = evidence or Evidence(_not_collected(locked, title))
    item, judgements = found.item, found.judgements
    todo = remedy(item, outcome, judgements)
    return ReportItem(
        id=locked.id,
        section=locked.section,
        section_title=title,
        stage=locked.stage,
        kind=locked.kind,
        owner=locked.owner,
        core=locked.core,
        reach=item.reach,
        digest=locked.digest,
        state=outcome.state,
        raw_state=outcome.raw_state,
        code=outcome.code,
        reason=outcome.reason,
        remedy=todo.text,
        command=todo.command,
        command_roles=todo.roles,
        claim=item.claim,
        why=item.why,
        fix=item.fix,
        signature=_signature(item.signature) if item.signature else None,
        signed=signed_shown(found.signatures, waived=outcome.state is State.WAIVED)
        if found.signatures
        else None,
        observations=tuple(_observation(judgement) for judgement in judgements),
    )


def _not_collected(locked: LockedItem, title: str) -> Item:
    """Stand in for an item that only the lock knows: it has no words of its own."""
    return Item(
        id=locked.id,
        section=locked.section,
        section_title=title,
        stage=locked.stage,
        kind=locked.kind,
        owner=locked.owner,
        claim="",
        why="",
        fix="",
        core=locked.core,
    )


def _signature(rule: SignatureRule) -> SignatureNeeded:
    return SignatureNeeded(
        roles=rule.roles,
        scope=rule.scope,
        max_age_days=rule.max_age / dt.timedelta(days=1),
        always=rule.always,
    )


def _observation(judgement: Judgement) -> Observation:
    return Observation(
        label=judgement.label,
        observed=judgement.observed,
        required=judgement.required,
        judged=judgement.judged,
        reason=judgement.reason,
        cause=judgement.cause,
        remedy=judgement.remedy,
        source=judgement.source,
        detail=judgement.detail,
        bound_source=judgement.bound_source,
        at=judgement.at,
        duration_seconds=judgement.duration.total_seconds(),
    )
