from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.item import Item, Stage
from pytest_readiness.errors import ConfigError
from pytest_readiness.verdict.accounting import complete
from pytest_readiness.verdict.decision import (
    Decision,
    Exit,
    Hindrance,
    Verdict,
    decide,
    exit_code,
)
from pytest_readiness.verdict.gate import GATES
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import SEVERITY, State, worst

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Item]

GATE = GATES["go-live"]


@pytest.fixture
def decided(make_item: Make) -> Callable[..., Decision]:
    """Decide over items in the given states."""

    def decided(*states: State | tuple[State, State], **options: Any) -> Decision:
        items, outcomes = [], {}
        for number, state in enumerate(states):
            item = make_item(id=f"s.i{number}")
            after, raw = state if isinstance(state, tuple) else (state, state)
            items.append(item)
            outcomes[item.id] = Outcome(item.id, after, raw)
        return decide(items, outcomes, GATE, **options)

    return decided


def test_an_item_is_in_one_state_whatever_was_recorded(make_item: Make) -> None:
    items = [
        make_item(id="s.seen"),
        make_item(id="s.lost"),
        make_item(id="s.odd"),
        make_item(id="s.mixed"),
        make_item(id="s.hidden"),
        make_item(id="s.later", stage=Stage.DAILY),
        make_item(id="s.other", stage=Stage.WEEKLY),
    ]
    recorded = {
        "s.seen": Outcome.plain("s.seen", State.VERIFIED),
        "s.odd": Outcome.plain("s.odd", State.OUT_OF_GATE),
        "s.mixed": Outcome("s.mixed", State.VERIFIED, State.OUT_OF_GATE),
        "s.hidden": Outcome("s.hidden", State.OUT_OF_GATE, State.FAILED),
        "s.other": Outcome.plain("s.other", State.FAILED, "VIOLATED", "x"),
    }
    found = complete(items, recorded, GATE, {"s.lost": "it was deselected"})
    assert [(o.id, o.state, o.code) for o in found.values()] == [
        ("s.seen", State.VERIFIED, ""),
        ("s.lost", State.NOT_RUN, "NOT_RECORDED"),
        ("s.odd", State.NOT_RUN, "NOT_RECORDED"),
        ("s.mixed", State.NOT_RUN, "NOT_RECORDED"),
        ("s.hidden", State.NOT_RUN, "NOT_RECORDED"),
        ("s.later", State.OUT_OF_GATE, "OUT_OF_GATE"),
        ("s.other", State.OUT_OF_GATE, "OUT_OF_GATE"),
    ]
    assert found["s.lost"].reason == "it was deselected"
    assert found["s.odd"].reason == "this run recorded nothing for it"
    assert found["s.later"].reason == "gate go-live does not ask stage daily"
    assert all(o.raw_state is o.state for o in found.values())


def test_a_record_without_an_item_is_an_error(make_item: Make) -> None:
    with pytest.raises(ConfigError, match=r"has no item s\.new, .*check --write"):
        decide([make_item()], {"s.new": Outcome.plain("s.new", State.VERIFIED)}, GATE)


@pytest.mark.parametrize(
    ("states", "verdict", "code"),
    [
        ([State.VERIFIED, State.ATTESTED, State.NOT_APPLICABLE], Verdict.READY, 0),
        ([State.VERIFIED, State.WAIVED], Verdict.READY_WITH_WAIVERS, 0),
        ([State.WAIVED, State.PENDING], Verdict.NOT_READY, 10),
        ([State.PENDING, State.UNCONFIGURED], Verdict.NOT_READY, 11),
        ([State.PENDING, State.UNKNOWN], Verdict.NOT_READY, 11),
        ([State.UNKNOWN, State.FAILED], Verdict.NOT_READY, 1),
        ([State.FAILED, State.NOT_RUN], Verdict.INCOMPLETE, 12),
        ([], Verdict.INCOMPLETE, 12),
    ],
)
def test_the_verdict_and_its_code_follow_from_the_states(
    decided: Callable[..., Decision], states: list[State], verdict: Verdict, code: int
) -> None:
    decision = decided(*states)
    assert (decision.verdict, decision.exit_code) == (verdict, code)


def test_a_gate_that_asks_nothing_is_not_ready(make_item: Make) -> None:
    item = make_item(stage=Stage.DAILY)
    decision = decide([item], {}, GATE)
    assert (decision.verdict, decision.exit_code) == (Verdict.INCOMPLETE, 12)
    assert decision.counts[State.OUT_OF_GATE] == 1


def test_seen_is_verified_and_signed_is_attested(
    decided: Callable[..., Decision],
) -> None:
    decision = decided(*[State.VERIFIED] * 3, *[State.ATTESTED] * 2, State.WAIVED)
    assert (decision.seen, decision.signed) == (3, 2)
    assert set(decision.counts) == set(decision.raw_counts) == set(State)


def test_raw_and_after_waivers_stand_side_by_side(
    decided: Callable[..., Decision],
) -> None:
    decision = decided(State.VERIFIED, (State.WAIVED, State.FAILED))
    assert (decision.verdict, decision.raw_verdict) == (
        Verdict.READY_WITH_WAIVERS,
        Verdict.NOT_READY,
    )
    assert decision.counts[State.WAIVED] == decision.raw_counts[State.FAILED] == 1
    assert decision.raw_counts[State.WAIVED] == decision.counts[State.FAILED] == 0


@pytest.mark.parametrize("options", [{"selected": True}, {"judged": False}])
def test_a_selection_or_nothing_judged_is_never_ready(
    decided: Callable[..., Decision], options: dict[str, bool]
) -> None:
    decision = decided(State.VERIFIED, **options)
    assert (decision.verdict, decision.exit_code) == (Verdict.INCOMPLETE, 12)
    assert decision.raw_verdict is Verdict.INCOMPLETE
    assert decision.counts[State.VERIFIED] == 1


def test_broken_trust_is_the_worst(decided: Callable[..., Decision]) -> None:
    for states in ([State.VERIFIED], [State.NOT_RUN], []):
        decision = decided(*states, trust_broken=True, selected=True)
        assert (decision.verdict, decision.exit_code) == (Verdict.NOT_READY, 13)


def test_strict_accepts_no_waivers(decided: Callable[..., Decision]) -> None:
    assert decided(State.WAIVED, strict=True).exit_code == 1
    assert decided(State.VERIFIED, strict=True).exit_code == 0
    assert decided(State.WAIVED, State.PENDING, strict=True).exit_code == 10


@pytest.mark.parametrize("code", [2, 3, 4])
@pytest.mark.parametrize("no_gate", [False, True])
def test_pytests_own_codes_win(
    decided: Callable[..., Decision], *, code: int, no_gate: bool
) -> None:
    for options in ({}, {"trust_broken": True}, {"selected": True}):
        decision = decided(State.VERIFIED, no_gate=no_gate, **options)
        assert exit_code(decision, code) == code


@pytest.mark.parametrize(
    ("state", "options", "pytest_code", "code", "ungated"),
    [
        (State.VERIFIED, {}, 0, 0, 0),
        (State.VERIFIED, {}, 1, 1, 0),
        (State.VERIFIED, {}, 5, 12, 0),
        (State.VERIFIED, {}, 6, 6, 6),
        (State.VERIFIED, {}, 77, 77, 77),
        (State.FAILED, {}, 1, 1, 0),
        (State.FAILED, {}, 0, 1, 0),
        (State.FAILED, {}, 6, 1, 0),
        (State.PENDING, {}, 0, 10, 0),
        (State.UNKNOWN, {}, 1, 11, 0),
        (State.NOT_RUN, {}, 5, 12, 0),
        (State.VERIFIED, {"trust_broken": True}, 0, 13, 13),
        (State.WAIVED, {"strict": True}, 0, 1, 0),
    ],
)
def test_the_process_exits_with_the_worse_of_both(
    decided: Callable[..., Decision],
    state: State,
    options: dict[str, bool],
    pytest_code: int,
    code: int,
    ungated: int,
) -> None:
    assert exit_code(decided(state, **options), pytest_code) == code
    assert exit_code(decided(state, no_gate=True, **options), pytest_code) == ungated


def test_the_order_of_states_is_the_designs() -> None:
    assert worst(SEVERITY) is State.NOT_RUN
    assert worst([State.VERIFIED]) is State.VERIFIED
    assert worst([]) is None
    assert set(State) - set(SEVERITY) == {State.NOT_APPLICABLE, State.OUT_OF_GATE}
    for state in State:
        assert not (state.satisfies and state.blocks)
    assert {s for s in State if not s.satisfies and not s.blocks} == {State.OUT_OF_GATE}


def test_our_exit_codes_are_the_designs() -> None:
    assert {code.name: int(code) for code in Exit} == {
        "READY": 0,
        "FAILED": 1,
        "PENDING": 10,
        "UNKNOWN": 11,
        "INCOMPLETE": 12,
        "TRUST_BROKEN": 13,
    }


@pytest.mark.parametrize(
    ("hindrances", "states", "expected"),
    [
        ([Exit.FAILED], [State.VERIFIED], (Verdict.NOT_READY, Exit.FAILED)),
        ([Exit.PENDING], [State.VERIFIED], (Verdict.NOT_READY, Exit.PENDING)),
        ([Exit.PENDING], [State.UNKNOWN], (Verdict.NOT_READY, Exit.UNKNOWN)),
        ([Exit.PENDING, Exit.FAILED], [State.WAIVED], (Verdict.NOT_READY, Exit.FAILED)),
        ([Exit.PENDING], [State.NOT_RUN], (Verdict.INCOMPLETE, Exit.INCOMPLETE)),
    ],
)
def test_what_hinders_a_gate_blocks_it_beside_its_items(
    decided: Callable[..., Decision],
    hindrances: list[Exit],
    states: list[State],
    expected: tuple[Verdict, Exit],
) -> None:
    given = [Hindrance("MAX_WAIVERS", "too many", code) for code in hindrances]
    found = decided(*states, hindrances=given)
    assert (found.verdict, found.exit_code) == expected
    assert found.raw_verdict is not Verdict.READY
    assert found.hindrances == tuple(given)
