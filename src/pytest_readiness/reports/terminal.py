"""The summary at the end of a run: one screen that says what to do, the verdict last.

Rendered from the document alone. Our own furniture is ASCII, and colour is laid over
finished lines, so that neither a C locale nor a wide character breaks the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pytest_readiness.reports.blocking import (
    Obstacle,
    Owner,
    blocking,
    counted,
    severity,
)
from pytest_readiness.reports.messages import approved
from pytest_readiness.reports.sections import section_lines
from pytest_readiness.reports.style import Style, colour_of
from pytest_readiness.reports.text import wrap
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.decision import Exit, Verdict
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["MIN_WIDTH", "exit_meaning", "headline", "summary", "verdict_line"]

MIN_WIDTH = 40
_SCREEN = 50
"""Lines of a screen: what blocks is shown as far as it fits, the worst first."""
_ROOM_MIN = 14
_PER_OWNER = 4
_TEXT_LINES = 2
_FIX_LINES = 3
_NAMED = 3
_NOT_RUN_LINES = 8
_WAIVERS = 3
_REPORT = "report.json"

_EXITS = {
    2: "pytest was interrupted",
    3: "an internal error of pytest or a plugin",
    4: "pytest was called wrongly",
    Exit.FAILED: "something failed",
    Exit.PENDING: "only people or time are missing",
    Exit.UNKNOWN: "something could not be looked at",
    Exit.INCOMPLETE: "not everything was run",
    Exit.TRUST_BROKEN: "pins or signatures do not hold",
}


def summary(
    report: Report, width: int = 80, *, color: bool = False, where: str = _REPORT
) -> str:
    """Give the summary, without a newline at its end.

    Args:
        report: what to show.
        width: columns of the terminal; less than 40 is taken for 40.
        color: whether ANSI colours may be used.
        where: how the reader finds the whole report.
    """
    width = max(width, MIN_WIDTH)
    style = Style(on=color)
    above = [*wrap(headline(report), width), *section_lines(report, width, style)]
    below = [
        *_remarks(report, width, where),
        *(style.verdict(line, report) for line in wrap(verdict_line(report), width)),
    ]
    room = max(_SCREEN - len(above) - len(below) - 1, _ROOM_MIN)
    return "\n".join([*above, *_blocks(report, width, style, room), *below])


def verdict_line(report: Report) -> str:
    """Say the verdict, seen against signed, and what the exit code means."""
    counts = f"{report.seen} seen, {report.signed} signed"
    meaning = exit_meaning(report)
    exits = f"exit {report.exit_code}{f': {meaning}' if meaning else ''}"
    return f"{report.verdict} ({counts}), {exits}"


def exit_meaning(report: Report) -> str:
    """Say what the exit code means; empty where the verdict says it already."""
    ready = report.verdict in {Verdict.READY, Verdict.READY_WITH_WAIVERS}
    if report.exit_code == Exit.READY:
        return "" if ready else "--readiness-no-gate only reports"
    if ready and report.exit_code == Exit.FAILED:
        if report.verdict is Verdict.READY_WITH_WAIVERS:
            return "--readiness-strict, or another test failed"
        return "ready, but another test of this run failed"
    return _EXITS.get(report.exit_code, "pytest's own code")


def headline(report: Report) -> str:
    """Say what was judged: system, environment, release, gate."""
    release = report.release
    # The commit is for people; without one the source still tells releases apart.
    name = release.commit[:12] if release.commit else (release.source or "")[:19]
    marks = [name] if name else []
    marks += ["uncommitted changes"] if release.dirty else []
    marks += [] if release.bound else ["unbound"]
    inside = f" ({', '.join(marks)})" if marks else ""
    candidate = f", candidate {report.candidate}" if report.candidate else ""
    return (
        f"{report.system} in {report.environment}{candidate}, "
        f"release {release.version}{inside}, gate {report.gate.name}"
    )


def _blocks(report: Report, width: int, style: Style, room: int) -> Iterator[str]:
    found = blocking(report)
    following: list[str] = []
    if found.following:
        text = f"following from these: {_names(found.following)}"
        following = wrap(text, width, limit=_TEXT_LINES)
    if found.not_run or found.owners or following:
        yield ""
    lost = [line for part in found.not_run for line in _not_run(part, width, style)]
    lost = lost[:_NOT_RUN_LINES]
    yield from lost
    parts = [_Part.of(owner, width, style) for owner in found.owners]
    _choose(parts, room - len(lost) - len(following))
    for part in parts:
        yield from part.lines()
    yield from following


@dataclass
class _Part:
    """What is shown of one owner: the first ``shown`` of the things that wait."""

    owner: Owner
    texts: list[list[str]]
    width: int
    style: Style
    shown: int = 0

    @classmethod
    def of(cls, owner: Owner, width: int, style: Style) -> Self:
        first = owner.obstacles[:_PER_OWNER]
        texts = [_obstacle(obstacle, width, style) for obstacle in first]
        return cls(owner, texts, width, style)

    def lines(self) -> list[str]:
        states = counted(item.state for item in self.owner.items)
        end = "" if self.shown else f": see {_REPORT}"
        head = f"{self.owner.role}: {states}{end}"
        lines = [self.style.bold(line) for line in wrap(head, self.width)]
        for text in self.texts[: self.shown]:
            lines += text
        rest = self.owner.obstacles[self.shown :]
        more = sum(len(obstacle.items) for obstacle in rest)
        if self.shown and more:
            lines.append(f"  ... and {more} more: see {_REPORT}")
        return lines


def _choose(parts: Sequence[_Part], room: int) -> None:
    """Show as many things as fit, the worst of all owners first.

    The very worst is always shown: there must be a place to start. Where something of a
    state did not fit, nothing of a better state takes its place.
    """
    order = sorted(
        (severity(part.owner.obstacles[place].first.state), place, number)
        for number, part in enumerate(parts)
        for place in range(len(part.texts))
    )
    sizes = [len(part.lines()) for part in parts]
    last = 1  # Weights are negative but for states that block nothing.
    for first, (weight, place, number) in enumerate(order):
        part = parts[number]
        if weight > last:
            break
        if part.shown != place:
            continue  # A thing before it did not fit; an owner's list has no gaps.
        part.shown += 1
        size = len(part.lines())
        if first and sum(sizes) - sizes[number] + size > room:
            part.shown -= 1
            last = weight
        else:
            sizes[number] = size


def _not_run(obstacle: Obstacle, width: int, style: Style) -> list[str]:
    count = len(obstacle.items)
    text = f"not run: {obstacle.first.reason}: {_names(obstacle.items)}"
    head = f"{count} {text}" if count > 1 else text
    colour = colour_of(State.NOT_RUN)
    return [style.paint(line, colour) for line in wrap(head, width, limit=_TEXT_LINES)]


def _obstacle(obstacle: Obstacle, width: int, style: Style) -> list[str]:
    item = obstacle.first
    code = f" {item.code}" if item.code else ""
    head = f"{item.state} {_names(obstacle.items)}{code}"
    colour = colour_of(item.state)
    lines = [style.paint(line, colour) for line in wrap(head, width, indent="  ")]
    unsigned = item.state is State.PENDING and item.command
    if item.reason and not (unsigned and item.code == Code.MISSING):
        lines += wrap(item.reason, width, indent="    ", limit=_TEXT_LINES)
    if item.remedy and not unsigned:
        lines += wrap(f"Fix: {item.remedy}", width, indent="    ", limit=_FIX_LINES)
    if item.command:
        lines += _command(item.command, width)
    return lines


def _command(command: str, width: int) -> list[str]:
    """Show a command whole; where it must be broken, the shell joins it again."""
    lines = wrap(f"$ {command}", width - 2, indent="    ")
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def _names(items: Sequence[ReportItem]) -> str:
    names = ", ".join(item.id for item in items[:_NAMED])
    more = len(items) - _NAMED
    return f"{names} and {more} more" if more > 0 else names


def _remarks(report: Report, width: int, where: str) -> Iterator[str]:
    yield ""
    if report.vantages:
        names = ", ".join(f"{one.name} ({one.host})" for one in report.vantages)
        yield from wrap(f"merged, the worst counts: {names}", width, limit=_TEXT_LINES)
    if report.selection.selected:
        why = ", ".join(report.selection.why) or "a selection"
        yield from wrap(f"only a selection was run: {why}", width, limit=_TEXT_LINES)
    for line in _waivers(report):
        yield from wrap(line, width, limit=_TEXT_LINES)
    if report.counts.raw != report.counts.after:
        raw = (item.raw_state for item in report.items if item.raw_state.blocks)
        before = f"before waivers: {report.raw_verdict} ({counted(raw)})"
        yield from wrap(before, width, limit=_TEXT_LINES)
    for warning in report.warnings:
        yield from wrap(f"warning: {warning}", width, limit=_TEXT_LINES)
    for failure in report.trust.failures:
        yield from wrap(f"not to be trusted: {failure}", width, limit=_FIX_LINES)
    for hindrance in report.hindrances:
        text = f"blocked: {hindrance.code}: {hindrance.reason}"
        yield from wrap(text, width, limit=_FIX_LINES)
    yield from wrap(f"{report.trust.described}; evidence of every item: {where}", width)


def _waivers(report: Report) -> Iterator[str]:
    """Say what is waived, by whom and until when; an emergency stands for itself."""
    emergencies: dict[str, list[ReportItem]] = {}
    untold: list[ReportItem] = []
    told: list[str] = []
    for item in report.items:
        waiver = item.signed.waiver if item.signed else None
        if waiver is None:
            untold += [item] if item.state is State.WAIVED else []
            continue
        until = approved(waiver)
        if not waiver.used and waiver.emergency:
            continue
        if not waiver.used:
            told.append(f"waiver not needed: {item.id} is {item.state} ({until})")
        elif waiver.emergency:
            key = f"EMERGENCY, incident {waiver.incident}, {until}"
            emergencies.setdefault(key, []).append(item)
        else:
            raw = f"{item.raw_state} {item.code}".rstrip()
            told.append(f"waived: {item.id} (raw {raw}) {until}: {waiver.reason}")
    for key, items in emergencies.items():
        yield f"{key}, waives {_names(items)}"
    yield from told[:_WAIVERS]
    if len(told) > _WAIVERS:
        yield f"... and {len(told) - _WAIVERS} more waivers: see {_REPORT}"
    if untold:
        yield f"waived: {_names(untold)}"
