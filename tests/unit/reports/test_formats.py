"""All formats say the same of every item, and come out again byte for byte."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import junitparser
import pytest
from lxml import etree

from pytest_readiness.reports import (
    badge,
    code_quality,
    junit,
    markdown,
    metrics,
    table,
)
from pytest_readiness.reports.formats import FORMATS, rendered, write_formats
from pytest_readiness.store.files import parse_report
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.store.document import Report

XSD = etree.XMLSchema(file=str(Path(__file__).with_name("junit.xsd")))
SAMPLE = re.compile(r"readiness_item_blocks\{(.*)\} ([01])$")
BOX = re.compile(r"^- \[([x ])\] .*`(\S+)` \*\*([a-z-]+)\*\*")


def in_markdown(page: str) -> dict[str, str]:
    found = {}
    for line in page.splitlines():
        box = BOX.match(line)
        if box:
            found[box[2]] = box[3]
            assert (box[1] == "x") is State(box[3]).satisfies
    return found


def in_html(data: bytes) -> dict[str, str]:
    found = {}
    for element in etree.HTML(data).xpath("//details[@data-owner]"):
        (name,) = element.xpath("descendant-or-self::*[contains(@id, '.')]/@id")[:1]
        found[name] = element.get("class").split()[1]
    return found


def in_csv(text: str) -> dict[str, str]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {row["item"]: row["state"] for row in rows}


def in_metrics(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if sample:
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', sample[1]))
            found[labels["item"]] = labels["state"]
            assert (sample[2] == "1") is State(labels["state"]).blocks
    return found


def in_junit(data: bytes) -> dict[str, junitparser.TestCase]:
    suites = junitparser.JUnitXml.fromstring(data)
    return {
        f"{case.classname}.{case.name}": case
        for suite in suites
        for case in suite
        if case.classname != junit.VERDICT_CASE
    }


def test_all_agree_item_by_item(every_state: Callable[..., Report]) -> None:
    report = every_state()
    states = {
        item["id"]: item["state"] for item in json.loads(report.canonical())["items"]
    }
    files = rendered(report)

    assert in_markdown(files["report.md"].decode()) == states
    assert in_csv(files["report.csv"].decode()) == states
    assert in_metrics(files["metrics.prom"].decode()) == states
    assert in_html(files["report.html"]) == states
    cases = in_junit(files["junit.xml"])
    assert cases.keys() == states.keys()
    for name, case in cases.items():
        state = State(states[name])
        kinds = [(type(one).__name__, one.type) for one in case.result]
        tag = "Failure" if state.blocks else "Skipped"
        skipped = state in {State.NOT_APPLICABLE, State.OUT_OF_GATE}
        expected = [(tag, f"readiness.{state}")] if state.blocks or skipped else []
        assert kinds == expected
    blocking = {f"readiness.{one}" for one in states if State(states[one]).blocks}
    listed = {one["check_name"] for one in json.loads(files["code-quality.json"])}
    assert {one for one in listed if one.startswith("readiness.section")} == blocking


def test_what_was_read_back_is_rendered_byte_for_byte(
    every_state: Callable[..., Report],
) -> None:
    report = every_state()

    assert rendered(parse_report(report.canonical())) == rendered(report)


def test_every_file_is_written(
    every_state: Callable[..., Report], tmp_path: Path
) -> None:
    write_formats(every_state(), tmp_path / "out")

    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {".gitignore", *FORMATS}


# ------------------------------------------------------------------------------- JUnit


def test_junit_is_what_its_schema_says(every_state: Callable[..., Report]) -> None:
    document = etree.fromstring(junit.render(every_state()))

    XSD.assertValid(document)
    for suite in document.iter("testsuite"):
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))


def test_junit_is_not_green_where_no_item_blocks(
    make_item: Callable[..., object],
    make_report: Callable[..., Report],
    every_state: Callable[..., Report],
) -> None:
    """A broken trust file, a missing approver: no item fails, the gate is closed."""
    document = etree.fromstring(junit.render(every_state()))
    verdict = document.find(f"testsuite[@name='{junit.VERDICT_CASE}']/testcase/failure")
    assert verdict.get("type") == "readiness.incomplete"
    assert "TOO_FEW: 11.22" in verdict.text

    empty = make_report([make_item()], {})
    ready = empty.model_copy(update={"verdict": "READY"})
    document = etree.fromstring(junit.render(ready))
    assert document.find(f"testsuite[@name='{junit.VERDICT_CASE}']//failure") is None


# ----------------------------------------------------------------------------- metrics


def test_metrics_are_gauges_without_timestamps(
    every_state: Callable[..., Report],
) -> None:
    text = metrics.render(every_state()).decode()
    kinds = re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE)
    samples = [line for line in text.splitlines() if not line.startswith("#")]

    assert {kind for _, kind in kinds} == {"gauge"}
    assert len(kinds) == len({name for name, _ in kinds})
    assert all(re.fullmatch(r"\w+\{.*\} -?\d+(\.\d+)?", line) for line in samples)
    assert len(samples) == len({line.rpartition(" ")[0] for line in samples})


def test_metrics_say_when_it_ran_and_what_ends(
    every_state: Callable[..., Report],
) -> None:
    text = metrics.render(every_state()).decode()

    assert re.search(
        r"^readiness_run_timestamp_seconds\{.*\} 1791633603$", text, re.MULTILINE
    )
    assert "readiness_waiver_expires_timestamp_seconds{" in text
    assert "readiness_trust_expires_timestamp_seconds{" in text
    counts = re.findall(r'readiness_items\{.*state="([a-z-]+)"\} (\d+)', text)
    assert {state: int(count) for state, count in counts} == dict.fromkeys(State, 2)


# ---------------------------------------------------------------------------- Markdown


def test_a_long_page_is_cut_with_a_pointer(every_state: Callable[..., Report]) -> None:
    page = markdown.render(every_state("word " * 200, each=60))
    text = page.decode()

    assert len(page) <= markdown.MAX_BYTES
    assert text.startswith("# INCOMPLETE: ")
    cut = re.search(r"\*\*Cut here: (\d+) more lines\.\*\*", text)
    assert cut is not None
    assert int(cut[1]) > 100
    assert "`report.json`" in text.splitlines()[-1]
    assert Counter(re.findall("</?details>", text)).total() % 2 == 0


def test_a_page_says_who_must_do_what(every_state: Callable[..., Report]) -> None:
    page = markdown.render(every_state()).decode()

    assert "## What blocks" in page
    assert re.search(r"^### dba: .*\d failed", page, re.MULTILINE)
    assert "Fix: do this: 11.22" in page
    assert "## Waivers" in page
    assert "until 2026-10-17 12:00 UTC by Anna 11.22: accepted: 11.22" in page
    assert "> Not to be trusted: 11.22" in page


# ------------------------------------------------------------------------- GitLab, CSV


def test_gitlab_finds_its_fields(every_state: Callable[..., Report]) -> None:
    findings = json.loads(code_quality.render(every_state()))

    for one in findings:
        assert one["description"]
        assert one["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert one["location"] == {"path": "readiness.toml", "lines": {"begin": 1}}
    assert len({one["fingerprint"] for one in findings}) == len(findings)
    assert {
        one["severity"] for one in findings if "is pending" in one["description"]
    } == {"minor"}


def test_a_fingerprint_outlives_another_wording(
    every_state: Callable[..., Report],
) -> None:
    first, second = (
        json.loads(code_quality.render(every_state(said))) for said in ("one", "two")
    )

    assert [one["fingerprint"] for one in first] == [
        one["fingerprint"] for one in second
    ]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1"])  # noqa: RUF001
def test_no_cell_is_a_formula(every_state: Callable[..., Report], start: str) -> None:
    report = every_state(start)
    rows = list(csv.reader(io.StringIO(table.render(report).decode(), newline="")))

    cells = [cell for row in rows for cell in row]
    assert f"'{start}" in cells
    assert not [cell for cell in cells if cell.startswith(start[0])]


# ------------------------------------------------------------------------------ badges


@pytest.mark.parametrize("said", ["1.2", '<script>"&', "x" * 500, "日本 \u202e"])
def test_a_badge_is_a_picture_whatever_the_release_is_called(
    every_state: Callable[..., Report], said: str
) -> None:
    picture = etree.fromstring(badge.svg(every_state(environment=said)))

    assert picture.tag.endswith("svg")
    tags = {etree.QName(element).localname for element in picture.iter()}
    assert tags == {"svg", "title", "rect", "g", "text"}
    assert int(picture.get("width")) < 1000
