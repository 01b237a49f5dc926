"""What scanners say, and what they leave out without saying much."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.artefacts.provenance import Origins
from pytest_readiness.probes.artefacts.scans import Scans
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import ArtefactsBlock

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "c" * 40
ORIGINS = Origins(
    *("1.0", None, COMMIT), committed=dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
)


def seen(*files: Path, **keys: object) -> Scans:
    block = ArtefactsBlock.model_validate({"scans": files, **keys})
    return Scans.gather(block, Look(Scans.source(block), 10.0, origins=ORIGINS))


def test_bandit_says_the_same_in_both_formats(artefacts: Path) -> None:
    facts = seen(artefacts / "bandit.json")
    assert facts.open.value == ("B602 in trading/limits.py:21 (high)",)
    assert facts.open.detail == "3 findings of bandit"
    assert facts.left_out.value == ()
    assert facts.foreign.value == ()
    assert facts.age.available
    in_sarif = seen(artefacts / "bandit.sarif")
    assert in_sarif.open.value == facts.open.value


@pytest.mark.parametrize(("level", "count"), [("high", 1), ("medium", 2), ("low", 3)])
def test_the_level_says_what_counts(artefacts: Path, level: str, count: int) -> None:
    found = seen(artefacts / "bandit.json", level=level).open.value
    assert isinstance(found, tuple)
    assert len(found) == count


def test_pip_audit_knows_no_severity(artefacts: Path) -> None:
    facts = seen(artefacts / "pip-audit.json")
    assert facts.open.value == ("PYSEC-2019-217 in jinja2 2.10 (high)",)
    assert facts.left_out.value == ("engine: distribution marked as editable",)
    excepted = [{"name": "eng*", "reason": "it is the service itself"}]
    assert seen(artefacts / "pip-audit.json", unscanned=excepted).left_out.value == ()


def test_pip_audit_ends_well_and_has_audited_nothing(artefacts: Path) -> None:
    facts = seen(artefacts / "pip-audit-skipped.json")
    assert facts.open.value == ()
    left_out = facts.left_out.value
    assert isinstance(left_out, tuple)
    assert [one.partition(":")[0] for one in left_out] == ["jinja2", "idna"]


def written(folder: Path, document: object) -> Path:
    path = folder / "scan.json"
    path.write_text(json.dumps(document))
    return path


def sarif(*results: dict[str, Any], **run: Any) -> dict[str, Any]:
    tool = {"driver": {"name": "tool", "rules": []}}
    return {"version": "2.1.0", "runs": [{"tool": tool, "results": results, **run}]}


RULE = {"id": "R1", "properties": {"security-severity": "8.1"}}
RULES = {"tool": {"driver": {"name": "tool", "rules": [RULE]}}}
QUIET = {
    "tool": {
        "driver": {
            "name": "tool",
            "rules": [{"id": "R1", "defaultConfiguration": {"level": "note"}}],
        }
    }
}
EXTENDED = {
    "tool": {
        "driver": {"name": "tool", "rules": [{"id": "R0"}]},
        "extensions": [{"name": "pack", "rules": [RULE]}],
    }
}


@pytest.mark.parametrize(
    ("result", "run", "level"),
    [
        ({"ruleId": "R1", "level": "error"}, {}, "high"),
        ({"ruleId": "R1"}, {}, "medium"),
        ({"ruleId": "R1", "level": "note"}, {}, "low"),
        ({"ruleId": "R1", "level": "none"}, {}, "low"),
        ({"ruleId": "R1", "level": "dire"}, {}, "high"),
        ({"ruleId": "R1", "level": "note"}, RULES, "high"),
        ({"ruleIndex": 0, "level": "note"}, RULES, "high"),
        ({"rule": {"id": "R1"}, "level": "note"}, RULES, "high"),
        ({"ruleId": "R1"}, QUIET, "low"),
        (
            {
                "rule": {"index": 0, "toolComponent": {"index": 0}},
                "level": "note",
            },
            EXTENDED,
            "high",
        ),
        ({"ruleId": "R1", "ruleIndex": 7, "level": "note"}, RULES, "high"),
        ({"properties": {"security-severity": "5.0"}, "level": "note"}, {}, "medium"),
        ({"properties": {"security-severity": "1.0"}, "level": "note"}, {}, "low"),
        ({"properties": {"security-severity": "bad"}, "level": "note"}, {}, "high"),
    ],
)
def test_the_graver_of_level_and_severity_counts(
    tmp_path: Path, result: dict[str, Any], run: dict[str, Any], level: str
) -> None:
    path = written(tmp_path, sarif(result, **run))
    found = seen(path, level="low").open.value
    assert isinstance(found, tuple)
    assert found[0].endswith(f"in no place ({level})")


@pytest.mark.parametrize(
    ("change", "still_open", "unexplained"),
    [
        ({}, 1, 0),
        ({"suppressions": []}, 1, 0),
        ({"suppressions": [{"kind": "inSource"}]}, 0, 1),
        ({"suppressions": [{"kind": "inSource", "justification": " "}]}, 0, 1),
        ({"suppressions": [{"kind": "external", "justification": "a test"}]}, 0, 0),
        ({"suppressions": [{"status": "underReview", "justification": "x"}]}, 1, 0),
        ({"suppressions": [{"status": "rejected", "justification": "x"}]}, 1, 0),
        ({"kind": "pass"}, 0, 0),
        ({"kind": "notApplicable"}, 0, 0),
        ({"baselineState": "absent"}, 0, 0),
        ({"baselineState": "unchanged"}, 1, 0),
    ],
)
def test_what_is_suppressed_needs_a_reason(
    tmp_path: Path, change: dict[str, Any], still_open: int, unexplained: int
) -> None:
    facts = seen(written(tmp_path, sarif({"level": "error", "ruleId": "R", **change})))
    assert len(facts.open.otherwise(("?",) * 9)) == still_open
    assert len(facts.unexplained.otherwise(("?",) * 9)) == unexplained


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ({"results": None}, "tool: it has no results, not even none"),
        (
            {"invocations": [{"executionSuccessful": False}]},
            "tool: it did not end successfully",
        ),
        (
            {
                "invocations": [
                    {
                        "toolExecutionNotifications": [
                            {"level": "warning"},
                            {"level": "error", "message": {"text": "cannot parse x"}},
                        ]
                    }
                ]
            },
            "tool: cannot parse x",
        ),
    ],
)
def test_a_run_that_went_wrong_has_left_something_out(
    tmp_path: Path, run: dict[str, Any], why: str
) -> None:
    assert seen(written(tmp_path, sarif(**run))).left_out.value == (why,)


def test_a_log_without_a_run_is_no_scan(tmp_path: Path) -> None:
    facts = seen(written(tmp_path, {"version": "2.1.0", "runs": []}))
    assert facts.left_out.value == ("scan.json: no scanner has run",)


def test_an_audit_without_packages_is_no_audit(tmp_path: Path) -> None:
    facts = seen(written(tmp_path, {"dependencies": []}))
    assert facts.left_out.value == ("all packages: no package was audited",)


def test_bandit_names_what_it_could_not_parse(tmp_path: Path) -> None:
    document = {
        "errors": [{"filename": "a.py", "reason": "syntax error"}],
        "metrics": {"_totals": {"loc": 5}},
        "results": [{"issue_severity": "UNDEFINED", "test_id": "B1"}],
    }
    facts = seen(written(tmp_path, document))
    assert facts.left_out.value == ("a.py: syntax error",)
    assert facts.open.value == ("B1 in None:None (high)",)


def test_a_place_is_named_as_far_as_it_is_known(tmp_path: Path) -> None:
    def at(**physical: object) -> dict[str, Any]:
        locations = [{}, {"physicalLocation": physical}]
        return {"ruleId": "R", "level": "error", "locations": locations}

    uri = {"uri": "a.py"}
    results = (
        at(artifactLocation=uri),
        at(artifactLocation=uri, region={"startLine": 3}),
    )
    assert seen(written(tmp_path, sarif(*results))).open.value == (
        "R in a.py (high)",
        "R in a.py:3 (high)",
    )


def test_many_findings_are_named_in_part(tmp_path: Path) -> None:
    results = [{"ruleId": f"R{n}", "level": "error"} for n in range(60)]
    found = seen(written(tmp_path, sarif(*results))).open.otherwise(())
    assert (len(found), found[-1]) == (51, "and 10 more")


@pytest.mark.parametrize(
    ("run", "foreign"),
    [
        ({"versionControlProvenance": [{}, {"revisionId": COMMIT}]}, ()),
        ({"versionControlProvenance": [{"revisionId": "d" * 40}]}, 1),
        ({"invocations": [{"endTimeUtc": "2026-11-24T13:00:00Z"}]}, ()),
        ({"invocations": [{"startTimeUtc": "2026-11-24T11:00:00Z"}]}, 1),
        ({"invocations": [{}]}, None),
    ],
)
def test_sarif_says_what_was_scanned(
    tmp_path: Path, run: dict[str, Any], foreign: object
) -> None:
    fact = seen(written(tmp_path, sarif(**run))).foreign
    if foreign is None:
        assert not fact.available
    else:
        assert len(fact.otherwise(("?",) * 9)) == (foreign or 0)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, "is no report of a scanner"),
        ([], "is no report of a scanner"),
        ({"version": "2.0.0", "runs": []}, "is no SARIF 2.1.0"),
    ],
)
def test_what_is_no_scan_is_refused(tmp_path: Path, document: object, why: str) -> None:
    value = seen(written(tmp_path, document)).open.value
    assert isinstance(value, Unavailable)
    assert why in value.reason


def test_a_table_without_scans_is_not_configured() -> None:
    block = ArtefactsBlock.model_construct(scans=())
    value = Scans.gather(block, Look("x", 1.0)).open.value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.UNCONFIGURED
