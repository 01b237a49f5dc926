"""Runs of one question from several vantage points, as one: the worst state wins.

What a run inside the network cannot reach, one outside of it may, and the other way
round; a system is ready where it is from all of them. So nothing is made up for here: a
run that could not look makes the item unknown, whatever another one saw.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_readiness.store.document import Counts, Report, Seen, Selection
from pytest_readiness.store.signed import HindranceShown
from pytest_readiness.verdict.decision import Exit, Hindrance, decide
from pytest_readiness.verdict.gate import Gate
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import SEVERITY, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_readiness.store.document import (
        ReleaseJudged,
        ReportItem,
        RunFacts,
        Vantage,
    )
    from pytest_readiness.store.signed import TrustShown

__all__ = ["APART", "Rules", "merge", "misfit"]

APART: Final = dt.timedelta(hours=24)
"""How long the first and the last of the runs may be apart."""

MAX_WAIVERS: Final = "MAX_WAIVERS"
_ORDER: Final = (State.OUT_OF_GATE, State.NOT_APPLICABLE, *SEVERITY)


def misfit(reports: Sequence[Report]) -> str:
    """Say why reports cannot be one; empty where they can."""
    first = reports[0]
    for other in reports[1:]:
        pairs = (
            ("system", first.system, other.system),
            ("environment", first.environment, other.environment),
            ("candidate", first.candidate, other.candidate),
            ("gate", first.gate, other.gate),
            ("release", first.release.version, other.release.version),
            ("source", first.release.source, other.release.source),
            ("target", first.target_digest, other.target_digest),
            ("suite", first.checklist.digest, other.checklist.digest),
            ("trust file", first.trust.digest, other.trust.digest),
            (
                "list of items",
                [item.id for item in first.items],
                [item.id for item in other.items],
            ),
        )
        for what, one, another in pairs:
            if one != another:
                return f"they are of another {what}"
    ends = [report.run.ended for report in reports]
    if max(ends) - min(ends) > APART:
        return "they are more than a day apart"
    if any(report.vantages for report in reports):
        return "one of them is merged already"
    return ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the target's trust file and the caller say of waivers."""

    max_waivers: int
    strict: bool = False


def merge(reports: Mapping[Vantage, Report], rules: Rules) -> Report:
    """Make one report of several that fit (:func:`misfit`), by where they were made."""
    vantages, runs = tuple(reports), tuple(reports.values())
    first = runs[0]
    items = tuple(
        _worst(vantages, [report.items[place] for report in runs])
        for place in range(len(first.items))
    )
    hindrances = _hindrances(runs, items, rules)
    trust = _trust(runs)
    selected = any(report.selection.selected for report in runs)
    decision = decide(
        items,
        {item.id: _outcome(item) for item in items},
        Gate(first.gate.name, first.gate.stages),
        selected=selected,
        trust_broken=bool(trust.failures),
        hindrances=hindrances.values(),
        strict=rules.strict,
    )
    why = dict.fromkeys(text for report in runs for text in report.selection.why)
    texts = dict.fromkeys(text for report in runs for text in report.warnings)
    approvers = [report.approvers for report in runs if report.approvers]
    # Not model_copy: what is put together here is checked as any other document.
    parts: dict[str, Any] = {
        **{name: getattr(first, name) for name in Report.model_fields},
        "items": items,
        "verdict": decision.verdict,
        "raw_verdict": decision.raw_verdict,
        "exit_code": int(decision.exit_code),
        "counts": Counts(raw=dict(decision.raw_counts), after=dict(decision.counts)),
        "seen": decision.seen,
        "signed": decision.signed,
        "selection": Selection(selected=selected, why=tuple(why)),
        "run": _run(runs),
        "release": _release(runs),
        "trust": trust,
        "approvers": min(approvers, key=lambda one: one.people, default=None),
        "hindrances": tuple(
            HindranceShown(code=one.code, reason=one.reason)
            for one in hindrances.values()
        ),
        "warnings": tuple(texts),
        "trend": (),
        "vantages": vantages,
    }
    return Report(**parts)


def _outcome(item: ReportItem) -> Outcome:
    return Outcome(item.id, item.state, item.raw_state, item.code, item.reason)


def _hindrances(
    runs: Sequence[Report], items: Sequence[ReportItem], rules: Rules
) -> dict[str, Hindrance]:
    """Give what blocks from anywhere, and too many waivers from all of them together.

    A report does not say what exit code a hindrance has by itself; where the run's own
    says that only people are missing, it is that.
    """
    found: dict[str, Hindrance] = {}
    for report in runs:
        waits = report.exit_code == Exit.PENDING
        for one in report.hindrances:
            if one.code not in found or not waits:
                exit_ = Exit.PENDING if waits else Exit.FAILED
                found[one.code] = Hindrance(one.code, one.reason, exit_)
    waived = [
        item
        for item in items
        if item.state is State.WAIVED
        and not (item.signed and item.signed.waiver and item.signed.waiver.emergency)
    ]
    excess = len(waived) - rules.max_waivers
    if excess > 0:
        reason = f"{len(waived)} waivers in use, {excess} more than are allowed"
        found[MAX_WAIVERS] = Hindrance(MAX_WAIVERS, reason)
    return found


def _trust(runs: Sequence[Report]) -> TrustShown:
    """Trust no more than what all of them know."""
    failures = dict.fromkeys(text for report in runs for text in report.trust.failures)
    believed = {
        "failures": tuple(failures),
        "pinned": all(report.trust.pinned for report in runs),
        "deletions_detected": all(report.trust.deletions_detected for report in runs),
    }
    return runs[0].trust.model_copy(update=believed)


def _run(runs: Sequence[Report]) -> RunFacts:
    spans = {
        "started": min(report.run.started for report in runs),
        "ended": max(report.run.ended for report in runs),
    }
    return runs[0].run.model_copy(update=spans)


def _release(runs: Sequence[Report]) -> ReleaseJudged:
    paths = dict.fromkeys(path for one in runs for path in one.release.dirty_paths)
    dirty = any(report.release.dirty for report in runs)
    changes = {"dirty": dirty, "dirty_paths": tuple(paths)}
    return runs[0].release.model_copy(update=changes)


def _worst(vantages: Sequence[Vantage], seen: Sequence[ReportItem]) -> ReportItem:
    """Give an item as it is where it is worst, and what it is from everywhere."""
    worst = max(seen, key=lambda item: (_rank(item.state), _rank(item.raw_state)))
    raw = max((item.raw_state for item in seen), key=_rank)
    return worst.model_copy(
        update={
            "raw_state": raw,
            "seen_from": tuple(
                Seen(vantage=vantage.name, state=item.state)
                for vantage, item in zip(vantages, seen, strict=True)
            ),
        }
    )


def _rank(state: State) -> int:
    return _ORDER.index(state)
