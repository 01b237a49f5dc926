"""Until when a release branch gets security fixes: a note for a fact's detail.

Sources, read November 2026: PostgreSQL's versioning policy
(https://www.postgresql.org/support/versioning/, five years and a last minor release)
and Python's release cycle (https://devguide.python.org/versions/, where a month is
given its last day).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.version import Version

__all__ = ["POSTGRESQL", "PYTHON", "postgresql_branch", "python_branch", "support_note"]

POSTGRESQL: Mapping[str, dt.date] = {
    "9.6": dt.date(2021, 11, 11),
    "10": dt.date(2022, 11, 10),
    "11": dt.date(2023, 11, 9),
    "12": dt.date(2024, 11, 21),
    "13": dt.date(2025, 11, 13),
    "14": dt.date(2026, 11, 12),
    "15": dt.date(2027, 11, 11),
    "16": dt.date(2028, 11, 9),
    "17": dt.date(2029, 11, 8),
    "18": dt.date(2030, 11, 14),
}
"""The last day on which a PostgreSQL branch is supported."""

PYTHON: Mapping[str, dt.date] = {
    "2.7": dt.date(2020, 1, 1),
    "3.6": dt.date(2021, 12, 23),
    "3.7": dt.date(2023, 6, 27),
    "3.8": dt.date(2024, 10, 7),
    "3.9": dt.date(2025, 10, 31),
    "3.10": dt.date(2026, 10, 31),
    "3.11": dt.date(2027, 10, 31),
    "3.12": dt.date(2028, 10, 31),
    "3.13": dt.date(2029, 10, 31),
    "3.14": dt.date(2030, 10, 31),
}
"""The last day on which a Python branch is supported."""

_FIRST_SINGLE_NUMBER = 10
"""Since PostgreSQL 10 the first number alone names the branch."""


def postgresql_branch(version: Version) -> str:
    """Give the branch of a PostgreSQL version: ``15``, and ``9.6`` of old."""
    if version.major >= _FIRST_SINGLE_NUMBER:
        return str(version.major)
    return f"{version.major}.{version.minor}"


def python_branch(version: Version) -> str:
    """Give the branch of a Python version: ``3.11``."""
    return f"{version.major}.{version.minor}"


def support_note(
    product: str, branch: str, ends: Mapping[str, dt.date], today: dt.date
) -> str:
    """Say until when a branch is supported, or since when it is not.

    A branch before the table's first is long out of support; of a branch after its last
    this release knows nothing, and says so.
    """
    end = ends.get(branch)
    if end is None:
        numbers = [_numbers(known) for known in ends]
        if _numbers(branch) < max(numbers):
            return f"{product} {branch} is out of support"
        return f"the end of support of {product} {branch} is not known here"
    if today > end:
        return f"{product} {branch} has been out of support since {end}"
    return f"{product} {branch} is supported until {end}"


def _numbers(branch: str) -> tuple[int, ...]:
    return tuple(int(part) for part in branch.split("."))
