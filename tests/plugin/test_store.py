"""``[store]`` keeps reports; ``--readiness-baseline`` holds a run against one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.reports.formats import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

STORE = '\n[store]\npath = "past"\nkeep = 2\n'


def kept(project: Project) -> list[Path]:
    """Give the kept reports, the oldest first."""
    return sorted((project.path / "past").rglob("*Z-*.json"))


@pytest.fixture
def stored(ready: Project) -> Project:
    """Give a ready project with a store for two reports."""
    ready.target(ready.TARGET + STORE)
    return ready


def fail(project: Project) -> None:
    """Make its first item fail."""
    body = 'check("exists", python.exists).is_false()'
    items = [project.item("one", body), project.item("two"), project.item("three")]
    project.write(project.module(*items, project.ROLLUP))


def test_a_run_is_kept_and_shown_as_trend(stored: Project) -> None:
    stored.judge()
    assert stored.report["trend"] == []
    first = stored.report_path.read_bytes()
    assert [path.read_bytes() for path in kept(stored)] == [first]

    stored.judge()
    (run,) = stored.report["trend"]
    assert run["verdict"] == "READY"
    assert run["counts"]["verified"] == 4
    stored.judge()
    assert len(kept(stored)) == 2
    assert (kept(stored)[0].parent / ".gitignore").exists()


def test_a_selection_is_not_kept(stored: Project) -> None:
    stored.judge("-k", "one")

    assert kept(stored) == []


def test_a_full_store_takes_no_verdict(stored: Project) -> None:
    stored.target("a file", "past")
    result = stored.judge()

    assert result.ret == 0
    result.stdout.fnmatch_lines(["readiness: the verdict stands, but was not kept: *"])


def test_the_last_report_is_the_baseline(stored: Project) -> None:
    stored.judge()
    fail(stored)
    result = stored.judge("--readiness-baseline=last")

    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "against the baseline",
            "then: READY, release 1.2.3, *",
            "now: NOT READY, release 1.2.3, *",
            "worse: 2",
            "  host.one verified -> failed VIOLATED: *",
            "worse",
        ]
    )


def test_a_baseline_excuses_nothing(ready: Project) -> None:
    fail(ready)
    ready.judge()
    ready.report_path.rename(ready.path / "before.json")
    result = ready.judge("--readiness-baseline=before.json")

    assert result.ret == 1
    result.stdout.fnmatch_lines(["not worse", "*NOT READY*exit 1*"])


@pytest.mark.parametrize(
    ("baseline", "said"),
    [
        ("missing.json", "readiness: no baseline: missing.json: cannot be read: *"),
        ("last", "readiness: no baseline: *past: has no report of here, gate go-live*"),
    ],
)
def test_no_baseline_yet_is_said(stored: Project, baseline: str, said: str) -> None:
    result = stored.judge(f"--readiness-baseline={baseline}")

    assert result.ret == 0
    result.stdout.fnmatch_lines([said])


def test_the_last_of_no_store_is_a_mistake(ready: Project) -> None:
    result = ready.judge("--readiness-baseline=last")

    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["*--readiness-baseline=last: means*set `?store? path`"]
    )


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_command_line_before_environment_before_ini(
    stored: Project, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    stored.judge()
    stored.ini("readiness_baseline = ini.json")
    ini = stored.judge(*workers)
    monkeypatch.setenv("READINESS_BASELINE", "environment.json")
    environment = stored.judge(*workers)
    line = stored.judge("--readiness-baseline=last", *workers)

    ini.stdout.fnmatch_lines(["*no baseline: ini.json*"])
    environment.stdout.fnmatch_lines(["*no baseline: environment.json*"])
    line.stdout.fnmatch_lines(["against the baseline"])


# ------------------------------------------------------------------------ the commands


def test_diff_says_worse_by_its_exit_code(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.judge()
    ready.report_path.parent.rename(ready.path / "before")
    fail(ready)
    ready.judge()
    capsys.readouterr()

    assert ready.command_line("diff", "before", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in document["worse"]] == ["host.one", "host.everything"]
    assert ready.command_line("diff", "readiness-report", "before/report.json") == 0
    out = capsys.readouterr().out
    assert "better: 2" in out
    assert out.endswith("\nnot worse\n")


@pytest.mark.parametrize("command", [("diff", "none"), ("render", "none"), ("badge",)])
def test_no_report_is_one_line(
    ready: Project, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    capsys.readouterr()
    assert ready.command_line(*command) == 4
    err = capsys.readouterr().err
    assert err.startswith("readiness: ")
    assert err.count("\n") == 1


def test_render_gives_every_file_again(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.judge()
    folder = project.report_path.parent
    assert project.command_line("render", "--check") == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in before.keys() & FORMATS.keys():
        (folder / name).write_text("spoiled")
    capsys.readouterr()
    assert project.command_line("render", "--check") == 1
    assert "report.md: is not what the report renders to" in capsys.readouterr().out

    assert project.command_line("render") == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_render_writes_one_file_elsewhere(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.judge()
    arguments = ("--only", "report.csv", "--out", project.path / "there")
    assert project.command_line("render", *arguments) == 0
    names = {path.name for path in (project.path / "there").iterdir()}
    assert names == {".gitignore", "report.csv"}

    assert project.command_line("render", "--only", "report.doc") == 4
    said = "'report.doc' is no format; use report.html, report.md"
    assert said in capsys.readouterr().err


def test_a_badge_names_verdict_release_and_day(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.judge()
    day = project.report["run"]["ended"][:10]
    capsys.readouterr()
    assert project.command_line("badge", "--endpoint") == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "schemaVersion": 1,
        "label": "go-live here",
        "message": f"NOT READY 1.2.3, {day}",
        "color": "red",
    }
    assert project.command_line("badge", "--out", "badge.svg") == 0
    svg = (project.path / "badge.svg").read_text()
    assert f"<title>shop in here: NOT READY 1.2.3, {day}</title>" in svg


def test_a_format_that_breaks_takes_no_verdict(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.judge()

    def broken(_: object) -> bytes:
        raise ValueError("no such state")

    monkeypatch.setattr(
        "pytest_readiness.reports.formats.FORMATS", {"report.md": broken}
    )
    result = ready.judge()

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["readiness: report.md was not written (ValueError: no such state); *"]
    )
    assert not (ready.report_path.parent / "report.md").exists()
