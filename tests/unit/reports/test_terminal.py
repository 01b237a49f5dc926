from __future__ import annotations

import datetime as dt
import random
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.item import (
    ROLES,
    Item,
    Kind,
    Rollup,
    Scope,
    SignatureRule,
    Stage,
)
from pytest_readiness.catalogue.judgement import Judged, Judgement
from pytest_readiness.reports.terminal import summary, verdict_line
from pytest_readiness.reports.text import columns
from pytest_readiness.store.building import Subject
from pytest_readiness.store.document import ReleaseJudged, Selection
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.store.document import Report


RULE = SignatureRule(("dba",), Scope.RELEASE, dt.timedelta(14), always=True)
SCREEN = 50
IN_GATE = [state for state in State if state is not State.OUT_OF_GATE]


@pytest.fixture(scope="module")
def some(
    make_item: Callable[..., Item],
    make_judgement: Callable[..., Judgement],
    make_report: Callable[..., Report],
) -> Callable[..., Report]:
    """Make a report of so many items in so many sections, in all states."""

    @cache
    def some(
        count: int, sections: int, text: str = "11, required at least 12"
    ) -> Report:
        pick = random.Random(count)  # noqa: S311  # the same each time
        items, outcomes, lines = [], {}, {}
        for number in range(count):
            section = f"section-{number % sections}"
            state = pick.choice(IN_GATE)
            item = make_item(
                id=f"{section}.item-{number}",
                owner=pick.choice(ROLES),
                fix=text,
                stage=Stage.DAILY if number % sections == 1 else Stage.PRE_PRODUCTION,
                kind=Kind.PROBE_OR_ATTEST,
                signature=RULE,
            )
            code = "MEMBERS" if number % 17 == 0 else state.upper()
            items.append(item)
            outcomes[item.id] = Outcome.plain(item.id, state, code, text)
            lines[item.id] = [make_judgement(judged=Judged.VIOLATED, observed=text)]
        return make_report(items, outcomes, lines)

    return some


def test_four_items_make_this_screen(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    items = [
        make_item(id="environment-setup.python-environment", owner="ops-lead"),
        make_item(
            id="environment-setup.database", fix="move to PostgreSQL 12 or later"
        ),
        make_item(id="environment-setup.cache", owner="ops-lead", signature=RULE),
        make_item(id="daily-operations.backup", stage=Stage.DAILY),
        make_item(
            id="final-verification.all-checklist-items",
            kind=Kind.ROLLUP,
            rollup=Rollup(("*",)),
        ),
    ]
    states = [
        (State.VERIFIED, "", ""),
        (State.FAILED, "VIOLATED", "server version: 11.22, required at least 12"),
        (State.PENDING, "MISSING", "nobody has signed yet"),
        (State.OUT_OF_GATE, "", ""),
        (State.FAILED, "MEMBERS", "1 failed, 1 pending, of 3"),
    ]
    outcomes = {
        item.id: Outcome.plain(item.id, *state)
        for item, state in zip(items, states, strict=True)
    }
    assert summary(make_report(items, outcomes)) == (
        "Options Trading Engine in production, release 2.4.0 (1a2b3c4d5e6f), "
        "gate go-live\n"
        "section                                  failed pending verified\n"
        "environment-setup                             1       1        1\n"
        "final-verification                            1       .        .\n"
        "total                                         2       1        1\n"
        "not asked by this gate: 1 section, 1 items\n"
        "\n"
        "dba: 1 failed\n"
        "  failed environment-setup.database VIOLATED\n"
        "    server version: 11.22, required at least 12\n"
        "    Fix: move to PostgreSQL 12 or later\n"
        "ops-lead: 1 pending\n"
        "  pending environment-setup.cache MISSING\n"
        "    $ readiness attest environment-setup.cache\n"
        "following from these: final-verification.all-checklist-items\n"
        "\n"
        "no trust file; evidence of every item: report.json\n"
        "NOT READY (1 seen, 0 signed), exit 1: something failed"
    )


@pytest.mark.parametrize(
    ("count", "sections"), [(1, 1), (5, 2), (196, 20), (2000, 160)]
)
@pytest.mark.parametrize("width", [40, 57, 80, 120, 200])
@pytest.mark.parametrize(
    "text",
    ["11, required at least 12", "日本語のメッセージ" * 30, "x" * 3000],
    ids=["plain", "wide", "long"],
)
def test_it_is_one_screen_and_no_line_is_too_wide(
    some: Callable[..., Report], count: int, sections: int, width: int, text: str
) -> None:
    shown = summary(some(count, sections, text), width)
    lines = shown.splitlines()
    assert max(map(columns, lines)) <= width
    assert len(lines) <= SCREEN or width < 80
    assert "exit" in "".join(lines[-3:])


def test_the_counts_stand_in_columns_however_many_digits(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    items, outcomes = [], {}
    for section, count in (("one", 1), ("many", 1234), ("a" * 70, 2)):
        for number in range(count):
            item = make_item(id=f"{section}.i{number}")
            items.append(item)
            outcomes[item.id] = Outcome.plain(item.id, State.VERIFIED)
    report = make_report(items, outcomes)
    for width, title in ((40, "seen"), (80, "verified"), (200, "verified")):
        lines = summary(report, width).splitlines()
        head = next(n for n, line in enumerate(lines) if line.startswith("section "))
        table = lines[head : head + 5]
        assert len({len(line) for line in table}) == 1, table
        last = [line.split()[-1] for line in table]
        assert last == [title, "1", "1234", "2", "1237"]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_columns_become_short_and_then_few(
    some: Callable[..., Report], width: int
) -> None:
    lines = summary(some(196, 20), width).splitlines()
    head = next(line for line in lines if line.startswith("section "))
    titles = {40: "open", 60: "norun", 80: "norun", 200: "not-applicable"}
    assert titles[width] in head
    total = next(line for line in lines if line.startswith("total "))
    assert sum(map(int, re.findall(r"\d+", total))) == 196 - 10
    assert len(total) == len(head)


def test_many_sections_leave_out_the_best(some: Callable[..., Report]) -> None:
    lines = summary(some(2000, 160)).splitlines()
    assert sum(re.match(r"section-\d+ ", line) is not None for line in lines) == 12
    assert any(re.match(r"and \d+ more sections, \d+ of their", line) for line in lines)


def test_sections_left_out_may_be_satisfied(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    items = [make_item(id=f"s{number}.i") for number in range(30)]
    outcomes = {item.id: Outcome.plain(item.id, State.VERIFIED) for item in items}
    outcomes["s7.i"] = Outcome.plain("s7.i", State.FAILED, "MEMBERS", "x")
    outcomes["s8.i"] = Outcome.plain("s8.i", State.PENDING, "MISSING", "x")
    lines = summary(make_report(items, outcomes)).splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["s7", "s8"]
    assert "and 28 more sections, all satisfied" in lines


def test_the_worst_of_all_owners_is_shown_before_the_rest(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    items, outcomes = [], {}
    for owner in ROLES:
        for number in range(6):
            item = make_item(id=f"s.{owner}-{number}", owner=owner, fix=f"do {number}")
            state = State.FAILED if number > 3 else State.UNKNOWN
            items.append(item)
            outcomes[item.id] = Outcome.plain(item.id, state, "X", f"reason {number}")
    lines = summary(make_report(items, outcomes)).splitlines()
    assert len(lines) <= SCREEN
    assert sum(line.startswith("  failed") for line in lines) >= 7
    assert not any(line.startswith("  unknown") for line in lines)
    assert "  ... and 5 more: see report.json" in lines


def test_a_selection_says_what_was_not_run(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    items = [make_item(id=f"s.i{number}") for number in range(9)]
    left = {item.id: "it was deselected" for item in items[2:]}
    outcomes = {items[0].id: Outcome.plain(items[0].id, State.VERIFIED)}
    outcomes |= {
        id_: Outcome.plain(id_, State.NOT_RUN, "NOT_RECORDED", why)
        for id_, why in left.items()
    }
    selection = Selection(selected=True, why=("-k i0",))
    report = make_report(items, outcomes, selected=True, selection=selection)
    lines = summary(report).splitlines()
    assert "7 not run: it was deselected: s.i2, s.i3, s.i4 and 4 more" in lines
    assert "not run: this run recorded nothing for it: s.i1" in lines
    assert "only a selection was run: -k i0" in lines
    assert lines[-1] == (
        "INCOMPLETE (1 seen, 0 signed), exit 12: not everything was run"
    )
    unnamed = make_report(
        items, outcomes, selected=True, selection=Selection(selected=True)
    )
    assert "only a selection was run: a selection" in summary(unnamed)


def test_waivers_stand_beside_what_they_cover(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    items = [make_item(id="s.a"), make_item(id="s.b")]
    outcomes = {
        "s.a": Outcome.plain("s.a", State.VERIFIED),
        "s.b": Outcome("s.b", State.WAIVED, State.FAILED, "LOOSENED", "4 cores"),
    }
    lines = summary(make_report(items, outcomes)).splitlines()
    assert "waived: s.b" in lines
    assert "before waivers: NOT READY (1 failed)" in lines
    assert lines[-1] == "READY WITH WAIVERS (1 seen, 0 signed), exit 0"
    strict = make_report(items, outcomes, strict=True)
    assert verdict_line(strict).endswith(
        "exit 1: --readiness-strict, or another test failed"
    )


@pytest.mark.parametrize(
    ("state", "options", "end"),
    [
        (State.VERIFIED, {}, "READY (1 seen, 0 signed), exit 0"),
        (State.ATTESTED, {}, "READY (0 seen, 1 signed), exit 0"),
        (
            State.VERIFIED,
            {"exit_code": 1},
            "exit 1: ready, but another test of this run failed",
        ),
        (State.FAILED, {"no_gate": True}, "exit 0: --readiness-no-gate only reports"),
        (State.PENDING, {}, "exit 10: only people or time are missing"),
        (State.UNKNOWN, {}, "exit 11: something could not be looked at"),
        (
            State.VERIFIED,
            {"trust_broken": True},
            "exit 13: pins or signatures do not hold",
        ),
        (State.VERIFIED, {"exit_code": 2}, "exit 2: pytest was interrupted"),
        (State.VERIFIED, {"exit_code": 77}, "exit 77: pytest's own code"),
    ],
)
def test_the_last_line_is_the_verdict_and_what_its_code_means(
    make_item: Callable[..., Item],
    make_report: Callable[..., Report],
    state: State,
    options: dict[str, bool | int],
    end: str,
) -> None:
    item = make_item(id="s.a")
    report = make_report([item], {"s.a": Outcome.plain("s.a", state)}, **options)
    assert summary(report).splitlines()[-1].endswith(end)


def test_a_release_without_a_source_is_called_unbound(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    item = make_item(id="s.a")
    subject = Subject(
        system="x",
        environment="production",
        candidate="staging",
        release=ReleaseJudged(version="1", dirty=True, bound=False),
        target_digest="",
    )
    report = make_report(
        [item],
        {"s.a": Outcome.plain("s.a", State.VERIFIED)},
        subject=subject,
        warnings=["12 and 13 are out of support"],
    )
    lines = summary(report).splitlines()
    assert " ".join(lines[:2]) == (
        "x in production, candidate staging, "
        "release 1 (uncommitted changes, unbound), gate go-live"
    )
    assert "warning: 12 and 13 are out of support" in lines


def test_a_release_without_a_commit_shows_its_source(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    source = "sha256:0a0382c65687" + "0" * 52
    subject = Subject(
        system="x",
        environment="demo",
        release=ReleaseJudged(version="1", source=source, bound=True),
        target_digest="",
    )
    outcomes = {"s.a": Outcome.plain("s.a", State.VERIFIED)}
    shown = summary(make_report([make_item(id="s.a")], outcomes, subject=subject))
    assert shown.startswith("x in demo, release 1 (sha256:0a0382c65687), gate go-live")


def test_nothing_at_all_is_shown_as_such(make_report: Callable[..., Report]) -> None:
    lines = summary(make_report([], {})).splitlines()
    assert lines[-1].startswith("INCOMPLETE (0 seen, 0 signed), exit 12")


def test_colour_changes_nothing_but_colour(some: Callable[..., Report]) -> None:
    report = some(196, 20)
    plain, painted = summary(report), summary(report, color=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain
    assert painted.splitlines()[-1].startswith("\x1b[1;31m")
    for line in painted.splitlines():
        assert line.count("\x1b[") in {0, 2}


def test_our_own_furniture_is_ascii(some: Callable[..., Report]) -> None:
    assert summary(some(196, 20)).isascii()


def test_a_long_command_can_be_pasted(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    item = make_item(id="s.a-rather-long-name-of-an-item", signature=RULE)
    outcome = Outcome.plain(item.id, State.UNCONFIGURED, "MISSING", "x")
    lines = summary(make_report([item], {item.id: outcome}), 40).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("    $ "))
    pasted = "\n".join(line.strip() for line in lines[first : first + 3])
    joined = pasted.replace("\\\n", "").removeprefix("$ ")
    assert joined.split("\n")[0] == (
        "readiness attest s.a-rather-long-name-of-an-item --evidence FILE"
    )
