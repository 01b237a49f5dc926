"""What GitHub shows beside a job: annotations, as commands on standard output.

A step shows ten of each kind, so what blocks is told by owner, the last place is for
what is left over, and warnings have places of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.reports.blocking import blocking, counted
from pytest_readiness.reports.terminal import verdict_line
from pytest_readiness.reports.text import cut
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["MOST", "commands"]

MOST = 10
"""Annotations of one kind that GitHub shows of a step."""
_SAID = 400


def commands(report: Report) -> list[str]:
    """Give the commands, a line each: errors that block, warnings of waivers."""
    errors = list(_errors(report))
    warnings = [text for item in report.items if (text := _waived(item))]
    warnings += report.warnings
    title = f"{report.system} in {report.environment}: {report.verdict}"
    return [
        *(_command("error", title, text) for text in _most(errors)),
        *(_command("warning", title, text) for text in _most(warnings)),
    ]


def _errors(report: Report) -> Iterator[str]:
    found = blocking(report)
    if not any(item.state.blocks for item in report.items) and report.exit_code:
        yield verdict_line(report)
    for failure in report.trust.failures:
        yield f"not to be trusted: {failure}"
    for one in report.hindrances:
        yield f"blocked: {one.code}: {one.reason}"
    if found.not_run:
        count = sum(len(one.items) for one in found.not_run)
        yield f"{count} not run: {found.not_run[0].first.reason}"
    for owner in found.owners:
        states = counted(item.state for item in owner.items)
        yield f"{owner.role}: {states}\n" + "\n".join(map(_item, owner.items))


def _item(item: ReportItem) -> str:
    todo = item.command or item.remedy
    return cut(f"{item.id} {item.code}: {item.reason}; {todo}", _SAID)


def _waived(item: ReportItem) -> str:
    if item.state is not State.WAIVED:
        return ""
    waiver = item.signed.waiver if item.signed else None
    until = f" until {waiver.until:%Y-%m-%d}: {waiver.reason}" if waiver else ""
    return f"{item.id} is waived{until}"


def _most(texts: list[str]) -> list[str]:
    if len(texts) <= MOST:
        return texts
    left = len(texts) - MOST + 1
    return [*texts[: MOST - 1], f"and {left} more: see report.md of this job"]


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(cut(text, 4000))}"


def _data(text: str) -> str:
    """Escape what ends a command; what comes after would be one of its own."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
