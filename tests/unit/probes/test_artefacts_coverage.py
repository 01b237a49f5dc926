"""Coverage of three tools, from counted lines and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.artefacts.coverage import Coverage
from pytest_readiness.probes.artefacts.provenance import Origins
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import ArtefactsBlock

if TYPE_CHECKING:
    from pathlib import Path


def seen(*files: Path, **keys: object) -> Coverage:
    block = ArtefactsBlock.model_validate({"coverage": files, **keys})
    look = Look(Coverage.source(block), 10.0, origins=Origins())
    return Coverage.gather(block, look)


def share(*files: Path, **keys: object) -> tuple[float | None, str]:
    fact = seen(*files, **keys).share
    if isinstance(fact.value, Unavailable):
        return None, f"{fact.value} {fact.value.remedy}"
    return fact.value, fact.detail


@pytest.mark.parametrize("name", ["coverage.json", "cobertura.xml", "coverage.lcov"])
def test_three_formats_of_one_run_agree(artefacts: Path, name: str) -> None:
    assert share(artefacts / name) == (11 / 15, "11 of 15 lines")
    assert share(artefacts / name, branch=True) == (5 / 6, "5 of 6 branches")


@pytest.mark.parametrize("name", ["jest-cobertura.xml", "jest.lcov"])
def test_istanbul_counts_each_line_once(artefacts: Path, name: str) -> None:
    assert share(artefacts / name) == (1.0, "3 of 3 lines")
    assert share(artefacts / name, branch=True) == (3 / 5, "3 of 5 branches")


def test_a_time_inside_is_seen(artefacts: Path) -> None:
    for name in ("coverage.json", "cobertura.xml"):
        fact = seen(artefacts / name).foreign_coverage
        assert isinstance(fact.value, Unavailable)
        assert f"nothing says which release {name}" in fact.value.reason


def lcov(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(["TN:", "SF:a.c", *lines, "end_of_record", ""]))
    return path


def test_a_line_is_covered_that_is_so_in_any_file(tmp_path: Path) -> None:
    one = lcov(tmp_path, "1.info", "DA:1,1", "DA:2,0", "DA:3,0")
    two = lcov(tmp_path, "2.info", "DA:1,0", "DA:2,5", "DA:4,0,checksum")
    assert share(one, two) == (2 / 4, "2 of 4 lines")
    value, why = share(one, two, branch=True)
    assert value is None
    assert "branches of several files cannot be added up combine them" in why


def test_files_of_different_formats_are_one_coverage(
    artefacts: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more.info"
    more.write_text("SF:trading/limits.py\nDA:8,1\nDA:21,2\nend_of_record\n")
    assert share(artefacts / "coverage.json", more) == (13 / 15, "13 of 15 lines")


def test_totals_count_before_a_rounded_rate(tmp_path: Path) -> None:
    path = tmp_path / "cobertura.xml"
    path.write_text(
        '<coverage line-rate="0.9" lines-covered="90001" lines-valid="100000"/>'
    )
    value, _ = share(path)
    assert value is not None
    assert value > 0.9


def test_lines_are_counted_where_there_are_no_totals(tmp_path: Path) -> None:
    path = tmp_path / "cobertura.xml"
    line = '<line number="{}" hits="{}"/>'
    lines = line.format(1, 0) + line.format(2, 3)
    path.write_text(
        f'<coverage><class filename="a"><methods><method><lines>{line.format(1, 9)}'
        f"</lines></method></methods><lines>{lines}</lines></class></coverage>"
    )
    assert share(path) == (0.5, "1 of 2 lines")


JSON = {"totals": {"covered_lines": 1, "num_statements": 2}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<testsuites/>", "is no Cobertura report: its root is testsuites"),
        ('<coverage lines-valid="x" lines-covered="1"/>', "totals that are no numbers"),
        ('<coverage lines-valid="1" lines-covered="2"/>', "counts 2 covered of 1"),
        ('<coverage lines-valid="1" lines-covered="-2"/>', "counts -2 covered of 1"),
        ("<coverage/>", "it counts no lines"),
        (
            "<coverage><class><lines><line number='1'/></lines></class></coverage>",
            "has a line without number or hits",
        ),
        ("{}", "is no coverage of coverage.py: it has no totals"),
        ("{", "is no JSON (line 1)"),
        (json.dumps({"totals": {"num_statements": 2}}), "it counts no lines"),
        ('{"a":' * 200_000, "is nested too deeply"),
        ("SF:a.c\nDA:1,1\n", "neither Cobertura, JSON nor LCOV"),
        ("SF:a.c\nDA:1\nend_of_record", "has a line without number or hits"),
        ("\xff".encode("latin-1").decode("latin-1"), "neither Cobertura"),
        ("", "neither Cobertura, JSON nor LCOV"),
    ],
)
def test_what_is_no_coverage_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "coverage"
    path.write_text(text)
    value, reason = share(path)
    assert value is None
    assert why in reason


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "coverage"
    path.write_bytes(b"SF:\xff\xfe")
    assert "is no UTF-8" in share(path)[1]


def test_without_branches_there_is_no_share_of_them(tmp_path: Path) -> None:
    path = tmp_path / "coverage.json"
    path.write_text(json.dumps(JSON))
    assert share(path) == (0.5, "1 of 2 lines")
    assert "it counts no branches" in share(path, branch=True)[1]


def test_a_folder_or_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    assert (
        "is no regular file" in share(tmp_path)[1]
        or "Is a directory" in (share(tmp_path)[1])
    )


def test_a_table_without_coverage_is_not_configured() -> None:
    block = ArtefactsBlock.model_construct(coverage=())
    value = Coverage.gather(block, Look("x", 1.0)).share.value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.UNCONFIGURED
