"""The message of one item in pytest's own output: three to six lines, no traceback.

What was observed, what is required, from where and when, and what to do. The same
evidence stands in ``report.json`` in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.catalogue.rendering import duration, printable
from pytest_readiness.catalogue.requirement import Judged
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.remedy import remedy, worst_first
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.attest.result import WaiverInfo
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.requirement import Judgement
    from pytest_readiness.store.document import ReportItem
    from pytest_readiness.store.signed import WaiverShown
    from pytest_readiness.verdict.settling import Outcome

__all__ = ["MAX_LINE", "MAX_LINES", "approved", "failure_text", "one_line", "seen_from"]

MAX_LINES = 6
MAX_LINE = 400
"""Longest line, in characters; a terminal wraps it."""

_TOLD_BY_EVIDENCE = frozenset(
    {
        Code.VIOLATED,
        Code.LOOSENED,
        Code.NO_ANSWER,
        Code.NOT_SEEN,
        Code.WITHHELD,
        Code.UNJUDGED,
        Code.TOO_EARLY,
    }
)


def failure_text(item: Item, outcome: Outcome, judgements: Sequence[Judgement]) -> str:
    """Give the message of an item that is not satisfied."""
    open_ = worst_first(judgements)
    code = f", {outcome.code}" if outcome.code else ""
    head = f"{item.id}: {outcome.state}{code} (owner {item.owner})"
    # Unconfigured keeps the code of the signature that would help, not of the look.
    unconfigured = outcome.state is State.UNCONFIGURED
    told = bool(open_) and (unconfigured or outcome.code in _TOLD_BY_EVIDENCE)
    reason = [] if told or not outcome.reason else [outcome.reason]
    end = [*_source(open_), *_todo(item, outcome, judgements)]
    evidence = _evidence(open_, MAX_LINES - 1 - len(reason) - len(end))
    lines = [*reason, *evidence, *end]
    if not reason and not evidence:
        lines.insert(0, f"claim: {item.claim}")
    return "\n".join([_line(head), *(f"  {_line(line)}" for line in lines)])


def one_line(item: Item, outcome: Outcome, waiver: WaiverInfo | None = None) -> str:
    """Give the reason of an xfail or a skip: ``CODE role: exact command``.

    Of a waived item: the raw state, who approved it and until when.
    """
    if outcome.state is State.WAIVED and waiver is not None:
        word = "EMERGENCY WAIVER" if waiver.emergency else "WAIVED"
        raw = f"{outcome.raw_state} {outcome.code}".rstrip()
        return _line(f"{word} {raw} {approved(waiver)}: {waiver.reason}")
    todo = remedy(item, outcome, ())
    roles = " and ".join(todo.roles or (item.owner,))
    what = todo.command or outcome.reason or item.claim
    return _line(f"{outcome.code or outcome.state.upper()} {roles}: {what}")


def approved(waiver: WaiverInfo | WaiverShown) -> str:
    """Say until when a waiver holds, and who approved it."""
    by = ", ".join(signer.name for signer in waiver.approvers)
    return f"until {waiver.until:%Y-%m-%d %H:%M} UTC by {by}"


def seen_from(item: ReportItem) -> str:
    """Say what an item of a merged report is from each vantage point."""
    return ", ".join(f"{one.vantage}: {one.state}" for one in item.seen_from)


def _todo(item: Item, outcome: Outcome, judgements: Sequence[Judgement]) -> list[str]:
    todo = remedy(item, outcome, judgements)
    lines = (
        [f"Sign ({' and '.join(todo.roles)}): {todo.command}"] if todo.command else []
    )
    # A purely attested item has nothing to repair: signing it is the whole remedy.
    if todo.text and not (todo.command and outcome.state is State.PENDING):
        lines.insert(0, f"Fix: {todo.text}")
    return lines


def _evidence(judgements: Sequence[Judgement], room: int) -> list[str]:
    """Write one line a judgement; facts missing for one reason share theirs."""
    groups: dict[str, list[Judgement]] = {}
    for number, judgement in enumerate(judgements):
        unseen = judgement.judged is Judged.UNAVAILABLE
        groups.setdefault(judgement.reason if unseen else str(number), []).append(
            judgement
        )
    lines = [_judgement(group) for group in groups.values()]
    if len(lines) <= room:
        return lines
    shown = lines[: room - 1]
    return [*shown, f"and {len(lines) - len(shown)} more, see report.json"]


def _judgement(group: Sequence[Judgement]) -> str:
    first = group[0]
    match first.judged:
        case Judged.UNAVAILABLE if len(group) > 1:
            return (
                f"{first.label} and {len(group) - 1} more not observed: {first.reason}"
            )
        case Judged.UNAVAILABLE:
            observed = f"not observed: {first.reason}"
        case Judged.UNJUDGED:
            return f"{first.label}: {first.reason}"
        case _:
            observed = f"observed {first.observed}"
    bound = f" ({first.bound_source})" if first.bound_source else ""
    loosened = f"; {first.reason}" if first.judged is Judged.LOOSENED else ""
    return f"{first.label}: {observed}, required {first.required}{bound}{loosened}"


def _source(judgements: Sequence[Judgement]) -> list[str]:
    """Say where the worst judgement's fact is from, and when it was seen."""
    if not judgements or not judgements[0].source:
        return []
    first = judgements[0]
    at = f", {first.at:%Y-%m-%d %H:%M:%S %Z}".rstrip() if first.at else ""
    took = f", took {duration(first.duration)}" if first.duration else ""
    return [f"from {first.source}{at}{took}"]


def _line(text: str) -> str:
    """Make one line of a text from outside, whatever it holds."""
    clean = printable(" ".join(text.split()))
    return clean if len(clean) <= MAX_LINE else f"{clean[: MAX_LINE - 1]}…"
