"""The head of the page: the verdict in a sentence, what it rests on, what to know."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.reports.blocking import blocking, counted
from pytest_readiness.verdict.decision import Verdict
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from pytest_readiness.store.document import Report

__all__ = ["Card", "Fact", "Remark", "cards", "remarks", "sentence", "tone"]

_TONES = {
    Verdict.READY: "good",
    Verdict.READY_WITH_WAIVERS: "warn",
    Verdict.NOT_READY: "bad",
    Verdict.INCOMPLETE: "bad",
}
_PATHS = 5


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a reader must know beside the verdict."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what stands beside it."""

    name: str
    text: str = ""
    mono: bool = False
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """Facts that belong together."""

    title: str
    facts: tuple[Fact, ...]


def tone(report: Report) -> str:
    """Give the class of the verdict's colour."""
    return _TONES[report.verdict]


def sentence(report: Report) -> str:
    """Say in one sentence what the verdict means here."""
    open_ = [item.state for item in report.items if item.state.blocks]
    match report.verdict:
        case Verdict.READY:
            return "Every item that this gate asks is satisfied."
        case Verdict.READY_WITH_WAIVERS:
            waived = report.counts.after[State.WAIVED]
            items = "one item is" if waived == 1 else f"{waived} items are"
            return (
                "Everything that this gate asks is satisfied, but for what was "
                f"waived: {items} let pass until a date that people signed."
            )
        case Verdict.INCOMPLETE:
            return (
                "Not everything was run, so this says nothing about going live: "
                f"{counted(open_)}."
            )
        case Verdict.NOT_READY if open_:
            owners = len(blocking(report).owners)
            whose = "of one owner" if owners == 1 else f"of {owners} owners"
            return f"It may not go live: {counted(open_)}, {whose}."
        case _:
            return "It may not go live, though no item is open: see what is below."


def remarks(report: Report) -> list[Remark]:
    """Give what must be known, the worst first."""
    found = [*_broken(report), *_selected(report), *_trust(report), *_release(report)]
    found += [Remark("warn", "Warning:", text) for text in report.warnings]
    found.sort(key=lambda remark: ("bad", "warn", "good").index(remark.tone))
    return found


def _broken(report: Report) -> Iterator[Remark]:
    for failure in report.trust.failures:
        yield Remark("bad", "Not to be trusted:", failure)
    for one in report.hindrances:
        yield Remark("bad", f"Blocked, {one.code}:", one.reason)
    incidents = {
        item.signed.waiver.incident or "not named"
        for item in report.items
        if item.signed and item.signed.waiver and item.signed.waiver.emergency
    }
    for incident in sorted(incidents):
        text = f"incident {incident}; it is to be reviewed afterwards."
        yield Remark("bad", "EMERGENCY waiver in force:", text)


def _selected(report: Report) -> Iterator[Remark]:
    if report.selection.selected:
        why = ", ".join(report.selection.why) or "a selection"
        yield Remark("bad", "Only a selection was run:", why)


def _trust(report: Report) -> Iterator[Remark]:
    trust = report.trust
    if trust.version is None:
        text = "nobody's signature can count; `readiness trust init` makes one."
        yield Remark("bad", "No trust file:", text)
        return
    if trust.pinned:
        text = "it is held against fingerprints from outside the repository."
        yield Remark("good", "The trust file is pinned:", text)
    else:
        text = "nobody outside the repository vouches for who may sign."
        yield Remark("warn", "The trust file is not pinned:", text)
    if trust.deletions_detected:
        text = "a snapshot names every line that must be there."
        yield Remark("good", "Deleted signatures would be noticed:", text)
    else:
        text = "no snapshot says which lines there must be."
        yield Remark("warn", "Deleted signatures would not be noticed:", text)
    if trust.ignored:
        codes = ", ".join(f"{count} {code}" for code, count in trust.ignored.items())
        yield Remark("warn", "Lines that do not count:", codes)


def _release(report: Report) -> Iterator[Remark]:
    release = report.release
    if release.dirty:
        paths = ", ".join(release.dirty_paths[:_PATHS])
        more = len(release.dirty_paths) - _PATHS
        text = f"{paths}{f' and {more} more' if more > 0 else ''}" or "see git status"
        yield Remark("bad", "Uncommitted changes in the release:", text)
    if not release.bound:
        text = "signatures are bound to the version's name, not to its sources."
        yield Remark("warn", "The release is unbound:", text)
    for item in report.items:
        waiver = item.signed.waiver if item.signed else None
        if waiver and not waiver.used and not waiver.emergency:
            text = f"{item.id} is {item.state}; take the waiver back."
            yield Remark("warn", "A waiver that is not needed:", text)


def cards(report: Report) -> list[Card]:
    """Give what was judged, by whom, when, and whose word counts."""
    return [
        Card("Judged", tuple(_judged(report))),
        Card("Run", tuple(_run(report))),
        Card("Trust", tuple(_trust_facts(report))),
    ]


def _judged(report: Report) -> Iterator[Fact]:
    release = report.release
    yield Fact("System", report.system)
    if report.organisation:
        yield Fact("Organisation", report.organisation)
    yield Fact("Environment", report.environment)
    if report.candidate:
        yield Fact("Candidate", report.candidate)
    yield Fact("Release", release.version + (", dirty" if release.dirty else ""))
    yield Fact("Source", release.source or "none: unbound", mono=True)
    yield Fact("Commit", release.commit or "none", mono=True)
    yield Fact("Target digest", report.target_digest, mono=True)
    yield Fact("Gate", f"{report.gate.name}: {', '.join(report.gate.stages)}")


def _run(report: Report) -> Iterator[Fact]:
    run = report.run
    yield Fact("By", f"{run.user} on {run.host}")
    yield Fact("Started", at=run.started)
    yield Fact("Ended", f" (took {duration(run.ended - run.started)})", at=run.ended)
    yield Fact("Command", f"pytest {shlex.join(run.command)}", mono=True)
    yield Fact("With", f"{run.plugin}, pytest {run.pytest}, Python {run.python}")
    checklist = report.checklist
    reviewed = f", reviewed {checklist.reviewed}" if checklist.reviewed else ""
    yield Fact("Checklist", f"{checklist.name}, {checklist.items} items{reviewed}")
    yield Fact("Its lock", checklist.digest, mono=True)


def _trust_facts(report: Report) -> Iterator[Fact]:
    trust = report.trust
    yield Fact("Trust file", trust.described)
    if trust.version is not None:
        yield Fact("Pinned", "yes" if trust.pinned else "no")
        seen = "are detected" if trust.deletions_detected else "are not detected"
        yield Fact("Deletions", seen)
        yield Fact("Lines", f"{trust.believed} of {trust.lines} count")
    if trust.expires:
        yield Fact("Expires", at=trust.expires)
    if trust.digest:
        yield Fact("Digest", trust.digest, mono=True)
    if report.approvers:
        people, needed = report.approvers.people, report.approvers.needed
        yield Fact("Approved by", f"{people} people, {needed} are needed")
