"""``--readiness-open``: only what is open is looked at; the verdict claims no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

FAILS = 'check("exists", python.exists).is_false()'


@pytest.fixture
def last(ready: Project) -> Project:
    """Give a project whose last report has its first item open."""
    items = [ready.item("one", FAILS), ready.item("two"), ready.item("three")]
    ready.write(ready.module(*items, ready.ROLLUP))
    ready.judge()
    assert ready.states["host.one"] == "failed"
    return ready


def close(project: Project) -> None:
    """Close what is open, without changing what the lock says."""
    items = [project.item(name) for name in ("one", "two", "three")]
    project.write(project.module(*items, project.ROLLUP))


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_only_what_is_open_is_run(last: Project, workers: list[str]) -> None:
    before = last.items
    ended = last.report["run"]["ended"]
    result = last.judge("--readiness-open", *workers)
    after = last.items

    assert result.ret == 12
    result.assert_outcomes(failed=2, deselected=2)
    assert last.states["host.one"] == "failed"
    for name in ("host.two", "host.three"):
        assert after[name]["observations"] == before[name]["observations"]
        assert after[name]["carried"] == ended
    assert after["host.one"]["carried"] is None
    assert last.report["selection"]["why"] == ["--readiness-open"]
    assert last.report["selection"]["left_out"] == []


def test_it_is_never_ready(last: Project) -> None:
    """All of it holds, part of it then: that is no READY of now."""
    close(last)
    result = last.judge("--readiness-open")

    assert set(last.states.values()) == {"verified"}
    assert last.report["verdict"] == "INCOMPLETE"
    assert result.ret == 12
    result.stdout.fnmatch_lines(
        ["*2 items were verified by an earlier run*never READY*", "INCOMPLETE*"]
    )
    assert last.judge().ret == 0


def test_what_was_seen_keeps_its_time_over_several_runs(last: Project) -> None:
    ended = last.report["run"]["ended"]
    close(last)
    last.judge("--readiness-open")
    last.judge("--readiness-open")

    assert last.items["host.two"]["carried"] == ended
    assert last.items["host.one"]["carried"] > ended
    assert last.report["verdict"] == "INCOMPLETE"


def test_a_forged_report_makes_nothing_ready(last: Project) -> None:
    """Whoever writes `verified` into the last report has INCOMPLETE for it."""
    document = last.report
    for item in document["items"]:
        item["state"] = item["raw_state"] = "verified"
    counts = dict.fromkeys(document["counts"]["after"], 0) | {"verified": 4}
    document["counts"] = {"raw": counts, "after": counts}
    document["seen"], document["verdict"] = 4, "READY"
    last.report_path.write_text(json.dumps(document))
    result = last.judge("--readiness-open")

    assert result.ret == 12
    assert last.report["verdict"] == "INCOMPLETE"


def test_what_people_sign_is_always_judged_anew(project: Project) -> None:
    project.judge()
    project.judge("--readiness-open")
    carried = [name for name, item in project.items.items() if item["carried"]]

    assert carried == ["host.verified"]
    assert project.states == project.STATES


def test_a_selection_beside_it_leaves_out_what_is_open(last: Project) -> None:
    last.judge("--readiness-open", "-k", "two")

    assert last.states["host.one"] == "not-run"
    assert last.report["verdict"] == "INCOMPLETE"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ('version = "1.2.4"', "release"),
        ('digest = "sha256:' + "0" * 64 + '"\nversion = "1.2.3"', "source"),
    ],
)
def test_another_release_has_nothing_to_take_over(
    last: Project, change: str, what: str
) -> None:
    last.target(last.TARGET.replace('version = "1.2.3"', change))
    result = last.judge("--readiness-open")

    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*--readiness-open: *is of another {what}*"])


def test_another_gate_suite_or_target_neither(last: Project) -> None:
    result = last.judge("--readiness-open", "--readiness-gate=daily")
    result.stderr.fnmatch_lines(["*is of another gate*"])
    last.target(last.TARGET.replace("isolation", "retries = 2\nisolation"))
    result = last.judge("--readiness-open")
    result.stderr.fnmatch_lines(["*is of another target*"])
    last.target(last.TARGET)
    last.write(last.module(last.item("one"), last.ROLLUP))
    last.lock()
    result = last.judge("--readiness-open")
    result.stderr.fnmatch_lines(["*is of another suite*"])
    assert result.ret == 4


def test_without_a_report_it_is_a_mistake(ready: Project) -> None:
    result = ready.judge("--readiness-open")

    assert result.ret == 4
    result.stderr.fnmatch_lines(["*report.json: cannot be read*"])


def test_it_is_kept_in_no_store(last: Project) -> None:
    last.target(f'{last.TARGET}\n[store]\npath = "past"\n')
    last.judge()
    last.judge("--readiness-open")

    assert len(list((last.path / "past").rglob("*Z-*.json"))) == 1


def test_environment_and_ini_ask_for_it_too(
    last: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    last.ini("readiness_open = true")
    assert last.judge().ret == 12
    monkeypatch.setenv("READINESS_OPEN", "false")
    assert last.judge().ret == 1
