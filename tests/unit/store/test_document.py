from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from pytest_readiness.catalogue.item import Item, Kind, Scope, SignatureRule, Stage
from pytest_readiness.catalogue.judgement import Judged, Judgement
from pytest_readiness.catalogue.lock import Lock, lock_items
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.store.document import Report, RunFacts
from pytest_readiness.store.parts import MAX_LENGTH
from pytest_readiness.verdict.decision import Verdict
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable


NOON = dt.datetime(2026, 10, 10, 12, tzinfo=dt.UTC)
RULE = SignatureRule(("dba",), Scope.RELEASE, dt.timedelta(hours=36), always=False)


@pytest.fixture
def report(
    make_item: Callable[..., Item],
    make_judgement: Callable[..., Judgement],
    make_report: Callable[..., Report],
) -> Report:
    items = [
        make_item(kind=Kind.PROBE_OR_ATTEST, signature=RULE, reach=True),
        make_item(id="environment-setup.cache", core=True),
        make_item(id="daily-operations.backup", stage=Stage.DAILY),
    ]
    outcomes = {
        items[0].id: Outcome.plain(
            items[0].id, State.UNCONFIGURED, "MISSING", "no block"
        ),
        items[1].id: Outcome(
            items[1].id, State.WAIVED, State.FAILED, "VIOLATED", "5.0"
        ),
    }
    judgements = {
        items[0].id: [
            make_judgement(
                judged=Judged.UNAVAILABLE,
                observed="-",
                cause=Cause.UNCONFIGURED,
                reason="no block",
                remedy="add [target.x.postgres]",
                detail="d",
                bound_source="default",
            )
        ]
    }
    return make_report(items, outcomes, judgements)


def document(report: Report) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(report.canonical())
    return parsed


RUN = {
    "started": "2026-10-10T12:00:00.000Z",
    "ended": "2026-10-10T12:00:03.000Z",
    "host": "ci-1",
    "user": "ci",
    "command": ["pytest", "--readiness"],
    "plugin": "1.0",
    "python": "3.11.7",
    "pytest": "9.2.0",
}

NO_TRUST = {
    "described": "no trust file",
    "version": None,
    "digest": None,
    "expires": None,
    "pinned": False,
    "deletions_detected": False,
    "lines": 0,
    "believed": 0,
    "ignored": {},
    "failures": [],
}


def test_the_document_says_what_was_judged_and_what_follows(report: Report) -> None:
    found = document(report)
    items = found.pop("items")
    counts, checklist = found.pop("counts"), found.pop("checklist")
    assert found == {
        "format": "pytest-readiness/report/1",
        "system": "Options Trading Engine",
        "organisation": None,
        "environment": "production",
        "candidate": None,
        "release": {
            "version": "2.4.0",
            "source": "sha256:" + "ab" * 32,
            "commit": "1a2b3c4d5e6f7a8b9c0d",
            "dirty": False,
            "dirty_paths": [],
            "bound": True,
        },
        "target_digest": "cd" * 32,
        "gate": {
            "name": "go-live",
            "stages": ["pre-production", "pre-deployment", "compliance", "sign-off"],
        },
        "verdict": "NOT READY",
        "raw_verdict": "NOT READY",
        "exit_code": 11,
        "seen": 0,
        "signed": 0,
        "selection": {"selected": False, "why": [], "left_out": []},
        "run": RUN,
        "trust": NO_TRUST,
        "approvers": None,
        "hindrances": [],
        "trend": [],
        "vantages": [],
        "warnings": [],
    }
    assert checklist == {
        "name": "Options Trading Engine",
        "items": 3,
        "digest": report.checklist.digest,
        "reviewed": None,
    }
    assert {state: n for state, n in counts["after"].items() if n} == {
        "unconfigured": 1,
        "waived": 1,
        "out-of-gate": 1,
    }
    assert counts["raw"]["failed"] == 1
    assert [item["id"] for item in items] == [
        "database-setup.security",
        "environment-setup.cache",
        "daily-operations.backup",
    ]


def test_an_item_carries_words_state_and_evidence(report: Report) -> None:
    first, second, third = document(report)["items"]
    digest = first.pop("digest")
    assert len(digest) == 64
    assert first == {
        "id": "database-setup.security",
        "section": "database-setup",
        "section_title": "Database Setup",
        "stage": "pre-production",
        "kind": "probe|attest",
        "owner": "dba",
        "core": False,
        "reach": True,
        "state": "unconfigured",
        "raw_state": "unconfigured",
        "code": "MISSING",
        "reason": "no block",
        "remedy": "add [target.x.postgres]",
        "command": "readiness attest database-setup.security --evidence FILE",
        "command_roles": ["dba"],
        "claim": "Sessions are encrypted.",
        "why": "a listener on the way reads along",
        "fix": "set `ssl = on`",
        "signature": {
            "roles": ["dba"],
            "scope": "release",
            "max_age_days": 1.5,
            "always": False,
        },
        "signed": None,
        "carried": None,
        "seen_from": [],
        "observations": [
            {
                "label": "server version",
                "observed": "-",
                "required": "at least 12",
                "judged": "unavailable",
                "reason": "no block",
                "cause": "unconfigured",
                "remedy": "add [target.x.postgres]",
                "source": "postgresql://db.example:5432/app",
                "detail": "d",
                "bound_source": "default",
                "at": "2026-10-10T12:00:00.000Z",
                "duration_seconds": 0.012,
            }
        ],
    }
    assert (second["state"], second["raw_state"]) == ("waived", "failed")
    assert (second["remedy"], second["core"]) == ("", True)
    assert third["state"] == "out-of-gate"


def test_bytes_are_canonical_and_survive_reading(report: Report) -> None:
    data = report.canonical()
    assert data.endswith(b"}\n")
    assert data.count(b"\n") == 1
    again = Report.model_validate_json(data)
    assert again == report
    assert again.canonical() == data
    ordered = json.dumps(
        json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert data.decode() == f"{ordered}\n"


def test_an_item_that_was_not_collected_is_there_without_words(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    items = [make_item(), make_item(id="database-setup.lost", owner="ops-lead")]
    seen = {items[0].id: Outcome.plain(items[0].id, State.VERIFIED)}
    lock = lock_items(items, Lock("x"))
    report = make_report(items, seen, evidence={}, lock=lock)
    lost = report.items[1]
    assert (lost.state, lost.code, lost.claim) == (State.NOT_RUN, "NOT_RECORDED", "")
    assert (lost.owner, lost.section_title) == ("ops-lead", "database-setup")
    assert lost.observations == ()
    assert report.verdict is Verdict.INCOMPLETE


def test_an_overdue_checklist_warns(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    item = make_item()
    locked = lock_items([item], Lock("x"))
    lock = Lock("x", locked.items, dt.date(2026, 1, 1), dt.timedelta(days=180))
    outcomes = {item.id: Outcome.plain(item.id, State.VERIFIED)}
    report = make_report([item], outcomes, lock=lock, warnings=["no rotation"])
    assert report.checklist.reviewed == "2026-01-01"
    assert report.warnings[0] == "no rotation"
    assert "was due on 2026-06-30" in report.warnings[1]


def test_texts_from_outside_are_one_printable_line(
    make_item: Callable[..., Item],
    make_judgement: Callable[..., Judgement],
    make_report: Callable[..., Report],
) -> None:
    item = make_item(claim="a\n  b", fix="x" * 5000)
    hostile = "\x1b[2Jx\u202ey\ud800\x9bz\r\nend"
    outcome = Outcome.plain(item.id, State.FAILED, "VIOLATED", hostile)
    line = make_judgement(observed=hostile, judged=Judged.VIOLATED)
    report = make_report([item], {item.id: outcome}, {item.id: [line]})
    clean = "\\x1b[2Jx\\u202ey\\ud800\\x9bz end"
    assert report.items[0].reason == report.items[0].observations[0].observed == clean
    assert report.items[0].claim == "a b"
    assert report.items[0].fix == "x" * (MAX_LENGTH - 1) + "…"
    assert Report.model_validate_json(report.canonical()).canonical() == (
        report.canonical()
    )


def test_times_are_utc_and_whole_milliseconds() -> None:
    east = dt.timezone(dt.timedelta(hours=2))
    facts = {"host": "h", "user": "u", "plugin": "1", "python": "3", "pytest": "9"}
    run = RunFacts(
        started=dt.datetime(2026, 1, 1, 1, 0, 0, 123_999, east),
        ended=NOON,
        command=(),
        **facts,
    )
    assert run.model_dump(mode="json")["started"] == "2025-12-31T23:00:00.123Z"
    assert RunFacts.model_validate_json(run.model_dump_json()) == run
    with pytest.raises(ValidationError, match="timezone"):
        RunFacts(started=dt.datetime(2026, 1, 1), ended=NOON, command=(), **facts)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("seen",), 7, "seen and signed do not match"),
        (("signed",), 7, "seen and signed do not match"),
        (("counts", "after", "failed"), 1, "counts.after do not match"),
        (("counts", "raw", "failed"), 7, "counts.raw do not match"),
        (("items", 0, "state"), "verified", "counts.after do not match"),
        (("items", 1, "id"), "database-setup.security", "an item is listed twice"),
        (("items", 0, "id"), "Database", "should match pattern"),
        (("items", 0, "state"), "fine", "Input should be 'verified'"),
        (("items", 0, "extra"), 1, "Extra inputs are not permitted"),
        (("format",), "pytest-readiness/report/2", "pytest-readiness/report/1"),
        (("exit_code",), "11", "valid integer"),
        (("exit_code",), -1, "greater than or equal to 0"),
        (("checklist", "digest"), "xyz", "should match pattern"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(
    report: Report, path: tuple[str | int, ...], value: object, message: str
) -> None:
    found = document(report)
    place: Any = found
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(ValidationError, match=message):
        Report.model_validate_json(json.dumps(found))


def test_no_duration_is_not_a_number(report: Report) -> None:
    found = document(report)
    found["items"][0]["observations"][0]["duration_seconds"] = math.nan
    with pytest.raises(ValidationError, match="finite"):
        Report.model_validate_json(json.dumps(found))
