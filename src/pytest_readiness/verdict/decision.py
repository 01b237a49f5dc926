"""The verdict and its exit code: pure, from the states of all items.

Last step of the verdict. Nothing here reads a clock, a file or a pytest outcome.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from pytest_readiness.verdict.accounting import complete
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_readiness.verdict.accounting import Accounted
    from pytest_readiness.verdict.gate import Gate
    from pytest_readiness.verdict.settling import Outcome

__all__ = ["Decision", "Exit", "Hindrance", "Verdict", "decide", "exit_code"]


class Verdict(StrEnum):
    """The answer to the question of the gate, from best to worst."""

    READY = "READY"
    READY_WITH_WAIVERS = "READY WITH WAIVERS"
    NOT_READY = "NOT READY"
    INCOMPLETE = "INCOMPLETE"


class Exit(IntEnum):
    """Our exit codes; pytest's 2, 3 and 4 keep their meaning."""

    READY = 0
    FAILED = 1
    PENDING = 10
    UNKNOWN = 11
    INCOMPLETE = 12
    TRUST_BROKEN = 13


_WORST_FIRST = (
    Exit.TRUST_BROKEN,
    Exit.INCOMPLETE,
    Exit.FAILED,
    Exit.UNKNOWN,
    Exit.PENDING,
)
_BY_STATE = {
    State.NOT_RUN: Exit.INCOMPLETE,
    State.FAILED: Exit.FAILED,
    State.UNKNOWN: Exit.UNKNOWN,
    State.UNCONFIGURED: Exit.UNKNOWN,
    State.PENDING: Exit.PENDING,
}
_FORGIVEN = frozenset({Exit.FAILED, Exit.PENDING, Exit.UNKNOWN, Exit.INCOMPLETE})

# pytest.ExitCode, as numbers: this module is also used where pytest is not.
_OK, _ABORTED, _NO_TESTS = 0, frozenset({2, 3, 4}), 5


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What blocks a gate beside its items: too many waivers, too few approvers."""

    code: str
    reason: str
    exit: Exit = Exit.FAILED


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on all items of the lock, in its order.

    ``exit_code`` is ours alone: :func:`exit_code` joins it with pytest's and
    ``--readiness-no-gate``. Counts have every state, also those with nothing in them,
    and include the items out of gate; ``seen`` are verified, ``signed`` attested.
    """

    verdict: Verdict
    raw_verdict: Verdict
    exit_code: Exit
    gate: Gate
    outcomes: tuple[Outcome, ...]
    counts: Mapping[State, int]
    raw_counts: Mapping[State, int]
    hindrances: tuple[Hindrance, ...] = ()
    no_gate: bool = False

    @property
    def seen(self) -> int:
        """How many items a probe verified."""
        return self.counts[State.VERIFIED]

    @property
    def signed(self) -> int:
        """How many items people attested."""
        return self.counts[State.ATTESTED]


def decide(  # noqa: PLR0913  # the circumstances of a run, each by name
    items: Iterable[Accounted],
    outcomes: Mapping[str, Outcome],
    gate: Gate,
    *,
    selected: bool = False,
    judged: bool = True,
    trust_broken: bool = False,
    hindrances: Iterable[Hindrance] = (),
    strict: bool = False,
    no_gate: bool = False,
    left_out: Mapping[str, str] | None = None,
) -> Decision:
    """Decide from the recorded outcomes and the items of the lock.

    Args:
        items: the items of the lock, which are what must be accounted for.
        outcomes: what was recorded, by item id.
        gate: what is asked.
        selected: only a selection was run (``-k``, ``-m``, node ids, ``--lf``).
        judged: False where pytest only collected or set up.
        trust_broken: the trust file or the ledger is not what it must be.
        hindrances: what blocks the gate beside its items.
        strict: waivers do not make ready.
        no_gate: report only; see :func:`exit_code`.
        left_out: why items were not run, by id, where that is known.
    """
    accounted = tuple(complete(items, outcomes, gate, left_out).values())
    states = [outcome.state for outcome in accounted]
    raw = [outcome.raw_state for outcome in accounted]
    hindrances = tuple(hindrances)
    beside = {hindrance.exit for hindrance in hindrances}
    if not judged or selected:
        beside.add(Exit.INCOMPLETE)
    if trust_broken:
        beside.add(Exit.TRUST_BROKEN)

    def answer(of: list[State]) -> tuple[Verdict, Exit]:
        return _answer(of, beside, strict=strict)

    verdict, code = answer(states)
    return Decision(
        verdict=verdict,
        raw_verdict=answer(raw)[0],
        exit_code=code,
        gate=gate,
        outcomes=accounted,
        counts=_counts(states),
        raw_counts=_counts(raw),
        hindrances=hindrances,
        no_gate=no_gate,
    )


def _answer(
    states: list[State], beside: set[Exit], *, strict: bool
) -> tuple[Verdict, Exit]:
    asked = [state for state in states if state is not State.OUT_OF_GATE]
    problems = beside | {_BY_STATE[state] for state in asked if state.blocks}
    if not asked:
        problems.add(Exit.INCOMPLETE)
    if problems:
        code = next(problem for problem in _WORST_FIRST if problem in problems)
        incomplete = code is Exit.INCOMPLETE
        return (Verdict.INCOMPLETE if incomplete else Verdict.NOT_READY), code
    if State.WAIVED in asked:
        return Verdict.READY_WITH_WAIVERS, Exit.FAILED if strict else Exit.READY
    return Verdict.READY, Exit.READY


def _counts(states: list[State]) -> dict[State, int]:
    found = Counter(states)
    return {state: found[state] for state in State}


def exit_code(decision: Decision, pytest_code: int) -> int:
    """Give the exit code of the process.

    Pytest's 2, 3 and 4 (interrupted, internal error, usage error) win over ours, its 5
    (nothing collected) becomes 12. Where we are ready and pytest is not content for a
    reason of its own (an ordinary test of the same run failed, too many warnings), its
    code stands: 0 is for a READY that nothing contradicts.
    """
    if pytest_code in _ABORTED:
        return pytest_code
    code = int(decision.exit_code)
    if code == Exit.READY and pytest_code != _OK:
        code = Exit.INCOMPLETE if pytest_code == _NO_TESTS else pytest_code
    return Exit.READY if decision.no_gate and code in _FORGIVEN else code
