"""JUnit XML of four runners, and what nobody should send."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.artefacts.junit import Junit, Outcome
from pytest_readiness.probes.artefacts.provenance import Origins, Stamp
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import ArtefactsBlock

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "sha256:" + "a" * 64
COMMIT = "c" * 40
COMMITTED = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
ORIGINS = Origins("1.0", SOURCE, COMMIT, COMMITTED)


def seen(*files: Path, origins: Origins = ORIGINS, **keys: object) -> Junit:
    block = ArtefactsBlock.model_validate({"junit": files, **keys})
    look = Look(Junit.source(block), 10.0, origins=origins)
    return Junit.gather(block, look)


def report(folder: Path, cases: str, name: str = "unit.xml", attrs: str = "") -> Path:
    path = folder / name
    path.write_text(
        f"<testsuites><testsuite name='s' {attrs}>{cases}</testsuite></testsuites>"
    )
    return path


GOOD = '<testcase classname="a" name="b" time="0.1"/>'
LATER = 'timestamp="2026-11-24T15:00:00+00:00"'


def reason(fact: object) -> str:
    value = getattr(fact, "value")  # noqa: B009  # whatever fact it is
    assert isinstance(value, Unavailable), value
    return f"{value.reason} [{value.cause}] {value.remedy}"


def test_pytest_counts_errors_of_fixtures_beside_failures(artefacts: Path) -> None:
    facts = seen(artefacts / "pytest.xml")
    assert facts.ran.value == 8
    assert facts.bad.value == (
        "test_limits.test_margin",
        "test_limits.test_teardown",
        "test_limits.test_fixture",
    )
    assert facts.foreign.value == ()
    assert "after the commit" in facts.foreign.detail


def test_pytest_keeps_the_cases_of_an_xfail_as_skipped(artefacts: Path) -> None:
    cases = seen(artefacts / "pytest.xml").cases.value
    assert isinstance(cases, tuple)
    by_id = {case.id: case.outcome for case in cases}
    assert by_id["test_limits.test_margin_of_nothing"] is Outcome.SKIPPED
    assert str(cases[0]) == "test_limits.TestWithin.test_holds[1] (passed)"


def test_jest_says_nothing_of_a_todo(artefacts: Path) -> None:
    facts = seen(artefacts / "jest.xml", cases=["*margin of nothing"])
    assert facts.bad.value == ("limits is wrong.limits is wrong",)
    assert facts.bound.value == ()


def test_jest_dates_a_broken_suite_1970(artefacts: Path) -> None:
    facts = seen(artefacts / "jest-errors.xml")
    assert "Test suite failed to run.broken.test.js" in facts.bad.otherwise(())
    # 15:13 of no zone is not surely after noon in UTC, and 1970 is no time at all.
    assert "does not say whether it is of this release" in reason(facts.foreign)


def test_surefire_writes_one_suite_a_class(artefacts: Path) -> None:
    facts = seen(*sorted(artefacts.glob("TEST-*.xml")))
    assert facts.ran.value == 4
    assert facts.bad.value == (
        "trading.LimitsTest.breaks",
        "trading.LimitsTest.isWrong",
    )


def test_gotestsum_names_packages_and_builds_that_failed(artefacts: Path) -> None:
    facts = seen(artefacts / "gotestsum.xml")
    assert "trading/orders.TestWithin/too_much" in facts.bad.otherwise(())
    # The package that did not build is counted at the top, and named nowhere.
    lost = "gotestsum.(1 that the suite counts and does not list)"
    assert lost in facts.bad.otherwise(())


def test_shards_are_one_run(tmp_path: Path) -> None:
    report(tmp_path, GOOD, "shard-1.xml", LATER)
    report(tmp_path, GOOD.replace("b", "c"), "shard-2.xml", LATER)
    (tmp_path / "shard-1.xml.provenance.json").write_text("{}")
    facts = seen(tmp_path / "shard-*.xml")
    assert facts.ran.value == 2
    assert facts.foreign.source.endswith("shard-1.xml and 1 more")


def test_a_pattern_may_go_into_folders(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    report(tmp_path / "a" / "b", GOOD)
    assert seen(tmp_path / "**" / "unit.xml").ran.value == 1


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        (GOOD, Outcome.PASSED),
        ('<testcase name="b"><failure/></testcase>', Outcome.FAILED),
        ('<testcase name="b"><failure/><error/></testcase>', Outcome.ERROR),
        ('<testcase name="b" status="notrun"/>', Outcome.SKIPPED),
        ('<testcase name="b"><rerunFailure/></testcase>', Outcome.PASSED),
        ('<testcase name="b"><skipped/></testcase>', Outcome.SKIPPED),
    ],
)
def test_the_outcome_of_a_case(tmp_path: Path, case: str, outcome: Outcome) -> None:
    cases = seen(report(tmp_path, case, attrs=LATER)).cases.value
    assert isinstance(cases, tuple)
    assert [one.outcome for one in cases] == [outcome]


@pytest.mark.parametrize("time", ["", "soon", "-1", "nan", "1,000.5"])
def test_a_time_may_be_anything(tmp_path: Path, time: str) -> None:
    cases = seen(report(tmp_path, f'<testcase name="b" time="{time}"/>')).cases.value
    assert isinstance(cases, tuple)
    assert cases[0].seconds == (1000.5 if time.startswith("1") else 0)


def test_an_empty_report_has_run_nothing(tmp_path: Path) -> None:
    facts = seen(report(tmp_path, "", attrs=LATER))
    assert (facts.ran.value, facts.bad.value) == (0, ())


def test_many_bad_cases_are_named_in_part(tmp_path: Path) -> None:
    cases = "".join(f'<testcase name="{n}"><error/></testcase>' for n in range(60))
    bad = seen(report(tmp_path, cases)).bad.otherwise(())
    assert (len(bad), bad[-1]) == (51, "and 10 more")


def test_an_item_is_tied_to_cases_that_really_ran(tmp_path: Path) -> None:
    cases = (
        '<testcase classname="t" name="breaker_opens" time="0.1"/>'
        '<testcase classname="t" name="breaker_quick" time="0.000"/>'
        '<testcase classname="t" name="breaker_todo" time="0"/>'
        '<testcase classname="t" name="breaker_untimed"/>'
        '<testcase classname="t" name="breaker_later"><skipped/></testcase>'
        '<testcase classname="t" name="breaker_closes"><failure/></testcase>'
        '<testcase classname="t" name="other" time="1"/>'
    )
    path = report(tmp_path, cases)
    bound = seen(path, cases=["*breaker*"]).bound.otherwise(())
    assert [str(case) for case in bound] == [
        "t.breaker_opens (passed)",
        "t.breaker_quick (passed)",
        "t.breaker_closes (failed)",
    ]
    facts = seen(path, cases=["*breaker*"])
    assert facts.bound_cases.value == (
        *("t.breaker_opens", "t.breaker_quick", "t.breaker_closes"),
    )
    assert facts.bound_failures.value == ("t.breaker_closes",)
    assert f"[{Cause.UNCONFIGURED}]" in reason(seen(path).bound)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><testsuites><testsuite>'
    '<testcase name="&b;"/></testsuite></testsuites>'
)
OUTSIDE = (
    '<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    "<testsuites><testsuite><testcase name='&x;'/></testsuite></testsuites>"
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "unit.xml declares entities"),
        (OUTSIDE, "unit.xml declares entities"),
        ("<testsuites><testsuite>", "unit.xml is no whole XML file (line 1)"),
        ("", "unit.xml is no whole XML file"),
        ("<html/>", "unit.xml is no JUnit report: its root is html"),
        ("<testsuite>" * 200 + "</testsuite>" * 200, "nested deeper than 100"),
        ('<?xml version="1.0" encoding="x-none"?><testsuites/>', "no whole XML"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "unit.xml"
    path.write_text(text)
    assert why in reason(seen(path).ran)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "unit.xml"
    with path.open("wb") as stream:
        stream.truncate(10**9)
    assert "unit.xml has 1 GB, more than the 64 MB that are read" in reason(
        seen(path).ran
    )


def test_a_pipe_is_no_report(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "unit.xml")
    assert "is no regular file" in reason(seen(tmp_path / "unit.xml").ran)


def test_a_missing_report_is_named(tmp_path: Path) -> None:
    assert f"there is no {tmp_path}/unit-*.xml" in reason(
        seen(tmp_path / "unit-*.xml").ran
    )


def test_a_table_without_reports_is_not_configured() -> None:
    block = ArtefactsBlock.model_construct(junit=())
    facts = Junit.gather(block, Look("x", 1.0))
    assert f"the table names no junit [{Cause.UNCONFIGURED}]" in reason(facts.ran)


def stamped(stamp: Stamp | Unavailable | None) -> Origins:
    return Origins("1.0", SOURCE, COMMIT, COMMITTED, stamp=lambda _path: stamp)


def test_a_revision_inside_decides(tmp_path: Path) -> None:
    def holds(value: str) -> tuple[str, ...]:
        inside = f'<properties><property name="commit" value="{value}"/></properties>'
        return seen(report(tmp_path, inside + GOOD)).foreign.otherwise(("unknown",))

    assert holds(COMMIT) == holds(COMMIT[:12]) == holds(SOURCE) == ()
    assert holds("d" * 40) == ("unit.xml (made from " + "d" * 19 + ")",)
    assert holds("ccc") != ()


@pytest.mark.parametrize(
    ("stamp", "foreign"),
    [
        (Stamp("1.0", SOURCE, COMMITTED), ()),
        (Stamp("1.0", SOURCE[7:], COMMITTED, signed_by="runner"), ()),
        (
            Stamp("0.9", "b" * 64, COMMITTED),
            ("unit.xml (stamped for 0.9, not signed)",),
        ),
    ],
)
def test_a_stamp_decides(tmp_path: Path, stamp: Stamp, foreign: object) -> None:
    facts = seen(report(tmp_path, GOOD), origins=stamped(stamp))
    assert (facts.foreign.value, facts.made.value) == (foreign, COMMITTED)


def test_a_stamp_that_cannot_be_believed_leaves_it_open(tmp_path: Path) -> None:
    refused = Unavailable("TAMPERED: x", Cause.LOCAL)
    facts = seen(report(tmp_path, GOOD, attrs=LATER), origins=stamped(refused))
    assert "TAMPERED" in reason(facts.foreign)


def test_a_version_alone_needs_a_stamp_of_that_version(tmp_path: Path) -> None:
    def of(version: str, source: str | None) -> Origins:
        stamp = Stamp(version, source, COMMITTED)
        return Origins("1.0", stamp=lambda _path: stamp)

    path = report(tmp_path, GOOD)
    assert seen(path, origins=of("1.0", None)).foreign.value == ()
    assert seen(path, origins=of("1.1", None)).foreign.value != ()
    assert seen(path, origins=of("1.0", "b" * 64)).foreign.value != ()


@pytest.mark.parametrize(
    ("time", "foreign"),
    [
        ("2026-11-24T12:00:01Z", ()),
        ("2026-11-25T02:00:01", ()),
        ("2026-11-24T11:59:59Z", 1),
        ("2026-11-23T23:00:00", 1),
        ("2026-11-24T14:00:00", None),
        ("1970-01-01T00:00:00", None),
        ("yesterday", None),
    ],
)
def test_a_time_inside_decides_last(tmp_path: Path, time: str, foreign: object) -> None:
    facts = seen(report(tmp_path, GOOD, attrs=f'timestamp="{time}"'))
    if foreign is None:
        assert "readiness stamp unit.xml" in reason(facts.foreign)
    elif foreign:
        assert "made before the commit" in facts.foreign.otherwise(("",))[0]
    else:
        assert facts.foreign.value == ()


def test_without_any_origin_nothing_is_known(tmp_path: Path) -> None:
    facts = seen(report(tmp_path, GOOD), origins=Origins())
    assert "nothing says which release unit.xml was made from" in reason(facts.foreign)
    assert "does not say when it was made" in reason(facts.made)
    look = Look("x", 5.0)
    block = ArtefactsBlock.model_validate({"junit": [report(tmp_path, GOOD)]})
    assert "nothing says" in reason(Junit.gather(block, look).foreign)


def test_a_shallow_clone_does_not_make_a_report_old(tmp_path: Path) -> None:
    origins = Origins("1.0", SOURCE, COMMIT, COMMITTED, whole_history=False)
    path = report(tmp_path, GOOD, attrs='timestamp="2026-11-24T11:00:00Z"')
    assert "does not say whether" in reason(seen(path, origins=origins).foreign)


def test_the_stamps_say_with_which_data(tmp_path: Path) -> None:
    path = report(tmp_path, GOOD)
    stamp = Stamp("1.0", SOURCE, COMMITTED, data="masked-production")
    assert seen(path, origins=stamped(stamp)).data.value == "masked-production"
    assert "data=masked-production" in reason(seen(path).data)
    report(tmp_path, GOOD, "more.xml")
    mixed = Origins(
        *("1.0", SOURCE),
        stamp=lambda one: stamp if one.name == "unit.xml" else None,
    )
    assert "do not agree" in reason(seen(tmp_path / "*.xml", origins=mixed).data)
