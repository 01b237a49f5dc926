"""Each state is recorded by us, shown by pytest, and explained in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from conftest import Project


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_every_item_is_in_its_state(project: Project, workers: list[str]) -> None:
    result = project.judge(*workers)

    assert project.states == project.STATES
    result.assert_outcomes(passed=1, failed=3, xfailed=2)
    assert result.ret == 1


def test_pytest_shows_each_state(project: Project) -> None:
    result = project.judge("-v", "-p", "no:randomly")

    result.stdout.fnmatch_lines(
        [
            "*::test_verified PASSED*",
            "*::test_failed FAILED*",
            "*::test_pending XFAIL*",
            "*::test_unconfigured XFAIL*",
            "*::test_unknown FAILED*",
            "*::test_everything FAILED*",
        ]
    )


def block(result: pytest.RunResult, name: str) -> list[str]:
    """Give the lines of one item under FAILURES."""
    lines = result.outlines
    heads = [n for n, line in enumerate(lines) if line.strip("_ ") == name]
    rest = lines[heads[0] + 1 :]
    return rest[: next(n for n, line in enumerate(rest) if line.startswith(("_", "=")))]


@pytest.mark.parametrize(
    "options",
    [[], ["-vv", "--showlocals", "--full-trace"], ["--tb=long"], ["--tb=native"]],
    ids=" ".join,
)
def test_a_failing_item_prints_three_to_six_lines_and_no_frame(
    project: Project, options: list[str]
) -> None:
    result = project.judge(*options)
    lines = block(result, "test_failed")

    assert 3 <= len(lines) <= 6
    assert lines[0] == "host.failed: failed, VIOLATED (owner dev-lead)"
    assert lines[1] == "  exists: observed yes, required no"
    assert lines[2].startswith("  from /")
    assert lines[-1] == "  Fix: there is none."
    result.stdout.no_fnmatch_line("*def test_failed*")
    result.stdout.no_fnmatch_line("*conftest.py*")


def test_an_unknown_item_says_so(project: Project) -> None:
    lines = block(project.judge(), "test_unknown")

    assert lines[0] == "host.unknown: unknown, UNJUDGED (owner qa-lead)"
    assert "states no requirement" in lines[1]


def test_all_checks_of_an_item_are_judged(bare: Project) -> None:
    bare.write(
        bare.module(
            bare.item(
                "many",
                """
                check("first", python.exists).is_false()
                check("second", python.answers).is_true()
                check("third", python.isolated).equals("neither")
                check("fourth", python.version)
                """,
            )
        )
    )
    bare.lock()
    bare.judge()

    item = bare.items["host.many"]
    judged = {seen["label"]: seen["judged"] for seen in item["observations"]}
    assert judged == {
        "first": "violated",
        "second": "met",
        "third": "violated",
        "fourth": "unjudged",
    }
    assert item["state"] == "failed"


def test_a_plain_assertion_counts_beside_checks(bare: Project) -> None:
    body = f"{bare.HOLDS}\nassert 1 + 1 == 3, 'arithmetic'"
    bare.write(bare.module(bare.item("one", body)))
    bare.lock()
    bare.judge()

    item = bare.items["host.one"]
    assert (item["state"], item["code"]) == ("failed", "ASSERTION")
    assert item["reason"].startswith("arithmetic")


def test_an_assertion_alone_judges_nothing(bare: Project) -> None:
    bare.write(bare.module(bare.item("one", "assert python is not None")))
    bare.lock()
    bare.judge()

    assert bare.items["host.one"]["code"] == "NOTHING_JUDGED"


def test_the_summary_is_one_screen_with_the_verdict_last(project: Project) -> None:
    result = project.judge("-q")
    lines = result.outlines
    start = lines.index("shop in here, release 1.2.3 (unbound), gate go-live")
    summary = lines[start:]

    assert all(len(line) <= 80 for line in summary)
    assert len(summary) <= 50
    assert summary[-1] == "NOT READY (1 seen, 0 signed), exit 1: something failed"
    assert summary[-2].endswith("evidence of every item: readiness-report/report.json")
    assert lines[start + 1].split()[0] == "section"
    for owner in ("dev-lead", "qa-lead", "dba", "business-owner"):
        assert any(line.startswith(f"{owner}: ") for line in summary)


def test_rollups_come_after_the_items_they_cover(ready: Project) -> None:
    text = ready.module(ready.ROLLUP, *(ready.item(n) for n in ("one", "two", "three")))
    ready.write(text)
    result = ready.judge("-v", "-p", "no:randomly")

    shown = [line for line in result.outlines if "::test_" in line]
    assert "test_everything" in shown[-1]
    assert ready.items["host.everything"]["reason"] == "3 verified, of 3"
    result.stdout.fnmatch_lines(["*100%*"])
    assert result.ret == 0


def test_rollups_are_reported_as_pytest_reports_tests(project: Project) -> None:
    project.judge("--junitxml=out.xml")
    root = ET.parse(project.path / "out.xml").getroot()  # noqa: S314  # ours
    cases = {case.get("name"): case for case in root.iter("testcase")}

    assert len(cases) == 6
    failure = cases["test_everything"].find("failure")
    assert failure is not None
    assert (failure.text or "").startswith("host.everything: failed, MEMBERS")


def test_rollups_over_rollups(bare: Project) -> None:
    some = bare.item("some", "", arguments="", decorators=['@rollup(over="host.o*")'])
    bad = bare.item("bad", 'check("exists", python.exists).is_false()')
    module = bare.module(bare.ROLLUP, some, bare.item("one"), bad)
    bare.write(module)
    bare.lock()
    bare.judge()

    assert bare.states == {
        "host.everything": "failed",
        "host.some": "verified",
        "host.one": "verified",
        "host.bad": "failed",
    }
    assert "host.bad" in bare.items["host.everything"]["reason"]


@pytest.mark.parametrize("patterns", ['"nothing.*"', '"*", excluding="*"'])
def test_a_rollup_over_nothing_is_unknown(bare: Project, patterns: str) -> None:
    marks = [f"@rollup(over={patterns})"]
    item = bare.item("all", "", arguments="", decorators=marks)
    bare.write(bare.module(item, bare.item("one")))
    bare.lock()
    bare.judge()

    assert bare.items["host.all"]["code"] == "NO_MEMBERS"
    assert bare.states["host.all"] == "unknown"


UNREACHABLE = "\n[target.here.postgres]\nhost = '127.0.0.1'\nport = 1\n"
UNREACHABLE += "database = 'x'\nuser = 'x'\nsslmode = 'disable'\n"


@pytest.mark.parametrize(("reach", "state"), [(True, "failed"), (False, "unknown")])
def test_no_answer_is_failed_only_where_the_claim_is_that_it_answers(
    bare: Project, *, reach: bool, state: str
) -> None:
    mark = f'@item("one", owner="dba", reach={reach})'
    body = 'check("version", postgres.version).at_least(limits.postgres.min_version)'
    arguments = "check, postgres, limits"
    bare.write(bare.module(bare.item("one", body, arguments=arguments, item=mark)))
    bare.lock()
    bare.target(f"{bare.TARGET}{UNREACHABLE}")
    bare.judge()

    assert bare.states == {"host.one": state}


def test_a_looser_setting_is_loosened(bare: Project) -> None:
    body = 'check("version", python.version).at_least(limits.python.min_version)'
    bare.write(bare.module(bare.item("one", body, arguments="check, python, limits")))
    bare.lock()
    low = '\n[target.here.limits.python]\nmin_version = "3.5"\n'
    bare.target(f"{bare.TARGET}{low}")
    bare.judge()
    assert bare.states == {"host.one": "verified"}

    high = '\n[target.here.limits.python]\nmin_version = "4.0"\n'
    bare.target(f"{bare.TARGET}{high}")
    bare.judge()

    item = bare.items["host.one"]
    assert (item["state"], item["code"]) == ("failed", "VIOLATED")
    seen = item["observations"][0]
    assert seen["bound_source"] == (
        "readiness.toml [target.here.limits.python] min_version"
    )
