"""``report.md``: the checklist with its boxes ticked, for a ticket or a pull request.

On top the verdict and what blocks, by owner, then waivers, then every item in the
checklist's order, a foldable part a section. Cut to what every tracker takes, with a
pointer to the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.reports.blocking import blocking, counted
from pytest_readiness.reports.escaping import code, markup, prose
from pytest_readiness.reports.messages import approved, seen_from
from pytest_readiness.reports.terminal import headline, verdict_line
from pytest_readiness.reports.text import cut
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_readiness.reports.blocking import Obstacle
    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["MAX_BYTES", "render"]

MAX_BYTES = 60_000
"""Of the file: GitHub takes 65,536 characters a comment, Redmine 65,535 bytes."""
_SAID = 300
"""Characters of a text from outside."""
_NAMED = 10
"""Items named of those that one action closes."""


def render(report: Report) -> bytes:
    """Give the page."""
    parts = [
        _Part("", [*_head(report), *_remarks(report)]),
        *_blocks(report),
        *_waivers(report),
        *_checklist(report),
    ]
    return _fitting(parts)


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines that may be cut after any of them, between two that stay together."""

    head: str
    lines: Sequence[str]
    foot: str = ""

    def page(self, lines: Sequence[str]) -> str:
        """Write it with some of its lines."""
        return "\n".join([*([self.head] if self.head else []), *lines, self.foot])


def _fitting(parts: Sequence[_Part]) -> bytes:
    """Join the parts as far as they fit; say how much does not."""
    page: list[str] = []
    room = MAX_BYTES - 300  # for the pointer
    left = 0
    for part in parts:
        room -= _size(part.head) + _size(part.foot)
        shown: list[str] = []
        for line in part.lines:
            if left or _size(line) > room:
                left += 1
            else:
                shown.append(line)
                room -= _size(line)
        if shown:
            page.append(part.page(shown))
    if left:
        page.append(
            f"**Cut here: {left} more lines.** "
            f"The whole is in {code('report.html')} and {code('report.json')}.\n"
        )
    return "\n".join(page).encode()


def _size(line: str) -> int:
    return len(line.encode()) + 1


def _head(report: Report) -> Iterator[str]:
    system, version = prose(report.system), prose(report.release.version)
    yield f"# {report.verdict}: {system} {version}\n"
    yield f"**{prose(verdict_line(report))}**\n"
    yield f"{prose(headline(report))}\n"
    run, release = report.run, report.release
    source = code(release.source) if release.source else "none: the release is unbound"
    yield f"- source {source}"
    if release.commit:
        yield f"- commit {code(release.commit)}"
    at = f"{run.ended:%Y-%m-%d %H:%M} UTC"
    yield f"- run by {code(run.user)} on {code(run.host)}, {at}"
    for one in report.vantages:
        yield f"- merged: {prose(one.name)}, {code(one.host)}, {code(one.report)}"
    yield f"- trust: {prose(report.trust.described)}"
    states = counted(item.state for item in report.items)
    yield f"- {states}, of {len(report.items)} items"
    if report.counts.raw != report.counts.after:
        raw = (item.raw_state for item in report.items if item.raw_state.blocks)
        yield f"- before waivers: {report.raw_verdict} ({counted(raw)})"
    if report.approvers:
        people, needed = report.approvers.people, report.approvers.needed
        yield f"- approved by {people} people, {needed} are needed"
    yield ""


def _remarks(report: Report) -> Iterator[str]:
    lines = [f"Not to be trusted: {text}" for text in report.trust.failures]
    lines += [f"Blocked: {one.code}: {one.reason}" for one in report.hindrances]
    if report.selection.selected:
        why = ", ".join(report.selection.why) or "a selection"
        lines.append(f"Only a selection was run: {why}")
    lines += [f"Warning: {text}" for text in report.warnings]
    for line in lines:
        yield f"> {_said(line)}\n"


def _blocks(report: Report) -> Iterator[_Part]:
    found = blocking(report)
    if not (found.not_run or found.owners or found.following):
        return
    yield _Part("", ["## What blocks"])
    if found.not_run:
        yield _Part("### Not run\n", [_obstacle(one) for one in found.not_run])
    for owner in found.owners:
        states = counted(item.state for item in owner.items)
        lines = [_obstacle(one) for one in owner.obstacles]
        yield _Part(f"### {prose(owner.role)}: {states}\n", lines)
    if found.following:
        names = _names(found.following)
        yield _Part("### Following from these\n", [f"- {names}"])


def _obstacle(obstacle: Obstacle) -> str:
    item = obstacle.first
    kind = f" {prose(item.code)}" if item.code else ""
    said = f": {_said(item.reason)}" if item.reason else ""
    todo = f" Fix: {_said(item.remedy)}" if item.remedy else ""
    command = f" Command: {code(item.command)}" if item.command else ""
    return f"- **{item.state}**{kind} {_names(obstacle.items)}{said}{todo}{command}"


def _names(items: Sequence[ReportItem]) -> str:
    names = ", ".join(code(item.id) for item in items[:_NAMED])
    more = len(items) - _NAMED
    return f"{names} and {more} more" if more > 0 else names


def _waivers(report: Report) -> Iterator[_Part]:
    lines = [
        f"- {code(item.id)} {_waiver(item)}"
        for item in report.items
        if item.signed and item.signed.waiver
    ]
    if lines:
        yield _Part("## Waivers\n", lines)


def _waiver(item: ReportItem) -> str:
    waiver = item.signed.waiver if item.signed else None
    if waiver is None:
        return f"is {item.raw_state}"
    raw = f"{item.raw_state} {item.code}".rstrip()
    used = f"(raw {raw})" if waiver.used else f"(not needed: it is {item.state})"
    word = f"**emergency {prose(waiver.incident)}** " if waiver.emergency else ""
    return f"{prose(used)} {word}{prose(approved(waiver))}: {_said(waiver.reason)}"


def _checklist(report: Report) -> Iterator[_Part]:
    sections: dict[str, list[ReportItem]] = {}
    for item in report.items:
        sections.setdefault(item.section, []).append(item)
    yield _Part("", ["## The checklist"])
    for items in sections.values():
        asked = [one for one in items if one.state is not State.OUT_OF_GATE]
        done = sum(one.state.satisfies for one in asked)
        count = f"{done} of {len(asked)}" if asked else "not asked by this gate"
        title = f"{markup(items[0].section_title)}: {count}"
        yield _Part(
            f"<details>\n<summary>{title}</summary>\n",
            [_box(item) for item in items],
            "\n</details>\n",
        )


def _box(item: ReportItem) -> str:
    box = "x" if item.state.satisfies else " "
    claim = f"{_said(item.claim)} " if item.claim else ""
    if item.state is State.WAIVED:
        why = f" {_waiver(item)}"
    elif item.state.blocks or item.state is State.NOT_APPLICABLE:
        kind = f" {prose(item.code)}" if item.code else ""
        why = f"{kind}: {_said(item.reason)}" if item.reason else kind
    else:
        why = ""
    then = f", seen {item.carried:%Y-%m-%d %H:%M} UTC" if item.carried else ""
    from_ = f" ({prose(seen_from(item))})" if item.seen_from else ""
    return f"- [{box}] {claim}{code(item.id)} **{item.state}**{from_}{then}{why}"


def _said(text: str) -> str:
    """Shorten a text from outside, then make it harmless: never half an escape."""
    return prose(cut(text, _SAID))
