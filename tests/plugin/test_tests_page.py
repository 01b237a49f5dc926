"""pytest-html's report: ``tests.html`` in the report folder, or ``--html PATH``."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

Project = Any
HOSTILE = "<img src=x onerror=alert(1)> \\x1b[31m \\u202e"


def read(path: Path) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    """Give a page's text, and its tests by node id."""
    text = path.read_text()
    found = re.search(r'data-jsonblob="(.*?)"', text)
    assert found is not None
    tests: dict[str, list[dict[str, Any]]] = json.loads(html.unescape(found[1]))[
        "tests"
    ]
    return text, tests


def rows(tests: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """Give the cells of each item, by item."""
    found = {}
    for (test,) in tests.values():
        cells = [re.sub("<[^>]+>", "", cell) for cell in test["resultsTableRow"]]
        found[cells[2]] = cells
    return found


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_it_lies_in_the_report_folder_with_our_columns_and_words(
    project: Project, workers: list[str]
) -> None:
    result = project.judge(*workers)

    text, tests = read(project.report_path.with_name("tests.html"))
    items = {item["id"]: item for item in project.report["items"]}
    found = rows(tests)
    asked = {i for i, item in items.items() if item["state"] != "out-of-gate"}
    assert set(found) == asked
    for item_id, (_, state, _, section, owner, _) in found.items():
        item = items[item_id]
        assert (state, section, owner) == (
            item["state"],
            item["section_title"],
            item["owner"],
        )
    assert "<b>NOT READY</b>" in text
    assert "What blocks: " in text
    assert "shop 1.2.3 in here" in text
    for kind in ("state", "item", "section", "owner"):
        assert f'data-column-type="{kind}"' in text
    assert "Generated html report" not in result.stdout.str()


def test_an_item_shows_its_claim_its_evidence_and_what_to_do(project: Project) -> None:
    project.judge()
    _, tests = read(project.report_path.with_name("tests.html"))
    logs = {rows({"": [t]}).popitem()[0]: t["log"] for (t,) in tests.values()}

    for item in project.report["items"]:
        if item["state"] == "out-of-gate":
            continue
        log = html.unescape(logs[item["id"]])
        assert item["claim"] in log
        assert f"Why: {item['why']}" in log
        for line in item["observations"]:
            assert f"<td>{line['label']}</td><td>{line['observed']}</td>" in log


def test_where_html_names_a_file_it_is_written_there(ready: Project) -> None:
    result = ready.judge("--html=mine.html", "--self-contained-html")

    text, _ = read(ready.path / "mine.html")
    assert "<b>READY</b> (4 seen, 0 signed)" in text
    assert "<p>Nothing blocks.</p>" in text
    assert not ready.report_path.with_name("tests.html").exists()
    result.stdout.fnmatch_lines(["*Generated html report: file*mine.html*"])


def test_without_pytest_html_there_is_none_and_none_of_an_earlier_run(
    ready: Project,
) -> None:
    ready.judge()
    page = ready.report_path.with_name("tests.html")
    assert page.is_file()

    assert ready.judge("-p", "no:html").ret == 0
    assert not page.exists()


def test_a_long_checklist_gets_it_only_where_it_is_asked_for(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_readiness.plugin.tests_page._MOST", 3)

    assert ready.judge().ret == 0
    assert not ready.report_path.with_name("tests.html").exists()


def test_where_nothing_is_judged_it_says_so(ready: Project) -> None:
    ready.judge("--collect-only", "--html=mine.html", "--self-contained-html")

    text, _ = read(ready.path / "mine.html")
    assert "Nothing was judged, so it is not ready." in text


def test_hostile_content_is_text(bare: Project) -> None:
    body = f'check("{HOSTILE}", python.exists).satisfies("{HOSTILE}", lambda _: False)'
    bare.write(bare.module(bare.item("odd", body)))
    bare.lock()
    bare.judge()

    text, tests = read(bare.report_path.with_name("tests.html"))
    (log,) = (test["log"] for (test,) in tests.values())
    assert "<img src=x" not in text
    assert "<img" not in log
    assert "&lt;img src=x onerror=alert(1)&gt; \\x1b[31m \\u202e" in log
