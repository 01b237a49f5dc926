"""``report.json``: the document itself, from which all formats render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.store.files import REPORT, write

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.store.document import Report

__all__ = ["write_json"]


def write_json(report: Report, folder: Path) -> Path:
    """Write the report into the folder; give the file's path.

    Raises:
        StoreError: it cannot be written; the last report stays.
    """
    return write(folder, REPORT, report.canonical())
