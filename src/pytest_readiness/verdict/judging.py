"""From judgements to the state of an item's body: all are judged, the worst wins.

The first step of the verdict: :mod:`pytest_readiness.catalogue.requirement` gives the
judgements, :mod:`.settling` joins the result with signatures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.catalogue.requirement import Judged, Judgement
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.states import SEVERITY, State

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Body", "judge"]


@dataclass(frozen=True, slots=True)
class Body:
    """What an item's body (or a rollup) came to, before signatures.

    ``beside`` is what the body comes to without the parts that a signature may close
    (unconfigured, or withheld from the role that looks): None where there is nothing
    else.
    """

    state: State
    code: str = ""
    reason: str = ""
    beside: Body | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """What one judgement contributes; ``label`` precedes ``text`` where it is alone."""

    state: State
    code: Code | None
    text: str
    label: str = ""

    @property
    def said(self) -> str:
        return f"{self.label}: {self.text}" if self.label else self.text


_MET = _Part(State.VERIFIED, None, "")

# Among parts of one state the code that comes first in the table says most. LOOSENED
# and WITHHELD are the last of theirs: a waiver or a managed service covers them only
# where nothing else is wrong.
_TELLING = tuple(Code)
_UNSEEN = frozenset(
    {
        Code.NO_ANSWER,
        Code.NOT_SEEN,
        Code.WITHHELD,
        Code.UNCONFIGURED,
        Code.NEEDS_DRILL,
        Code.TOO_EARLY,
    }
)

_BY_CAUSE = {
    Cause.UNCONFIGURED: (State.UNCONFIGURED, Code.UNCONFIGURED),
    Cause.NEEDS_DRILL: (State.UNCONFIGURED, Code.NEEDS_DRILL),
    Cause.TOO_EARLY: (State.PENDING, Code.TOO_EARLY),
    Cause.WITHHELD: (State.UNKNOWN, Code.WITHHELD),
}


def judge(
    judgements: Sequence[Judgement],
    *,
    reach: bool,
    assertion: str = "",
    error: str = "",
) -> Body:
    """Make a state of everything that an item's body judged.

    Args:
        judgements: every check of the body, those left without a requirement included.
        reach: the item's claim is that the thing answers, so no answer is failed.
        assertion: the message of a plain ``assert`` that failed beside the checks.
        error: what broke the body, where something did.

    An item without any judgement is unknown, whatever its assertions said.
    """
    parts = [_part(judgement, reach=reach) for judgement in judgements]
    if not parts and not error:  # an error says why nothing was judged
        nothing = "the item's body judged nothing"
        parts.append(_Part(State.UNKNOWN, Code.NOTHING_JUDGED, nothing))
    if assertion:
        parts.append(_Part(State.FAILED, Code.ASSERTION, assertion))
    if error:
        parts.append(_Part(State.UNKNOWN, Code.ERROR, error))
    return _worst(parts)


def _part(judgement: Judgement, *, reach: bool) -> _Part:
    label = judgement.label
    match judgement.judged:
        case Judged.MET:
            return _MET
        case Judged.VIOLATED:
            text = f"{judgement.observed}, required {judgement.required}"
            return _Part(State.FAILED, Code.VIOLATED, text, label)
        case Judged.LOOSENED:
            met = f"{judgement.observed}, {judgement.required} is met"
            text = f"{met} but {judgement.reason}"
            return _Part(State.FAILED, Code.LOOSENED, text, label)
        case Judged.UNJUDGED:
            return _Part(State.UNKNOWN, Code.UNJUDGED, judgement.reason, label)
        case _:
            return _unseen(judgement, reach=reach)


def _unseen(judgement: Judgement, *, reach: bool) -> _Part:
    cause = judgement.cause or Cause.LOCAL
    state, code = _BY_CAUSE.get(cause, (State.UNKNOWN, Code.NOT_SEEN))
    if reach and cause is Cause.NO_ANSWER:
        state, code = State.FAILED, Code.NO_ANSWER
    return _Part(state, code, judgement.reason, judgement.label)


def _worst(parts: Sequence[_Part]) -> Body:
    state = max((part.state for part in parts), key=SEVERITY.index)
    if state is State.VERIFIED:
        return Body(state)
    code = min(
        (p.code for p in parts if p.state is state and p.code), key=_TELLING.index
    )
    closable = state is State.UNCONFIGURED or code is Code.WITHHELD
    rest = [part for part in parts if part.state is not state] if closable else []
    beside = _worst(rest) if rest else None
    return Body(
        state, code, _reason([p for p in parts if p.state is state], code), beside
    )


def _reason(parts: Sequence[_Part], code: Code) -> str:
    """Say the first part with the code, and how many others there are beside it."""
    groups: dict[str, list[_Part]] = {}
    for part in parts:
        # A dead server gives one reason for every fact: it is one thing, not twenty.
        unseen = part.code in _UNSEEN
        groups.setdefault(part.text if unseen else part.said, []).append(part)
    first = next(part for part in parts if part.code is code)
    group = groups.get(first.said) or groups[first.text]
    text = first.said if len(group) == 1 else first.text
    more = len(groups) - 1
    return f"{text} (and {more} more)" if more else text
