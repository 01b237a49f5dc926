"""Against the release before; and files that serve one item alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins.artefacts import junit
from pytest_readiness.probes.artefacts.baseline import Baseline
from pytest_readiness.probes.artefacts.junit import Junit
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import ArtefactsBlock
from pytest_readiness.target.blocks.artefacts import place_artefacts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BEFORE = {"a.one": "passed", "a.two": "passed", "a.bad": "failure", "a.no": "skipped"}


def held(folder: Path, now: Mapping[str, str], **keys: object) -> Baseline:
    (folder / "now.xml").write_text(junit(now))
    (folder / "before.xml").write_text(junit(BEFORE))
    block = ArtefactsBlock.model_validate(
        {"junit": [folder / "now.xml"], "baseline": [folder / "before.xml"], **keys}
    )
    return Baseline.gather(block, Look(Baseline.source(block), 10.0))


@pytest.mark.parametrize(
    ("now", "broken", "lost"),
    [
        (BEFORE, (), ()),
        ({**BEFORE, "a.bad": "passed", "a.new": "failure"}, (), ()),
        ({**BEFORE, "a.one": "failure"}, ("a.one",), ()),
        ({**BEFORE, "a.one": "error"}, ("a.one",), ()),
        ({**BEFORE, "a.one": "skipped"}, (), ("a.one (skipped)",)),
        ({"a.two": "passed"}, (), ("a.one (gone)",)),
    ],
)
def test_what_passed_must_pass(
    tmp_path: Path, now: Mapping[str, str], broken: object, lost: object
) -> None:
    facts = held(tmp_path, now)
    assert (facts.broken.value, facts.lost.value) == (broken, lost)
    assert (facts.passed_before.value, facts.broken.detail) == (
        2,
        "of 2 that passed before",
    )


def test_what_is_removed_says_why(tmp_path: Path) -> None:
    removed = [{"name": "a.on*", "reason": "no longer offered"}]
    assert held(tmp_path, {"a.two": "passed"}, removed=removed).lost.value == ()


def test_of_cases_of_one_name_the_gravest_counts(tmp_path: Path) -> None:
    (tmp_path / "before.xml").write_text(junit(BEFORE))
    twice = '<testcase classname="a" name="one" time="1">{}</testcase>'
    (tmp_path / "now.xml").write_text(
        f"<testsuite>{twice.format('')}{twice.format('<failure/>')}</testsuite>"
    )
    block = ArtefactsBlock.model_validate(
        {"junit": [tmp_path / "now.xml"], "baseline": [tmp_path / "before.xml"]}
    )
    assert Baseline.gather(block, Look("x", 10.0)).broken.value == ("a.one",)


def test_many_are_named_in_part(tmp_path: Path) -> None:
    (tmp_path / "before.xml").write_text(
        junit({f"a.t{n}": "passed" for n in range(60)})
    )
    (tmp_path / "now.xml").write_text(junit({"a.x": "passed"}))
    block = ArtefactsBlock.model_validate(
        {"junit": [tmp_path / "now.xml"], "baseline": [tmp_path / "before.xml"]}
    )
    lost = Baseline.gather(block, Look("x", 10.0)).lost.otherwise(())
    assert (len(lost), lost[-1]) == (51, "and 10 more")


@pytest.mark.parametrize("key", ["junit", "baseline"])
def test_both_releases_are_needed(tmp_path: Path, key: str) -> None:
    path = tmp_path / "now.xml"
    path.write_text(junit(BEFORE))
    other = "baseline" if key == "junit" else "junit"
    block = ArtefactsBlock.model_construct(**{key: (), other: (path,)})  # type: ignore[arg-type]
    value = Baseline.gather(block, Look("x", 10.0)).broken.value
    assert value == Unavailable(
        f"the table names no {key}", Cause.UNCONFIGURED, f"set {key}"
    )


def blocks(folder: Path, **more: object) -> dict[str, ArtefactsBlock]:
    for name in ("unit.xml", "other.xml"):
        (folder / name).write_text(junit(BEFORE))
    unit = {"junit": [folder / "*.xml"]}
    integration = {"junit": [folder / "other.xml"], **more}
    tables = {
        "unit-tests": ArtefactsBlock.model_validate(unit),
        "integration-tests": ArtefactsBlock.model_validate(integration),
    }
    place_artefacts(tables)
    return tables


def test_a_file_serves_one_item(tmp_path: Path) -> None:
    for block in blocks(tmp_path).values():
        value = Junit.gather(block, Look("x", 10.0)).ran.value
        assert isinstance(value, Unavailable)
        assert value.reason == "other.xml serves another item as well"


@pytest.mark.parametrize("more", [{"shared": True}, {"cases": ["a.one"]}])
def test_a_file_may_be_declared_to_serve_several(
    tmp_path: Path, more: dict[str, object]
) -> None:
    for block in blocks(tmp_path, **more).values():
        assert Junit.gather(block, Look("x", 10.0)).ran.available


def test_another_items_missing_file_is_its_own_matter(tmp_path: Path) -> None:
    tables = {
        "unit-tests": ArtefactsBlock.model_validate({"junit": [tmp_path / "unit.xml"]}),
        "api-tests": ArtefactsBlock.model_validate({"calls": [tmp_path / "none.har"]}),
    }
    place_artefacts(tables)
    (tmp_path / "unit.xml").write_text(junit(BEFORE))
    assert Junit.gather(tables["unit-tests"], Look("x", 10.0)).ran.value == 3
