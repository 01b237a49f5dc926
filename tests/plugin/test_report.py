"""report.json: whole, canonical, as its schema says, one for every run."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import jsonschema
import pytest

import pytest_readiness
from pytest_readiness.reports.formats import FORMATS
from pytest_readiness.store.files import read_report
from pytest_readiness.store.schema import schema

if TYPE_CHECKING:
    from conftest import Project

LEFT = {".gitignore", "report.html", "report.json", "tests.html", *FORMATS}
"""What a run leaves in the report folder."""


@pytest.mark.parametrize(
    "arguments",
    [[], ["-n2"], ["-k", "pending"], ["-x"], ["--readiness-gate=daily"]],
    ids=" ".join,
)
def test_it_is_what_its_schema_says(project: Project, arguments: list[str]) -> None:
    project.judge(*arguments)

    jsonschema.validate(
        project.report,
        json.loads(schema()),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def test_it_is_canonical(project: Project) -> None:
    project.judge()
    data = project.report_path.read_bytes()
    document = json.loads(data)
    again = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )

    assert data == again.encode() + b"\n"
    assert read_report(project.report_path).canonical() == data


def test_it_says_what_was_judged_where_by_whom(project: Project) -> None:
    project.judge("-p", "no:randomly", "-q")
    report = project.report

    assert report["format"] == "pytest-readiness/report/1"
    assert report["system"] == "shop"
    assert report["environment"] == "here"
    assert report["release"]["version"] == "1.2.3"
    assert report["release"]["bound"] is False
    assert report["gate"]["name"] == "go-live"
    assert len(report["target_digest"]) == 64
    assert report["checklist"]["items"] == 6
    assert report["run"]["plugin"] == pytest_readiness.__version__
    assert report["run"]["pytest"] == pytest.__version__
    assert report["run"]["command"][:1] == ["--readiness"]
    assert report["run"]["command"][-3:] == ["-p", "no:randomly", "-q"]
    assert report["run"]["started"] <= report["run"]["ended"]


def test_a_user_without_a_name(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    result = ready.judge()

    assert ready.report["run"]["user"] == "unknown"
    assert result.ret == 0


def test_every_item_has_its_evidence(project: Project) -> None:
    project.judge()

    for item in project.report["items"]:
        assert item["id"].startswith(f"{item['section']}.")
        assert item["claim"]
        assert item["why"]
        assert item["fix"]
        assert item["owner"]
    for name in ("verified", "failed", "unknown"):
        (seen,) = project.items[f"host.{name}"]["observations"]
        assert seen["source"].startswith(sys.executable)
        assert seen["at"].endswith("Z")
    (seen,) = project.items["host.verified"]["observations"]
    assert seen["judged"] == "met"
    assert seen["required"] == "at least 3.9"


def test_counts_are_raw_and_after_waivers_seen_against_signed(
    project: Project,
) -> None:
    project.judge()
    report = project.report

    assert report["counts"]["raw"] == report["counts"]["after"]
    assert sum(report["counts"]["after"].values()) == 6
    assert report["counts"]["after"]["failed"] == 2
    assert (report["seen"], report["signed"]) == (1, 0)


def test_an_item_that_was_not_collected_is_in_it(ready: Project) -> None:
    ready.write(ready.module(ready.item("guest"), section="guest"), "test_guest.py")
    ready.lock()
    ready.judge("readiness_suite/test_host.py")

    item = ready.items["guest.guest"]
    assert item["state"] == "not-run"
    assert item["claim"] == ""
    assert item["owner"] == "ops-lead"


def test_each_run_replaces_it(project: Project) -> None:
    project.judge()
    first = project.report_path.stat().st_ino
    project.judge("-k", "verified")

    assert project.report["verdict"] == "INCOMPLETE"
    assert project.report_path.stat().st_ino != first
    left = {path.name for path in project.report_path.parent.iterdir()}
    assert left == LEFT


def test_its_folder_ignores_itself(project: Project) -> None:
    project.judge()
    text = (project.report_path.parent / ".gitignore").read_text()

    assert text.splitlines()[-1] == "*"


def test_it_is_whole_whenever_it_is_read(ready: Project) -> None:
    """Two runs write into one folder while somebody reads."""
    ready.judge()
    runs = [
        subprocess.Popen(
            ready.command,
            cwd=ready.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    done, torn, seen = threading.Event(), [], set()

    def read() -> None:
        while not done.is_set():
            try:
                seen.add(read_report(ready.report_path).run.started)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is torn
                torn.append(error)
            done.wait(0.01)

    reader = threading.Thread(target=read)
    reader.start()
    outputs = [run.communicate(timeout=60)[0] for run in runs]
    done.set()
    reader.join()

    assert [run.returncode for run in runs] == [0, 0], outputs
    assert torn == []
    assert len(seen) >= 2
    left = {path.name for path in ready.report_path.parent.iterdir()}
    assert left == LEFT


def test_a_page_that_cannot_be_made_takes_no_verdict_with_it(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.judge()
    page = ready.report_path.with_name("report.html")
    assert b'<p class="verdict">READY</p>' in page.read_bytes()

    def broken(report: object) -> bytes:
        raise ValueError(f"no page of this\n{type(report).__name__}")

    monkeypatch.setattr(
        "pytest_readiness.reports.formats.FORMATS", {**FORMATS, page.name: broken}
    )
    result = ready.judge()

    assert result.ret == 0
    assert ready.report["verdict"] == "READY"
    assert not page.exists(), "the last run's page would stand beside this verdict"
    told = "report.html was not written (ValueError: no page of this\\nReport)"
    result.stdout.fnmatch_lines([f"readiness: {told}; report.json was, *"])


def test_a_full_disk_leaves_the_last_one_whole(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.judge()
    before = ready.report_path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytest_readiness.catalogue.files.os.fsync", full)
    result = ready.judge()

    assert result.ret == 3
    assert ready.report_path.read_bytes() == before
    result.stdout.fnmatch_lines(
        ["readiness: *report.json: cannot be written: No space left on device; *"]
    )


def test_ids_with_odd_texts_stay_one_printable_line(bare: Project) -> None:
    body = (
        'check("line\\nfeed \\x1b[31m \\u202e", python.exists).satisfies('
        '"no\\ttab", lambda _: False)'
    )
    bare.write(bare.module(bare.item("odd", body)))
    bare.lock()
    result = bare.judge("-rA")

    (seen,) = bare.items["host.odd"]["observations"]
    assert seen["label"].isprintable()
    assert seen["required"].isprintable()
    assert "\x1b" not in result.stdout.str()
    assert "\u202e" not in result.stdout.str()
