"""Which folder is a suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.plugin.suite import (
    bundled_suite,
    default_suite,
    enclosing_suite,
    suite_of,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Give a suite with a folder in it."""
    path = tmp_path / "checks"
    (path / "inner").mkdir(parents=True)
    (path / "suite.lock").touch()
    return path


def test_a_lock_makes_a_suite(suite: Path) -> None:
    assert enclosing_suite(suite) == suite
    assert enclosing_suite(suite / "inner" / "test_it.py") == suite
    assert enclosing_suite(suite.parent) is None


def test_its_name_makes_one_too(tmp_path: Path) -> None:
    path = tmp_path / "readiness_suite"

    assert enclosing_suite(path / "x" / "test_it.py") == path


def test_each_suite_is_given_once(suite: Path, tmp_path: Path) -> None:
    other = tmp_path / "readiness_suite"
    paths = [suite / "inner", suite, tmp_path, other / "a", other]

    assert suite_of(paths) == [suite, other]


@pytest.mark.parametrize(
    "text",
    ["", "not = = toml", "suite = 5", "[suite]", "\0"],
)
def test_a_target_file_that_names_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "readiness.toml"
    path.write_text(text)
    assert default_suite(path, tmp_path) == bundled_suite()

    (tmp_path / "readiness_suite").mkdir()
    assert default_suite(path, tmp_path) == tmp_path / "readiness_suite"


def test_a_target_file_that_is_gone(tmp_path: Path) -> None:
    assert default_suite(tmp_path / "none.toml", tmp_path) == bundled_suite()


def test_the_target_files_suite_is_relative_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "deploy"
    folder.mkdir()
    path = folder / "readiness.toml"
    path.write_text('suite = "checks"\n')

    assert default_suite(path, tmp_path) == folder / "checks"


def test_the_bundled_suite_has_a_lock() -> None:
    assert enclosing_suite(bundled_suite()) == bundled_suite()
    assert (bundled_suite() / "suite.lock").is_file()
