"""What must hold of every verdict, whatever the items came to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, strategies as st

from pytest_readiness.catalogue.item import (
    Item,
    Kind,
    Rollup,
    Scope,
    SignatureRule,
    Stage,
)
from pytest_readiness.catalogue.judgement import Judged, Judgement
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.verdict.accounting import complete
from pytest_readiness.verdict.decision import Decision, Verdict, decide, exit_code
from pytest_readiness.verdict.gate import GATES, Gate
from pytest_readiness.verdict.judging import Body, judge
from pytest_readiness.verdict.rollup import roll_up
from pytest_readiness.verdict.settling import Outcome, Signature, settle
from pytest_readiness.verdict.states import SEVERITY, State

if TYPE_CHECKING:
    from random import Random

PRECEDENCE = (13, 12, 1, 11, 10)
RANK = list(Verdict)


@dataclass(frozen=True)
class Locked:
    id: str
    stage: Stage


states = st.sampled_from(State)
ids = st.integers(0, 30).map(lambda number: f"s.i{number}")
gates = st.sampled_from(sorted(GATES)).map(GATES.__getitem__)
locks = st.lists(
    st.builds(Locked, ids, st.sampled_from(Stage)),
    max_size=12,
    unique_by=lambda i: i.id,
)
pytest_codes = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 77])
switches = st.fixed_dictionaries(
    {
        "selected": st.booleans(),
        "judged": st.booleans(),
        "trust_broken": st.booleans(),
        "strict": st.booleans(),
    }
)
judgements = st.builds(
    Judgement,
    label=st.sampled_from(["a", "b"]),
    observed=st.just("1"),
    required=st.just("2"),
    judged=st.sampled_from(Judged),
    reason=st.sampled_from(["x", "y"]),
    cause=st.none() | st.sampled_from(Cause),
)
signatures = st.builds(
    Signature,
    st.sampled_from(["none", "satisfied", "vetoed", "not-applicable"]),
    st.sampled_from(["", "MISSING", "EXPIRED"]),
    st.just("why"),
    st.booleans(),
)


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[Locked], dict[str, Outcome], Gate]:
    """Draw a lock, what was recorded for some of its items, and a gate."""
    lock = draw(locks)
    recorded = draw(st.sets(st.sampled_from(lock))) if lock else set()
    outcomes = {
        item.id: Outcome(item.id, draw(states), draw(states)) for item in recorded
    }
    return lock, outcomes, draw(gates)


def an_item(kind: Kind, *, core: bool = False) -> Item:
    rule = SignatureRule(("dba",), Scope.RELEASE, dt.timedelta(14), always=True)
    return Item(
        id="s.i",
        section="s",
        section_title="S",
        stage=Stage.PRE_PRODUCTION,
        kind=kind,
        owner="dba",
        claim="c",
        why="w",
        fix="f",
        core=core,
        signature=rule if "attest" in kind else None,
    )


def problems(decision: Decision, *, whole: bool, trust_broken: bool) -> set[int]:
    """Work out from the states alone which exit codes have a cause."""
    of_state = {
        State.FAILED: 1,
        State.PENDING: 10,
        State.UNKNOWN: 11,
        State.UNCONFIGURED: 11,
        State.NOT_RUN: 12,
    }
    found = {of_state[o.state] for o in decision.outcomes if o.state in of_state}
    asked = [o for o in decision.outcomes if o.state is not State.OUT_OF_GATE]
    if not asked or not whole:
        found.add(12)
    return found | ({13} if trust_broken else set())


@given(runs(), switches)
def test_every_item_of_the_lock_is_in_exactly_one_state(
    run: tuple[list[Locked], dict[str, Outcome], Gate], options: dict[str, Any]
) -> None:
    lock, outcomes, gate = run
    decision = decide(lock, outcomes, gate, **options)
    assert [o.id for o in decision.outcomes] == [item.id for item in lock]
    for item, outcome in zip(lock, decision.outcomes, strict=True):
        assert (outcome.state is State.OUT_OF_GATE) is (not gate.asks(item.stage))
        if gate.asks(item.stage) and item.id not in outcomes:
            assert outcome.state is State.NOT_RUN


@given(runs(), switches)
def test_counts_add_up(
    run: tuple[list[Locked], dict[str, Outcome], Gate], options: dict[str, Any]
) -> None:
    lock, outcomes, gate = run
    decision = decide(lock, outcomes, gate, **options)
    assert sum(decision.counts.values()) == len(lock)
    assert sum(decision.raw_counts.values()) == len(lock)
    for state in State:
        assert decision.counts[state] == sum(
            o.state is state for o in decision.outcomes
        )
    assert decision.seen + decision.signed <= len(lock)


@given(runs(), switches)
def test_the_exit_code_is_the_first_that_has_a_cause(
    run: tuple[list[Locked], dict[str, Outcome], Gate], options: dict[str, Any]
) -> None:
    decision = decide(*run, **options)
    found = problems(
        decision,
        whole=options["judged"] and not options["selected"],
        trust_broken=options["trust_broken"],
    )
    if found:
        expected = next(code for code in PRECEDENCE if code in found)
        assert decision.exit_code == expected
        incomplete = expected == 12
        assert decision.verdict is (
            Verdict.INCOMPLETE if incomplete else Verdict.NOT_READY
        )
    else:
        waived = decision.counts[State.WAIVED] > 0
        assert decision.exit_code == (1 if waived and options["strict"] else 0)
        assert decision.verdict is (
            Verdict.READY_WITH_WAIVERS if waived else Verdict.READY
        )


@given(runs(), switches, pytest_codes)
def test_zero_is_for_a_ready_that_nothing_contradicts(
    run: tuple[list[Locked], dict[str, Outcome], Gate],
    options: dict[str, Any],
    pytest_code: int,
) -> None:
    decision = decide(*run, **options)
    code = exit_code(decision, pytest_code)
    ready = {Verdict.READY, Verdict.READY_WITH_WAIVERS}
    assert (code == 0) is (pytest_code == 0 and decision.exit_code == 0)
    assert code != 0 or decision.verdict in ready
    if pytest_code in {2, 3, 4}:
        assert code == pytest_code


@given(runs(), switches, pytest_codes)
def test_no_gate_forgives_1_10_11_12_and_nothing_else(
    run: tuple[list[Locked], dict[str, Outcome], Gate],
    options: dict[str, Any],
    pytest_code: int,
) -> None:
    gated = decide(*run, **options)
    ungated = decide(*run, no_gate=True, **options)
    assert replace(ungated, no_gate=False) == gated
    code = exit_code(gated, pytest_code)
    assert exit_code(ungated, pytest_code) == (0 if code in {1, 10, 11, 12} else code)


@given(runs(), switches, st.data())
def test_the_verdict_never_improves_when_an_item_gets_worse(
    run: tuple[list[Locked], dict[str, Outcome], Gate],
    options: dict[str, Any],
    data: st.DataObject,
) -> None:
    lock, outcomes, gate = run
    if not lock:
        return
    before = decide(lock, outcomes, gate, **options)
    item = data.draw(st.sampled_from(lock))
    now = next(o for o in before.outcomes if o.id == item.id).state
    place = SEVERITY.index(now) if now in SEVERITY else 0
    worse = data.draw(st.sampled_from(SEVERITY[place:]))
    changed = outcomes | {item.id: Outcome.plain(item.id, worse)}
    after = decide(lock, changed, gate, **options)
    assert RANK.index(after.verdict) >= RANK.index(before.verdict)
    rank = PRECEDENCE.index
    if before.exit_code:
        assert after.exit_code != 0
        if before.verdict is not Verdict.READY_WITH_WAIVERS:
            assert rank(after.exit_code) <= rank(before.exit_code)


@given(few=st.lists(judgements, max_size=6), another=judgements, reach=st.booleans())
def test_another_judgement_never_improves_a_body(
    few: list[Judgement], another: Judgement, *, reach: bool
) -> None:
    before, after = judge(few, reach=reach), judge([*few, another], reach=reach)
    if few:
        assert SEVERITY.index(after.state) >= SEVERITY.index(before.state)
    else:
        assert before.state is State.UNKNOWN
    assert bool(after.code) is (after.state is not State.VERIFIED)


@given(
    some=st.lists(judgements, min_size=1, max_size=6),
    reach=st.booleans(),
    random=st.randoms(),
)
def test_the_order_of_judgements_changes_no_state(
    some: list[Judgement], *, reach: bool, random: Random
) -> None:
    first = judge(some, reach=reach)
    shuffled = some[:]
    random.shuffle(shuffled)
    second = judge(shuffled, reach=reach)
    assert (second.state, second.code) == (first.state, first.code)
    assert (second.beside is None) is (first.beside is None)


@st.composite
def bodies(draw: st.DrawFn) -> Body | None:
    """Draw what an item's body, or a rollup, came to."""
    some = draw(st.none() | st.lists(judgements, max_size=4))
    return None if some is None else judge(some, reach=draw(st.booleans()))


@given(
    kind=st.sampled_from(Kind),
    body=bodies(),
    signed=signatures,
    core=st.booleans(),
    managed=st.booleans(),
)
def test_nobody_signs_away_what_a_probe_refutes(
    kind: Kind, body: Body | None, signed: Signature, *, core: bool, managed: bool
) -> None:
    outcome = settle(an_item(kind, core=core), body, signed, managed=managed)
    state = outcome.state
    if body is not None and body.state is State.FAILED:
        assert state is State.FAILED
    if signed.status == "vetoed":
        assert state in {State.FAILED, State.NOT_RUN}
    if signed.status != "satisfied":
        assert state is not State.ATTESTED
        if kind.needs_signature:
            assert not state.satisfies or state is State.NOT_APPLICABLE
    if state is State.NOT_APPLICABLE:
        assert signed.status == "not-applicable"
        assert not core
    if kind in {Kind.PROBE, Kind.ROLLUP}:
        assert state is not State.ATTESTED
    if state is State.VERIFIED:
        assert body is not None
        assert body.state is State.VERIFIED
    assert state is not State.WAIVED


@given(some=st.lists(states, max_size=12), raw=st.booleans())
def test_a_rollup_is_as_bad_as_its_worst_member(
    some: list[State], *, raw: bool
) -> None:
    outcomes = {
        f"s.i{n}": Outcome.plain(f"s.i{n}", state) for n, state in enumerate(some)
    }
    item = replace(an_item(Kind.ROLLUP), id="s.all", rollup=Rollup(("*",)))
    body = roll_up(item, outcomes, raw=raw)
    asked = [state for state in some if state is not State.OUT_OF_GATE]
    if not asked:
        assert body.state is State.UNKNOWN
        return
    assert body.state.satisfies is all(state.satisfies for state in asked)
    if body.state.blocks:
        assert body.state in asked
        assert all(
            SEVERITY.index(state) <= SEVERITY.index(body.state)
            for state in asked
            if state in SEVERITY
        )


@given(runs())
def test_accounting_twice_changes_nothing(
    run: tuple[list[Locked], dict[str, Outcome], Gate],
) -> None:
    lock, outcomes, gate = run
    once = complete(lock, outcomes, gate)
    asked = {id_: o for id_, o in once.items() if o.state is not State.OUT_OF_GATE}
    assert complete(lock, asked, gate) == once
