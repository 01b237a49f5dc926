"""Waivers cover outcomes, and never more than they say."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.result import ItemSignatures, Refusal, Result, WaiverInfo
from pytest_readiness.verdict.settling import Outcome, Signature
from pytest_readiness.verdict.states import State
from pytest_readiness.verdict.waiving import waive

WAIVER = WaiverInfo(
    item="s.one",
    approvers=(),
    requested_by="dave",
    reason="The new site is late.",
    risk="low",
    compensating_controls=(),
    ticket="",
    until=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
    covers_unknown=False,
    renewals=0,
)
COVERED = {State.FAILED, State.PENDING, State.UNCONFIGURED}


@pytest.mark.parametrize("state", State)
def test_only_what_a_waiver_covers_is_waived_and_stays_to_be_seen(state: State) -> None:
    outcome = Outcome.plain("s.one", state, "VIOLATED", "2 cores")
    found = waive(outcome, WAIVER)
    expected = State.WAIVED if state in COVERED else state
    assert found == replace(outcome, state=expected)
    assert (found.raw_state, found.code, found.reason) == (state, "VIOLATED", "2 cores")


def test_unknown_needs_a_waiver_that_says_so() -> None:
    outcome = Outcome.plain("s.one", State.UNKNOWN, "NOT_SEEN", "no route")
    bold = replace(WAIVER, covers_unknown=True)
    assert waive(outcome, bold).state is State.WAIVED
    assert waive(replace(outcome, state=State.NOT_RUN), bold).state is State.NOT_RUN


def test_without_a_waiver_nothing_changes_and_no_veto_is_waived() -> None:
    failed = Outcome.plain("s.one", State.FAILED, "VIOLATED")
    assert waive(failed, None) is failed
    veto = Outcome.plain("s.one", State.FAILED, "REJECTED")
    assert waive(veto, WAIVER) is veto


def signed(result: Result, *refusals: Refusal, code: Code | None = None) -> Signature:
    return Signature.of(
        ItemSignatures(
            item="s.one",
            result=result,
            code=code,
            reason="why",
            waiver=WAIVER if result is Result.WAIVED else None,
            refusals=refusals,
        )
    )


def test_what_the_ledger_says_is_taken_over() -> None:
    assert signed(Result.SATISFIED) == Signature("satisfied", "", "why")
    assert signed(Result.NOT_APPLICABLE) == Signature("not-applicable", "", "why")
    veto = signed(Result.VETOED, code=Code.REJECTED)
    assert veto == Signature("vetoed", "REJECTED", "why")
    none = signed(Result.NONE, code=Code.EXPIRED)
    assert none == Signature("none", "EXPIRED", "why")


def test_of_a_waived_item_it_counts_why_nobody_has_signed() -> None:
    assert signed(Result.WAIVED) == Signature(
        "none", "MISSING", "nobody has signed yet"
    )
    expired = Refusal(Code.EXPIRED, "signed 100 d ago")
    assert signed(Result.WAIVED, expired) == Signature(
        "none", "EXPIRED", "signed 100 d ago"
    )
