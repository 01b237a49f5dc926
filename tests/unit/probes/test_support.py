from __future__ import annotations

import datetime as dt

import pytest
from packaging.version import Version

from pytest_readiness.probes.support import (
    POSTGRESQL,
    PYTHON,
    postgresql_branch,
    python_branch,
    support_note,
)

LAST_DAY = dt.date(2027, 11, 11)


@pytest.mark.parametrize(
    ("version", "branch"), [("15.20", "15"), ("9.6.24", "9.6"), ("10.0", "10")]
)
def test_postgresql_branches(version: str, branch: str) -> None:
    assert postgresql_branch(Version(version)) == branch


def test_python_branches() -> None:
    assert python_branch(Version("3.11.7")) == "3.11"


@pytest.mark.parametrize(
    ("branch", "today", "note"),
    [
        ("15", LAST_DAY, "PostgreSQL 15 is supported until 2027-11-11"),
        (
            "15",
            LAST_DAY + dt.timedelta(days=1),
            "PostgreSQL 15 has been out of support since 2027-11-11",
        ),
        ("8.4", LAST_DAY, "PostgreSQL 8.4 is out of support"),
        ("19", LAST_DAY, "the end of support of PostgreSQL 19 is not known here"),
    ],
)
def test_a_branch_is_supported_to_its_last_day(
    branch: str, today: dt.date, note: str
) -> None:
    assert support_note("PostgreSQL", branch, POSTGRESQL, today) == note


def test_a_branch_within_the_table_that_it_leaves_out_is_long_gone() -> None:
    note = support_note("Python", "3.2", PYTHON, LAST_DAY)
    assert note == "Python 3.2 is out of support"


@pytest.mark.parametrize("table", [POSTGRESQL, PYTHON])
def test_newer_branches_end_later(table: dict[str, dt.date]) -> None:
    assert list(table.values()) == sorted(table.values())
