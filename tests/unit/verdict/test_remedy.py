from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.codes import Code as SignedCode, Consequence
from pytest_readiness.catalogue.item import Item, Kind, Scope, SignatureRule
from pytest_readiness.catalogue.judgement import Judged, Judgement
from pytest_readiness.verdict.remedy import Remedy, remedy, worst_first
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable


RULE = SignatureRule(("dba", "qa-lead"), Scope.RELEASE, dt.timedelta(14), always=True)
SIGN = "readiness attest database-setup.security"


@pytest.fixture
def todo(make_item: Callable[..., Item]) -> Callable[..., Remedy]:
    def todo(
        state: State,
        code: str = "",
        *judgements: Judgement,
        **changes: Any,
    ) -> Remedy:
        item = make_item(**changes)
        return remedy(item, Outcome.plain(item.id, state, code), judgements)

    return todo


def test_what_is_satisfied_or_was_not_run_needs_no_repair(
    todo: Callable[..., Remedy],
) -> None:
    for state in State:
        if not state.blocks or state is State.NOT_RUN:
            assert todo(state) == Remedy()


def test_the_looks_own_remedy_comes_before_the_items(
    todo: Callable[..., Remedy], make_judgement: Callable[..., Judgement]
) -> None:
    plain = make_judgement(judged=Judged.VIOLATED)
    grant = make_judgement(judged=Judged.UNAVAILABLE, remedy="GRANT pg_monitor")
    met = make_judgement(remedy="nothing to do")
    assert todo(State.FAILED, "", met, plain) == Remedy("set `ssl = on`", "", ("dba",))
    assert todo(State.UNKNOWN, "", met, plain, grant).text == "GRANT pg_monitor"


def test_the_worst_judgement_comes_first(
    make_judgement: Callable[..., Judgement],
) -> None:
    made = [make_judgement(judged=judged) for judged in Judged]
    assert [j.judged for j in worst_first(made)] == [
        Judged.VIOLATED,
        Judged.LOOSENED,
        Judged.UNJUDGED,
        Judged.UNAVAILABLE,
    ]


@pytest.mark.parametrize(
    ("state", "code", "kind", "command"),
    [
        (State.PENDING, "MISSING", Kind.ATTEST, SIGN),
        (State.PENDING, "EXPIRED", Kind.PROBE_AND_ATTEST, f"{SIGN} --renew"),
        (
            State.UNCONFIGURED,
            "MISSING",
            Kind.PROBE_OR_ATTEST,
            f"{SIGN} --evidence FILE",
        ),
        (State.UNCONFIGURED, "UNCONFIGURED", Kind.ATTEST, SIGN),
        (State.PENDING, "NO_TRUST_FILE", Kind.ATTEST, "readiness trust init"),
        (State.PENDING, "TOO_EARLY", Kind.PROBE_AND_ATTEST, ""),
        (State.PENDING, "MEMBERS", Kind.ROLLUP_AND_ATTEST, ""),
        (State.FAILED, "CONFLICT", Kind.PROBE_AND_ATTEST, ""),
        (State.UNKNOWN, "NOT_SEEN", Kind.PROBE_OR_ATTEST, ""),
    ],
)
def test_a_command_is_named_where_a_signature_helps(
    todo: Callable[..., Remedy], state: State, code: str, kind: Kind, command: str
) -> None:
    found = todo(state, code, kind=kind, signature=RULE)
    assert found.command == command
    assert found.roles == (("dba", "qa-lead") if command else ("dba",))


@pytest.mark.parametrize(
    "code", [code for code in SignedCode if code.consequence is Consequence.TRUST]
)
@pytest.mark.parametrize("kind", [Kind.ATTEST, Kind.PROBE_OR_ATTEST])
def test_where_nothing_can_be_believed_no_signature_helps(
    todo: Callable[..., Remedy], code: SignedCode, kind: Kind
) -> None:
    found = todo(State.PENDING, str(code), kind=kind, signature=RULE)

    assert found == Remedy(code.remedy, "", ("dba",))


def test_nobody_signs_what_has_no_rule(todo: Callable[..., Remedy]) -> None:
    assert todo(State.UNCONFIGURED, "UNCONFIGURED").command == ""
