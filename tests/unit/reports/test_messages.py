from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.item import Item, Kind, Scope, SignatureRule
from pytest_readiness.catalogue.judgement import Judged, Judgement
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.reports.messages import (
    MAX_LINE,
    MAX_LINES,
    failure_text,
    one_line,
)
from pytest_readiness.verdict.judging import judge
from pytest_readiness.verdict.settling import (
    NO_TRUST_FILE,
    UNSIGNED,
    Outcome,
    Signature,
    settle,
)
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeItem = Callable[..., Item]
    MakeJudgement = Callable[..., Judgement]


RULE = SignatureRule(("dba",), Scope.RELEASE, dt.timedelta(14), always=True)
BOTH = SignatureRule(("dba", "qa-lead"), Scope.RELEASE, dt.timedelta(14), always=False)


def test_a_failure_says_observed_required_source_time_and_fix(
    make_item: MakeItem, make_judgement: MakeJudgement
) -> None:
    item = make_item()
    line = make_judgement(judged=Judged.VIOLATED, bound_source="default")
    outcome = settle(item, judge([line], reach=False), UNSIGNED)
    assert failure_text(item, outcome, [line]).splitlines() == [
        "database-setup.security: failed, VIOLATED (owner dba)",
        "  server version: observed 11.22, required at least 12 (default)",
        "  from postgresql://db.example:5432/app, 2026-10-10 12:00:00 UTC, took 12 ms",
        "  Fix: set `ssl = on`",
    ]
    assert one_line(item, outcome) == (
        "VIOLATED dba: server version: 11.22, required at least 12"
    )


def test_what_holds_is_no_part_of_the_message(
    make_item: MakeItem, make_judgement: MakeJudgement
) -> None:
    lines = [
        make_judgement(label="fine"),
        make_judgement(
            label="loose", judged=Judged.LOOSENED, reason="the checklist's floor is 13"
        ),
        make_judgement(label="odd", judged=Judged.UNJUDGED, reason="no requirement"),
        make_judgement(label="bad", judged=Judged.VIOLATED, source="", at=None),
    ]
    item = make_item()
    outcome = settle(item, judge(lines, reach=False), UNSIGNED)
    text = failure_text(item, outcome, lines)
    assert "fine" not in text
    assert text.splitlines()[1:4] == [
        "  bad: observed 11.22, required at least 12",
        "  loose: observed 11.22, required at least 12; the checklist's floor is 13",
        "  odd: no requirement",
    ]


def test_a_dead_server_is_said_once(
    make_item: MakeItem, make_judgement: MakeJudgement
) -> None:
    dead = [
        make_judgement(
            label=f"fact {number}",
            judged=Judged.UNAVAILABLE,
            cause=Cause.NO_ANSWER,
            reason="connection refused",
            duration=dt.timedelta(0),
            at=None,
        )
        for number in range(5)
    ]
    item = make_item(reach=True)
    outcome = settle(item, judge(dead, reach=True), UNSIGNED)
    assert failure_text(item, outcome, dead).splitlines() == [
        "database-setup.security: failed, NO_ANSWER (owner dba)",
        "  fact 0 and 4 more not observed: connection refused",
        "  from postgresql://db.example:5432/app",
        "  Fix: set `ssl = on`",
    ]
    one = failure_text(item, outcome, dead[:1])
    assert "fact 0: not observed: connection refused, required at least 12" in one


def test_a_missing_signature_names_code_role_and_command(make_item: MakeItem) -> None:
    item = make_item(kind=Kind.ATTEST, signature=RULE)
    outcome = settle(item, None, UNSIGNED)
    assert one_line(item, outcome) == (
        "MISSING dba: readiness attest database-setup.security"
    )
    assert failure_text(item, outcome, []).splitlines() == [
        "database-setup.security: pending, MISSING (owner dba)",
        "  nobody has signed yet",
        "  Sign (dba): readiness attest database-setup.security",
    ]
    bare = settle(item, None, NO_TRUST_FILE)
    assert one_line(item, bare) == "NO_TRUST_FILE dba: readiness trust init"


def test_an_unconfigured_item_names_the_table_and_the_way_by_signature(
    make_item: MakeItem, make_judgement: MakeJudgement
) -> None:
    line = make_judgement(
        judged=Judged.UNAVAILABLE,
        observed="-",
        cause=Cause.UNCONFIGURED,
        reason="nothing in [target.x]",
        remedy="add [target.x.postgres]",
        source="",
    )
    item = make_item(kind=Kind.PROBE_OR_ATTEST, signature=BOTH)
    outcome = settle(item, judge([line], reach=False), UNSIGNED)
    sign = "readiness attest database-setup.security --evidence FILE"
    assert failure_text(item, outcome, [line]).splitlines() == [
        "database-setup.security: unconfigured, MISSING (owner dba)",
        "  server version: not observed: nothing in [target.x], required at least 12",
        "  Fix: add [target.x.postgres]",
        f"  Sign (dba and qa-lead): {sign}",
    ]
    assert one_line(item, outcome) == f"MISSING dba and qa-lead: {sign}"


def test_a_conflict_says_the_reason_and_the_evidence(
    make_item: MakeItem, make_judgement: MakeJudgement
) -> None:
    lines = [
        make_judgement(judged=Judged.VIOLATED, label=f"fact {number}")
        for number in range(9)
    ]
    item = make_item(kind=Kind.PROBE_AND_ATTEST, signature=RULE)
    outcome = settle(
        item, judge(lines, reach=False), Signature("satisfied", "", "signed by alice")
    )
    text = failure_text(item, outcome, lines).splitlines()
    assert len(text) == MAX_LINES
    assert text[1].startswith("  signed as satisfied, but fact 0: 11.22")
    assert text[2] == "  fact 0: observed 11.22, required at least 12"
    assert text[3] == "  and 8 more, see report.json"


@pytest.mark.parametrize("state", [state for state in State if state.blocks])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 30])
def test_a_message_is_three_to_six_lines(
    make_item: MakeItem, make_judgement: MakeJudgement, state: State, count: int
) -> None:
    lines = [
        make_judgement(judged=judged, label=f"{judged} {number}", reason=f"r{number}")
        for number in range(count)
        for judged in (Judged.VIOLATED, Judged.UNAVAILABLE)
    ]
    item = make_item(kind=Kind.PROBE_OR_ATTEST, signature=RULE)
    for code, reason in (("VIOLATED", "x"), ("CONFLICT", "x"), ("", "")):
        outcome = Outcome.plain(item.id, state, code, reason)
        text = failure_text(item, outcome, lines).splitlines()
        assert (2 if state is State.NOT_RUN else 3) <= len(text) <= MAX_LINES
        assert text[0].startswith(item.id)


def test_a_message_survives_hostile_texts(
    make_item: MakeItem, make_judgement: MakeJudgement
) -> None:
    hostile = "\x1b[2J\u202e\r\nPASSED\n" * 200
    line = make_judgement(
        label=hostile, observed=hostile, judged=Judged.VIOLATED, source=hostile
    )
    item = make_item(fix=hostile, claim=hostile)
    outcome = Outcome.plain(item.id, State.FAILED, "CONFLICT", hostile)
    for text in (failure_text(item, outcome, [line]), one_line(item, outcome)):
        assert len(text.split("\n")) <= MAX_LINES
        assert all(part.isprintable() for part in text.split("\n"))
        assert all(len(part) <= MAX_LINE + 2 for part in text.split("\n"))
    quiet = Outcome.plain(item.id, State.FAILED)
    assert "claim: " in failure_text(item, quiet, [])


def test_a_waived_or_skipped_item_says_why_in_one_line(make_item: MakeItem) -> None:
    item = make_item()
    waived = Outcome(item.id, State.WAIVED, State.FAILED, "", "until 2026-10-31")
    assert one_line(item, waived) == "WAIVED dba: until 2026-10-31"
